"""SIGKILL at any moment: no picture that came before the trigger is lost, and no finished clip.

Every recorder of a series finds what the one before it left, and is killed in its turn. Of four
kills one comes right after a trigger, one within 2 s after it, one within 1 s around the end of the
clip, and one at a step that the kernel tells of: the finisher begins its file, gives it its name,
makes the thumbnail; the catalogue is written, the journal deleted. The instants are seeded.

8 kills in the default run, 32 with the long ones, 192 with the exhaustive ones.
"""

import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from smartrec.model import Verdict
from smartrec.store.catalog import Catalog
from smartrec.store.files import sha256
from smartrec.store.record import ClipRecord
from smartrec.units import MILLISECOND, SECOND
from tests.e2e.pictures import Grid, numbers
from tests.e2e.recorder import READY, Home, Recorder, Row, pause_until, wait_gone
from tests.faults.changes import Changes
from tests.faults.totals import Totals

PRE = 1 * SECOND
SOON = SECOND // 10
"""The soonest kill after a trigger; it is killed at once where its answer comes later."""
LOST_AT_MOST = 1 * SECOND
STATES = {"recovered", "complete"}
STEPS = (
    (r"create open/.*\.part",),
    (r"create clips/.*\.m(p4|kv)$",),
    (r"create clips/.*\.m(p4|kv)$", "delete open/"),
    (r"create clips/.*\.jpg",),
    (r"create clips/.*\.jpg", "modify clips/catalog"),
    (r"create clips/.*\.jpg", "modify clips/catalog", r"delete open/.*\.mkv"),
)
"""What a finisher and the catalogue do, as changes of files; the first and the last are of
an MP4 only, for a copy is the journal itself."""


@dataclass(frozen=True)
class Killed:
    """One recorder's end.

    Attributes:
        clip_id: That its trigger was promised.
        held: Pictures that had come when it was triggered; the first has the number 0.
        trigger: When it was triggered.
        end: Where the clip would have ended.
        killed: A moment right before the kill.
        ready: Files that it said were ready.
    """

    clip_id: str
    held: int
    trigger: int
    end: int
    killed: int
    ready: frozenset[str]


@dataclass(frozen=True)
class Plan:
    """One kill: how long after the trigger or a step, and what the recorder was told.

    What a recorder finds, it finishes in its own format: now by encoding, now by renaming.
    """

    delay: int
    post: int
    format: str
    step: tuple[str, ...] = ()

    @classmethod
    def draw(cls, choice: random.Random, number: int) -> "Plan":
        format_ = choice.choice(("mp4", "mp4", "copy"))
        post = choice.randrange(SECOND // 2, SECOND)
        kind = number % 4
        if kind == 0:
            return cls(SOON, 4 * SECOND, format_)
        if kind == 1:
            return cls(max(SOON, post + choice.randrange(-SECOND, SECOND)), post, format_)
        if kind == 2:
            return cls(choice.randrange(SOON, 2 * SECOND), 4 * SECOND, format_)
        step = choice.choice(STEPS if format_ == "mp4" else STEPS[1:-1])
        return cls(choice.choice((0, choice.randrange(30 * MILLISECOND))), post, format_, step)


@dataclass(frozen=True)
class Broken:
    """A promise that was not kept, of one kill."""

    clip_id: str
    why: str


def batch(seed: int, series: int, kills: int, *marks: pytest.MarkDecorator) -> object:
    """Some series at the same time, for a recorder mostly waits; each of `kills`."""
    marks += (pytest.mark.timeout(60 + 15 * kills * series),)
    return pytest.param(
        seed, series, kills, marks=marks, id=f"{series} times {kills} kills, seed {seed}"
    )


@pytest.mark.parametrize(
    ("seed", "series", "kills"),
    [
        batch(1, 2, 5),
        batch(2, 3, 8, pytest.mark.long),
        *(batch(seed, 2, 20, pytest.mark.exhaustive) for seed in (3, 4, 5, 6)),
    ],
)
def test_what_was_triggered_survives_the_recorder(
    home: Home, totals: Totals, seed: int, series: int, kills: int
) -> None:
    homes = [replace(home, clips=home.clips.with_name(f"clips{n}")) for n in range(series)]
    with ThreadPoolExecutor(series) as pool:
        seeds = (f"{seed} {n}" for n in range(series))
        broken = [
            each
            for run in pool.map(lambda h, s: one_series(h, s, kills), homes, seeds)
            for each in run
        ]
    totals(
        "SIGKILL of the recorder: after a trigger, around the close, at a step of finishing",
        tried=series * kills,
        held=series * kills - len(broken),
        note="three of four within 2 s after a trigger or 1 s around the close",
    )
    assert not broken


def one_series(home: Home, seed: str, kills: int) -> list[Broken]:
    """Kill so many recorders of one clip directory; what was promised and not kept."""
    choice = random.Random(seed)
    finished: dict[str, str] = {}
    deaths = []
    for number in range(kills):
        deaths.append(kill_one(home, Plan.draw(choice, number)))
        finished = still_there(home, finished, deaths[-1].ready)
    with Recorder(home, ("demo", "--pre-roll=0.5s", "--post-roll=0.5s")) as last:
        last.wait_live()
        last.wait_ring(0.5)
        after = last.trigger().clip_id
        assert after is not None
        last.wait_until(is_idle)
        last.stop()
        assert "Traceback" not in last.everything
    still_there(home, finished, frozenset())
    rows = {row["clip_id"]: row for row in home.rows()}
    assert sorted(rows) == sorted([*(death.clip_id for death in deaths), after])
    assert rows[after]["state"] == "complete"
    only(home, list(rows.values()))
    broken = []
    for death in deaths:
        try:
            check(rows[death.clip_id], death)
        except AssertionError as error:
            broken.append(Broken(death.clip_id, str(error)))
    return broken


def is_idle(status: dict[str, Any]) -> bool:
    return not status["finishing"] and not any(c["recording"] for c in status["cameras"])


def kill_one(home: Home, plan: Plan) -> Killed:
    """Start, trigger, kill."""
    lengths = (f"--pre-roll={PRE / SECOND}s", f"--post-roll={plan.post / SECOND}s")
    with Recorder(home, ("demo", "--format", plan.format, *lengths)) as running:
        running.wait_live()
        running.wait_ring(1.2 * PRE / SECOND)
        with Changes(clips=home.clips, open=home.clips / ".open") as changes:
            held = running.status()["cameras"][0]["pictures"]
            at = time.monotonic_ns()
            answer = running.trigger(pts=at)
            changes.wait_for(*plan.step)
            pause_until((time.monotonic_ns() if plan.step else at) + plan.delay)
        finishers = running.finishers()
        killed = running.kill()
    for pid in finishers:
        wait_gone(pid)
    assert "Traceback" not in running.everything
    assert answer.verdict is Verdict.ACCEPTED
    assert answer.clip_id is not None
    ready = frozenset(re.findall(READY, running.everything))
    return Killed(answer.clip_id, held, at, at + plan.post, killed, ready)


def still_there(home: Home, before: dict[str, str], ready: frozenset[str]) -> dict[str, str]:
    """All finished clips, each as it was when it was finished: clip id -> SHA-256."""
    with Catalog.open(home.clips, create=False) as catalog:
        rows = [row for row in catalog.clips() if not row.open]
    now = {row.clip_id: digest(row) for row in rows}
    assert before.items() <= now.items()
    assert ready <= {str(row.path) for row in rows}
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
    certain = death.killed - LOST_AT_MOST
    least = [n for n in most if n < death.held or grid.pts(n) < certain]
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
