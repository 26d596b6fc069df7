"""Journals are written on threads of their own, one a clip: a slow disk delays only them."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from smartrec.errors import DiskGone, StoreError
from smartrec.media.journal import JournalWriter
from smartrec.model import AccessUnit, ClipHead
from smartrec.recording.naming import numbered
from smartrec.recording.sound import SoundChunk

SYNC_EVERY: Final = 1.0
"""Seconds between two fdatasync: what a power cut may cost, about doubled by the disk itself."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wrote:
    """What was asked is in the file, which may be read up to `readable`."""

    clip_id: str
    readable: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The journal is whole and on the disk; `size` is its length, 0 where it held no picture."""

    clip_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The journal takes no more.

    Attributes:
        clip_id: Whose.
        error: Why.
        done: How many requests to write are in the file, whole; of a further one nothing is.
        made: Whether there is a file with pictures in it; without any, it is removed.
        gone: Whether somebody removed the file with all that was in it.
    """

    clip_id: str
    error: StoreError
    done: int
    made: bool
    gone: bool = False


Report = Wrote | Closed | Failed
_Work = tuple[Sequence[AccessUnit], Sequence[SoundChunk], ClipHead | None, bool]


class Journal(threading.Thread):
    """Writes one clip's journal in the order of the requests; every request gets one report.

    The first report is about making the file. After `Closed` or `Failed` there is none.

    Args:
        journals: Directory of the file.
        clips: Directory of the finished clips.
        head: What is known of the clip at its start; its name is the one to try first.
        report: Called on this thread.
        ground: Called before the file is made, on this thread; raises StoreError where none may be.

    Attributes:
        path: Of the file, under a name that neither a clip nor a journal has; known from the first
            report on.
    """

    def __init__(
        self,
        journals: Path,
        clips: Path,
        head: ClipHead,
        report: Callable[[Report], None],
        ground: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(name=f"journal-{head.camera_id}", daemon=True)
        self.path = journals / f"{head.file_name}.mkv"
        self._clips = clips
        self._head = head
        self._report = report
        self._ground = ground
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._dirty_since: float | None = None
        self._synced = False
        self._filled = False
        self._done = 0
        self._writer: JournalWriter | None = None

    @property
    def written(self) -> int:
        """Bytes of the file so far, also of a request under way; any thread."""
        return 0 if self._writer is None else self._writer.position

    def write(
        self,
        units: Sequence[AccessUnit],
        head: ClipHead | None = None,
        sound: Sequence[SoundChunk] = (),
    ) -> None:
        """Append pictures and sound, and what is now known of the clip if that has changed."""
        self._work.put((units, sound, head, False))

    def close(self, head: ClipHead) -> None:
        """Append the final head and finish the file."""
        self._work.put(((), (), head, True))

    def abandon(self) -> None:
        """Leave the file as it is, for the next start to find; reports nothing."""
        self._work.put(None)

    def run(self) -> None:
        """See the class."""
        try:
            self._writer = writer = self._made()
            self._report(Wrote(self._head.clip_id, writer.size))
            self._serve(writer)
        except StoreError as error:
            self._failed(self._cause(error))
        except Exception as error:  # a bug may cost this journal, not the clip
            log.exception("the journal %s stopped", self.path)
            hint = "This is a fault of smartrec: report it with the log."
            self._failed(StoreError(f"{self.path} cannot be written: {error!r}", hint=hint))
        finally:
            if self._writer is not None:
                self._writer.abandon()

    def _made(self) -> JournalWriter:
        if self._ground is not None:
            self._ground()
        choice = 1
        while self._taken(name := numbered(self._head.file_name, choice)):
            choice += 1
        self.path = self.path.with_name(f"{name}.mkv")
        return JournalWriter(self.path, replace(self._head, file_name=name))

    def _taken(self, name: str) -> bool:
        there = (self._clips / name, self.path.with_name(name))
        return any(os.path.lexists(f"{path}{end}") for path in there for end in (".mp4", ".mkv"))

    def _serve(self, writer: JournalWriter) -> None:
        clip_id = self._head.clip_id
        while (work := self._next(writer)) is not None:
            units, sound, head, last = work
            if last:
                assert head is not None
                size = writer.close(head)
                # What of a journal that hung came late is in the next one.
                empty = not self._filled or not head.expected
                self._report(Closed(clip_id, 0 if empty and self._removed() else size))
                return
            if head is not None:  # first: it may say that these pictures belong to the clip
                writer.update(head)
            if units or sound:
                writer.write(units, sound)
                self._filled = self._filled or bool(units)
                # The pre-roll is the oldest of what may be lost: it is synced at once.
                self._dirty_since = self._dirty_since if self._synced else 0.0
            self._done += 1
            if self._dirty_since is None:
                self._dirty_since = time.monotonic()
            self._report(Wrote(clip_id, writer.size))

    def _failed(self, error: StoreError) -> None:
        made = self._filled or (self._writer is not None and not self._removed())
        # What is on a disk that was pulled out comes back with it.
        gone = self._filled and not isinstance(error, DiskGone) and self._gone()
        self._report(Failed(self._head.clip_id, error, self._done, made, gone))

    def _cause(self, error: StoreError) -> StoreError:
        """What lies behind an error: a disk that is gone fails in many ways."""
        try:
            if self._ground is not None:
                self._ground()
        except StoreError as cause:
            return cause
        return error

    def _gone(self) -> bool:
        try:
            self.path.lstat()
        except FileNotFoundError:
            return True
        except OSError:  # it may be there again, with what is in it
            return False
        return False

    def _removed(self) -> bool:
        """Whether the file is gone, so that its clip can begin anew."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s holds nothing and cannot be removed: %s", self.path, error)
            return False
        return True

    def _next(self, writer: JournalWriter) -> _Work | None:
        """The next request; the file is synced while there is none, at the latest when due."""
        while True:
            try:
                return self._work.get(timeout=self._until_sync())
            except Empty:
                writer.sync()
                self._synced = True
                self._dirty_since = None

    def _until_sync(self) -> float | None:
        if self._dirty_since is None:
            return None
        return max(0.0, self._dirty_since + SYNC_EVERY - time.monotonic())
