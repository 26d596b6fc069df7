"""The screen: cameras in a window or on the bare display, keys, and what is said beside pictures.

What comes from the recorder and the detector may be told from any thread and is never waited for;
surface, keys and pipelines are looked after by `Screen.turn`, on one thread.
"""

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import Final, Protocol

from smartrec.clock import Clock, SystemClock
from smartrec.errors import MissingElement, NoScreen, PipelineError, ScreenLost
from smartrec.media.gst import Gst
from smartrec.media.screen.displays import Display, choose_display
from smartrec.media.screen.keyboard import Keyboards
from smartrec.media.screen.layout import Rect, grid
from smartrec.media.screen.pipeline import Cell
from smartrec.media.screen.scene import Scene, Subject, Surroundings
from smartrec.media.screen.show import Show
from smartrec.media.screen.wall import Lone, Wall
from smartrec.media.screen.window import Closed, Pressed, Resized, Window
from smartrec.media.screen.xserver import kept_up
from smartrec.media.watch.messages import CameraView, ScreenSetup, StationView
from smartrec.model import Look, StreamFormat
from smartrec.units import MILLISECOND, Ns

_FOR_THE_RECORDER: Final = ("r", "s", "q", "esc")
_NO_KEYS: Final = "no keys here: use smartrec trigger"
_LONGEST_WAIT_S: Final = 0.25
_ATTENDED_EVERY: Final = Ns(50 * MILLISECOND)

OnKey = Callable[[str, str | None], None]


class Keys(Protocol):
    """Where keys come from on a screen that has none of its own."""

    def fileno(self) -> int:
        """Readable when a key was pressed."""
        ...

    def pressed(self) -> Iterator[str]:
        """What was pressed since the last call; never waits."""
        ...

    def trouble(self) -> tuple[str, str]:
        """Why none can come, and what mends it; empty while they can."""
        ...

    def close(self) -> None:
        """Idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class Ways:
    """How a screen shows and where its keys come from.

    Attributes:
        name: Of the recipe.
        note: For people.
        sink: Launch fragment that ends in the sink.
        surface: What the pictures lie on.
        keys: Where the surface gives none; None where they reach the recorder another way.
    """

    name: str
    note: str
    sink: str
    surface: Window | Wall | Lone
    keys: Keys | None = None

    @property
    def window(self) -> Window | None:
        """The surface, if it is one that gives keys."""
        return self.surface if isinstance(self.surface, Window) else None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """One a camera."""
        if isinstance(self.surface, Window):
            return tuple(Cell(self.sink, xid) for xid in self.surface.cells)
        return tuple(Cell(sink, None) for sink in self.surface.cells)

    def close(self) -> None:
        """Let go of surface and keys; no pipeline may draw any more. Idempotent."""
        self.surface.close()
        if self.keys is not None:
            self.keys.close()


def open_screen(
    setup: ScreenSetup, cameras: tuple[tuple[str, str], ...], on_key: OnKey
) -> "Screen":
    """Show cameras on the screen of this process.

    Args:
        setup: How.
        cameras: Id and name of each, in the order of the keys 1 to 9; at least one.
        on_key: Called by `Screen.turn` with ``"r"``, ``"s"``, ``"q"`` or ``"esc"`` and the camera
            shown alone, or None while all are shown.

    Raises:
        NoScreen: There is none, or it cannot be used.
    """
    with ExitStack() as meanwhile:
        if os.environ.get("DISPLAY"):
            with suppress(NoScreen):  # told below, of whatever is chosen
                meanwhile.enter_context(kept_up())
        display = choose_display(setup.sink, os.environ)
        try:
            ways = _ways(display, setup, len(cameras))
            return Screen(ways, cameras, on_key, low_disk=setup.low_disk)
        except (MissingElement, PipelineError) as error:
            raise NoScreen(
                f"Pictures cannot be shown by {display.recipe.name}: {error}",
                missing=False,
                hint=error.hint or "Run: smartrec doctor",
            ) from error


def _ways(display: Display, setup: ScreenSetup, cameras: int) -> Ways:
    """What pictures lie on, and where keys come from.

    Raises:
        NoScreen: The display is gone.
        MissingElement, PipelineError: Pictures cannot be laid out on it.
    """
    name, sink = display.recipe.name, display.recipe.fragment()
    if display.kind == "x11":
        window = Window.open("smartrec", fullscreen=setup.fullscreen, cells=cameras)
        return Ways(name, f"{display.note}; keys: in the window", sink, window)
    surface = Lone(sink) if cameras == 1 else Wall(sink, cameras)
    if setup.terminal_keys:
        return Ways(name, f"{display.note}; keys: in the terminal", sink, surface)
    keys = Keyboards()
    names = ", ".join(keys.open())
    what, hint = keys.trouble()
    said = f"keys: {names}" if names else f"no keys: {what}. {hint}"
    return Ways(name, f"{display.note}; {said}", sink, surface, keys)


class Screen:
    """See `open_screen`. Owns its surface and keys.

    Attributes:
        name: Of the recipe.
        note: For people: which screen, where keys come from.
    """

    def __init__(
        self,
        ways: Ways,
        cameras: tuple[tuple[str, str], ...],
        on_key: OnKey,
        *,
        low_disk: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.name, self.note = ways.name, ways.note
        self._ways = ways
        self._on_key = on_key
        self._clock = clock or SystemClock()
        self._cameras = tuple(camera for camera, _ in cameras)
        self._subjects = {each: Subject(each, name, self._clock) for each, name in cameras}
        self._lock = threading.Lock()
        self._around = Surroundings(low_disk=low_disk)
        self._attend_at = Ns(0)
        self._alone: str | None = None if len(cameras) > 1 else self._cameras[0]
        self._shows: dict[str, Show] = {}
        try:
            self._make_shows()
            self._arrange()
        except (MissingElement, PipelineError, ScreenLost):
            self.close()
            raise

    @property
    def keys(self) -> bool:
        """Whether keys pressed at the screen reach `on_key`; those of a terminal do not."""
        keys = self._ways.keys
        return self._ways.window is not None or (keys is not None and not keys.trouble()[0])

    @property
    def min_confidence(self) -> float:
        """Persons below it are not shown. Any thread."""
        return self._around.min_confidence

    @min_confidence.setter
    def min_confidence(self, value: float) -> None:
        self._change(min_confidence=value)

    @property
    def boxes_for(self) -> Ns:
        """How long a box is shown after its look. Any thread."""
        return self._around.boxes_for

    @boxes_for.setter
    def boxes_for(self, value: Ns) -> None:
        self._change(boxes_for=value)

    def frame(self, camera: str, sample: Gst.Sample, pts: Ns, format: StreamFormat) -> None:
        """A decoded picture as its decoder gave it, not yet turned upright. Any thread."""
        if not self._subjects[camera].arrived():
            return
        self._shows[camera].picture(sample, pts, format)

    def look(self, look: Look) -> None:
        """Where persons are, in shares of the upright picture. Any thread."""
        self._subjects[look.camera].looked(look)

    def view(self, view: CameraView) -> None:
        """How a camera does. Any thread."""
        subject = self._subjects[view.camera]
        subject.viewed(view)
        if not subject.has_picture:
            self._shows[view.camera].forget()

    def station(self, view: StationView) -> None:
        """How the recorder does. Any thread."""
        self._change(free_bytes=view.free_bytes)

    def counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Pictures shown, and skipped for newer ones, by camera. Any thread."""
        shown = {camera: self._shows[camera].shown for camera in self._cameras}
        return shown, {camera: self._shows[camera].skipped for camera in self._cameras}

    def turn(self, timeout_s: float) -> None:
        """Wait so long at most for something to do, and do it.

        Raises:
            ScreenLost: The display is gone, or the user closed the window.
        """
        if not self._heed_keys():
            self._wait(min(timeout_s, _LONGEST_WAIT_S))
            self._heed_keys()
        now = Ns(time.monotonic_ns())
        if now < self._attend_at:
            return
        self._attend_at = Ns(now + _ATTENDED_EVERY)
        # A keyboard may be plugged in, or pulled out, at any time.
        deaf = self._ways.keys is not None and not self.keys
        self._change(notice=_NO_KEYS if deaf else "")
        for show in self._shows.values():
            show.attend(now)
        for camera in self._visible():
            self._shows[camera].redraw(self._scene(camera), now)

    def close(self) -> None:
        """Take it away. Idempotent."""
        for show in self._shows.values():
            show.close()
        self._ways.close()

    def _make_shows(self) -> None:
        size = self._ways.surface.size
        for camera, cell in zip(self._cameras, self._ways.cells, strict=True):
            self._shows[camera] = Show(cell, size, self._scene_of(camera))

    def _scene_of(self, camera: str) -> Callable[[Ns | None], Scene]:
        return lambda pts: self._scene(camera, pts)

    def _scene(self, camera: str, pts: Ns | None = None) -> Scene:
        first = camera == self._visible()[0]
        return self._subjects[camera].scene(self._around, pts, first=first)

    def _visible(self) -> tuple[str, ...]:
        alone = self._alone
        return self._cameras if alone is None else (alone,)

    def _change(self, **changed: float | bool | str | None) -> None:
        with self._lock:
            self._around = replace(self._around, **changed)  # type: ignore[arg-type]

    def _arrange(self) -> None:
        """Lay the visible cameras out on the surface as it is now."""
        visible, surface = self._visible(), self._ways.surface
        self._change(named=len(self._cameras) > 1)
        cells = dict(zip(visible, grid(len(visible), *surface.size), strict=True))
        surface.place({at: cells[each] for at, each in enumerate(self._cameras) if each in cells})
        for camera, show in self._shows.items():
            show.place(_size(cells[camera]) if camera in cells else None)

    def _wait(self, timeout_s: float) -> None:
        sources = [each for each in (self._ways.surface, self._ways.keys) if each is not None]
        select.select(sources, [], [], timeout_s)

    def _heed_keys(self) -> bool:
        """Whether anything had happened at surface and keys."""
        keys = [] if self._ways.keys is None else list(self._ways.keys.pressed())
        for key in keys:
            self._press(key)
        return self._heed_surface() or bool(keys)

    def _heed_surface(self) -> bool:
        happened = list(self._ways.surface.events())
        for event in happened:
            if isinstance(event, Pressed):
                self._press(event.key)
            elif isinstance(event, Closed):
                raise ScreenLost("the window was closed")
        if any(isinstance(event, Resized) for event in happened):
            self._arrange()
        return bool(happened)

    def _press(self, key: str) -> None:
        if key in _FOR_THE_RECORDER:
            self._on_key(key, self._alone)
        elif key == "f" and self._ways.window is not None:
            self._ways.window.toggle_fullscreen()
        elif key.isdigit():
            self._choose(int(key))

    def _choose(self, number: int) -> None:
        """1 to 9 show one camera alone, 0 all of them."""
        if number > len(self._cameras):
            return
        if number:
            self._alone = self._cameras[number - 1]
        elif len(self._cameras) > 1:
            self._alone = None
        self._arrange()


def _size(area: Rect) -> tuple[int, int]:
    return area.width, area.height
