"""What is asked of an X server beside windows: a connection, monitors, a window manager, light."""

import ctypes
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final, TypeVar

from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.error import BadWindow, ConnectionClosedError, DisplayError, XauthError, XError
from Xlib.protocol import rq
from Xlib.support.connect import get_display

from smartrec.errors import NoScreen, ScreenLost
from smartrec.media.screen.layout import Rect

log = logging.getLogger(__name__)

_T = TypeVar("_T")

_ANSWERS_S: Final = 10.0
"""A server that does not answer for so long is taken for dead."""
_RESETS: Final = 3
"""Of a server, one after the other, that a connection outlives by being made anew."""
_PORT: Final = 6000
_AWAKE_EVERY_S: Final = 30.0
_DIRECT: Final = frozenset({"DRI2", "DRI3", "NV-GLX"})
_SAVER: Final = "MIT-SCREEN-SAVER"
_HINT: Final = (
    "Over ssh: log in with ssh -X. On a screen of another user: allow it there with"
    " xhost +local:, or set XAUTHORITY"
)


_LEAST_DEPTH: Final = 15
"""Below, a pixel is a number in a table of colours, which sinks do not fill."""


def connect(name: str | None = None, *, within_s: float = _ANSWERS_S) -> Display:
    """A connection to the server called `name`, by default what DISPLAY says.

    Raises:
        NoScreen: It is not there, lets nobody in or does not answer within seconds.
    """
    name = os.environ.get("DISPLAY", "") if name is None else name
    try:
        _probe(*get_display(name)[2:4], within_s)
        display = _opened(name, within_s)
    except ScreenLost as error:
        raise NoScreen(str(error), missing=True, hint=_HINT) from error
    except (DisplayError, ConnectionClosedError, XauthError, XError, OSError) as error:
        raise _refusal(name, error) from error
    if (depth := display.screen().root_depth) < _LEAST_DEPTH:
        display.close()
        raise NoScreen(
            f"The screen {name!r} has {depth} bits a pixel, and pictures need {_LEAST_DEPTH}",
            missing=False,
            hint="Set another colour depth, 24 if it can",
        )
    display.set_error_handler(_note)
    return display


def answered(ask: Callable[[], _T], within_s: float = _ANSWERS_S) -> _T:
    """What `ask` returns or raises, for python-xlib itself waits for ever.

    Raises:
        ScreenLost: The server does not answer.
    """
    said: list[_T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            said.append(ask())
        except BaseException as error:  # noqa: BLE001 - raised again where it was asked
            failed.append(error)

    thread = threading.Thread(target=work, name="x-server", daemon=True)
    thread.start()
    thread.join(within_s)
    if failed:
        raise failed[0]
    if not said:
        raise ScreenLost(f"The X server has not answered for {within_s:g} s")
    return said[0]


@contextmanager
def kept_up(name: str | None = None) -> Iterator[Display]:
    """A connection for as long as others come and go.

    The last client to leave makes a server reset, which throws out who comes just then.

    Raises:
        NoScreen: As for `connect`.
    """
    display = connect(name)
    try:
        yield display
    finally:
        display.close()


@contextmanager
def connected() -> Iterator[None]:
    """Tell of a lost connection in our words.

    Raises:
        ScreenLost: The server is gone.
    """
    try:
        yield
    except (ConnectionClosedError, OSError) as error:
        raise ScreenLost(f"The X server is gone ({error})") from error


def has_manager(display: Display) -> bool:
    """Whether a window manager runs: EWMH wants it to name a window that names itself."""
    root = display.screen().root
    check = display.get_atom("_NET_SUPPORTING_WM_CHECK")
    named = root.get_full_property(check, Xatom.WINDOW)
    if named is None or not len(named.value):
        return False
    window = display.create_resource_object("window", named.value[0])
    try:
        itself = window.get_full_property(check, Xatom.WINDOW)
    except BadWindow:
        return False  # one that has ended
    return itself is not None and list(itself.value) == list(named.value)


def monitor(display: Display) -> Rect:
    """The primary monitor, else the largest, else the whole screen (RandR before 1.5)."""
    screen = display.screen()
    geometry = screen.root.get_geometry()
    whole = Rect(0, 0, geometry.width, geometry.height)
    # Only a server of RandR 1.5 gives windows this method.
    ask = getattr(screen.root, "xrandr_get_monitors", None)
    if ask is None:
        return whole
    monitors = sorted(ask().monitors, key=_preference)
    if not monitors or not _preference(monitors[-1])[1]:
        return whole
    best = monitors[-1]
    return Rect(best.x, best.y, best.width_in_pixels, best.height_in_pixels)


def _preference(each: Any) -> tuple[bool, int]:
    return bool(each.primary), each.width_in_pixels * each.height_in_pixels


def draws_directly(display: Display) -> bool:
    """Whether the server lets programs draw with a graphics card (a virtual server has none)."""
    return not _DIRECT.isdisjoint(answered(display.list_extensions))


class Light:
    """Keeps the screen from blanking while the connection lasts; best effort.

    The server's own saver and power saving are suspended (MIT-SCREEN-SAVER 1.1), and desktops that
    count idle time themselves have it set to zero now and then.
    """

    def __init__(self, display: Display) -> None:
        self._display = display
        self._until = 0.0
        if display.has_extension(_SAVER):
            opcode = display.display.get_extension_major(_SAVER)
            _SuspendSaver(display=display.display, opcode=opcode, suspend=1)

    def keep(self) -> None:
        """Call it often; it does something every half minute."""
        now = monotonic()
        if now >= self._until:
            self._until = now + _AWAKE_EVERY_S
            self._display.force_screen_saver(X.ScreenSaverReset)


class _SuspendSaver(rq.Request):
    """ScreenSaverSuspend of MIT-SCREEN-SAVER 1.1, which python-xlib lacks."""

    _request = rq.Struct(rq.Card8("opcode"), rq.Opcode(5), rq.RequestLength(), rq.Card32("suspend"))


def _probe(host: str | None, number: int, within_s: float) -> None:
    """Whether somebody listens there: python-xlib leaves the socket open where nobody does."""
    if host and host != "unix":
        socket.create_connection((host, _PORT + number), within_s).close()
        return
    path = Path(f"/tmp/.X11-unix/X{number}")
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(within_s)
        end.connect(str(path) if path.exists() else f"\0{path}")


def _opened(name: str, within_s: float) -> Display:
    """A server resets when its last client leaves, and throws out who comes just then."""
    for _ in range(_RESETS):
        with suppress(ConnectionClosedError):
            return answered(lambda: Display(name), within_s)
    return answered(lambda: Display(name), within_s)


def _refusal(name: str, error: Exception) -> NoScreen:
    reason = error.strerror if isinstance(error, OSError) else getattr(error, "msg", None)
    if isinstance(reason, bytes):
        reason = reason.decode(errors="replace")
    why = str(reason or error).strip()
    return NoScreen(f"The screen {name!r} cannot be opened: {why}", missing=True, hint=_HINT)


def _note(error: XError, request: object) -> None:
    log.warning("X server: %s", error)


def end_with_the_server(status: int) -> None:
    """End the process with that exit status when its server is gone.

    Xlib, which sinks use, ends the process then, and its own status says nothing.
    """
    global _on_io_error
    try:
        xlib = ctypes.CDLL("libX11.so.6")
    except OSError:
        return
    _on_io_error = _IO_ERROR_HANDLER(lambda _display: os._exit(status))
    xlib.XSetIOErrorHandler.argtypes = (_IO_ERROR_HANDLER,)
    xlib.XSetIOErrorHandler.restype = ctypes.c_void_p
    xlib.XSetIOErrorHandler(_on_io_error)


_IO_ERROR_HANDLER: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
_on_io_error: Any = None  # Xlib keeps its address only
