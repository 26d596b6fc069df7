"""How long clips are kept, as the catalogue knows it: what may go, pins, and deletions under way.

A clip that goes is marked first, so that a deletion that was interrupted is finished later and
nobody is shown half of one. What ends in ``ing`` here belongs to whoever deletes.
"""

import sqlite3
import unicodedata
from collections.abc import Collection, Sequence
from typing import Final

from smartrec.errors import ClipKept, NoSuchClip, UsageError
from smartrec.model import ClipState
from smartrec.recording.forecast import Holding
from smartrec.recording.retention import Held
from smartrec.store.catalog import Catalog
from smartrec.store.gist import text
from smartrec.store.rows import FROM, SHOWN

NOTE_MAX: Final = 2000
"""Characters of a note."""
_KEPT_WHOLE: Final = tuple(
    state.value
    for state in ClipState
    if state not in (ClipState.RECORDING, ClipState.FINISHING, ClipState.FAILED)
)
_OPEN: Final = f"'{ClipState.RECORDING.value}', '{ClipState.FINISHING.value}'"
_HELD: Final = (
    "SELECT clip_id, camera_id, bytes, dated_ns, start_wall_ns, pinned, trashed_ns"  # of an index
)
_FINISHED: Final = f"state IN ({', '.join('?' * len(_KEPT_WHOLE))})"


def held(catalog: Catalog) -> list[Held]:
    """Every finished clip; not those that failed, whose journal is all there is of them."""
    which = f"FROM clips INDEXED BY clips_kept WHERE {_FINISHED} AND deleting = 0"
    return [_held(row) for row in catalog.rows(f"{_HELD} {which}", *_KEPT_WHOLE)]


def holdings(catalog: Catalog, since: int, now: int) -> dict[str, Holding]:
    """What `held` comes to by camera; lately: from `since` until `now`, wall time (ns)."""
    lately = "sum(CASE WHEN start_wall_ns BETWEEN ? AND ? THEN bytes ELSE 0 END)"
    oldest = "min(CASE WHEN NOT pinned THEN dated_ns END)"
    rows = catalog.rows(
        f"SELECT camera_id, count(*) AS clips, sum(bytes) AS bytes, {lately} AS lately,"
        f" min(start_wall_ns) AS first, {oldest} AS oldest FROM clips INDEXED BY clips_kept"
        f" WHERE {_FINISHED} AND deleting = 0 GROUP BY camera_id",
        *(since, now, *_KEPT_WHOLE),
    )
    return {
        row["camera_id"]: Holding(
            row["clips"], row["bytes"] or 0, row["lately"] or 0, row["first"], row["oldest"]
        )
        for row in rows
    }


def trashed(catalog: Catalog) -> list[Held]:
    """Every clip in the trash that may go, also those that failed."""
    which = f"{FROM[True]} AND NOT pinned AND state NOT IN ({_OPEN})"
    return [_held(row) for row in catalog.rows(f"{_HELD} {which}")]


def date(catalog: Catalog, now: int) -> None:
    """Count the age of clips that no clock has dated from `now` on: wall time (ns), believed."""
    undated = f"{_FINISHED} AND deleting = 0 AND dated_ns IS NULL"
    if catalog.rows(f"SELECT 1 FROM clips WHERE {undated} LIMIT 1", *_KEPT_WHOLE):
        with catalog.transaction(durable=False) as db:
            db.execute(f"UPDATE clips SET dated_ns = ? WHERE {undated}", (now, *_KEPT_WHOLE))


def pin(catalog: Catalog, clip_id: str, *, pinned: bool) -> None:
    """Keep a clip for ever, or no longer. Any process.

    Raises:
        NoSuchClip: It was deleted meanwhile, or is in the trash.
    """
    _change(catalog, clip_id, "pinned", pinned)


def note(catalog: Catalog, clip_id: str, words: str) -> None:
    """Write something of a clip, instead of what was written of it. Any process.

    Args:
        catalog: Of the clip.
        clip_id: Which.
        words: At most `NOTE_MAX` characters, of several lines if need be; empty for no note.

    Raises:
        NoSuchClip: It was deleted meanwhile, or is in the trash.
        UsageError: The note is too long, or holds what is no text.
    """
    words = text(words.replace("\r\n", "\n")).strip()
    if len(words) > NOTE_MAX:
        raise UsageError(
            f"a note of {len(words)} characters is too long",
            hint=f"At most {NOTE_MAX} are kept.",
        )
    if any(unicodedata.category(each) == "Cc" and each != "\n" for each in words):
        raise UsageError(
            "a note holds control characters", hint="Write it of letters and line breaks."
        )
    _change(catalog, clip_id, "note", words)


def trash(catalog: Catalog, clip_ids: Sequence[str], now: int) -> None:
    """Put clips into the trash, all of them or none; one that is there stays as it was.

    Nobody is shown them, and the recorder deletes them some time later. Any process.

    Args:
        catalog: Of the clips.
        clip_ids: Which.
        now: Wall time, ns.

    Raises:
        ClipKept: One is pinned or still worked on.
        NoSuchClip: One was deleted.
    """
    with catalog.transaction(durable=True) as db:
        for clip_id in clip_ids:
            changed = db.execute(
                "UPDATE clips SET trashed_ns = coalesce(trashed_ns, ?)"
                f" WHERE clip_id = ? AND deleting = 0 AND NOT pinned AND state NOT IN ({_OPEN})",
                (now, clip_id),
            )
            if not changed.rowcount:
                raise _kept(catalog, clip_id)


def restore(catalog: Catalog, clip_ids: Sequence[str]) -> None:
    """Take clips out of the trash, all of them or none; one that is not there stays. Any process.

    Raises:
        NoSuchClip: One was deleted.
    """
    with catalog.transaction(durable=True) as db:
        for clip_id in clip_ids:
            changed = db.execute(
                "UPDATE clips SET trashed_ns = NULL WHERE clip_id = ? AND deleting = 0", (clip_id,)
            )
            if not changed.rowcount:
                raise _deleted(clip_id)


def _held(row: sqlite3.Row) -> Held:
    return Held(
        row["clip_id"],
        row["camera_id"],
        row["bytes"] or 0,
        row["dated_ns"],
        row["start_wall_ns"],
        bool(row["pinned"]),
        row["trashed_ns"],
    )


def _change(catalog: Catalog, clip_id: str, column: str, value: object) -> None:
    with catalog.transaction(durable=True) as db:
        changed = db.execute(
            f"UPDATE clips SET {column} = ? WHERE clip_id = ? AND {SHOWN}", (value, clip_id)
        )
        if not changed.rowcount:
            raise _deleted(clip_id)


def _kept(catalog: Catalog, clip_id: str) -> UsageError:
    """Why a clip may not go."""
    found = catalog.rows(
        "SELECT file_name, state, pinned FROM clips WHERE clip_id = ? AND deleting = 0", clip_id
    )
    if not found:
        return _deleted(clip_id)
    return kept(found[0]["file_name"], found[0]["state"], pinned=bool(found[0]["pinned"]))


def kept(name: str, state: str, *, pinned: bool) -> ClipKept:
    """The error for a clip that may not go: it is pinned, or else not finished."""
    if pinned:
        return ClipKept(f"{name} is pinned", hint=f"Unpin it: smartrec clips unpin {name}")
    return ClipKept(
        f"{name} is still {state}",
        hint="Wait until it is finished. After a crash the next 'smartrec run' finishes it.",
    )


def _deleted(clip_id: str) -> NoSuchClip:
    return NoSuchClip(f"clip {clip_id} was deleted meanwhile", hint="See them: smartrec clips list")


def mark(
    catalog: Catalog, clip_ids: Sequence[str], still_trashed: Collection[str] = ()
) -> list[str]:
    """Begin to delete; returns those that may be: neither pinned nor worked on, now or meanwhile.

    From then on nobody is shown them. Any process.

    Args:
        catalog: Of the clips.
        clip_ids: Which.
        still_trashed: Those of them that go only if nobody has restored them meanwhile.
    """
    with catalog.transaction(durable=True) as db:
        return [
            clip_id
            for clip_id in clip_ids
            if db.execute(
                "UPDATE clips SET deleting = 1 WHERE clip_id = ? AND NOT pinned"
                f" AND state NOT IN ({_OPEN}) AND (trashed_ns IS NOT NULL OR NOT ?)",
                (clip_id, clip_id in still_trashed),
            ).rowcount
        ]


def unmark(catalog: Catalog, clip_id: str) -> None:
    """It is not deleted after all, and whole."""
    with catalog.transaction(durable=True) as db:
        db.execute("UPDATE clips SET deleting = 0 WHERE clip_id = ?", (clip_id,))


def forget(catalog: Catalog, clip_ids: Sequence[str]) -> None:
    """The files of clips that were marked are gone: so are their rows."""
    with catalog.transaction(durable=True) as db:
        db.executemany(
            "DELETE FROM clips WHERE clip_id = ? AND deleting", [(each,) for each in clip_ids]
        )
