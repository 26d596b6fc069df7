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


MIGRATIONS: Final[Mapping[int, Migration]] = {1: _add_tracks}
"""From each version to the next; inside a transaction of the caller's."""
