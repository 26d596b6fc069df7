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


MIGRATIONS: Final[Mapping[int, Migration]] = {1: _add_tracks, 2: _add_keeping}
"""From each version to the next; inside a transaction of the caller's."""
