"""Fragmented MP4 of any access units: what a strict reader of the boxes finds in it."""

import struct
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.errors import CameraError
from smartrec.media.boxes import tree, unsigned
from smartrec.model import AccessUnit, Codec, StreamFormat
from smartrec.units import MILLISECOND, SECOND, Ns
from smartrec.web.fmp4 import TIMESCALE, FragmentedMp4

# Two parameter sets each: nobody decodes them here.
AVCC = bytes.fromhex("0164001fffe1000a6764001facd94050051301000668ebe3cb22c0")
FORMAT = StreamFormat(Codec.H264, 1280, 720, 30.0, "video/x-h264", AVCC)
START = 5_000 * SECOND
FRAME = SECOND // 30


@dataclass(frozen=True)
class Sample:
    """What a fragment says of the picture in it; times in ticks."""

    number: int
    decode: int
    duration: int
    flags: int
    offset: int
    data: bytes

    @property
    def composition(self) -> int:
        return self.decode + self.offset


def sample(fragment: bytes) -> Sample:
    """Read a fragment box by box, as 14496-12 has them."""
    moof, mdat = tree(fragment)
    assert (moof.kind, mdat.kind) == (b"moof", b"mdat")
    mfhd, traf = tree(moof.payload)
    tfhd, tfdt, trun = tree(traf.payload)
    kinds = [box.kind for box in (mfhd, traf, tfhd, tfdt, trun)]
    assert kinds == [b"mfhd", b"traf", b"tfhd", b"tfdt", b"trun"]
    assert (unsigned(tfhd.payload, 0), unsigned(tfhd.payload, 4)) == (0x020000, 1)
    version, count, at, duration, size, flags, offset = struct.unpack(">IIiIIIi", trun.payload)
    assert (version, count) == (0x01000F01, 1)
    assert fragment[at : at + size] == mdat.payload
    assert tfdt.payload[0] == 1
    decode = int.from_bytes(tfdt.payload[4:], "big")
    return Sample(unsigned(mfhd.payload, 4), decode, duration, flags, offset, mdat.payload)


def unit(pts: int, dts: int | None = None, **changes: object) -> AccessUnit:
    """A P picture of one NAL unit."""
    given = pts if dts is None else dts
    made = AccessUnit(
        1, 0, Ns(pts), Ns(given), Ns(FRAME), keyframe=False, lost_before=0, data=nal(b"\x41data")
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def nal(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def samples(units: list[AccessUnit]) -> list[Sample]:
    movie = FragmentedMp4(FORMAT)
    return [sample(movie.fragment(each)) for each in units]


gaps = st.lists(
    st.one_of(
        st.integers(FRAME // 2, 2 * FRAME), st.integers(1, 3 * SECOND), st.just(600 * SECOND)
    ),
    max_size=40,
)


def at_gaps(gaps: list[int], delay: int = 0) -> list[AccessUnit]:
    times = [START]
    for gap in gaps:
        times.append(times[-1] + gap)
    return [unit(at + delay, at, keyframe=n == 0) for n, at in enumerate(times)]


@given(gaps, st.integers(0, SECOND // 2))
def test_each_picture_is_shown_at_its_own_time(gaps: list[int], delay: int) -> None:
    units = at_gaps(gaps, delay)
    movie = FragmentedMp4(FORMAT)
    for each in units:
        shown = sample(movie.fragment(each)).composition
        assert shown == (each.pts - movie.zero) // (SECOND // TIMESCALE)


@given(gaps)
def test_decoding_times_rise_and_never_lie_behind_the_showing(gaps: list[int]) -> None:
    found = samples(at_gaps(gaps))
    assert all(a.decode < b.decode for a, b in pairwise(found))
    # Two pictures within a tick may not share one.
    assert all(each.offset >= -len(found) for each in found)


@given(st.lists(st.integers(FRAME // 2, 8 * SECOND), max_size=60))
def test_no_step_is_one_that_browsers_take_for_a_break(gaps: list[int]) -> None:
    # Each gap at most eight seconds, one after another: as slow and uneven as cameras get.
    found = samples(at_gaps([gap if n % 2 else FRAME for n, gap in enumerate(gaps)]))
    for before, after in pairwise(found):
        assert after.decode - before.decode <= 2 * before.duration


def test_a_camera_slower_than_it_says_is_not_shown_ever_earlier() -> None:
    found = samples(at_gaps([4 * FRAME] * 500))
    assert found[-1].offset == 0


def test_the_first_picture_is_a_second_from_the_beginning() -> None:
    (first,) = samples([unit(START + 2 * FRAME, START, keyframe=True)])
    assert (first.number, first.decode) == (1, TIMESCALE)
    assert first.offset == 2 * FRAME // 1000


def test_a_keyframe_says_so() -> None:
    found = samples([unit(START, keyframe=True), unit(START + FRAME)])
    assert [each.flags for each in found] == [0x02000000, 0x01010000]
    assert [each.number for each in found] == [1, 2]
    assert {each.data for each in found} == {nal(b"\x41data")}


def test_reordered_pictures_without_decoding_times_are_decoded_before_they_are_shown() -> None:
    order = [0, *(n + place for n in range(1, 90, 3) for place in (2, 0, 1))]
    found = samples([unit(START + n * FRAME, keyframe=not n) for n in order])
    assert all(a.decode < b.decode for a, b in pairwise(found))
    assert all(each.offset >= 0 for each in found[6:])
    assert max(each.offset for each in found) < 5 * FRAME


def test_the_opening_says_what_comes_and_that_it_has_no_end() -> None:
    ftyp, moov = tree(FragmentedMp4(FORMAT).opening)
    assert (ftyp.kind, ftyp.payload[:4]) == (b"ftyp", b"iso6")
    assert unsigned(moov.need(b"mvhd").payload, 12) == TIMESCALE
    assert unsigned(moov.need(b"mvhd").payload, 16) == 0
    track = moov.need(b"trak")
    assert struct.unpack(">II", track.need(b"tkhd").payload[-8:]) == (1280 << 16, 720 << 16)
    assert unsigned(track.need(b"mdia", b"mdhd").payload, 12) == TIMESCALE
    (trex,) = tree(moov.need(b"mvex").payload)
    assert (trex.kind, unsigned(trex.payload, 4)) == (b"trex", 1)
    entry = tree(track.need(b"mdia", b"minf", b"stbl", b"stsd").payload[8:])[0]
    assert entry.kind == b"avc1"
    assert struct.unpack_from(">HH", entry.payload, 24) == (1280, 720)
    assert [(box.kind, box.payload) for box in tree(entry.payload[78:])] == [(b"avcC", AVCC)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0",
        nal(b"\x41") + b"\0\0\0",
        nal(b"\x41data")[:-1],
        nal(b"\x41data") + b"\0",
        nal(b""),
        nal(b"\x41") + nal(b""),
        b"\xff\xff\xff\xff\x41",
        b"\0\0\0\x01\x67Annex B: a start code, not a length",
    ],
    ids=repr,
)
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
    with pytest.raises(CameraError, match="not whole"):
        samples([unit(START, keyframe=True, data=data)])


@given(st.binary(max_size=60))
def test_no_bytes_of_a_camera_can_do_more_than_be_refused(data: bytes) -> None:
    movie = FragmentedMp4(FORMAT)
    try:
        made = movie.fragment(unit(START, keyframe=True, data=data))
    except CameraError:
        return
    assert sample(made).data == data


@given(st.lists(st.tuples(*[st.integers(-(2**62), 2**62)] * 3), min_size=1, max_size=10))
def test_no_times_of_a_camera_can_do_more_than_be_refused(
    times: list[tuple[int, int, int]],
) -> None:
    movie = FragmentedMp4(FORMAT)
    with suppress(CameraError):
        for pts, dts, duration in times:
            made = sample(movie.fragment(unit(pts, dts, duration=duration)))
            assert made.composition == (pts - movie.zero) // 1000


@pytest.mark.parametrize(("width", "height"), [(0, 720), (1280, 0), (1 << 16, 720), (-1, 720)])
def test_a_picture_that_no_mp4_can_hold_is_refused(width: int, height: int) -> None:
    with pytest.raises(CameraError, match="cannot be shown"):
        FragmentedMp4(replace(FORMAT, width=width, height=height))


def test_lengths_are_as_long_as_the_set_up_says() -> None:
    short = replace(FORMAT, codec_private=AVCC[:4] + b"\xfd" + AVCC[5:])
    movie = FragmentedMp4(short)
    two = unit(START, keyframe=True, data=b"\0\x02\x65\x80" + MILLISECOND.to_bytes(3, "big"))
    with pytest.raises(CameraError):
        movie.fragment(two)
    assert sample(movie.fragment(replace(two, data=b"\0\x02\x65\x80"))).data == b"\0\x02\x65\x80"
