"""The audit log: who did what, in the vault's file.

What failed is bounded by itself, so that nobody washes away what was done by failing often.
"""

import sqlite3
from typing import Final

from smartrec.access.model import Entry
from smartrec.access.rows import text

MOST_DONE: Final = 80_000
MOST_FAILED: Final = 20_000
_EACH: Final = 64
"""Between two looks at how many there are; so many more may be there."""
_COLUMNS: Final = "wall_ns, who, kind, address, action, object, outcome"


def write(database: sqlite3.Connection, entry: Entry) -> None:
    """Add one; inside a transaction of the caller's."""
    texts = (entry.who, entry.kind, entry.address, entry.action, entry.object, entry.outcome)
    values = (entry.wall_ns, *(text(each) for each in texts))
    written = database.execute(
        f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", values
    )
    if written.lastrowid is not None and written.lastrowid % _EACH == 0:
        _bound(database, done=True, most=MOST_DONE - _EACH)
        _bound(database, done=False, most=MOST_FAILED - _EACH)


def read(database: sqlite3.Connection, limit: int, before: int | None) -> list[Entry]:
    """The newest first, `before` a number if one is given."""
    rows = database.execute(
        f"SELECT {_COLUMNS}, number FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?",
        (2**63 - 1 if before is None else before, limit),
    )
    return [Entry(**dict(row)) for row in rows]


def _bound(database: sqlite3.Connection, *, done: bool, most: int) -> None:
    database.execute(
        "DELETE FROM audit WHERE done = :done AND number <= (SELECT number FROM audit"
        " WHERE done = :done ORDER BY number DESC LIMIT 1 OFFSET :most)",
        {"done": done, "most": most},
    )
