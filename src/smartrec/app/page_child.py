"""One process of the page, and what is on its way to it."""

import os
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Final

from smartrec.app.bus import Subscription
from smartrec.app.children import linked
from smartrec.app.feed import MOST_CODED_WAITING, Feed, Needs
from smartrec.app.page_messages import NotServing, Serving, recorder_end
from smartrec.config.load import PREFIX, RESERVED
from smartrec.model import AccessUnit, StreamFormat
from smartrec.recording.ring import Ring

END_WITHIN: Final = 2.0
"""Seconds that it has for its end."""
GOP_MOST: Final = 300
"""Units of an inter-coded camera that it is given at once, so that it need not wait for the next
keyframe; with longer groups it waits."""
_UNREAD: Final = 20
"""Seconds after which one that reads nothing of what it is sent hangs."""
_NEEDS: Final = Needs(None, keyframes_only=False, most_coded=GOP_MOST + MOST_CODED_WAITING)


class Child:
    """See the module.

    Args:
        command: Starts the process.
        news: See below.

    Attributes:
        news: What happens from now on.
        wanted: Cameras that somebody looks at; set by the thread that hears it.
        silent: Seconds since it said something.
        state: The last it said of itself.
        states: How often that changed.
        address: Where it serves; None while it does not.
    """

    def __init__(self, command: Sequence[str], news: Subscription) -> None:
        self._process, ours = linked(command, _environ())
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", _UNREAD, 0))
        self.link = recorder_end(ours)
        self.feed = Feed(self.link, _NEEDS)
        self.feed.show(True)
        self.news = news
        self.wanted: frozenset[str] = frozenset()
        self.silent = 0
        self.state: Serving | NotServing | None = None
        self.states = 0
        self.address: str | None = None
        self._fed: set[str] = set()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def start(self, hear: Callable[[], None]) -> None:
        """Feed it and hear it.

        Raises:
            RuntimeError: There is no thread left for that; it is ended.
        """
        try:
            self.feed.start()
            self._ear = threading.Thread(target=hear, name="page-ear", daemon=True)
            self._ear.start()
        except RuntimeError:
            self.kill()
            self._process.wait()
            raise

    def came(
        self, camera: str, units: Sequence[AccessUnit], stream: StreamFormat, ring: Ring
    ) -> None:
        """See `Page.came`."""
        if camera not in self.wanted:
            if camera in self._fed:
                self.gone(camera)
            return
        if camera not in self._fed:
            self._fed.add(camera)
            begin = ring.keyframe_of(ring.end - 1)
            if ring.end - begin <= GOP_MOST:
                units = list(ring.since(begin))
        for unit in units:
            if not unit.damaged:
                self.feed.offer(camera, unit, stream, unit.pts, detect=False)

    def gone(self, camera: str) -> None:
        """See `Page.gone`."""
        self._fed.discard(camera)
        self.feed.gone(camera)

    def kill(self) -> None:
        """End it at once."""
        self.feed.close()
        self._process.kill()
        self.link.close()

    def end(self) -> int:
        """Have it end, or end it; its exit status."""
        self.news.close()
        self.feed.close()
        self.link.finish()
        try:
            status = self._process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._ear.join(END_WITHIN)  # why it ended may be the last it said
        self.link.close()
        return status


def _environ() -> dict[str, str]:
    """Ours without settings: a camera's password may be among them."""
    own = os.environ.items()
    return {k: v for k, v in own if not k.startswith(PREFIX) or k in RESERVED}
