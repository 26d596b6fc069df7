"""Every call to the disk fails once, or from then on, or hangs: counted, then one after another.

As SQLite tests itself. The station of each fault is one of this process (see desk.py), the faulty
disk a preloaded library (faulty_disk.c), and behind each fault is checked: every clip plays and is
what the catalogue says, no picture of an event is lost nor twice, the next event is recorded, the
next start leaves nothing over, the user was told, no thread or descriptor is left.

A few by chance in the default run, more in the long one, all of them in the exhaustive one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.faulty_disk import FaultyDisk
from tests.faults.totals import Totals

ROOT = Path(__file__).parents[2]
CHECKED = "clips, catalogue, pictures, next event, next start, threads, descriptors, what is told"


def points(where: Path, timeout: float, **plan: Any) -> list[dict[str, Any]]:
    """What became of each fault of a plan."""
    disk = FaultyDisk(where / "state")
    order = json.dumps({**plan, "where": str(where)})
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.disk_points", order],
        cwd=ROOT,
        env={**os.environ, **disk.environ(where / "clips")},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def plan(
    name: str, scenario: str, most: int, *, stage: str = "", timeout: int = 60, **more: Any
) -> Any:
    marks = [pytest.mark.timeout(timeout)]
    marks += [getattr(pytest.mark, stage)] if stage else []
    fields = {"scenario": scenario, "most": most, **more}
    label = f"{name}, {most or 'all'} {stage}".rstrip()
    return pytest.param(name, fields, marks=marks, id=label)


FULL = "disk that fails while recording"
STREAMED = "disk that fails while H.264 is recorded"
ENCODED = "disk that fails while recording and encoding"
START = "disk that fails at the start"
HANGS = "disk of which one call hangs for ever"
DEAD = "disk that hangs for ever"


@pytest.mark.parametrize(
    ("fault", "fields"),
    [
        plan(FULL, "event", 16, seed=1),
        plan(START, "recovery", 6, seed=1),
        plan(HANGS, "hang", 3, seed=1, modes=["once"]),
        plan(FULL, "event", 40, stage="long", timeout=200, seed=2),
        plan(STREAMED, "event", 10, stage="long", timeout=200, seed=2, format="mp4", codec="h264"),
        plan(START, "recovery", 10, stage="long", timeout=200, seed=2),
        plan(HANGS, "hang", 4, stage="long", timeout=200, seed=2, modes=["once"]),
        plan(FULL, "event", 0, stage="exhaustive", timeout=20_000),
        plan(STREAMED, "event", 0, stage="exhaustive", timeout=20_000, format="mp4", codec="h264"),
        plan(ENCODED, "event", 300, stage="exhaustive", timeout=20_000, format="mp4"),
        plan(START, "recovery", 0, stage="exhaustive", timeout=20_000),
        plan(HANGS, "hang", 0, stage="exhaustive", timeout=20_000, modes=["once"]),
        plan(DEAD, "hang", 0, stage="exhaustive", timeout=20_000, modes=["stop"]),
    ],
)
def test_whatever_the_disk_does_no_promise_is_broken(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    totals: Totals,
    fault: str,
    fields: dict[str, Any],
) -> None:
    marker = request.node.get_closest_marker("timeout")
    assert marker is not None
    told = points(tmp_path, marker.args[0] - 5, **fields)
    broken = [each for each in told if each["broken"]]
    totals(fault, tried=len(told), held=len(told) - len(broken), note=CHECKED)
    assert told
    assert any(each["failed"] for each in told)
    assert not broken, "\n".join(json.dumps(each) for each in broken[:5])
