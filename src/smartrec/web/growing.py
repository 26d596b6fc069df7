"""An H.264 or H.265 clip that is still a journal, as fragmented MP4 made while it is sent."""

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import Executor
from itertools import islice
from pathlib import Path
from typing import Final

from smartrec.errors import CameraError, StoreError
from smartrec.media.journal import JournalReader
from smartrec.model import AccessUnit, ClipState
from smartrec.units import SECOND
from smartrec.web.fmp4 import FragmentedMp4
from smartrec.web.pouring import Broken, Pouring, Room

_BATCH: Final = 8
"""Pictures."""
_REORDERED: Final = 18
"""So many may be decoded before another that is shown earlier (H.264, H.265: 16)."""
_LOOK_EVERY: Final = 0.25
"""Seconds between two looks at a journal that grows."""
_FOLLOWED_FOR: Final = 60.0
"""Seconds in which a journal that is not closed may be silent: its recorder may be gone."""


class Growing:
    """The fragments of a journal, from its first keyframe on. One thread at a time.

    Args:
        path: Of the journal.

    Attributes:
        mime: With the codec's name.

    Raises:
        StoreError: It cannot be read, or is no journal.
        CameraError: Browsers cannot show it.
    """

    def __init__(self, path: Path) -> None:
        self._reader = JournalReader(path)
        try:
            self._movie = FragmentedMp4(self._reader.head.format)
        except CameraError:
            self.close()
            raise
        self.mime = self._movie.mime
        self._units = self._reader.read()
        self._begun = self._broken = False

    @property
    def closed(self) -> bool:
        """Whether the recorder has said that the journal is whole, as far as was read."""
        return self._reader.head.state is not ClipState.RECORDING

    def read(self) -> bytes:
        """What comes next; nothing where nothing is there (yet).

        Raises:
            StoreError: It cannot be read.
        """
        while batch := self._next(_BATCH):
            if data := b"".join(map(self._fragment, batch)):
                return data
        return b""

    def first_shown(self) -> float | None:
        """Media time of the first picture of the clip, in seconds; None while there is none.

        For what lies before it but must be decoded, too. Reads on: the fragments are lost.
        """
        shown: list[int] = []
        while len(shown) < _REORDERED and (batch := self._next(1)):
            (unit,) = batch
            self._fragment(unit)
            if self._begun and unit.pts >= self._reader.head.start:
                shown.append(unit.pts)
        return round((min(shown) - self._movie.zero) / SECOND, 6) if shown else None

    def close(self) -> None:
        """Idempotent."""
        self._reader.close()

    def _next(self, most: int) -> list[AccessUnit]:
        try:
            batch = list(islice(self._units, most))
        except ValueError as error:
            raise StoreError(f"a journal holds what no recorder wrote: {error}") from error
        if len(batch) < most:  # that was all for now
            self._units = self._reader.read()
        return batch

    def _fragment(self, unit: AccessUnit) -> bytes:
        """Nothing of a picture that cannot be shown, nor of those behind it up to a keyframe."""
        if not unit.keyframe and (self._broken or not self._begun):
            return b""
        try:
            fragment = self._movie.fragment(unit)
        except CameraError:
            self._broken = True
            return b""
        opening = b"" if self._begun else self._movie.opening
        self._begun, self._broken = True, False
        return opening + fragment


class GrowingAnswer(Pouring):
    """What there is of a clip; with `follow`, also what comes until it is closed.

    Args:
        growing: Belongs to the answer from now on.
        room: See `Pouring`.
        threads: For reading.
        follow: See above.
    """

    def __init__(self, growing: Growing, room: Room, threads: Executor, *, follow: bool) -> None:
        super().__init__(room, {"content-type": growing.mime, "cache-control": "no-store"})
        self._growing, self._threads, self._follow = growing, threads, follow

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """See `Pouring`."""
        loop, waited = asyncio.get_running_loop(), 0.0
        while waited < _FOLLOWED_FOR:
            closed = self._growing.closed
            try:
                data = await loop.run_in_executor(self._threads, self._growing.read)
            except (StoreError, OSError) as error:
                raise Broken from error
            if data:
                waited = 0.0
                yield data
            elif self._follow and not closed:
                waited += _LOOK_EVERY
                await asyncio.sleep(_LOOK_EVERY)
            else:
                return

    def close(self) -> None:
        """See `Pouring`."""
        self._growing.close()
