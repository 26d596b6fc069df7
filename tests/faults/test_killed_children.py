"""SIGKILL of finishers and of watches at seeded instants: every clip is exact all the same.

One recorder, whose clips follow each other; it notices, starts others, and leaks nothing. Up to six
kills in the long run (a finisher that died is tried again after ten seconds), 80 in the exhaustive.
"""

import os
import random
import signal
import time

import pytest

from smartrec.units import SECOND
from tests.e2e.pictures import check
from tests.e2e.recorder import Home, Recorder, pause_until
from tests.faults.leaks import Ledger
from tests.faults.totals import Totals

PRE = POST = SECOND // 2
WATCHED = {"SMARTREC_DETECTOR__ENABLED": "true", "SMARTREC_TRIGGER__PERSON": "false"}


def killed(pid: int | None) -> int:
    """Whether there was something to kill."""
    try:
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return pid is not None


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("seed", "events"),
    [
        pytest.param(1, 3, marks=pytest.mark.long),
        *(pytest.param(seed, 10, marks=pytest.mark.exhaustive) for seed in (2, 3, 4, 5)),
    ],
)
def test_finishers_and_watches_that_are_killed_cost_no_clip_a_picture(
    home: Home, totals: Totals, seed: int, events: int
) -> None:
    choice = random.Random(seed)
    lengths = (f"--pre-roll={PRE / SECOND}s", f"--post-roll={POST / SECOND}s")
    finishers = watches = 0
    moments: dict[str | None, int] = {}
    with Recorder(home, ("demo", *lengths), environ=WATCHED) as running:
        running.wait_live()
        running.wait_until(lambda status: status["watch"]["engine"] == "onnx")
        running.trigger()
        running.wait_ready()
        (warm,) = home.rows()
        before = Ledger(running)
        for _ in range(events):
            at = time.monotonic_ns()
            moments[running.trigger(pts=at).clip_id] = at
            running.wait_until(lambda status: bool(running.finishers()))
            pause_until(time.monotonic_ns() + choice.randrange(SECOND))
            watches += killed(running.watch())
            for pid in running.finishers():
                finishers += killed(pid)
            running.wait_for(r"recorded \(complete\)")
        running.wait_listed(moments)
        running.wait_until(lambda status: status["watch"]["engine"] == "onnx")
        before.check()
        assert not finishers or "finisher ended with status -9" in running.everything
        assert "Traceback" not in running.everything
        running.stop()
    rows = [row for row in home.rows() if row["clip_id"] != warm["clip_id"]]
    assert {row["clip_id"] for row in rows} == moments.keys()
    for row in rows:
        check(row, moments[row["clip_id"]] - PRE, moments[row["clip_id"]] + POST)
    assert home.left_over() == []
    totals("SIGKILL of a finisher", tried=finishers, held=finishers)
    totals("SIGKILL of the watch", tried=watches, held=watches)
