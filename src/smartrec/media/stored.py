"""A stored clip as pictures to look at: a finished MP4 or Matroska, a journal, or any other video.

JPEGs are handed on as they are; of what is inter-coded every picture is decoded, in a pipeline like
the watch's. Nothing is written.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from smartrec.errors import ClipDamaged, PipelineError, StoreError
from smartrec.media.gst import Gst, GstApp, error_of, running
from smartrec.media.journal import JournalReader
from smartrec.media.mp4 import Movie, Track, turned
from smartrec.media.player import FileFeed, open_file
from smartrec.media.video_file import must_be_readable
from smartrec.media.watch.decoding import buffer_of, pipeline_of
from smartrec.media.watch.eye import Fit, JpegPicture, Picture
from smartrec.media.watch.planes import DecodedPicture
from smartrec.model import AccessUnit, ClipHead, Codec, StreamFormat
from smartrec.units import MILLISECOND, SECOND, Ns

_BEGIN: Final = Ns(10 * SECOND)
"""Where a file's first picture lies in a decoder, which takes no times before 0."""
_AHEAD: Final = 8
"""Units that wait for the decoder."""
_GLANCE: Final = Ns(20 * MILLISECOND)
_STALL: Final = Ns(60 * SECOND)
_MP4: Final = b"ftyp"
"""How an MP4 begins, behind a length (ISO/IEC 14496-12, 4.3)."""
_NEAR: Final = Ns(MILLISECOND)
"""A decoder may count in coarser ticks, as may a file."""
_MOST_MISSING: Final = 0.1
"""Share of the pictures that may not come out of the decoder."""
_BROKEN: Final = (OSError, ValueError, LookupError, ArithmeticError, struct.error)
"""What reading a file raises that is not what it says it is."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a clip.

    Attributes:
        at: Since the first one shown.
        keyframe: Of the file.
        picture: Makes it, once it is known how an engine wants it.
    """

    at: Ns
    keyframe: bool
    picture: Callable[[Fit], Picture]


@dataclass(frozen=True, slots=True)
class Stored:
    """A clip that can be read.

    Attributes:
        path: Its file.
        stream: What it holds, and how that is to be turned.
        begin: Time of the first picture that is shown, of `units`.
        end: Where it ends, likewise; None where the file does not say.
        head: What our own journal says of it; None of others.
        shown: How many pictures are shown, where the file says so.
        units: All that is to be decoded, in that order; makes a new iterator each time.
    """

    path: Path
    stream: StreamFormat
    begin: Ns
    end: Ns | None
    head: ClipHead | None
    shown: int | None
    units: Callable[[], Iterator[AccessUnit]] = field(repr=False)

    @property
    def duration(self) -> Ns | None:
        """Of what is shown."""
        return None if self.end is None else Ns(self.end - self.begin)

    def shots(self, *, keyframes_only: bool = False) -> Iterator[Shot]:
        """What is shown, in order.

        Args:
            keyframes_only: Decode keyframes alone, and leave out all others.

        Raises:
            SmartrecError: It cannot be read or decoded to its end.
        """
        with _in_our_words(self.path):
            if self.stream.codec is Codec.JPEG:
                yield from self._jpegs()
            else:
                yield from self._decoded(keyframes_only)

    def _jpegs(self) -> Iterator[Shot]:
        for unit in self.units():
            if self._is_shown(unit.pts):
                at = Ns(unit.pts - self.begin)
                yield Shot(at, True, partial(JpegPicture, unit.data, self.stream))

    def _decoded(self, keyframes_only: bool) -> Iterator[Shot]:
        keyframes: set[int] = set()
        came = 0

        def noted() -> Iterator[AccessUnit]:
            for unit in self.units():
                if unit.keyframe:
                    keyframes.add(unit.pts // _NEAR)
                if unit.keyframe or not keyframes_only:
                    yield unit

        for pts, sample in _through_decoder(noted(), self.stream):
            if self._is_shown(pts):
                came += 1
                near = range(pts // _NEAR - 1, pts // _NEAR + 2)
                keyframe = not keyframes.isdisjoint(near)
                picture = partial(DecodedPicture, sample, self.stream)
                yield Shot(Ns(max(0, pts - self.begin)), keyframe, picture)
        if not keyframes_only and self.shown and came < self.shown * (1 - _MOST_MISSING):
            raise ClipDamaged(f"{self.path}: {came} of {self.shown} pictures can be decoded")

    def _is_shown(self, pts: Ns) -> bool:
        return self.begin - _NEAR <= pts and (self.end is None or pts < self.end)


class _in_our_words:  # noqa: N801 - reads as a statement
    """What a broken file raises becomes `ClipDamaged`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, _BROKEN):
            raise ClipDamaged(f"{self._path} cannot be read: {error}") from error


def open_stored(path: Path) -> Stored:
    """Look into a file.

    Raises:
        SmartrecError: It is not there, is no video, or damaged.
    """
    with _in_our_words(path):
        try:
            return _of_journal(path)
        except StoreError:  # another program's, then, or an MP4
            return _of_file(path)


def _of_journal(path: Path) -> Stored:
    with closing(JournalReader(path)) as reader:
        first = next((unit.pts for unit in reader.read() if unit.pts >= reader.head.start), None)
        head = reader.head
    if first is None:
        raise ClipDamaged(f"{path} holds no picture")
    return Stored(path, head.format, first, head.end, head, None, partial(_journal_units, path))


def _journal_units(path: Path) -> Iterator[AccessUnit]:
    with closing(JournalReader(path)) as reader:
        yield from reader.read()


def _of_file(path: Path) -> Stored:
    must_be_readable(path)
    movie = _movie(path)  # GStreamer takes seconds to say that there is no index
    feed = open_file(path, loop=False)
    units = partial(_file_units, feed)
    if movie is None or feed.format.codec is Codec.JPEG:
        return Stored(path, feed.format, Ns(_BEGIN + feed.lead), None, None, None, units)
    track = movie.track()
    presented = track.presented()
    if not presented:
        raise ClipDamaged(f"{path} shows no picture")
    tick = SECOND / track.timescale
    length = round((presented[-1][0] - presented[0][0]) * tick)
    last = round(_length(track, presented[-1][1]) * tick)
    rotate, flip = turned(movie.matrix())
    return Stored(
        path,
        replace(feed.format, rotate=rotate, flip=flip),
        Ns(_BEGIN + feed.lead),
        Ns(_BEGIN + feed.lead + length + max(last - _NEAR, _NEAR)),
        None,
        len(presented),
        units,
    )


def _length(track: Track, sample: int) -> int:
    """Ticks that a picture is shown for: to the next, hidden or not; of the last, an average."""
    later = [time for time in track.times if time > track.times[sample]]
    return min(later) - track.times[sample] if later else track.duration // len(track.times)


def _movie(path: Path) -> Movie | None:
    """None of other containers."""
    with path.open("rb") as file:
        return Movie(path) if file.read(8)[4:] == _MP4 else None


def _file_units(feed: FileFeed) -> Iterator[AccessUnit]:
    for number, each in enumerate(feed.pictures()):
        pts, dts = Ns(_BEGIN + each.offset_ns), Ns(_BEGIN + each.dts_offset_ns)
        yield AccessUnit(0, number, pts, dts, each.duration, each.keyframe, 0, each.data)


def _through_decoder(
    units: Iterable[AccessUnit], stream: StreamFormat
) -> Iterator[tuple[Ns, Gst.Sample]]:
    pipeline, source, sink = pipeline_of(stream)
    with running(pipeline) as bus:
        outlet = _Outlet(sink, bus)
        for unit in units:
            while source.get_current_level_buffers() >= _AHEAD:
                yield from outlet.drained(_GLANCE)
            source.push_buffer(buffer_of(unit))
            yield from outlet.drained(Ns(0))
        source.end_of_stream()
        while not sink.is_eos():
            yield from outlet.drained(_GLANCE)
        yield from outlet.drained(Ns(0))  # what has failed comes to its end as well


class _Outlet:
    """Where pictures come out of a decoder.

    Raises:
        SmartrecError: By `drained`: it failed, or hangs.
    """

    def __init__(self, sink: GstApp.AppSink, bus: Gst.Bus) -> None:
        self._sink = sink
        self._bus = bus
        self._waited = 0

    def drained(self, wait: Ns) -> Iterator[tuple[Ns, Gst.Sample]]:
        """What is there; for the first of it is waited so long."""
        self._waited += wait
        while (sample := self._sink.try_pull_sample(wait)) is not None:
            self._waited, wait = 0, Ns(0)
            buffer = sample.get_buffer()
            assert buffer is not None
            yield Ns(buffer.pts), sample
        message = self._bus.timed_pop_filtered(0, Gst.MessageType.ERROR)
        if message is not None:
            raise error_of(message)
        if self._waited > _STALL:
            raise PipelineError("frames", f"nothing came of it for {_STALL // SECOND} s")
