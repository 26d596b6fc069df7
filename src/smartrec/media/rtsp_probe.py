"""Asks a camera on the network what it sends, as `smartrec doctor` does."""

import socket
import threading
from dataclasses import dataclass
from typing import Final

from smartrec.clock import SystemClock
from smartrec.errors import CameraSilent
from smartrec.media.rtsp import Network, RtspCapture
from smartrec.media.rtsp_address import address_of
from smartrec.media.rtsp_failure import STANDS_STILL
from smartrec.model import StreamFormat
from smartrec.units import SECOND, Ns, in_words

_BETWEEN: Final = 0.02
"""Seconds between two looks at what has come."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a camera on the network sends.

    Attributes:
        format: Of its first picture.
        first_picture: From the attempt to connect to the first picture.
        behind: By how much its clock is behind ours, negative where it goes before; None where it
            did not tell in time.
    """

    format: StreamFormat
    first_picture: Ns
    behind: Ns | None


def probe_rtsp(
    uri: str,
    transport: str = "tcp",
    *,
    patience: Ns = Ns(8 * SECOND),  # noqa: B008 - an int
    listen: Ns = Ns(0),  # noqa: B008 - an int
) -> Seen:
    """Connect, wait for a picture, and let go. Blocks for `patience` and `listen` at most.

    Args:
        uri: The camera's address, with user and password.
        transport: As in the settings.
        patience: Until its first picture; 2 s or more.
        listen: For how long to wait then for its clock; most tell it every 5 s.

    Raises:
        CameraError: It cannot be reached, refuses, or sends nothing of use: which, and what mends
            it.
    """
    clock = SystemClock()
    begun = clock.monotonic()
    # That a request is not answered says more than that no picture came, and GStreamer waits for
    # whole seconds.
    network = Network(transport, Ns(max(1, patience // SECOND - 1) * SECOND))
    capture = RtspCapture(uri, network, epoch=1)
    try:
        capture.start()
        while not capture.drain():
            if (problem := capture.problem()) is not None:
                raise problem
            if clock.monotonic() - begun > patience:
                raise _silent(uri, patience)
            threading.Event().wait(_BETWEEN)
        first = Ns(clock.monotonic() - begun)
        while capture.behind is None and clock.monotonic() - begun - first < listen:
            capture.drain()
            threading.Event().wait(_BETWEEN)
        assert capture.format is not None
        return Seen(capture.format, first, capture.behind)
    finally:
        capture.stop()


def why_unreached(uri: str, patience_s: float = 2.0) -> str:
    """Why nobody answers at an address, in a sentence; empty where somebody takes a connection.

    GStreamer has one message for all of it. Blocks for `patience_s` and the look-up of a name.

    Args:
        uri: The camera's address.
        patience_s: For each address that its name has.
    """
    address = address_of(uri)
    host = address.host
    try:
        socket.create_connection((host, address.port), timeout=patience_s).close()
    except socket.gaierror:
        return f"No machine is known by the name {host}."
    except ConnectionRefusedError:
        return f"{host} is there, but nothing answers at its port {address.port}."
    except TimeoutError:
        return f"Nothing answers at {host}: it is off, or on another network."
    except OSError as error:
        return f"{host} cannot be reached from this machine: {error.strerror}."
    return ""


def _silent(uri: str, patience: Ns) -> CameraSilent:
    shown = address_of(uri).shown
    return CameraSilent(f"{shown} has sent no picture for {in_words(patience)}", hint=STANDS_STILL)
