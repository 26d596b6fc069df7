"""What is wrong with a camera on the network, by what GStreamer says of it."""

import re
from typing import Final

from smartrec.errors import (
    CameraError,
    CameraForbidden,
    CameraGone,
    CameraUnusable,
    PipelineError,
)
from smartrec.media.rtsp_address import Address
from smartrec.media.rtsp_redirect import Redirection

STANDS_STILL: Final = "See whether it is on and reachable; smartrec goes on by itself"
_STATUS: Final = re.compile(r"\(([345][0-9]{2})\)\s*$")
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_UNAVAILABLE: Final = (453, 503)  # not enough bandwidth; service unavailable


def camera_error(
    address: Address, error: PipelineError, refused: str | None, redirection: Redirection
) -> CameraError:
    """Our error for what GStreamer said; by its debug text, which is in no other language.

    Args:
        address: The camera's.
        error: GStreamer's.
        refused: SHA-256 of a certificate that was turned down.
        redirection: Where it sent us.
    """
    status = _STATUS.search(error.debug)
    if refused is not None:
        found = _untrusted(address, refused)
    elif error.element != "source" and not error.element.startswith("udpsrc"):
        found = CameraError(
            f"{address.shown} sends what cannot be read ({error})", hint=STANDS_STILL
        )
    elif status is not None:
        found = _refused(address, int(status[1]), redirection.to)
    elif redirection.too_often:
        found = CameraUnusable(
            f"{address.shown} redirects us again and again",
            hint="Write the address that it ends at into the source",
        )
    else:
        found = _unreached(address, error)
    found.__cause__ = error
    return found


def _untrusted(address: Address, shown: str) -> CameraError:
    """Its certificate: such as every camera has that made one for itself."""
    pinned = f"{address.shown}#sha256={shown}"
    if address.pin:
        return CameraForbidden(
            f"{address.shown} shows a certificate other than the one that its source names: "
            f"sha256={shown}",
            hint=f"If the camera has made itself a new one, write source = {pinned!r}; "
            "else somebody may be answering in its place",
        )
    return CameraForbidden(
        f"{address.shown} shows a certificate that no known authority has signed: sha256={shown}",
        hint=f"If its web page shows the same, trust it by source = {pinned!r}",
    )


def _refused(address: Address, status: int, to: str) -> CameraError:
    """What the camera answered, by the status codes of RFC 7826."""
    at = address.shown
    if status == _UNAUTHORIZED and to:
        return CameraForbidden(
            f"{at} redirects us to {to}, which asks for a password; ours is for {at} only",
            hint="If it is yours, write that address into the source, with user and password",
        )
    if status == _UNAUTHORIZED and not address.user:
        return CameraForbidden(
            f"{at} wants a user and a password",
            hint="Write them into the source, in front of the host: USER:PASSWORD@HOST",
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
    busy = "Too many viewers? End others, or restart the camera"
    return CameraError(
        f"{at} answered with RTSP status {status}",
        hint=busy if status in _UNAVAILABLE else "See its manual, or restart the camera",
    )


def _unreached(address: Address, error: PipelineError) -> CameraError:
    if "not-linked" in error.debug or "no streams" in error.debug:
        return CameraUnusable(
            f"{address.shown} sends no H.264 and no H.265",
            hint="Choose one of them on the camera's web page, or another path",
        )
    if "setup_streams" in error.debug:  # no transport of those offered was taken
        return CameraUnusable(
            f"{address.shown} does not send by the transport that is set",
            hint='Set transport = "auto": UDP or TCP, whichever it knows',
        )
    if "Parse error" in error.debug:
        return CameraUnusable(
            f"{address.shown} answers, but not by RTSP",
            hint="Check the port: most cameras have RTSP at 554, the web page is another",
        )
    if "UDP packets" in error.debug:
        return CameraGone(
            f"{address.shown} answers, but nothing of what it sends by UDP arrives",
            hint='A firewall or router lets none through: set transport = "tcp"',
        )
    trusted = " and it speaks TLS there" if address.encrypted else ""
    return CameraGone(
        f"{address.shown} does not answer, or the connection was lost",
        hint=f"See whether it is on and the port is right{trusted}: ping {address.host}",
    )
