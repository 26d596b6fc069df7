"""Decoders on what real encoders made: every picture comes out once, at its own pts."""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import pytest

from smartrec.errors import SmartrecError
from smartrec.media.gst import Gst
from smartrec.media.watch.decoding import Decoder, Listener, _Inside, decode_one
from smartrec.media.watch.planes import DecodedPicture
from smartrec.model import AccessUnit, Codec, StreamFormat
from smartrec.units import SECOND, Ns
from tests.media import numbered
from tests.media.clips import (
    FRAME,
    HEIGHT,
    START,
    WIDTH,
    jpeg_format,
    jpeg_units,
    jpegs,
    stream_units,
)

TIMEOUT = 40


def size(width: int, height: int) -> tuple[int, int]:
    return width, height


class Shown:
    """Decodes units; keeps the number and pts of each picture."""

    def __init__(self, stream: StreamFormat) -> None:
        self.frames: list[tuple[int, Ns]] = []
        self.missed: list[Ns] = []
        self.failed: list[SmartrecError] = []
        self._pushed = 0
        self._stream = stream
        self._change = threading.Condition()
        self.decoder = Decoder("decoder", stream, Listener(self._frame, self._missed, self._failed))
        self.decoder.start()

    def _frame(self, sample: Gst.Sample, pts: Ns) -> None:
        grey = DecodedPicture(sample, self._stream, size).rgb()[:, :, 1]
        with self._change:
            self.frames.append((numbered.read(grey), pts))
            self._change.notify()

    def _missed(self, pts: Ns) -> None:
        with self._change:
            self.missed.append(pts)
            self._change.notify()

    def _failed(self, error: SmartrecError) -> None:
        with self._change:
            self.failed.append(error)
            self._change.notify()

    def push(self, units: Iterable[AccessUnit], *, ahead: int = 12) -> None:
        """No further ahead of what comes out than a decoder may be."""
        for unit in units:
            self.decoder.push(unit)
            self._pushed += 1
            assert self.wait(lambda: self._pushed - len(self.frames) - len(self.missed) <= ahead)

    def wait(self, done: Callable[[], bool]) -> bool:
        with self._change:
            return self._change.wait_for(done, TIMEOUT)

    def close(self) -> None:
        self.decoder.stop()
        self.decoder.join(TIMEOUT)
        assert not self.decoder.is_alive()


@pytest.mark.parametrize(
    ("codec", "bframes"), [(Codec.H264, 0), (Codec.H264, 2), (Codec.H265, 0)], ids=str
)
def test_inter_coded_pictures_come_out_in_order_at_their_own_pts(
    codec: Codec, bframes: int
) -> None:
    stream, units = stream_units(codec, 40, 10, bframes)
    shown = Shown(stream)
    # What a decoder keeps back to see the order comes out with the pictures of another GOP.
    shown.push(units[:28])
    assert shown.wait(lambda: len(shown.frames) >= 20), shown.failed
    shown.close()
    in_order = sorted(unit.pts for unit in units)
    assert shown.frames == [(n, in_order[n]) for n in range(len(shown.frames))]
    assert (shown.decoder.skipped, shown.decoder.undecodable) == (0, 0)


def test_a_coded_stream_begins_at_a_keyframe_and_so_does_another_epoch() -> None:
    stream, units = stream_units(Codec.H264, 30, 10, 0)
    shown = Shown(stream)
    anew = [replace(unit, epoch=2) for unit in units[15:]]
    shown.push([*units[5:15], *anew])
    assert shown.wait(lambda: len(shown.frames) >= 12)
    shown.close()
    assert [n for n, _ in shown.frames][:12] == [*range(10, 15), *range(20, 27)]
    assert shown.missed == [unit.pts for unit in (*units[5:10], *units[15:20])]
    assert shown.decoder.skipped == 10


def test_a_late_decoder_skips_to_the_next_keyframe_and_counts() -> None:
    stream, units = stream_units(Codec.H264, 200, 10, 0)
    shown = Shown(stream)
    shown.push(units, ahead=len(units))
    assert shown.wait(lambda: len(shown.frames) + len(shown.missed) == len(units))
    shown.close()
    numbers = [n for n, _ in shown.frames]
    for before, after in pairwise(numbers):
        assert after == before + 1 or (after > before and after % 10 == 0)
    assert shown.decoder.skipped == len(shown.missed) == 200 - len(numbers)
    assert shown.decoder.undecodable == 0


def test_jpegs_are_shown_and_what_is_none_is_counted() -> None:
    some = jpeg_units(jpegs(8))
    shown = Shown(jpeg_format())
    shown.push(some[:1], ahead=0)
    shown.decoder.push(replace(some[1], data=some[1].data[:200]))
    pushed = 2
    # The decoder may have to be started again; what comes meanwhile is skipped.
    while len(shown.frames) < 5:
        shown.push([replace(some[pushed % 8], pts=Ns(START + pushed * FRAME))], ahead=1)
        pushed += 1
    decoder = shown.decoder
    assert shown.wait(lambda: len(shown.frames) + decoder.skipped + decoder.undecodable == pushed)
    shown.close()
    assert all(n == (pts - START) // FRAME % 8 for n, pts in shown.frames)
    assert decoder.undecodable >= 1


def test_a_decoder_that_fails_says_why_and_is_started_again() -> None:
    stream, units = stream_units(Codec.H264, 20, 10, 0)
    shown = Shown(replace(stream, caps="video/x-vp8"))
    shown.push(units[:1])
    assert shown.wait(lambda: len(shown.failed) == 1 and shown.missed == [units[0].pts])
    while len(shown.failed) < 3:  # each time it is started again, and meanwhile skips
        shown.push(units[:1], ahead=0)
    assert shown.frames == []
    assert shown.decoder.undecodable >= 2
    shown.close()


def test_a_format_that_is_no_caps_is_told() -> None:
    shown = Shown(StreamFormat(Codec.H264, 64, 48, 30.0, "no caps, at all("))
    assert shown.wait(lambda: bool(shown.failed))
    shown.close()


@pytest.mark.parametrize("bframes", [0, 2])
def test_a_keyframe_alone_is_decoded_at_once(bframes: int) -> None:
    stream, units = stream_units(Codec.H264, 30, 10, bframes)
    for unit in units:
        if unit.keyframe:
            sample = decode_one(unit, stream)
            assert sample is not None
            picture = DecodedPicture(sample, stream, size).rgb()
            assert picture.shape == (HEIGHT, WIDTH, 3)
            assert numbered.read(picture[:, :, 1]) == round((unit.pts - START) / 33_333_333)


def test_a_keyframe_of_garbage_gives_no_picture() -> None:
    stream, units = stream_units(Codec.H264, 30, 10, 0)
    sample = None
    with suppress(SmartrecError):
        sample = decode_one(replace(units[0], data=bytes(500)), stream)
    assert sample is None


def test_a_decoder_that_takes_all_and_gives_nothing_fills_no_memory() -> None:
    inside = _Inside()
    for n in range(1000):
        inside.came(Ns(n * SECOND))
    assert len(inside.failed()) < 300
    assert inside.lost == 1000
