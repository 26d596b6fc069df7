"""A wall clock that is set, by an hour or over a change of daylight saving, moves no clip.

The one timeline is CLOCK_MONOTONIC, so nothing waits longer or shorter; a clip is dated by the wall
clock as it stood when the clip was closed. Three steps in the
default run, ten more in the exhaustive one.
"""

import re
import shutil
import struct
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from smartrec.app.wire import ask, find_socket
from smartrec.model import Action, Answer, Command, Verdict, new_id
from smartrec.store.record import rfc3339
from smartrec.units import SECOND, Ns
from tests.e2e.pictures import check
from tests.e2e.recorder import Home, Recorder
from tests.faults.leaks import Ledger
from tests.faults.totals import Totals

PRE, POST = SECOND // 2, 3 * SECOND // 2
"""The post-roll is longer than the second after which the clock is looked at again."""
HOUR = 3600 * SECOND
NEAR = SECOND // 10
AUTUMN = datetime(2026, 10, 25, 1, tzinfo=timezone.utc)
SPRING = datetime(2027, 3, 28, 1, tzinfo=timezone.utc)
"""When clocks in Berlin go back and forward."""


@dataclass
class WallClock:
    """That of all processes that have `environ`."""

    library: Path
    state: Path

    @classmethod
    def build(cls, directory: Path) -> "WallClock":
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("cc is not installed: the stand-in for the wall clock is compiled")
        clock = cls(directory / "wall_clock.so", directory / "wall_clock.state")
        source = str(Path(__file__).with_name("wall_clock.c"))
        subprocess.run(
            [compiler, "-O2", "-shared", "-fPIC", "-o", str(clock.library), source], check=True
        )
        clock.state.write_bytes(bytes(4096))
        return clock

    @property
    def environ(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "WALL_CLOCK_AHEAD": str(self.state)}

    @property
    def ahead(self) -> int:
        """How far it is ahead of the machine's (ns)."""
        (ahead,) = struct.unpack_from("=q", self.state.read_bytes())
        return int(ahead)

    def step(self, by: int) -> None:
        with self.state.open("r+b") as file:
            file.write(struct.pack("=q", self.ahead + by))

    def set(self, moment: datetime) -> None:
        self.step(round(moment.timestamp() * SECOND) - self.now())

    def now(self) -> int:
        return time.time_ns() + self.ahead


@pytest.fixture
def clock(tmp_path: Path) -> WallClock:
    return WallClock.build(tmp_path)


@dataclass
class Moment:
    """One clip: when it was triggered, and how far its wall clock was ahead at its end."""

    clip_id: str
    at: int
    ahead: int


def record(running: Recorder, clock: WallClock, step: int = 0) -> Moment:
    """One clip, right after whose trigger the clock is set."""
    at = time.monotonic_ns()
    clip = running.trigger(pts=at).clip_id
    assert clip is not None
    clock.step(step)
    running.wait_ready()
    return Moment(clip, at, clock.ahead)


def before(clock: WallClock, moment: datetime) -> int:
    """The step that leaves one second until a moment."""
    return round(moment.timestamp() * SECOND) - clock.now() - SECOND


def wall_of(row: dict[str, Any]) -> int:
    """Wall time of a clip's first picture by the map that is kept with it (ns)."""
    return int(row["wall_ns"] + row["first_pts"] - row["mono_ns"])


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    ("steps", "changes"),
    [
        pytest.param((HOUR, -2 * HOUR), (AUTUMN,), marks=pytest.mark.long),
        pytest.param(
            (HOUR, HOUR, -HOUR, -HOUR, -HOUR, HOUR, HOUR, -HOUR),
            (AUTUMN, SPRING),
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_no_step_of_the_wall_clock_costs_a_picture_or_dates_a_clip_wrongly(
    home: Home,
    clock: WallClock,
    totals: Totals,
    steps: tuple[int, ...],
    changes: tuple[datetime, ...],
) -> None:
    """Every other step happens while a clip is recorded, the others while none is."""
    environ = {
        **clock.environ,
        "TZ": "Europe/Berlin",
        "SMARTREC_DETECTOR__ENABLED": "true",  # the watch shall not take it for silence
        "SMARTREC_TRIGGER__PERSON": "false",
    }
    lengths = (f"--pre-roll={PRE / SECOND}s", f"--post-roll={POST / SECOND}s")
    with Recorder(home, ("demo", *lengths), environ=environ) as running:
        running.wait_live()
        running.wait_until(lambda status: status["watch"]["engine"] == "onnx")
        moments = [record(running, clock, steps[0])]
        held = Ledger(running)
        for number, step in enumerate(steps[1:], 1):
            if number % 2:
                clock.step(step)
            moments.append(record(running, clock, 0 if number % 2 else step))
        moments += [record(running, clock, before(clock, change)) for change in changes]
        status = running.status()
        held.check()
        told = running.stop()
    assert told == f"stopped (SIGTERM): {len(moments)} clips"
    assert not re.search("lost|silent|says nothing|Traceback", running.everything)
    assert (status["watch"]["starts"], status["cameras"][0]["phase"]) == (1, "live")
    rows = {row["clip_id"]: row for row in home.rows()}
    offset = time.time_ns() - time.monotonic_ns()
    for moment in moments:
        row = rows[moment.clip_id]
        check(row, moment.at - PRE, moment.at + POST)
        assert abs(wall_of(row) - (offset + row["first_pts"] + moment.ahead)) < NEAR
        assert row["start"] == rfc3339(wall_of(row))
    listed = [row["start"] for row in home.rows()]
    assert listed == sorted(listed)
    assert len({row["path"] for row in rows.values()}) == len(moments)
    assert "unlisted" not in home.run("clips", "verify")
    fault = "wall clock set by an hour, forwards and back, and over daylight saving"
    totals(fault, tried=len(moments), held=len(moments))


def test_a_command_expires_by_the_wall_clock_as_it_stands(home: Home, clock: WallClock) -> None:
    with Recorder(home, ("demo", "--post-roll=0.5s"), environ=clock.environ) as running:
        running.wait_live()
        sent = clock.now()
        clock.step(HOUR)
        assert asked(home, sent + 5 * SECOND).verdict is Verdict.REFUSED
        assert asked(home, clock.now() + 5 * SECOND).verdict is Verdict.ACCEPTED
        clock.step(-2 * HOUR)
        assert asked(home, clock.now() + 5 * SECOND).verdict is not Verdict.REFUSED
        running.stop()


def test_an_interval_is_read_by_the_wall_clock_as_it_stands(home: Home, clock: WallClock) -> None:
    with Recorder(home, ("demo", "--post-roll=0.5s"), environ=clock.environ) as running:
        running.wait_live()
        running.wait_ring(1.2)
        clock.step(HOUR)
        at = time.monotonic_ns()
        answer = asked(home, clock.now() + 5 * SECOND, start=clock.now() - SECOND // 2)
        assert answer.verdict is Verdict.ACCEPTED
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    assert abs(row["first_pts"] - (at - SECOND // 2)) < NEAR


def asked(home: Home, expires: int, *, start: int | None = None) -> Answer:
    moment = Ns(time.monotonic_ns())
    command = Command(new_id(), "cam0", Action.START, "test", moment, start, expires=expires)
    (answer,) = ask(find_socket(home.clips, home.environ), command, 20.0, clip_dir=home.clips)
    return answer
