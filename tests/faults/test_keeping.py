"""A disk that runs full makes room for the next event; one that is pulled out is waited for."""

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smartrec.store import keeping
from smartrec.store.catalog import Catalog
from smartrec.units import SECOND
from tests.e2e.pictures import Grid, check, numbers
from tests.e2e.recorder import Home, Recorder, Row
from tests.faults.totals import Totals

HALF = SECOND // 2
SHORT = ("--pre-roll=0.5s", "--post-roll=0.5s")
COPY = (*SHORT, "--format=copy")


class Drive:
    """A small disk of its own, which can be pulled out and plugged in again as it was."""

    def __init__(self, at: Path, behind: Path, size: str) -> None:
        self.at = at
        self._behind = behind
        for path in (at, behind):
            path.mkdir()
        run("mount", "-t", "tmpfs", "-o", f"size={size}", "smartrec", str(behind))
        self.plug_in()

    def plug_in(self) -> None:
        run("mount", "--bind", str(self._behind), str(self.at))

    def pull_out(self) -> None:
        run("umount", "-l", str(self.at))

    def remove(self) -> None:
        for path in (self.at, self._behind):
            subprocess.run(["umount", "-l", str(path)], check=False, capture_output=True)


def run(*command: str) -> None:
    subprocess.run(command, check=True)


@pytest.fixture
def drive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Drive]:
    """Of 100 MB, or as the test says."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a file system")
    drive = Drive(tmp_path / "drive", tmp_path / "behind", getattr(request, "param", "100m"))
    try:
        yield drive
    finally:
        drive.remove()


def exact(row: Row, at: int, grid: Grid | None = None) -> None:
    assert row["state"] == "complete"
    check(row, at - HALF, at + HALF, grid)


@pytest.mark.long
@pytest.mark.parametrize("drive", ["20m"], indirect=True)
@pytest.mark.timeout(180)
def test_the_oldest_clips_make_room_on_a_small_disk(
    home: Home, drive: Drive, totals: Totals
) -> None:
    home = replace(home, clips=drive.at / "clips")
    events = 14
    with Recorder(home, ("demo", *COPY)) as running:
        running.wait_live()
        running.wait_ring(0.8)
        running.trigger()
        running.wait_ready()
        home.run("clips", "pin", "last")
        pinned = home.rows()[0]["clip_id"]
        moments = []
        for _ in range(events):
            moments.append(time.monotonic_ns())
            running.trigger(pts=moments[-1])
            running.wait_ready()
        running.stop()
    assert "to make room" in running.everything
    assert "cannot be written" not in running.everything
    rows = home.rows()
    assert len(rows) < events + 1
    assert [row["clip_id"] for row in rows if row["pinned"]] == [pinned]
    exact(rows[-1], moments[-1])
    assert "unlisted" not in home.run("clips", "verify")
    thumbnails = {path.stem for path in drive.at.rglob("*.jpg")}
    assert thumbnails == {row["file_name"] for row in rows}
    totals("a disk that runs full of clips", tried=events + 1, held=events + 1)


@pytest.mark.parametrize(
    "below",
    [
        pytest.param("clips", marks=pytest.mark.long),
        pytest.param("", marks=pytest.mark.exhaustive),
    ],
)
@pytest.mark.timeout(180)
def test_a_drive_that_is_pulled_out_while_recording_costs_nothing_on_another(
    home: Home, drive: Drive, below: str, totals: Totals
) -> None:
    home = replace(home, clips=drive.at / below)
    with Recorder(home, ("demo", "--pre-roll=0.5s", "--post-roll=3s")) as running:
        running.wait_live()
        running.wait_ring(0.8)
        before = time.monotonic_ns()
        running.trigger(pts=before)
        running.wait_for("recording")
        drive.pull_out()
        running.wait_for("nothing is mounted on .*; cameras go on")
        running.wait_until(lambda status: status["finishing"] == 1)
        assert list(drive.at.iterdir()) == []
        drive.plug_in()
        running.wait_for("the disk of .* is back")
        running.wait_ready(2)
        at = time.monotonic_ns()
        running.trigger(pts=at)
        running.wait_ready()
        running.stop()
    drive.pull_out()
    assert list(drive.at.iterdir()) == []
    drive.plug_in()
    cut, rest, last = sorted(home.rows(), key=lambda row: row["first_pts"])
    drawn = [*numbers(Path(cut["path"])), *numbers(Path(rest["path"]))]
    grid = Grid.of(cut, drawn[0])
    assert drawn == grid.within(before - HALF, before + 3 * SECOND)
    assert (cut["frames_surplus"], rest["frames_surplus"]) == (0, 0)
    check(last, at - HALF, at + 3 * SECOND, grid)
    assert "unlisted" not in home.run("clips", "verify")
    totals("the drive of the clips pulled out while recording", tried=1, held=1)


@pytest.mark.long
@pytest.mark.timeout(120)
def test_a_drive_that_is_not_there_at_the_start_is_asked_for(home: Home, drive: Drive) -> None:
    home = replace(home, clips=drive.at / "clips")
    with Recorder(home, ("demo", *SHORT)) as running:
        running.wait_live()
        running.stop()
    drive.pull_out()
    with Recorder(home, ("demo", *SHORT)) as refused:
        assert refused.status_at_end() == 6
    assert "is not mounted now" in refused.everything
    assert list(drive.at.iterdir()) == []
    with Recorder(home, ("demo", "--new-disk", *SHORT)) as running:
        running.wait_live()
        running.trigger()
        running.wait_ready()
        running.stop()
    assert len(home.rows()) == 1


@pytest.mark.long
def test_the_next_recorder_empties_the_trash_that_a_killed_one_left(
    home: Home, totals: Totals
) -> None:
    with Recorder(home, ("demo", *COPY)) as running:
        running.wait_live()
        running.wait_ring(0.8)
        moments = []
        for _ in range(3):
            moments.append(time.monotonic_ns())
            running.trigger(pts=moments[-1])
            running.wait_ready()
        gone, restored, kept = home.rows()
        with Catalog.open(home.clips, create=False) as catalog:
            ids = [str(row["clip_id"]) for row in (gone, restored)]
            keeping.trash(catalog, ids, time.time_ns())
        assert home.rows() == [kept]
        home.run("clips", "restore", ids[1])
        running.kill()
    at_once = {"SMARTREC_RETENTION__TRASH": "0s"}
    with Recorder(home, ("demo", *COPY), environ=at_once) as running:
        running.wait_for(rf"deleted .*{gone['file_name']}.* from the trash")
        running.stop()
    assert home.rows() == [restored, kept]
    for row, moment in zip(home.rows(), moments[1:], strict=True):
        exact(row, moment)
    assert not list(home.clips.glob(f"{gone['file_name']}*"))
    assert "unlisted" not in home.run("clips", "verify")
    totals("a recorder killed while clips are in the trash", tried=3, held=3)
