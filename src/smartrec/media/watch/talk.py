"""The watch's side of its link: what it says, what it hears, and when it is to end."""

import os
import threading
import time
from collections.abc import Callable
from typing import Final

from smartrec.media.watch.link import Hangup, Link
from smartrec.media.watch.messages import Message

_END_WITHIN: Final = 2.0


class Talk:
    """With the recorder at the other end.

    Attributes:
        ended: Set when the recorder is gone, or when it is time to go.

    Args:
        link: To the recorder.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self.ended = threading.Event()

    def say(self, message: Message) -> None:
        """Any thread; waits while the recorder does not read."""
        try:
            self._link.send(message)
        except Hangup:
            self.ended.set()

    def hear(self, take: Callable[[Message], None]) -> None:
        """Give every message to `take`, on a thread for that; the process ends when none comes.

        Args:
            take: Must not wait for anything.
        """
        threading.Thread(target=self._read, args=(take,), name="reader", daemon=True).start()

    def _read(self, take: Callable[[Message], None]) -> None:
        try:
            while not self.ended.is_set():
                take(self._link.receive())
        except Hangup:
            self.ended.set()
        # The main thread may be in a driver that does not return.
        time.sleep(_END_WITHIN)
        os._exit(0)
