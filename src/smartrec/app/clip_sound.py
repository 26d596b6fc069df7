"""The sound of one clip, from ring to journal, in step with its pictures. Station thread only."""

from collections.abc import Sequence
from typing import Final

from smartrec.model import AccessUnit
from smartrec.recording.session import OpenClip
from smartrec.recording.sound import SoundChunk, SoundReader, SoundRing
from smartrec.units import SECOND, Ns

PATIENCE: Final = Ns(SECOND)
"""How long a clip that is over waits for the last of its sound, which comes later than pictures."""


class ClipSound:
    """What is still to be written of it: from the first picture to the end of the last.

    Args:
        clip: Whose.
        ring: Of its camera; None where no sound is recorded.
    """

    def __init__(self, clip: OpenClip, ring: SoundRing | None) -> None:
        self._clip = clip
        self._ring = ring
        self._reader: SoundReader | None = None
        self._waiting_since: Ns | None = None
        self._mark = 0

    def held_of(self, ring: SoundRing) -> int | None:
        """Index in `ring` of the oldest chunk that may still be read; None without any."""
        return None if self._reader is None or ring is not self._ring else self._mark

    def beside(self, units: Sequence[AccessUnit]) -> list[SoundChunk]:
        """What has come of it, up to the last picture read.

        Args:
            units: Pictures that are written with it. Before the first of all there is no sound.
        """
        if self._ring is None or (self._reader is None and not units):
            return []
        if self._reader is None:
            self._reader = SoundReader(self._ring, max(self._clip.start, units[0].pts))
        self._mark = self._reader.cursor
        return self._reader.read(self._end)

    def rest(self, now: Ns) -> list[SoundChunk] | None:
        """The last of it, once all pictures are read; None while it is still to come."""
        if self._reader is None:
            return []
        self._waiting_since = self._waiting_since or now
        if not self._reader.complete(self._end) and now - self._waiting_since < PATIENCE:
            return None
        self._mark = self._reader.cursor
        return self._reader.read(self._end, last=True)

    def go_back(self) -> None:
        """What was given last could not be written."""
        if self._reader is not None:
            self._reader.cursor = self._mark

    def begin_anew(self) -> None:
        """There is no journal any more."""
        self._reader = None

    @property
    def _end(self) -> Ns:
        last = self._clip.tally.last
        return self._clip.start if last is None else Ns(last.pts + last.duration)
