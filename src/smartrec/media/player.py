"""A video file, played as if a camera sent it.

JPEG, H.264 and H.265 keep their own bits; anything else is decoded and becomes JPEG, as the raw
pictures of a camera do. Sound is left out. Frame times are the file's, from its first picture on.
"""

import heapq
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import Final

from smartrec.errors import SourceError
from smartrec.media.feed import Picture
from smartrec.media.gst import Gst, GstApp, running
from smartrec.media.video_file import (
    Reading,
    cannot_play,
    must_be_readable,
    read_error,
    reading_for,
    reading_pipeline,
)
from smartrec.model import Codec, StreamFormat
from smartrec.units import MILLISECOND, SECOND, Ns

_PATIENCE: Final = Ns(15 * SECOND)
"""How long a file may give nothing, say from a sleeping disk."""
_GLANCE: Final = Ns(100 * MILLISECOND)
_SURVEYED: Final = 256
"""Pictures looked at before playing, to learn how they are ordered."""
_MOST_REORDERED: Final = 16
"""Pictures that H.264 and H.265 may hold back at most."""
_NOMINAL: Final = Ns(SECOND // 30)
"""How long a picture is shown where neither it nor the file says."""

_B_SLICE: Final = 1


def open_file(path: Path, *, loop: bool) -> "FileFeed":
    """A file as a feed; with `loop` it starts again at its end, times and numbers going on.

    Pictures that an edit list hides are played too where later ones are decoded from them.

    Raises:
        SourceError: It is missing, unreadable, damaged, or no video.
        MissingElement: GStreamer lacks what reads it.
    """
    must_be_readable(path)
    reading = reading_for(path)
    survey = _survey(path, reading)
    if survey.times_missing and reading is not Reading.DECODED:
        reading = Reading.DECODED
        survey = _survey(path, reading)
    if survey.times_missing:
        raise SourceError(
            f"{path} does not say when its pictures are due",
            hint=f"Give it times: ffmpeg -r 30 -i {quote(str(path))} -c copy new.mp4",
        )
    return FileFeed(path, reading, survey, loop=loop)


class FileFeed:
    """See `open_file`; one thread plays it. Keeps a few pictures in memory, however long it is.

    Attributes:
        lead: From the first picture that is decoded to the first that is shown.
    """

    def __init__(self, path: Path, reading: Reading, survey: "_Survey", *, loop: bool) -> None:
        self._path = path
        self._reading = reading
        self._loop = loop
        self._reordered = survey.reordered
        self.lead = survey.lead
        self._closed = threading.Event()
        self.format = survey.format

    def pictures(self) -> Iterator[Picture]:
        """See `Feed.pictures`."""
        begin = Ns(0)
        while not self._closed.is_set():
            end = begin
            for picture in self._once(begin):
                end = max(end, Ns(picture.offset_ns + picture.duration))
                yield picture
            if not self._loop or end == begin:
                return
            begin = end

    def close(self) -> None:
        """See `Feed.close`."""
        self._closed.set()

    def _once(self, begin: Ns) -> Iterator[Picture]:
        """Every picture of the file, the first due at `begin`."""
        order = _DecodingOrder(self._reordered)
        jpeg = self.format.codec is Codec.JPEG
        nominal = round(SECOND / self.format.fps) if self.format.fps else _NOMINAL
        first = last = None
        for sample in _samples(self._path, self._reading, self._closed):
            moments, buffer = _Moments.of(sample), _buffer(sample)
            if moments is None or (jpeg and moments.hidden):
                continue
            duration = nominal if buffer.duration in (0, Gst.CLOCK_TIME_NONE) else buffer.duration
            pts, dts = moments.pts, moments.dts
            if jpeg:
                # Some decoders give two pictures one moment.
                pts = dts = pts if last is None or pts > last else last + duration // 2
            elif dts is None:
                dts = order.next(pts, duration)
            first, last = pts if first is None else first, pts
            yield Picture(
                data=buffer.extract_dup(0, buffer.get_size()),
                offset_ns=Ns(begin + pts - first),
                dts_offset_ns=Ns(begin + min(dts, pts) - first),
                duration=Ns(duration),
                keyframe=not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT),
            )


@dataclass(frozen=True, slots=True)
class _Moments:
    """When a picture is shown and decoded: running time, nanoseconds, which may be negative.

    Attributes:
        pts: Taken from the decoding time where the container has only that (AVI).
        dts: None where the container has none (Matroska).
        hidden: An edit list keeps it from being shown.
        shown_known: Whether the container itself gave `pts`.
    """

    pts: int
    dts: int | None
    hidden: bool
    shown_known: bool

    @classmethod
    def of(cls, sample: Gst.Sample) -> "_Moments | None":
        """None for a picture without any time."""
        buffer, segment = _buffer(sample), sample.get_segment()
        if segment.format != Gst.Format.TIME:
            return None
        pts, dts = _running(segment, buffer.pts), _running(segment, buffer.dts)
        shown = dts if pts is None else pts
        if shown is None:
            return None
        inside = segment.to_running_time(Gst.Format.TIME, buffer.pts) != Gst.CLOCK_TIME_NONE
        return cls(shown, dts, pts is not None and not inside, pts is not None)


def _running(segment: Gst.Segment, moment: int) -> int | None:
    if moment == Gst.CLOCK_TIME_NONE:
        return None
    sign, running_time = segment.to_running_time_full(Gst.Format.TIME, moment)
    return sign * running_time if sign else None


class _DecodingOrder:
    """Makes up decoding times: those shown, put in order, `reordered` pictures early."""

    def __init__(self, reordered: int) -> None:
        self._reordered = reordered
        self._waiting: list[int] = []

    def next(self, pts: int, duration: int) -> int:
        """For the next picture in decoding order."""
        early = self._reordered - len(self._waiting)
        heapq.heappush(self._waiting, pts)
        if early > 0:
            return self._waiting[0] - early * duration
        return heapq.heappop(self._waiting)


@dataclass(frozen=True, slots=True)
class _Survey:
    """What the first pictures of a file tell.

    Attributes:
        format: Of all of them.
        reordered: How many pictures are decoded before one that is shown earlier.
        times_missing: It cannot be known when pictures are shown.
        lead: See `FileFeed`.
    """

    format: StreamFormat
    reordered: int
    times_missing: bool
    lead: Ns


def _survey(path: Path, reading: Reading) -> _Survey:
    first: Gst.Sample | None = None
    shown: list[int] = []
    times_missing = False
    few = 2 if reading.codec is Codec.JPEG else _SURVEYED
    for sample in islice(_samples(path, reading, threading.Event()), few):
        first = sample if first is None else first
        moments = _Moments.of(sample)
        if moments is None or (not moments.shown_known and _may_be_late(sample, reading)):
            times_missing = True
            break
        shown.append(moments.pts)
    if first is None:
        raise cannot_play(path, "it holds no whole picture")
    if len(shown) == 1 and not times_missing:
        raise SourceError(
            f"{path} holds a single picture", hint="Name a video; a camera never stops at one."
        )
    lead = Ns(max(0, -shown[0] if shown and reading.codec is not Codec.JPEG else 0))
    return _Survey(_format(first, reading.codec), _reordered(shown), times_missing, lead)


def _reordered(shown: list[int]) -> int:
    """How far the order of decoding runs ahead of the order of showing, in pictures."""
    places = {pts: place for place, pts in enumerate(sorted(shown))}
    # What is decoded next may belong before the last few, so those prove nothing.
    sure = shown[:-_MOST_REORDERED] if len(shown) == _SURVEYED else shown
    return max((at - places[pts] for at, pts in enumerate(sure)), default=0)


def _may_be_late(sample: Gst.Sample, reading: Reading) -> bool:
    """Whether a picture that has only a decoding time may be shown later than that."""
    if reading is not Reading.H264:
        return True
    size = int.from_bytes(_codec_private(sample)[4:5], "big") % 4 + 1
    data, at = _bytes(sample), 0
    while at + size < len(data):
        length = int.from_bytes(data[at : at + size], "big")
        at += size
        if data[at] & 0x1F == 1 and _slice_type(data[at + 1 : at + 17]) % 5 == _B_SLICE:
            return True
        at += length
    return False


def _slice_type(head: bytes) -> int:
    """The second number of an H.264 slice header (7.3.3), Exp-Golomb coded as the first."""
    bits = "".join(f"{byte:08b}" for byte in head)
    number = 0
    for _ in range(2):
        zeros = bits.index("1")
        number = int(bits[zeros : 2 * zeros + 1], 2) - 1
        bits = bits[2 * zeros + 1 :]
    return number


def _format(sample: Gst.Sample, codec: Codec) -> StreamFormat:
    caps = sample.get_caps()
    assert caps is not None
    structure = caps.get_structure(0)
    _, width = structure.get_int("width")
    _, height = structure.get_int("height")
    known, rate, per = structure.get_fraction("framerate")
    return StreamFormat(
        codec=codec,
        width=width,
        height=height,
        fps=rate / per if known and per else 0.0,
        caps=caps.to_string(),
        codec_private=_codec_private(sample),
    )


def _codec_private(sample: Gst.Sample) -> bytes:
    caps = sample.get_caps()
    assert caps is not None
    value = caps.get_structure(0).get_value("codec_data")
    if not isinstance(value, Gst.Buffer):
        return b""
    return value.extract_dup(0, value.get_size())


def _buffer(sample: Gst.Sample) -> Gst.Buffer:
    buffer = sample.get_buffer()
    assert buffer is not None
    return buffer


def _bytes(sample: Gst.Sample) -> bytes:
    buffer = _buffer(sample)
    return buffer.extract_dup(0, buffer.get_size())


def _samples(path: Path, reading: Reading, closed: threading.Event) -> Iterator[Gst.Sample]:
    """Pull a file's encoded pictures, in decoding order; stops when `closed`."""
    pipeline = reading_pipeline(path, reading.value)
    sink = pipeline.get_by_name("pictures")
    assert isinstance(sink, GstApp.AppSink)
    # What an edit list hides is needed to decode the rest.
    sink.set_drop_out_of_segment(False)
    with running(pipeline) as bus:
        silent = 0
        while not closed.is_set():
            sample = sink.try_pull_sample(_GLANCE)
            if sample is not None:
                silent = 0
                yield sample
                continue
            over = sink.is_eos()  # asked first: an error is said before the end that it brings
            message = bus.timed_pop_filtered(0, Gst.MessageType.ERROR)
            if message is not None:
                raise read_error(path, message)
            if over:
                return
            silent += _GLANCE
            if silent >= _PATIENCE:
                raise cannot_play(path, f"nothing came of it for {_PATIENCE // SECOND} s")
