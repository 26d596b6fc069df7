"""The screen of the DeepStream watch: one picture by NVIDIA's sink, and words where there is none.

The window has one cell for the sink, which shows all cameras side by side, and above it one cell
a camera for what is said instead of its picture: that it is lost, or that the engine is being
built. Those come from the portable screen's own pipelines, so that they do not depend on a GPU.
"""

import select
import time
from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import Final

from smartrec.clock import SystemClock
from smartrec.errors import MissingElement, PipelineError, ScreenLost
from smartrec.graph.tiles import tiles
from smartrec.media.screen.displays import Display
from smartrec.media.screen.layout import Rect
from smartrec.media.screen.pipeline import Cell
from smartrec.media.screen.scene import Scene, Slate, Subject, Surroundings
from smartrec.media.screen.show import Show
from smartrec.media.screen.window import Closed, Pressed, Resized, Window
from smartrec.media.watch.messages import CameraView, ScreenSetup, StationView
from smartrec.units import MILLISECOND, Ns

_FOR_THE_RECORDER: Final = ("r", "s", "q", "esc")
_LONGEST_WAIT_S: Final = 0.25
_ATTENDED_EVERY: Final = Ns(50 * MILLISECOND)


class Panel:
    """Owns the window; main thread, but for what says otherwise.

    Attributes:
        xid: Of the window that the sink draws into.
        note: For people: which screen, where keys come from.
        alone: Index of the camera that is shown alone; None for all.
        shape: Width and height of a camera's picture, of which only the ratio counts.

    Args:
        display: An X11 screen; its recipe shows the words.
        setup: How to show.
        cameras: Id and name of each, in the order of the keys 1 to 9.
        shape: Width and height of a camera's picture, of which only the ratio counts.
        on_key: Called with ``"r"``, ``"s"``, ``"q"`` or ``"esc"`` and the camera shown alone.

    Raises:
        NoScreen: There is none.
        MissingElement, PipelineError: Words cannot be shown.
    """

    def __init__(
        self,
        display: Display,
        setup: ScreenSetup,
        cameras: tuple[tuple[str, str], ...],
        shape: tuple[int, int],
        on_key: Callable[[str, str | None], None],
    ) -> None:
        clock = SystemClock()
        self.note = f"{display.note}; keys: in the window"
        self.alone: int | None = None if len(cameras) > 1 else 0
        self._ids = tuple(camera for camera, _ in cameras)
        self._subjects = {each: Subject(each, name, clock) for each, name in cameras}
        self._around = Surroundings(low_disk=setup.low_disk, named=len(cameras) > 1)
        self.shape = shape
        self._on_key = on_key
        self._preparing = ""
        self._attend_at = Ns(0)
        self._moved = False
        self._slated: tuple[bool, ...] = ()
        self._shows: list[Show] = []
        self._window = Window.open("smartrec", fullscreen=setup.fullscreen, cells=1 + len(cameras))
        self.xid = self._window.cells[0]
        try:
            sink, size = display.recipe.fragment(), self._window.size
            for index, xid in enumerate(self._window.cells[1:]):
                self._shows.append(Show(Cell(sink, xid), size, self._said_instead(index)))
        except (MissingElement, PipelineError):
            self.close()
            raise
        self._arrange()

    @property
    def size(self) -> tuple[int, int]:
        """Of the window, in pixels."""
        return self._window.size

    def arrived(self, index: int) -> None:
        """A picture of a camera is about to be shown. Any thread."""
        self._subjects[self._ids[index]].arrived()

    def prepare(self, text: str) -> None:
        """What is said until there are pictures; empty once there may be."""
        self._preparing = text

    def view(self, view: CameraView) -> None:
        """How a camera does. Any thread."""
        self._subjects[view.camera].viewed(view)

    def station(self, view: StationView) -> None:
        """How the recorder does. Any thread."""
        self._around = replace(self._around, free_bytes=view.free_bytes)

    def scene(self, index: int) -> Scene:
        """What is to be said upon a camera's picture. Any thread."""
        return self._subjects[self._ids[index]].scene(self._around, first=index == 0)

    def turn(self, timeout_s: float) -> bool:
        """Wait so long at most for something to do, and do it; whether cells were moved.

        Raises:
            ScreenLost: The display is gone, or the user closed the window.
        """
        self._moved = False
        if not self._heed():
            select.select([self._window], [], [], min(timeout_s, _LONGEST_WAIT_S))
            self._heed()
        now = Ns(time.monotonic_ns())
        if now >= self._attend_at:
            self._attend_at = Ns(now + _ATTENDED_EVERY)
            self._attend(now)
        return self._moved

    def close(self) -> None:
        """Take it away; no pipeline may draw any more."""
        for show in self._shows:
            show.close()
        self._window.close()

    def _attend(self, now: Ns) -> None:
        scenes = [self._scene_with_slate(index) for index in range(len(self._ids))]
        slated = tuple(scene.slate is not None for scene in scenes)
        if slated != self._slated:
            self._slated = slated
            self._arrange()
        for show, scene in zip(self._shows, scenes, strict=True):
            show.attend(now)
            if scene.slate is not None:
                show.redraw(scene, now)

    def _scene_with_slate(self, index: int) -> Scene:
        scene = self.scene(index)
        waits = scene.slate is None or scene.slate.title.startswith("waiting")
        if self._preparing and waits:
            return replace(scene, slate=Slate(self._preparing))
        return scene

    def _said_instead(self, index: int) -> Callable[[Ns | None], Scene]:
        return lambda _pts: self._scene_with_slate(index)

    def _arrange(self) -> None:
        count = len(self._ids) if self.alone is None else 1
        rows, columns, place = tiles(count, self.shape, self._window.size)
        area = Rect(place.x, place.y, place.width, place.height)
        if self.alone is None:
            area = _lowered(area, rows, ceil(len(self._ids) / columns))
        cells = {0: area}
        for index in range(len(self._ids)):
            at = area if self.alone is not None else tile_of(index, rows, columns, area)
            seen = self.alone in (None, index) and self._slated and self._slated[index]
            self._shows[index].place((at.width, at.height) if seen else None)
            if seen:
                cells[1 + index] = at
        self._window.place(cells)
        self._moved = True

    def _heed(self) -> bool:
        happened = list(self._window.events())
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
            self._on_key(key, None if self.alone is None else self._ids[self.alone])
        elif key == "f":
            self._window.toggle_fullscreen()
        elif key.isdigit() and int(key) <= len(self._ids) and len(self._ids) > 1:
            self.alone = int(key) - 1 if key != "0" else None
            self._arrange()


def _lowered(area: Rect, rows: int, used: int) -> Rect:
    """So that the rows with cameras are in the middle; those below may leave the window."""
    return Rect(
        area.x, area.y + (rows - used) * (area.height // rows) // 2, area.width, area.height
    )


def tile_of(index: int, rows: int, columns: int, area: Rect) -> Rect:
    """Where nvmultistreamtiler lays a camera: row by row, all of one size."""
    width, height = area.width // columns, area.height // rows
    row, column = divmod(index, columns)
    return Rect(area.x + column * width, area.y + row * height, width, height)
