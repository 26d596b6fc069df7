"""A catalogue of very many clips, as three cameras leave it in some months; without their files.

    python -m tests.store.large DIRECTORY 100000

The same arguments make the same clips. Most are of persons, more by day than by night; some were
asked for by key, some belong to an event of several parts, and a few are pinned, have a note, lack
pictures, failed, or are in the trash.
"""

import random
import sqlite3
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from smartrec.clock import ClockQuality, Instant
from smartrec.model import ClipHead, ClipState, Finished, Trigger
from smartrec.store import keeping
from smartrec.store.catalog import Catalog
from smartrec.store.database import FILE_NAME
from smartrec.store.record import LOCAL
from smartrec.store.rows import proof_columns, put_clip, put_losses
from smartrec.units import SECOND, Ns
from tests.store.clips import LOOKS, WALL, closed, done, head

CAMERAS: Final = (("door", "Front door"), ("yard", "Yard"), ("till", "Till"))
ZONES: Final = {"door": ("step", "path"), "yard": ("gate", "shed", "lawn"), "till": ("counter",)}
NOTES: Final = ("courier", "Postbote", "the neighbour's cat", "Änderung: Tür offen", "ask Maria")
DAYS: Final = 90
_DAY: Final = 86_400 * SECOND
_HOURS: Final = (
    *(1, 1, 1, 1, 1, 2, 5, 12, 18, 15, 12, 14),
    *(18, 15, 12, 12, 15, 18, 16, 12, 8, 5, 3, 2),
)
"""How many clips there are in each hour of the day (UTC), in proportion."""
_CLOCK: Final = ClockQuality("adjtimex", True, 900)
_DIFFERENT: Final = 10_000
"""Clips that differ in more than their time; the others are made of these, ten times as fast."""
_WALL_TIMES: Final = {"wall_ns", "start_wall_ns", "end_wall_ns", "dated_ns", "trashed_ns"}


def fill(
    directory: Path, clips: int, *, newest_ns: int = WALL, days: int = DAYS, seed: int = 1
) -> None:
    """Make the catalogue of a directory, or add to it.

    Args:
        directory: Where; made if need be.
        clips: How many.
        newest_ns: Wall time at which none begins any more.
        days: How long before that the first may begin.
        seed: Another one makes other clips.
    """
    chance = random.Random(seed)
    starts = sorted(_start(chance, newest_ns, days) for _ in range(min(clips, _DIFFERENT)))
    with Catalog.open(directory, create=True) as catalog:
        with catalog.transaction(durable=False) as db:
            db.execute("CREATE TEMP TABLE made (number INTEGER PRIMARY KEY, clip_id TEXT)")
            for head_, done, further, lost in _clips(chance, starts):
                db.execute("INSERT INTO made (clip_id) VALUES (?)", (head_.clip_id,))
                proof = proof_columns(head_, done, 0)
                put_clip(db, head_, {**proof, **further}, newest_ns)
                put_losses(db, head_.clip_id, lost)
                db.execute(
                    "INSERT INTO locations (clip_id, kind, uri, thumbnail) VALUES (?, ?, ?, ?)",
                    (head_.clip_id, LOCAL, done.path, done.thumbnail),
                )
        for number in range(1, -(-clips // _DIFFERENT)):
            with catalog.transaction(durable=False) as db:
                _repeat(db, number, min(_DIFFERENT, clips - number * _DIFFERENT))
        catalog.rows("DROP TABLE made")


def fill_mixed(directory: Path, clips: int, *, days: int = DAYS) -> None:
    """The same, and some that are not as most are: open, failed, without pictures, in the trash."""
    fill(directory, clips, days=days)
    two = (Trigger("a", Ns(0), "page"), Trigger("b", Ns(1), "person", {"zone": "gate", "track": 3}))
    with Catalog.open(directory, create=True) as catalog:
        for n in range(4):
            catalog.opened(head(n, part=n + 1), directory / ".open" / f"{n}.mkv")
        catalog.changed(closed(head(1)))
        catalog.failed(head(2).clip_id, "no encoder")
        at = tuple(replace(each, pts=Ns(head(5).start + each.pts)) for each in two)
        for n in (5, 6):  # one lacks a picture; of another no picture is left
            catalog.finished(closed(head(n, triggers=at)), done(directory, head(n)))
        nothing = {"first_pts": None, "last_pts": None, "frames_written": 0, "thumbnail": None}
        catalog.finished(closed(head(6)), done(directory, head(6), **nothing, duration=Ns(0)))
        catalog.looked(head(5).clip_id, LOOKS)
        some = [clip for clip in catalog.clips(camera="till")[::9] if not clip.pinned]
        keeping.trash(catalog, [clip.clip_id for clip in some], WALL)


def _repeat(db: sqlite3.Connection, number: int, clips: int) -> None:
    """Make so many once more, some minutes earlier."""
    values = {"earlier": number * 211 * SECOND, "last": f"{number:03x}", "clips": clips}
    other_id = "substr(o.clip_id, 1, 33) || :last"
    for table in ("clips", "triggers", "losses", "locations"):
        columns = {row[1]: f"o.{row[1]}" for row in db.execute(f"PRAGMA table_info({table})")}
        for name in columns.keys() & _WALL_TIMES:
            columns[name] += " - :earlier"
        columns["clip_id"] = other_id
        if "file_name" in columns:
            columns["file_name"] = f"replace(o.file_name, o.clip_id, {other_id})"
        if "uri" in columns:
            columns["uri"] = f"replace(o.uri, o.clip_id, {other_id})"
            columns["thumbnail"] = f"replace(o.thumbnail, o.clip_id, {other_id})"
        db.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())}"
            f" FROM made JOIN {table} o USING (clip_id) WHERE made.number <= :clips",
            values,
        )


def as_version_3(directory: Path) -> None:
    """Make of the catalogue of a directory what the smartrec before this one would have left."""
    path, old = directory / FILE_NAME, directory / "older"
    with closing(sqlite3.connect(old)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA application_id = 0x736D7263")
        db.executescript((Path(__file__).parent / "schema_3.sql").read_text())
        db.execute("ATTACH ? AS newer", (str(path),))
        for table in ("meta", "clips", "triggers", "losses", "locations", "tracks"):
            columns = ", ".join(row[1] for row in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}")
        db.execute("PRAGMA user_version = 3")
        db.commit()
    old.replace(path)


def _start(chance: random.Random, newest_ns: int, days: int) -> int:
    """A moment by the rhythm of a day."""
    day = chance.randrange(days)
    hour = chance.choices(range(24), _HOURS)[0]
    of_day = hour * 3600 * SECOND + chance.randrange(3600 * SECOND)
    midnight = newest_ns // _DAY * _DAY - day * _DAY
    at = midnight + of_day
    return at if at < newest_ns else at - days * _DAY


def _clips(
    chance: random.Random, starts: list[int]
) -> Iterator[tuple[ClipHead, Finished, dict[str, object], dict[str, int]]]:
    event, part = "", 0
    for start in starts:
        clip_id = _id(chance, start)
        event, part = (event, part + 1) if part and chance.random() < 0.02 else (clip_id, 1)
        camera, name = CAMERAS[chance.choices(range(3), (5, 3, 2))[0]]
        length = Ns(chance.randrange(15, 60) * SECOND + chance.randrange(SECOND))
        first = Ns(start % (30 * _DAY))
        instant = Instant(start, first, "boot-1", _CLOCK)
        triggers = tuple(_triggers(chance, camera, first, length))
        of_this = head(
            clip_id=clip_id,
            event_id=event,
            part=part,
            camera_id=camera,
            camera_name=name,
            instant=instant,
            triggers=triggers,
            asked_pre=Ns(10 * SECOND),
            asked_post=Ns(5 * SECOND),
            start=first,
            end=Ns(first + length),
            file_name=f"{camera}_{clip_id}_{triggers[0].reason}",
            expected=length * 30 // SECOND,
            state=ClipState.COMPLETE,
        )
        yield (of_this, *_end(chance, of_this, length))


def _end(
    chance: random.Random, of_this: ClipHead, length: Ns
) -> tuple[Finished, dict[str, object], dict[str, int]]:
    lost = {"driver": chance.randrange(1, 9)} if chance.random() < 0.03 else {}
    state = chance.choices(("complete", "stopped", "camera-lost"), (96, 3, 1))[0]
    further: dict[str, object] = {"state": state}
    if chance.random() < 0.01:
        further["pinned"] = 1
    elif chance.random() < 0.002:
        further["trashed_ns"] = of_this.instant.wall_ns + 3600 * SECOND
    if chance.random() < 0.02:
        further["note"] = chance.choice(NOTES)
    done = Finished(
        path=f"{of_this.file_name}.mp4",
        thumbnail=f"{of_this.file_name}.jpg",
        frames_written=of_this.expected - sum(lost.values()),
        first_pts=of_this.start,
        last_pts=Ns(of_this.start + length - SECOND // 30),
        lost={},
        bytes=length * 600_000 // SECOND,
        sha256=f"{chance.getrandbits(256):064x}",
        encoder="x264",
        duration=length,
    )
    return done, further, lost


def _triggers(chance: random.Random, camera: str, first: Ns, length: Ns) -> Iterator[Trigger]:
    at = Ns(first + min(10 * SECOND, length // 2))
    if chance.random() < 0.1:
        reason = chance.choice(("key-R", "cli", "page"))
        yield Trigger(str(uuid.UUID(int=chance.getrandbits(128))), at, reason, {"key": "R"})
        return
    for track in range(chance.choices((1, 2, 3), (80, 15, 5))[0]):
        zone = chance.choice((None, *ZONES[camera]))
        score = round(chance.uniform(0.5, 0.99), 3)
        box = {"pts": at, "score": score, "box": [0.25, 0.1, 0.5, 0.9], "height_px": 576}
        why = {"model": "person", "track": track + 1, "zone": zone, "best": box}
        key = str(uuid.UUID(int=chance.getrandbits(128)))
        last = Ns(first + length - SECOND)
        yield Trigger(key, Ns(at + track * SECOND), "person", why, last=last)


def _id(chance: random.Random, wall_ns: int) -> str:
    """A UUIDv7 (RFC 9562) of a moment, with room for those of its repetitions."""
    bits = (wall_ns // 1_000_000) << 80 | 0x7 << 76 | chance.getrandbits(12) << 64
    return str(uuid.UUID(int=bits | 0b10 << 62 | chance.getrandbits(50) << 12))


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]), newest_ns=time.time_ns())
