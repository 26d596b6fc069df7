"""Clips hold exactly the pictures asked for, on decoded files, also when the machine has it hard.

In the default run: a script of events of every kind, in calm and while the interpreter is held,
three cameras at once, copies bit by bit. In the long one: the script on a slow disk, and three
cameras while the cores are busy; in the exhaustive one the script while they are. Other sources:
`tests/e2e/test_files.py`; what goes wrong: `tests/faults`.
"""

import json
import random
import subprocess
import time
from pathlib import Path

import pytest

from smartrec.media.demo import open_demo
from smartrec.model import Verdict
from smartrec.units import SECOND
from tests.e2e.hardships import recorder
from tests.e2e.pictures import FPS, Grid, check, numbers
from tests.e2e.recorder import Home, Recorder, Row, pause_until, settings

SEED = 20261122


def ns(seconds: float) -> int:
    return round(seconds * SECOND)


# An answer may take two seconds where the disk is slow: an event lasts longer than that.
PRE, POST, LONGEST = ns(0.9), ns(2.2), ns(4.5)


def timing(pre: int = PRE, post: int = POST, longest: int = LONGEST) -> tuple[str, ...]:
    lengths = (("--pre-roll", pre), ("--post-roll", post), ("--max-length", longest))
    return tuple(word for name, value in lengths for word in (name, f"{value / SECOND}s"))


class Script:
    """Events of every kind on one running camera; knows what each must hold.

    Attributes:
        wanted: First clip of each event -> its interval.
    """

    def __init__(self, running: Recorder, *, prompt: bool) -> None:
        self.running = running
        self.wanted: dict[str, tuple[int, int]] = {}
        self._random = random.Random(SEED)
        self._prompt = prompt
        self._stopped = ""

    def trigger(self, pts: int, *verdicts: Verdict) -> None:
        """Something happens at `pts`."""
        answer = self.running.trigger(pts=pts)
        assert answer.clip_id is not None
        if self._prompt:
            assert answer.verdict in verdicts
        if answer.verdict is Verdict.ACCEPTED:
            self.wanted[answer.clip_id] = (pts - PRE, pts + POST)
        else:
            clip, (begin, end) = self.wanted.popitem()
            self.wanted[clip] = (begin, max(end, pts + POST))

    def moment(self) -> int:
        """One that just passed, wherever between two pictures."""
        return time.monotonic_ns() - self._random.randrange(ns(0.05))

    def single(self) -> None:
        self.trigger(self.moment(), Verdict.ACCEPTED)
        self.over()

    def extended(self, *later: float) -> None:
        """Further triggers while it lasts, so many seconds after the first."""
        first = self.moment()
        self.trigger(first, Verdict.ACCEPTED)
        for after in later:
            pts = first + ns(after)
            pause_until(pts - ns(0.2))  # no command may be far ahead of its time
            self.trigger(pts, Verdict.EXTENDED)
        self.over()

    def stopped(self) -> None:
        """By hand, before it would have ended."""
        self.trigger(first := self.moment(), Verdict.ACCEPTED)
        last = first + POST - 1
        pause_until(last - ns(0.8))
        self.trigger(last, Verdict.EXTENDED)
        at = time.monotonic_ns() + ns(0.3)
        answers = self.running.command("cam0", pts=at, stop=True)
        if self._prompt:
            assert [answer.verdict for answer in answers] == [Verdict.STOPPED]
        clip, (begin, end) = self.wanted.popitem()
        self.wanted[clip] = (begin, min(end, at))
        self._stopped = clip
        self.over()

    def over(self) -> None:
        """The next event is right behind this one: its pre-roll is in both."""
        self.running.wait_until(lambda status: not status["cameras"][0]["recording"])

    def check(self, rows: list[Row]) -> Grid:
        """Every part of every event, picture by picture."""
        grid = None
        for clip, (begin, end) in self.wanted.items():
            event = next(row["event_id"] for row in rows if row["clip_id"] == clip)
            parts = sorted(
                (row for row in rows if row["event_id"] == event), key=lambda row: int(row["part"])
            )
            until = self._end(clip, end, parts[-1])
            assert len(parts) == -(-(until - begin) // LONGEST)
            for n, row in enumerate(parts):
                from_ = begin + n * LONGEST
                grid = check(row, from_, min(from_ + LONGEST, until), grid)
        assert grid is not None
        return grid

    def _end(self, clip: str, end: int, row: Row) -> int:
        """Where it ended: a stop that comes late does not unmake what is written."""
        if self._prompt or clip != self._stopped:
            return end
        assert end - ns(0.04) <= row["last_pts"] <= end + ns(2.0)
        return int(row["last_pts"]) + 1


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "hardship",
    [
        "calm",
        pytest.param("held", marks=pytest.mark.long),
        pytest.param("disk", marks=pytest.mark.long),
        pytest.param("busy", marks=pytest.mark.exhaustive),
    ],
)
def test_every_kind_of_event_is_exact_to_the_picture(home: Home, hardship: str) -> None:
    with recorder(hardship, home, "demo", *timing()) as running:
        running.wait_live()
        script = Script(running, prompt=hardship == "calm")
        script.single()  # in the first second of life: as much pre-roll as there is
        script.single()
        script.extended(0.1, 0.3)
        script.stopped()
        script.extended(0.8, 1.6, 2.4, 3.2)  # longer than one clip may be
        last = time.monotonic_ns()
        cut_short = running.trigger(pts=last).clip_id
        told = running.stop()
    after = time.monotonic_ns()
    rows = home.rows()
    grid = script.check(rows)
    first = next(row for row in rows if row["clip_id"] in script.wanted)
    assert first["actual_pre_s"] < first["asked_pre_s"] == PRE / SECOND
    assert "stopped" in {row["state"] for row in rows}
    (row,) = (row for row in rows if row["clip_id"] == cut_short)
    ended = row["last_pts"]
    assert row["state"] == "stopped"
    assert last - ns(0.04) < ended < min(after, last + POST)
    check(row, last - PRE, ended + 1, grid)
    assert told == f"stopped (SIGTERM): {len(rows)} clips"
    assert home.left_over() == []


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize("hardship", ["calm", "busy"])
def test_several_cameras_record_the_same_moment_exactly(home: Home, hardship: str) -> None:
    config = settings(home.clips.parent / "three.toml", ["demo"] * 3)
    with recorder(hardship, home, "run", "--config", str(config), *timing()) as running:
        running.wait_live(3)
        running.wait_ring(1.2)
        at = time.monotonic_ns()
        answers = running.command(pts=at)
        running.wait_ready(3)
        running.stop()
    assert {answer.camera for answer in answers} == {"cam0", "cam1", "cam2"}
    rows = home.rows()
    assert {row["clip_id"] for row in rows} == {answer.clip_id for answer in answers}
    grids = [check(row, at - PRE, at + POST) for row in rows]
    assert len({grid.start for grid in grids}) == 3  # each camera began at its own time


@pytest.mark.long
def test_an_interval_that_begins_and_ends_with_a_picture_holds_the_first_and_not_the_last(
    home: Home,
) -> None:
    with Recorder(home, ("demo", *timing())) as running:
        running.wait_live()
        begun = time.monotonic_ns()
        clip = running.trigger(pts=begun).clip_id
        running.wait_ready()
        (row,) = home.rows()
        assert row["clip_id"] == clip
        grid = check(row, begun - PRE, begun + POST)
        # 27 and 66 pictures: whole numbers of pictures from the trigger's own.
        turn = grid.pts(((time.monotonic_ns() - grid.start) * FPS // SECOND) // 3 * 3)
        running.trigger(pts=turn)
        running.wait_ready()
        running.stop()
    _, row = home.rows()
    check(row, turn - PRE, turn + POST, grid)
    assert (row["first_pts"], row["frames_written"]) == (turn - PRE, 93)


@pytest.mark.long
def test_a_stop_in_the_past_leaves_a_proof_that_adds_up(home: Home) -> None:
    with Recorder(home, ("demo", *timing(post=ns(20), longest=ns(60)))) as running:
        running.wait_live()
        at = time.monotonic_ns()
        running.trigger(pts=at)
        running.wait_ring(1.5)
        past = time.monotonic_ns() - ns(0.5)
        running.command(pts=past, stop=True)
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    assert row["state"] == "stopped"
    assert row["last_pts"] >= past - ns(0.04)
    check(row, at - PRE, row["last_pts"] + 1)


def test_a_copy_has_the_cameras_own_bits(home: Home) -> None:
    with Recorder(home, ("demo", "--format", "copy", *timing())) as running:
        running.wait_live()
        running.wait_ring(1.0)
        at = time.monotonic_ns()
        running.trigger(pts=at)
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    assert Path(row["path"]).suffix == ".mkv"
    assert row["encoder"] == "copy"
    check(row, at - PRE, at + POST)
    feed = open_demo(Path(home.environ["SMARTREC_CACHE_DIR"]))
    sent = b"".join(feed.jpeg(n) for n in numbers(Path(row["path"])) if n is not None)
    feed.close()
    unpack = ["ffmpeg", "-v", "error", "-i", row["path"], "-c", "copy", "-f", "image2pipe", "-"]
    assert subprocess.run(unpack, check=True, capture_output=True, timeout=60).stdout == sent


def test_the_command_line_triggers_stops_and_shows(home: Home) -> None:
    with Recorder(home, ("demo", *timing(post=ns(30), longest=ns(60)))) as running:
        running.wait_live()
        running.wait_ring(1.0)
        (started,) = json.loads(home.run("trigger", "--json"))
        assert started["verdict"] == "accepted"
        (again,) = json.loads(home.run("trigger", "--camera", "cam0", "--json"))
        assert (again["verdict"], again["clip_id"]) == ("extended", started["clip_id"])
        (stopped,) = json.loads(home.run("trigger", "--stop", "--json"))
        assert (stopped["verdict"], stopped["clip_id"]) == ("stopped", started["clip_id"])
        (refused,) = json.loads(home.run("trigger", "--stop", "--json", status=1))
        assert refused["verdict"] == "refused"
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    first, last = (trigger["pts"] for trigger in row["triggers"])
    check(row, first - PRE, row["last_pts"] + 1)
    assert row["last_pts"] > last
    told = home.run("clips", "show", "last")
    written = row["frames_written"]
    assert f"{written} frames expected, {written} written, 0 lost" in told
