"""Other settings for the real program while it records: the other cameras do not lose a picture.

The pictures' own numbers say so, decoded from the clips: one timeline of numbers for each run of a
camera, before and after.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from smartrec.app.settings_question import Do, Question
from smartrec.app.wire import ask_settings, find_socket
from smartrec.units import SECOND
from tests.e2e.pictures import FPS, check, numbers
from tests.e2e.recorder import DETECTING, LIVE, Home, Recorder, Row

PRE, POST = 1 * SECOND, 3 * SECOND
LATER_PRE = SECOND // 2
STEP = '{ name = "step", polygon = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]] }'


def written(
    path: Path, cameras: Sequence[Mapping[str, object]], pre: int = PRE, **more: object
) -> Path:
    """A settings file; what a camera has beside its id is as TOML writes it."""
    lines = [f'[recording]\npre_roll = "{pre / SECOND}s"\npost_roll = "{POST / SECOND}s"']
    lines += [f"[{table}]\n{text}" for table, text in more.items()]
    for camera in cameras:
        lines += ["[[camera]]", 'source = "demo"']
        lines += [f"{key} = {value}" for key, value in camera.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


@dataclass
class Told:
    """A recorder that is told to take what its file says."""

    running: Recorder

    def reload(self) -> dict[str, Any]:
        home = self.running.home
        place = find_socket(home.clips, home.environ)
        answer = ask_settings(place, Question(Do.RELOAD, by="test"), clip_dir=home.clips)
        applied = answer["applied"]
        assert isinstance(applied, dict), answer
        return applied


def row_of(rows: Sequence[Row], clip_id: str | None) -> Row:
    return next(row for row in rows if row["clip_id"] == clip_id)


def cut_short(row: Row, begin: int) -> None:
    """A clip that was ended early holds all from `begin` to its last picture."""
    assert row["state"] == "stopped"
    check(row, begin, row["last_pts"] + 1)


def wait_microphone(running: Recorder, phase: str) -> None:
    running.wait_until(lambda status: bool(status["cameras"][0]["microphone"] == phase))


HALL, YARD, GATE = {"id": '"hall"'}, {"id": '"yard"'}, {"id": '"gate"'}


@pytest.mark.timeout(180)
@pytest.mark.long
def test_one_camera_records_on_exactly_whatever_becomes_of_the_other_and_of_the_settings(
    home: Home,
) -> None:
    file = written(home.clips.parent / "settings.toml", [HALL, YARD])
    with Recorder(home, ("run", "--config", str(file), "--format", "copy")) as running:
        told = Told(running.wait_live(2))
        running.wait_ring(1.2)
        at = time.monotonic_ns()
        hall, yard = running.command(pts=at)

        slow = _changed_under_way(told, file)
        running.wait_for(f"{hall.camera}: clip ready")
        running.wait_ring(0.5)
        again = time.monotonic_ns()
        next_hall, gate = running.command(pts=again)
        running.wait_listed({next_hall.clip_id, gate.clip_id})
        running.stop()
    rows = home.rows()
    grid = check(row_of(rows, hall.clip_id), at - PRE, at + POST)
    check(row_of(rows, next_hall.clip_id), again - LATER_PRE, again + POST, grid)
    check(row_of(rows, gate.clip_id), again - LATER_PRE, again + POST)
    cut_short(row_of(rows, yard.clip_id), at - PRE)
    drawn = numbers(Path(row_of(rows, slow)["path"]))
    assert drawn == list(range(drawn[0] or 0, (drawn[0] or 0) + len(drawn)))
    assert row_of(rows, slow)["frames_written"] == row_of(rows, slow)["frames_expected"]
    asked = [row_of(rows, each.clip_id)["asked_pre_s"] for each in (hall, yard, next_hall)]
    assert asked == [1.0, 1.0, 0.5], "what was in force when they began"
    assert len({row_of(rows, each.clip_id)["config_digest"] for each in (hall, next_hall)}) == 2
    assert "lost" not in running.everything


def _changed_under_way(told: Told, file: Path) -> str | None:
    """Zones and pre-roll, another rate of the yard, and at last the gate in its place.

    Returns:
        A clip that the yard began in between.
    """
    hall = {**HALL, "zone": f"[{STEP}]"}
    written(file, [hall, YARD], pre=LATER_PRE)
    assert not any(told.reload().values())
    written(file, [hall, {**YARD, "fps": "15.0"}], pre=LATER_PRE)
    assert told.reload()["restarted"] == ["yard"]
    told.running.wait_for(r"^yard: .* at 15 pictures")
    slow = told.running.trigger("yard").clip_id
    written(file, [{**hall, "name": '"The hall"'}, GATE], pre=LATER_PRE)
    moved = told.reload()
    assert (moved["added"], moved["removed"]) == (["gate"], ["yard"])
    told.running.wait_for(LIVE)
    names = [camera["name"] for camera in told.running.status()["cameras"]]
    assert names == ["The hall", "gate"]
    return slow


@pytest.mark.long
@pytest.mark.timeout(180)
def test_a_new_watch_costs_the_cameras_nothing_and_is_no_loss(home: Home) -> None:
    file = written(home.clips.parent / "settings.toml", [HALL, YARD])
    arguments = ("run", "--config", str(file), "--format", "copy")
    with Recorder(home, arguments, environ=DETECTING) as running:
        told = Told(running.wait_live(2))
        running.wait_for("sees persons from 50%")
        first = running.watch()
        at = time.monotonic_ns()
        hall, yard = running.command(pts=at)
        written(file, [HALL, YARD], detector="min_confidence = 0.6")
        assert told.reload()["watch"] is True
        running.wait_for("sees persons from 60%")
        assert running.watch() != first
        written(file, [HALL, YARD], trigger="frames = 1", detector="min_confidence = 0.6")
        assert told.reload()["watch"] is False
        running.wait_listed({hall.clip_id, yard.clip_id})
        running.stop()
    rows = home.rows()
    for answer in (hall, yard):
        row = row_of(rows, answer.clip_id)
        # The demo's person may have made it longer.
        assert row["last_pts"] >= at + POST - 2 * SECOND // FPS
        check(row, at - PRE, row["last_pts"] + 1)
    assert "lost" not in running.everything
    assert "the watch is back" not in running.everything


@pytest.mark.long
@pytest.mark.timeout(180)
def test_sound_that_is_switched_off_and_on_stays_in_the_clips_that_had_it(home: Home) -> None:
    file = written(home.clips.parent / "settings.toml", [{**HALL, "audio": "true"}])
    sounds = [True, False, True]
    with Recorder(home, ("run", "--config", str(file), "--format", "copy")) as running:
        told = Told(running)
        asked = []
        for number, sound in enumerate(sounds):
            if number:
                written(file, [{**HALL, "audio": str(sound).lower()}])
                assert told.reload()["restarted"] == ["hall"]
            running.wait_live()
            wait_microphone(running, "live" if sound else "off")
            running.wait_ring(1.2)
            asked.append((time.monotonic_ns(), running.trigger("hall").clip_id))
            running.wait_until(lambda status: bool(status["cameras"][0]["recording"]))
        running.wait_listed({asked[-1][1]})
        running.stop()
    rows = home.rows()
    assert [row_of(rows, clip)["silent_s"] is not None for _, clip in asked] == sounds
    for at, clip in asked[:-1]:
        row = row_of(rows, clip)
        assert row["state"] == "stopped"
        assert row["frames_lost"] == 0
        assert row["first_pts"] - (at - PRE) < SECOND // 10
    assert "lost" not in running.everything
    assert "no sound" not in running.everything
