"""What browsers get of a coded camera, early or late, fast or slow."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.errors import CameraError
from smartrec.model import AccessUnit
from smartrec.units import Ns
from smartrec.web import coded
from smartrec.web.coded import CodedCamera, Gop, Line, Part
from smartrec.web.frames import Kind
from tests.web.test_fmp4 import FORMAT, FRAME, START, nal, unit

GOP = 10


def numbered(n: int, *, gop: int = GOP, epoch: int = 1, size: int = 10) -> AccessUnit:
    pts = Ns(START + n * FRAME)
    return replace(
        unit(pts, keyframe=n % gop == 0), seq=n, epoch=epoch, data=nal(b"\x41" + bytes(size))
    )


def units(count: int, *, gop: int = GOP, size: int = 10) -> list[AccessUnit]:
    return [numbered(n, gop=gop, size=size) for n in range(count)]


def made(units: list[AccessUnit]) -> list[Part]:
    camera = CodedCamera(3, FORMAT)
    return [part for unit in units for part in camera.take(unit)]


def told(frame: bytes) -> tuple[int, int, int, int, int]:
    """Kind, index, flags, seq and pts of a message, as a browser reads them."""
    header = frame[{126: 4, 127: 10}[frame[1]] :]
    assert header[0] == 1
    seq, pts = (int.from_bytes(header[at : at + 8], "little", signed=True) for at in (8, 16))
    return header[1], header[2], header[3], seq, pts


def seqs(frames: list[bytes]) -> list[int]:
    return [told(frame)[3] for frame in frames if told(frame)[0] == Kind.FRAGMENT]


def taken(line: Line) -> list[bytes]:
    frames = []
    while line:
        frames.append(line.take())
    return frames


def test_the_first_message_is_the_init_segment_and_says_what_media_time_0_is() -> None:
    parts = made(units(3))
    assert [part.kind for part in parts] == [Kind.INIT, *[Kind.FRAGMENT] * 3]
    assert told(parts[0].frame) == (1, 3, 1, 0, START - 1_000_000_000)
    assert told(parts[1].frame) == (2, 3, 1, 0, START)
    assert told(parts[2].frame) == (2, 3, 0, 1, START + FRAME)


def test_nothing_is_sent_before_a_keyframe() -> None:
    parts = made(units(25)[3:])
    assert parts[0].kind is Kind.INIT
    assert seqs([part.frame for part in parts]) == list(range(10, 25))


def test_a_camera_that_came_back_begins_anew() -> None:
    again = [numbered(n, epoch=2) for n in range(5, 15)]
    parts = made([*units(15), *again])
    assert [part.kind for part in parts].count(Kind.INIT) == 2
    assert seqs([part.frame for part in parts]) == [*range(15), *range(10, 15)]


def test_a_gop_that_is_sent_once_more_for_somebody_who_looks_again_begins_anew() -> None:
    parts = made([*units(15), *units(25)[10:]])
    assert [part.kind for part in parts].count(Kind.INIT) == 2
    assert seqs([part.frame for part in parts]) == [*range(15), *range(10, 25)]


def test_behind_a_picture_that_is_torn_the_next_keyframe_begins_anew() -> None:
    torn = units(25)
    torn[13] = replace(torn[13], data=b"\0\0\0\x09\x41")
    parts = made(torn)
    assert [part.kind for part in parts].count(Kind.INIT) == 2
    assert seqs([part.frame for part in parts]) == [*range(13), *range(20, 25)]


def test_a_camera_whose_keyframe_is_torn_is_shown_from_the_next_one_on() -> None:
    torn = units(25)
    torn[0] = replace(torn[0], data=b"")
    assert seqs([part.frame for part in made(torn)]) == list(range(10, 25))


def test_a_format_that_browsers_cannot_show_is_refused_at_once() -> None:
    with pytest.raises(CameraError):
        CodedCamera(0, replace(FORMAT, codec_private=b""))


@given(st.integers(1, 60), st.integers(1, 20))
def test_a_late_browser_gets_all_from_the_newest_keyframe_on(count: int, gop: int) -> None:
    kept = Gop()
    for part in made(units(count, gop=gop)):
        kept.take(part)
    frames = [part.frame for part in kept.joining()]
    assert told(frames[0])[0] == Kind.INIT
    assert seqs(frames) == list(range((count - 1) // gop * gop, count))


@pytest.mark.parametrize(
    ("count", "size"), [(coded.MOST_PICTURES + 1, 10), (40, coded.MOST_BYTES // 39)]
)
def test_where_the_keyframe_is_too_far_a_late_browser_waits_for_the_next(
    count: int, size: int
) -> None:
    kept = Gop()
    camera = CodedCamera(0, FORMAT)
    for each in units(count, gop=10_000, size=size):
        for part in camera.take(each):
            kept.take(part)
    assert [part.kind for part in kept.joining()] == [Kind.INIT]
    for part in camera.take(replace(numbered(count), keyframe=True)):
        kept.take(part)
    assert seqs([part.frame for part in kept.joining()]) == [count]


def test_who_comes_before_the_camera_gets_nothing_yet() -> None:
    assert Gop().joining() == []


def test_what_is_forgotten_begins_with_the_next_keyframe() -> None:
    kept, parts = Gop(), made(units(25))
    for part in parts[:15]:
        kept.take(part)
    kept.forget()
    for part in parts[15:]:
        kept.take(part)
    assert seqs([part.frame for part in kept.joining()]) == list(range(20, 25))


def test_a_browser_that_reads_gets_everything_in_order() -> None:
    line, frames = Line(), []
    for part in made(units(50)):
        line.put(part)
        frames += taken(line)
    assert seqs(frames) == list(range(50))


def test_a_slow_browser_goes_on_with_a_keyframe_instead_of_falling_ever_further_behind() -> None:
    line = Line()
    for part in made(units(35, gop=30)):
        line.put(part)
    frames = taken(line)
    assert told(frames[0])[0] == Kind.INIT
    assert seqs(frames) == list(range(30, 35))


def test_a_browser_that_is_a_little_late_loses_nothing() -> None:
    line = Line()
    parts = made(units(35, gop=30))
    for part in parts[:20]:
        line.put(part)
    frames = [line.take() for _ in range(19)]
    for part in parts[20:]:
        line.put(part)
        frames.append(line.take())
    assert seqs([*frames, *taken(line)]) == list(range(35))


def test_what_waits_is_bounded_where_no_keyframe_comes() -> None:
    line = Line()
    for part in made(units(1000, gop=10_000)):
        line.put(part)
    frames = taken(line)
    assert told(frames[0])[0] == Kind.INIT
    assert not seqs(frames)


def test_what_a_late_browser_gets_may_wait_for_it_whole() -> None:
    kept, line = Gop(), Line()
    for part in made(units(coded.MOST_PICTURES, gop=10_000)):
        kept.take(part)
    for part in kept.joining():
        line.put(part)
    assert seqs(taken(line)) == list(range(coded.MOST_PICTURES))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=200), st.integers(1, 40))
def test_whatever_a_browser_takes_it_can_decode(reads: list[int], gop: int) -> None:
    """Behind a gap comes a keyframe, and nothing before an init segment."""
    line, frames = Line(), []
    for read, part in zip(reads, made(units(len(reads), gop=gop)), strict=False):
        line.put(part)
        frames += [line.take() for _ in range(read) if line]
    found = [told(frame) for frame in frames]
    if found:
        assert found[0][0] == Kind.INIT
    before = -1
    for _, _, flags, seq, _ in found[1:]:
        assert seq == before + 1 or flags & 1
        before = seq
