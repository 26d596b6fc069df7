"""The real program and a stand-in for a watch that records: one exact clip, whatever it answers."""

import time
from pathlib import Path

import pytest

from smartrec.media.mp4 import identity
from smartrec.units import SECOND
from tests.e2e.pictures import check
from tests.e2e.recorder import Home, Recorder, Row, pause_until
from tests.e2e.smart_watch import environment

HALF = SECOND // 2
SHORT = ("--pre-roll=0.5s", "--post-roll=0.5s")


def recorder(home: Home, mode: str) -> Recorder:
    return Recorder(home, ("demo", *SHORT), environ=environment(mode))


def ready(running: Recorder) -> None:
    """Pictures come, and the watch has those of a pre-roll."""
    running.wait_live()
    running.wait_until(lambda status: status["watch"]["engine"] == "deepstream")
    pause_until(time.monotonic_ns() + SECOND)
    running.wait_ring(0.8)


def record(home: Home, mode: str, said: str) -> Row:
    """One clip, which holds exactly what was asked."""
    with recorder(home, mode) as running:
        ready(running)
        at = time.monotonic_ns()
        running.trigger(pts=at)
        if said:
            running.wait_for(said)
        running.wait_ready()
        running.stop()
        assert "Traceback" not in running.everything
    (row,) = home.rows()
    check(row, at - HALF, at + HALF)
    assert home.left_over() == ["nvdssr"]
    assert list((home.clips / ".open" / "nvdssr").iterdir()) == []
    return row


@pytest.mark.timeout(120)
def test_what_the_watch_recorded_becomes_the_clip(home: Home) -> None:
    row = record(home, "records", "")
    assert row["encoder"] == "nvdssr"
    assert identity(Path(row["path"]))["clip_id"] == row["clip_id"]
    assert "nvdssr" in home.run("clips", "show", "last")


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("refuses", "Smart Record: the stand-in does not want to; .* from its journal - ask again"),
        pytest.param(
            "garbage",
            "Smart Record's file is not taken .* is made from the journal",
            marks=pytest.mark.long,
        ),
        pytest.param(
            "dies",
            "Smart Record: the watching process ended; .* from its journal",
            marks=pytest.mark.long,
        ),
    ],
)
def test_what_the_watch_failed_to_record_is_made_of_the_journal(
    home: Home, mode: str, said: str
) -> None:
    row = record(home, mode, said)
    assert row["encoder"] not in ("nvdssr", None)


@pytest.mark.timeout(120)
@pytest.mark.long
def test_a_recorder_that_is_stopped_waits_for_what_the_watch_records(home: Home) -> None:
    long = ("demo", "--pre-roll=0.5s", "--post-roll=40s")
    with Recorder(home, long, environ=environment("records")) as running:
        ready(running)
        running.trigger()
        pause_until(time.monotonic_ns() + SECOND)
        running.stop()
        assert "Traceback" not in running.everything
    (row,) = home.rows()
    assert (row["state"], row["encoder"]) == ("stopped", "nvdssr")
    assert row["frames_lost"] == 0
    check(row, row["triggers"][0]["pts"] - HALF, row["last_pts"] + 1)


@pytest.mark.long
@pytest.mark.timeout(120)
def test_a_recorder_that_is_killed_loses_nothing_of_what_the_watch_recorded(home: Home) -> None:
    with recorder(home, "records") as running:
        ready(running)
        at = time.monotonic_ns()
        clip = running.trigger(pts=at).clip_id
        running.wait_for(r"recorded \(complete\)|recorded .complete.")
        running.kill()
    with Recorder(home, ("demo", *SHORT)) as next_one:
        next_one.wait_ready()
        next_one.stop()
    (row,) = home.rows()
    assert row["clip_id"] == clip
    check(row, at - HALF, at + HALF)
    assert home.left_over() == []
    assert len(list(home.clips.glob("*.mp4"))) == 1
