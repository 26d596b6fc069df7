"""How far the start of the pipeline has come, and what is said of it meanwhile."""

import time
from collections.abc import Callable
from typing import Final

from smartrec.errors import SmartrecError
from smartrec.media.watch.messages import Preparing
from smartrec.units import SECOND, Ns

_SAID_EVERY_S: Final = 15
_STARTING: Final = "the detector is starting"
_SOON_S: Final = 5
"""What takes no longer is not told."""


class Stage:
    """Any thread.

    Attributes:
        error: Why it does not start; None while it may.
    """

    def __init__(self) -> None:
        self.error: SmartrecError | None = None
        self._text = _STARTING
        self._since = Ns(time.monotonic_ns())
        self._say_at = _SOON_S
        self._ready = False

    def begins(self, text: str) -> None:
        """Something that takes long begins, and is told at once."""
        self._text, self._since, self._say_at = text, Ns(time.monotonic_ns()), 0

    def is_ready(self) -> None:
        """All of it is done."""
        self._ready = True

    def words(self, now: Ns) -> str:
        """What is shown until there are pictures."""
        return "" if self._ready else f"{self._text}: {self._elapsed(now)} s"

    def turn(self, say: Callable[[Preparing], None], now: Ns) -> None:
        """Say now and then that it goes on."""
        elapsed = self._elapsed(now)
        if not self._ready and elapsed >= self._say_at:
            self._say_at = elapsed + _SAID_EVERY_S
            say(Preparing(self._text, elapsed))

    def _elapsed(self, now: Ns) -> int:
        return int(max(0, now - self._since) // SECOND)
