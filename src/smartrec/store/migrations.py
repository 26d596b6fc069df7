"""How the catalogue of each older version becomes one of the next.

What is written here stays as it is: a new file is made from schema.sql at once.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Final

Migration = Callable[[sqlite3.Connection], None]


def _add_tracks(database: sqlite3.Connection) -> None:
    """To version 2: triggers that last, and what was seen in a clip."""
    database.execute("ALTER TABLE triggers ADD COLUMN last_pts INTEGER")
    database.execute(
        "CREATE TABLE tracks ("
        " clip_id TEXT NOT NULL REFERENCES clips ON DELETE CASCADE,"
        " first_pts INTEGER NOT NULL, last_pts INTEGER NOT NULL, looks BLOB NOT NULL,"
        " PRIMARY KEY (clip_id, first_pts)) STRICT, WITHOUT ROWID"
    )


def _add_keeping(database: sqlite3.Connection) -> None:
    """To version 3: how long a clip is kept, and its sound."""
    database.execute("ALTER TABLE clips ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0")
    database.execute("ALTER TABLE clips ADD COLUMN deleting INTEGER NOT NULL DEFAULT 0")
    database.execute("ALTER TABLE clips ADD COLUMN dated_ns INTEGER")
    database.execute("ALTER TABLE clips ADD COLUMN silent_ns INTEGER")
    database.execute(
        "UPDATE clips SET dated_ns = start_wall_ns + duration_ns"
        " WHERE clock_synced AND duration_ns IS NOT NULL"
    )
    database.execute(
        "CREATE INDEX clips_kept ON clips"
        " (deleting, state, pinned, dated_ns, start_wall_ns, camera_id, bytes)"
    )


def _add_browsing(database: sqlite3.Connection) -> None:
    """To version 4: what is shown of many clips at once, notes, and the trash.

    What follows from other columns and rows is filled in by `smartrec.store.gist.mend`.
    """
    for column in (
        *("end_wall_ns INTEGER NOT NULL DEFAULT 0", "event_ns INTEGER"),
        *("reasons TEXT NOT NULL DEFAULT ''", "zones TEXT NOT NULL DEFAULT ''"),
        *("persons INTEGER NOT NULL DEFAULT 0", "best_score REAL"),
        *("note TEXT NOT NULL DEFAULT ''", "trashed_ns INTEGER"),
    ):
        database.execute(f"ALTER TABLE clips ADD COLUMN {column}")
    for index in ("clips_by_time", "clips_kept"):
        database.execute(f"DROP INDEX {index}")
    database.execute(
        "CREATE INDEX clips_shown ON clips"
        " (start_wall_ns, clip_id, end_wall_ns, camera_id, persons, best_score, pinned, reasons,"
        " zones, state, event_ns, bytes, codec, encoder, event_id, part, camera_name, note,"
        " deleting, trashed_ns) WHERE deleting = 0 AND trashed_ns IS NULL"
    )
    database.execute(
        "CREATE INDEX clips_facets ON clips (camera_id, reasons, zones, start_wall_ns,"
        " camera_name, deleting, trashed_ns) WHERE deleting = 0 AND trashed_ns IS NULL"
    )
    database.execute(
        "CREATE INDEX clips_kept ON clips (deleting, state, pinned, dated_ns, start_wall_ns,"
        " camera_id, bytes, trashed_ns)"
    )
    database.execute(
        "CREATE INDEX clips_trashed ON clips (trashed_ns, deleting, state, pinned, dated_ns,"
        " start_wall_ns, camera_id, bytes) WHERE trashed_ns IS NOT NULL"
    )
    database.execute(
        "CREATE INDEX clips_stale ON clips (clip_id)"
        " WHERE end_wall_ns != start_wall_ns + coalesce(duration_ns, end_pts - start_pts)"
    )


MIGRATIONS: Final[Mapping[int, Migration]] = {
    1: _add_tracks,
    2: _add_keeping,
    3: _add_browsing,
}
"""From each version to the next; inside a transaction of the caller's."""
