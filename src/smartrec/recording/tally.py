"""The proof of exactness: what the source numbered within an interval, and what became of it."""

from collections import Counter

from smartrec.model import AccessUnit, Loss
from smartrec.units import Ns


class Tally:
    """Counts the pictures that a clip of ``[start, end)`` should hold, by the source's numbers.

    Fed with every unit that the clip reads, in order, damaged ones too, and with the first unit
    behind its end. A number that never came has no time; it is taken to lie evenly between its
    neighbours.

    Attributes:
        expected: Pictures numbered by the source within the interval.
        lost: Of those, how many cannot be in the clip, by cause.
        first: Presentation time of the first whole picture within the interval.
        last: The last one.
        until: Right behind all that was counted; no end may move to before it.
    """

    def __init__(self, start: Ns) -> None:
        self.start = start
        self.expected = 0
        self.lost: Counter[Loss] = Counter()
        self.first: Ns | None = None
        self.last: AccessUnit | None = None
        self.until = start
        self._previous: tuple[int, int] | None = None

    @property
    def length(self) -> Ns:
        """From the first picture shown to the end of the last."""
        if self.first is None or self.last is None:
            return Ns(0)
        return Ns(self.last.pts + self.last.duration - self.first)

    def anchor(self, unit: AccessUnit) -> None:
        """Begin to count at `unit`, or at the numbers missing right before it. Once only."""
        if self._previous is None:
            gap = unit.lost_before + 1
            self._previous = (unit.seq - gap, unit.dts - gap * unit.duration)

    def see(self, unit: AccessUnit, end: Ns, *, evicted: int = 0) -> bool:
        """Count `unit` and the numbers missing before it; say whether the clip shows it.

        Args:
            unit: The next one.
            end: The interval's end as it stands now.
            evicted: How many units the ring let go between the previous one and this.
        """
        self.anchor(unit)
        missing = self._missing_before(unit, end)
        from_ring = min(evicted, missing)
        self.expected += missing
        self._lose(Loss.RING, from_ring)
        self._lose(Loss.DRIVER, missing - from_ring)
        self._previous = (unit.seq, unit.dts)
        if not self.start <= unit.pts < end:
            return False
        self.expected += 1
        self.until = max(self.until, Ns(unit.pts + 1))
        if unit.damaged:
            self._lose(Loss.DAMAGED, 1)
            return False
        if self.first is None or unit.pts < self.first:
            self.first = unit.pts
        if self.last is None or unit.pts > self.last.pts:
            self.last = unit
        return True

    def following(self) -> "Tally":
        """A tally of what comes right behind all that was counted here."""
        rest = Tally(self.until)
        rest._previous = self._previous
        return rest

    def __copy__(self) -> "Tally":
        twin = Tally(self.start)
        twin.__dict__.update(self.__dict__, lost=self.lost.copy())
        return twin

    def as_dict(self) -> dict[str, int]:
        """`lost` with plain keys."""
        return {cause.value: count for cause, count in self.lost.items()}

    def _lose(self, cause: Loss, count: int) -> None:
        if count:
            self.lost[cause] += count

    def _missing_before(self, unit: AccessUnit, end: Ns) -> int:
        """How many numbers between the previous unit and `unit` fall into the interval."""
        assert self._previous is not None
        seq, dts = self._previous
        gap = unit.seq - seq - 1
        if gap <= 0:
            return 0
        spacing = (unit.dts - dts) // (gap + 1)
        if spacing <= 0:
            return gap if self.start <= unit.dts < end else 0
        # Those with number k before `unit` (k = 1..gap) are at dts - k * spacing.
        earliest = min(gap, (unit.dts - self.start) // spacing)
        latest = max(1, (unit.dts - end) // spacing + 1)
        return max(0, earliest - latest + 1)
