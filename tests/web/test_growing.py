"""A coded clip that is still a journal, as fragments: whole, joined, broken, followed."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from smartrec.errors import CameraError, StoreError
from smartrec.media.boxes import tree
from smartrec.media.journal import JournalWriter
from smartrec.model import AccessUnit, ClipHead, ClipState, Codec
from smartrec.units import SECOND, Ns
from smartrec.web.growing import Growing
from tests.media import clips
from tests.streams import clip_head
from tests.web.coded_camera import small
from tests.web.kept import FRAME, H264, coded_units
from tests.web.test_fmp4 import sample

HEAD = clip_head(start=Ns(5 * SECOND), end=Ns(100 * SECOND), format=H264)


@pytest.fixture
def journal(tmp_path: Path) -> Callable[..., Path]:
    def write(units: list[AccessUnit], head: ClipHead = HEAD) -> Path:
        path = tmp_path / "clip.mkv"
        writer = JournalWriter(path, head)
        writer.write(units)
        writer.abandon()
        return path

    return write


def all_of(growing: Growing) -> bytes:
    found = b""
    while data := growing.read():
        found += data
    return found


def fragments(data: bytes) -> list[bytes]:
    """Each, without what stands before the first."""
    boxes = [box.pack() for box in tree(data)]
    assert [box[4:8] for box in boxes[:2]] == [b"ftyp", b"moov"]
    return [moof + mdat for moof, mdat in zip(boxes[2::2], boxes[3::2], strict=True)]


def test_every_picture_is_in_it_as_far_as_it_is_written(journal: Callable[..., Path]) -> None:
    units = coded_units(HEAD.start, before=10, count=75)
    path = journal(units[:40])
    with closing(Growing(path)) as growing:
        data = all_of(growing)
        assert growing.read() == b""
        assert not growing.closed
        path.unlink()
    assert [sample(each).data for each in fragments(data)] == [unit.data for unit in units[:40]]


def test_it_goes_on_where_the_journal_does(tmp_path: Path) -> None:
    units = coded_units(HEAD.start, before=10, count=75)
    writer = JournalWriter(tmp_path / "clip.mkv", HEAD)
    with closing(Growing(writer.path)) as growing:
        data = b""
        for begin in range(0, 75, 5):
            assert growing.read() == b""
            writer.write(units[begin : begin + 5])
            data += all_of(growing)
        writer.close(replace(HEAD, state=ClipState.COMPLETE))
        assert growing.read() == b""
        assert growing.closed
    assert [sample(each).number for each in fragments(data)] == list(range(1, 76))


def test_it_begins_with_a_keyframe(journal: Callable[..., Path]) -> None:
    units = coded_units(HEAD.start, before=10, count=75)
    with closing(Growing(journal(units[3:]))) as growing:
        assert len(fragments(all_of(growing))) == 45


def test_what_cannot_be_shown_is_left_out_up_to_the_next_keyframe(
    journal: Callable[..., Path],
) -> None:
    units = coded_units(HEAD.start, before=0, count=90)
    units[40] = replace(units[40], data=b"\0\0\0\xff\x41 cut off")
    with closing(Growing(journal(units))) as growing:
        found = fragments(all_of(growing))
    assert len(found) == 40 + 30
    assert [sample(each).number for each in found] == list(range(1, 71))
    ticks = [sample(each).composition for each in found]
    assert ticks[40] - ticks[0] == pytest.approx(60 * FRAME / 1000, abs=2)


@pytest.mark.parametrize("before", [0, 10, 29])
def test_where_the_clip_begins_is_told(journal: Callable[..., Path], before: int) -> None:
    path = journal(coded_units(HEAD.start, before=before, count=60 + before))
    with closing(Growing(path)) as growing:
        # What is decoded first stands at a second of media time.
        assert growing.first_shown() == pytest.approx(1 + before / 30, abs=1e-6)


def test_the_first_that_is_shown_may_be_decoded_late(journal: Callable[..., Path]) -> None:
    order = [0, 3, 1, 2, 6, 4, 5]
    units = [
        replace(unit, pts=Ns(HEAD.start + (n - 1) * FRAME), dts=Ns(HEAD.start + (at - 4) * FRAME))
        for at, (n, unit) in enumerate(zip(order, coded_units(0, 0, 7), strict=True))
    ]
    with closing(Growing(journal(units))) as growing:
        # Decoded first at a second of media time; shown first at the clip's own start.
        assert growing.first_shown() == pytest.approx(1 + 4 / 30, abs=1e-6)


def test_nothing_is_told_of_where_an_empty_one_begins(journal: Callable[..., Path]) -> None:
    with closing(Growing(journal([]))) as growing:
        assert growing.first_shown() is None
        assert growing.read() == b""


def test_what_browsers_cannot_show_is_refused(journal: Callable[..., Path]) -> None:
    strange = replace(HEAD, format=replace(H264, codec_private=b"\1\2"))
    with pytest.raises(CameraError, match="browser"):
        Growing(journal([], strange))


def test_what_is_no_journal_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "clip.mkv").write_bytes(b"no journal")
    with pytest.raises(StoreError):
        Growing(tmp_path / "clip.mkv")


@pytest.mark.long
@pytest.mark.parametrize("bframes", [0, 2])
def test_other_programs_show_every_picture_at_its_time(
    journal: Callable[..., Path], tmp_path: Path, bframes: int
) -> None:
    camera = small(Codec.H264, bframes)
    units = [
        replace(each, pts=Ns(each.pts + HEAD.start), dts=Ns(each.dts + HEAD.start))
        for each in camera.units
    ]
    path = journal(units, replace(HEAD, format=camera.format))
    movie = tmp_path / "movie.mp4"
    with closing(Growing(path)) as growing:
        movie.write_bytes(all_of(growing))
    with closing(Growing(path)) as growing:
        first = growing.first_shown()
    assert first is not None
    found = clips.ffmpeg_frames(movie)
    assert clips.numbers(found) == list(range(len(units)))
    times = sorted(unit.pts for unit in units)
    for (at, _), pts in zip(found, times, strict=True):
        assert at / SECOND == pytest.approx(first + (pts - times[0]) / SECOND, abs=1e-5)
