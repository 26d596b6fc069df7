"""SIGKILL at any moment: nothing of the pre-roll is lost, little of the rest, no finished clip.

Every recorder of a series finds what the one before it left, and is killed in its turn: half of
them within 2 s after a trigger, half within 1 s around the end of a clip. Two series of 4 in the
default run, four of 26 in the long one.
"""

import random
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from smartrec.model import Verdict
from smartrec.store.catalog import Catalog
from smartrec.store.files import sha256
from smartrec.store.record import ClipRecord
from smartrec.units import SECOND
from tests.e2e.pictures import Grid, numbers
from tests.e2e.recorder import Home, Recorder, Row, pause_until, wait_gone

PRE = 1 * SECOND
SOON = SECOND // 10
"""The soonest kill after a trigger; it is killed at once where its answer comes later."""
LOST_AT_MOST = 1 * SECOND
STATES = {"recovered", "complete"}


@dataclass(frozen=True)
class Killed:
    """One recorder's end.

    Attributes:
        clip_id: That its trigger was promised.
        trigger: When it was triggered.
        end: Where the clip would have ended.
        killed: A moment right before the kill.
    """

    clip_id: str
    trigger: int
    end: int
    killed: int


@dataclass(frozen=True)
class Plan:
    """One kill: how long after the trigger, and what the recorder was told.

    What a recorder finds, it finishes in its own format: now by encoding, now by renaming.
    """

    delay: int
    post: int
    format: str

    @classmethod
    def draw(cls, choice: random.Random, number: int) -> "Plan":
        format_ = choice.choice(("mp4", "mp4", "copy"))
        if number % 2:
            post = choice.randrange(SECOND // 2, SECOND)
            return cls(max(SOON, post + choice.randrange(-SECOND, SECOND)), post, format_)
        delay = SOON if number % 4 == 0 else choice.randrange(SOON, 2 * SECOND)
        return cls(delay, 4 * SECOND, format_)


def series(seed: int, kills: int, *, long: bool) -> object:
    marks = [pytest.mark.timeout(60 + 20 * kills)] + [pytest.mark.long] * long
    return pytest.param(seed, kills, marks=marks, id=f"{kills} kills, seed {seed}")


@pytest.mark.parametrize(
    ("seed", "kills"),
    [series(seed, 4, long=False) for seed in (1, 2)]
    + [series(seed, 26, long=True) for seed in (3, 4, 5, 6)],
)
def test_what_was_triggered_survives_the_recorder(home: Home, seed: int, kills: int) -> None:
    choice = random.Random(seed)
    finished: dict[str, str] = {}
    deaths = []
    for number in range(kills):
        deaths.append(kill_one(home, Plan.draw(choice, number)))
        finished = still_there(home, finished)
    with Recorder(home, ("demo", "--for", "1s")) as last:
        last.wait_live()
        last.end(20 * kills)
    still_there(home, finished)
    rows = {row["clip_id"]: row for row in home.rows()}
    assert sorted(rows) == sorted(death.clip_id for death in deaths)
    for death in deaths:
        check(rows[death.clip_id], death)
    only(home, list(rows.values()))


def kill_one(home: Home, plan: Plan) -> Killed:
    """Start, trigger, kill."""
    lengths = (f"--pre-roll={PRE / SECOND}s", f"--post-roll={plan.post / SECOND}s")
    with Recorder(home, ("demo", "--format", plan.format, *lengths)) as running:
        running.wait_live()
        running.wait_ring(1.2 * PRE / SECOND)
        at = time.monotonic_ns()
        answer = running.trigger(pts=at)
        pause_until(at + plan.delay)
        finishers = running.finishers()
        killed = running.kill()
    for pid in finishers:
        wait_gone(pid)
    assert answer.verdict is Verdict.ACCEPTED
    assert answer.clip_id is not None
    return Killed(answer.clip_id, at, at + plan.post, killed)


def still_there(home: Home, before: dict[str, str]) -> dict[str, str]:
    """All finished clips, each as it was when it was finished: clip id -> SHA-256."""
    with Catalog.open(home.clips, create=False) as catalog:
        rows = [row for row in catalog.clips() if not row.open]
    now = {row.clip_id: digest(row) for row in rows}
    assert before.items() <= now.items()
    return now


def digest(row: ClipRecord) -> str:
    assert row.path is not None
    assert row.sha256 == sha256(row.path)
    return row.sha256


def check(row: Row, death: Killed) -> None:
    """It is playable and as long as it must be."""
    assert row["state"] in STATES, row
    drawn = numbers(Path(row["path"]))
    grid = Grid.of(row, drawn[0])
    most = grid.within(death.trigger - PRE, death.end)
    certain = max(death.trigger, min(death.end, death.killed - LOST_AT_MOST))
    least = grid.within(death.trigger - PRE, certain)
    late = (death.killed - death.trigger) / SECOND
    told = f"killed {late:.3f} s after its trigger: {drawn} of {most}, at least {least}"
    assert drawn == most[: len(drawn)], told
    assert len(drawn) >= len(least), told
    assert row["frames_written"] == len(drawn)
    assert row["frames_expected"] == len(drawn), row
    if row["state"] == "complete":
        assert drawn == most, told


def only(home: Home, rows: list[Row]) -> None:
    """Nothing is twice, nothing left over, and the catalogue knows all there is."""
    assert home.left_over() == []
    clips = {str(path) for path in home.clips.glob("*.m*")}
    assert clips == {row["path"] for row in rows}
    assert {str(path) for path in home.clips.glob("*.jpg")} == {row["thumbnail"] for row in rows}
    assert "unlisted" not in home.run("clips", "verify")
