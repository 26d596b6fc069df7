"""Runs in a process of its own, whose disk is faulty: an older catalogue brought up to date.

    python -m tests.faults.migration_points '{"where": …, "state": …, "kills": true, "every": 1}'

As `tests.faults.deletion_points`, with a catalogue of the smartrec before.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from smartrec.errors import StoreError
from smartrec.store import browsing, database, keeping
from smartrec.store.briefs import Filters
from smartrec.store.catalog import Catalog
from tests.faults.deletion_points import Scene, main
from tests.store import large
from tests.store.clips import FixedClock

CLIPS: Final = 60


def furnish(directory: Path) -> None:
    """A catalogue that version 3 left."""
    large.fill_mixed(directory, CLIPS)
    large.as_version_3(directory)


def bring_up_to_date(directory: Path) -> None:
    """What a recorder's start does of it."""
    with suppress(StoreError, OSError):
        Catalog.open(directory, create=True).close()


def broken(directory: Path, *, at_rest: bool) -> list[str]:
    """What is not as promised: at any moment, and when a recorder has started again."""
    wrong = [f"set aside: {path.name}" for path in directory.glob("*.damaged-*")]
    with closing(sqlite3.connect(directory / database.FILE_NAME)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        (verdict,) = db.execute("PRAGMA integrity_check").fetchone()
        (clips,) = db.execute("SELECT count(*) FROM clips").fetchone()
    expected = (database.VERSION,) if at_rest else (3, database.VERSION)
    if verdict != "ok" or clips != CLIPS + 6 or version not in expected:
        wrong.append(f"{verdict}, {clips} clips, version {version}")
    if at_rest:
        clock = FixedClock()
        with Catalog(database.as_it_lies(directory), directory, clock, writes=False) as catalog:
            listed = browsing.page(catalog, Filters(), limit=2 * CLIPS)
            if len(listed) != clips or not all(clip.reason for clip in listed):
                wrong.append("not all are listed")
            if len(keeping.held(catalog)) != clips - 4:
                wrong.append("not all are held")
    return wrong


if __name__ == "__main__":
    main(Scene(furnish, bring_up_to_date, broken))
