"""Looks for persons in pictures, one after another, on a thread of its own."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from smartrec.errors import DetectionFailed, SmartrecError
from smartrec.media.watch.eye import Undecodable
from smartrec.media.watch.looking import Asked, Engine, Looker
from smartrec.media.watch.messages import DetectorSetup, Message, Note, Ready, Refused
from smartrec.model import Look
from smartrec.units import SECOND, Ns

HANGS_AFTER: Final = Ns(30 * SECOND)
"""A picture that takes longer is not waited for."""
FAILURES: Final = 20
"""When so many pictures in a row fail, it is told that nobody is looked for."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Teller:
    """Who is told; called on the detecting thread.

    Attributes:
        say: Sends to the recorder.
        opened: The engine, once it is loaded, and again when it works after `FAILURES`; None when
            there is none.
        looked: Each look.
        undecodable: The camera of a picture that was none.
    """

    say: Callable[[Message], None]
    opened: Callable[[Engine | None], None]
    looked: Callable[[Look], None]
    undecodable: Callable[[str], None]


class Detecting(threading.Thread):
    """Loads the engine, then looks at what it is asked to; start it like any thread.

    Args:
        setup: How to detect.
        open_engine: Loads the engine; raises a `SmartrecError` where that is no use.
        teller: Who is told.
    """

    def __init__(
        self,
        setup: DetectorSetup,
        open_engine: Callable[[DetectorSetup], Engine],
        teller: Teller,
    ) -> None:
        super().__init__(name="detecting", daemon=True)
        self._setup = setup
        self._open_engine = open_engine
        self._teller = teller
        self._inbox: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._failures = 0
        self._failed_before = False
        self._unread: dict[str, int] = {}
        self._serves_since: Ns | None = None

    def hangs(self, now: Ns) -> bool:
        """Whether a picture keeps it for so long that it will hardly come back. Any thread."""
        since = self._serves_since
        return since is not None and now - since > HANGS_AFTER

    def ask(self, asked: Asked | None) -> None:
        """A picture to look at; None: the one that was to come does not. Any thread."""
        self._inbox.put(asked)

    def run(self) -> None:
        """See the class."""
        say = self._teller.say
        try:
            engine = self._open_engine(self._setup)
        except SmartrecError as error:
            say(Refused(type(error).__name__, str(error), error.hint or ""))
            self._teller.opened(None)
            return
        self._teller.opened(engine)
        for note in engine.notes:
            say(Note(note))
        looker = Looker(self._setup, engine)
        while True:
            say(Ready())
            asked = self._inbox.get()
            if asked is not None:
                self._serves_since = Ns(time.monotonic_ns())
                self._serve(engine, looker, asked)
                self._serves_since = None

    def _serve(self, engine: Engine, looker: Looker, asked: Asked) -> None:
        try:
            looked = looker.look(asked)
        except Undecodable as error:
            self._unreadable(error, asked.camera)
            return
        except DetectionFailed as error:
            self._failed(error, asked.camera)
            return
        self._unread.pop(asked.camera, None)
        if looked.look.inferred:
            if self._failures >= FAILURES:
                self._teller.opened(engine)
            self._failures = 0
        self._teller.looked(looked.look)
        self._teller.say(looked)

    def _unreadable(self, error: Undecodable, camera: str) -> None:
        log.debug("%s: %s", camera, error)
        self._teller.undecodable(camera)
        in_a_row = self._unread[camera] = self._unread.get(camera, 0) + 1
        if in_a_row == FAILURES:  # a damaged one now and then is nothing to tell
            text = f"nobody is looked for, its pictures cannot be read: {error}"
            hint = "Another size or format of the camera; recording goes on as it is"
            self._teller.say(Note(text, hint, camera))

    def _failed(self, error: DetectionFailed, camera: str) -> None:
        self._failures += 1
        if not self._failed_before:
            self._teller.say(Note(f"a picture is left out: {error}", error.hint or "", camera))
        self._failed_before = True
        if self._failures == FAILURES:
            message = f"the detector failed on {FAILURES} pictures in a row: {error}"
            self._teller.say(Refused(type(error).__name__, message, error.hint or ""))
