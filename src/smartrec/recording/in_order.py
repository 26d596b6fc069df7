"""Puts numbered pictures back into the order of their numbers.

Pure. Where a driver copies pictures on several cores (uvcvideo does), one may be done before the
one that was taken before it. So a picture behind a gap waits a moment for the one that lacks.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from smartrec.units import MILLISECOND, Ns

PATIENCE: Final = Ns(250 * MILLISECOND)
"""How long a picture waits for the one before it: what is done later than that was lost."""
_MOST: Final = 8
"""Pictures that wait at the same time; a driver has few in hand."""
_STRANGE_GAP: Final = 1_000_000

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Placed(Generic[Item]):
    """One whose turn it is.

    Attributes:
        number: Its own, which is another than the source's where it was `overtaken`.
        overtaken: Others came before it. The source's time for it is not to be believed.
    """

    number: int
    item: Item
    overtaken: bool = False


class InOrder(Generic[Item]):
    """Takes what comes, and gives it in order.

    Nothing is kept for ever. Left out is only what comes when its place was given up: a reader that
    goes by the numbers has counted it as lost, and time never goes back.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._newest: int | None = None
        self._waiting: list[tuple[Ns, Placed[Item]]] = []
        self._ready: deque[Placed[Item]] = deque()
        self._given_up: deque[int] = deque(maxlen=64)

    @property
    def empty(self) -> bool:
        """Whether all that was put has been taken."""
        return not self._waiting and not self._ready

    @property
    def following(self) -> Item | None:
        """What the next `take` gives at once, if anything."""
        return self._ready[0].item if self._ready else None

    def put(self, number: int, item: Item, now: Ns) -> None:
        """One that came at `now` under a number of the source's.

        The number of the one that came just before is what v4l2src (GStreamer 1.20 to 1.28) gives
        out where the driver's number went back: it stands for the last that lacks.
        """
        again, self._newest = number == self._newest, number
        if again:
            number = self._lacking(number)
        last = self._last
        if number in self._given_up:
            return
        if last is None or not 0 < number - last < _STRANGE_GAP:  # the first, or numbered anew
            self.flush()
            self._given_up.clear()
            self._last = None
            self._give(Placed(number, item))
            return
        overtaken = any(number < each.number for _, each in self._waiting)
        self._waiting.append((now, Placed(number, item, overtaken)))
        self._waiting.sort(key=lambda each: each[1].number)
        self._give_following()
        if len(self._waiting) > _MOST:
            self._give_first()

    def _lacking(self, newest: int) -> int:
        """The last number before it that has not come, or was just given up; else itself."""
        if not self._waiting:
            return max((each for each in self._given_up if each + _MOST > newest), default=newest)
        there = {each.number for _, each in self._waiting}
        first = newest if self._last is None else self._last + 1
        return max((each for each in range(first, newest) if each not in there), default=newest)

    def take(self, now: Ns | None = None) -> Placed[Item] | None:
        """The next one, if it is its turn or, where `now` is told, has waited long enough."""
        if now is not None and not self._ready and self._waiting:
            oldest = min(since for since, _ in self._waiting)
            if now - oldest >= PATIENCE:
                self._give_first()
        return self._ready.popleft() if self._ready else None

    def flush(self) -> None:
        """Nothing more will come: what waits is next."""
        while self._waiting:
            self._give_first()

    def _give_first(self) -> None:
        _, placed = self._waiting.pop(0)
        self._give(placed)
        self._give_following()

    def _give_following(self) -> None:
        while self._waiting and self._waiting[0][1].number == (self._last or 0) + 1:
            _, placed = self._waiting.pop(0)
            self._give(placed)

    def _give(self, placed: Placed[Item]) -> None:
        number = placed.number
        if self._last is not None and number > self._last + 1:
            lacking = range(max(self._last + 1, number - 64), number)
            self._given_up.extend(lacking)
        self._last = number
        self._ready.append(placed)
