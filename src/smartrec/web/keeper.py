"""The vault's own thread: no disk and no password holds up the loop.

Twice a second it looks whether somebody changed the vault, such as the command line, and tells the
loop who there is now. Where it cannot be read it says so, and then nobody comes in.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final, TypeVar

from smartrec.access.database import FILE_NAME
from smartrec.access.roster import Roster
from smartrec.access.vault import Vault
from smartrec.clock import SystemClock
from smartrec.errors import SmartrecError, StoreError

LOOK_EVERY: Final = 0.5
"""Seconds."""
_MOST_WAITING: Final = 64
_MOST_NOTED: Final = 10_000
"""Of what nobody waits for."""

log = logging.getLogger(__name__)

_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True)
class News:
    """Who there is; or why that cannot be known, and then nobody may come in."""

    roster: Roster
    problem: SmartrecError | None = None


class Keeper(threading.Thread):
    """See the module; all but `run` belongs to the loop's thread.

    Args:
        state: Directory of the vault; None: nobody is ever known.
        loop: Runs.
    """

    def __init__(self, state: Path | None, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(name="vault", daemon=True)
        self._state = state
        self._loop = loop
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._waiting = 0
        self._vault: Vault | None = None
        self._newest = News(Roster())
        self._began = asyncio.Event()
        self.news = self._newest
        self.listener: Callable[[News], None] | None = None

    async def begin(self) -> None:
        """Start, and wait until it is known who there is, or that it cannot be known."""
        if self._state is not None:
            self.start()
            await self._began.wait()

    async def ask(self, question: Callable[[Vault], _Told]) -> _Told:
        """What the vault says; when it is said, the loop has the news of what was changed by it.

        Raises:
            SmartrecError: It cannot be read or written; too many wait; or as the question does.
        """
        if self._state is None:
            raise StoreError("there is no place where users could be kept")
        if self._waiting >= _MOST_WAITING:
            raise StoreError("too many requests wait for the users", hint="Try again soon.")
        answer = Future[_Told]()
        self._waiting += 1
        try:
            self._jobs.put(lambda: self._answer(question, answer))
            return await asyncio.wrap_future(answer)
        finally:
            self._waiting -= 1

    def put(self, deed: Callable[[Vault], object]) -> None:
        """Have something written for which nobody waits; nothing where there is no vault yet."""
        if self._state is not None and self._jobs.qsize() < _MOST_NOTED:
            self._jobs.put(lambda: self._write(deed))

    def run(self) -> None:
        """See the class."""
        try:
            look_at = monotonic()
            while True:
                if monotonic() >= look_at:
                    self._look()
                    look_at = monotonic() + LOOK_EVERY
                try:
                    job = self._jobs.get(timeout=max(0.0, look_at - monotonic()))
                except queue.Empty:
                    continue
                job()
        finally:  # a bug: nobody stays who may have been put out since
            self._say(News(Roster(), StoreError("the thread that knows the users has ended")))

    def _answer(self, question: Callable[[Vault], _Told], answer: "Future[_Told]") -> None:
        if not answer.set_running_or_notify_cancel():
            return
        try:
            told = question(self._opened())
        except SmartrecError as error:
            self._look()
            answer.set_exception(error)
            return
        self._look()
        answer.set_result(told)

    def _write(self, deed: Callable[[Vault], object]) -> None:
        try:
            vault = self._opened()
            if not vault.absent:
                deed(vault)
        except SmartrecError as error:
            log.warning("what was done cannot be written down: %s", error)

    def _look(self) -> None:
        try:
            vault = self._opened()
            if self._newest.problem is not None or vault.changed():
                self._newest = News(vault.roster())
        except SmartrecError as error:
            self._newest = News(Roster(), error)
        self._say(self._newest)

    def _opened(self) -> Vault:
        """The same for good: one whose file went knows that there were users."""
        assert self._state is not None
        if self._vault is None:
            self._vault = Vault(self._state / FILE_NAME, SystemClock())  # looks when it is asked
        return self._vault

    def _say(self, news: News) -> None:
        self._loop.call_soon_threadsafe(self._hear, news)

    def _hear(self, news: News) -> None:
        self.news = news
        self._began.set()
        if self.listener is not None:
            self.listener(news)
