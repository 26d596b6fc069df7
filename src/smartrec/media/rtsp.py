"""A camera on the network, by RTSP (RFC 2326, RFC 7826), sending H.264 or H.265 by TCP.

Its pts are those of the RTP packets, on the one timeline: the first is the moment it arrived, and
the jitter buffer keeps the camera's clock and ours together from then on.
"""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from smartrec.errors import (
    CameraError,
    CameraForbidden,
    CameraGone,
    CameraUnusable,
    PipelineError,
    SmartrecError,
)
from smartrec.graph.capture import rtsp_capture
from smartrec.masking import masked
from smartrec.media.capture import Capture
from smartrec.model import AccessUnit

STANDS_STILL: Final = "See whether it is on and reachable; smartrec goes on by itself"
_STATUS: Final = re.compile(r"\(([345][0-9]{2})\)\s*$")
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class Address:
    """Where a camera is, and who asks.

    Attributes:
        location: Without user and password, so that no message of GStreamer's holds them.
        user: Empty without one.
        password: Empty without one.
        shown: For people.
    """

    location: str = field(repr=False)
    user: str
    password: str = field(repr=False)
    shown: str


def address_of(uri: str) -> Address:
    """The parts of ``rtsp://user:password@host:port/path``; %40 and the like are read."""
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment))
    return Address(bare, unquote(parts.username or ""), unquote(parts.password or ""), masked(uri))


class RtspCapture(Capture):
    """A capture of a camera on the network. What goes wrong with it is a `CameraError`.

    Args:
        uri: Its address, with user and password where it wants them.
        epoch: Of the first unit.
        turn: As for `Capture`.
        nominal: Pictures a second, where the camera does not say.
    """

    def __init__(
        self, uri: str, *, epoch: int, turn: tuple[int, bool] = (0, False), nominal: float = 30
    ) -> None:
        self._address = address_of(uri)
        graph = rtsp_capture(self._address.shown)
        super().__init__(graph, epoch=epoch, turn=turn, nominal=nominal, numbered=False)
        source = self._pipeline.get_by_name("source")
        assert source is not None
        source.set_property("location", self._address.location)
        source.set_property("user-id", self._address.user or None)
        source.set_property("user-pw", self._address.password or None)
        self._one_branch = False

    def start(self) -> None:
        """See `Capture.start`; that it cannot be reached is told by `problem`, later."""
        try:
            super().start()
        except PipelineError as error:
            raise camera_error(self._address, error) from error

    def drain(self, *, at_most: int = 600) -> list[AccessUnit]:
        """See `Capture.drain`."""
        units = super().drain(at_most=at_most)
        if units and not self._one_branch:
            self._leave_one_branch()
        return units

    def problem(self) -> SmartrecError | None:
        """See `Capture.problem`; a camera's stream has no good end."""
        problem = super().problem()
        if isinstance(problem, PipelineError):
            return camera_error(self._address, problem)
        if problem is None and super().ended():
            return CameraGone(f"{self._address.shown} has ended the stream", hint=STANDS_STILL)
        return problem

    def ended(self) -> bool:
        """Never: it is tried again."""
        return False

    def _leave_one_branch(self) -> None:
        """Take away the branch of the other codec, for the end of the stream waits for both."""
        self._one_branch = True
        either = self._pipeline.get_by_name("either")
        assert either is not None
        for pad in list(either.sinkpads):
            if pad.get_current_caps() is None:
                either.release_request_pad(pad)


def camera_error(address: Address, error: PipelineError) -> CameraError:
    """Our error for what GStreamer said; by its debug text, which is in no other language."""
    status = _STATUS.search(error.debug)
    if error.element != "source":
        found = CameraError(
            f"{address.shown} sends what cannot be read ({error})", hint=STANDS_STILL
        )
    elif status is not None:
        found = _refused(address, int(status[1]))
    else:
        found = _unreached(address, error)
    found.__cause__ = error
    return found


def _refused(address: Address, status: int) -> CameraError:
    """What the camera answered, by the status codes of RFC 7826."""
    at = address.shown
    if status == _UNAUTHORIZED and not address.user:
        return CameraForbidden(
            f"{at} wants a user and a password",
            hint="Write them into the source: rtsp://USER:PASSWORD@HOST/PATH",
        )
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return CameraForbidden(
            f"{at} refuses this user and password",
            hint="Check them; in the source @ is written %40, : is %3A, / is %2F and % is %25",
        )
    if status == _NOT_FOUND:
        return CameraGone(
            f"{at} has no such stream: the host answers, the path is wrong",
            hint="Look up the path in the camera's manual or its web page",
        )
    return CameraError(
        f"{at} answered with RTSP status {status}",
        hint="Too many viewers? End others, or start the camera anew",
    )


def _unreached(address: Address, error: PipelineError) -> CameraError:
    if "not-linked" in error.debug or "no streams" in error.debug:
        return CameraUnusable(
            f"{address.shown} sends no H.264 and no H.265",
            hint="Choose one of them on the camera's web page, or another path",
        )
    host = urlsplit(address.location).hostname
    trusted = " and its certificate is trusted here" if address.location[:5] == "rtsps" else ""
    return CameraGone(
        f"{address.shown} does not answer, or the connection was lost",
        hint=f"See whether it is on, the port is right{trusted}: ping {host}",
    )
