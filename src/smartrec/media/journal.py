"""The crash-safe copy of an event while it lasts: the camera's own bits in a Matroska file.

`JournalWriter` belongs to one thread. A reader may follow the file while it grows.
"""

import errno
import io
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.errors import StoreError, store_error
from smartrec.model import AccessUnit, ClipHead
from smartrec.recording import ebml, journal_layout
from smartrec.recording.sound import SAMPLE_BYTES, SoundChunk
from smartrec.units import Ns

_HEAD_ROOM: Final = 16
_MOST_ELEMENT: Final = 1 << 28
"""Bytes: a cluster has 300 ms of pictures. What claims more is damaged, and would fill memory."""
_CHECKED: Final = (journal_layout.CLUSTER, journal_layout.TAGS)


class JournalWriter:
    """Appends pictures to a journal; whatever `write` returned from is in the file.

    A SIGKILL loses nothing that was written; a power cut nothing that was synced.

    Attributes:
        path: Of the file.
        position: How far it is written, also within a call; any thread may look.

    Raises:
        DiskFull: No room is left; everything written before is kept.
        StoreError: The file cannot be made or written.
    """

    def __init__(self, path: Path, head: ClipHead) -> None:
        self.path = path
        self._zero: Ns | None = None
        self._size = self.position = 0
        self._named = False
        opening = journal_layout.opening(head)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise store_error(path, "cannot make", error) from error
        try:
            self._append((opening,))
        except StoreError:
            self.abandon()
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise

    @property
    def size(self) -> int:
        """Bytes of the file that hold whole elements."""
        return self._size

    def write(self, units: Sequence[AccessUnit], sound: Sequence[SoundChunk] = ()) -> int:
        """Append pictures and sound, all or none; return up to where the file may be read.

        The first that is written is a picture.
        """
        if self._zero is None and units:
            self._zero = units[0].pts
        if units or sound:
            assert self._zero is not None
            self._append(journal_layout.clusters(units, self._zero, sound))
        return self._size

    def update(self, head: ClipHead) -> int:
        """Append what is now known of the clip; return the readable offset."""
        self._append((journal_layout.tags(head),))
        return self._size

    def sync(self) -> None:
        """Wait until the device has what was written, under its name.

        Raises:
            DiskFull: No room is left.
            StoreError: It cannot be synced, or somebody removed the file or its disk.
        """
        try:
            os.fdatasync(self._fd)
            removed = not self._named_so()
            if not removed and not self._named:
                sync(self.path.parent)
                self._named = True
        except OSError as error:
            raise store_error(self.path, "cannot sync", error) from error
        if removed:
            raise StoreError(f"{self.path} was removed while it was written")

    def _named_so(self) -> bool:
        """Whether the file is where its name is: a disk may be unmounted under it (umount -l)."""
        try:
            return os.path.samestat(os.fstat(self._fd), self.path.stat())
        except FileNotFoundError:
            return False

    def close(self, head: ClipHead) -> int:
        """Append the final head, sync and close; return the size of the journal."""
        try:
            self.update(head)
            self.sync()
        finally:
            self.abandon()
        return self._size

    def abandon(self) -> None:
        """Close the file as it is, for when the disk takes no more. Idempotent."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            with suppress(
                OSError
            ):  # a network's word on what was never synced, and nobody relied on
                os.close(fd)

    def _append(self, elements: Iterable[bytes]) -> None:
        """Write all of `elements` or cut the file back to what it was.

        They are made and written one by one, so that the first is readable while the rest of a
        whole pre-roll still waits.
        """
        size = self._size
        try:
            for data in elements:
                write_all(self._fd, data, size)
                size += len(data)
                self.position = size
        except OSError as error:
            with suppress(OSError):  # from a device that does nothing any more, readers take less
                os.ftruncate(self._fd, self._size)
            raise store_error(self.path, "cannot write", error) from error
        self._size = size


@dataclass(frozen=True, slots=True)
class SoundAt:
    """Where a chunk of sound lies in a journal.

    Attributes:
        pts: See `SoundChunk`.
        offset: Of its first byte in the file.
        size: Bytes.
    """

    pts: Ns
    offset: int
    size: int

    @property
    def samples(self) -> int:
        """How many."""
        return self.size // SAMPLE_BYTES


class JournalReader:
    """Reads a journal while it grows or after it was cut off. One thread.

    Attributes:
        head: The newest head read so far.
        torn: Whether reading stopped at bytes that are no whole element.
        segment: Offset of the segment's content, from which Matroska counts positions.
        sound: Where the sound lies that stands between the pictures read so far.

    Raises:
        StoreError: It cannot be read, or is no journal.
    """

    head: ClipHead
    segment: int

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn = False
        self.sound: list[SoundAt] = []
        self._at = 0
        try:
            self._file = open_regular(path)
        except OSError as error:
            raise store_error(path, "cannot read", error) from error
        try:
            self._begin()
        except OSError as error:
            self.close()
            raise store_error(path, "cannot read", error) from error
        except StoreError:
            self.close()
            raise

    @property
    def position(self) -> int:
        """Offset behind the last whole element that was read."""
        return self._at

    def read(self, limit: int | None = None) -> Iterator[AccessUnit]:
        """All whole pictures before byte `limit` that were not yet returned.

        A torn tail is not returned. May be called again with a larger limit, once exhausted.
        """
        for element_id, offset, buffer in self.elements(limit):
            if element_id == journal_layout.CLUSTER:
                if self.head.sound is not None:
                    self.sound += (
                        SoundAt(pts, offset + begin, end - begin)
                        for pts, begin, end in journal_layout.sound_of(buffer)
                    )
                yield from journal_layout.units_of(buffer)

    def chunk(self, at: SoundAt) -> SoundChunk:
        """Sound that was read before; wherever reading stands."""
        data = os.pread(self._file.fileno(), at.size, at.offset)
        if len(data) != at.size:
            raise StoreError(f"{self.path} was cut off while it was read")
        return SoundChunk(at.pts, data)

    def elements(self, limit: int | None = None) -> Iterator[tuple[int, int, bytes]]:
        """Whole, undamaged top elements not yet read: id, offset in the file, and all bytes."""
        while (top := self._next(limit)) is not None:
            yield top

    def resume(self, position: int) -> None:
        """Go on where an earlier reader of the same file stood."""
        self._at = max(self._at, position)

    def rewind(self) -> None:
        """Begin again, behind what `finalise` writes over, perhaps by half."""
        self._at = self.segment + journal_layout.SEEK_ROOM
        self.sound = []

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _begin(self) -> None:
        """Read up to the first head."""
        self.segment = self._find_segment(os.pread(self._file.fileno(), 4096, 0))
        self.rewind()
        while not hasattr(self, "head"):
            top = self._next(None)
            if top is None or top[0] == journal_layout.CLUSTER:
                raise StoreError(f"{self.path} is no journal: nothing is known of its clip")

    def _find_segment(self, start: bytes) -> int:
        header = ebml.read_head(start, 0)
        if header is not None and header.id == journal_layout.EBML_HEADER:
            segment = ebml.read_head(start, header.end)
            if segment is not None and segment.id == journal_layout.SEGMENT:
                return segment.body
        raise StoreError(f"{self.path} is no journal: it does not begin as Matroska")

    def _next(self, limit: int | None) -> tuple[int, int, bytes] | None:
        at = self._at
        head = ebml.read_head(os.pread(self._file.fileno(), _HEAD_ROOM, at), 0)
        end = os.fstat(self._file.fileno()).st_size
        if head is None or head.end < 0 or at + head.end > end:
            self.torn = end > at
            return None
        if limit is not None and at + head.end > limit:
            return None
        if head.end > _MOST_ELEMENT:
            self.torn = True
            return None
        buffer = os.pread(self._file.fileno(), head.end, at)
        whole = len(buffer) == head.end
        if head.id in _CHECKED and whole:
            whole = ebml.crc_holds(buffer, head)
        self.torn = not whole
        if not whole:
            return None
        self._at = at + head.end
        if head.id == journal_layout.TAGS:
            self._take_head(buffer)
        return head.id, at, buffer

    def _take_head(self, buffer: bytes) -> None:
        try:
            head = journal_layout.head_of(buffer)
        except ValueError as error:
            raise StoreError(
                f"{self.path}: what it says of its clip is unreadable: {error}"
            ) from error
        if head is not None:
            self.head = head


def open_regular(path: Path) -> io.FileIO:
    """Open a file that is one: a pipe would wait for ever, a link leads to what is not ours.

    Raises:
        OSError: It is none, or may not be read.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        regular = stat.S_ISREG(os.fstat(fd).st_mode)
    except OSError:
        os.close(fd)
        raise
    if not regular:
        os.close(fd)
        raise OSError(errno.EINVAL, "it is no regular file")
    return io.FileIO(fd)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a directory, are on the device.

    Raises:
        OSError: They cannot be.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_all(fd: int, data: bytes, offset: int) -> None:
    """Write all of `data` at `offset`, however many calls it takes."""
    view, done = memoryview(data), 0
    while done < len(view):
        done += os.pwrite(fd, view[done:], offset + done)


def amend(path: Path, head: ClipHead, size: int) -> int:
    """Cut a journal to `size` bytes and append what is now known of its clip; return its length.

    Raises:
        DiskFull: No room; the journal is as good as before.
        StoreError: It cannot be written.
    """
    tags = journal_layout.tags(head)
    try:
        with path.open("r+b", buffering=0) as file:
            os.ftruncate(file.fileno(), size)
            write_all(file.fileno(), tags, size)
            os.fdatasync(file.fileno())
    except OSError as error:
        raise store_error(path, "cannot write", error) from error
    return size + len(tags)
