"""What a list shows of a clip's triggers and lengths: columns that follow from other ones.

`rows.put_clip` writes them with each change of a clip, and nobody else does; `mend` writes them for
clips of an earlier smartrec. One definition, so that both come to the same.
"""

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final
from unicodedata import normalize

from smartrec.model import Trigger
from smartrec.units import Ns

_BATCH: Final = 1000
_STALE: Final = "end_wall_ns != start_wall_ns + coalesce(duration_ns, end_pts - start_pts)"
"""Of a clip that this smartrec did not write last; the index `clips_stale` holds these alone."""
_SEPARATOR: Final = "\n"


def persons(triggers: Iterable[Trigger]) -> int:
    """How many were a reason to record; who stood still for long and moved on counts once."""
    tracks = (trigger.why.get("track") for trigger in triggers)
    return len({track for track in tracks if isinstance(track, int)})


def best_score(triggers: Iterable[Trigger]) -> float | None:
    """The highest of theirs, 0 to 1; None without any."""
    return max((score for trigger in triggers for score in _best(trigger)), default=None)


def joined(words: Iterable[str]) -> str:
    """Several words as one column, each once: a line feed before each and behind the last."""
    each = dict.fromkeys(word.replace(_SEPARATOR, " ") for word in words)
    return "".join(f"{_SEPARATOR}{word}" for word in each) + _SEPARATOR if each else ""


def parted(column: str) -> tuple[str, ...]:
    """The words that `joined` put together."""
    return tuple(column[1:-1].split(_SEPARATOR)) if column else ()


def columns(
    triggers: Sequence[Trigger], start: Ns | None, duration: Ns | None
) -> Mapping[str, object]:
    """All of them but its end.

    Args:
        triggers: In order of arrival.
        start: pts of the first picture shown, None without any; until it is known, of where the
            clip shall begin.
        duration: Of the clip, as far as known.
    """
    event = None
    if start is not None and triggers:
        event = max(0, min(trigger.pts for trigger in triggers) - start)
        event = event if duration is None else min(event, duration)
    return {
        "event_ns": event,
        "reasons": joined(text(trigger.reason) for trigger in triggers),
        "zones": joined(text(zone) for trigger in triggers for zone in _zone(trigger)),
        "persons": persons(triggers),
        "best_score": best_score(triggers),
    }


def mend(database: sqlite3.Connection) -> None:
    """Write the columns of clips that an earlier smartrec wrote last; in a transaction.

    That one may still be running when the file is brought up to date, and write on.
    """
    last = ""
    while clips := database.execute(
        "SELECT clip_id, start_wall_ns, start_pts, end_pts, first_pts, duration_ns FROM clips"
        f" WHERE clip_id > ? AND {_STALE} ORDER BY clip_id LIMIT ?",
        (last, _BATCH),
    ).fetchall():
        first, last = clips[0]["clip_id"], clips[-1]["clip_id"]
        found = database.execute(
            "SELECT clip_id, trigger_id, pts, reason, why FROM triggers"
            " WHERE clip_id BETWEEN ? AND ? ORDER BY clip_id, position",
            (first, last),
        )
        triggers = {
            clip_id: tuple(map(_trigger_of, rows))
            for clip_id, rows in groupby(found, key=lambda row: row["clip_id"])
        }
        database.executemany(
            "UPDATE clips SET end_wall_ns = :end_wall_ns, event_ns = :event_ns,"
            " reasons = :reasons, zones = :zones, persons = :persons, best_score = :best_score"
            " WHERE clip_id = :clip_id",
            [_mended(clip, triggers.get(clip["clip_id"], ())) for clip in clips],
        )


def is_stale(database: sqlite3.Connection) -> bool:
    """Whether `mend` would find anything."""
    return database.execute(f"SELECT 1 FROM clips WHERE {_STALE} LIMIT 1").fetchone() is not None


def folded(words: str) -> str:
    """The same whatever its case, and however its accents are encoded."""
    return words.casefold() if words.isascii() else normalize("NFC", words.casefold())


def text(text: str) -> str:
    """What SQLite can hold of a text that came from outside: no halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode()


def _mended(clip: sqlite3.Row, triggers: Sequence[Trigger]) -> Mapping[str, object]:
    finished = clip["duration_ns"] is not None
    asked = clip["end_pts"] - clip["start_pts"]
    start = clip["first_pts"] if finished else clip["start_pts"]
    return {
        **columns(triggers, start, clip["duration_ns"]),
        "clip_id": clip["clip_id"],
        "end_wall_ns": clip["start_wall_ns"] + (clip["duration_ns"] if finished else asked),
    }


def _trigger_of(row: sqlite3.Row) -> Trigger:
    """As far as it is asked here; what nobody can read says nothing, and costs no catalogue."""
    try:
        why = json.loads(row["why"])
    except ValueError:
        why = None
    known = why if isinstance(why, dict) else {}
    return Trigger(row["trigger_id"], Ns(row["pts"]), row["reason"], known)


def _zone(trigger: Trigger) -> Iterator[str]:
    if isinstance(zone := trigger.why.get("zone"), str):
        yield zone


def _best(trigger: Trigger) -> Iterator[float]:
    best = trigger.why.get("best")
    score = best.get("score") if isinstance(best, dict) else None
    if isinstance(score, float) and math.isfinite(score):
        yield score
