"""A screen on a real X server, pictures to feed it, and screenshots to look at."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image
from Xlib.display import Display
from Xlib.xobject.drawable import Window as XWindow

from smartrec.clock import ClockQuality, Instant
from smartrec.media.gst import Gst, GstApp, launch, running
from smartrec.media.screen import paint
from smartrec.media.screen.screen import Keys, Screen, Ways
from smartrec.media.screen.wall import Lone, Wall
from smartrec.media.screen.window import Window
from smartrec.model import Box, Codec, Look, StreamFormat, Track
from smartrec.units import MILLISECOND, SECOND, Ns
from tests.xserver import Pixels, picture_of, run

GRAY = (128, 128, 128)
GREEN = (40, 150, 60)
WHOLE = (slice(None), slice(None))
_DEADLINE_S = 30.0
_BARE_SINK = "videoconvert ! ximagesink"
_SCALING_SINK = "videoconvert ! videoscale ! video/x-raw,width=1280,height=720 ! ximagesink"
"""As a display of Wayland does with what is larger or smaller than it is."""


@dataclass
class SteppedClock:
    """Stands still until told."""

    at: Ns = field(default_factory=lambda: Ns(1000 * SECOND))

    def monotonic(self) -> Ns:
        return self.at

    def now(self) -> Instant:
        return Instant(1_700_000_000 * SECOND, self.at, "boot", ClockQuality("test", True, 0))

    def step(self, by: int) -> None:
        self.at = Ns(self.at + by)


def sample_of(pixels: Pixels, raw: str = "I420") -> Gst.Sample:
    """A picture, shape (height, width, 3), RGB, as a decoder would give it."""
    height, width, _ = pixels.shape
    size = f"width={width},height={height},framerate=30/1"
    pipeline = launch(
        f"appsrc name=a format=time caps=video/x-raw,format=BGRx,{size}"
        f" ! videoconvert ! video/x-raw,format={raw} ! appsink name=k sync=false"
    )
    source, sink = pipeline.get_by_name("a"), pipeline.get_by_name("k")
    assert source is not None
    assert isinstance(sink, GstApp.AppSink)
    with running(pipeline):
        bgrx = Image.fromarray(pixels).tobytes("raw", "BGRX")
        source.emit("push-buffer", Gst.Buffer.new_wrapped(bgrx))
        sample = sink.try_pull_sample(10 * SECOND)
    assert sample is not None
    return sample


def flat(width: int, height: int, colour: tuple[int, int, int] = GRAY) -> Pixels:
    """A picture of one colour."""
    return np.full((height, width, 3), colour, np.uint8)


def format_of(width: int, height: int, rotate: int = 0, *, flip: bool = False) -> StreamFormat:
    """What the camera said of its pictures."""
    return StreamFormat(Codec.JPEG, width, height, 30.0, "image/jpeg", rotate=rotate, flip=flip)


class Desk:
    """A screen under test, fed with one picture a camera at each look at it."""

    def __init__(
        self, screen: Screen, clock: SteppedClock, keys: list[tuple[str, str | None]]
    ) -> None:
        self.screen = screen
        self.clock = clock
        self.keys = keys
        self._fed: dict[str, tuple[Gst.Sample, StreamFormat]] = {}
        self._tracks: dict[str, tuple[Track, ...]] = {}
        self._display = Display()

    def feed(
        self, camera: str, sample: Gst.Sample | None, rotate: int = 0, *, flip: bool = False
    ) -> None:
        """From now on the camera gives this picture, again and again; None gives no more."""
        if sample is None:
            self._fed.pop(camera, None)
            return
        caps = sample.get_caps()
        assert caps is not None
        first = caps.get_structure(0)
        width, height = first.get_int("width")[1], first.get_int("height")[1]
        self._fed[camera] = sample, format_of(width, height, rotate, flip=flip)

    def persons(self, camera: str, *persons: tuple[Box, float]) -> None:
        """From now on the detector finds these in every picture."""
        self._tracks[camera] = tuple(
            Track(at, box, score) for at, (box, score) in enumerate(persons)
        )

    def turn(self) -> None:
        """A picture of each camera, and whatever the screen has to do."""
        self.clock.step(MILLISECOND)
        now = self.clock.at
        for camera, (sample, format_) in self._fed.items():
            if camera in self._tracks:
                self.screen.look(Look(camera, 0, now, self._tracks[camera]))
            self.screen.frame(camera, sample, now, format_)
        self.screen.turn(0.01)

    def photograph(self) -> Pixels:
        """The whole display, shape (height, width, 3), RGB."""
        return picture_of(self._display)

    def until(self, seen: Callable[[Pixels], bool], what: str) -> Pixels:
        """Go on until a photograph shows it.

        Raises:
            AssertionError: It never does.
        """
        until = time.monotonic() + _DEADLINE_S
        while time.monotonic() < until:
            self.turn()
            photograph = self.photograph()
            if seen(photograph):
                return photograph
        raise AssertionError(f"the screen never showed {what}")

    def settled(self) -> Pixels:
        """What the screen shows once it no longer changes."""
        last = self.photograph()
        same = 0

        def again(photograph: Pixels) -> bool:
            nonlocal last, same
            same = same + 1 if np.array_equal(photograph, last) else 0
            last = photograph
            return same >= 5

        return self.until(again, "the same twice")

    def press(self, key: str) -> None:
        """As a person would, at the keyboard."""
        run("xdotool", "key", key)

    def close(self) -> None:
        self.screen.close()
        self._display.close()


@contextmanager
def desk(
    *names: str, fullscreen: bool = True, low_disk: int = 0, sink: str = "ximagesink"
) -> Iterator[Desk]:
    """A screen in a window; the cameras' ids are their names in small letters."""
    window = Window.open("smartrec", fullscreen=fullscreen, cells=len(names))
    with _desk(Ways("ximage", "in a window", sink, window), names, low_disk) as opened:
        yield opened


@contextmanager
def bare_desk(*names: str, keys: Keys | None = None, sink: str = _BARE_SINK) -> Iterator[Desk]:
    """A screen whose sink needs no window of ours: it opens one by itself."""
    surface = Lone(sink) if len(names) == 1 else Wall(_SCALING_SINK, len(names))
    with _desk(Ways("bare", "no window", sink, surface, keys), names, 0) as opened:
        yield opened


@contextmanager
def _desk(ways: Ways, names: Iterable[str], low_disk: int) -> Iterator[Desk]:
    clock, keys = SteppedClock(), list[tuple[str, str | None]]()
    cameras = tuple((name.lower(), name) for name in names)
    screen = Screen(
        ways,
        cameras,
        lambda key, camera: keys.append((key, camera)),
        low_disk=low_disk,
        clock=clock,
    )
    opened = Desk(screen, clock, keys)
    try:
        yield opened
    finally:
        opened.close()


def near(pixels: Pixels, colour: tuple[int, int, int], within: int = 12) -> npt.NDArray[np.bool_]:
    """Which pixels have about that colour."""
    return np.asarray(np.abs(pixels.astype(int) - colour).max(axis=-1) <= within)


def bounds(found: npt.NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what was found; the last two are behind it."""
    columns, rows = np.flatnonzero(found.any(axis=0)), np.flatnonzero(found.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def shows(
    colour: tuple[int, int, int], where: tuple[slice, slice] = WHOLE, least: int = 1
) -> Callable[[Pixels], bool]:
    """Whether so many pixels there have about that colour."""
    return lambda pixels: int(near(pixels[where], colour).sum()) >= least


def lacks(
    colour: tuple[int, int, int], where: tuple[slice, slice] = WHOLE
) -> Callable[[Pixels], bool]:
    return lambda pixels: not bool(near(pixels[where], colour).any())


def lacks_any(rows: slice) -> Callable[[Pixels], bool]:
    """Whether those rows are black."""
    return lambda pixels: not bool(pixels[rows].any())


def lines(pixels: Pixels) -> tuple[int, int, int, int]:
    """The outer edges of the coloured lines."""
    return bounds(near(pixels, paint.BOX, 40))


def windows(display: Display) -> list[XWindow]:
    children = display.screen().root.query_tree().children
    return [each for each in children if each.get_wm_name() == "smartrec"]


def our_window() -> tuple[Display, XWindow]:
    display = Display()
    return display, windows(display)[0]


def resize(width: int, height: int) -> None:
    """As a window manager would."""
    display, opened = our_window()
    opened.configure(x=0, y=0, width=width, height=height)
    display.sync()
    display.close()
