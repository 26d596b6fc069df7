"""Lays sound on the time of its pictures: pure, and of one pass over times known as a whole.

A sound card counts seconds of its own, up to some hundred parts of a million longer or shorter than
the system's, and is asked late when the machine is busy. What is known of each chunk is a moment by
the system's clock, that is too late now and then and never much too early. So the true time of a
sample is the *least* that the chunks around it say, as in clock recovery for RTP (Fober, Orlarey,
Letz, "Real time clock skew estimation over network delays", 2005), smoothed over the same time.

A step that stays is no lateness: samples are missing, and silence takes their place. Where the
sound ends before it is seen whether a step stays, lateness is known by being made up for: what
waited is read at once.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np
import numpy.typing as npt

from smartrec.recording.sound import RATE
from smartrec.units import MILLISECOND, SECOND, Ns

STEP: Final = 8 * MILLISECOND
"""A chunk is so much later than those before it, and so are all behind it: samples are missing."""
WINDOW: Final = 2 * SECOND
"""Chunks so near tell together what time it is."""
_RIGID: Final = 0.5
"""In samples: a source that strays less counts as the system does, and nothing is resampled."""
_EXACTLY: Final = 64
"""A share of a sample that floating-point numbers add and subtract without a rest."""
_HOLE: Final = RATE // 1000
"""Fewer samples between two chunks are no hole, but the rounding of times."""

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chunk lies, in samples of the system's time since the first chunk's own time.

    Attributes:
        begin: Of its first sample.
        end: Of its last; where the next chunk follows without a hole, that one's `begin`.
    """

    begin: float
    end: float


def places(stamps: Sequence[tuple[Ns, int]]) -> list[Place]:
    """Where each chunk of (pts, samples) lies; they come in the order of their samples."""
    if not stamps:
        return []
    zero = stamps[0][0]
    told = [(pts - zero) * RATE / SECOND for pts, _ in stamps]
    counted = list(accumulate((samples for _, samples in stamps), initial=0))
    late = [time - count for time, count in zip(told, counted, strict=False)]
    found: list[Place] = []
    for first, behind in _runs(late, counted):
        away = _steady(late[first:behind], counted[first:behind])
        begins = [count + shift for count, shift in zip(counted[first:], away, strict=False)]
        ends = [*begins[1:], counted[behind] + away[-1]]
        found += [Place(begin, end) for begin, end in zip(begins, ends, strict=True)]
    return found


def _runs(late: Sequence[float], counted: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Chunks between which nothing is missing: first, and the one behind the last."""
    window, step = _in_samples(WINDOW), _in_samples(STEP)
    ahead = _least(late, counted, 0, window)
    past: deque[int] = deque()
    begin = 0
    for n, shift in enumerate(late):
        while past and counted[past[0]] < counted[n] - window:
            past.popleft()
        if past and ahead[n] - late[past[0]] > step and _stays(late, counted, n, window):
            yield begin, n
            begin = n
            past.clear()
        while past and late[past[-1]] >= shift:
            past.pop()
        past.append(n)
    yield begin, len(late)


def _stays(late: Sequence[float], counted: Sequence[int], n: int, window: int) -> bool:
    """Whether the step at chunk `n` is none that the last chunks are about to make up for."""
    last = len(late) - 1
    behind = counted[last] - counted[n]
    return behind >= window or 2 * (late[n] - late[last]) < behind


def _steady(late: Sequence[float], counted: Sequence[int]) -> list[float]:
    """How far each chunk of a run lies behind its count: the least around it, smoothed."""
    window = _in_samples(WINDOW)
    least = _least(late, counted, window, window)
    if max(least) - min(least) < _RIGID:
        return [round(min(least) * _EXACTLY) / _EXACTLY] * len(least)
    sums = list(accumulate(least, initial=0.0))
    smooth = []
    for count in counted[: len(least)]:
        low = bisect_left(counted, count - window, 0, len(least))
        high = bisect_right(counted, count + window, 0, len(least))
        smooth.append((sums[high] - sums[low]) / (high - low))
    return smooth


def _least(values: Sequence[float], counted: Sequence[int], before: int, after: int) -> list[float]:
    """Of each chunk, the least value of those from so many samples before it to so many after."""
    found, kept, behind = [], deque[int](), 0
    for n in range(len(values)):
        while behind < len(values) and counted[behind] <= counted[n] + after:
            while kept and values[kept[-1]] >= values[behind]:
                kept.pop()
            kept.append(behind)
            behind += 1
        while counted[kept[0]] < counted[n] - before:
            kept.popleft()
        found.append(values[kept[0]])
    return found


def _in_samples(time: int) -> int:
    return time * RATE // SECOND


class SoundLine:
    """The sound of an interval, sample by sample, with silence where there is none.

    Args:
        stamps: (pts, samples) of every chunk.
        start: Moment of the first sample given out.
        length: How long.

    Attributes:
        samples: How many are given out.
        silent: Of those, how many are no sound but filled in.
    """

    def __init__(self, stamps: Sequence[tuple[Ns, int]], start: Ns, length: Ns) -> None:
        self.samples = _in_samples(start + length) - _in_samples(start)
        self._places = places(stamps)
        zero = stamps[0][0] if stamps else start
        self._zero = (start - zero) * RATE / SECOND
        self._at = 0
        self.silent = sum(hole for hole in self._holes() if hole >= _HOLE)

    def lay(self, chunks: Iterable[bytes]) -> Iterator[Samples]:
        """Give out all samples, in pieces of at most a second.

        Args:
            chunks: The data of the stamps, in their order.
        """
        waiting: tuple[Place, Samples] | None = None
        for place, data in zip(self._places, chunks, strict=True):
            samples = np.frombuffer(data, np.dtype("<i2")).astype(np.int16, copy=False)
            if waiting is not None:
                yield from self._give(*waiting, follows=samples[0])
            waiting = (place, samples)
        if waiting is not None:
            yield from self._give(*waiting, follows=waiting[1][-1])
        yield from self._be_silent(self.samples)

    def _holes(self) -> Iterator[int]:
        at = 0
        for place in self._places:
            first, stop = self._where(place)
            yield min(first, self.samples) - at
            at = max(at, stop)
        yield self.samples - at

    def _where(self, place: Place) -> tuple[int, int]:
        """The samples given out that lie there: the first, and the one behind the last."""
        first, stop = _first_from(place.begin - self._zero), _first_from(place.end - self._zero)
        return first, min(self.samples, stop)

    def _give(self, place: Place, samples: Samples, follows: np.int16) -> Iterator[Samples]:
        """One chunk, stretched to its place; what of it lies before what was given is left out."""
        first, stop = self._where(place)
        yield from self._be_silent(min(first, self.samples))
        begin = max(first, self._at)
        if begin >= stop:
            return
        if place.end - place.begin == len(samples):
            given = samples[begin - first : stop - first]
        else:
            scale = len(samples) / (place.end - place.begin)
            at = (np.arange(begin, stop) + self._zero - place.begin) * scale
            known = np.append(samples, follows)
            given = np.rint(np.interp(at, np.arange(len(known)), known)).astype(np.int16)
        self._at = begin + len(given)
        yield given

    def _be_silent(self, until: int) -> Iterator[Samples]:
        while self._at < until:
            count = min(RATE, until - self._at)
            self._at += count
            yield np.zeros(count, np.int16)


def _first_from(place: float) -> int:
    """The first whole sample at a place or behind it."""
    return int(np.ceil(place - 1e-6))
