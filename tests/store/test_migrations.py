"""A catalogue of the smartrec before is brought up to date whole, or stays what it was."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from smartrec.errors import DiskFull
from smartrec.model import Trigger
from smartrec.store import browsing, database, gist, keeping
from smartrec.store.briefs import Filters
from smartrec.store.catalog import Catalog
from smartrec.units import SECOND, Ns
from tests.store import large
from tests.store.clips import FixedClock, closed, done, head

DERIVED = "clip_id, end_wall_ns, event_ns, reasons, zones, persons, best_score"
OF_VERSION_3 = (
    "state, duration_ns, first_pts, last_pts, start_wall_ns, start_pts, end_pts, frames_written"
)


def derived(directory: Path) -> list[tuple[object, ...]]:
    """What a list shows of each clip, as it stands in the file."""
    with closing(sqlite3.connect(directory / database.FILE_NAME)) as db:
        return db.execute(f"SELECT {DERIVED} FROM clips ORDER BY clip_id").fetchall()


def version_of(directory: Path) -> int:
    with closing(sqlite3.connect(directory / database.FILE_NAME)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


@pytest.mark.parametrize("create", [True, False])
def test_older_clips_are_listed_as_if_they_were_new(tmp_path: Path, create: bool) -> None:
    large.fill_mixed(tmp_path, 50)
    before = derived(tmp_path)
    large.as_version_3(tmp_path)
    with Catalog.open(tmp_path, create=create) as catalog:
        assert len(browsing.page(catalog, Filters(), limit=100)) == len(before)
    assert derived(tmp_path) == before
    assert len({row[3] for row in before}) > 3


def test_an_older_catalogue_is_read_as_it_lies_and_listed_like_a_new_one(tmp_path: Path) -> None:
    large.fill_mixed(tmp_path, 50)
    large.as_version_3(tmp_path)
    with Catalog(database.as_it_lies(tmp_path), tmp_path, FixedClock(), writes=False) as catalog:
        as_it_lies = browsing.page(catalog, Filters(), limit=100)
    assert version_of(tmp_path) == 3
    with Catalog.open(tmp_path, create=True) as catalog:
        assert browsing.page(catalog, Filters(), limit=100) == as_it_lies


@pytest.mark.parametrize("why", ["no JSON", "[1]", "null", '{"best": 1, "zone": 2, "track": "x"}'])
def test_a_reason_that_nobody_can_read_costs_no_catalogue(tmp_path: Path, why: str) -> None:
    large.fill(tmp_path, 3)
    with closing(sqlite3.connect(tmp_path / database.FILE_NAME)) as db:
        db.execute("UPDATE triggers SET why = ?", (why,))
        db.commit()
    large.as_version_3(tmp_path)
    with Catalog.open(tmp_path, create=True) as catalog:
        found = browsing.page(catalog, Filters(), limit=9)
    assert [(clip.persons, clip.best_score, clip.zones) for clip in found] == [(0, None, ())] * 3
    assert all(clip.reason for clip in found)


def test_what_an_older_smartrec_still_wrote_is_made_good_at_the_next_start(tmp_path: Path) -> None:
    """Its recorder runs on while a command of the new one brings the file up to date."""
    longer = head(
        triggers=(*head().triggers, Trigger("t2", Ns(101 * SECOND), "person", {"track": 7}))
    )
    for name in ("new", "old"):
        with Catalog.open(tmp_path / name, create=True) as catalog:
            for n in (0, 1):
                catalog.opened(head(n), tmp_path / name / "journal.mkv")
            if name == "new":
                catalog.finished(closed(longer), done(tmp_path, longer))
    with closing(sqlite3.connect(tmp_path / "old" / database.FILE_NAME)) as db:
        db.execute("ATTACH ? AS new", (str(tmp_path / "new" / database.FILE_NAME),))
        db.execute(
            f"UPDATE clips SET ({OF_VERSION_3}) = (SELECT {OF_VERSION_3} FROM new.clips n"
            " WHERE n.clip_id = clips.clip_id)"
        )
        db.execute("INSERT OR IGNORE INTO triggers SELECT * FROM new.triggers")
        db.execute("UPDATE clips SET end_wall_ns = 0 WHERE clip_id = ?", (head(1).clip_id,))
        db.commit()
    assert derived(tmp_path / "old") != derived(tmp_path / "new")
    Catalog.open(tmp_path / "old", create=False).close()
    assert derived(tmp_path / "old") != derived(tmp_path / "new")
    Catalog.open(tmp_path / "old", create=True).close()
    assert derived(tmp_path / "old") == derived(tmp_path / "new")


@pytest.mark.parametrize("older", [True, False])
def test_whether_an_older_smartrec_wrote_last_is_seen_without_reading_each_clip(
    tmp_path: Path, older: bool
) -> None:
    large.fill(tmp_path, 10)
    if older:
        large.as_version_3(tmp_path)
    with Catalog.open(tmp_path, create=True) as catalog:
        asked: list[str] = []
        with catalog.transaction(durable=False) as db:
            db.set_trace_callback(asked.append)
            assert not gist.is_stale(db)
            db.set_trace_callback(None)
        (plan,) = catalog.rows(f"EXPLAIN QUERY PLAN {asked[0]}")
    assert "USING INDEX clips_stale" in plan["detail"]


def test_no_room_to_bring_it_up_to_date_leaves_it_as_it_was(
    small_disk: Path, tmp_path: Path
) -> None:
    large.fill(tmp_path, 200)
    before = derived(tmp_path)
    large.as_version_3(tmp_path)
    shutil.copy(tmp_path / database.FILE_NAME, small_disk)
    room = os.statvfs(small_disk)
    (small_disk / "ballast").write_bytes(bytes(room.f_bavail * room.f_bsize - 100_000))
    for create in (True, False):
        with pytest.raises(DiskFull):
            database.connect(small_disk, create=create)
    assert version_of(small_disk) == 3
    with Catalog(database.as_it_lies(small_disk), small_disk, FixedClock(), False) as catalog:
        assert len(keeping.held(catalog)) == 200
    (small_disk / "ballast").unlink()
    Catalog.open(small_disk, create=True).close()
    assert derived(small_disk) == before


OPEN = """
import sys
from pathlib import Path
from smartrec.store.catalog import Catalog
Catalog.open(Path(sys.argv[1]), create=True).close()
"""


def test_all_who_come_at_once_find_it_up_to_date(tmp_path: Path) -> None:
    large.fill(tmp_path, 2000)
    before = derived(tmp_path)
    large.as_version_3(tmp_path)
    command = [sys.executable, "-c", OPEN, str(tmp_path)]
    openers = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    assert [opener.communicate()[1] for opener in openers] == [b"", b"", b""]
    assert derived(tmp_path) == before
    assert version_of(tmp_path) == database.VERSION


@pytest.mark.long
def test_a_kill_while_many_clips_are_brought_up_to_date_costs_none(tmp_path: Path) -> None:
    large.fill(tmp_path, 30_000)
    before = derived(tmp_path)
    large.as_version_3(tmp_path)
    log = tmp_path / f"{database.FILE_NAME}-wal"
    killed = []
    for size in (1, 1_000_000, 10_000_000):
        with subprocess.Popen([sys.executable, "-c", OPEN, str(tmp_path)]) as opener:
            while opener.poll() is None:
                if log.exists() and log.stat().st_size >= size:
                    opener.send_signal(signal.SIGKILL)
                    break
        killed.append(opener.returncode)
        assert version_of(tmp_path) == 3
    assert killed == [-signal.SIGKILL] * 3
    Catalog.open(tmp_path, create=True).close()
    assert version_of(tmp_path) == database.VERSION
    assert derived(tmp_path) == before
