"""The recorder, as the page asks it: over its control socket, like every other program."""

import asyncio
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from smartrec.app.mounts import check_mounted
from smartrec.app.page_messages import Setup
from smartrec.app.settings_question import Question
from smartrec.app.wire import ask, ask_log, ask_settings, ask_status
from smartrec.errors import ControlError, DiskGone
from smartrec.model import Answer, Command
from smartrec.places import state_dir

_COMMANDS_AT_ONCE: Final = 4
"""The recorder has other clients too."""
_MOST_WAITING: Final = 32
WITHIN: Final = 10.0
"""Seconds."""
SETTLED_WITHIN: Final = 60.0
"""Seconds; cameras may have to be started anew."""
_SETTINGS_AT_ONCE: Final = 2

_Told = TypeVar("_Told")


class Recorder:
    """The loop's thread only; what it asks waits on threads of their own.

    Args:
        setup: The recorder's first message.
        within: Seconds in which it must answer.
    """

    def __init__(self, setup: Setup, within: float = WITHIN) -> None:
        self._place, self._clips = Path(setup.socket), Path(setup.clips)
        self._within = within
        self._pool = ThreadPoolExecutor(_COMMANDS_AT_ONCE, thread_name_prefix="commands")
        self._waiting = 0
        self._settlers = ThreadPoolExecutor(_SETTINGS_AT_ONCE, thread_name_prefix="settings")
        self._settling = 0
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="log")
        self._reading = 0
        self._status = _Shared(partial(ask_status, self._place, within, clip_dir=self._clips))
        self._disk = _Shared(self._usage)

    async def status(self) -> dict[str, Any]:
        """What it says of itself.

        Raises:
            ControlError: It does not answer.
        """
        return await self._status.answer()

    async def disk(self) -> tuple[int, int] | None:
        """Size and free bytes where clips go; None where that cannot be told, or not in time."""
        try:
            return await asyncio.wait_for(self._disk.answer(), 1.0)
        except (OSError, DiskGone, asyncio.TimeoutError):
            return None

    def _usage(self) -> tuple[int, int]:
        check_mounted(self._clips, state_dir())  # that of another disk says nothing
        usage = shutil.disk_usage(self._clips)
        return usage.total, usage.free

    async def command(self, command: Command) -> tuple[Answer, ...]:
        """What its cameras answer.

        Raises:
            ControlError: It does not answer.
        """
        if self._waiting >= _MOST_WAITING:
            raise ControlError("too many commands wait for the recorder", hint="Try again soon.")
        question = partial(ask, self._place, command, self._within, clip_dir=self._clips)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, question)
        finally:
            self._waiting -= 1

    async def log(self, since: int) -> dict[str, Any]:
        """What it said after that line.

        Raises:
            ControlError: It does not answer.
        """
        if self._reading >= _MOST_WAITING:
            raise ControlError("too many others read the log", hint="Try again soon.")
        asked = partial(ask_log, self._place, since, self._within, clip_dir=self._clips)
        self._reading += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, asked)
        finally:
            self._reading -= 1

    async def settings(self, question: Question) -> dict[str, Any]:
        """What it answers to a question about its settings.

        Raises:
            ControlError: It does not answer.
            SmartrecError: As `ask_settings` does.
        """
        if self._settling >= _MOST_WAITING:
            raise ControlError("too many others ask about the settings", hint="Try again soon.")
        asked = partial(ask_settings, self._place, question, SETTLED_WITHIN, clip_dir=self._clips)
        self._settling += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._settlers, asked)
        finally:
            self._settling -= 1


class _Shared(Generic[_Told]):
    """A question that is asked once at a time: who asks meanwhile gets the same answer."""

    def __init__(self, question: Callable[[], _Told]) -> None:
        self._question = question
        self._pool = ThreadPoolExecutor(1)
        self._asked: asyncio.Future[_Told] | None = None

    async def answer(self) -> _Told:
        if self._asked is None or self._asked.done():
            loop = asyncio.get_running_loop()
            self._asked = loop.run_in_executor(self._pool, self._question)
        return await asyncio.shield(self._asked)
