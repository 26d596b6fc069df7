"""How long there is room for clips, at the rate at which they came lately. Pure.

Each camera's clips grow at its rate until a limit of its own holds them where they are; all of them
together until the station's does, or the disk's. Pinned clips and journals are taken for nothing,
so that what is foretold may come somewhat sooner.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from smartrec.recording.retention import Limit, Limits
from smartrec.units import SECOND, Ns

DAY: Final = Ns(86_400 * SECOND)
LOOKED_AT: Final = Ns(7 * DAY)
"""How far back clips tell how much comes."""
LEAST: Final = DAY
"""Less than that says nothing about a day."""
FARTHEST: Final = Ns(3650 * DAY)
"""What would come later is not foretold."""
_NEVER: Final = math.inf

Why = Literal["age", "bytes", "room"]


@dataclass(frozen=True, slots=True)
class Holding:
    """What there is of a camera.

    Attributes:
        clips: How many finished ones.
        bytes: Of those.
        lately: Bytes of those that began within `LOOKED_AT`.
        first: When the first of them began, wall time (ns); None where there is none.
        oldest: From when on the age of the oldest that may go counts, wall time (ns).
    """

    clips: int
    bytes: int
    lately: int = 0
    first: int | None = None
    oldest: int | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected; times are wall time (ns), None: never, or not known.

    Attributes:
        per_day: Bytes that come in a day; None where too little is known.
        cameras: The same by camera.
        full: When no room is left but what shall be free.
        deletes: When clips are deleted, that room for others is made.
        why: For the sake of which limit.
        keeps: For how long clips are kept then.
    """

    per_day: int | None
    cameras: Mapping[str, int | None]
    full: int | None = None
    deletes: int | None = None
    why: Why | None = None
    keeps: Ns | None = None


def forecast(
    held: Mapping[str, Holding], limits: Limits, disk: tuple[int, int] | None, now: int
) -> Forecast:
    """What is to be expected.

    Args:
        held: What there is, by camera.
        limits: How much is kept.
        disk: Bytes of it, and those that are free; None where that is not known.
        now: Wall time (ns).
    """
    begun = min((each.first for each in held.values() if each.first is not None), default=now)
    span = min(now - begun, LOOKED_AT)
    if span < LEAST:
        return Forecast(None, dict.fromkeys(held))
    flows = {
        camera: _Flow(each, each.lately / span, _own(limits, camera))
        for camera, each in held.items()
    }
    per_day = {camera: round(flow.rate * DAY) for camera, flow in flows.items()}
    rate = sum(flow.rate for flow in flows.values())
    left = _NEVER if disk is None else max(0, disk[1] - limits.room(disk[0]))
    there = sum(each.bytes for each in held.values())
    full = _full(list(flows.values()), limits, left, there)
    for_room = _NEVER if disk is None or not limits.room(disk[0]) else full
    deletes, why = _deletes(list(flows.values()), limits, there, for_room, now)
    keeps = _NEVER
    if rate and full in (_NEVER, for_room):  # else nothing can be written some day
        keeps = min(_most(list(flows.values()), limits), there + left) / rate
    return Forecast(
        round(rate * DAY),
        per_day,
        _when(now, full),
        _when(now, deletes),
        why if deletes <= FARTHEST else None,
        Ns(round(keeps)) if keeps <= FARTHEST else None,
    )


@dataclass(frozen=True, slots=True)
class _Flow:
    """A camera's clips: `rate` is bytes a nanosecond."""

    held: Holding
    rate: float
    limit: Limit

    @property
    def by_age(self) -> float:
        """Bytes that they come to in the long run."""
        return _NEVER if self.limit.max_age is None else self.rate * self.limit.max_age

    @property
    def most(self) -> float:
        """The same, with the limit of bytes."""
        return min(self.by_age, _bytes(self.limit))

    @property
    def grows(self) -> float:
        """Nanoseconds for which they become more."""
        more = max(0.0, self.most - self.held.bytes)
        return more / self.rate if self.rate else 0.0


def _own(limits: Limits, camera: str) -> Limit:
    """What holds for a camera's clips alone."""
    return Limit(limits.cameras.get(camera, Limit()).max_bytes, limits.age(camera))


def _bytes(limit: Limit) -> float:
    return _NEVER if limit.max_bytes is None else limit.max_bytes


def _most(flows: Sequence[_Flow], limits: Limits) -> float:
    """Bytes of all clips in the long run, if the disk holds them."""
    return min(_bytes(limits.station), sum(flow.most for flow in flows if flow.rate))


def _until(flows: Sequence[_Flow], more: float) -> float:
    """Nanoseconds until there are so many bytes more."""
    if more <= 0:
        return 0.0
    at, came = 0.0, 0.0
    growing = sorted((flow for flow in flows if flow.rate), key=lambda flow: flow.grows)
    for n, flow in enumerate(growing):
        rate = sum(each.rate for each in growing[n:])
        if (more - came) / rate <= flow.grows - at:
            return at + (more - came) / rate
        came += rate * (flow.grows - at)
        at = flow.grows
    return _NEVER


def _full(flows: Sequence[_Flow], limits: Limits, left: float, there: int) -> float:
    """Nanoseconds until so many bytes more are there, if none are deleted for want of room."""
    if left > 0 and _bytes(limits.station) - there <= left:
        return _NEVER
    return _NEVER if left == _NEVER else _until(flows, left)


def _deletes(
    flows: Sequence[_Flow], limits: Limits, there: int, for_room: float, now: int
) -> tuple[float, Why | None]:
    """Nanoseconds until the first clip is deleted, and what for."""
    found: list[tuple[float, Why]] = [(for_room, "room")]
    found += [(_aged(flow, now), "age") for flow in flows]
    found += [
        (_until([flow], flow.most - flow.held.bytes), "bytes")
        for flow in flows
        if flow.limit.max_bytes is not None and flow.limit.max_bytes <= flow.by_age
    ]
    if limits.station.max_bytes is not None:
        found.append((_until(flows, limits.station.max_bytes - there), "bytes"))
    soonest, why = min(found)
    return soonest, None if soonest == _NEVER else why


def _aged(flow: _Flow, now: int) -> float:
    """Nanoseconds until a clip is too old."""
    age = flow.limit.max_age
    if age is None or not (flow.rate or flow.held.clips):
        return _NEVER
    return max(0, (flow.held.oldest or now) + age - now)


def _when(now: int, after: float) -> int | None:
    return None if after > FARTHEST else now + round(after)
