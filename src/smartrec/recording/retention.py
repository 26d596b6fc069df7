"""Which clips go, so that the others fit: by age, by bytes and for room. Pure.

What is in the trash goes first, then the oldest; pinned and unfinished ones never. Ages need a wall
clock that can be believed: `Belief` says when. See docs/design/decisions/0016-retention.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from smartrec.clock import Instant
from smartrec.units import SECOND, Ns

HOUR: Final = Ns(3600 * SECOND)
STEADY: Final = HOUR
"""How long a clock that nothing disciplines must have run evenly before it counts."""
EARLIEST: Final = 1_767_225_600 * SECOND
"""2026-01-01 UTC, before the first smartrec: a clock that nothing set begins years earlier."""
AHEAD: Final = Ns(366 * 86_400 * SECOND)
"""How far behind the newest clip a date may be that nothing but a lone clock says."""
STEP: Final = Ns(60 * SECOND)
"""From which leap against CLOCK_MONOTONIC on somebody must have set the clock."""
_OF_THE_DISK: Final = 10


class Reason(str, Enum):
    """Why a clip was deleted."""

    AGE = "age"
    BYTES = "bytes"
    ROOM = "room"
    TRASH = "trash"


@dataclass(frozen=True, slots=True)
class Limit:
    """How much is kept; None is no limit.

    Attributes:
        max_bytes: Most that finished clips may take.
        max_age: Nanoseconds after which they go.
    """

    max_bytes: int | None = None
    max_age: Ns | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept on a station.

    Attributes:
        station: Of all clips together.
        cameras: Of some cameras' alone, by id; holds besides.
        min_free: Bytes to keep free on the disk; never more than a tenth of it.
        trash: Nanoseconds that a clip stays in the trash.
    """

    station: Limit = Limit()
    cameras: Mapping[str, Limit] = field(default_factory=dict)
    min_free: int = 0
    trash: Ns = HOUR

    @property
    def any(self) -> bool:
        """Whether anything but room is asked for."""
        return any(limit != Limit() for limit in (self.station, *self.cameras.values()))

    def room(self, disk: int) -> int:
        """Bytes that shall be free on a disk of so many."""
        return min(self.min_free, disk // _OF_THE_DISK)

    def age(self, camera: str) -> Ns | None:
        """The shorter of what holds for the clips of a camera."""
        ages = (self.station.max_age, self.cameras.get(camera, Limit()).max_age)
        return min((age for age in ages if age is not None), default=None)


@dataclass(frozen=True, slots=True)
class Held:
    """A finished clip.

    Attributes:
        clip_id: UUIDv7.
        camera: Id of its camera.
        bytes: Of its file.
        dated: Wall time (ns) of its end, or of when a clock that could be believed first saw it;
            None while none has.
        start: Wall time (ns) of its start by whatever clock there was.
        pinned: Never to be deleted.
        trashed: Wall time (ns) when it was put into the trash; None while it is not.
    """

    clip_id: str
    camera: str
    bytes: int
    dated: int | None
    start: int
    pinned: bool = False
    trashed: int | None = None

    @property
    def order(self) -> tuple[bool, bool, int, int, str]:
        """The trash, then oldest first; what no clock has dated yet is new."""
        kept = self.trashed is None
        return (kept, self.dated is None, self.dated or 0, self.start, self.clip_id)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do.

    Attributes:
        deletions: Clips in the order to delete them, each with the reason.
        short: Bytes of room that are still missing when all of them are gone.
        over: Bytes above the limits that are left because they are pinned, none counted twice.
    """

    deletions: tuple[tuple[Held, Reason], ...] = ()
    short: int = 0
    over: int = 0


def plan(clips: Iterable[Held], limits: Limits, now: int | None, free: int, disk: int) -> Plan:
    """Which clips go, oldest first; never one more than needed.

    Args:
        clips: All finished ones.
        limits: How much is kept.
        now: Wall time (ns); None while the clock cannot be believed, and then none goes by age.
        free: Bytes free on the disk.
        disk: Bytes of the disk.
    """
    kept = sorted(clips, key=lambda clip: clip.order)
    goes: dict[str, Reason] = {}
    if now is not None:
        goes |= {clip.clip_id: Reason.AGE for clip in kept if _is_old(clip, limits, now)}
    over = 0
    for camera, limit in limits.cameras.items():
        over += _fit([c for c in kept if c.camera == camera], limit.max_bytes, goes)
    over = max(over, _fit(kept, limits.station.max_bytes, goes))
    freed = sum(clip.bytes for clip in kept if clip.clip_id in goes)
    missing = limits.room(disk) - free - freed
    short = _take(kept, missing, Reason.ROOM, goes)
    deletions = tuple((clip, goes[clip.clip_id]) for clip in kept if clip.clip_id in goes)
    return Plan(deletions, short, over)


def plausible(now: int, clips: Iterable[Held]) -> bool:
    """Whether it can be `now` (wall time, ns), by what is known without any clock.

    Not before anything that happened, and not years after the newest of it: a dead battery gives
    either.
    """
    newest = max((clip.dated for clip in clips if clip.dated is not None), default=None)
    return now >= EARLIEST if newest is None else -STEP <= now - newest <= AHEAD


def _is_old(clip: Held, limits: Limits, now: int) -> bool:
    age = limits.age(clip.camera)
    if clip.pinned or age is None or clip.dated is None:
        return False
    return now - clip.dated > age


def _fit(clips: Sequence[Held], most: int | None, goes: dict[str, Reason]) -> int:
    """Let clips go until the others take no more than `most`; return what is still too much."""
    if most is None:
        return 0
    left = sum(clip.bytes for clip in clips if clip.clip_id not in goes)
    return _take(clips, left - most, Reason.BYTES, goes)


def _take(clips: Sequence[Held], wanted: int, reason: Reason, goes: dict[str, Reason]) -> int:
    """Let the oldest go until they make `wanted` bytes; return what is still missing."""
    for clip in clips:
        if wanted <= 0:
            break
        if not clip.pinned and clip.bytes and clip.clip_id not in goes:
            goes[clip.clip_id] = reason
            wanted -= clip.bytes
    return max(0, wanted)


class Trash:
    """When clips in the trash go: some time after they were put there.

    The time is CLOCK_MONOTONIC's from when a clip is first seen there, so that no clock that is set
    meanwhile takes it away from who wants it back; what was trashed before that, as a clock says
    that is believed, counts.

    Args:
        keep: How long they stay.
    """

    def __init__(self, keep: Ns) -> None:
        self._keep = keep
        self._ends: dict[tuple[str, int | None], Ns] = {}

    def due(self, trashed: Iterable[Held], now: Ns, wall: int | None) -> list[Held]:
        """Those that go now.

        Args:
            trashed: All that are in the trash.
            now: CLOCK_MONOTONIC.
            wall: Wall time (ns); None while the clock cannot be believed.
        """
        clips = {(clip.clip_id, clip.trashed): clip for clip in trashed}
        self._ends = {key: self._ends.get(key) or self._end(key[1], now, wall) for key in clips}
        return [clip for key, clip in clips.items() if now >= self._ends[key]]

    def _end(self, trashed: int | None, now: Ns, wall: int | None) -> Ns:
        ago = 0 if wall is None or trashed is None else wall - trashed
        return Ns(now + self._keep - min(max(0, ago), self._keep))


class Belief:
    """Whether the wall clock is good enough to delete by: a wrong date would delete everything.

    Believed is a clock that something disciplines (NTP, PTP, GPS: the kernel knows). Where nothing
    does, one that has run evenly for an hour of this run; not one that was set meanwhile. That one
    is to be `plausible` as well.
    """

    def __init__(self) -> None:
        self._offset: int | None = None
        self._since = Ns(0)
        self.stepped = False

    def now(self, instant: Instant) -> int | None:
        """The wall time (ns), or None while it cannot be believed.

        Args:
            instant: This moment; of the same boot at every call.
        """
        offset = instant.wall_ns - instant.mono_ns
        if self._offset is None:
            self._since = instant.mono_ns
        elif abs(offset - self._offset) > STEP:
            self.stepped = True
        self._offset = offset
        if instant.clock.synced:
            self.stepped = False
        elif self.stepped or instant.mono_ns - self._since < STEADY:
            return None
        return instant.wall_ns
