"""The catalogue of clips, as the page asks it. The loop's thread asks; threads of its own answer.

Each thread has a connection, opened when it is first asked, and another where the file is another:
its disk was changed, or somebody began anew. Nothing that a disk does holds up the loop.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from smartrec.app.mounts import check_mounted
from smartrec.errors import StoreError, UsageError
from smartrec.places import state_dir
from smartrec.store.catalog import Catalog
from smartrec.store.database import FILE_NAME, damaged
from smartrec.store.files import identity

_AT_ONCE: Final = 2
_MOST_WAITING: Final = 64

_Told = TypeVar("_Told")


class Library:
    """See the module.

    Args:
        clips: Directory of the clips.
        most_waiting: Who asks while so many wait is refused.
        at_once: How many are answered at the same time.
    """

    def __init__(
        self, clips: Path, most_waiting: int = _MOST_WAITING, at_once: int = _AT_ONCE
    ) -> None:
        self._clips = clips
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="catalogue")
        self._here = _Here()
        self._waiting, self._most = 0, most_waiting

    async def ask(self, question: Callable[[Catalog], _Told], otherwise: _Told) -> _Told:
        """What the catalogue says.

        Args:
            question: Asked on another thread.
            otherwise: The answer where there is no catalogue yet.

        Raises:
            DiskGone: What is there is not the disk of the clips.
            StoreError: It cannot be read or written; or too many others wait for it.
            UsageError: As the question does.
        """
        if self._waiting >= self._most:
            raise StoreError("too many requests wait for the catalogue", hint="Try again soon.")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._answer, question, otherwise)
        finally:
            self._waiting -= 1

    def _answer(self, question: Callable[[Catalog], _Told], otherwise: _Told) -> _Told:
        catalog = self._here.catalog(self._clips)
        if catalog is None:
            return otherwise
        try:
            return question(catalog)
        except StoreError:
            self._here.close()
            raise
        except ValueError as error:  # a spoilt catalogue may hold anything
            raise damaged(catalog.path, str(error)) from error


class _Here(threading.local):
    """The connection of the thread that asks."""

    def __init__(self) -> None:
        self._catalog: Catalog | None = None
        self._file: tuple[int, int] | None = None

    def catalog(self, clips: Path) -> Catalog | None:
        """That of a directory; None while it has none, though its disk is there."""
        file, _ = identity(clips / FILE_NAME)
        if file is None or file != self._file:
            self.close()
            check_mounted(clips, state_dir())
        if file is not None and self._catalog is None:
            try:
                self._catalog = Catalog.open(clips, create=False)
            except UsageError:  # it went a moment ago
                return None
            self._file = file
        return self._catalog

    def close(self) -> None:
        """Idempotent."""
        if self._catalog is not None:
            self._catalog.close()
            self._catalog = None
        self._file = None
