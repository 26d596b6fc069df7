"""Puts numbered pictures back into the order of their numbers.

Pure. Where a driver copies pictures on several cores (uvcvideo does), one may be done before the
one that was taken before it. So a picture behind a gap waits a moment for the one that lacks.
"""

from collections import deque
from typing import Final, Generic, TypeVar

from smartrec.units import MILLISECOND, Ns

PATIENCE: Final = Ns(250 * MILLISECOND)
"""How long a picture waits for the one before it: what is done later than that was lost."""
_MOST: Final = 8
"""Pictures that wait at the same time; a driver has few in hand."""
_STRANGE_GAP: Final = 1_000_000

Item = TypeVar("Item")


class InOrder(Generic[Item]):
    """Takes what comes, and gives it in order.

    Nothing is kept for ever. Left out is only what comes when its place was given up: a reader that
    goes by the numbers has counted it as lost, and time never goes back.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._waiting: list[tuple[int, Ns, Item]] = []
        self._ready: deque[Item] = deque()
        self._given_up: deque[int] = deque(maxlen=64)

    @property
    def empty(self) -> bool:
        """Whether all that was put has been taken."""
        return not self._waiting and not self._ready

    def put(self, number: int, item: Item, now: Ns) -> None:
        """One that came at `now` under a number of the source's."""
        last = self._last
        if number in self._given_up:
            return
        if last is None or not 0 < number - last < _STRANGE_GAP:  # the first, or numbered anew
            self.flush()
            self._given_up.clear()
            self._last = None
            self._give(number, item)
            return
        self._waiting.append((number, now, item))
        self._waiting.sort(key=lambda each: each[0])
        self._give_following()
        if len(self._waiting) > _MOST:
            self._give_first()

    def take(self, now: Ns | None = None) -> Item | None:
        """The next one, if it is its turn or, where `now` is told, has waited long enough."""
        if now is not None and not self._ready and self._waiting:
            oldest = min(since for _, since, _ in self._waiting)
            if now - oldest >= PATIENCE:
                self._give_first()
        return self._ready.popleft() if self._ready else None

    def flush(self) -> None:
        """Nothing more will come: what waits is next."""
        while self._waiting:
            self._give_first()

    def _give_first(self) -> None:
        number, _, item = self._waiting.pop(0)
        self._give(number, item)
        self._give_following()

    def _give_following(self) -> None:
        while self._waiting and self._waiting[0][0] == (self._last or 0) + 1:
            number, _, item = self._waiting.pop(0)
            self._give(number, item)

    def _give(self, number: int, item: Item) -> None:
        if self._last is not None and number > self._last + 1:
            lacking = range(max(self._last + 1, number - 64), number)
            self._given_up.extend(lacking)
        self._last = number
        self._ready.append(item)
