"""Many clips at once, for whoever looks through them: pages, density over time, what there is.

Nothing here reads the wide rows of clips: an index holds all of it. A clip in the trash is found by
`Filters.trashed` alone. Wall times are nanoseconds since 1970 UTC.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from smartrec.errors import NoSuchClip
from smartrec.model import ClipState
from smartrec.store.briefs import (
    Brief,
    CameraDensity,
    Cursor,
    Density,
    Facets,
    Filters,
    Span,
)
from smartrec.store.catalog import Catalog
from smartrec.store.gist import folded, joined, parted, text
from smartrec.store.rows import FROM, SHOWN
from smartrec.units import SECOND, Ns

LONGEST: Final = 26 * 3600 * SECOND
"""No clip is longer: `recording.max_length` is a day at most, its pre-roll and post-roll less."""

_UNFINISHED: Final = frozenset({ClipState.RECORDING, ClipState.FINISHING, ClipState.FAILED})
_BRIEF: Final = """
SELECT clip_id, event_id, part, camera_id, camera_name, state, start_wall_ns, end_wall_ns, event_ns,
  reasons, zones, persons, best_score, pinned, note, trashed_ns, bytes, codec, encoder,
  (SELECT coalesce(sum(count), 0) FROM losses l WHERE l.clip_id = clips.clip_id) AS lost,
  (SELECT uri FROM locations p WHERE p.clip_id = clips.clip_id ORDER BY kind LIMIT 1) AS uri,
  (SELECT thumbnail IS NOT NULL FROM locations p WHERE p.clip_id = clips.clip_id
   ORDER BY kind LIMIT 1) AS has_thumbnail
"""


@dataclass(slots=True)
class _Where:
    """From which clips, with terms that all must hold, and the values in them."""

    terms: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)

    def add(self, term: str, *values: object) -> None:
        self.terms.append(term)
        self.values.extend(values)

    def any_of(self, term: str, values: Iterable[object]) -> None:
        """One of them must hold: `term` with each of the values, if there are any."""
        if each := tuple(values):
            self.add(f"({' OR '.join([term] * len(each))})", *each)

    def __str__(self) -> str:
        return " AND ".join(self.terms)


def page(
    catalog: Catalog,
    filters: Filters,
    *,
    before: Cursor | None = None,
    after: Cursor | None = None,
    limit: int,
) -> list[Brief]:
    """Some clips, newest first.

    Args:
        catalog: Of the clips.
        filters: Which are meant.
        before: Only older ones; the next page.
        after: Only newer ones, and of these the oldest; the page before.
        limit: At most so many.
    """
    where = _where(filters)
    if before is not None:
        where.add("(start_wall_ns, clip_id) < (?, ?)", *_of(before))
    if after is not None:
        where.add("(start_wall_ns, clip_id) > (?, ?)", *_of(after))
    upwards = after is not None and before is None
    order = "ASC" if upwards else "DESC"
    rows = catalog.rows(
        f"{_BRIEF} {where} ORDER BY start_wall_ns {order}, clip_id {order} LIMIT ?",
        *where.values,
        limit,
    )
    return [_brief(row) for row in (reversed(rows) if upwards else rows)]


def brief(catalog: Catalog, clip_id: str) -> Brief:
    """What a list shows of one clip, in the trash or not.

    Raises:
        NoSuchClip: It is not there, or was deleted.
    """
    rows = catalog.rows(f"{_BRIEF} {FROM[None]} AND clip_id = ?", text(clip_id))
    if not rows:
        raise _no_such(clip_id)
    return _brief(rows[0])


def spans(catalog: Catalog, filters: Filters, begin_ns: int, end_ns: int, limit: int) -> list[Span]:
    """Clips of which some part lies between two wall times, oldest first; at most `limit`."""
    where = _overlapping(filters, begin_ns, end_ns)
    rows = catalog.rows(
        "SELECT clip_id, camera_id, start_wall_ns, end_wall_ns, state, reasons, persons, pinned"
        f" {where} ORDER BY start_wall_ns, clip_id LIMIT ?",
        *where.values,
        limit,
    )
    return [
        Span(
            row["clip_id"],
            row["camera_id"],
            row["start_wall_ns"],
            Ns(row["end_wall_ns"] - row["start_wall_ns"]),
            ClipState(row["state"]),
            next(iter(parted(row["reasons"])), None),
            row["persons"],
            bool(row["pinned"]),
        )
        for row in rows
    ]


def density(catalog: Catalog, filters: Filters, begin_ns: int, end_ns: int, bins: int) -> Density:
    """How many clips there are between two wall times, by camera and time.

    Args:
        catalog: Of the clips.
        filters: Which are meant.
        begin_ns: From when on.
        end_ns: Until when; later than `begin_ns`.
        bins: In how many parts, at least 1.
    """
    width = -(-(end_ns - begin_ns) // bins)
    where = _overlapping(filters, begin_ns, end_ns)
    within = (
        "(start_wall_ns >= ? AND end_wall_ns <= ?"
        " AND (start_wall_ns - ?) / ? = (end_wall_ns - ?) / ?)"
    )
    times = (begin_ns, end_ns, begin_ns, width, begin_ns, width)
    # Clips within one bin are counted by SQLite, others one by one; of one state of the file.
    rows = catalog.rows(
        "SELECT camera_id, camera_name, max(start_wall_ns), NULL, count(*), sum(persons),"
        f" sum(end_wall_ns - start_wall_ns) {where} AND {within}"
        " GROUP BY camera_id, (start_wall_ns - ?) / ? UNION ALL"
        " SELECT camera_id, camera_name, start_wall_ns, end_wall_ns, 1, persons, 0"
        f" {where} AND NOT {within}",
        *(*where.values, *times, begin_ns, width),
        *(*where.values, *times),
    )
    cameras: dict[str, CameraDensity] = {}
    for camera_id, name, *_ in sorted(rows, key=lambda row: int(row[2]), reverse=True):
        if camera_id not in cameras:
            empty = CameraDensity(camera_id, name, [0] * bins, [0] * bins, [0.0] * bins)
            cameras[camera_id] = empty
    for camera_id, _, start, end, clips, persons, length in rows:
        camera = cameras[camera_id]
        first = max(0, start - begin_ns) // width
        camera.clips[first] += clips
        camera.persons[first] += persons
        camera.seconds[first] += length / SECOND
        if end is not None:
            _spread(camera.seconds, max(0, start - begin_ns), min(end, end_ns) - begin_ns, width)
    return Density(begin_ns, end_ns, width, tuple(cameras[each] for each in sorted(cameras)))


def neighbours(catalog: Catalog, filters: Filters, clip_id: str) -> tuple[str | None, str | None]:
    """Ids of the clips right before and right after one in time, None at either end.

    Args:
        catalog: Of the clips.
        filters: Which are meant; they need not mean the one itself.
        clip_id: The one.

    Raises:
        NoSuchClip: It is not there, or was deleted.
    """
    rows = catalog.rows(
        "SELECT start_wall_ns FROM clips WHERE clip_id = ? AND deleting = 0", text(clip_id)
    )
    if not rows:
        raise _no_such(clip_id)
    here = Cursor(rows[0]["start_wall_ns"], clip_id)
    return _next(catalog, filters, here, "<", "DESC"), _next(catalog, filters, here, ">", "ASC")


def facets(catalog: Catalog) -> Facets:
    """What there is to filter by."""
    # A column beside a lone max() is that of its row: the newest name.
    rows = catalog.rows(
        "SELECT camera_id, camera_name, reasons, zones, count(*) AS clips,"
        f" max(start_wall_ns) AS last, (SELECT min(start_wall_ns) {FROM[False]}) AS first"
        f" FROM clips INDEXED BY clips_facets WHERE {SHOWN} GROUP BY camera_id, reasons, zones"
    )
    names: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: int(row["last"])):
        names[row["camera_id"]] = row["camera_name"]
    cameras, reasons, zones = Counter[str](), Counter[str](), Counter[str]()
    for row in rows:
        cameras[row["camera_id"]] += row["clips"]
        reasons.update(dict.fromkeys(parted(row["reasons"]), row["clips"]))
        zones.update(dict.fromkeys(parted(row["zones"]), row["clips"]))
    (trash,) = catalog.rows(f"SELECT count(*) AS clips {FROM[True]}")
    return Facets(
        cameras=tuple((each, names[each], cameras[each]) for each in sorted(cameras)),
        reasons=tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        zones=tuple(sorted(zones.items())),
        first_ns=min((row["first"] for row in rows), default=None),
        last_ns=max((row["last"] for row in rows), default=None),
        clips=cameras.total(),
        trash=trash["clips"],
    )


def _where(filters: Filters) -> _Where:
    where = _Where([FROM[filters.trashed]])
    if filters.cameras:
        marks = ", ".join("?" * len(filters.cameras))
        where.add(f"camera_id IN ({marks})", *map(text, filters.cameras))
    where.any_of("instr(reasons, ?)", map(_word, filters.reasons))
    where.any_of("instr(zones, ?)", map(_word, filters.zones))
    for term, value in (
        ("best_score >= ?", filters.min_score),
        ("pinned = ?", filters.pinned),
        ("start_wall_ns >= ?", filters.since),
        ("start_wall_ns < ?", filters.until),
    ):
        if value is not None:
            where.add(term, value)
    if filters.text:
        words = folded(text(filters.text))
        where.add(
            "((note != '' AND instr(folded(note), ?)) OR instr(folded(camera_name), ?))",
            *(words, words),
        )
    return where


def _word(word: str) -> str:
    """As `parted` words stand in their column, with what separates them on both sides."""
    return joined([text(word)])


def _overlapping(filters: Filters, begin_ns: int, end_ns: int) -> _Where:
    where = _where(filters)
    where.add("start_wall_ns >= ? AND start_wall_ns < ?", begin_ns - LONGEST, end_ns)
    where.add("(start_wall_ns >= ? OR end_wall_ns > ?)", begin_ns, begin_ns)
    return where


def _of(cursor: Cursor) -> tuple[int, str]:
    return cursor.start_wall_ns, text(cursor.clip_id)


def _next(
    catalog: Catalog, filters: Filters, here: Cursor, relation: str, order: str
) -> str | None:
    where = _where(filters)
    where.add(f"(start_wall_ns, clip_id) {relation} (?, ?)", *_of(here))
    rows = catalog.rows(
        f"SELECT clip_id {where} ORDER BY start_wall_ns {order}, clip_id {order} LIMIT 1",
        *where.values,
    )
    return str(rows[0]["clip_id"]) if rows else None


def _spread(seconds: list[float], start: int, end: int, width: int) -> None:
    """Add the time from `start` to `end` (ns from the first bin's begin) to the bins it lies in."""
    for number in range(start // width, -(-end // width)):
        begin = number * width
        seconds[number] += (min(end, begin + width) - max(start, begin)) / SECOND


def _brief(row: sqlite3.Row) -> Brief:
    state = ClipState(row["state"])
    finished = state not in _UNFINISHED
    reasons = parted(row["reasons"])
    return Brief(
        **{name: row[name] for name in _SAME},
        state=state,
        duration=Ns(row["end_wall_ns"] - row["start_wall_ns"]) if finished else None,
        event_at=row["event_ns"],
        reason=next(iter(reasons), None),
        reasons=reasons,
        zones=parted(row["zones"]),
        pinned=bool(row["pinned"]),
        frames_lost=row["lost"] if finished else None,
        has_thumbnail=bool(row["has_thumbnail"]),
        suffix=Path(row["uri"] or "").suffix,
    )


_SAME: Final = (
    *("clip_id", "event_id", "part", "camera_id", "camera_name", "start_wall_ns", "persons"),
    *("best_score", "note", "bytes", "codec", "encoder", "trashed_ns"),
)
"""Columns that are called as the fields are."""


def _no_such(clip_id: str) -> NoSuchClip:
    return NoSuchClip(f"no clip {clip_id!r}", hint="It was deleted, or never was.")
