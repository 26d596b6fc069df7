"""Trouble behind the recording: a catalogue that is lost or damaged, a finisher that always fails.

In the default run, but for a clip longer than all tries of a finisher that fails (exhaustive).
Finishers that are killed: `tests/faults/test_killed_children.py`.
"""

import time
from pathlib import Path

import pytest

from smartrec.units import SECOND
from tests.e2e.pictures import check
from tests.e2e.recorder import Home, Recorder, Row
from tests.media import clips

HALF = SECOND // 2
SHORT = ("--pre-roll=0.5s", "--post-roll=0.5s")
CATALOGUE = "catalog.sqlite3"


def record(home: Home) -> Row:
    """One clip by a recorder of its own, and its row."""
    with Recorder(home, ("demo", *SHORT)) as running:
        running.wait_live()
        running.wait_ring(0.8)
        at = time.monotonic_ns()
        clip = running.trigger(pts=at).clip_id
        running.wait_ready()
        running.stop()
        assert "Traceback" not in running.everything
    row = next(row for row in home.rows() if row["clip_id"] == clip)
    check(row, at - HALF, at + HALF)
    return row


@pytest.mark.long
def test_a_catalogue_that_was_deleted_is_begun_anew(home: Home) -> None:
    first = record(home)
    for path in home.clips.glob(f"{CATALOGUE}*"):
        path.unlink()
    second = record(home)
    assert home.rows() == [second]
    assert f"unlisted         {first['file_name']}.mp4" in home.run("clips", "verify")


@pytest.mark.long
def test_a_damaged_catalogue_is_set_aside_and_said_to_be(home: Home) -> None:
    record(home)
    for path in home.clips.glob(f"{CATALOGUE}*"):
        path.unlink()
    damaged = b"this is no database" * 1000
    (home.clips / CATALOGUE).write_bytes(damaged)
    with Recorder(home, ("demo", *SHORT)) as running:
        running.wait_for("WARNING: .*catalog.sqlite3.* it is kept beside a new one")
        running.wait_live()
        clip = running.trigger().clip_id
        running.wait_ready()
        running.stop()
        assert "Traceback" not in running.everything
    assert [row["clip_id"] for row in home.rows()] == [clip]
    (aside,) = home.clips.glob(f"{CATALOGUE}.damaged-*")
    assert aside.read_bytes() == damaged


def test_a_catalogue_of_a_newer_version_is_refused_and_left_alone(home: Home) -> None:
    record(home)
    path = home.clips / CATALOGUE
    newer = bytearray(path.read_bytes())
    newer[60:64] = (999_999).to_bytes(4, "big")
    path.write_bytes(newer)
    with Recorder(home, ("demo", *SHORT)) as running:
        running.wait_for("written by .*smartrec")
        assert running.status_at_end() == 6
        assert "Traceback" not in running.everything
    assert path.read_bytes() == newer


def test_a_clip_finished_again_in_another_format_is_there_once(tmp_path: Path) -> None:
    """Its recorder died before it knew of the first, and the next has other settings."""
    units = clips.jpeg_units(clips.jpegs(6))
    shop = clips.Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    first = shop.finish().finished["path"]
    second = shop.finish(format="copy").finished["path"]
    assert (Path(first).suffix, Path(second).suffix) == (".mp4", ".mkv")
    assert {Path(name).suffix for name in shop.files()} == {".mkv", ".jpg"}


@pytest.mark.exhaustive
@pytest.mark.timeout(150)
def test_a_finisher_that_always_fails_costs_a_long_clip_nothing(home: Home) -> None:
    """It has no encoder: every try of it fails, also while the clip is being recorded."""
    arguments = ("demo", "--pre-roll=1s", "--post-roll=35s")
    pinned = {"SMARTREC_RECORDING__ENCODER": "nvidia"}
    with Recorder(home, arguments, environ=pinned) as running:
        running.wait_live()
        running.wait_ring(1.2)
        at = time.monotonic_ns()
        clip = running.trigger(pts=at).clip_id
        running.wait_for("recorded .complete.")
        running.wait_for(f"clip {clip} failed: .*; kept: .*mkv")
        running.stop()
    (row,) = home.rows()
    assert row["state"] == "failed"
    record(home)  # the next recorder has an encoder
    row, _ = home.rows()
    assert row["clip_id"] == clip
    check(row, at - SECOND, at + 35 * SECOND)
