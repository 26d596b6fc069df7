"""A deletion that fails, or is killed, at any call leaves no half of a clip behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.faulty_disk import FaultyDisk
from tests.faults.totals import Totals


def run(
    tmp_path: Path, *, kills: bool, every: int = 1, scene: str = "deletion_points"
) -> list[dict[str, object]]:
    """What became of each fault, or of some."""
    where, state = tmp_path / "clips", tmp_path / "state"
    plan = {"where": str(where), "state": str(state), "kills": kills, "every": every}
    done = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{scene}", json.dumps(plan)],
        env={**os.environ, **FaultyDisk(state).environ(where)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.long
def test_a_kill_at_every_call_of_a_deletion_is_made_good_at_the_next_start(
    tmp_path: Path, totals: Totals
) -> None:
    outcomes = run(tmp_path, kills=True)
    wrong = [outcome for outcome in outcomes if outcome["broken"]]
    totals(
        "SIGKILL at every call of a deletion", tried=len(outcomes), held=len(outcomes) - len(wrong)
    )
    assert len(outcomes) > 20
    assert wrong == []


@pytest.mark.parametrize(
    "every",
    [
        pytest.param(1, marks=pytest.mark.exhaustive, id="all"),
        pytest.param(10, marks=pytest.mark.long, id="every 10th"),
    ],
)
@pytest.mark.timeout(300)
def test_a_call_that_fails_costs_no_clip_that_is_kept(
    tmp_path: Path, every: int, totals: Totals
) -> None:
    outcomes = run(tmp_path, kills=False, every=every)
    wrong = [outcome for outcome in outcomes if outcome["broken"]]
    totals("a call of a deletion fails", tried=len(outcomes), held=len(outcomes) - len(wrong))
    assert len(outcomes) > 400 // every
    assert wrong == []
