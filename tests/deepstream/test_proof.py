"""A layout that is not the library's is found out before anything is read by it.

The library is the real one; each case moves one field of the right layout by 8 bytes.
"""

import dataclasses
import gc
from pathlib import Path

import pytest

from smartrec.media.engines.deepstream.layout import ROWS, Fields, Row, layout
from smartrec.media.engines.deepstream.library import Library
from smartrec.media.engines.deepstream.proof import Differs, prove
from tests.deepstream.wheel import libraries

FOUND = libraries()
pytestmark = pytest.mark.skipif(FOUND is None, reason="DeepStream's wheel is not installed")
RIGHT = ROWS[-1]

READ = [
    ("NvDsMetaPool", "element_size"),
    ("NvDsBaseMeta", "batch_meta"),
    ("NvDsBaseMeta", "meta_type"),
    ("NvDsBatchMeta", "frame_meta_pool"),
    ("NvDsBatchMeta", "frame_meta_list"),
    ("NvDsFrameMeta", "pad_index"),
    ("NvDsFrameMeta", "buf_pts"),
    ("NvDsFrameMeta", "source_frame_width"),
    ("NvDsFrameMeta", "source_frame_height"),
    ("NvDsFrameMeta", "bInferDone"),
    ("NvDsFrameMeta", "obj_meta_list"),
    ("NvDsFrameMeta", "display_meta_list"),
    ("NvDsObjectMeta", "class_id"),
    ("NvDsObjectMeta", "object_id"),
    ("NvDsObjectMeta", "confidence"),
    ("NvDsObjectMeta", "rect_params"),
    ("NvDsObjectMeta", "text_params"),
    ("NvDsObjectMeta", "obj_label"),
    ("NvOSD_RectParams", "left"),
    ("NvOSD_RectParams", "top"),
    ("NvOSD_RectParams", "width"),
    ("NvOSD_RectParams", "height"),
    ("NvOSD_RectParams", "border_width"),
    ("NvOSD_RectParams", "border_color"),
    ("NvOSD_RectParams", "has_bg_color"),
    ("NvOSD_TextParams", "display_text"),
    ("NvOSD_TextParams", "x_offset"),
    ("NvOSD_TextParams", "font_params"),
    ("NvOSD_TextParams", "set_bg_clr"),
    ("NvOSD_TextParams", "text_bg_clr"),
    ("NvDsDisplayMeta", "num_labels"),
    ("NvDsDisplayMeta", "text_params"),
]


def moved(kind: str, field: str, fields: Fields) -> Fields:
    at = [name for name, _ in fields].index(field)
    return (*fields[:at], ("_moved", "int64"), *fields[at:])


def as_large(kind: str, fields: Fields) -> Fields:
    """What stands last makes room, so that the size does not tell."""
    if kind == "NvDsObjectMeta":
        assert fields[-1] == ("reserved", "int64[4]")
        return (*fields[:-1], ("reserved", "int64[3]"))
    return fields


def row_with(kind: str, fields: Fields) -> Row:
    return dataclasses.replace(RIGHT, structures={**RIGHT.structures, kind: fields})


@pytest.fixture(scope="module")
def library() -> Library:
    return Library(FOUND)


def test_the_right_layout_is_confirmed(library: Library) -> None:
    prove(library, layout(RIGHT))


@pytest.mark.parametrize("row", ROWS[:-1], ids=lambda row: row.words)
def test_layouts_of_other_versions_are_found_out(library: Library, row: Row) -> None:
    with pytest.raises(Differs, match="NvDsObjectMeta has 552 bytes instead of 544"):
        prove(library, layout(row))


@pytest.mark.parametrize(("kind", "field"), READ)
def test_a_field_that_is_read_and_lies_elsewhere_is_found_out(
    library: Library, kind: str, field: str
) -> None:
    fields = as_large(kind, moved(kind, field, RIGHT.structures[kind]))
    with pytest.raises(Differs):
        prove(library, layout(row_with(kind, fields)))


@pytest.mark.parametrize("side", ["left", "top", "width", "height"])
def test_a_side_of_a_box_that_lies_elsewhere_is_found_out_though_every_size_is_right(
    library: Library, side: str
) -> None:
    fields = moved("NvOSD_RectParams", side, RIGHT.structures["NvOSD_RectParams"])
    shorter = tuple(each for each in fields if each[0] not in ("has_color_info", "color_id"))
    lay = layout(row_with("NvOSD_RectParams", shorter))
    right = layout(RIGHT)
    for kind in ("NvDsObjectMeta", "NvDsDisplayMeta"):
        assert lay.offset(kind, "text_params") == right.offset(kind, "text_params")
    with pytest.raises(Differs, match=r"rect_params.* lies elsewhere: the library prints"):
        prove(library, lay)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("NvDsObjectMeta", "unique_component_id", "class_id"),
        ("NvDsFrameMeta", "num_obj_meta", "bInferDone"),
        ("NvDsFrameMeta", "pad_index", "batch_id"),
        ("NvDsFrameMeta", "source_id", "num_surfaces_per_frame"),
        ("NvDsFrameMeta", "obj_meta_list", "frame_user_meta_list"),
        ("NvDsFrameMeta", "display_meta_list", "frame_user_meta_list"),
        ("NvDsBatchMeta", "max_frames_in_batch", "num_frames_in_batch"),
    ],
)
def test_two_fields_in_each_others_place_are_found_out(
    library: Library, kind: str, one: str, other: str
) -> None:
    types = dict(RIGHT.structures[kind])
    swap = {one: other, other: one}
    fields = tuple((swap.get(name, name), types[swap.get(name, name)]) for name in types)
    with pytest.raises(Differs):
        prove(library, layout(row_with(kind, fields)))


def test_asking_leaves_no_descriptor_open(library: Library) -> None:
    gc.collect()  # else what other tests left may be closed meanwhile
    before = len([*Path("/proc/self/fd").iterdir()])
    for row in ROWS:
        try:
            prove(library, layout(row))
        except Differs:
            continue
    assert len([*Path("/proc/self/fd").iterdir()]) <= before


def test_what_the_library_prints_meanwhile_does_not_reach_the_terminal(
    library: Library, capfd: pytest.CaptureFixture[str]
) -> None:
    prove(library, layout(RIGHT))
    assert capfd.readouterr() == ("", "")


def test_the_directory_is_the_wheels(library: Library) -> None:
    assert FOUND is not None
    assert Path(library.path).parent == FOUND
