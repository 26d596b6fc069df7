"""The real program in a real window: what it shows, its keys, and what may happen to a window."""

import signal
from typing import Any

import numpy as np
import pytest

from smartrec.media.demo_scene import person_box
from smartrec.media.frame_number import read_number
from smartrec.media.screen.paint import BOX
from smartrec.model import Box
from smartrec.units import SECOND
from tests.e2e.pictures import check
from tests.e2e.recorder import DETECTING, Home, Recorder
from tests.e2e.test_persons import overlap
from tests.xserver import HEIGHT, WIDTH, Pixels, XServer, run, start

PRE, POST = 2 * SECOND, 2 * SECOND
TIMING = ("--pre-roll", "2s", "--post-roll", "2s")
WINDOW = r"window on screen"
STANDING = 360
"""A picture of the demo in the middle of the time in which the person stands still."""


def shown(home: Home, server: XServer, **environ: str) -> Recorder:
    """A demo recorder with a window there."""
    there = {"DISPLAY": server.display, "WAYLAND_DISPLAY": "", "XAUTHORITY": ""}
    return Recorder(home, ("demo", *TIMING), environ={**there, **environ}, headless=False)


def wait_for_picture(server: XServer, running: Recorder) -> None:
    """Until the demo's own picture is on the screen."""
    running.wait_until(lambda _: number_on(server.picture()) is not None)


def number_on(pixels: Pixels) -> int | None:
    """Which of the demo's pictures a screenshot shows."""
    return read_number(np.ascontiguousarray(pixels.max(axis=2)))


def exact(row: dict[str, Any]) -> None:
    """The clip holds just what was asked for, whatever happened to the window."""
    pts = row["triggers"][0]["pts"]
    check(row, pts - PRE, pts + POST)


def test_keys_of_the_window_record_stop_and_end(home: Home, x_server: XServer) -> None:
    with shown(home, x_server) as running:
        running.wait_for(WINDOW)
        wait_for_picture(x_server, running)
        run("xdotool", "key", "r")
        running.wait_for(r"recording \(key-R\)")
        run("xdotool", "key", "r")
        running.wait_for(r"extended \(key-R\)")
        run("xdotool", "key", "s")
        running.wait_ready()
        run("xdotool", "key", "Escape")
        assert "ESC" in running.end()
    (row,) = home.rows()
    assert row["state"] == "stopped"
    assert row["frames_lost"] == 0


@pytest.mark.long
def test_window_that_is_killed_comes_back_and_the_clip_is_whole(
    home: Home, x_server: XServer
) -> None:
    with shown(home, x_server) as running:
        running.wait_for(WINDOW)
        wait_for_picture(x_server, running)
        running.wait_ring(PRE / SECOND)
        answer = running.trigger()
        window = run("xdotool", "search", "--onlyvisible", "--name", "smartrec")
        run("xdotool", "windowkill", window.split()[0])
        running.wait_for("recording goes on")
        running.wait_for(WINDOW)
        wait_for_picture(x_server, running)
        running.wait_ready()
        running.stop()
    (row,) = [row for row in home.rows() if row["clip_id"] == answer.clip_id]
    exact(row)


@pytest.mark.long
def test_x_server_that_dies_and_returns_costs_no_picture(home: Home, x_server: XServer) -> None:
    with shown(home, x_server) as running:
        running.wait_for(WINDOW)
        wait_for_picture(x_server, running)
        running.wait_ring(PRE / SECOND)
        answer = running.trigger()
        x_server.kill()
        running.wait_for("recording goes on")
        running.wait_ready()
        again = start(x_server.display)
        try:
            running.wait_for(WINDOW)
            wait_for_picture(again, running)
            running.stop()
        finally:
            again.stop()
    (row,) = [row for row in home.rows() if row["clip_id"] == answer.clip_id]
    exact(row)


@pytest.mark.long
def test_recorder_without_a_display_says_so_and_records(home: Home) -> None:
    environ = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
    with Recorder(home, ("demo", *TIMING), environ=environ, headless=False) as running:
        running.wait_for("no screen")
        running.wait_ring(PRE / SECOND)
        running.trigger()
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    exact(row)


def test_person_is_boxed_where_she_is_and_recording_shows(home: Home, x_server: XServer) -> None:
    standing = person_box(STANDING)
    assert standing is not None
    with shown(home, x_server, **DETECTING) as running:
        running.wait_for(WINDOW)
        wait_for_picture(x_server, running)
        assert box_on(x_server.picture()) is None, "a box, and nobody is there"
        running.wait_for(r"recording \(person\)")
        running.wait_until(lambda _: _boxed(x_server.picture(), standing))
        running.wait_until(lambda _: _recording_light(x_server.picture()))
        running.stop(signal.SIGINT)


def _boxed(pixels: Pixels, where: Box) -> bool:
    box = box_on(pixels)
    return box is not None and overlap(box, where) > 0.6


def _recording_light(pixels: Pixels) -> bool:
    corner = pixels[: HEIGHT // 8, WIDTH // 2 :].astype(np.int16)
    red = (corner[..., 0] > 150) & (corner[..., 1] < 90) & (corner[..., 2] < 90)
    return bool(red.sum() > 40)


def box_on(pixels: Pixels) -> Box | None:
    """The rectangle in the boxes' colour."""
    colour = np.array(BOX, np.int16)
    near = (np.abs(pixels.astype(np.int16) - colour) < 40).all(axis=2)
    near[: HEIGHT // 20] = False
    rows = np.flatnonzero(near.sum(axis=1) > 100)
    columns = np.flatnonzero(near.sum(axis=0) > 100)
    if len(rows) < 2 or len(columns) < 2:
        return None
    return Box(
        int(columns[0]) / WIDTH,
        int(rows[0]) / HEIGHT,
        (int(columns[-1]) + 1) / WIDTH,
        (int(rows[-1]) + 1) / HEIGHT,
    )
