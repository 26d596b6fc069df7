"""Who has not moved for long: a sleeper, a mannequin, a poster."""

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from smartrec.detection.box import overlap
from smartrec.model import Box
from smartrec.units import SECOND, Ns

_STAYS: Final = 0.7
"""Overlap with its place at which a box has not moved; a model's boxes jitter by some percent."""
_SAME_PLACE: Final = 0.5
"""Overlap at which a new track is what was lost there: its first box is often its worst."""
_SETTLES: Final = 10
"""A place is the mean of so many boxes, for the first alone may be bad; then it stays, or who
creeps would never leave it."""
_REMEMBERED: Final = Ns(10 * SECOND)
"""For so long after it was seen last, a place is inherited by a new track there;"""
_REMEMBERED_AT_REST: Final = Ns(600 * SECOND)
"""of what was at rest longer: a poster is found again and again, and nobody who comes walking
begins as a track there."""
_MOST_PLACES: Final = 64


@dataclass(slots=True)
class Rest:
    """How long one person has stayed at its place.

    Attributes:
        place: Mean of the first boxes there.
        since: When it was first seen there.
        inside: When it was last seen there.
        seen: When it was last seen anywhere.
        outside: Pts of the newest boxes, in a row, that were elsewhere.
        boxes: How many `place` is the mean of.
    """

    place: Box
    since: Ns
    inside: Ns
    seen: Ns
    outside: tuple[Ns, ...] = ()
    boxes: int = 1

    def lasts(self, long: Ns) -> bool:
        """Whether it is at rest: has stayed for `long`; 0 means never."""
        return 0 < long <= self.inside - self.since

    def hold(self, pts: Ns) -> None:
        """Go on to a picture in which nothing has moved."""
        self.seen = pts
        if not self.outside:
            self.inside = pts

    def take(self, box: Box, pts: Ns, evidence: int) -> Ns | None:
        """Go on to a new picture.

        Args:
            box: Where the person is.
            pts: When.
            evidence: So many boxes in a row elsewhere are movement; fewer are jitter.

        Returns:
            When it moved, if it is now known to have; its place is where it is now.
        """
        self.seen = pts
        if overlap(box, self.place) >= _STAYS:
            self.inside = pts
            self.outside = ()
            self._settle(box)
            return None
        self.outside += (pts,)
        if len(self.outside) < evidence:
            return None
        moved = self.outside[0]
        self.place, self.since, self.inside, self.outside, self.boxes = box, pts, pts, (), 1
        return moved

    def _settle(self, box: Box) -> None:
        if self.boxes >= _SETTLES:
            return
        self.boxes += 1
        share, place = 1 / self.boxes, self.place
        self.place = Box(
            place.left + share * (box.left - place.left),
            place.top + share * (box.top - place.top),
            place.right + share * (box.right - place.right),
            place.bottom + share * (box.bottom - place.bottom),
        )


class Places:
    """Where tracks were lost recently, so that who is found again there goes on resting.

    Args:
        long: How long nobody must have moved to be at rest.
    """

    def __init__(self, long: Ns) -> None:
        self._long = long
        self._lost: deque[Rest] = deque(maxlen=_MOST_PLACES)

    def lose(self, rest: Rest) -> None:
        """Its track is gone. What was found and lost again takes the place of what it was."""
        others = [
            each
            for each in self._lost
            if each.since != rest.since or overlap(each.place, rest.place) < _SAME_PLACE
        ]
        self._lost = deque((*others, rest), maxlen=_MOST_PLACES)

    def rest_of(self, box: Box, pts: Ns, unseen: list[Rest]) -> Rest:
        """The rest with which a new track begins.

        Args:
            box: Where.
            pts: When.
            unseen: Of tracks that go on and are not seen just now: it may be one of these.
        """
        self._forget(pts)
        known = [each for each in (*self._lost, *unseen) if self._remembered(each, pts)]
        best = max(known, key=lambda each: (overlap(box, each.place), -each.since), default=None)
        if best is None or overlap(box, best.place) < _SAME_PLACE:
            return Rest(box, pts, pts, pts)
        # A copy: the lost one may be found again as well, as where a model sees one poster twice.
        return replace(best, seen=pts, outside=())

    def _forget(self, pts: Ns) -> None:
        remembered = [each for each in self._lost if self._remembered(each, pts)]
        self._lost = deque(remembered, maxlen=_MOST_PLACES)

    def _remembered(self, rest: Rest, pts: Ns) -> bool:
        long = _REMEMBERED_AT_REST if rest.lasts(self._long) else _REMEMBERED
        return pts - rest.seen <= long
