"""One camera's capture: a GStreamer pipeline whose access units the station's thread takes out.

No Python runs in the pipeline's threads: appsink's native queue is the hand-over, so a program
that is busy loses nothing.
"""

import logging
import os
from pathlib import Path
from typing import Final

from smartrec.clock import SystemClock
from smartrec.errors import PipelineError, SmartrecError
from smartrec.graph.capture import fed_capture
from smartrec.graph.plan import Graph
from smartrec.media.feed import Feed, Feeder
from smartrec.media.gst import Gst, GstApp, error_of, launch, raise_first_error
from smartrec.model import AccessUnit, Codec, StreamFormat
from smartrec.recording import jpeg
from smartrec.recording.in_order import InOrder, Placed
from smartrec.units import SECOND, Ns

_CODECS: Final = {
    "image/jpeg": Codec.JPEG,
    "video/x-h264": Codec.H264,
    "video/x-h265": Codec.H265,
}
_STRANGE_GAP: Final = 1_000_000
"""Sequence numbers that leap so far were reset, not lost."""
_NO_GAP: Final = 1.5
"""Units no further apart than so many pictures' time have nothing lost between them."""
_NO_OFFSET: Final = 2**64 - 1

# v4l2src of GStreamer 1.20.5 and 1.22.0 never releases a pool whose buffers it orphans at its stop,
# and with it a descriptor of the device (gst_v4l2_object_stop lacks an unref): the node of a camera
# that was unplugged would stay taken, and its number climb with every replug. A pool being drained
# is released; nobody is waited for, as all downstream is stopped first. Asked for at each stop.
os.environ.setdefault("GST_V4L2_FORCE_DRAIN", "1")

log = logging.getLogger(__name__)


class Capture:
    """A running capture. All methods belong to the station's thread.

    Args:
        graph: Ends in an appsink ``units``.
        epoch: Of the first unit; each new format counts it up.
        turn: Degrees clockwise that make the picture upright, and whether to mirror it then.
        nominal: What the camera was asked for, pictures a second, where caps do not say.
        numbered: Whether ``buffer.offset`` is the source's own sequence number. Behind a parser it
            is a position in bytes, behind an encoder it is nothing.

    Attributes:
        format: Of the newest unit; None before the first.
        epoch: Of the newest unit.
        damaged: Units so far that were no whole pictures.
        lost: Numbers so far that the source skipped.
        device: Of a USB camera.
    """

    device: Path | None = None

    def __init__(
        self,
        graph: Graph,
        *,
        epoch: int,
        turn: tuple[int, bool] = (0, False),
        nominal: float = 30,
        numbered: bool = True,
    ) -> None:
        self.format: StreamFormat | None = None
        self.epoch = epoch
        self.damaged = 0
        self.lost = 0
        self._turn = turn
        self._numbered = numbered
        self._nominal = nominal
        self._caps: Gst.Caps | None = None
        self._kept: Placed[Gst.Sample] | None = None
        self._numbers = _Numbers()
        self._order: InOrder[Gst.Sample] = InOrder()
        self._pts: int | None = None
        self._pipeline = launch(str(graph))
        sink = self._pipeline.get_by_name("units")
        bus = self._pipeline.get_bus()
        assert isinstance(sink, GstApp.AppSink)
        assert bus is not None
        self._sink = sink
        self._bus = bus

    def start(self) -> None:
        """Let the camera run.

        Raises:
            SmartrecError: It does not start.
        """
        if self._pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            try:
                raise_first_error(self._bus)
            finally:
                self.stop()

    @property
    def behind(self) -> Ns | None:
        """By how much the camera's own clock is behind ours; None where it tells no time."""
        return None

    def drain(self, *, at_most: int = 600) -> list[AccessUnit]:
        """Every unit that has come since the last call, oldest first; never waits.

        All are of one epoch, and of `format`: where that changes, the rest waits for the next call.
        """
        units: list[AccessUnit] = []
        while len(units) < at_most and (placed := self._pull()) is not None:
            if units and self._is_new(placed.item.get_caps()):
                self._kept = placed
                break
            units.append(self._unit(placed))
        return units

    def problem(self) -> SmartrecError | None:
        """What the pipeline says has gone wrong since the last call; also why its end is bad."""
        over = self._over()  # asked first: an error is said before the end that it brings
        wanted = Gst.MessageType.ERROR | Gst.MessageType.QOS
        while (message := self._bus.timed_pop_filtered(0, wanted)) is not None:
            if message.type == Gst.MessageType.ERROR:
                error = error_of(message)
                if isinstance(error, PipelineError):
                    log.debug("%s: %s", error, error.debug)
                return error
            # v4l2src tells for how long it delivered nothing; its count is not set.
            away = message.parse_qos()[4]
            if away != Gst.CLOCK_TIME_NONE:
                self._numbers.dropped(round(away * self._rate() / SECOND))
        return self._bad_end() if over else None

    def ended(self) -> bool:
        """Whether the source came to its good end, with every unit taken out; ask before `problem`.

        A camera has none: it is tried again.
        """
        return self._over() and self._bad_end() is None

    def _bad_end(self) -> SmartrecError | None:
        """Why an end that came without an error is none of the good ones."""
        if self.device is None:
            return None
        return PipelineError("source", "the camera has ended the stream")

    def _over(self) -> bool:
        if self._sink.is_eos():
            self._order.flush()
        return self._kept is None and self._order.empty and bool(self._sink.is_eos())

    def stop(self) -> None:
        """Let go of the camera. Idempotent; may hang where its driver does."""
        self._kept = None
        self._order = InOrder()
        self._pipeline.set_state(Gst.State.NULL)

    def _pull(self) -> Placed[Gst.Sample] | None:
        kept, self._kept = self._kept, None
        return kept if kept is not None else self._next()

    def _next(self) -> Placed[Gst.Sample] | None:
        """The next sample in the order of the driver's numbers, where it has them."""
        if not self._numbered:
            sample = self._sink.try_pull_sample(0)
            return None if sample is None else Placed(_NO_OFFSET, sample)
        now = SystemClock().monotonic()
        while (ready := self._order.take()) is None:
            sample = self._sink.try_pull_sample(0)
            if sample is None:  # only then may one be late: it could have been waiting here
                return self._order.take(now)
            buffer = sample.get_buffer()
            assert buffer is not None
            if buffer.offset == _NO_OFFSET:
                return Placed(_NO_OFFSET, sample)
            self._order.put(buffer.offset, sample, now)
        return ready

    def _is_new(self, caps: Gst.Caps | None) -> bool:
        if caps is None or self._caps is None:
            return self._caps is None
        return not (caps is self._caps or caps.is_equal(self._caps))

    def _unit(self, placed: Placed[Gst.Sample]) -> AccessUnit:
        caps, buffer = placed.item.get_caps(), placed.item.get_buffer()
        assert caps is not None
        assert buffer is not None
        if self._is_new(caps):
            self._new_format(caps)
        assert self.format is not None
        data = buffer.extract_dup(0, buffer.get_size())
        damaged = not self._whole(buffer, data, self.format)
        number = None if placed.number == _NO_OFFSET else placed.number
        pts, dts = self._overtaken(buffer) if placed.overtaken else self._times(buffer)
        lost = self._numbers.take(number, self._frames_since(pts))
        self.damaged += damaged
        self.lost += lost
        timed = buffer.duration != Gst.CLOCK_TIME_NONE and buffer.duration > 0
        return AccessUnit(
            epoch=self.epoch,
            seq=self._numbers.seq,
            pts=Ns(pts),
            dts=Ns(dts),
            duration=Ns(buffer.duration if timed else round(SECOND / self._rate())),
            keyframe=_alone(buffer) and not (damaged and self.format.codec is not Codec.JPEG),
            lost_before=lost,
            data=b"" if damaged else data,
            damaged=damaged,
        )

    def _overtaken(self, buffer: Gst.Buffer) -> tuple[int, int]:
        """The times of one that came behind the next: in the middle between its neighbours."""
        following = self._order.following
        after = None if following is None else following.get_buffer()
        if after is None or self._pts is None:
            return self._times(buffer)
        pts = (self._pts + self._times(after)[0]) // 2
        return pts, pts

    def _times(self, buffer: Gst.Buffer) -> tuple[int, int]:
        """When the next picture was taken, and when it is to be decoded."""
        return _times(buffer)

    def _whole(self, _buffer: Gst.Buffer, data: bytes, stream: StreamFormat) -> bool:
        """Whether the next picture can be decoded; `_numbers` is told what is lost before it."""
        return stream.codec is not Codec.JPEG or jpeg.whole(data)

    def _frames_since(self, pts: int) -> float:
        """How many nominal pictures' time has passed since the unit before."""
        passed = 0 if self._pts is None else pts - self._pts
        self._pts = pts
        return passed * self._rate() / SECOND

    def _rate(self) -> float:
        return (self.format.fps if self.format else 0) or self._nominal

    def _new_format(self, caps: Gst.Caps) -> None:
        if self._caps is not None:
            self.epoch += 1
            self._numbers = _Numbers()
        self._caps = caps
        self.format = format_of(caps, self._turn)


def _alone(buffer: Gst.Buffer) -> bool:
    """Whether it needs no other to be decoded."""
    return not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)


def _times(buffer: Gst.Buffer) -> tuple[int, int]:
    """When it was taken and is to be decoded; one that does not say is taken to be of now."""
    pts, dts = (None if t == Gst.CLOCK_TIME_NONE else int(t) for t in (buffer.pts, buffer.dts))
    if pts is None:
        pts = SystemClock().monotonic() if dts is None else dts
    return pts, pts if dts is None else dts


class _Numbers:
    """A source's sequence numbers made to count up for ever.

    A source without numbers is counted as it delivers; what it says it dropped is added.
    """

    def __init__(self) -> None:
        self.seq = -1
        self._offset: int | None = None
        self._dropped = 0

    def dropped(self, count: int) -> None:
        """The source says that it dropped some; counts for sources without numbers."""
        self._dropped += count

    def take(self, offset: int | None, frames_since: float) -> int:
        """Number the next unit as `seq`; return how many numbers were skipped before it.

        Args:
            offset: The source's own number, if it has any.
            frames_since: Nominal pictures' time since the unit before.
        """
        lost = 0
        if offset is None:
            lost, self._dropped = self._dropped, 0
        elif self._offset is not None and 0 < offset - self._offset < _STRANGE_GAP:
            lost = offset - self._offset - 1
        # v4l2src counts its second buffer as the third: the driver and the camera do not.
        if self.seq == 0 and lost == 1 and frames_since < _NO_GAP:
            lost = 0
        self._offset = offset
        self.seq += lost + 1
        return lost


def format_of(caps: Gst.Caps, turn: tuple[int, bool] = (0, False)) -> StreamFormat:
    """Our format for GStreamer's caps.

    Raises:
        PipelineError: They are of nothing that the ring can hold.
    """
    fields = caps.get_structure(0)
    codec = _CODECS.get(fields.get_name())
    if codec is None:
        raise PipelineError("units", f"{fields.get_name()} is nothing that can be recorded")
    known, numerator, denominator = fields.get_fraction("framerate")
    private = b""
    header = fields.get_value("codec_data") if fields.has_field("codec_data") else None
    if header is not None:
        private = header.extract_dup(0, header.get_size())
    return StreamFormat(
        codec=codec,
        width=fields.get_int("width")[1],
        height=fields.get_int("height")[1],
        fps=numerator / denominator if known and denominator else 0.0,
        caps=caps.to_string(),
        codec_private=private,
        rotate=turn[0],
        flip=turn[1],
    )


class FedCapture(Capture):
    """A capture of a feed: the demo camera, or a file played as one."""

    def __init__(self, feed: Feed, *, epoch: int, turn: tuple[int, bool] = (0, False)) -> None:
        super().__init__(fed_capture(), epoch=epoch, turn=turn)
        source = self._pipeline.get_by_name("source")
        assert isinstance(source, GstApp.AppSrc)
        self._feeder = Feeder(feed, source, SystemClock())

    def start(self) -> None:
        """See `Capture.start`."""
        super().start()
        self._feeder.start()

    @property
    def began(self) -> Ns | None:
        """Pts of the feed's first picture; None until that is known."""
        return self._feeder.began

    def _bad_end(self) -> SmartrecError | None:
        return self._feeder.error

    def stop(self) -> None:
        """See `Capture.stop`."""
        self._pipeline.set_state(Gst.State.NULL)
        self._feeder.stop()
