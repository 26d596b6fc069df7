"""Sound as the recorder holds it: in a ring of its own, that is read and never drained.

All of it is of one format, `smartrec.model.SOUND`; samples are little-endian.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from smartrec.model import SOUND
from smartrec.units import SECOND, Ns

RATE: Final = SOUND.rate
"""Samples a second."""
SAMPLE_BYTES: Final = 2


def time_of(samples: int) -> Ns:
    """How long so many samples last."""
    return Ns(samples * SECOND // RATE)


def samples_before(time: int) -> int:
    """How many samples, of which the first is at 0, lie before `time`; 0 where that is negative."""
    return max(0, -(-time * RATE // SECOND))


@dataclass(frozen=True, slots=True)
class SoundChunk:
    """Some samples in a row.

    Attributes:
        pts: When the first was taken, by the system's clock as the source sees it: sources are
            late now and then, and count a second a little longer or shorter than the system.
        data: The samples.
    """

    pts: Ns
    data: bytes = field(repr=False)

    @property
    def samples(self) -> int:
        """How many."""
        return len(self.data) // SAMPLE_BYTES

    @property
    def end(self) -> Ns:
        """When the next one is due."""
        return Ns(self.pts + time_of(self.samples))

    def within(self, start: Ns, end: Ns) -> "SoundChunk | None":
        """Its samples with ``start <= time < end``; None without any."""
        first = samples_before(start - self.pts)
        last = min(self.samples, samples_before(end - self.pts))
        if first >= last:
            return None
        if (first, last) == (0, self.samples):
            return self
        data = self.data[first * SAMPLE_BYTES : last * SAMPLE_BYTES]
        return SoundChunk(Ns(self.pts + time_of(first)), data)


class SoundRing:
    """The newest sound of one camera, whatever microphone it came from.

    Holds at least `length` once that much has come in, and what a reader still needs; never more
    than `max_bytes`, but for the newest chunk. Every chunk has an index that counts up for ever.
    One thread.

    Attributes:
        live: Whether more is on its way: a microphone runs.
        until: The end of all that has come.
    """

    def __init__(self, length: Ns, max_bytes: int) -> None:
        self.length = length
        self.max_bytes = max_bytes
        self.bytes = 0
        self.live = False
        self.until = Ns(0)
        self._chunks: deque[SoundChunk] = deque()
        self._first = 0

    @property
    def first(self) -> int:
        """Index of the oldest chunk held; equals `end` while empty."""
        return self._first

    @property
    def end(self) -> int:
        """Index that the next chunk will get."""
        return self._first + len(self._chunks)

    def push(self, chunk: SoundChunk, *, pinned: int | None = None) -> None:
        """Take in the next chunk, and let go of what is too old.

        Args:
            chunk: Not empty.
            pinned: Oldest index that a reader still needs; age does not evict it, bytes do.
        """
        self._chunks.append(chunk)
        self.bytes += len(chunk.data)
        self.until = chunk.end
        while len(self._chunks) > 1 and (self._too_old(pinned) or self.bytes > self.max_bytes):
            self.bytes -= len(self._chunks.popleft().data)
            self._first += 1

    def since(self, index: int) -> Iterator[SoundChunk]:
        """All chunks from `index` on that are still held; do not push meanwhile."""
        return islice(self._chunks, max(0, index - self._first), None)

    def start_of(self, pts: Ns) -> int:
        """Index of the first chunk that lasts beyond `pts`, which may be still to come."""
        behind = sum(1 for chunk in self._chunks if chunk.end <= pts)
        return self._first + behind

    def _too_old(self, pinned: int | None) -> bool:
        if pinned is not None and pinned <= self._first:
            return False
        return self.until - self._chunks[1].pts >= self.length


class SoundReader:
    """Reads one clip's sound out of a ring, in order, each sample once.

    Args:
        ring: Of the clip's camera.
        start: First moment wanted.
    """

    def __init__(self, ring: SoundRing, start: Ns) -> None:
        self._ring = ring
        self._start = start
        self.cursor = ring.start_of(start)

    def read(self, until: Ns, *, last: bool = False) -> list[SoundChunk]:
        """What has come, and was not yet returned, of the time before `until`.

        Args:
            until: A chunk that lasts longer waits for the next call.
            last: There is none: such a chunk is cut.
        """
        self.cursor = max(self.cursor, self._ring.first)
        chunks = []
        for chunk in self._ring.since(self.cursor):
            if (chunk.pts if last else chunk.end - 1) >= until:
                break
            if (part := chunk.within(self._start, until)) is not None:
                chunks.append(part)
            self.cursor += 1
        return chunks

    def complete(self, until: Ns) -> bool:
        """Whether nothing before `until` is still to come."""
        return not self._ring.live or self._ring.until >= until
