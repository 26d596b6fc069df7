"""How the catalogue's values become columns and rows, and which query reads them back."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from smartrec.model import ClipHead, Finished, Look
from smartrec.store import gist
from smartrec.store.gist import text
from smartrec.store.looks import pack
from smartrec.units import Ns

RECORDS: Final = """
SELECT *,
  (SELECT json_group_array(json_array(trigger_id, pts, reason, why, start_pts, end_pts,
     last_pts))
   FROM (SELECT * FROM triggers t WHERE t.clip_id = clips.clip_id ORDER BY position)) AS triggers,
  (SELECT json_group_object(cause, count)
   FROM losses l WHERE l.clip_id = clips.clip_id) AS losses,
  (SELECT json_group_object(kind, json_array(uri, thumbnail))
   FROM locations p WHERE p.clip_id = clips.clip_id) AS locations
"""
"""All that `smartrec.store.record.record_of` needs, one row a clip; to be followed by `FROM`."""
SHOWN: Final = "deleting = 0 AND trashed_ns IS NULL"
TRASHED: Final = "deleting = 0 AND trashed_ns IS NOT NULL"
"""What is not gone, in the words of the index of just these."""
FROM: Final = {
    False: f"FROM clips INDEXED BY clips_shown WHERE {SHOWN}",
    True: f"FROM clips INDEXED BY clips_trashed WHERE {TRASHED}",
    None: "FROM clips WHERE deleting = 0",
}
"""From which clips, by whether they are in the trash. SQLite is told the index, since without
statistics it takes any other that holds an equality, and sorts."""
ORDER: Final = "start_wall_ns {0}, clip_id {0}"
"""By time, parts of an event in their order; to be formatted with ASC or DESC."""


def put_clip(
    db: sqlite3.Connection, head: ClipHead, further: Mapping[str, object], now: int
) -> None:
    """Insert or update a clip and its triggers; `further` columns go beside those of `head`."""
    columns = {**_head_columns(head), **further, "created_ns": now, "updated_ns": now}
    if "event_ns" not in columns:
        columns |= gist.columns(head.triggers, head.start, None)
    names = ", ".join(columns)
    marks = ", ".join(f":{name}" for name in columns)
    news = ", ".join(f"{n} = excluded.{n}" for n in columns if n != "created_ns")
    db.execute(
        f"INSERT INTO clips ({names}) VALUES ({marks}) ON CONFLICT DO UPDATE SET {news}",
        columns,
    )
    db.execute("DELETE FROM triggers WHERE clip_id = ?", (head.clip_id,))
    db.executemany(
        "INSERT INTO triggers (clip_id, trigger_id, position, pts, reason, why, start_pts,"
        " end_pts, last_pts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            (
                head.clip_id,
                trigger.trigger_id,
                position,
                trigger.pts,
                text(trigger.reason),
                json.dumps(trigger.why),
                trigger.start,
                trigger.end,
                trigger.last,
            )
            for position, trigger in enumerate(head.triggers)
        ],
    )


def _head_columns(head: ClipHead) -> dict[str, object]:
    instant = head.instant
    return {
        "clip_id": head.clip_id,
        "event_id": head.event_id,
        "part": head.part,
        "station_id": head.station_id,
        "camera_id": text(head.camera_id),
        "camera_name": text(head.camera_name),
        "file_name": text(head.file_name),
        "wall_ns": instant.wall_ns,
        "mono_ns": instant.mono_ns,
        "boot_id": instant.boot_id,
        "clock_source": instant.clock.source,
        "clock_synced": instant.clock.synced,
        "clock_error_us": instant.clock.max_error_us,
        "start_wall_ns": instant.wall_at(head.start),
        "end_wall_ns": instant.wall_at(head.end),
        "start_pts": head.start,
        "end_pts": head.end,
        "asked_pre_ns": head.asked_pre,
        "asked_post_ns": head.asked_post,
        "frames_expected": head.expected,
        "codec": head.format.codec.value,
        "width": head.format.width,
        "height": head.format.height,
        "fps": head.format.fps,
        "config_digest": head.config_digest,
        "model_digest": head.model_digest,
        "engine": head.engine,
        "software_version": head.software_version,
    }


def proof_columns(head: ClipHead, done: Finished, surplus: int) -> dict[str, object]:
    """What only a finished clip has."""
    first = head.start if done.first_pts is None else done.first_pts
    end = head.instant.wall_at(Ns(first + done.duration))
    return {
        **gist.columns(head.triggers, done.first_pts, done.duration),
        "start_wall_ns": head.instant.wall_at(first),
        "end_wall_ns": end,
        "first_pts": done.first_pts,
        "last_pts": done.last_pts,
        "duration_ns": done.duration,
        "frames_written": done.frames_written,
        "frames_surplus": surplus,
        "encoder": done.encoder,
        "bytes": done.bytes,
        "sha256": done.sha256,
        "silent_ns": done.silent,
        "dated_ns": end if head.instant.clock.synced else None,
    }


def put_looks(db: sqlite3.Connection, clip_id: str, looks: Sequence[Look]) -> bool:
    """Keep a chunk of a clip's looks; False where there is no such clip."""
    moments = [look.pts for look in looks]
    kept = db.execute(
        "INSERT OR REPLACE INTO tracks (clip_id, first_pts, last_pts, looks)"
        " SELECT clip_id, ?, ?, ? FROM clips WHERE clip_id = ?",
        (min(moments), max(moments), pack(looks), clip_id),
    )
    return kept.rowcount > 0


def put_losses(db: sqlite3.Connection, clip_id: str, lost: Mapping[str, int]) -> None:
    """Replace a clip's losses."""
    db.execute("DELETE FROM losses WHERE clip_id = ?", (clip_id,))
    db.executemany(
        "INSERT INTO losses (clip_id, cause, count) VALUES (?, ?, ?)",
        [(clip_id, cause, count) for cause, count in lost.items() if count],
    )
