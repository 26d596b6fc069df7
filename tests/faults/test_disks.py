"""A disk that is full, gone or not to be written: cameras go on, and so do clips as soon as it is.

All of it is in the default run; needs root, to mount small file systems.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smartrec.units import SECOND
from tests.e2e.pictures import Grid, check, numbers
from tests.e2e.recorder import READY, Home, Recorder
from tests.faults.totals import Totals

PRE, POST = SECOND, 5 * SECOND
LENGTHS = (f"--pre-roll={PRE // SECOND}s", f"--post-roll={POST // SECOND}s")
SHORT = ("--pre-roll=0.5s", "--post-roll=0.5s")
HALF = SECOND // 2


@pytest.fixture
def mounted(home: Home, tmp_path: Path) -> Iterator[Home]:
    """The clips are on a file system of their own, of 10 MB: three seconds of pictures."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a file system")
    at = tmp_path / "disk"
    at.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=10m", "smartrec", str(at)], check=True)
    try:
        yield replace(home, clips=at / "clips")
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def remount(home: Home, options: str) -> None:
    disk = str(home.clips.parent)
    subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True)


@pytest.mark.long
@pytest.mark.timeout(120)
def test_a_full_disk_costs_no_picture_if_there_is_room_again_in_time(
    mounted: Home, totals: Totals
) -> None:
    home = mounted
    with Recorder(home, ("demo", *LENGTHS)) as running:
        running.wait_live()
        running.wait_ring(1.2)
        at = time.monotonic_ns()
        first = running.trigger(pts=at)
        running.wait_for("clips cannot be written to .*; cameras go on")
        running.wait_for(r"recorded \(disk-full\)")
        status = running.status()
        assert "No space left" in status["disk"]
        assert [camera["phase"] for camera in status["cameras"]] == ["live"]
        remount(home, "size=100m")
        for _ in range(3):  # the cut clip may be finished before or after there is room
            running.wait_for(f"clips can be written to .* again|{READY}")
        again = time.monotonic_ns()
        running.trigger(pts=again)
        running.wait_ready()
        running.wait_until(lambda status: status["disk"] is None)
        assert running.stop() == "stopped (SIGTERM): 3 clips"
    cut, rest, later = sorted(home.rows(), key=lambda row: row["first_pts"])
    assert (cut["state"], rest["state"]) == ("disk-full", "complete")
    assert cut["clip_id"] == first.clip_id
    assert cut["event_id"] == rest["event_id"]
    drawn = [*numbers(Path(cut["path"])), *numbers(Path(rest["path"]))]
    grid = Grid.of(cut, drawn[0])
    assert drawn == grid.within(at - PRE, at + POST)
    check(later, again - PRE, again + POST, grid)
    assert "disk-full" in home.run("clips", "show", cut["clip_id"])
    assert home.left_over() == []
    totals("disk full, then room again", tried=1, held=1)


@pytest.mark.long
@pytest.mark.timeout(120)
def test_a_directory_that_takes_nothing_for_a_while_costs_nothing(
    mounted: Home, totals: Totals
) -> None:
    home = mounted
    journals = str(home.clips / ".open")
    with Recorder(home, ("demo", *SHORT)) as running:
        running.wait_live()
        running.wait_ring(0.8)
        # A file system that is written to cannot be made read-only; one can be laid over it.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "smartrec", journals], check=True)
        at = time.monotonic_ns()
        running.trigger(pts=at)
        running.wait_for("clips cannot be written to .*; cameras go on")
        subprocess.run(["umount", journals], check=True)
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    check(row, at - HALF, at + HALF)
    totals("directory read-only, then not", tried=1, held=1)


def test_a_clip_directory_that_is_removed_is_made_again(home: Home, totals: Totals) -> None:
    with Recorder(home, ("demo", *SHORT)) as running:
        running.wait_live()
        running.trigger()
        running.wait_ready()
        shutil.rmtree(home.clips)
        at = time.monotonic_ns()
        running.trigger(pts=at)
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    check(row, at - HALF, at + HALF)
    totals("clip directory removed", tried=1, held=1)


@pytest.mark.long
def test_a_clip_whose_directory_is_removed_goes_on_with_what_the_ring_holds(
    home: Home, totals: Totals
) -> None:
    with Recorder(home, ("demo", "--pre-roll=4s", "--post-roll=2s")) as running:
        running.wait_live()
        running.wait_ring(0.5)
        at = time.monotonic_ns()
        gone = running.trigger(pts=at).clip_id
        shutil.rmtree(home.clips)
        running.wait_for("clips cannot be written to .*(was removed|No such file).*; cameras go on")
        for _ in range(2):  # the finisher of what is gone gives up at once, or at its second try
            running.wait_for(f"clip {gone} failed|{READY}")
        running.stop()
    row = next(row for row in home.rows() if row["clip_id"] != gone)
    assert (row["state"], row["part"]) == ("complete", 2)
    drawn = check(row, at - 4 * SECOND, at + 2 * SECOND)
    assert drawn.start == row["first_pts"]  # from the camera's first picture on
    totals("clip directory removed while recording", tried=1, held=1)


@pytest.mark.long
def test_clips_stay_where_a_link_led_when_it_is_changed(home: Home, tmp_path: Path) -> None:
    places = tmp_path / "one", tmp_path / "other"
    for place in places:
        place.mkdir()
    home.clips.symlink_to("one")
    with Recorder(home, ("demo", "--pre-roll=0.5s", "--post-roll=2s")) as running:
        running.wait_live()
        running.trigger()
        running.wait_for("recording")
        (tmp_path / "new").symlink_to("other")
        (tmp_path / "new").replace(home.clips)
        running.wait_ready()
        running.home = replace(home, clips=places[0])
        running.trigger()
        running.wait_ready()
        running.stop()
    assert len(running.home.rows()) == 2
    assert "unlisted" not in running.home.run("clips", "verify")
    assert list(places[1].iterdir()) == []


@pytest.mark.long
def test_a_second_recorder_takes_no_journals_where_the_lock_was_removed(home: Home) -> None:
    with Recorder(home, ("demo", *SHORT)) as running:
        running.wait_live()
        shutil.rmtree(home.clips)
        with Recorder(home, ("demo", *SHORT)) as second:
            assert second.status_at_end() == 6
        assert "another recorder still keeps its clips" in second.everything
        running.trigger()
        running.wait_ready()
        running.stop()
    assert len(home.rows()) == 1
