"""Power cuts: QEMU is killed at seeded moments, and with it all that the guest's kernel had not yet
written to its disk; then the machine boots again from the same disk.

SIGKILL to a recorder proves nothing of this kind: its pages stay with the kernel. What QEMU was
handed is kept, so this is a disk that keeps what it has accepted, not one with a cache of its own
that loses it.
"""

import json
import random
import re
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from smartrec.units import SECOND
from tests.e2e.recorder import pause_until
from tests.faults.totals import Totals
from tests.usb.guest.clips import PRE
from tests.usb.guest.power import POST
from tests.usb.machine import Machine
from tests.usb.needs import make_disk

LOST_AT_MOST: Final = 2 * SECOND
PICTURE: Final = SECOND // 30
EDGE: Final = SECOND // 2
COMMAND: Final = [sys.executable, "-m", "tests.usb.guest.power"]

pytestmark = [
    pytest.mark.usefixtures("virtual_machines"),
]


@dataclass
class Cut:
    """One cut, as the host knows it.

    Attributes:
        clip: That was asked for last before it.
        asked: When (the guest's CLOCK_MONOTONIC, ns).
        at: The last moment that the guest told before it.
        ready: Files that were announced by then.
    """

    clip: str
    asked: int
    at: int
    ready: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, output: str) -> "Cut":
        """From what the guest said."""
        clip, asked = re.findall(r"^asked (\S+) (\d+)$", output, re.MULTILINE)[-1]
        moments = re.findall(r"^now (\d+)$", output, re.MULTILINE)
        ready = re.findall(r"^said .*: clip ready (\S+)", output, re.MULTILINE)
        return cls(clip, int(asked), int(moments[-1]) if moments else int(asked), ready)


class Disk:
    """The disk over all cuts, and what must be on it.

    Attributes:
        lost: Of each clip that the power went from, seconds of pictures lost.
    """

    def __init__(self, image: Path) -> None:
        self.image = image
        self.lost: list[float] = []
        self._cut: Cut | None = None
        self._kept: dict[str, str] = {}

    def cut(self, delay: int) -> None:
        """Boot, check, record, and cut the power `delay` ns after a trigger."""
        with Machine(disk=self.image) as machine:
            running = machine.start(COMMAND)
            self._check(json.loads(running.wait_for(r"^found (.*)\n", 240)[1]))
            running.wait_for(r"^asked .*\n", 120)
            pause_until(_now() + delay)
            self._cut = Cut.of(machine.cut_power())

    def end(self) -> None:
        """Boot, check, record once more in full, stop in order."""
        with Machine(disk=self.image) as machine:
            done = machine.start([*COMMAND, "--once"]).end(300)
            machine.shut_down()
        assert done.status == 0, done.output
        before, after = (json.loads(line) for line in re.findall(r"found (.*)", done.output))
        self._check(before)
        asked = re.findall(r"asked (\S+)", done.output)[-1]
        (row,) = [row for row in after["clips"] if row["clip"] == asked]
        assert row["state"] == "complete", row
        assert "unlisted" not in done.output

    def _check(self, found: dict[str, Any]) -> None:
        rows = {row["clip"]: row for row in found["clips"]}
        assert found["left"] == []
        kept = {clip: row for clip, row in rows.items() if row["path"] is not None}
        assert found["files"] == sorted(row["path"] for row in kept.values())
        for row in kept.values():
            numbers = row["numbers"]
            assert len(numbers) == row["written"] > 0, row
            steps = [b - a for a, b in pairwise(numbers)]
            assert all(step > 0 for step in steps), row
            # A guest that is starved loses some in its driver, which is told.
            assert sum(steps) - len(steps) <= row["lost"], row
            assert row["sha256"] == row["proven"], row
        now = {clip: row["sha256"] for clip, row in kept.items()}
        assert self._kept.items() <= now.items(), "a finished clip is gone or another"
        self._kept = now
        if self._cut is not None:
            self._check_cut(self._cut, kept)

    def _check_cut(self, cut: Cut, rows: dict[str, Any]) -> None:
        assert set(cut.ready) <= {row["path"] for row in rows.values()}, "a ready clip is gone"
        wanted = min(cut.at, cut.asked + POST)
        row = rows.get(cut.clip)
        if row is None:
            lost = wanted - cut.asked
        else:
            assert cut.asked - PRE <= row["first"] < cut.asked - PRE + EDGE, row
            lost = max(0, wanted - PICTURE - row["last"])
        self.lost.append(round(lost / SECOND, 3))
        assert lost <= LOST_AT_MOST, (cut, row)


def _now() -> int:
    return time.monotonic_ns()


def _plan(seed: int, cuts: int) -> list[int]:
    """Half of the cuts within 2 s after a trigger, half within 1 s around the end of its clip."""
    choice = random.Random(seed)
    spans = ((0, 2 * SECOND), (POST - SECOND, POST + SECOND))
    return [choice.randrange(*spans[number % 2]) for number in range(cuts)]


@pytest.mark.parametrize(
    ("seed", "cuts"),
    [
        pytest.param(1, 1, marks=[pytest.mark.long, pytest.mark.timeout(600)]),
        pytest.param(2, 20, marks=[pytest.mark.exhaustive, pytest.mark.timeout(3600)]),
    ],
)
def test_what_was_recorded_outlives_the_power(
    tmp_path: Path, totals: Totals, seed: int, cuts: int
) -> None:
    disk = Disk(make_disk(tmp_path / "disk.img", 1 << 30))
    for delay in _plan(seed, cuts):
        disk.cut(delay)
    disk.end()
    worst = max(disk.lost)
    totals("power cuts", tried=cuts, held=cuts, note=f"at most {worst:.2f} s of an open clip lost")
