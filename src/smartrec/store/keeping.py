"""How long clips are kept, as the catalogue knows it: what may go, pins, and deletions under way.

A clip that goes is marked first, so that a deletion that was interrupted is finished later and
nobody is shown half of one. What ends in ``ing`` here belongs to whoever deletes.
"""

from collections.abc import Sequence
from typing import Final

from smartrec.errors import UsageError
from smartrec.model import ClipState
from smartrec.recording.retention import Held
from smartrec.store.catalog import Catalog

_KEPT_WHOLE: Final = tuple(
    state.value
    for state in ClipState
    if state not in (ClipState.RECORDING, ClipState.FINISHING, ClipState.FAILED)
)
_FINISHED: Final = f"state IN ({', '.join('?' * len(_KEPT_WHOLE))})"


def held(catalog: Catalog) -> list[Held]:
    """Every finished clip; not those that failed, whose journal is all there is of them."""
    rows = catalog.rows(
        "SELECT clip_id, camera_id, bytes, dated_ns, start_wall_ns, pinned FROM clips"
        f" WHERE {_FINISHED} AND deleting = 0",
        *_KEPT_WHOLE,
    )
    return [
        Held(
            row["clip_id"],
            row["camera_id"],
            row["bytes"] or 0,
            row["dated_ns"],
            row["start_wall_ns"],
            bool(row["pinned"]),
        )
        for row in rows
    ]


def date(catalog: Catalog, now: int) -> None:
    """Count the age of clips that no clock has dated from `now` on: wall time (ns), believed."""
    undated = f"{_FINISHED} AND deleting = 0 AND dated_ns IS NULL"
    if catalog.rows(f"SELECT 1 FROM clips WHERE {undated} LIMIT 1", *_KEPT_WHOLE):
        with catalog.transaction(durable=False) as db:
            db.execute(f"UPDATE clips SET dated_ns = ? WHERE {undated}", (now, *_KEPT_WHOLE))


def pin(catalog: Catalog, clip_id: str, *, pinned: bool) -> None:
    """Keep a clip for ever, or no longer. Any process.

    Raises:
        UsageError: It was deleted meanwhile.
    """
    with catalog.transaction(durable=True) as db:
        changed = db.execute(
            "UPDATE clips SET pinned = ? WHERE clip_id = ? AND deleting = 0", (pinned, clip_id)
        )
        if not changed.rowcount:
            raise UsageError(
                f"clip {clip_id} was deleted meanwhile", hint="See them: smartrec clips list"
            )


def mark(catalog: Catalog, clip_ids: Sequence[str]) -> list[str]:
    """Begin to delete; returns those that may be: neither pinned nor worked on, now or meanwhile.

    From then on nobody is shown them. Any process.
    """
    with catalog.transaction(durable=True) as db:
        return [
            clip_id
            for clip_id in clip_ids
            if db.execute(
                "UPDATE clips SET deleting = 1 WHERE clip_id = ? AND NOT pinned"
                " AND state NOT IN (?, ?)",
                (clip_id, ClipState.RECORDING.value, ClipState.FINISHING.value),
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
