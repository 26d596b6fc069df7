"""Sound and pictures of real clips, held against each other: the synthetic clap.

The demo camera clicks with each full second of its scene, at exactly the picture whose drawn
number is a multiple of 30. Clips are decoded by a program that did not write them: the moment of
each click in the sound is compared with the moment at which that picture is shown.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from smartrec.clock import SystemClock
from smartrec.units import MILLISECOND
from tests.e2e.pictures import FPS, Grid, check, shown
from tests.e2e.recorder import Home, Recorder, Row, pause_until
from tests.sounds import ffmpeg_heard

TOGETHER = 40 * MILLISECOND
"""What was promised."""
CLOSE = 5 * MILLISECOND
"""What is kept."""


def settings(
    path: Path, *, format_: str = "mp4", longest: str = "60s", pre: str = "2s", post: str = "2s"
) -> Path:
    path.write_text(
        f'[recording]\nformat = "{format_}"\npre_roll = "{pre}"\npost_roll = "{post}"\n'
        f'max_length = "{longest}"\n[[camera]]\nsource = "demo"\naudio = true\n'
    )
    return path


def run(home: Home, file: Path) -> Recorder:
    return Recorder(home, ("run", "--config", str(file)))


def offsets(path: Path) -> list[int]:
    """Of each click from its picture, ns; a click for every such picture but at the very edges."""
    claps = [
        each.time for each in shown(path) if each.number is not None and each.number % FPS == 0
    ]
    heard = ffmpeg_heard(path)
    assert claps
    found = [min((h - clap for h in heard), key=abs) for clap in claps]
    assert len(heard) == len(claps), (heard, claps)
    return found


def held_together(rows: Sequence[Row]) -> list[int]:
    found = [offset for row in rows for offset in offsets(Path(row["path"]))]
    assert max(map(abs, found)) < CLOSE < TOGETHER, found
    return found


@pytest.mark.parametrize("format_", ["mp4", pytest.param("copy", marks=pytest.mark.long)])
def test_a_clap_is_heard_when_it_is_seen(home: Home, tmp_path: Path, format_: str) -> None:
    with run(home, settings(tmp_path / "s.toml", format_=format_)) as running:
        running.wait_live().wait_ring(2.5)
        running.trigger()
        running.wait_ready()
        assert running.status()["cameras"][0]["microphone"] == "live"
        running.stop()
    (row,) = home.rows()
    assert len(held_together([row])) >= 3
    assert row["silent_s"] == 0
    assert "sound without a gap" in home.run("clips", "show", row["clip_id"])


@pytest.mark.long
def test_parts_of_a_long_event_lack_no_sound_and_repeat_none(home: Home, tmp_path: Path) -> None:
    """Every full second of the whole event is heard in exactly one part, in step."""
    with run(home, settings(tmp_path / "s.toml", longest="1.5s")) as running:
        running.wait_live().wait_ring(2.5)
        running.trigger()
        running.wait_ready(3)
        running.stop()
    rows = sorted(home.rows(), key=lambda row: row["part"])
    assert len(rows) >= 3
    held_together([row for row in rows if any_clap(row)])
    assert all(row["silent_s"] == 0 for row in rows)
    seen = [each.number for row in rows for each in shown(Path(row["path"]))]
    assert seen == list(range(seen[0] or 0, (seen[-1] or 0) + 1))
    heard = [clap for row in rows for clap in ffmpeg_heard(Path(row["path"]))]
    assert len(heard) == sum(number is not None and number % FPS == 0 for number in seen)


def any_clap(row: Row) -> bool:
    return any((each.number or 1) % FPS == 0 for each in shown(Path(row["path"])))


@pytest.mark.long
def test_what_a_kill_leaves_behind_is_in_step(home: Home, tmp_path: Path) -> None:
    file = settings(tmp_path / "s.toml")
    with run(home, file) as running:
        running.wait_live().wait_ring(2.5)
        running.trigger()
        running.wait_for("recording")
        (state,) = running.wait_until(lambda s: bool(s["cameras"][0]["recording"]))["cameras"]
        assert state["recording"]
        running.wait_ring(3.5)
        running.kill()
    with run(home, file) as running:
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    assert row["state"] == "recovered"
    held_together([row])
    # Of the last moments before the kill sound may be missing, as pictures may.
    assert row["silent_s"] < 0.5


@pytest.mark.long
def test_claps_stay_together_from_the_first_second_to_the_last(home: Home, tmp_path: Path) -> None:
    with run(home, settings(tmp_path / "s.toml", pre="6s", post="5s")) as running:
        running.wait_live().wait_ring(6.5)
        answer = running.trigger()
        assert answer.pre_roll_s is not None
        running.wait_for("recording")
        for _ in range(3):
            pause_until_next(running)
            running.trigger()
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    assert len(held_together([row])) >= 10
    check(
        row, row["first_pts"], row["last_pts"] + 1, Grid.of(row, shown(Path(row["path"]))[0].number)
    )


def pause_until_next(running: Recorder) -> None:
    """A while later, within its post-roll."""
    status = running.status()
    assert status["cameras"][0]["recording"]
    pause_until(SystemClock().monotonic() + 1600 * MILLISECOND)


@pytest.mark.long
def test_a_microphone_that_is_not_there_is_told_and_costs_no_picture(
    home: Home, tmp_path: Path
) -> None:
    file = settings(tmp_path / "s.toml")
    file.write_text(file.read_text().replace("audio = true", 'audio = "alsa:hw:Nobody"'))
    with run(home, file) as running:
        running.wait_for("no sound: the microphone alsa:hw:Nobody is gone")
        running.wait_ring(2.1)
        answer = running.trigger()
        assert answer.clip_id is not None
        running.wait_ready()
        assert running.status()["cameras"][0]["microphone"] == "lost"
        running.stop()
    (row,) = home.rows()
    assert (row["frames_lost"], row["state"]) == (0, "complete")
    assert row["silent_s"] == row["duration_s"]
    assert "no sound: the microphone gave none" in home.run("clips", "show", row["clip_id"])


def test_sound_is_off_unless_it_is_asked_for(home: Home) -> None:
    with Recorder(home) as running:
        running.wait_live().wait_ring(1)
        running.trigger()
        assert running.status()["cameras"][0]["microphone"] == "off"
        running.stop()
    (row,) = home.rows()
    assert row["silent_s"] is None
    assert b"soun" not in Path(row["path"]).read_bytes()
