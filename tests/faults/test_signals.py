"""SIGTERM, SIGINT and SIGHUP in every state: an end in order, soon, with everything kept.

The state is waited for and the signal sent at once. SIGINT goes to the whole process group, as a
terminal sends it. Four states in the default run, the others in the long one; 90 seeded instants of
a start and a clip are exhaustive.
"""

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from smartrec.units import SECOND
from tests.e2e.pictures import numbers
from tests.e2e.recorder import DETECTING, Home, Recorder, Row, pause_until, wait_gone
from tests.faults.changes import Changes
from tests.faults.totals import Totals

PRE = SECOND // 2
FAULT = "SIGTERM, SIGINT or SIGHUP"
BOUND = 60.0
"""Seconds within which the end must come, on a machine that is busy; it takes a second or two."""


@dataclass
class Life:
    """One recorder on its way to a state."""

    home: Home
    running: Recorder
    triggers: list[int] = field(default_factory=list)
    children: list[int] = field(default_factory=list)

    def live(self, ring: float = 0.6) -> None:
        self.running.wait_live()
        self.running.wait_ring(ring)

    def trigger(self) -> None:
        self.triggers.append(time.monotonic_ns())
        self.running.trigger(pts=self.triggers[-1])

    def recorded(self, *steps: str) -> None:
        """Until a clip's finisher is at work, or has gone these steps."""
        self.live()
        with Changes(clips=self.home.clips, open=self.home.clips / ".open") as changes:
            self.trigger()
            self.running.wait_for(r"recorded \(complete\)")
            changes.wait_for(*steps)

    def send(self, number: int) -> None:
        self.children = self.running.children()
        if number == signal.SIGINT:
            os.killpg(self.running.pid, number)
        else:
            os.kill(self.running.pid, number)


def recording(life: Life, after: int) -> None:
    life.live()
    life.trigger()
    pause_until(life.triggers[-1] + after)


def camera_starts(life: Life) -> None:
    """It has said how to reach it, so that it can be reached."""
    life.running.wait_for("smartrec trigger")


def watch_starts(life: Life) -> None:
    camera_starts(life)
    life.running.wait_until(lambda status: life.running.watch() is not None)


def asked_twice(life: Life) -> None:
    """The second time a moment later, as by a key that is held down."""
    recording(life, SECOND // 4)
    life.send(signal.SIGTERM)


def at_its_end(life: Life) -> None:
    """So much later that it is meant: what is not finished is left to the next start."""
    life.live()
    life.trigger()
    life.running.wait_until(lambda status: bool(life.running.finishers()))
    for finisher in life.running.finishers():
        os.kill(finisher, signal.SIGSTOP)
    life.send(signal.SIGTERM)
    life.running.wait_for(r"recorded \(stopped\)")
    pause_until(time.monotonic_ns() + 3 * SECOND // 2)


@dataclass(frozen=True)
class State:
    """Where a recorder stands when the signal comes.

    Attributes:
        reach: Gets it there.
        post: Of its clips, in seconds.
        environ: On top of the home's.
        left: Whether a clip is left to the next start.
    """

    reach: Callable[[Life], object]
    post: float = 5.0
    environ: dict[str, str] = field(default_factory=dict)
    left: bool = False


STATES = {
    "the camera starts": State(camera_starts),
    "the first picture came": State(lambda life: life.running.wait_live()),
    "it waits": State(lambda life: life.live()),
    "the pre-roll is written": State(lambda life: recording(life, 0)),
    "it records": State(lambda life: recording(life, SECOND // 2)),
    "the clip is about to end": State(lambda life: recording(life, SECOND // 2), post=0.55),
    "a clip is finished": State(lambda life: life.recorded(), post=0.5),
    "a clip gets its name": State(lambda life: life.recorded(r"create clips/.*\.mp4"), post=0.5),
    "the catalogue is written": State(
        lambda life: life.recorded(r"create clips/.*\.jpg", "modify clips/catalog"), post=0.5
    ),
    "the watch starts": State(watch_starts, environ=DETECTING),
    "it ends already, by a key held down": State(asked_twice),
    "it ends already and is told again": State(at_its_end, left=True),
}
SHORT = ("the camera starts", "it records", "a clip is finished", "the watch starts")
NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def recorder(home: Home, state: State) -> Iterator[Life]:
    arguments = ("demo", f"--pre-roll={PRE / SECOND}s", f"--post-roll={state.post}s")
    with Recorder(home, arguments, environ=state.environ) as running:
        yield Life(home, running)


def cases() -> Iterator[object]:
    for turn, name in enumerate(STATES):
        for at, number in enumerate(NUMBERS):
            short = name in SHORT and at == SHORT.index(name) % len(NUMBERS)
            once = at == turn % len(NUMBERS)
            mark = () if short else pytest.mark.long if once else pytest.mark.exhaustive
            yield pytest.param(name, number, id=f"{name}, {number.name}", marks=mark)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("name", "number"), list(cases()))
def test_a_signal_ends_it_in_order_whatever_it_does(
    home: Home, totals: Totals, name: str, number: signal.Signals
) -> None:
    state = STATES[name]
    with recorder(home, state) as life:
        state.reach(life)
        life.send(number)
        told = life.running.end(BOUND)
        assert re.match(r"stopped \(SIG(TERM|INT|HUP)\): ", told)
        assert "Traceback" not in life.running.everything
        for child in life.children:
            os.kill(child, signal.SIGCONT) if state.left and alive(child) else None
            wait_gone(child)
    if state.left:
        finish(home)
    whole(home, life.triggers)
    totals(FAULT, tried=1, held=1, note=f"in {len(STATES)} states")


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def finish(home: Home) -> None:
    """The next start does what was left."""
    with Recorder(home, ("demo", "--for", "1s")) as running:
        running.end()


def whole(home: Home, triggers: list[int]) -> None:
    """Each trigger has its clip, from its pre-roll on, with no picture missing; nothing is over."""
    rows = home.rows()
    assert len(rows) == len(triggers)
    for row, at in zip(sorted(rows, key=lambda row: row["first_pts"]), triggers, strict=True):
        begins(row, at)
    assert home.left_over() == []
    assert {str(path) for path in home.clips.glob("*.m*")} == {row["path"] for row in rows}


def begins(row: Row, at: int) -> None:
    assert row["state"] in ("stopped", "complete", "recovered"), row
    drawn = [number for number in numbers(Path(row["path"])) if number is not None]
    assert drawn == list(range(drawn[0], drawn[0] + row["frames_written"]))
    assert row["frames_lost"] == 0, row["lost"]
    assert 0 <= row["first_pts"] - (at - PRE) < SECOND // 10
    assert row["last_pts"] >= at - SECOND // 10


@pytest.mark.long
def test_a_recorder_whose_camera_never_came_says_so_and_ends(home: Home, totals: Totals) -> None:
    with Recorder(home, ("run", "--source", "usb:/dev/video999")) as running:
        running.wait_for("smartrec trigger")
        running.wait_until(lambda status: status["cameras"][0]["phase"] == "lost")
        running.send(signal.SIGTERM)
        assert running.status_at_end(BOUND) == 4, running.everything
        assert "Traceback" not in running.everything
    totals(FAULT, tried=1, held=1, note="while its camera is lost")


@pytest.mark.long
@pytest.mark.timeout(120)
def test_a_recorder_whose_disk_is_full_ends_and_leaves_what_it_has(
    home: Home, tmp_path: Path, totals: Totals
) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "smartrec", str(disk)], check=True)
    try:
        full = replace(home, clips=disk / "clips")
        with Recorder(full, ("demo", "--pre-roll=1s", "--post-roll=10s")) as running:
            running.wait_live()
            running.wait_ring(1.2)
            running.trigger()
            running.wait_for("clips cannot be written to .*; cameras go on")
            children = running.children()
            running.send(signal.SIGTERM)
            running.end(BOUND)
            assert "Traceback" not in running.everything
            for child in children:
                wait_gone(child)
        subprocess.run(["mount", "-o", "remount,size=60m", str(disk)], check=True)
        finish(full)
        (row, *_) = sorted(full.rows(), key=lambda row: row["first_pts"])
        assert row["path"], row
        assert numbers(Path(row["path"]))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    totals(FAULT, tried=1, held=1, note="while the disk is full")


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_signal_at_any_instant_of_a_start_and_a_clip(
    home: Home, totals: Totals, seed: int
) -> None:
    """Before it can know of signals it dies of them, having begun nothing."""
    choice = random.Random(seed)
    for turn in range(30):
        here = replace(home, clips=home.clips / str(turn))
        number = choice.choice(NUMBERS)
        triggers: list[int] = []
        with recorder(here, State(lambda life: None, post=0.5)) as life:
            if early := choice.random() < 0.5:
                pause_until(time.monotonic_ns() + choice.randrange(2 * SECOND))
            else:
                recording(life, choice.randrange(2 * SECOND))
                triggers = life.triggers
            life.send(number)
            status = life.running.status_at_end(BOUND)
            for child in life.children:
                wait_gone(child)
        if status:
            assert early
            assert status in (-number, 130)
        if (here.clips / "catalog.sqlite3").exists():
            whole(here, triggers)
    totals(FAULT, tried=30, held=30, note="at seeded instants")
