"""Which way of reading is taken, and what is said where there is none."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from smartrec.errors import EngineMissing
from smartrec.media.engines.deepstream.annotations import Text
from smartrec.media.engines.deepstream.layout import ROWS
from smartrec.media.engines.deepstream.metadata import open_metadata
from smartrec.media.engines.deepstream.native import open_native
from smartrec.media.engines.deepstream.through_pyds import PydsMetadata
from smartrec.media.gst import Gst
from tests.deepstream.wheel import libraries

WHEEL = libraries()
needs_wheel = pytest.mark.skipif(WHEEL is None, reason="DeepStream's wheel is not installed")


@needs_wheel
@pytest.mark.parametrize("version", ["6.4", "8.0", "9.0", "9.1", "11.0", None])
def test_the_librarys_own_layout_is_taken_whatever_version_is_told(version: str | None) -> None:
    assert open_metadata(version, WHEEL).how.endswith("libnvds_meta.so, laid out as in 9.0 to 9.1")


@needs_wheel
def test_a_library_that_no_layout_fits_is_refused() -> None:
    with pytest.raises(EngineMissing, match=r"DeepStream 10\.0 is laid out in a way") as caught:
        open_native("10.0", WHEEL, rows=ROWS[:-1])
    assert "552 bytes instead of 544" in str(caught.value)
    assert "pyds" in str(caught.value.hint)


def test_a_missing_library_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match=r"cannot be loaded.*libnvds_meta") as caught:
        open_metadata("9.1", tmp_path)
    assert caught.value.hint


def test_a_file_that_is_no_library_is_told(tmp_path: Path) -> None:
    (tmp_path / "libnvds_meta.so").write_text("not a library")
    with pytest.raises(EngineMissing, match="cannot be loaded"):
        open_metadata("9.1", tmp_path)


@needs_wheel
@pytest.mark.parametrize("name", ["libnvds_meta.so", "libnvdsgst_meta.so"])
def test_half_a_library_is_told_and_does_not_end_the_process(tmp_path: Path, name: str) -> None:
    assert WHEEL is not None
    for each in ("libnvds_meta.so", "libnvdsgst_meta.so"):
        (tmp_path / each).symlink_to(WHEEL / each)
    (tmp_path / name).unlink()
    # Its headers promise pages that are not there, so that reading them ends in SIGBUS.
    (tmp_path / name).write_bytes((WHEEL / name).read_bytes()[:3000])
    with pytest.raises(EngineMissing, match=rf"cannot be loaded: \S*{name} ") as caught:
        open_native("9.1", tmp_path)
    assert caught.value.hint


def test_a_library_without_its_functions_is_told(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.c"
    nothing.write_text("int nothing(void) { return 0; }\n")
    for name in ("libnvds_meta.so", "libnvdsgst_meta.so"):
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-o", str(tmp_path / name), str(nothing)], check=True
        )
    with pytest.raises(EngineMissing, match="no function nvds_acquire_meta_lock"):
        open_metadata("9.1", tmp_path)


@pytest.fixture
def pyds_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What ``import pyds`` imports."""
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("pyds", None)
    yield tmp_path / "pyds.py"
    sys.modules.pop("pyds", None)


def test_where_ours_does_not_fit_pyds_is_taken(pyds_file: Path) -> None:
    pyds_file.write_text("gst_buffer_get_nvds_batch_meta = print\n")
    how = open_metadata("10.0", pyds_file.parent).how
    assert how.startswith("pyds, for a library of DeepStream cannot be loaded")


@pytest.mark.parametrize("text", ["class MassFunction: ...", "import nothing_of_this_name"])
def test_another_package_of_that_name_or_a_broken_one_is_not_taken(
    pyds_file: Path, text: str
) -> None:
    pyds_file.write_text(text)
    with pytest.raises(EngineMissing, match="cannot be loaded"):
        open_metadata("10.0", pyds_file.parent)


class Color(SimpleNamespace):
    def set(self, red: float, green: float, blue: float, alpha: float) -> None:
        self.red, self.green, self.blue, self.alpha = red, green, blue, alpha


def text_params() -> Any:
    font = SimpleNamespace(font_name="", font_size=0, font_color=Color())
    return SimpleNamespace(
        display_text="", x_offset=0, y_offset=0, font_params=font, set_bg_clr=0, text_bg_clr=Color()
    )


class Link:
    """A list's element; at the end pyds raises StopIteration."""

    def __init__(self, data: Any, *others: Any) -> None:
        self.data, self._others = data, others

    @property
    def next(self) -> "Link":
        if not self._others:
            raise StopIteration
        return Link(*self._others)


class StandInPyds:
    """The few of its functions that are used, with values for metas."""

    class _Cast:
        @staticmethod
        def cast(data: Any) -> Any:
            return data

    NvDsFrameMeta = NvDsObjectMeta = _Cast

    def __init__(self, batch: Any) -> None:
        self.batch, self.locked, self.displays = batch, 0, list[Any]()

    def gst_buffer_get_nvds_batch_meta(self, address: int) -> Any:
        return self.batch

    def nvds_acquire_meta_lock(self, batch: Any) -> None:
        self.locked += 1

    def nvds_release_meta_lock(self, batch: Any) -> None:
        self.locked -= 1

    def nvds_acquire_display_meta_from_pool(self, batch: Any) -> Any:
        assert batch is self.batch
        return SimpleNamespace(num_labels=0, text_params=[text_params() for _ in range(16)])

    def nvds_add_display_meta_to_frame(self, frame: Any, display: Any) -> None:
        self.displays.append(display)


def found(class_id: int) -> Any:
    rect = SimpleNamespace(left=100.0, top=200.0, width=50.0, height=120.0)
    rect.border_width, rect.has_bg_color, rect.border_color = 3, 1, Color(alpha=1.0)
    return SimpleNamespace(
        class_id=class_id,
        object_id=5,
        confidence=0.5,
        obj_label="person",
        rect_params=rect,
        text_params=text_params(),
    )


def test_pyds_reads_and_restyles_alike() -> None:
    one, two = found(0), found(1)
    batch = SimpleNamespace()
    frame = SimpleNamespace(
        pad_index=3,
        buf_pts=77,
        bInferDone=1,
        source_frame_width=640,
        source_frame_height=480,
        pipeline_width=1280,
        pipeline_height=720,
        obj_meta_list=Link(one, two),
        base_meta=SimpleNamespace(batch_meta=batch),
    )
    batch.frame_meta_list = Link(frame)
    pyds = StandInPyds(batch)
    metadata = PydsMetadata(pyds)
    with metadata.batch(Gst.Buffer.new()) as frames:
        assert pyds.locked == 1
        (seen,) = frames
        assert (seen.source, seen.pts, seen.inferred) == (3, 77, True)
        assert (seen.size, seen.picture) == ((640, 480), (1280, 720))
        assert [each.label for each in seen.objects] == ["person", "person"]
        seen.objects[0].show("person 50 %", (0.0, 1.0, 0.0, 1.0), 4, 14)
        seen.objects[1].hide()
        seen.write([Text(f"text {number}", 1, 2, 14) for number in range(17)])
    assert pyds.locked == 0
    assert (one.rect_params.border_width, one.rect_params.border_color.green) == (4, 1.0)
    assert one.text_params.display_text == "person 50 %"
    assert (two.rect_params.border_width, two.rect_params.border_color.alpha) == (0, 0.0)
    assert two.text_params.display_text == ""
    assert [display.num_labels for display in pyds.displays] == [16, 1]


def test_pyds_finds_no_frames_in_a_buffer_without_a_batch() -> None:
    assert PydsMetadata(StandInPyds(None)).frames(Gst.Buffer.new()) == ()


def test_rows_can_be_made_from_others() -> None:
    row = dataclasses.replace(ROWS[-1], first=(9, 2), last=(9, 4))
    assert row.words == "9.2 to 9.4"
