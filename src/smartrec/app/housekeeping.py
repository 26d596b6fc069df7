"""Keeps room for the next event: deletes what is over the limits, and tells what it cannot.

All of it on the catalogue's thread: there is one writer, and a slow disk delays no camera.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from smartrec.app import deleting
from smartrec.app.events import ClipDeleted, DiskBack, DiskLost, DiskLow, Event
from smartrec.app.mounts import Disk
from smartrec.clock import Clock
from smartrec.config.schema import Config
from smartrec.errors import DiskGone, StoreError
from smartrec.recording.retention import (
    Belief,
    Held,
    Limit,
    Limits,
    Plan,
    Reason,
    Trash,
    plan,
    plausible,
)
from smartrec.store import database, keeping
from smartrec.store.catalog import Catalog
from smartrec.store.files import free_bytes
from smartrec.units import SECOND, Ns

TOLD: Final[tuple[type[Event], ...]] = (ClipDeleted, DiskLow, DiskLost, DiskBack)
AT_ONCE: Final = 10
"""Clips that are deleted before others may use the catalogue."""
EVERY: Final = Ns(60 * SECOND)
"""How often limits are looked at when nothing happens."""
LATE: Final = Ns(35 * SECOND)
"""How long a deleted file's room may take to come (btrfs commits every 30 s, a player may hold it):
nothing more is deleted for that room meanwhile."""
TRIES: Final = 3
"""How often a clip is tried that cannot be deleted, before another goes for it."""
STUBBORN: Final = Ns(600 * SECOND)
"""How long it is then left alone."""

log = logging.getLogger(__name__)


def limits_of(config: Config) -> Limits:
    """What the settings say of keeping."""
    station = config.retention
    return Limits(
        Limit(station.max_bytes, station.max_age),
        {
            camera.id: Limit(camera.retention.max_bytes, camera.retention.max_age)
            for camera in config.camera
        },
        station.min_free,
        station.trash,
    )


@dataclass(slots=True)
class _Awaited:
    """Room of deleted files that the file system has not given back yet."""

    bytes: int = 0
    until: int = 0

    def at(self, now: Ns) -> int:
        return self.bytes if now < self.until else 0


class Housekeeping:
    """Looks after the room in a clip directory. One thread, the one that owns the catalogue.

    Args:
        limits: How much is kept.
        disks: Of the clips, then of the journals.
        clock: The machine's.
        tell: Given what happened: events of `TOLD`.
    """

    def __init__(
        self,
        limits: Limits,
        disks: Sequence[Disk],
        clock: Clock,
        tell: Callable[[Event], None],
    ) -> None:
        self._limits = limits
        self._disks = disks
        self._clock = clock
        self._tell = tell
        self._belief = Belief()
        self._trash = Trash(limits.trash)
        self._awaited = _Awaited()
        self._stubborn: dict[str, Ns] = {}
        self._failed = Counter[str]()
        self._begun: Sequence[tuple[Held, Reason]] = ()
        self._said: set[str] = set()
        self._changed = True
        self._planned_at = Ns(0)

    def apply(self, limits: Limits) -> None:
        """Keep so much from now on."""
        if limits.trash != self._limits.trash:
            self._trash = Trash(limits.trash)
        self._limits = limits
        self._changed = True

    def begin(self, catalog: Catalog) -> None:
        """Finish what an earlier run or a command was deleting when it was interrupted."""
        try:
            left = deleting.complete(catalog).left
        except StoreError as error:  # shown to nobody meanwhile; the next start tries again
            log.warning("clips that were being deleted are left for later: %s", error)
            return
        for clip, why in left:
            log.warning("%s cannot be deleted: %s", clip.file_name, why)

    def rescue(self, directory: Path) -> None:
        """Make room on a disk so full that the catalogue cannot even be opened.

        Raises:
            StoreError: It is not known what may go, or it cannot be deleted.
        """
        room = replace(self._limits, station=Limit(), cameras={})
        with Catalog(database.as_it_lies(directory), directory, self._clock, False) as catalog:
            made = plan(keeping.held(catalog), room, None, *_room(directory))
            for clip, _ in made.deletions:
                deleting.delete_unmarked(catalog, clip.clip_id)
        self._begun = made.deletions

    def changed(self) -> None:
        """Clips came or grew: look at the limits at the next `look`."""
        self._changed = True

    def ground(self) -> None:
        """Tell when the disk of the clips is lost, and when it is back.

        Raises:
            DiskGone: It is lost; nothing may be made in the directory.
        """
        self._check(self._disks[0])

    def _check(self, disk: Disk) -> None:
        directory = str(disk.directory)
        try:
            disk.check()
        except DiskGone as error:
            if self._once(directory):
                self._tell(DiskLost(directory, str(error), error.hint or ""))
            raise
        if directory in self._said:
            self._said.discard(directory)
            self._tell(DiskBack(directory))

    def look(self, catalog: Catalog) -> bool:
        """Delete what must go; return whether there is more of it, for a further call.

        Raises:
            StoreError: The disk or the catalogue cannot be used now.
        """
        self.ground()
        for disk in self._disks[1:]:
            with suppress(DiskGone):  # told; what is full meanwhile is another one
                self._check(disk)
        now = self._clock.monotonic()
        believed = self._believed()
        self._delete(catalog, self._begun, now)
        more = self._empty_trash(catalog, now, believed)
        free, size = _room(catalog.directory)
        low = free + self._awaited.at(now) < self._limits.room(size)
        if not low:
            self._said.discard("low")
        if not self._due(now, low=low):
            return more
        clips = [self._stuck(clip, now) for clip in keeping.held(catalog)]
        if believed is not None and self._possible(believed, clips):
            keeping.date(catalog, believed)
        else:
            believed = None
        made = plan(clips, self._limits, believed, free + self._awaited.at(now), size)
        stuck = self._delete(catalog, made.deletions[:AT_ONCE], now)
        more = more or stuck or len(made.deletions) > AT_ONCE
        if not more:
            self._tell_short(catalog, made, size)
        self._changed, self._planned_at = more or bool(self._failed), now
        return more

    def _empty_trash(self, catalog: Catalog, now: Ns, believed: int | None) -> bool:
        """Delete what was in the trash for long enough; return whether there is more of it."""
        due = self._trash.due(keeping.trashed(catalog), now, believed)
        due = [clip for clip in due if now >= self._stubborn.get(clip.clip_id, 0)]
        self._delete(catalog, [(clip, Reason.TRASH) for clip in due[:AT_ONCE]], now)
        return len(due) > AT_ONCE

    def _due(self, now: Ns, *, low: bool) -> bool:
        if not (self._limits.any or low):
            return False
        told = low and "low" not in self._said
        return self._changed or told or now - self._planned_at >= EVERY

    def _believed(self) -> int | None:
        """Wall time to delete by, if there is any."""
        believed = self._belief.now(self._clock.now())
        if self._belief.stepped:
            self._doubt(
                "the clock was set and nothing keeps it right: no clip is deleted for its age until"
                " it is synchronised (sudo timedatectl set-ntp true) or smartrec is started again"
            )
        return believed

    def _possible(self, believed: int, clips: Sequence[Held]) -> bool:
        """Whether a date may be: one that the kernel vouches for always may."""
        if self._clock.now().clock.synced or plausible(believed, clips):
            return True
        self._doubt(
            "the date cannot be right by the clips that are there, and nothing keeps the clock: no"
            " clip is deleted for its age until it is synchronised (sudo timedatectl set-ntp true)"
        )
        return False

    def _doubt(self, why: str) -> None:
        limits = (self._limits.station, *self._limits.cameras.values())
        if any(limit.max_age for limit in limits) and self._once("clock"):
            log.warning("%s", why)

    def _delete(self, catalog: Catalog, chosen: Sequence[tuple[Held, Reason]], now: Ns) -> bool:
        """Delete and tell; return whether a file could not be, so that others are to go for it."""
        if not chosen:
            return False
        free, _ = _room(catalog.directory)
        reasons = {clip.clip_id: reason for clip, reason in chosen}
        self._begun = chosen  # what raises below is done at the next look
        trashed = {clip.clip_id for clip, _ in chosen if clip.trashed is not None}
        outcome = deleting.delete(catalog, list(reasons), trashed)
        for clip in outcome.gone:
            self._tell(
                ClipDeleted(
                    clip.camera_id,
                    clip.clip_id,
                    clip.event_id,
                    str(clip.path),
                    reasons[clip.clip_id].value,
                    clip.bytes or 0,
                )
            )
        left = {clip.clip_id: clip for clip, _ in outcome.left}
        whole = {clip_id for clip_id, clip in left.items() if deleting.is_there(clip)}
        self._begun = [(c, why) for c, why in chosen if c.clip_id in left.keys() - whole]
        self._failed.update(whole)
        stuck = [clip_id for clip_id, tries in self._failed.items() if tries >= TRIES]
        for clip_id in stuck:
            self._stubborn[clip_id] = Ns(now + STUBBORN)
            del self._failed[clip_id]
        for clip, error in outcome.left:
            if self._once(clip.clip_id):
                log.warning("%s cannot be deleted: %s", clip.file_name, error)
        missing = self._awaited.at(now) + outcome.freed - max(0, _room(catalog.directory)[0] - free)
        self._awaited = _Awaited(max(0, missing), Ns(now + LATE))
        return bool(stuck)

    def _stuck(self, clip: Held, now: Ns) -> Held:
        """What could not be deleted takes its room and stays, like a pinned one."""
        stuck = now < self._stubborn.get(clip.clip_id, 0)
        return replace(clip, pinned=True) if stuck else clip

    def _tell_short(self, catalog: Catalog, made: Plan, size: int) -> None:
        """Before it is an error: what keeps room from being made."""
        if made.short and self._once("low"):
            free, wanted = free_bytes(catalog.directory), self._limits.room(size)
            self._tell(DiskLow(str(catalog.directory), free, wanted, *_why(catalog)))
        if not made.over:
            self._said.discard("over")
        elif self._once("over"):
            log.warning(
                "pinned clips alone take %.1f MB more than max_bytes allows, so others go at once:"
                " smartrec clips unpin CLIP, or a larger max_bytes",
                made.over / 1e6,
            )

    def _once(self, what: str) -> bool:
        first = what not in self._said
        self._said.add(what)
        return first


def _why(catalog: Catalog) -> tuple[str, str]:
    """Why nothing more can be deleted, and what mends it."""
    clips = catalog.clips()
    pinned = sum(clip.pinned for clip in clips)
    failed = sum(clip.error is not None for clip in clips)
    parts = [
        f"pinned clips: {pinned}" * (pinned > 0),
        f"journals of clips that failed: {failed}" * (failed > 0),
    ]
    why = ", ".join(part for part in parts if part) or "no finished clip takes it"
    mends = "smartrec clips unpin CLIP" if pinned else f"df -h '{catalog.directory}'"
    if failed and not pinned:
        mends = "smartrec clips delete CLIP"
    return why, f"Make room: {mends}"


def _room(directory: Path) -> tuple[int, int]:
    """Bytes free, and of the whole file system.

    Raises:
        StoreError: The directory is not there or cannot be asked.
    """
    free = free_bytes(directory)
    status = os.statvfs(directory)
    return free, status.f_blocks * status.f_frsize
