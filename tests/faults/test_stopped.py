"""Children that are stopped (SIGSTOP), as by a debugger or a cgroup that is frozen.

No picture is lost, the user is told, and all is finished when they go on or are given up.

A finisher that goes on is in the default run. Watches on a machine that is busy, and those that
never go on, are exhaustive; what their late looks make is told in tests/recording and tests/app.
"""

import os
import signal
import time
from itertools import pairwise

import pytest

from smartrec.units import SECOND
from tests.e2e.hardships import burning
from tests.e2e.pictures import check
from tests.e2e.recorder import DETECTING, Home, Recorder, Row, pause_until
from tests.faults.leaks import Ledger
from tests.faults.totals import Totals

HALF = SECOND // 2
SHORT = ("--pre-roll=0.5s", "--post-roll=0.5s")
GIVEN_UP = 400.0
"""Seconds after which a finisher that says nothing has long been ended."""
PERSON = r"recording \(person\)"


def triggered(running: Recorder) -> int:
    """Trigger and return when; its clip is over when this returns, finished or not."""
    at = time.monotonic_ns()
    running.trigger(pts=at)
    running.wait_for(r"recorded \(complete\)")
    return at


def stopped(running: Recorder) -> list[int]:
    """Stop the finishers of the clip that is recorded now."""
    running.wait_until(lambda status: bool(running.finishers()))
    finishers = running.finishers()
    for pid in finishers:
        os.kill(pid, signal.SIGSTOP)
    return finishers


def exact(home: Home, moments: list[int]) -> None:
    rows = sorted(home.rows(), key=lambda row: row["first_pts"])
    for row, at in zip(rows, moments, strict=True):
        check(row, at - HALF, at + HALF)
    assert home.left_over() == []


@pytest.mark.long
@pytest.mark.timeout(120)
def test_a_finisher_that_is_stopped_and_goes_on_costs_nothing(home: Home, totals: Totals) -> None:
    with Recorder(home, ("demo", *SHORT)) as running:
        running.wait_live()
        running.wait_ring(0.8)
        moments = [triggered(running)]
        running.wait_ready()
        before = Ledger(running)
        moments.append(time.monotonic_ns())
        running.trigger(pts=moments[-1])
        finishers = stopped(running)
        running.wait_for(r"recorded \(complete\)")
        moments.append(triggered(running))
        assert running.status()["finishing"] >= 1
        assert running.status()["cameras"][0]["phase"] == "live"
        for pid in finishers:
            os.kill(pid, signal.SIGCONT)
        running.wait_ready(2)
        before.check()
        assert running.stop() == "stopped (SIGTERM): 3 clips"
    exact(home, moments)
    totals("SIGSTOP of the finisher, then SIGCONT", tried=1, held=1)


@pytest.mark.exhaustive
@pytest.mark.timeout(700)
def test_a_finisher_that_never_goes_on_is_given_up_and_another_makes_the_clip(
    home: Home, totals: Totals
) -> None:
    with Recorder(home, ("demo", *SHORT)) as running:
        running.wait_live()
        running.wait_ring(0.8)
        moments = [time.monotonic_ns()]
        running.trigger(pts=moments[0])
        stopped(running)
        running.wait_for(r"recorded \(complete\)")
        moments.append(triggered(running))
        running.wait_ready()
        running.wait_for("the finisher of .* says nothing", timeout=GIVEN_UP)
        running.wait_ready()
        running.stop()
    exact(home, moments)
    totals("SIGSTOP of the finisher for ever", tried=1, held=1)


def apart(rows: list[Row]) -> None:
    """No picture of a person is in two clips."""
    for one, other in pairwise(sorted(rows, key=lambda row: row["first_pts"])):
        assert other["first_pts"] > one["last_pts"], (one["file_name"], other["file_name"])


@pytest.mark.exhaustive
@pytest.mark.timeout(400)
@pytest.mark.parametrize("lengths", [(3, 1, 8), (1, 2, 4, 8, 1, 15)])
def test_a_watch_that_is_stopped_on_a_busy_machine_costs_no_picture_and_makes_none_twice(
    home: Home, totals: Totals, lengths: tuple[int, ...]
) -> None:
    with (
        burning(len(os.sched_getaffinity(0))),
        Recorder(home, ("demo", "--pre-roll=2s", "--post-roll=0.5s"), environ=DETECTING) as running,
    ):
        running.wait_live()
        for length in lengths:
            running.wait_for(PERSON)
            pause_until(time.monotonic_ns() + 2 * SECOND)
            watch = running.watch()
            assert watch is not None
            os.kill(watch, signal.SIGSTOP)
            pause_until(time.monotonic_ns() + length * SECOND)
            assert running.status()["cameras"][0]["phase"] == "live"
            os.kill(watch, signal.SIGCONT)
        running.wait_ready(len(lengths))
        running.wait_until(lambda status: status["watch"]["starts"] == 1)
        running.stop()
    rows = home.rows()
    assert all(row["frames_lost"] == 0 for row in rows)
    apart(rows)
    totals("SIGSTOP of the watch, then SIGCONT", tried=len(lengths), held=len(lengths))


@pytest.mark.exhaustive
@pytest.mark.timeout(240)
def test_a_watch_that_never_goes_on_is_told_of_and_another_takes_its_place(
    home: Home, totals: Totals
) -> None:
    with Recorder(home, ("demo", *SHORT), environ=DETECTING) as running:
        running.wait_live()
        running.wait_for(PERSON)
        running.wait_until(lambda status: not status["cameras"][0]["recording"])
        before = Ledger(running)
        watch = running.watch()
        assert watch is not None
        os.kill(watch, signal.SIGSTOP)
        at = time.monotonic_ns()
        clip = running.trigger(pts=at).clip_id
        running.wait_for("the watch says nothing: it is started again")
        running.wait_for("ended by SIGKILL; recording goes on")
        running.wait_for(PERSON)
        before.check()
        running.stop()
    row = next(row for row in home.rows() if row["clip_id"] == clip)
    check(row, at - HALF, at + HALF)
    totals("SIGSTOP of the watch for ever", tried=1, held=1)
