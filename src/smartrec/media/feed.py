"""Encoded pictures that enter as if a camera sent them: each at its moment, numbered, never early.

A thread hands them to an ``appsrc`` well ahead of time, stamped with the moment they are due; the
``clocksync`` behind it lets each pass at that moment. So the pace is GStreamer's own, and a
program that is busy for a second or two delays no picture.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from smartrec.clock import Clock
from smartrec.errors import SmartrecError
from smartrec.media.gst import Gst, GstApp
from smartrec.model import StreamFormat
from smartrec.units import MILLISECOND, SECOND, Ns

LEAD: Final = Ns(2500 * MILLISECOND)
"""How far ahead of time pictures are handed over: what the program may be busy for."""
MAX_WAITING_BYTES: Final = 64_000_000
"""What may wait in ``appsrc``; where the pipeline stands still, the feeder does too."""

_BATCH: Final = Ns(250 * MILLISECOND)
_MARGIN: Final = Ns(50 * MILLISECOND)


@dataclass(frozen=True, slots=True)
class Picture:
    """One access unit of a feed.

    Attributes:
        data: Its bits.
        offset_ns: When it is due, since the first picture of the feed.
        dts_offset_ns: When it is to be decoded, likewise; the first may be negative.
        duration: How long it is shown.
        keyframe: Whether a decoder can start here.
    """

    data: bytes = field(repr=False)
    offset_ns: Ns
    dts_offset_ns: Ns
    duration: Ns
    keyframe: bool


class Feed(Protocol):
    """Something that can be played as a camera."""

    @property
    def format(self) -> StreamFormat:
        """Of every picture."""
        ...

    def pictures(self) -> Iterator[Picture]:
        """All pictures in decoding order, once; may never end.

        Raises:
            SourceError: What they come from turns out to be damaged.
        """
        ...

    def close(self) -> None:
        """Let go of files and pipelines; any thread, any number of times."""
        ...


class Feeder(threading.Thread):
    """Hands a feed to an ``appsrc``; start it when the pipeline is at least PAUSED.

    The first picture is due a moment after the start; ``buffer.offset`` counts pictures from 0, as
    a camera's driver does. At the end of the feed, or of its luck, it sends end-of-stream. It
    closes the feed when it is done.

    Args:
        feed: Nobody else may use it any more.
        appsrc: The source of `smartrec.graph.capture.fed_capture`; it has no limits of its own.
        clock: The pipeline's; pts are its `monotonic`.

    Attributes:
        began: Pts of its first picture; None until that is known.
    """

    def __init__(self, feed: Feed, appsrc: GstApp.AppSrc, clock: Clock) -> None:
        super().__init__(name="feeder", daemon=True)
        self._feed = feed
        self._appsrc = appsrc
        self._clock = clock
        self._stopping = threading.Event()
        self._error: SmartrecError | None = None
        self.began: Ns | None = None
        appsrc.set_caps(Gst.Caps.from_string(feed.format.caps))

    @property
    def error(self) -> SmartrecError | None:
        """Why the feed ended early; None while it goes on, and after a good end."""
        return self._error

    def run(self) -> None:
        """See the class."""
        try:
            self._feed_all()
        except SmartrecError as error:
            self._error = error
        finally:
            self._feed.close()
        if not self._stopping.is_set():
            self._appsrc.end_of_stream()

    def stop(self) -> None:
        """End now and wait for it; any thread, any number of times, also before the start."""
        self._stopping.set()
        if self.ident is not None and self is not threading.current_thread():
            self.join()

    def _feed_all(self) -> None:
        start: int | None = None
        for seq, picture in enumerate(self._feed.pictures()):
            # The first picture may take a while to come; its moment is counted from then.
            start = self._clock.monotonic() + _MARGIN if start is None else start
            self.began = Ns(start)
            if not self._wait_for(start + picture.offset_ns):
                return
            if self._appsrc.push_buffer(_buffer(picture, start, seq)) != Gst.FlowReturn.OK:
                return

    def _wait_for(self, pts: int) -> bool:
        """Wait until a picture may be handed over; False when told to stop.

        Waits are long and rare: many pictures are handed over at one waking.
        """
        while not self._stopping.is_set():
            early = pts - LEAD - self._clock.monotonic()
            crowded = self._appsrc.get_current_level_bytes() > MAX_WAITING_BYTES
            if early <= 0 and not crowded:
                return True
            self._stopping.wait((max(early, 0) + _BATCH) / SECOND)
        return False


def _buffer(picture: Picture, start: int, seq: int) -> Gst.Buffer:
    buffer = Gst.Buffer.new_wrapped(picture.data)
    buffer.pts = start + picture.offset_ns
    buffer.dts = start + picture.dts_offset_ns
    buffer.duration = picture.duration
    buffer.offset = seq
    if not picture.keyframe:
        buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
    return buffer
