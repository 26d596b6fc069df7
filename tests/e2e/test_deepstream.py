"""The real program on DeepStream, simulated: stand-ins for NVIDIA's elements, all else is real.

The watching process decodes, batches, detects, draws and shows by one pipeline, in which the
elements are those of `tests.deepstream.stand_ins`; the metadata is made by NVIDIA's own library.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from smartrec.media.demo_scene import HEIGHT as DEMO_HEIGHT
from smartrec.media.demo_scene import (
    LOOP_FRAMES,
    PERSON_FIRST,
    PERSON_LAST,
    Scene,
    person_box,
    picture_of,
)
from smartrec.media.demo_scene import WIDTH as DEMO_WIDTH
from smartrec.model import Box, Look, Verdict
from smartrec.units import SECOND
from tests.deepstream.machine import deepstream_environment
from tests.deepstream.stand_ins.inferring import BUILD
from tests.e2e.pictures import FPS, Grid, check, film
from tests.e2e.recorder import DETECTING, Home, Recorder, settings
from tests.e2e.test_persons import PATIENT, looks_of, overlap, stands
from tests.e2e.test_screen import box_on, number_on
from tests.xserver import HEIGHT, WIDTH, XServer, run, start

PRE, POST = 2 * SECOND, 2 * SECOND
TIMING = ("--pre-roll", "2s", "--post-roll", "2s")
SEES = r"sees persons from 50% on \(NanoDet-G\); by DeepStream 9\.1"
ENGINE = ("--engine", "deepstream")
STANDING = 360
"""A picture of the demo in the middle of the time in which the person stands still."""

Machine = Callable[..., dict[str, str]]


@pytest.fixture
def deepstream(tmp_path: Path) -> Machine:
    """The environment of a machine with DeepStream and a detector that is on."""

    def made(*, new_mux: bool = False) -> dict[str, str]:
        return {**deepstream_environment(tmp_path, new_mux=new_mux), **DETECTING}

    return made


def demo(home: Home, environ: dict[str, str], *arguments: str) -> Recorder:
    return Recorder(home, ("demo", *ENGINE, *TIMING, *arguments), environ=environ)


def shown(home: Home, server: XServer, environ: dict[str, str], *begin: str) -> Recorder:
    there = {"DISPLAY": server.display, "WAYLAND_DISPLAY": "", "XAUTHORITY": ""}
    begin = begin or ("demo", *ENGINE)
    return Recorder(home, (*begin, *TIMING), environ={**environ, **there}, headless=False)


def exact(row: dict[str, Any], post: int = POST) -> Grid:
    """The clip holds just what its trigger asked for."""
    (trigger,) = row["triggers"]
    return check(row, trigger["pts"] - PRE, trigger["last_pts"] + post)


@pytest.mark.long
def test_window_shows_her_box_and_its_key_r_leaves_an_exact_clip(
    home: Home, x_server: XServer, deepstream: Machine
) -> None:
    standing = person_box(STANDING)
    assert standing is not None
    # Her own clip could be open when the key is pressed, and would be extended.
    only_keys = {**deepstream(), "SMARTREC_TRIGGER__PERSON": "false"}
    with shown(home, x_server, only_keys) as running:
        running.wait_for(SEES)
        running.wait_until(lambda _: number_on(x_server.picture()) is not None)
        assert box_on(x_server.picture()) is None, "a box, and nobody is there"
        running.wait_ring(PRE / SECOND)
        run("xdotool", "key", "r")
        running.wait_for(r"recording \(key-R\)")
        running.wait_until(lambda _: _boxed(x_server, standing))
        running.wait_ready()
        run("xdotool", "key", "Escape")
        assert "ESC" in running.end()
    (row,) = home.rows()
    (pressed,) = row["triggers"]
    assert (row["engine"], pressed["reason"]) == ("deepstream", "key-R")
    check(row, pressed["pts"] - PRE, pressed["pts"] + POST)


def _boxed(server: XServer, where: Box) -> bool:
    box = box_on(server.picture())
    return box is not None and overlap(box, where) > 0.6


@pytest.mark.timeout(120)
@pytest.mark.long
@pytest.mark.parametrize("new_mux", [False, True])
def test_two_cameras_share_one_watch_and_each_gets_its_clip(
    home: Home, deepstream: Machine, new_mux: bool
) -> None:
    config = settings(home.clips.parent / "two.toml", ["demo"] * 2)
    patient = (*TIMING, f"--post-roll={PATIENT / SECOND}s")
    begin = ("run", "--config", str(config), *ENGINE, *patient)
    with Recorder(home, begin, environ=deepstream(new_mux=new_mux)) as running:
        running.wait_live(2)
        running.wait_for(SEES)
        for _ in range(2):
            running.wait_for(r"recording \(person\)")
        running.wait_ready(2)
        running.stop()
    first = {row["camera"]: row for row in reversed(home.rows())}  # she may be back before the end
    assert set(first) == {"cam0", "cam1"}
    for row in first.values():
        assert (row["engine"], row["triggers"][0]["reason"]) == ("deepstream", "person")
        assert row["model_digest"]
        _looks_are_true(looks_of(home, row), exact(row, PATIENT), row["triggers"][0])


def _looks_are_true(looks: Sequence[Look], grid: Grid, trigger: Mapping[str, int]) -> None:
    """She is found where she is, and recorded for as long as that."""
    shown = []
    for look in looks:
        number = grid.number(look.pts)
        sure = [track for track in look.tracks if track.score >= 0.5]
        where = person_box(number)
        if where is None:
            assert not sure, f"nobody is in frame {number % LOOP_FRAMES}"
        elif stands(number):
            assert len(sure) == 1, f"frame {number % LOOP_FRAMES}"
            assert overlap(sure[0].box, where) > 0.6, (number, sure, where)
            shown.append(look.pts)
    assert len(shown) >= 5
    assert trigger["pts"] <= shown[1]
    assert trigger["last_pts"] >= shown[-1]
    for moment in (trigger["pts"], trigger["last_pts"]):
        assert PERSON_FIRST <= grid.number(moment) % LOOP_FRAMES <= PERSON_LAST


@pytest.mark.long
@pytest.mark.timeout(120)
def test_camera_that_ends_goes_quiet_and_the_other_is_watched_on(
    home: Home, deepstream: Machine, tmp_path: Path
) -> None:
    gone = film(tmp_path / "gone.mp4", 10 * FPS, "-c:v", "libx264", "-preset", "ultrafast")
    config = settings(tmp_path / "two.toml", [f"file:{gone}", "demo"])
    begin = ("run", "--config", str(config), *ENGINE, *TIMING)
    with Recorder(home, begin, environ=deepstream()) as running:
        running.wait_for(SEES)
        running.wait_until(lambda s: {c["phase"] for c in s["cameras"]} == {"ended", "live"})
        running.wait_for(r"cam1: recording \(person\)")
        running.wait_ready()
        assert running.status()["watch"]["starts"] == 1
        running.stop()
    (row,) = [row for row in home.rows() if row["camera"] == "cam1"]
    grid = exact(row)
    # The other one ended while she was there, or before.
    last = round((row["triggers"][0]["last_pts"] - grid.start) * FPS / SECOND)
    assert PERSON_LAST - FPS <= last % LOOP_FRAMES <= PERSON_LAST


@pytest.mark.timeout(120)
def test_two_cameras_share_a_window_and_one_can_be_seen_alone(
    home: Home, x_server: XServer, deepstream: Machine
) -> None:
    config = settings(home.clips.parent / "two.toml", ["demo"] * 2)
    begin = ("run", "--config", str(config), *ENGINE)
    with shown(home, x_server, deepstream(), *begin) as running:
        running.wait_for(SEES)
        running.wait_until(lambda _: len(_numbers(x_server)) == 2)
        assert number_on(x_server.picture()) is None
        run("xdotool", "key", "2")
        running.wait_until(lambda _: number_on(x_server.picture()) is not None)
        run("xdotool", "key", "0")
        running.wait_until(lambda _: len(_numbers(x_server)) == 2)
        running.stop()


def _numbers(server: XServer) -> list[int]:
    """What the demo says in each half of the screen, its pictures side by side in the middle."""
    pixels = server.picture()[HEIGHT // 4 : HEIGHT // 4 * 3]
    halves = (pixels[:, : WIDTH // 2], pixels[:, WIDTH // 2 :])
    return [number for half in halves if (number := number_on(half)) is not None]


@pytest.mark.timeout(120)
@pytest.mark.long
def test_camera_that_sends_h264_is_watched_as_well(
    home: Home, deepstream: Machine, tmp_path: Path
) -> None:
    path = tmp_path / "her.mkv"
    scene = Scene()
    pictures = b"".join(scene.draw(picture_of(n)).tobytes() for n in range(330, 360))
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-r", str(FPS)),
            *("-s", f"{DEMO_WIDTH}x{DEMO_HEIGHT}", "-i", "-", "-pix_fmt", "yuv420p"),
            *("-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "20", str(path)),
        ],
        input=pictures,
        check=True,
        timeout=60,
    )
    config = settings(tmp_path / "her.toml", [f"file:{path}"])
    config.write_text(config.read_text() + "loop = true\n")
    begin = ("run", "--config", str(config), *ENGINE, *TIMING)
    with Recorder(home, begin, environ=deepstream()) as running:
        running.wait_for(SEES)
        running.wait_for(r"recording \(person\)")
        running.command(stop=True)
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    assert (row["engine"], row["frames_lost"]) == ("deepstream", 0)
    standing = person_box(STANDING)
    assert standing is not None
    tracks = [track for look in looks_of(home, row) for track in look.tracks if track.score > 0.5]
    assert tracks
    assert all(overlap(track.box, standing) > 0.6 for track in tracks)


@pytest.mark.long
def test_recording_goes_on_while_the_engine_is_built(
    home: Home, deepstream: Machine, tmp_path: Path
) -> None:
    cache = tmp_path / "no engine yet"
    cache.mkdir()
    for pictures in Path(home.environ["SMARTREC_CACHE_DIR"]).glob("demo-*"):
        (cache / pictures.name).symlink_to(pictures)
    os.mkfifo(tmp_path / "build")
    held = {BUILD: str(tmp_path / "build"), "SMARTREC_CACHE_DIR": str(cache)}
    with demo(home, {**deepstream(), **held}) as running:
        running.wait_for("TensorRT builds")
        running.wait_ring(PRE / SECOND)
        at = time.monotonic_ns()
        assert running.trigger(pts=at).verdict is Verdict.ACCEPTED
        running.wait_ready()
        (tmp_path / "build").write_text("")
        running.wait_for(SEES)
        running.stop()
    row = min(home.rows(), key=lambda row: int(row["first_pts"]))
    assert row["engine"] == "none"
    check(row, at - PRE, at + POST)


def test_watch_that_is_killed_comes_back_and_costs_no_picture(
    home: Home, deepstream: Machine
) -> None:
    with demo(home, deepstream()) as running:
        running.wait_for(SEES)
        running.wait_ring(PRE / SECOND)
        at = time.monotonic_ns()
        answer = running.trigger(pts=at)
        watch = running.watch()
        assert watch is not None
        os.kill(watch, signal.SIGKILL)
        running.wait_for("recording goes on")
        running.wait_for(SEES)
        running.command(stop=True)
        running.wait_ready()
        running.stop()
    row = next(row for row in home.rows() if row["clip_id"] == answer.clip_id)
    assert row["frames_lost"] == 0
    assert 0 <= row["first_pts"] - (at - PRE) < SECOND // FPS


@pytest.mark.long
@pytest.mark.timeout(120)
def test_window_opens_when_the_screen_that_was_gone_returns(
    home: Home, x_server: XServer, deepstream: Machine
) -> None:
    with shown(home, x_server, deepstream()) as running:
        running.wait_for(SEES)
        running.wait_until(lambda _: number_on(x_server.picture()) is not None)
        x_server.kill()
        running.wait_until(lambda status: status["watch"]["starts"] > 1)
        running.wait_until(lambda status: status["watch"]["engine"] == "deepstream")
        assert running.status()["watch"]["screen"] == ""
        server = start(x_server.display)
        try:
            running.wait_until(lambda _: number_on(server.picture()) is not None)
            running.stop()
        finally:
            server.stop()


@pytest.mark.long
def test_without_deepstream_it_says_so_and_records_by_command(home: Home) -> None:
    environ = {**DETECTING, "SMARTREC_DEEPSTREAM": str(home.clips / "nowhere")}
    with demo(home, environ) as running:
        running.wait_for(r"DeepStream is not installed: .*nowhere is not there")
        running.wait_ring(PRE / SECOND)
        at = time.monotonic_ns()
        running.trigger(pts=at)
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    assert row["engine"] == "none"
    check(row, at - PRE, at + POST)
