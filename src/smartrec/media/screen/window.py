"""The window on an X11 screen (also XWayland): one child window a camera, keys, full screen.

GStreamer draws into the child windows over a connection of its own, so a pipeline must be stopped
before its window goes: an X error about a window that is gone ends the process. So does a server
that dies, as soon as a pipeline notices (libX11 calls exit).

Protocols: ICCCM (WM_DELETE_WINDOW, WM_CLASS), EWMH 1.5 (_NET_WM_STATE_FULLSCREEN,
_NET_ACTIVE_WINDOW), Motif's hints for windows without a frame.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, cast

from Xlib import XK, X, Xatom, Xutil
from Xlib.display import Display
from Xlib.error import ConnectionClosedError
from Xlib.protocol import event as xevent
from Xlib.protocol import rq
from Xlib.xobject.drawable import Window as XWindow

from smartrec.errors import NoScreen, ScreenLost
from smartrec.media.screen.layout import Rect
from smartrec.media.screen.xserver import Light, answered, connect, connected, has_manager, monitor

_WINDOWED: Final = (1280, 720)
_SMALLEST: Final = (320, 180)
_APPEARS_S: Final = 1.0
_CLASS: Final = "smartrec"
_NO_FRAME, _FRAME = (2, 0, 0, 0, 0), (2, 0, 1, 0, 0)
"""_MOTIF_WM_HINTS: of the flags only "decorations" is set."""
_WITH_SHORTCUT: Final = X.ControlMask | X.Mod1Mask | X.Mod4Mask
"""With Ctrl, Alt or the logo key it is somebody else's."""

_KEYS: Final[Mapping[int, str]] = {
    **{ord(key): key for key in "rsfq0123456789"},
    **{ord(key.upper()): key for key in "rsfq"},
    **{XK.XK_KP_0 + digit: str(digit) for digit in range(10)},
    XK.XK_Escape: "esc",
}


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key: ``"r"``, ``"s"``, ``"f"``, ``"q"``, ``"esc"`` or ``"0"`` to ``"9"``."""

    key: str


@dataclass(frozen=True, slots=True)
class Resized:
    """The window has another size now, in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The user asked to close the window; it is still there."""


Event = Pressed | Resized | Closed


class Window:
    """A black window with cells for pictures; all of it on one thread.

    Without a window manager (kiosk, Xvfb) it does what one would: it covers the primary monitor
    and takes the keyboard. While it is open the screen does not blank.

    Attributes:
        cells: XIDs of the child windows; they keep for the window's life and begin hidden.
        size: Width and height in pixels; a window manager may change it at once (`Resized`).
        fullscreen: Whether it covers the monitor, or was told to.
    """

    def __init__(self, display: Display, title: str, *, fullscreen: bool, cells: int) -> None:
        self._display = display
        self._root = display.screen().root
        self._managed = has_manager(display)
        self._area = monitor(display)
        self._released: tuple[int, int] | None = None
        self.fullscreen = fullscreen
        # A window manager makes it cover the monitor itself, and remembers what it was before.
        at = self._framed() if self._managed else self._place_wanted()
        self.size = (at.width, at.height)
        self._root.change_attributes(event_mask=X.StructureNotifyMask)
        self._window = self._create(self._root, at)
        self._describe(title, at)
        self._cells = tuple(self._create(self._window, at) for _ in range(cells))
        self.cells = tuple(int(cell.id) for cell in self._cells)
        self._dress()
        self._seen = False
        self._appear()
        self._light = Light(display)
        # What another connection draws into must be there before it is told of it.
        display.sync()
        self._raise_and_focus()

    @classmethod
    def open(cls, title: str, *, fullscreen: bool, cells: int) -> "Window":
        """Open it on the display that DISPLAY names; waits some seconds at most.

        Raises:
            NoScreen: There is no such display, or it lets nobody in, or it does not answer.
        """
        connection = connect()
        try:
            with connected():
                return answered(lambda: cls(connection, title, fullscreen=fullscreen, cells=cells))
        except ScreenLost as error:
            raise NoScreen(str(error), missing=True, hint=error.hint) from error

    def fileno(self) -> int:
        """Readable when there are events; after other calls some may be read already."""
        with connected():
            return self._display.fileno()

    def events(self) -> Iterator[Event]:
        """What happened since the last call; never waits for more.

        Raises:
            ScreenLost: The connection is gone.
        """
        with connected():
            self._light.keep()
            if not self._seen and monotonic() > self._appear_again_at:
                self._appear()
        # Asked again each time: a question asked while handling one event may bring in others.
        while (seen := self._next()) is not None:
            with connected():
                event = self._understand(seen)
            if event is not None:
                yield event

    def place(self, cells: Mapping[int, Rect]) -> None:
        """Show the cells named by their index where told, hide the others.

        Raises:
            ScreenLost: The connection is gone.
        """
        with connected():
            for index, window in enumerate(self._cells):
                area = cells.get(index)
                if area is None:
                    window.unmap()
                    continue
                window.configure(x=area.x, y=area.y, width=area.width, height=area.height)
                window.map()
            # Sinks ask over connections of their own, and shall be told the new sizes.
            answered(self._display.sync)

    def toggle_fullscreen(self) -> None:
        """Cover the monitor, or no longer; `Resized` follows.

        Raises:
            ScreenLost: The connection is gone.
        """
        with connected():
            self._managed = answered(lambda: has_manager(self._display))
            self._area = answered(lambda: monitor(self._display))
            self.fullscreen = not self.fullscreen
            self._dress()
            if self._managed:
                full = self._display.get_atom("_NET_WM_STATE_FULLSCREEN")
                self._ask_manager("_NET_WM_STATE", (int(self.fullscreen), full, 0, 1, 0))
            else:
                self._fit()
            self._display.flush()

    def close(self) -> None:
        """Take the window away, with the cells: no pipeline may draw into them. Idempotent."""
        try:
            self._window.destroy()
            self._display.close()
        except (ConnectionClosedError, OSError):
            return  # it was closed, or the server is gone

    def _create(self, parent: XWindow, at: Rect) -> XWindow:
        ours = X.KeyPressMask | X.KeyReleaseMask | X.StructureNotifyMask
        screen = self._display.screen()
        return parent.create_window(
            at.x,
            at.y,
            at.width,
            at.height,
            0,
            screen.root_depth,
            background_pixel=screen.black_pixel,
            event_mask=ours if parent == self._root else 0,
        )

    def _describe(self, title: str, at: Rect) -> None:
        """Say to a window manager what this window is."""
        window, atom = self._window, self._display.get_atom
        window.set_wm_class(_CLASS, _CLASS)
        window.set_wm_name(title)
        window.change_property(atom("_NET_WM_NAME"), atom("UTF8_STRING"), 8, title.encode())
        window.set_wm_protocols([atom("WM_DELETE_WINDOW")])
        window.set_wm_hints(flags=Xutil.InputHint, input=1)
        window.set_wm_normal_hints(
            flags=Xutil.PPosition | Xutil.PSize | Xutil.PMinSize,
            min_width=min(_SMALLEST[0], at.width),
            min_height=min(_SMALLEST[1], at.height),
        )
        # A compositor would only delay pictures of a window that covers the screen.
        window.change_property(atom("_NET_WM_BYPASS_COMPOSITOR"), Xatom.CARDINAL, 32, [1])

    def _dress(self) -> None:
        """Frame, pointer and state as full screen wants them, or as a window does."""
        atom = self._display.get_atom
        hints = atom("_MOTIF_WM_HINTS")
        frame = _NO_FRAME if self.fullscreen else _FRAME
        self._window.change_property(hints, hints, 32, list(frame))
        cursor = self._no_cursor() if self.fullscreen else X.NONE
        self._window.change_attributes(cursor=cursor)
        # Read by a window manager when it first sees the window, also one that starts later.
        states = [atom("_NET_WM_STATE_FULLSCREEN")] if self.fullscreen else []
        self._window.change_property(atom("_NET_WM_STATE"), Xatom.ATOM, 32, states)

    def _no_cursor(self) -> int:
        dot = self._root.create_pixmap(1, 1, 1)
        blank = dot.create_gc(foreground=0)
        dot.fill_rectangle(blank, 0, 0, 1, 1)
        cursor = dot.create_cursor(dot, (0, 0, 0), (0, 0, 0), 0, 0)
        blank.free()
        dot.free()
        return int(cursor.id)

    def _appear(self) -> None:
        """Ask to be shown, again until it is: a window manager that just starts may not hear it."""
        self._appear_again_at = monotonic() + _APPEARS_S
        self._window.map()

    def _raise_and_focus(self) -> None:
        """Come to the front and take the keyboard, or ask the window manager for both."""
        self._window.configure(stack_mode=X.Above)
        if self._managed:
            self._ask_manager("_NET_ACTIVE_WINDOW", (1, X.CurrentTime, 0, 0, 0))
        else:
            self._window.set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
        self._display.flush()

    def _place_wanted(self) -> Rect:
        return self._area if self.fullscreen else self._framed()

    def _framed(self) -> Rect:
        """In the middle of the monitor, with room around it."""
        area = self._area
        width = max(1, min(_WINDOWED[0], area.width * 4 // 5))
        height = max(1, min(_WINDOWED[1], area.height * 4 // 5))
        left, top = (area.width - width) // 2, (area.height - height) // 2
        return Rect(area.x + left, area.y + top, width, height)

    def _fit(self) -> None:
        at = self._place_wanted()
        self._window.configure(x=at.x, y=at.y, width=at.width, height=at.height)

    def _ask_manager(self, request: str, words: tuple[int, ...]) -> None:
        message = xevent.ClientMessage(
            window=self._window, client_type=self._display.get_atom(request), data=(32, words)
        )
        self._root.send_event(
            message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask
        )

    def _next(self) -> rq.Event | None:
        with connected():
            if self._display.pending_events():
                return self._display.next_event()
            self._display.flush()
        return None

    def _understand(self, seen: rq.Event) -> Event | None:
        reader = self._READERS.get(seen.type)
        return None if reader is None else reader(self, cast("Any", seen))

    def _on_key(self, seen: xevent.KeyPress) -> Event | None:
        released, self._released = self._released, None
        if seen.time and released == (seen.detail, seen.time):
            return None  # a key held down: the server lets it go and presses it again at once
        if seen.state & _WITH_SHORTCUT:
            return None
        # A layout's digits may need Shift, and its Latin letters may be its second group.
        symbols = (self._display.keycode_to_keysym(seen.detail, level) for level in range(4))
        return next((Pressed(_KEYS[symbol]) for symbol in symbols if symbol in _KEYS), None)

    def _on_release(self, seen: xevent.KeyRelease) -> None:
        self._released = (seen.detail, seen.time)

    def _on_configure(self, seen: xevent.ConfigureNotify) -> Event | None:
        if seen.window == self._root:
            self._follow_monitor()
            return None
        size = (seen.width, seen.height)
        if seen.window != self._window or size == self.size:
            return None
        self.size = size
        return Resized(*size)

    def _follow_monitor(self) -> None:
        """Another resolution: without a window manager nobody else fits the window."""
        self._area = answered(lambda: monitor(self._display))
        if not self._managed:
            self._fit()

    def _on_message(self, seen: xevent.ClientMessage) -> Event | None:
        atom = self._display.get_atom
        closing = seen.client_type == atom("WM_PROTOCOLS")
        return Closed() if closing and seen.data[1][0] == atom("WM_DELETE_WINDOW") else None

    def _on_map(self, seen: xevent.MapNotify) -> None:
        self._seen = self._seen or seen.window == self._window

    def _on_mapping(self, seen: xevent.MappingNotify) -> None:
        self._display.refresh_keyboard_mapping(seen)

    def _on_destroy(self, seen: xevent.DestroyNotify) -> None:
        if seen.window == self._window:
            raise ScreenLost("Another program took the window away")

    _READERS: Final[Mapping[int, Callable[["Window", Any], Event | None]]] = {
        X.KeyPress: _on_key,
        X.KeyRelease: _on_release,
        X.ConfigureNotify: _on_configure,
        X.ClientMessage: _on_message,
        X.MapNotify: _on_map,
        X.MappingNotify: _on_mapping,
        X.DestroyNotify: _on_destroy,
    }
