"""How the cameras did in the last day, from the states that the page's process hears once a second.

The loop's thread only, but for `Asked.answer`. Of the last ten minutes there is a row for every
second, of the last day one for every ten seconds; nothing is made up where nothing was heard. Rows
are kept by a steady clock, so that a wall clock that is set moves them and tears no hole. A camera
takes 336 kB of memory.
"""

import math
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from smartrec.app.events import CameraState, DetectionState
from smartrec.clock import Clock
from smartrec.units import SECOND

MS: Final = 1_000_000
FINE: Final = 660
"""Seconds of which each is known: somewhat more than ten minutes, for who asks takes a moment."""
COARSE: Final = 8_646
"""Rows of ten seconds, a day's; likewise."""
TEN: Final = 10
_STEPS: Final = (1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 600, 1200, 1800, 3600, 7200, 14400)
_LONGEST: Final = 86_400
_NOTHING: Final = math.nan
_HEARD_WITHIN: Final = 1.0
"""Seconds; what is younger may still come, and is no gap."""


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


_Fold = Callable[[Sequence[float]], float]
_FOLDS: Final[dict[str, _Fold]] = {
    "fps": min,
    "fps_mean": _mean,
    "lost": sum,
    "damaged": sum,
    "ring_s": _mean,
    "ring_bytes": _mean,
    "looks": sum,
    "infer_ms": _mean,
    "persons": max,
}
"""What is known of a camera, and how several values become one."""
WHOLE: Final = frozenset({"lost", "damaged", "ring_bytes", "looks", "persons"})
"""Those that are whole numbers; of large ones the first seven digits are true."""


def _folded(name: str, values: Iterable[float]) -> float:
    known = [value for value in values if value == value]
    return _FOLDS[name](known) if known else _NOTHING


class _Rows:
    """The newest rows, one for each step of a clock that counts steps."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._newest: int | None = None
        self._columns = {name: array("f", [_NOTHING]) * size for name in _FOLDS}

    def put(self, at: int, name: str, value: float) -> None:
        """A value of a row, the newest or one behind it."""
        newest = at - 1 if self._newest is None else self._newest
        for each in range(max(newest + 1, at - self._size + 1), at + 1):
            for column in self._columns.values():
                column[each % self._size] = _NOTHING
        self._newest = max(newest, at)
        self._columns[name][at % self._size] = value

    def value(self, at: int, name: str) -> float:
        """Of a row; not a number where nothing is known."""
        if self._newest is None or not self._newest - self._size < at <= self._newest:
            return _NOTHING
        return self._columns[name][at % self._size]

    def between(self, first: int, end: int) -> "dict[str, array[float]]":
        """Rows from `first` up to `end`, not that one itself, as they are now."""
        return {name: self._line(column, first, end) for name, column in self._columns.items()}

    def _line(self, column: "array[float]", first: int, end: int) -> "array[float]":
        newest = -1 if self._newest is None else self._newest
        oldest = newest - self._size + 1
        begin, stop = max(first, oldest), min(end, newest + 1)
        if self._newest is None or begin >= stop:
            return array("f", [_NOTHING]) * (end - first)
        a, b = begin % self._size, (stop - 1) % self._size + 1
        known = column[a:b] if a < b else column[a:] + column[:b]
        gap = array("f", [_NOTHING])
        return gap * (begin - first) + known + gap * (end - stop)


class _Camera:
    """The rows of a camera, and what was heard of it last."""

    def __init__(self) -> None:
        self.fine, self.coarse = _Rows(FINE), _Rows(COARSE)
        self._heard: dict[str, tuple[int, float]] = {}
        self._counts: dict[str, int] = {}

    def take(self, kind: str, values: Mapping[str, float], now: float) -> None:
        """What a state says, at so many seconds."""
        at = self._second(kind, now)
        for name, value in values.items():
            both = (self.fine.value(at, name), value)
            self.fine.put(at, name, _folded(name, both))
            ten = at - at % TEN
            seconds = (self.fine.value(each, name) for each in range(ten, ten + TEN))
            self.coarse.put(at // TEN, name, _folded(name, seconds))

    def since_last(self, name: str, count: int) -> float:
        """How many more there are of what is counted; where it counts anew, all of them."""
        before, self._counts[name] = self._counts.get(name), count
        if before is None:
            return _NOTHING
        return count - before if count >= before else count

    def _second(self, kind: str, now: float) -> int:
        """States come once a second, but not on the dot: each has a second of its own."""
        at = math.floor(now)
        if kind in self._heard:
            last, then = self._heard[kind]
            even = last + round(now - then)
            at = even if abs(even - at) <= 1 else at
        self._heard[kind] = at, now
        return at


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, with all that answers it; any thread may answer.

    Attributes:
        step: Seconds.
        steps: Which, counted by the steady clock: the `n`-th begins at `n * step`.
        rows: By camera and name, all of those steps.
        per: Rows of a step.
        wall_ns: Wall time at 0 of the steady clock.
    """

    step: int
    steps: range
    rows: "Mapping[str, dict[str, array[float]]]"
    per: int
    wall_ns: int

    def at_ms(self) -> list[int]:
        """Where each step begins."""
        return [(self.wall_ns + each * self.step * SECOND) // MS for each in self.steps]

    def answer(self) -> dict[str, dict[str, list[float | None]]]:
        """By camera and name, a value for each step; takes some milliseconds a camera."""
        return {
            camera: {name: list(self._row(name, row)) for name, row in rows.items()}
            for camera, rows in self.rows.items()
        }

    def _row(self, name: str, row: "array[float]") -> Iterator[float | None]:
        for at in range(0, len(row), self.per):
            value = _folded(name, row[at : at + self.per])
            if math.isnan(value):
                yield None
            else:
                yield round(value) if name in WHOLE else round(value, 3)


class History:
    """See the module.

    Args:
        clock: Steady and of the wall.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun = clock.now().mono_ns
        self._cameras: dict[str, _Camera] = {}

    @property
    def since_ms(self) -> int:
        """When it began."""
        return (self._wall_ns() + self._begun) // MS

    def forget(self, cameras: Collection[str]) -> None:
        """These are gone."""
        for camera in cameras:
            self._cameras.pop(camera, None)

    def take(self, event: Mapping[str, Any]) -> None:
        """An envelope; all but states of cameras and of their watch are passed over."""
        kind, data = event["type"], event["data"]
        if kind not in (CameraState.type, DetectionState.type):
            return
        camera = self._cameras.setdefault(data["camera"], _Camera())
        values = _of_camera(camera, data) if kind == CameraState.type else _of_watch(data)
        camera.take(kind, values, self._clock.monotonic() / SECOND)

    def ask(self, camera: str | None, from_ms: int, to_ms: int, points: int) -> Asked:
        """A question; see `Asked`.

        Args:
            camera: Which; None: all of them.
            from_ms: Wall time where the first step begins, or a little later.
            to_ms: Wall time within the last step; nothing is known of the future.
            points: How many steps there may be.
        """
        wall = self._wall_ns()
        now = self._clock.monotonic() / SECOND
        first = max((from_ms * MS - wall) / SECOND, now - _LONGEST)
        last = min((to_ms * MS - wall) / SECOND, now - _HEARD_WITHIN)
        fine = first > now - FINE
        step = _step(first, last, points, 1 if fine else TEN)
        steps = range(math.floor(first / step), math.floor(last / step) + 1)[-points:]
        if last < first:
            steps = range(0)
        per = step if step < TEN else step // TEN
        rows = {
            key: (found.fine if step < TEN else found.coarse).between(
                steps.start * per, steps.stop * per
            )
            for key, found in sorted(self._cameras.items())
            if camera in (None, key)
        }
        return Asked(step, steps, rows, per, wall)

    def _wall_ns(self) -> int:
        instant = self._clock.now()
        return instant.wall_ns - instant.mono_ns


def _step(first: float, last: float, points: int, least: int) -> int:
    """Seconds of a step, so that there are no more than so many."""
    for step in _STEPS:
        if step >= least and math.floor(last / step) - math.floor(first / step) < points:
            return step
    return 2 * _LONGEST


def _of_camera(camera: _Camera, data: Mapping[str, Any]) -> dict[str, float]:
    fps = data["fps"]
    return {
        **{"fps": fps, "fps_mean": fps, "ring_s": data["ring_s"], "ring_bytes": data["ring_bytes"]},
        **{name: camera.since_last(name, data[name]) for name in ("lost", "damaged")},
    }


def _of_watch(data: Mapping[str, Any]) -> dict[str, float]:
    asked = data["infer_ms"] if data["inferred"] else _NOTHING
    return {"looks": data["looks"], "persons": data["persons"], "infer_ms": asked}
