"""The layouts are what the public headers say, and the likeliest is tried first."""

import ctypes

import pytest

from smartrec.media.engines.deepstream.layout import (
    HEADER_ONLY,
    REAL_LIBRARY,
    ROWS,
    in_order,
    layout,
)

OLD, NEW = layout(ROWS[0]), layout(ROWS[-1])


def test_boxes_grew_with_9_1_and_nothing_before_them_moved() -> None:
    rects = [ctypes.sizeof(each.kinds["NvOSD_RectParams"]) for each in (OLD, NEW)]
    assert rects == [104, 112]
    for path, at in (("class_id", 52), ("object_id", 56), ("confidence", 96), ("rect_params", 104)):
        assert OLD.offset("NvDsObjectMeta", path) == NEW.offset("NvDsObjectMeta", path) == at


@pytest.mark.parametrize(
    ("path", "before", "since"),
    [("mask_params", 208, 216), ("text_params", 232, 240), ("obj_label", 336, 344)],
)
def test_what_lies_behind_a_box_moved_with_9_1(path: str, before: int, since: int) -> None:
    assert OLD.offset("NvDsObjectMeta", path) == before
    assert NEW.offset("NvDsObjectMeta", path) == since


def test_8_0_is_laid_out_as_6_4() -> None:
    assert ROWS[0].structures == ROWS[1].structures


def test_only_what_ran_is_called_verified_on_a_real_library() -> None:
    assert [row.verified for row in ROWS] == [HEADER_ONLY, HEADER_ONLY, REAL_LIBRARY]


@pytest.mark.parametrize(
    ("version", "row"),
    [
        ("6.4", "6.4 to 7.1"),
        ("7.0", "6.4 to 7.1"),
        ("7.1.0", "6.4 to 7.1"),
        ("8.0", "8.0"),
        ("9.0", "9.0 to 9.1"),
        ("9.1", "9.0 to 9.1"),
        ("9.3", "9.0 to 9.1"),
        ("12.0", "9.0 to 9.1"),
        ("6.2", "6.4 to 7.1"),
        ("nonsense", "9.0 to 9.1"),
        (None, "9.0 to 9.1"),
    ],
)
def test_the_row_of_the_version_comes_first_and_all_others_follow(
    version: str | None, row: str
) -> None:
    rows = in_order(version)
    assert rows[0].words == row
    assert set(map(id, rows)) == set(map(id, ROWS))


def test_a_pattern_reads_the_bytes_that_the_structure_names() -> None:
    import struct

    meta = NEW.kinds["NvDsObjectMeta"]()
    meta.base_meta.batch_meta, meta.class_id, meta.confidence = 2**63 + 5, -7, 0.5
    meta.rect_params.height = 12.25
    paths = ("base_meta.batch_meta", "class_id", "confidence", "rect_params.height")
    read = struct.unpack_from(NEW.pattern("NvDsObjectMeta", paths), bytes(meta))
    assert read == (2**63 + 5, -7, 0.5, 12.25)
