"""The circular cache that makes pre-roll possible: it is read by index and never drained."""

from collections import deque
from collections.abc import Iterator
from itertools import islice

from smartrec.model import AccessUnit
from smartrec.units import Ns


class Ring:
    """The newest access units of one camera, in decoding order.

    Holds at least `length` of time once that much has come in, and always back to a keyframe, so
    that every held moment can be decoded; never more than `max_bytes`. Where the two conflict
    `max_bytes` wins, but the newest unit always stays. Units leave with their whole GOP.

    Every unit has an index that counts up for ever; readers keep an index and look whether it is
    still held. One thread.
    """

    def __init__(self, length: Ns, max_bytes: int) -> None:
        self.length = length
        self.max_bytes = max_bytes
        self._wanted_bytes = max_bytes
        self.bytes = 0
        self._units: deque[AccessUnit] = deque()
        self._first = 0
        self._keyframes: deque[int] = deque()

    @property
    def first(self) -> int:
        """Index of the oldest unit held; equals `end` while empty."""
        return self._first

    @property
    def end(self) -> int:
        """Index that the next unit will get."""
        return self._first + len(self._units)

    @property
    def span(self) -> Ns:
        """From the oldest to the newest picture held."""
        return Ns(self._units[-1].pts - self._units[0].pts) if self._units else Ns(0)

    @property
    def newest(self) -> AccessUnit | None:
        """The unit pushed last."""
        return self._units[-1] if self._units else None

    def push(self, unit: AccessUnit, *, pinned: int | None = None) -> None:
        """Take in one unit, and let go of what is too old.

        Args:
            unit: The next in decoding order.
            pinned: Oldest index that a reader still needs; age does not evict it, bytes do.
        """
        if unit.keyframe:
            self._keyframes.append(self.end)
        self._units.append(unit)
        self.bytes += len(unit.data)
        self._fit(pinned)

    def resize(self, length: Ns, max_bytes: int, *, pinned: int | None = None) -> None:
        """Hold so much from now on, and of what is held as much as that allows.

        What a reader still needs outlives smaller limits; until it is read, the larger ones hold.
        """
        self.length, self._wanted_bytes = length, max_bytes
        self.max_bytes = max(self.max_bytes, max_bytes)
        self._fit(pinned)

    def __getitem__(self, index: int) -> AccessUnit:
        """The unit with that index.

        Raises:
            IndexError: It is gone, or not there yet.
        """
        if not self._first <= index < self.end:
            raise IndexError(index)
        return self._units[index - self._first]

    def since(self, index: int) -> Iterator[AccessUnit]:
        """All units from `index` on that are still held; do not push meanwhile."""
        return islice(self._units, max(0, index - self._first), None)

    def start_of(self, pts: Ns) -> int:
        """Where to begin reading so that every picture from `pts` on can be decoded.

        That is the keyframe at or before the first unit shown at `pts` or later, which may be
        still to come; where the ring does not reach back so far, its first keyframe.
        """
        later = (n for n, unit in enumerate(self._units) if unit.pts >= pts)
        return self.keyframe_of(self._first + next(later, len(self._units)))

    def keyframe_of(self, index: int) -> int:
        """Where to begin reading so that the unit with `index`, held or next to come, decodes."""
        if index == self.end and len(self._keyframes) == len(self._units):
            return index  # all are keyframes, so the next is one
        before = [keyframe for keyframe in self._keyframes if keyframe <= index]
        if before:
            return before[-1]
        return self._keyframes[0] if self._keyframes else self.end

    def _fit(self, pinned: int | None) -> None:
        while self._too_old(pinned) or self._too_large(pinned):
            self._evict_gop()
        if self.bytes <= self._wanted_bytes:
            self.max_bytes = self._wanted_bytes

    def _too_large(self, pinned: int | None) -> bool:
        if len(self._units) < 2:
            return False
        needed = pinned is not None and pinned < self._end_of_gop()
        return self.bytes > (self.max_bytes if needed else self._wanted_bytes)

    def _too_old(self, pinned: int | None) -> bool:
        """Whether what is held from the second keyframe on is still long enough."""
        if len(self._keyframes) < 2 or (pinned is not None and pinned < self._keyframes[1]):
            return False
        second = self._units[self._keyframes[1] - self._first]
        return self._units[-1].pts - second.pts >= self.length

    def _evict_gop(self) -> None:
        """Drop up to the next keyframe; without one, a single unit."""
        until = self._end_of_gop()
        if self._keyframes and self._keyframes[0] == self._first:
            self._keyframes.popleft()
        while self._first < until and len(self._units) > 1:
            self.bytes -= len(self._units.popleft().data)
            self._first += 1

    def _end_of_gop(self) -> int:
        """Index of the second keyframe held; without one, of the second unit."""
        later = (keyframe for keyframe in self._keyframes if keyframe > self._first)
        return next(later, self._first + 1)
