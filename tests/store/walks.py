"""A day of clips in which somebody walks by, comes in or stands about, with all that was seen.

The same arguments make the same clips; without their files.
"""

import math
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smartrec.clock import ClockQuality, Instant
from smartrec.model import Box, ClipHead, ClipState, Finished, Look, Track, Trigger
from smartrec.store.catalog import Catalog
from smartrec.store.record import LOCAL
from smartrec.store.rows import proof_columns, put_clip, put_looks
from smartrec.units import SECOND, Ns
from tests.store.clips import WALL, head

PRE_ROLL, LENGTH = 10, 24
"""Seconds."""
LOOKS_PER_SECOND = 5
CLEAR, FAINT = (0.7, 0.2), (0.36, 0.08)
"""Lowest score of a walk, and how much higher it is halfway; each look differs by 0.05."""
_ROW = 2 * LOOKS_PER_SECOND
"""Looks that the recorder keeps at once."""
_CLOCK = ClockQuality("adjtimex", True, 900)


@dataclass(frozen=True)
class Walk:
    """How somebody moves through the picture: where the feet are, and how tall she is.

    Attributes:
        name: Of the kind of walk.
        begin: Where the feet are first, and the box's height.
        end: The same, last.
        seconds: How long that takes.
    """

    name: str
    begin: tuple[float, float, float]
    end: tuple[float, float, float]
    seconds: float

    def box(self, share: float) -> Box:
        """Where she is after a share of the way."""
        x, feet, high = (a + share * (b - a) for a, b in zip(self.begin, self.end, strict=True))
        return Box(max(0.0, x - high / 6), feet - high, min(1.0, x + high / 6), feet)


WALKS = (
    Walk("street", (0.04, 0.56, 0.18), (0.96, 0.58, 0.18), 9),
    Walk("street", (0.96, 0.6, 0.2), (0.04, 0.58, 0.2), 8),
    Walk("door", (0.45, 0.62, 0.22), (0.84, 0.96, 0.62), 6),
    Walk("hall", (0.18, 0.93, 0.55), (0.24, 0.94, 0.56), 10),
)
"""Of a picture with a street at the far end, a door on the right and a hall in front."""


def fill_walks(
    directory: Path,
    clips: int,
    *,
    camera: tuple[str, str] = ("cam0", "Demo"),
    newest_ns: int = WALL,
    hours: float = 23.5,
    seed: int = 1,
    faint: bool = False,
) -> dict[str, str]:
    """Add so many clips of one camera, evenly over the time before `newest_ns`.

    Of twenty, one was asked for by key and nobody looked, and of one the looks are lost.

    Args:
        directory: Of the clips.
        clips: How many.
        camera: Id and name.
        newest_ns: See above.
        hours: Over which they lie.
        seed: Of how they differ.
        faint: Besides, of twenty, in one somebody scores about 0.4 whom other settings took for a
            person then, and in one likewise who came when a key was pressed.

    Returns:
        By id the kind of each: that of its walk, ``"key"``, ``"lost"``, ``"faint"``, ``"by key"``.
    """
    odd = {0: "key", 10: "lost", **({5: "faint", 15: "by key"} if faint else {})}
    chance, made = random.Random(seed), dict[str, str]()
    apart = round(hours * 3600 * SECOND / clips)
    with Catalog.open(directory, create=True) as catalog, catalog.transaction(durable=False) as db:
        for number in range(clips):
            began = newest_ns - (clips - number) * apart
            kind, of_this, looks = _clip(chance, number, began, camera, odd.get(number % 20))
            made[of_this.clip_id] = kind
            done = _done(of_this)
            proof = {**proof_columns(of_this, done, 0), "state": "complete"}
            put_clip(db, of_this, proof, began)
            db.execute(
                "INSERT INTO locations (clip_id, kind, uri, thumbnail) VALUES (?, ?, ?, ?)",
                (of_this.clip_id, LOCAL, done.path, done.thumbnail),
            )
            for at in range(0, len(looks), _ROW):
                put_looks(db, of_this.clip_id, looks[at : at + _ROW])
    return made


def _clip(
    chance: random.Random, number: int, began: int, camera: tuple[str, str], odd: str | None
) -> tuple[str, ClipHead, list[Look]]:
    first = Ns((1000 + 100 * number) * SECOND)
    clip_id = str(uuid.UUID(int=began // 1_000_000 << 80 | 0x7 << 76 | 0b10 << 62 | number))
    walk = chance.choice(WALKS)
    kind = odd or walk.name
    score = FAINT if kind in ("faint", "by key") else CLEAR
    unseen = kind in ("key", "lost")
    looks = [] if unseen else list(_looks(chance, walk, camera[0], first, score))
    at = Ns(first + PRE_ROLL * SECOND)
    trigger = Trigger(f"key-{clip_id}", at, "key-R", {"key": "R"})
    if kind not in ("key", "by key"):
        why: dict[str, object] = {"track": 1, "zone": None, "best": {"pts": at, "score": 0.8}}
        last = Ns(at + round(walk.seconds * SECOND))
        trigger = Trigger(f"person-{clip_id}", at, "person", why, last=last)
    of_this = head(
        clip_id=clip_id,
        event_id=clip_id,
        camera_id=camera[0],
        camera_name=camera[1],
        instant=Instant(began, first, "boot-1", _CLOCK),
        triggers=(trigger,),
        asked_pre=Ns(PRE_ROLL * SECOND),
        start=first,
        end=Ns(first + LENGTH * SECOND),
        file_name=f"{camera[0]}_{clip_id}_{trigger.reason}",
        expected=LENGTH * 30,
        state=ClipState.COMPLETE,
    )
    return kind, of_this, looks


def _looks(
    chance: random.Random, walk: Walk, camera: str, first: Ns, score: tuple[float, float]
) -> Iterator[Look]:
    low, more = score
    for n in range(LENGTH * LOOKS_PER_SECOND):
        share = (n / LOOKS_PER_SECOND - PRE_ROLL) / walk.seconds
        there = 0 <= share <= 1
        pts = Ns(first + n * SECOND // LOOKS_PER_SECOND)
        seen = low + more * math.sin(math.pi * share) + chance.uniform(-0.05, 0.05)
        tracks = (Track(1, walk.box(share), round(seen, 3)),) if there else ()
        yield Look(camera, 1, pts, tracks, inferred=there or n % LOOKS_PER_SECOND == 0)


def _done(of_this: ClipHead) -> Finished:
    return Finished(
        path=f"{of_this.file_name}.mp4",
        thumbnail=f"{of_this.file_name}.jpg",
        frames_written=of_this.expected,
        first_pts=of_this.start,
        last_pts=Ns(of_this.end - SECOND // 30),
        lost={},
        bytes=LENGTH * 600_000,
        sha256=f"{of_this.start:064x}",
        encoder="x264",
        duration=Ns(of_this.end - of_this.start),
    )
