"""Which pictures are on their way through the pipeline, and which are to be looked at. Pure."""

import threading
from bisect import insort
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from smartrec.units import MILLISECOND, SECOND, Ns

_NEAR: Final = Ns(MILLISECOND)
"""V4L2 counts in microseconds, so that a decoder gives back times that are rounded."""
_APART: Final = Ns(SECOND // 2)
"""So much the same picture may be older or newer by another way from the camera."""
_MOST: Final = 512
"""Pictures of a camera that can be under way; older ones were dropped somewhere."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture that came out.

    Attributes:
        epoch: Of its unit.
        pts: Of its unit, exactly.
        answers: How many asked pictures it answers.
    """

    epoch: int
    pts: Ns
    answers: int


@dataclass(slots=True)
class _Camera:
    under_way: list[tuple[Ns, int]] = field(default_factory=list)
    asked: deque[tuple[Ns, Ns]] = field(default_factory=deque)
    newest: Ns | None = None
    epoch: int = 0


class Asks:
    """Any thread.

    Args:
        within: So long a picture that is to be looked at is waited for.
        own: Cameras whose pictures the pipeline fetches itself, so that their times differ a little
            from those of the recorder's.
    """

    def __init__(self, within: Ns, own: frozenset[str] = frozenset()) -> None:
        self._within = within
        self._own = own
        self._lock = threading.Lock()
        self._cameras: dict[str, _Camera] = {}

    def pushed(self, camera: str, epoch: int, pts: Ns, now: Ns | None) -> bool:
        """A picture goes in; whether it is another than the last.

        The recorder sends a picture once more if it is to be looked at and was shown already: then
        it is on its way, and the next that comes out answers.

        Args:
            camera: Whose.
            epoch: Of the unit.
            pts: Of the unit.
            now: The time, if it is to be looked at; None where it is only shown.
        """
        with self._lock:
            known = self._cameras.setdefault(camera, _Camera())
            if now is not None:
                known.asked.append((pts, Ns(now + self._within)))
            if pts == known.newest:
                return False
            known.newest, known.epoch = pts, epoch
            if camera in self._own:
                return True
            insort(known.under_way, (pts, epoch))  # pictures may go in in another order
            del known.under_way[:-_MOST]
            return True

    def came(self, camera: str, pts: Ns, *, looked_at: bool) -> Seen | None:
        """A picture has come out; None where it is none that went in.

        If that very picture is lost that was asked for, a newer one is as good.

        Args:
            camera: Whose.
            pts: As the pipeline gives it.
            looked_at: Whether the detector saw it.
        """
        with self._lock:
            known = self._cameras.get(camera)
            if known is None:
                return None
            own = camera in self._own
            found = (pts, known.epoch) if own else _matching(known.under_way, pts)
            if found is None:
                return None
            exact, epoch = found
            answers = 0
            last = exact + _APART if own else exact
            while looked_at and known.asked and known.asked[0][0] <= last:
                known.asked.popleft()
                answers += 1
            return Seen(epoch, exact, answers)

    def overdue(self, now: Ns) -> int:
        """How many that were asked for did not come in time; they are waited for no longer."""
        late = 0
        with self._lock:
            for known in self._cameras.values():
                while known.asked and known.asked[0][1] < now:
                    known.asked.popleft()
                    late += 1
        return late

    def forget(self, camera: str) -> int:
        """Nothing of that camera comes any more; how many had been asked for."""
        with self._lock:
            known = self._cameras.pop(camera, None)
            return 0 if known is None else len(known.asked)


def _matching(under_way: list[tuple[Ns, int]], pts: Ns) -> tuple[Ns, int] | None:
    """The picture of that pts; those before it were dropped somewhere and come no more."""
    while under_way and under_way[0][0] < pts - _NEAR:
        del under_way[0]
    if under_way and under_way[0][0] <= pts + _NEAR:
        return under_way.pop(0)
    return None
