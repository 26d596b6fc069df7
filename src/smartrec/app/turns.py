"""Which camera is looked at next. Pure.

Each has its own steady rate; when all together ask for more than can be done, the one that has
waited longest comes first, so that the rate falls evenly.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

from smartrec.units import Ns

Name = TypeVar("Name", bound=Hashable)


class Turns(Generic[Name]):
    """One picture at a time goes to the detector.

    Args:
        interval: Between two looks at the same camera.
    """

    def __init__(self, interval: Ns) -> None:
        self._interval = interval
        self._due: dict[Name, int] = {}
        self._fresh: set[Name] = set()

    def came(self, name: Name, now: Ns) -> None:
        """A picture of a camera has come that was not looked at."""
        self._fresh.add(name)
        self._due.setdefault(name, now)

    def take(self, now: Ns) -> Name | None:
        """The camera whose newest picture is to be looked at now; None when none is due."""
        due = [(self._due[name], name) for name in self._fresh if self._due[name] <= now]
        if not due:
            return None
        at, name = min(due, key=lambda each: each[0])
        self._fresh.discard(name)
        # A steady rate, whatever pictures it has to choose from; what was missed is not made up.
        self._due[name] = max(at + self._interval, now)
        return name

    def gone(self, name: Name) -> None:
        """A camera sends nothing any more."""
        self._fresh.discard(name)
