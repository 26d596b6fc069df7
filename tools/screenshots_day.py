"""A day made of the clips of some minutes: most of them begin earlier than they did, many twice."""

import random
import sqlite3
import uuid
from pathlib import Path
from typing import Final

from smartrec.model import ClipState
from smartrec.recording.naming import clip_name
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.units import SECOND

_HOUR: Final = 3600 * SECOND
_HOURS: Final = (4, 7, 11, 6, 8, 13, 9, 5, 3, 8, 4, 1, 0, 0, 0, 0, 0, 2, 3, 5, 9, 6, 4, 8, 10)
"""How many clips there shall be, from this hour backwards."""
_STAY: Final = 6
"""So many of the newest remain where they are."""
_TIMES: Final = {"wall_ns", "start_wall_ns", "end_wall_ns", "dated_ns", "created_ns", "updated_ns"}
_TABLES: Final = ("clips", "triggers", "losses", "locations", "tracks")


def spread(directory: Path, newest_ns: int) -> None:
    """Make a day of them, before `newest_ns`; the copies' files are links."""
    chance = random.Random(5)
    with Catalog.open(directory, create=False) as catalog:
        whole = [clip for clip in catalog.clips() if clip.state is ClipState.COMPLETE]
        with catalog.transaction(durable=False) as db:
            for ago, clips in enumerate(_HOURS):
                for _ in range(clips):
                    began = newest_ns - ago * _HOUR - chance.randrange(_HOUR // 10, _HOUR)
                    _copy(db, directory, chance.choice(whole), began)
            for clip in whole[_STAY:]:
                db.execute("DELETE FROM clips WHERE clip_id = ?", (clip.clip_id,))


def _copy(db: sqlite3.Connection, directory: Path, clip: ClipRecord, began: int) -> None:
    """One more of it, begun then; it lacks nothing that the other has."""
    other = str(uuid.UUID(int=began // 1_000_000 << 80 | 0x7 << 76 | 0b10 << 62 | began % 2**60))
    event = began + clip.triggers[0].pts - (clip.first_pts or clip.triggers[0].pts)
    name = clip_name(clip.camera_id, event, clip.triggers[0].reason, 1)
    for file in filter(None, (clip.path, clip.thumbnail)):
        renamed = file.name.replace(clip.file_name, name)
        (directory / renamed).hardlink_to(file)
    values = {"other": other, "was": clip.clip_id, "named": name, "old": clip.file_name}
    for table in _TABLES:
        columns = {row[1]: row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        for column in columns.keys() & _TIMES:
            columns[column] += " - :earlier"
        renamed_ones = columns.keys() & {"file_name", "uri", "thumbnail"}
        columns |= {column: f"replace({column}, :old, :named)" for column in renamed_ones}
        columns |= dict.fromkeys(columns.keys() & {"clip_id", "event_id"}, ":other")
        db.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())}"
            f" FROM {table} WHERE clip_id = :was",
            {**values, "earlier": clip.start_wall_ns - began},
        )
