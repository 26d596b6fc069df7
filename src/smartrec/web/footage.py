"""When each picture of a clip is shown, and where it lies in its file. Any thread.

An index of a file is made when it is first asked for, a second's work at a time, and kept: a
journal's grows with it. Whatever a file says, an index is bounded, and so are all of them together.
"""

import os
import struct
import threading
import time
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

from smartrec.errors import ClipDamaged, StoreError, store_error
from smartrec.media.boxes import top_boxes
from smartrec.media.journal import JournalReader, open_regular
from smartrec.media.mp4 import Movie
from smartrec.model import ClipHead
from smartrec.recording import journal_layout
from smartrec.units import MILLISECOND, Ns

MOST_PICTURES: Final = 250_000
MOST_PICTURE: Final = 32 << 20
"""Bytes of a JPEG."""
_DIGITS: Final = 3
_LEAST: Final = 500
"""Pictures that every index counts as, for it has a name and a head, too."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of indexes.

    Attributes:
        pictures: Of a clip, 2.3 hours at 30 a second; those behind are not listed. Also of all
            clips whose indexes are kept.
        listed: Pictures in one answer.
        index: Bytes of an MP4's own index.
        within: Seconds that one answer may spend.
    """

    pictures: int = MOST_PICTURES
    listed: int = 50_000
    index: int = 8 << 20
    within: float = 1.0


@dataclass(frozen=True, slots=True)
class Times:
    """When pictures are shown.

    Attributes:
        first: Which picture `at_ms` begins with, from 0.
        at_ms: Milliseconds since the first picture shown, to the microsecond.
        complete: Whether these are the last, and no more will come.
    """

    first: int
    at_ms: list[float]
    complete: bool


class Index(Protocol):
    """Of one file.

    Attributes:
        whole: Whether all that the file held when it was looked at last is in it.
    """

    whole: bool

    def __len__(self) -> int: ...

    def fits(self, file: os.stat_result) -> bool:
        """Whether it is of this file still."""
        ...

    def grow(self, path: Path, file: os.stat_result, limits: Limits) -> None:
        """Take in what is new, as far as it may."""
        ...

    def times(self, since: int, most: int) -> list[float]:
        """Milliseconds of pictures from one on, so many at most."""
        ...


class JournalIndex:
    """Of a journal, growing or not, or of the Matroska file it became.

    Attributes:
        head: The newest that is known of the clip.
    """

    def __init__(self, path: Path, file: os.stat_result) -> None:
        with _reading(path) as reader:
            self.head: ClipHead = reader.head
        self._file = file.st_dev, file.st_ino
        self._position = self._size = 0
        self.whole = False
        self._pts, self._begin, self._end = array("q"), array("q"), array("q")

    def __len__(self) -> int:
        return len(self._pts)

    def fits(self, file: os.stat_result) -> bool:
        """See `Index`; one that was cut is another."""
        return (file.st_dev, file.st_ino) == self._file and file.st_size >= self._position

    @property
    def first_pts(self) -> Ns | None:
        """Of the first picture shown, as far as it is known."""
        return Ns(min(self._shown())) if self._pts else None

    def grow(self, path: Path, file: os.stat_result, limits: Limits) -> None:
        """See `Index`."""
        if self.whole and (file.st_size == self._size or len(self) >= limits.pictures):
            return
        until = time.monotonic() + limits.within
        with _reading(path) as reader:
            reader.resume(self._position)
            self.whole, self._size = False, file.st_size
            for kind, offset, buffer in reader.elements():
                if kind == journal_layout.TAGS:
                    self.head = reader.head
                elif kind == journal_layout.CLUSTER:
                    self._add(path, offset, buffer)
                self._position = reader.position
                self.whole = len(self) >= limits.pictures
                if self.whole or time.monotonic() > until:
                    return
            self.whole = True

    def times(self, since: int, most: int) -> list[float]:
        """See `Index`."""
        shown = sorted(self._shown())
        return [
            round((pts - shown[0]) / MILLISECOND, _DIGITS) for pts in shown[since : since + most]
        ]

    def picture(self, path: Path, n: int) -> bytes | None:
        """The n-th picture shown; None where there is none, or not any more."""
        if not 0 <= n < len(self._pts) or self._pts[n] >= self.head.end:
            return None
        begin, size = self._begin[n], self._end[n] - self._begin[n]
        if size > MOST_PICTURE:
            return None
        with _opened(path) as file:
            group = os.pread(file.fileno(), size, begin)
        try:
            unit = journal_layout.unit_of(group)
        except (ValueError, struct.error):
            return None
        return unit.data if unit.pts == self._pts[n] else None

    def _add(self, path: Path, offset: int, buffer: bytes) -> None:
        try:
            places = list(journal_layout.places_of(buffer))
        except (ValueError, struct.error) as error:
            raise StoreError(f"{path} holds what no recorder wrote: {error}") from error
        for pts, begin, end in places:
            if pts >= self.head.start:
                self._begin.append(offset + begin)
                self._end.append(offset + end)
                self._pts.append(pts)  # last: other threads count these

    def _shown(self) -> "array[int]":
        end = self.head.end
        if not self._pts or self._pts[-1] < end:
            return self._pts
        return array("q", (pts for pts in self._pts if pts < end))


class MovieIndex:
    """Of a finished MP4.

    Attributes:
        size: Width and height of its picture as it is shown, in pixels.
    """

    def __init__(self, path: Path, file: os.stat_result, limits: Limits) -> None:
        self._file = _version(file)
        self.whole = True
        with _opened(path) as opened:
            if _index_bytes(cast("BinaryIO", opened)) > limits.index:
                raise StoreError(f"the clip {path} is too long to be shown picture by picture")
            try:
                # By its descriptor: the name may lead elsewhere by now.
                movie = Movie(Path(f"/proc/self/fd/{opened.fileno()}"))
                self.size = movie.shown_size()
                track = movie.track()
            except (ClipDamaged, OSError) as error:
                raise ClipDamaged(f"{path.name} is damaged: its index cannot be read") from error
        shown = track.presented()
        zero = shown[0][0] if shown else 0
        listed = shown[: limits.pictures]
        self._at = array("d", ((at - zero) * 1000 / track.timescale for at, _ in listed))

    def __len__(self) -> int:
        return len(self._at)

    def fits(self, file: os.stat_result) -> bool:
        """See `Index`."""
        return _version(file) == self._file

    def grow(self, path: Path, file: os.stat_result, limits: Limits) -> None:
        """See `Index`."""

    def times(self, since: int, most: int) -> list[float]:
        """See `Index`."""
        return [round(at, _DIGITS) for at in self._at[since : since + most]]


class _Kept:
    """An index, which one thread at a time makes or lets grow."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.index: Index | None = None

    @property
    def weight(self) -> int:
        """In pictures."""
        return _LEAST if self.index is None else max(_LEAST, len(self.index))


class Footage:
    """The indexes of the files that were asked for last.

    Args:
        limits: Of all of them.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._kept: OrderedDict[Path, _Kept] = OrderedDict()

    def times(self, path: Path, since: int = 0) -> Times:
        """When the pictures of a file are shown.

        Args:
            path: Of a clip or a journal.
            since: From which picture on, from 0.

        Raises:
            StoreError: It cannot be read, or not in this way.
            ClipDamaged: It is no clip.
        """
        index = self._index(path)
        at_ms = index.times(since, self._limits.listed)
        return Times(since, at_ms, index.whole and since + len(at_ms) >= len(index))

    def journal(self, path: Path) -> JournalIndex:
        """The index of a journal, as far as it could be made.

        Raises:
            StoreError: It cannot be read, or is none.
        """
        index = self._index(path)
        if not isinstance(index, JournalIndex):
            raise StoreError(f"{path} is no journal")
        return index

    def movie(self, path: Path) -> MovieIndex:
        """The index of an MP4.

        Raises:
            StoreError: It cannot be read.
            ClipDamaged: It is none.
        """
        index = self._index(path)
        if not isinstance(index, MovieIndex):
            raise ClipDamaged(f"{path} is no MP4")
        return index

    def picture(self, path: Path, n: int) -> bytes | None:
        """The n-th JPEG of a journal; None where it has none, or none yet.

        Raises:
            StoreError: It cannot be read, or is no journal.
        """
        return self.journal(path).picture(path, n)

    def _index(self, path: Path) -> Index:
        with self._lock:
            kept = self._kept.setdefault(path, _Kept())
            self._kept.move_to_end(path)
        try:
            with kept.lock:
                index = kept.index = self._grown(path, kept.index)
        finally:
            with self._lock:
                while len(self._kept) > 1 and self._weight() > self._limits.pictures:
                    self._kept.popitem(last=False)
        return index

    def _grown(self, path: Path, index: Index | None) -> Index:
        with _opened(path) as file:
            status = os.fstat(file.fileno())
        if index is None or not index.fits(status):
            index = self._made(path, status)
        index.grow(path, status, self._limits)
        return index

    def _made(self, path: Path, file: os.stat_result) -> Index:
        if path.suffix == ".mp4":
            return MovieIndex(path, file, self._limits)
        return JournalIndex(path, file)

    def _weight(self) -> int:
        return sum(kept.weight for kept in self._kept.values())


@contextmanager
def _opened(path: Path) -> Iterator[FileIO]:
    try:
        file = open_regular(path)
    except OSError as error:
        raise store_error(path, "cannot read", error) from error
    with file:
        yield file


@contextmanager
def _reading(path: Path) -> Iterator[JournalReader]:
    reader = JournalReader(path)
    try:
        yield reader
    except OSError as error:
        raise store_error(path, "cannot read", error) from error
    finally:
        reader.close()


def _version(file: os.stat_result) -> tuple[int, ...]:
    return file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns


def _index_bytes(file: BinaryIO) -> int:
    return max((size for kind, _, size in top_boxes(file) if kind == b"moov"), default=0)
