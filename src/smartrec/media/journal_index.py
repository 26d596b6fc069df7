"""Makes a journal a finished Matroska clip, in its place."""

import os
import struct
from pathlib import Path

from smartrec.errors import store_error
from smartrec.media.journal import JournalReader, write_all
from smartrec.recording import journal_layout
from smartrec.units import Ns


def finalise(path: Path) -> None:
    """Make a journal a finished Matroska clip: cut a torn tail, write index, sizes and duration.

    The pictures stay where they are, bit by bit. Doing it again changes nothing.

    Raises:
        DiskFull: No room for the index; the journal is as good as before.
        StoreError: It is no journal, or cannot be written.
    """
    reader = JournalReader(path)
    reader.rewind()
    index = _Index(reader.segment)
    for element_id, offset, buffer in reader.elements():
        index.add(element_id, offset, buffer)
    end = index.cues_at or reader.position
    segment, duration_at = reader.segment, index.duration_at
    reader.close()
    index.tops[journal_layout.CUES] = end - segment
    cues = journal_layout.cues(index.points)
    try:
        with path.open("r+b", buffering=0) as file:
            os.ftruncate(file.fileno(), end)
            write_all(file.fileno(), cues, end)
            size = (end + len(cues) - segment) | 1 << 56
            write_all(file.fileno(), journal_layout.seek_head(index.tops), segment)
            write_all(file.fileno(), struct.pack(">d", index.duration), duration_at)
            write_all(file.fileno(), size.to_bytes(8, "big"), segment - 8)
            os.fsync(file.fileno())
    except OSError as error:
        raise store_error(path, "cannot finish", error) from error


class _Index:
    """What the index of a finished file needs, gathered element by element."""

    def __init__(self, segment: int) -> None:
        self.segment = segment
        self.points: list[tuple[Ns, int]] = []
        self.tops: dict[int, int] = {}
        self.duration_at = 0
        self.cues_at = 0
        self._zero: Ns | None = None
        self._end = Ns(0)

    @property
    def duration(self) -> float:
        """In Matroska's time steps."""
        return (self._end - (self._zero or 0)) / journal_layout.TIMESTAMP_SCALE

    def add(self, element_id: int, offset: int, buffer: bytes) -> None:
        """Take in the next element of the file."""
        if element_id in (journal_layout.INFO, journal_layout.TRACKS, journal_layout.TAGS):
            self.tops[element_id] = offset - self.segment
        if element_id == journal_layout.INFO:
            self.duration_at = offset + journal_layout.duration_offset(buffer)
        elif element_id == journal_layout.CUES:
            self.cues_at = offset
        elif element_id == journal_layout.CLUSTER:
            self._add_cluster(offset, buffer)

    def _add_cluster(self, offset: int, buffer: bytes) -> None:
        for number, unit in enumerate(journal_layout.units_of(buffer)):
            if self._zero is None:
                self._zero = unit.pts
            if unit.keyframe and number == 0:
                self.points.append((Ns(max(0, unit.pts - self._zero)), offset - self.segment))
            self._end = max(self._end, Ns(unit.pts + unit.duration))
