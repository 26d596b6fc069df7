"""The whole program on a disk that fails or hangs at some call; the rest is in test_disk_points.py.

In the exhaustive run only.
"""

import errno
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from smartrec.units import SECOND
from tests.e2e.pictures import Grid, numbers
from tests.e2e.recorder import Home, Recorder, settings
from tests.faults.faulty_disk import CHANGING, FOR_EVER, Call, FaultyDisk
from tests.faults.totals import Totals

HALF = SECOND // 2
LENGTHS = {"pre_roll": "0.5s", "post_roll": "0.5s"}
STOPS_WITHIN = 100
"""Seconds, of which most are patience with a disk that may only be slow."""


@pytest.fixture
def disk(tmp_path: Path) -> FaultyDisk:
    return FaultyDisk(tmp_path / "disk")


def two_cameras(home: Home, tmp_path: Path) -> tuple[str, ...]:
    path = settings(tmp_path / "settings.toml", ["demo", "demo"], recording=LENGTHS)
    return ("run", "--config", str(path))


def next_start(home: Home) -> None:
    """A recorder on a sound disk finishes what is left."""
    with Recorder(home, ("demo", "--for", "1s")) as running:
        running.wait_live()
        running.end()
    assert home.left_over() == []
    home.run("clips", "verify")
    for path in home.clips.glob("*.mp4"):
        playable(path)


def playable(path: Path) -> None:
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", str(path)]
    probed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert probed.returncode == 0, probed.stderr
    assert not probed.stderr


@pytest.mark.exhaustive
@pytest.mark.timeout(300)
def test_a_write_that_hangs_costs_neither_another_camera_nor_the_stop(
    home: Home, tmp_path: Path, disk: FaultyDisk, totals: Totals
) -> None:
    arguments = two_cameras(home, tmp_path)
    with Recorder(home, arguments, environ=disk.environ(home.clips)) as running:
        running.wait_live(2)
        running.wait_ring(0.8)
        disk.hang([Call.WRITE], 2)
        hung = time.monotonic_ns()
        running.command("cam0", pts=hung)
        running.wait_until(lambda _: disk.hanging == 1)
        running.trigger("cam1")
        running.wait_ready()
        running.wait_for("cam0: .* takes nothing for 30 s")
        running.wait_for("clips cannot be written to .* dmesg")
        assert all(camera["phase"] == "live" for camera in running.status()["cameras"])
        running.send(signal.SIGTERM)
        running.end(STOPS_WITHIN)
    next_start(home)
    held(home, "cam0", hung)
    totals("a write that hangs in the whole program", tried=1, held=1)


@pytest.mark.exhaustive
@pytest.mark.timeout(300)
def test_a_disk_that_hangs_for_ever_costs_neither_cameras_nor_keys_nor_the_stop(
    home: Home, tmp_path: Path, disk: FaultyDisk, totals: Totals
) -> None:
    with Recorder(home, two_cameras(home, tmp_path), environ=disk.environ(home.clips)) as running:
        running.wait_live(2)
        running.wait_ring(0.8)
        running.trigger("cam0")
        running.wait_ready()
        disk.hang(Call, 1, times=FOR_EVER)
        running.command()
        running.wait_for("clips cannot be written to .* dmesg")
        before = [camera["ring_bytes"] for camera in running.status()["cameras"]]
        later = running.wait_until(
            lambda status: all(
                camera["ring_bytes"] != bytes_
                for camera, bytes_ in zip(status["cameras"], before, strict=True)
            )
        )
        assert all(camera["phase"] == "live" for camera in later["cameras"])
        running.send(signal.SIGTERM)
        running.end(STOPS_WITHIN)
    next_start(home)
    assert any(row["state"] == "complete" for row in home.rows())
    totals("a disk that hangs for ever under the whole program", tried=1, held=1)


def held(home: Home, camera: str, *moments: int) -> None:
    """Every picture around some moments is in one of a camera's clips."""
    rows = [row for row in home.rows() if row["camera_id"] == camera and row["sha256"]]
    drawn = [numbers(Path(row["path"])) for row in rows]
    grid = Grid.of(rows[0], drawn[0][0])
    for moment in moments:
        assert set(grid.within(moment - HALF, moment + HALF)) <= {n for each in drawn for n in each}


def one_fault(home: Home, disk: FaultyDisk, at: int, error: int) -> int:
    """An event during which the `at`-th call fails, and one more; how many calls there were."""
    arguments = ("demo", "--pre-roll=0.5s", "--post-roll=0.5s")
    with Recorder(home, arguments, environ=disk.environ(home.clips)) as running:
        running.wait_live()
        running.wait_ring(0.8)
        disk.fail(CHANGING, at, error)
        first = time.monotonic_ns()
        running.trigger(pts=first)
        running.wait_ready()
        seen = disk.seen
        disk.heal()
        second = time.monotonic_ns()
        running.trigger(pts=second)
        running.wait_ready()
        running.stop()
        assert "Traceback" not in running.everything
    next_start(home)
    held(home, "cam0", first, second)
    shutil.rmtree(home.clips)
    return seen


@pytest.mark.exhaustive
@pytest.mark.timeout(20_000)
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_every_call_that_fails_in_the_whole_program_costs_nothing(
    home: Home, disk: FaultyDisk, totals: Totals, error: int
) -> None:
    at, seen = 0, 1
    while at < seen:
        at += 1
        seen = one_fault(home, disk, at, error)
    totals("a call to the disk that fails in the whole program", tried=at, held=at)


@pytest.mark.long
@pytest.mark.parametrize("call", [1, 30])
def test_a_start_on_a_disk_that_hangs_says_so_and_can_be_stopped(
    home: Home, disk: FaultyDisk, call: int, totals: Totals
) -> None:
    home.clips.mkdir()
    disk.hang(Call, call, times=FOR_EVER)
    with Recorder(home, environ=disk.environ(home.clips)) as running:
        running.wait_for("waiting for the disk of .*: it does not answer")
        running.send(signal.SIGTERM)
        assert running.status_at_end() in (6, -signal.SIGTERM)  # before it takes signals, or later
    next_start(home)
    totals("a disk that hangs from the start", tried=1, held=1)
