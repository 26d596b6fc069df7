"""The main job: a clip around every appearance of a person, without a finger lifted.

The demo camera knows to the frame when somebody is there and where. What watches may die.
"""

import itertools
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from smartrec.media.demo_scene import LOOP_FRAMES, PERSON_FIRST, PERSON_LAST, person_box
from smartrec.model import Box, Look, Verdict
from smartrec.store.catalog import Catalog
from smartrec.units import SECOND
from tests.e2e.pictures import Grid, check, numbers
from tests.e2e.recorder import DETECTING, Home, Recorder

PRE, POST = 3 * SECOND, 2 * SECOND
TIMING = ("--pre-roll", "3s", "--post-roll", "2s")
PATIENT = 4 * SECOND
"""A post-roll within which the next look comes on a machine that is busy with other tests."""
SEES = "sees persons"
RECORDING = r"recording \(person\)"


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    both = max(0.0, width) * max(0.0, height)
    areas = ((b.right - b.left) * (b.bottom - b.top) for b in (one, other))
    return both / (sum(areas) - both)


def looks_of(home: Home, row: dict[str, Any]) -> tuple[Look, ...]:
    with Catalog.open(home.clips, create=False) as catalog:
        return catalog.looks(row["clip_id"])


def demo(home: Home, *arguments: str) -> Recorder:
    return Recorder(home, ("demo", *TIMING, *arguments), environ=DETECTING)


def test_each_appearance_of_the_demo_person_gets_its_exact_clip(home: Home) -> None:
    with demo(home, "--post-roll", f"{PATIENT / SECOND}s") as running:
        running.wait_for(SEES)
        running.wait_for(RECORDING)
        running.wait_ready()
        running.stop()
    first_event = home.rows()[0]["event_id"]  # on a busy machine she may be back before it is ready
    (row,) = (row for row in home.rows() if row["event_id"] == first_event)
    (trigger,) = row["triggers"]
    assert trigger["reason"] == "person"
    grid = check(row, trigger["pts"] - PRE, trigger["last_pts"] + PATIENT)

    frames = trigger["why"]["frames"]
    assert frames[0]["pts"] == trigger["pts"]
    assert len(frames) == 2
    assert all(frame["score"] >= trigger["why"]["min_confidence"] for frame in frames)
    assert row["engine"] == "onnx"
    assert row["model_digest"]

    looks = looks_of(home, row)
    shown = [look for look in looks if stands(grid.number(look.pts))]
    assert trigger["pts"] <= shown[1].pts, "triggered by the second look at her at the latest"
    assert trigger["last_pts"] >= shown[-1].pts, "and lasts until the last"
    for moment in (trigger["pts"], trigger["last_pts"]):
        assert PERSON_FIRST <= grid.number(moment) % LOOP_FRAMES <= PERSON_LAST
    _looks_are_true(row, looks, grid)


def stands(number: int) -> bool:
    """Whether so much of her is in a picture of the demo that she must be seen."""
    where = person_box(number)
    return where is not None and where.right - where.left > 0.3 and where.right < 0.99


def _looks_are_true(row: dict[str, Any], looks: tuple[Look, ...], grid: Grid) -> None:
    """They cover the clip, its pre-roll too, and show the person where she is."""
    moments = [row["first_pts"], *(look.pts for look in looks)]
    apart = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert all(gap > 0 for gap in apart[1:])
    assert apart[0] <= max(SECOND, *apart[1:]), "from its beginning, at whatever pace"
    for look in looks:
        number = grid.number(look.pts)
        seen = [track for track in look.tracks if track.score >= 0.5]
        where = person_box(number)
        if where is None:
            assert not seen, f"nobody is in frame {number % LOOP_FRAMES}"
        elif stands(number):
            assert len(seen) == 1, f"frame {number % LOOP_FRAMES}"
            assert overlap(seen[0].box, where) > 0.6, (number, seen, where)


def test_watch_that_crashes_costs_boxes_and_no_picture(home: Home) -> None:
    with demo(home) as running:
        running.wait_for(SEES)
        answer = running.trigger()
        for starts, number in ((1, signal.SIGSEGV), (2, signal.SIGKILL)):
            watch = running.watch()
            assert watch is not None
            os.kill(watch, number)
            running.wait_until(lambda s, n=starts + 1: s["watch"]["starts"] == n)  # type: ignore[misc]
            running.wait_until(lambda s: s["watch"]["engine"] == "onnx")
        running.command(stop=True)
        running.wait_ready()
        assert "ended by SIGSEGV; recording goes on" in running.everything
        running.stop()
    row = next(row for row in home.rows() if row["clip_id"] == answer.clip_id)
    written = numbers(Path(row["path"]))
    assert written == list(range(written[0] or 0, (written[0] or 0) + len(written)))
    assert row["frames_lost"] == 0


def test_watch_that_hangs_delays_nothing(home: Home) -> None:
    with demo(home) as running:
        running.wait_for(SEES)
        watch = running.watch()
        assert watch is not None
        os.kill(watch, signal.SIGSTOP)
        answer = running.trigger()
        running.wait_ready()
        os.kill(watch, signal.SIGCONT)
        running.stop()
    row = next(row for row in home.rows() if row["clip_id"] == answer.clip_id)
    assert row["frames_lost"] == 0
    check(row, row["triggers"][0]["pts"] - PRE, row["triggers"][0]["pts"] + POST)


@pytest.mark.long
def test_recorder_without_a_model_says_why_and_records_by_command(home: Home) -> None:
    with demo(home, "--model", str(home.clips.parent / "missing.onnx")) as running:
        running.wait_live()
        running.wait_for(r"nobody is looked for: .*missing\.onnx")
        answer = running.trigger()
        assert answer.verdict is Verdict.ACCEPTED
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    assert row["engine"] == "none"
    assert row["frames_lost"] == 0
