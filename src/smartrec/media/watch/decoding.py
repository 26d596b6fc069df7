"""Decodes what one camera sends, for as long as it sends; a decoder that fails is started again."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from smartrec.errors import PipelineError, SmartrecError
from smartrec.graph.decode import DECODES, decode
from smartrec.graph.recipes import choose
from smartrec.media.gst import Gst, GstApp, error_of, launch, reaches_ready, running
from smartrec.media.inlet import stream_caps
from smartrec.model import AccessUnit, Codec, StreamFormat
from smartrec.units import MILLISECOND, SECOND, Ns

OnFrame = Callable[[Gst.Sample, Ns], None]

_MOST_JPEGS: Final = 2
_MOST_CODED: Final = 30
"""Units that wait for the decoder; what comes when there are so many is skipped."""
_MOST_UNTAKEN: Final = 120
_MOST_INSIDE: Final = 240
_LOOKS_AT_BUS: Final = 0.1
_BACKOFF_FIRST: Final = 0.1
_BACKOFF_MOST: Final = 30.0
_STEADY_AFTER: Final = Ns(10 * SECOND)
_MEASURED: Final = Ns(5 * SECOND)
_TICK: Final = Ns(MILLISECOND)
"""A decoder may count in coarser ticks than ours."""
_ONE_WITHIN: Final = Ns(2 * SECOND)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told; none of these may wait.

    Attributes:
        frame: Each decoded picture with its pts, on a streaming thread.
        missed: The pts of each unit that is skipped or was inside a decoder that failed.
        failed: Why the decoder is started again, on the decoder's thread.
    """

    frame: OnFrame
    missed: Callable[[Ns], None]
    failed: Callable[[SmartrecError], None]


class Decoder(threading.Thread):
    """Decodes one camera's units of one format; start it like any thread.

    Inter-coded pictures are decoded from a keyframe on; after a gap, from the next one.

    Args:
        name: Of the thread; says whose.
        stream: What the units are.
        listener: Who is told.

    Attributes:
        skipped: Units that were not decoded, because the decoder was behind or not running.
        undecodable: Units that went into the decoder and never came out.
    """

    def __init__(self, name: str, stream: StreamFormat, listener: Listener) -> None:
        super().__init__(name=name, daemon=True)
        self._stream = stream
        self._listener = listener
        self._coded = stream.codec is not Codec.JPEG
        self._most = _MOST_CODED if self._coded else _MOST_JPEGS
        self._inbox: queue.SimpleQueue[AccessUnit | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._until_keyframe = self._coded
        self._overrun = False
        self._epoch: int | None = None
        self._inside = _Inside()
        self._cost = _Cost()
        self.skipped = 0

    @property
    def undecodable(self) -> int:
        """Units that went into the decoder and never came out."""
        return self._inside.lost

    @property
    def cost(self) -> float | None:
        """Share of a core that decoding takes, once it was measured; see `_Cost`."""
        return self._cost.share

    def push(self, unit: AccessUnit) -> None:
        """The next unit; never waits. One thread."""
        if self._inbox.qsize() < _MOST_UNTAKEN:
            self._inbox.put(unit)
        else:  # the decoder hangs in its start or its end
            self._overrun = True
            self._skip(unit)

    def stop(self) -> None:
        """End soon; nothing is told any more. Any thread, does not wait."""
        self._stopping.set()
        self._inbox.put(None)

    def run(self) -> None:
        """See the class."""
        backoff = _BACKOFF_FIRST
        while not self._stopping.is_set():
            began = time.monotonic_ns()
            try:
                self._run_once()
            except SmartrecError as error:
                log.debug("%s: %s (%s)", self.name, error, getattr(error, "debug", ""))
                self._listener.failed(error)
                for pts in self._inside.failed():
                    self._listener.missed(pts)
            if time.monotonic_ns() - began > _STEADY_AFTER:
                backoff = _BACKOFF_FIRST
            self._skip_for(backoff)
            backoff = min(2 * backoff, _BACKOFF_MOST)

    def _run_once(self) -> None:
        pipeline, source, sink = pipeline_of(self._stream)
        self._until_keyframe = self._coded
        sink.set_property("emit-signals", True)
        handler = sink.connect("new-sample", self._on_sample)
        try:
            with running(pipeline) as bus:
                self._feed(source, bus)
        finally:
            sink.disconnect(handler)

    def _feed(self, source: GstApp.AppSrc, bus: Gst.Bus) -> None:
        while not self._stopping.is_set():
            message = bus.timed_pop_filtered(0, Gst.MessageType.ERROR | Gst.MessageType.EOS)
            if message is not None:
                raise _error(message)
            try:
                unit = self._inbox.get(timeout=_LOOKS_AT_BUS)
            except queue.Empty:
                continue
            if unit is not None:
                self._give(source, unit)

    def _give(self, source: GstApp.AppSrc, unit: AccessUnit) -> None:
        behind = source.get_current_level_buffers() >= self._most
        if self._coded:
            gap = behind or self._overrun or unit.epoch != self._epoch
            self._overrun = False
            self._until_keyframe = (self._until_keyframe or gap) and (behind or not unit.keyframe)
        self._epoch = unit.epoch
        if behind or self._until_keyframe:
            self._skip(unit)
            return
        self._inside.came(unit.pts)
        # A failed pipeline takes none; the bus says why.
        source.push_buffer(buffer_of(unit))

    def _skip(self, unit: AccessUnit) -> None:
        self.skipped += 1
        self._listener.missed(unit.pts)

    def _skip_for(self, seconds: float) -> None:
        """Nothing decodes meanwhile; what comes must not pile up."""
        until = time.monotonic() + seconds
        while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            try:
                unit = self._inbox.get(timeout=left)
            except queue.Empty:
                return
            if unit is not None:
                self._skip(unit)

    def _on_sample(self, sink: GstApp.AppSink) -> Gst.FlowReturn:
        sample = sink.try_pull_sample(0)
        buffer = None if sample is None else sample.get_buffer()
        if sample is not None and buffer is not None and not self._stopping.is_set():
            pts = self._inside.went(Ns(buffer.pts))
            self._cost.count(pts)
            self._listener.frame(sample, pts)
        return Gst.FlowReturn.OK


class _Inside:
    """Which units are in the decoder. Pictures come out in the order of their pts.

    Attributes:
        lost: Units that others overtook, or that were inside when the decoder failed.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._lock = threading.Lock()
        self._pts: list[Ns] = []

    def failed(self) -> list[Ns]:
        """What was inside is lost."""
        with self._lock:
            gone, self._pts = self._pts, []
            self.lost += len(gone)
        return gone

    def came(self, pts: Ns) -> None:
        """A unit went in."""
        with self._lock:
            self._pts.append(pts)
            if len(self._pts) > _MOST_INSIDE:  # a decoder that takes all and gives nothing
                del self._pts[0]
                self.lost += 1

    def went(self, pts: Ns) -> Ns:
        """A picture came out; its own pts, where the decoder counts in coarser ticks."""
        with self._lock:
            own = next((each for each in self._pts if abs(each - pts) < _TICK), pts)
            later = [each for each in self._pts if each > own]
            self.lost += max(0, len(self._pts) - len(later) - 1)
            self._pts = later
        return own


class _Cost:
    """Share of a core that decoding takes, measured on the streaming thread over some seconds.

    Decoders with threads of their own take more; ours have none.

    Attributes:
        share: 1 is a whole core; None until it is known.
    """

    def __init__(self) -> None:
        self.share: float | None = None
        self._began: tuple[Ns, int, int] | None = None

    def count(self, pts: Ns) -> None:
        """A picture came out; called on the streaming thread."""
        if self.share is not None:
            return
        thread, spent = threading.get_ident(), time.thread_time_ns()
        if self._began is None or self._began[1] != thread:
            self._began = pts, thread, spent
        elif (passed := pts - self._began[0]) >= _MEASURED:
            self.share = (spent - self._began[2]) / passed


def decode_one(unit: AccessUnit, stream: StreamFormat) -> Gst.Sample | None:
    """Decode a keyframe that stands alone, in a pipeline of its own; None where it gives nothing.

    A decoder that others would follow keeps it back until it knows their order.

    Raises:
        SmartrecError: It cannot be decoded.
    """
    pipeline, source, sink = pipeline_of(stream)
    with running(pipeline) as bus:
        source.push_buffer(buffer_of(unit))
        source.end_of_stream()
        sample = sink.try_pull_sample(_ONE_WITHIN)
        message = bus.timed_pop_filtered(0, Gst.MessageType.ERROR)
        if sample is None and message is not None:
            raise error_of(message)
        return sample


def buffer_of(unit: AccessUnit) -> Gst.Buffer:
    """The unit on the one timeline, its pts unchanged."""
    buffer = Gst.Buffer.new_wrapped(unit.data)
    buffer.pts, buffer.dts, buffer.duration = unit.pts, unit.dts, unit.duration
    if not unit.keyframe:
        buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
    return buffer


def pipeline_of(stream: StreamFormat) -> tuple[Gst.Pipeline, GstApp.AppSrc, GstApp.AppSink]:
    """A decoder that is not running yet, and both its ends.

    Raises:
        SmartrecError: Nothing here decodes it.
    """
    recipe = choose(DECODES[stream.codec], usable=reaches_ready)
    pipeline = launch(str(decode(stream, recipe)))
    source, sink = pipeline.get_by_name("source"), pipeline.get_by_name("frames")
    assert isinstance(source, GstApp.AppSrc)
    assert isinstance(sink, GstApp.AppSink)
    if stream.codec is not Codec.JPEG:
        source.set_caps(stream_caps(stream))
    return pipeline, source, sink


def _error(message: Gst.Message) -> SmartrecError:
    if message.type == Gst.MessageType.ERROR:
        return error_of(message)
    return PipelineError("frames", "the decoder ended by itself")
