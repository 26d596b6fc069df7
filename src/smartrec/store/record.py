"""One clip as the catalogue knows it: plain values, numbers of its proof, and JSON."""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from smartrec.clock import ClockQuality, Instant
from smartrec.model import ClipState, Look, Loss, Trigger
from smartrec.store import gist
from smartrec.units import Ns, seconds

JOURNAL: Final = "local-journal"
LOCAL: Final = "local"
"""Kinds of locations."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """A clip and its proof. What is not known yet is None.

    Attributes:
        state: RECORDING and FINISHING while it is worked on; then how it ended.
        file_name: Name of the finished clip, without directory or suffix.
        error: Why it could not be finished.
        instant: The map from pts to wall time.
        start_wall_ns: UTC of the first picture shown; until known, of where the clip shall begin.
        triggers: In order of arrival.
        asked_pre: The pre-roll wanted before the first trigger.
        asked_post: The post-roll wanted after the last.
        first_pts: Of the first picture shown, read back from the file.
        last_pts: Of the last.
        duration: From the first picture to the end of the last.
        expected: Pictures that the source numbered within the interval; None while recording.
        written: Pictures read back from the finished file.
        lost: Of those expected, how many are missing and why.
        surplus: Pictures written or lost beyond those expected: a fault of this program.
        codec: What the camera gave.
        encoder: Recipe that made the file.
        bytes: Size of the finished file.
        sha256: Of the finished file.
        pinned: Never deleted to keep a limit.
        note: What people wrote of it; may hold line feeds.
        trashed_ns: UTC when it was put into the trash; None while it is not.
        silent: How much of its sound is silence filled in, because the microphone gave none; None
            where no sound is recorded, and until it is finished.
        path: The finished clip; before that, and where finishing failed, its journal.
        thumbnail: A JPEG of it.
    """

    clip_id: str
    event_id: str
    part: int
    station_id: str
    camera_id: str
    camera_name: str
    state: ClipState
    file_name: str
    error: str | None
    instant: Instant
    start_wall_ns: int
    triggers: tuple[Trigger, ...]
    asked_pre: Ns
    asked_post: Ns
    first_pts: Ns | None
    last_pts: Ns | None
    duration: Ns | None
    expected: int | None
    written: int | None
    lost: dict[str, int]
    surplus: int
    codec: str
    width: int
    height: int
    encoder: str | None
    bytes: int | None
    sha256: str | None
    config_digest: str
    model_digest: str | None
    engine: str
    software_version: str
    pinned: bool
    note: str
    trashed_ns: int | None
    silent: Ns | None
    path: Path | None
    thumbnail: Path | None

    @property
    def open(self) -> bool:
        """Whether it is still worked on."""
        return self.state in (ClipState.RECORDING, ClipState.FINISHING)

    @property
    def frames_lost(self) -> int | None:
        """Pictures that are missing, for whatever cause; None until it is finished."""
        return None if self.written is None else sum(self.lost.values())

    @property
    def persons(self) -> int:
        """How many were a reason to record; who stood still for long and moved on counts once."""
        return gist.persons(self.triggers)

    @property
    def best_score(self) -> float | None:
        """The highest of theirs, 0 to 1; None without any."""
        return gist.best_score(self.triggers)

    @property
    def actual_pre(self) -> Ns | None:
        """From the first picture shown to the first trigger; never more than the clip has."""
        if self.first_pts is None or not self.triggers:
            return None
        return self._within(min(t.pts for t in self.triggers) - self.first_pts)

    @property
    def actual_post(self) -> Ns | None:
        """From the end of the last trigger to the end of the last picture.

        Never more than the clip has; a trigger that lasts ends when it was last so.
        """
        if self.first_pts is None or self.duration is None or not self.triggers:
            return None
        end = self.first_pts + self.duration
        return self._within(end - max(t.until for t in self.triggers))

    def as_json(self) -> dict[str, object]:
        """The clip as `smartrec clips list --json` prints it."""
        return {
            **self._what(),
            **self._proof(),
            "triggers": [self._trigger(trigger) for trigger in self.triggers],
            "wall_ns": self.instant.wall_ns,
            "mono_ns": self.instant.mono_ns,
            "boot_id": self.instant.boot_id,
            "clock": {
                "source": self.instant.clock.source,
                "synced": self.instant.clock.synced,
                "max_error_us": self.instant.clock.max_error_us,
            },
            "first_pts": self.first_pts,
            "last_pts": self.last_pts,
        }

    def look_as_json(self, look: Look) -> dict[str, object]:
        """What was seen in a picture of it, as `smartrec clips show --json` prints it."""
        at = None if self.first_pts is None else _seconds(Ns(look.pts - self.first_pts))
        return {
            "time": rfc3339(self.instant.wall_at(look.pts)),
            "pts": look.pts,
            "at_s": at,
            "inferred": look.inferred,
            "persons": [
                {
                    "track": track.track_id,
                    "box": [track.box.left, track.box.top, track.box.right, track.box.bottom],
                    "score": track.score,
                }
                for track in look.tracks
            ],
        }

    def _what(self) -> dict[str, object]:
        return {
            "clip_id": self.clip_id,
            "event_id": self.event_id,
            "part": self.part,
            "station_id": self.station_id,
            "camera": self.camera_name,
            "camera_id": self.camera_id,
            "state": self.state.value,
            "error": self.error,
            "file_name": self.file_name,
            "path": None if self.path is None else str(self.path),
            "thumbnail": None if self.thumbnail is None else str(self.thumbnail),
            "trigger": self.triggers[0].reason if self.triggers else None,
            "persons": self.persons,
            "best_score": self.best_score,
            "start": rfc3339(self.start_wall_ns),
            "pinned": self.pinned,
            "note": self.note,
            "trashed": None if self.trashed_ns is None else rfc3339(self.trashed_ns),
        }

    def _proof(self) -> dict[str, object]:
        return {
            "duration_s": _seconds(self.duration),
            "asked_pre_s": _seconds(self.asked_pre),
            "actual_pre_s": _seconds(self.actual_pre),
            "asked_post_s": _seconds(self.asked_post),
            "actual_post_s": _seconds(self.actual_post),
            "frames_expected": self.expected,
            "frames_written": self.written,
            "frames_lost": self.frames_lost,
            "frames_surplus": self.surplus,
            "lost": self.lost,
            "silent_s": _seconds(self.silent),
            "codec": self.codec,
            "width": self.width,
            "height": self.height,
            "encoder": self.encoder,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "config_digest": self.config_digest,
            "model_digest": self.model_digest,
            "engine": self.engine,
            "software_version": self.software_version,
        }

    def _trigger(self, trigger: Trigger) -> dict[str, object]:
        return {
            "trigger_id": trigger.trigger_id,
            "reason": trigger.reason,
            "time": rfc3339(self.instant.wall_at(trigger.pts)),
            "pts": trigger.pts,
            "last": None if trigger.last is None else rfc3339(self.instant.wall_at(trigger.last)),
            "last_pts": trigger.last,
            "why": trigger.why,
        }

    def _within(self, length: int) -> Ns:
        """A part of an event may hold none of its triggers; lengths then end at the clip's ends."""
        return Ns(max(0, length if self.duration is None else min(length, self.duration)))


def accounts(expected: int, written: int, *known: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """Balance a clip's pictures: losses by cause, and how many there are too many.

    What is missing without a known cause is `Loss.UNKNOWN`, so that always
    ``expected + surplus == written + sum(lost.values())``.
    """
    lost = Counter[str]()
    for losses in known:
        lost.update(losses)
    missing = expected - written - sum(lost.values())
    if missing > 0:
        lost[Loss.UNKNOWN.value] += missing
    return {cause: n for cause, n in sorted(lost.items()) if n}, max(0, -missing)


def rfc3339(wall_ns: int) -> str:
    """A moment in UTC as ``2026-11-22T14:15:00.123Z``."""
    when = _EPOCH + timedelta(milliseconds=wall_ns // 1_000_000)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z"


def record_of(row: sqlite3.Row, directory: Path) -> ClipRecord:
    """The clip that a row of the catalogue's own query describes."""
    clock = ClockQuality(row["clock_source"], bool(row["clock_synced"]), row["clock_error_us"])
    state = ClipState(row["state"])
    path, thumbnail = _files(json.loads(row["locations"]), directory)
    return ClipRecord(
        **{name: row[name] for name in _SAME},
        state=state,
        instant=Instant(row["wall_ns"], Ns(row["mono_ns"]), row["boot_id"], clock),
        triggers=tuple(_trigger_of(*fields) for fields in json.loads(row["triggers"])),
        asked_pre=Ns(row["asked_pre_ns"]),
        asked_post=Ns(row["asked_post_ns"]),
        duration=row["duration_ns"],
        expected=None if state is ClipState.RECORDING else row["frames_expected"],
        written=row["frames_written"],
        lost=json.loads(row["losses"]),
        surplus=row["frames_surplus"],
        pinned=bool(row["pinned"]),
        silent=row["silent_ns"],
        path=path,
        thumbnail=thumbnail,
    )


_SAME: Final = (
    *("clip_id", "event_id", "part", "station_id", "camera_id", "camera_name", "file_name"),
    *("error", "start_wall_ns", "first_pts", "last_pts", "codec", "width", "height", "encoder"),
    *("bytes", "sha256", "config_digest", "model_digest", "engine", "software_version"),
    *("note", "trashed_ns"),
)
"""Columns that are called as the fields are."""


def _trigger_of(trigger_id: str, pts: int, reason: str, why: str, *moments: int | None) -> Trigger:
    start, end, last = (None if moment is None else Ns(moment) for moment in moments)
    known = json.loads(why)
    if not isinstance(known, dict):
        raise TypeError("what led to a trigger is no object")
    return Trigger(trigger_id, Ns(pts), reason, known, start, end, last)


def _files(
    locations: dict[str, list[str | None]], directory: Path
) -> tuple[Path | None, Path | None]:
    uri, thumbnail = locations.get(LOCAL) or locations.get(JOURNAL) or (None, None)
    return (
        None if uri is None else directory / uri,
        None if thumbnail is None else directory / thumbnail,
    )


def _seconds(value: Ns | None) -> float | None:
    return None if value is None else seconds(value)
