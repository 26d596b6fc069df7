"""What a person sees on a real display, and what the keys do. Every look awaits what it wants."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from Xlib.protocol import event

from smartrec.errors import ScreenLost
from smartrec.media.screen import paint
from smartrec.media.screen.screen import open_screen
from smartrec.media.watch.messages import CameraView, ScreenSetup, StationView
from smartrec.model import Box, Look, Track
from smartrec.units import MILLISECOND, SECOND, Ns
from tests.media.screen.desk import (
    GRAY,
    GREEN,
    bare_desk,
    bounds,
    desk,
    flat,
    lacks,
    lines,
    near,
    our_window,
    resize,
    sample_of,
    shows,
)
from tests.xserver import Pixels

pytestmark = pytest.mark.usefixtures("x_display")


def test_box_lies_where_the_person_is_in_the_letterboxed_picture() -> None:
    with desk("Door") as at:
        at.feed("door", sample_of(flat(640, 480)))
        at.persons("door", (Box(0.25, 0.5, 0.75, 0.9), 0.87))
        at.until(shows(paint.BOX, least=500), "a box")
        seen = at.settled()
        # 960x720 in 1280x720: 160 black columns at either side.
        assert not seen[:, :160].any()
        assert not seen[:, 1120:].any()
        expected = (160 + 240, 360, 160 + 720, 648)
        assert np.allclose(lines(seen), expected, atol=3)


def test_only_persons_at_or_above_the_threshold_are_shown() -> None:
    with desk("Door") as at:
        at.feed("door", sample_of(flat(1280, 720)))
        plain = at.until(shows(GRAY, least=900_000), "the picture")
        at.screen.min_confidence = 0.5
        at.persons("door", (Box(0.1, 0.2, 0.3, 0.8), 0.4996), (Box(0.6, 0.2, 0.9, 0.8), 0.5))
        seen = at.until(shows(paint.BOX, least=500), "a box")
        assert np.array_equal(seen[:, :600], plain[:, :600])
        at.screen.min_confidence = 0.6
        at.until(lambda pixels: np.array_equal(pixels, plain), "the picture without marks")


def test_pixels_outside_the_marks_are_the_picture_s_own() -> None:
    columns = np.linspace(20, 230, 1280).astype(np.uint8)
    picture = np.repeat(np.broadcast_to(columns, (720, 1280))[..., None], 3, axis=2)
    with desk("Door") as at:
        at.feed("door", sample_of(picture))
        plain = at.settled()
        at.persons("door", (Box(0.3, 0.3, 0.6, 0.8), 0.9))
        seen = at.until(shows(paint.BOX, least=500), "a box")
        changed = (seen != plain).any(axis=-1)
        left, top, right, bottom = lines(seen)
        assert not changed[top + 12 : bottom - 12, left + 12 : right - 12].any()
        label_above = slice(top - 60, top)
        changed[label_above, left - 3 : left + 200] = False
        changed[top - 3 : bottom + 3, left - 3 : right + 3] = False
        assert not changed.any()


def test_box_moves_with_its_track_and_is_gone_after_its_time() -> None:
    box = Box(0.2, 0.3, 0.4, 0.8)
    with desk("Door") as at:
        at.screen.boxes_for = Ns(400 * MILLISECOND)
        sample = sample_of(flat(1280, 720))
        at.feed("door", sample)
        now = at.clock.at
        at.screen.look(Look("door", 0, now, (Track(1, box, 0.9, (0.5, 0.0)),)))
        seen = at.until(shows(paint.BOX, least=500), "a box")
        assert lines(seen)[0] - 256 < 100
        at.clock.at = Ns(now + 300 * MILLISECOND)
        at.until(lambda seen: lines(seen)[0] > 256 + 180, "the box further right")
        at.clock.at = Ns(now + 401 * MILLISECOND)
        at.until(lacks(paint.BOX), "no box")


def test_recording_light_shines_then_is_dim_then_goes() -> None:
    corner = (slice(0, 80), slice(900, 1280))
    with desk("Door") as at:
        at.feed("door", sample_of(flat(1280, 720)))
        since = Ns(at.clock.at - 12 * SECOND)
        at.screen.view(CameraView("door", "live", recording_since=since, pre_roll_s=10.0))
        lit = at.until(shows(paint.RED, corner, least=60), "the light")
        assert near(lit[corner], paint.WHITE).any()
        at.clock.step(SECOND)
        at.until(lacks(paint.RED, corner), "a dim light")
        assert near(at.photograph()[corner], paint.WHITE).any()
        at.screen.view(CameraView("door", "live"))
        at.until(shows(GRAY, least=1280 * 700), "no light")


def test_grid_names_every_camera_and_a_key_shows_one_alone() -> None:
    colours = {"a": (150, 60, 50), "b": GREEN, "c": (60, 80, 150), "d": (140, 140, 60)}
    with desk("A", "B", "C", "D") as at:
        for camera, colour in colours.items():
            at.feed(camera, sample_of(flat(640, 360, colour)))
        quarters = [(slice(y, y + 358), slice(x, x + 638)) for y in (0, 362) for x in (0, 642)]

        def all_four(seen: Pixels) -> bool:
            return all(
                near(seen[quarter], colour, 6).mean() > 0.95
                for quarter, colour in zip(quarters, colours.values(), strict=True)
            )

        grid = at.until(all_four, "four pictures")
        for rows, across in quarters:
            corner = grid[rows, across][:40, :40]
            assert near(corner, paint.WHITE, 40).any(), "no name"
        at.press("r")
        at.press("2")
        alone = at.until(lambda seen: bool(near(seen, GREEN, 6).mean() > 0.99), "one picture")
        assert near(alone[:40, :200], paint.WHITE, 40).any(), "no name, and nobody knows which"
        at.press("s")
        at.press("9")  # there is no such camera
        at.press("0")
        at.until(all_four, "four pictures again")
        assert at.keys == [("r", None), ("s", "b")]


def test_picture_fits_the_window_and_f_takes_it_out_of_full_screen_and_back() -> None:
    with desk("Door") as at:
        at.feed("door", sample_of(flat(1280, 720, GREEN)))
        at.until(shows(GREEN, least=1280 * 720), "the whole display green")
        resize(640, 640)
        seen = at.until(
            lambda seen: bounds(near(seen, GREEN, 6))[2:] == (640, 500), "the picture in a window"
        )
        assert bounds(near(seen, GREEN, 6)) == (0, 140, 640, 500)
        at.press("f")
        framed = (128, 72, 1152, 648)
        at.until(lambda seen: bounds(near(seen, GREEN, 6)) == framed, "a window in the middle")
        at.press("f")
        at.until(shows(GREEN, least=1280 * 720), "the whole display again")


def test_lost_camera_is_a_slate_until_pictures_come_again() -> None:
    with desk("Door") as at:
        sample = sample_of(flat(1280, 720))
        middle = (slice(300, 420), slice(500, 780))
        at.until(shows(paint.WHITE, middle, least=50), "waiting for the first picture")
        at.feed("door", sample)
        at.until(shows(GRAY, least=900_000), "the picture")
        at.screen.view(CameraView("door", "lost", "the camera was unplugged"))
        slate = at.until(shows(paint.SLATE, least=850_000), "a slate")
        assert near(slate[middle], paint.WHITE).any()
        assert lacks(GRAY, (slice(0, 100), slice(None)))(slate)
        at.screen.view(CameraView("door", "live"))
        at.until(shows(GRAY, least=900_000), "the picture again")
        at.feed("door", None)
        at.screen.view(CameraView("door", "ended"))
        at.until(shows(paint.SLATE, least=850_000), "a slate at the end")


def test_silent_camera_says_so_on_its_last_picture_without_boxes() -> None:
    with desk("Door") as at:
        at.feed("door", sample_of(flat(1280, 720)))
        at.persons("door", (Box(0.6, 0.2, 0.9, 0.8), 0.9))
        at.until(shows(paint.BOX, least=500), "a box")
        at.feed("door", None)
        at.clock.step(3 * SECOND)
        middle = (slice(330, 390), slice(540, 740))
        seen = at.until(shows(paint.WHITE, middle, least=30), "how long no picture came")
        assert lacks(paint.BOX)(seen)
        assert near(seen[:200], GRAY).all()


def test_low_disk_is_told_and_in_red_when_nearly_full() -> None:
    corner = (slice(660, 720), slice(900, 1280))
    with desk("Door", low_disk=2_000_000_000) as at:
        at.feed("door", sample_of(flat(1280, 720)))
        at.screen.station(StationView(2_000_000_000))
        at.until(shows(GRAY, least=1280 * 720), "nothing but the picture")
        at.screen.station(StationView(1_200_000_000))
        at.until(shows(paint.AMBER, corner, least=30), "little disk")
        at.screen.station(StationView(150_000_000))
        at.until(shows(paint.RED, corner, least=30), "nearly no disk")


@dataclass
class FewKeys:
    """A keyboard that may be pulled out."""

    to_press: list[str]
    connected: bool = True

    def __post_init__(self) -> None:
        self._end, self._other = socket.socketpair()

    def fileno(self) -> int:
        return self._end.fileno()

    def pressed(self) -> Iterator[str]:
        while self.to_press:
            yield self.to_press.pop(0)

    def trouble(self) -> tuple[str, str]:
        return ("", "") if self.connected else ("no keyboard is connected", "Connect one")

    def close(self) -> None:
        self._end.close()
        self._other.close()


def test_screen_without_a_window_has_the_grid_and_its_keys_too() -> None:
    keys = FewKeys([])
    halves = (slice(260, 460), slice(10, 630)), (slice(260, 460), slice(650, 1270))

    def grid(seen: Pixels) -> bool:
        return bool(near(seen[halves[0]], GRAY).all() and near(seen[halves[1]], GREEN).all())

    with bare_desk("Door", "Yard", keys=keys) as at:
        at.feed("door", sample_of(flat(1280, 720)))
        at.feed("yard", sample_of(flat(1280, 720, GREEN)))
        both = at.until(grid, "both cameras")
        assert near(both[180:230, :60], paint.WHITE, 40).any(), "no name"
        keys.to_press += ["r", "2"]
        at.until(shows(GREEN, least=1280 * 700), "the second camera alone")
        keys.to_press += ["f", "s", "0"]
        at.until(grid, "both cameras again")
        assert at.keys == [("r", None), ("s", "yard")]


def test_lone_camera_without_a_window_has_the_display_for_itself() -> None:
    keys = FewKeys([])
    with bare_desk("Door", keys=keys) as at:
        at.feed("door", sample_of(flat(1280, 720)))
        at.until(shows(GRAY, least=1280 * 720), "the picture")
        keys.to_press += ["0", "2", "1", "r"]
        at.until(lambda _: len(at.keys) == 1, "a key")
        assert at.keys == [("r", "door")]
        assert shows(GRAY, least=1280 * 720)(at.settled())


def test_screen_without_keys_says_so_until_there_are_some() -> None:
    keys = FewKeys([], connected=False)
    with bare_desk("Door", keys=keys) as at:
        assert not at.screen.keys
        at.feed("door", sample_of(flat(1280, 720)))
        at.until(shows(paint.WHITE, (slice(600, 720), slice(0, 500)), 50), "a notice")
        keys.connected = True
        at.until(shows(GRAY, least=1280 * 720), "nothing but the picture")
        assert at.screen.keys


def test_open_screen_finds_the_display_and_says_where_keys_come_from() -> None:
    setup = ScreenSetup(fullscreen=False)
    screen = open_screen(setup, (("door", "Door"),), lambda _key, _camera: None)
    try:
        assert screen.name == "ximage"
        assert screen.keys
        assert screen.note.endswith("keys: in the window")
    finally:
        screen.close()
        screen.close()


def test_closing_the_window_ends_the_screen_with_an_error() -> None:
    with desk("Door") as at:
        at.feed("door", sample_of(flat(1280, 720)))
        at.until(shows(GRAY, least=900_000), "the picture")
        _ask_to_close()
        with pytest.raises(ScreenLost, match="closed"):
            at.until(lambda _: False, "nothing")


def _ask_to_close() -> None:
    display, opened = our_window()
    message = event.ClientMessage(
        window=opened,
        client_type=display.get_atom("WM_PROTOCOLS"),
        data=(32, [display.get_atom("WM_DELETE_WINDOW"), 0, 0, 0, 0]),
    )
    opened.send_event(message)
    display.sync()
    display.close()
