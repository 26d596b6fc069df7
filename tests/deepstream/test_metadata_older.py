"""The layouts before 9.1, on a stand-in library: no real one of those versions can be had.

A C compiler lays its structures out, not ctypes; what this cannot show is that the real ones are as
their headers say. On a real machine the proof asks them.
"""

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from smartrec.errors import EngineMissing
from smartrec.media.engines.deepstream.annotations import Text
from smartrec.media.engines.deepstream.layout import ROWS, layout
from smartrec.media.engines.deepstream.library import Library
from smartrec.media.engines.deepstream.native import open_native
from tests.deepstream.batches import Found, Maker, text_at
from tests.deepstream.wheel import libraries

WHEEL = libraries()
pytestmark = pytest.mark.skipif(WHEEL is None, reason="DeepStream's wheel is not installed")
Make = Callable[..., Path]


@pytest.fixture
def stand_in(tmp_path: Path) -> Make:
    """Compiles the stand-in; libnvdsgst_meta.so, which knows no layout, is the real one."""
    Library(WHEEL)  # first, so that the real one is not linked with the stand-in for ever

    def make(*defined: str) -> Path:
        assert WHEEL is not None
        library = str(tmp_path / "libnvds_meta.so")
        source = str(Path(__file__).with_name("older_meta.c"))
        glib = ("-Wl,--no-as-needed", "-l:libglib-2.0.so.0")
        compiled = ["cc", "-Wall", "-Werror", "-shared", "-fPIC", *defined, "-o", library, source]
        subprocess.run([*compiled, *glib], check=True)
        (tmp_path / "libnvdsgst_meta.so").symlink_to(WHEEL / "libnvdsgst_meta.so")
        return tmp_path

    return make


@pytest.mark.parametrize(("version", "row"), [("6.4", 0), ("7.1", 0), ("8.0", 1)])
def test_before_9_1_metadata_is_read_and_restyled(stand_in: Make, version: str, row: int) -> None:
    directory = stand_in()
    metadata = open_native(version, directory)
    assert metadata.how.endswith(f"laid out as in {ROWS[row].words}")
    maker = Maker(Library(directory), layout(ROWS[row]))
    buffer, batch = maker.buffer([[Found(4, 0.75, (1.0, 2.0, 3.0, 4.0), b"dog")], []])
    with metadata.batch(buffer) as frames:
        assert sorted(frame.source for frame in frames) == [0, 1]
        (found,) = next(frame for frame in frames if frame.source == 0).objects
        assert (found.class_id, found.confidence, found.label) == (4, 0.75, "dog")
        assert (found.left, found.top, found.width, found.height) == (1.0, 2.0, 3.0, 4.0)
        found.show("person 75 %", (0.0, 0.0, 1.0, 1.0), 3, 14)
        frames[0].write([Text("REC 0:12", 5, 5, 14)])
    texts = [
        text_at(each.text_params.display_text)
        for frame in maker.frames(batch)
        for each in maker.objects(frame)
    ]
    assert texts == ["person 75 %"]


def test_a_library_of_9_1_that_calls_itself_8_0_is_read_as_9_1(stand_in: Make) -> None:
    assert open_native("8.0", stand_in("-DTURNED")).how.endswith("laid out as in 9.0 to 9.1")


@pytest.mark.parametrize("version", ["10.0", None])
def test_a_library_that_shows_no_numbers_is_not_trusted_in_an_unknown_version(
    stand_in: Make, version: str | None
) -> None:
    with pytest.raises(EngineMissing, match=r"does not show|instead of"):
        open_native(version, stand_in("-DSILENT"))


def test_a_library_that_shows_no_numbers_is_trusted_in_the_version_of_its_headers(
    stand_in: Make,
) -> None:
    assert open_native("8.0", stand_in("-DSILENT")).how.endswith("laid out as in 8.0")


def test_a_library_that_shows_no_numbers_still_shows_where_an_object_begins(
    stand_in: Make,
) -> None:
    swap = {"parent": "object_id", "object_id": "parent"}
    types = dict(ROWS[1].structures["NvDsObjectMeta"])
    fields = tuple((swap.get(name, name), types[swap.get(name, name)]) for name in types)
    row = dataclasses.replace(ROWS[1], structures={**ROWS[1].structures, "NvDsObjectMeta": fields})
    with pytest.raises(EngineMissing, match="the parent of an object"):
        open_native("8.0", stand_in("-DSILENT"), rows=[row])


def test_a_library_may_show_its_boxes_only(stand_in: Make) -> None:
    assert open_native("10.0", stand_in("-DTERSE")).how.endswith("laid out as in 8.0")
