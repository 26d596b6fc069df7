"""What goes into a record bin of NvDsSR, and what of it goes into the file: pad probes.

Both probes run on GStreamer's streaming threads. They take no lock of the recorder's: the library
waits for these threads while a caller of ours may wait for the library.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from smartrec.errors import PipelineError
from smartrec.media.gst import Gst, GstVideo, has_property
from smartrec.media.nvdssr_abi import children
from smartrec.units import Ns

HOLD_AT_MOST: Final = 1.0  # seconds that a picture waits for its recording's end
_ZERO: Final = Ns(0)
_BEFORE: Final = Ns(-1)
_KEYFRAMES: Final = 4096  # moments remembered: over an hour at one a second
_KEPT_EVENTS: Final = (
    Gst.EventType.FLUSH_START,
    Gst.EventType.FLUSH_STOP,
    Gst.EventType.STREAM_START,
    Gst.EventType.CAPS,
    Gst.EventType.SEGMENT,
    Gst.EventType.EOS,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a record bin is made of, found by what it is and not by names.

    Attributes:
        record: Sink pad of the record bin: everything comes in here.
        encode: Sink pad of the bin that writes: what comes here is in the file.
        filesink: Its location is the file being written, or /dev/null.
        cache: The queue that keeps the pre-roll; None where it was not found.
    """

    record: Gst.Pad
    encode: Gst.Pad
    filesink: Gst.Element
    cache: Gst.Element | None

    @property
    def location(self) -> str:
        """The file being written; ``"/dev/null"`` between files."""
        return str(self.filesink.get_property("location") or "")

    def widen(self, length: Ns) -> None:
        """Let the cache hold so much while it is written out.

        Fault: for the time of a recording its limit is the pre-roll asked for, as little as 1 s,
        and what does not fit is dropped without a word: a disk that is slow for so long, or
        a busy machine, costs pictures.
        """
        if self.cache is not None and has_property(self.cache, "max-size-time"):
            self.cache.set_property("max-size-time", length)


def parts_of(whole: Gst.Bin) -> Parts:
    """Find the parts of the record bin which is, or is somewhere in, `whole`.

    Raises:
        PipelineError: There is none.
    """
    filesink = _filesink(whole)
    encode = filesink.get_parent() if filesink else None
    record = encode.get_parent() if isinstance(encode, Gst.Bin) else None
    if filesink is None or not isinstance(encode, Gst.Bin) or not isinstance(record, Gst.Bin):
        raise PipelineError("nvdssr", f"{whole.get_name()} holds no record bin")
    sinks = record.get_static_pad("sink"), encode.get_static_pad("sink")
    if sinks[0] is None or sinks[1] is None:
        raise PipelineError("nvdssr", f"{record.get_name()} is no record bin as known: no sink pad")
    return Parts(sinks[0], sinks[1], filesink, _behind(sinks[0]))


def _behind(sink: Gst.Pad) -> Gst.Element | None:
    """The element that a bin's pad leads to."""
    target = sink.get_target() if isinstance(sink, Gst.GhostPad) else None
    return None if target is None else target.get_parent_element()


def _filesink(whole: Gst.Bin) -> Gst.Element | None:
    for child in children(whole):
        if isinstance(child, Gst.Bin):
            if (found := _filesink(child)) is not None:
                return found
        elif (factory := child.get_factory()) is not None and factory.get_name() == "filesink":
            return child
    return None


@dataclass(frozen=True, slots=True)
class Passed:
    """What went into the current file.

    Attributes:
        frames: How many pictures.
        began: Running time of the first, which is a keyframe.
        last: Running time of the last.
        ended: Running time of the end of the last.
        size: Bytes of all.
    """

    frames: int = 0
    began: Ns = _ZERO
    last: Ns = _BEFORE
    ended: Ns = _ZERO
    size: int = 0

    def plus(self, begins: Ns, ends: Ns, size: int) -> "Passed":
        """With one more picture; they come in the order of decoding."""
        if self.frames == 0:
            return Passed(1, begins, begins, ends, size)
        return Passed(
            self.frames + 1,
            min(self.began, begins),
            max(self.last, begins),
            max(self.ended, ends),
            self.size + size,
        )


@dataclass(frozen=True, slots=True)
class Hold:
    """Where a recording ends: the first picture that is one of these waits until it has ended.

    Attributes:
        end: At or after this running time; None for no such end.
        cut: A keyframe at or after this running time: the next file begins with it.
    """

    end: Ns | None
    cut: Ns

    def takes(self, begins: Ns, keyframe: bool) -> bool:
        """Whether a picture is the one to wait."""
        return (self.end is not None and begins >= self.end) or (keyframe and begins >= self.cut)


class Gate:
    """Watches a record bin, keeps from it what harms it, and cuts its recordings exactly.

    Args:
        parts: Of the record bin.
        wake: Called on a streaming thread when a picture is held (see `held`).

    Attributes:
        newest: Running time of the newest picture that came in; None before the first.
        arrived: Running time of the newest that came in or is held; 0 before the first.
        lasts: Duration of the newest, 0 where it says none.
        keyframes_in: How many keyframes came in.
        passed: What went into the file since `begin`.
        held: A picture waits for `let_go`.
        overdue: One waited as long as it may, and went in.
    """

    def __init__(self, parts: Parts, wake: Callable[[], None]) -> None:
        self._parts = parts
        self._wake = wake
        self._segments: dict[Gst.Pad, Gst.Segment] = {}
        self._keyframes: deque[Ns] = deque(maxlen=_KEYFRAMES)
        self._order: tuple[Hold | None, threading.Event] = (None, threading.Event())
        self.newest: Ns | None = None
        self.arrived = Ns(0)
        self.lasts = Ns(0)
        self.keyframes_in = 0
        self.passed = Passed()
        self.held = False
        self.overdue = False
        down = Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM
        self._probes = [
            (parts.record, parts.record.add_probe(down, self._comes)),
            (parts.encode, parts.encode.add_probe(down, self._passes)),
        ]
        self._guard_queue(parts.record)

    def close(self) -> None:
        """Take the probes away and let go."""
        self.let_go()
        for pad, probe in self._probes:
            pad.remove_probe(probe)
        self._probes.clear()

    def begin(self) -> None:
        """The next picture that passes is the first of a new file."""
        self.let_go()
        self.passed = Passed()

    def hold(self, hold: Hold | None) -> None:
        """Hold the first picture that `hold` takes, also one held already; `wake` tells."""
        _, go = self._order
        self.overdue = False
        self._order = (hold, threading.Event())
        go.set()

    def let_go(self) -> None:
        """Hold nothing any longer."""
        self.hold(None)

    @property
    def drained(self) -> bool:
        """Whether everything that came in before the held picture is in the file."""
        return self.newest is None or self.passed.last >= self.newest

    @property
    def past(self) -> bool:
        """Whether the end is behind what came in, all of which is in the file."""
        hold, newest = self._order[0], self.newest
        if hold is None or hold.end is None or newest is None or self.held:
            return False
        return newest >= hold.end and self.drained

    def keyframe_for(self, moment: Ns, after: Ns | None) -> Ns | None:
        """The last keyframe at or before `moment`, else the first after it.

        Args:
            moment: Running time.
            after: Only later ones: what was before went into an earlier file.
        """
        known = [k for k in tuple(self._keyframes) if after is None or k > after]
        return max((k for k in known if k <= moment), default=min(known, default=None))

    def _guard_queue(self, record: Gst.Pad) -> None:
        """Keep out of the record bin's queue whatever empties it.

        Fault, measured: the queue holds pictures back by a minimum level, and lets everything go
        when an event or a serialized query is the last thing in it. h264parse sends a TAG event
        when the bitrate changes, that is, when motion begins: up to 5.5 s of a pre-roll of 5 s were
        lost. An encoder told to make a keyframe sends a force-key-unit event: the same harm.
        """
        events = Gst.PadProbeType.EVENT_DOWNSTREAM | Gst.PadProbeType.EVENT_UPSTREAM
        for kind, probe in (
            (events, _event_probe),
            (Gst.PadProbeType.QUERY_DOWNSTREAM, _query_probe),
        ):
            self._probes.append((record, record.add_probe(kind, probe)))

    def _comes(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        times = self._times(pad, info)
        if times is None:
            return Gst.PadProbeReturn.OK
        begins, ends, keyframe = times
        self.arrived = max(begins, self.arrived)
        self._wait(begins, keyframe)
        if keyframe:
            self._keyframes.append(begins)
            self.keyframes_in += 1
        self.lasts = Ns(ends - begins)
        self.newest = max(begins, self.newest or Ns(0))
        return Gst.PadProbeReturn.OK

    def _wait(self, begins: Ns, keyframe: bool) -> None:
        """Wait until the recording has ended; not for ever, for a camera must go on."""
        while True:
            hold, go = self._order
            if hold is None or not hold.takes(begins, keyframe):
                break
            self.held = True
            self._wake()
            if not go.wait(HOLD_AT_MOST):
                self._order = (None, threading.Event())
                self.overdue = True
                self._wake()
                break
        self.held = False

    def _passes(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        times, buffer = self._times(pad, info), info.get_buffer() if _is_buffer(info) else None
        if times is not None and buffer is not None:
            self.passed = self.passed.plus(times[0], times[1], buffer.get_size())
            if self.held or self.past:
                self._wake()
        return Gst.PadProbeReturn.OK

    def _times(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> tuple[Ns, Ns, bool] | None:
        """Running times of begin and end of a picture, and whether it is a keyframe.

        Running time and not pts: x264enc writes pts 1000 hours late, and says so in its segment.
        """
        if not _is_buffer(info):
            event = info.get_event()
            if event is not None and event.type == Gst.EventType.SEGMENT:
                self._segments[pad] = event.parse_segment().copy()
            return None
        buffer = info.get_buffer()
        segment = self._segments.get(pad) or self._sticky_segment(pad)
        if segment is None or buffer is None or buffer.pts == Gst.CLOCK_TIME_NONE:
            return None
        begins = segment.to_running_time(Gst.Format.TIME, buffer.pts)
        if begins == Gst.CLOCK_TIME_NONE:
            return None
        lasts = 0 if buffer.duration == Gst.CLOCK_TIME_NONE else buffer.duration
        keyframe = not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
        return Ns(begins), Ns(begins + lasts), keyframe

    def _sticky_segment(self, pad: Gst.Pad) -> Gst.Segment | None:
        """The one that came before the probe: nvurisrcbin's record bin is found while it plays."""
        event = pad.get_sticky_event(Gst.EventType.SEGMENT, 0)
        if event is None:
            return None
        self._segments[pad] = event.parse_segment().copy()
        return self._segments[pad]


def _is_buffer(info: Gst.PadProbeInfo) -> bool:
    return bool(info.type & Gst.PadProbeType.BUFFER)


def _event_probe(pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
    event = info.get_event()
    if event is None or _may_pass(pad, event):
        return Gst.PadProbeReturn.OK
    return Gst.PadProbeReturn.DROP


def _may_pass(pad: Gst.Pad, event: Gst.Event) -> bool:
    """Whether the record bin needs to see an event; the first of each kind, or a new value."""
    flags = Gst.event_type_get_flags(event.type)
    if not flags & Gst.EventTypeFlags.SERIALIZED:
        return not GstVideo.video_event_is_force_key_unit(event)
    if event.type not in _KEPT_EVENTS:
        return False
    if event.type in (Gst.EventType.EOS, Gst.EventType.FLUSH_STOP):
        return True
    had = pad.get_sticky_event(event.type, 0)
    return had is None or not _same(had, event)


def _same(had: Gst.Event, event: Gst.Event) -> bool:
    if event.type == Gst.EventType.CAPS:
        return bool(had.parse_caps().is_equal(event.parse_caps()))
    if event.type == Gst.EventType.SEGMENT:
        return bool(had.parse_segment().is_equal(event.parse_segment()))
    return event.type == Gst.EventType.STREAM_START


def _query_probe(_pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
    query = info.get_query()
    serialized = query is not None and (
        Gst.query_type_get_flags(query.type) & Gst.QueryTypeFlags.SERIALIZED
    )
    return Gst.PadProbeReturn.DROP if serialized else Gst.PadProbeReturn.OK
