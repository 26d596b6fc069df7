"""What `smartrec doctor` looks at of what is kept: the limits, and for how long the disk does."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from smartrec.app.doctor.disk import about, standing
from smartrec.app.doctor.finding import Finding, Status, amiss
from smartrec.clock import Clock
from smartrec.errors import DiskFull, SmartrecError
from smartrec.recording.retention import Limit, Limits
from smartrec.store.catalog import Catalog, exists
from smartrec.units import SECOND, in_words, size_in_words

_KEPT: Final = """SELECT start_wall_ns, bytes, pinned FROM clips WHERE deleting = 0
  ORDER BY start_wall_ns"""
_DAY: Final = 86_400 * SECOND
_LOOKED_AT: Final = 7 * _DAY
"""How far back clips tell how much comes in a day."""
_LEAST: Final = _DAY
"""Less than that says nothing about a day."""


class Kept(NamedTuple):
    """What is asked of each clip: a catalogue may have a hundred thousand.

    Attributes:
        start_wall_ns: UTC of its first picture.
        bytes: Of its file; None where there is none.
        pinned: Whether it is never deleted to keep a limit.
    """

    start_wall_ns: int
    bytes: int | None
    pinned: bool


def check_kept(directory: Path, limits: Limits, clock: Clock) -> Iterator[Finding]:
    """What the settings keep, and how many days of clips the disk holds, by those that are there.

    Args:
        directory: Where clips are; it may not exist.
        limits: How much is kept.
        clock: Says what time it is.
    """
    disk = shutil.disk_usage(standing(directory))
    yield Finding(Status.OK, limits_in_words(limits, disk.total))
    if not exists(directory):
        return
    try:
        with Catalog.open(directory, create=False) as catalog:
            clips = [Kept(*row) for row in catalog.rows(_KEPT)]
    except SmartrecError as error:
        key = "full" if isinstance(error, DiskFull) else "catalogue"
        yield amiss(key, str(error), mend=error.hint or "", status=Status.WARN)
        return
    finding = judge_days(clips, clock.now().wall_ns, limits, (disk.free, disk.total))
    if finding is not None:
        yield finding


def judge_days(
    clips: Sequence[Kept], now: int, limits: Limits, disk: tuple[int, int]
) -> Finding | None:
    """How long clips last; None where there are too few days of them to tell.

    Args:
        clips: Oldest first.
        now: Wall time, ns.
        limits: How much is kept.
        disk: Bytes of theirs, those that are free and all.
    """
    recent = [clip for clip in clips if 0 <= now - clip.start_wall_ns <= _LOOKED_AT]
    span = min(now - clips[0].start_wall_ns, _LOOKED_AT) if recent else 0
    came = sum(clip.bytes or 0 for clip in recent)
    if span < _LEAST or not came:
        return None
    a_day = came * _DAY / span
    held = sum(clip.bytes or 0 for clip in clips)
    room = max(0, held + disk[0] - limits.room(disk[1]))
    if limits.station.max_bytes is not None:
        room = min(room, limits.station.max_bytes)
    what = f"{a_day / 1e9:.1f} GB of clips a day lately: room for {room / a_day:.0f} days of them"
    pinned = sum(clip.bytes or 0 for clip in clips if clip.pinned)
    if pinned > room / 2:
        return amiss("pinned", f"{pinned / 1e9:.1f} GB are pinned; {what}", status=Status.WARN)
    return Finding(Status.OK, what)


def limits_in_words(limits: Limits, size: int) -> str:
    """``"clips are deleted, oldest first: beyond 200GB, when less than 1.0 GB is free"``.

    Args:
        limits: How much is kept.
        size: Of the disk, bytes.
    """
    own = _own(limits)
    rules = [
        f"beyond {size_in_words(limits.station.max_bytes)}" if limits.station.max_bytes else "",
        f"after {in_words(limits.station.max_age)}" if limits.station.max_age else "",
        f"when less than {about(limits.room(size))} is free" if limits.min_free else "",
        f"by their own limits, those of {own} camera{'s' * (own != 1)}" if own else "",
    ]
    said = ", ".join(rule for rule in rules if rule)
    if not said:
        return "no clip is ever deleted by itself"
    return f"clips are deleted, oldest first: {said}"


def _own(limits: Limits) -> int:
    """How many cameras have limits of their own."""
    return sum(each != Limit() for each in limits.cameras.values())
