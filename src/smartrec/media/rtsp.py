"""A camera on the network, by RTSP (RFC 2326, RFC 7826), sending H.264 or H.265.

Its pts are those of the RTP packets, on the one timeline: the first is the moment it arrived, and
`Pace` keeps the camera's clock and ours together from then on. (The jitter buffer could, but takes
a connection that stood still for a second for another stream, and the burst behind it for now.)

Packets that are lost (UDP loses, and cameras leave out what TCP does not take in time) are seen at
the pictures: the depayloader marks the next it hands over as discontinuous.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from smartrec.clock import SystemClock
from smartrec.errors import CameraGone, PipelineError, SmartrecError
from smartrec.graph.capture import DEPAYLOADERS, PATIENCE, rtsp_capture
from smartrec.media.capture import Capture
from smartrec.media.gst import Gst, elements_of
from smartrec.media.rtsp_address import Address, Trust, address_of
from smartrec.media.rtsp_clock import CameraClock
from smartrec.media.rtsp_failure import STANDS_STILL, camera_error
from smartrec.media.rtsp_redirect import Redirection
from smartrec.model import AccessUnit, StreamFormat
from smartrec.recording.continuity import Continuity
from smartrec.recording.pace import Pace
from smartrec.units import SECOND, Ns, in_words

TOLD_FROM: Final = Ns(2 * SECOND)
"""A camera's clock that is off by more is told: it shows in the time drawn into the pictures."""
_TOLD_AGAIN: Final = Ns(10 * SECOND)
_NO_CLOCK: Final = Ns(365 * 86_400 * SECOND)
"""A clock that is off by so much was never set."""


@dataclass(frozen=True, slots=True)
class Network:
    """How a camera is reached.

    Attributes:
        transport: ``"tcp"``, ``"udp"``, or ``"auto"``: UDP, then TCP.
        patience: How long it may take to answer a request; UDP may be silent for half of it.
    """

    transport: str = "tcp"
    patience: Ns = PATIENCE


class RtspCapture(Capture):
    """A capture of a camera on the network. What goes wrong with it is a `CameraError`.

    Args:
        uri: Its address, with user and password where it wants them.
        network: How it is reached.
        epoch: Of the first unit.
        turn: As for `Capture`.
        nominal: Pictures a second, where the camera does not say.
        note: Called by `drain` with what the user should know.
    """

    def __init__(
        self,
        uri: str,
        network: Network = Network(),
        *,
        epoch: int,
        turn: tuple[int, bool] = (0, False),
        nominal: float = 30,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._address = address_of(uri)
        graph = rtsp_capture(self._address.shown, network.transport, network.patience)
        super().__init__(graph, epoch=epoch, turn=turn, nominal=nominal, numbered=False)
        _withhold_requests()
        source = self._pipeline.get_by_name("source")
        assert source is not None
        source.set_property("location", self._address.location)
        source.set_property("user-id", self._address.user or None)
        source.set_property("user-pw", self._address.password or None)
        self._trust = Trust(self._address.pin)
        if self._address.encrypted:
            source.connect("accept-certificate", self._trust.accept)
        self._redirection = Redirection(self._address)
        source.connect("before-send", self._redirection.before_send)
        self._one_branch = False
        self._pace = Pace()
        self._continuity: tuple[int, Continuity] | None = None
        self._their_clock = CameraClock(self._pipeline, DEPAYLOADERS)
        self._note = note
        self._told: Ns | None = None

    @property
    def behind(self) -> Ns | None:
        """See `Capture.behind`; of the newest sender report, less what pictures need to come."""
        return self._their_clock.behind

    def start(self) -> None:
        """See `Capture.start`; that it cannot be reached is told by `problem`, later."""
        try:
            super().start()
        except PipelineError as error:
            raise self._failure(error) from error

    def drain(self, *, at_most: int = 600) -> list[AccessUnit]:
        """See `Capture.drain`."""
        units = super().drain(at_most=at_most)
        if units and not self._one_branch:
            self._leave_one_branch()
        if units and self._their_clock.look(units[-1].pts, SystemClock().now()):
            self._tell_clock()
        return units

    def problem(self) -> SmartrecError | None:
        """See `Capture.problem`."""
        problem = super().problem()
        return self._failure(problem) if isinstance(problem, PipelineError) else problem

    def _bad_end(self) -> SmartrecError | None:
        return CameraGone(f"{self._address.shown} has ended the stream", hint=STANDS_STILL)

    def stop(self) -> None:
        """See `Capture.stop`."""
        # At the end of a stream rtpjitterbuffer's pusher waits for its timers, and their thread on
        # the same condition. A pause and a stop wake one of the two; the wrong one sleeps on, and
        # the stop for ever (1.22). Flushed while it plays, either one wakes the other.
        for jitter_buffer in elements_of(self._pipeline, "rtpjitterbuffer"):
            pad = jitter_buffer.get_static_pad("sink")
            assert pad is not None
            pad.send_event(Gst.Event.new_flush_start())
        super().stop()

    def _whole(self, buffer: Gst.Buffer, data: bytes, stream: StreamFormat) -> bool:
        if self._continuity is None or self._continuity[0] != self.epoch:
            follows = Continuity(stream.codec, Ns(round(SECOND / self._rate())))
            self._continuity = (self.epoch, follows)
        missing, whole = self._continuity[1].take(
            data,
            Ns(buffer.pts),
            keyframe=not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT),
            torn=buffer.has_flags(Gst.BufferFlags.DISCONT),
        )
        self._numbers.dropped(missing)
        return whole

    def _times(self, buffer: Gst.Buffer) -> tuple[int, int]:
        pts, dts = super()._times(buffer)
        paced = self._pace.take(Ns(pts), SystemClock().monotonic())
        return paced, dts + paced - pts

    def _failure(self, error: PipelineError) -> SmartrecError:
        return camera_error(self._address, error, self._trust.refused, self._redirection)

    def _tell_clock(self) -> None:
        """Say that it is wrong, and again when it is wrong by much more or less."""
        behind = self._their_clock.behind
        assert behind is not None
        if abs(behind) < TOLD_FROM and self._told is None:
            return
        if self._told is None or abs(behind - self._told) > _TOLD_AGAIN:
            self._told = behind
            self._note(clock_in_words(self._address, behind))

    def _leave_one_branch(self) -> None:
        """Take away the branch of the other codec, for the end of the stream waits for both."""
        self._one_branch = self._redirection.live = True
        either = self._pipeline.get_by_name("either")
        assert either is not None
        for pad in list(either.sinkpads):
            if pad.get_current_caps() is None:
                either.release_request_pad(pad)


def _withhold_requests() -> None:
    """Keep GStreamer from writing whole requests, with the password in them, into its debug log.

    It does so in a log of level 6 or more that somebody asked for by GST_DEBUG; 5 tells the rest.
    """
    for category in Gst.debug_get_all_categories():
        if category.get_name() == "rtspsrc" and category.get_threshold() > Gst.DebugLevel.DEBUG:
            category.set_threshold(Gst.DebugLevel.DEBUG)


def clock_in_words(address: Address, behind: Ns) -> str:
    """How a camera's clock stands, for its user."""
    if abs(behind) < TOLD_FROM:
        return f"the clock of {address.shown} is right again"
    if abs(behind) > _NO_CLOCK:
        return f"the clock of {address.shown} was never set; set an NTP server on its web page"
    tenth = SECOND // 10
    off = in_words(Ns(abs(behind) // tenth * tenth))
    where = "behind" if behind > 0 else "ahead of"
    return (
        f"the clock of {address.shown} is {off} {where} ours, and so is the time that it draws "
        "into its pictures; set an NTP server on its web page"
    )
