"""Journals are written on threads of their own, one a clip: a slow disk delays only them."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from smartrec.errors import StoreError
from smartrec.media.journal import JournalWriter
from smartrec.model import AccessUnit, ClipHead

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
    """The journal is whole and on the disk; `size` is its length."""

    clip_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The journal takes no more.

    Attributes:
        clip_id: Whose.
        error: Why.
        unwritten: Whether the request held pictures; none of them is in the file.
        made: Whether there is a file with pictures in it; without any, it is removed.
    """

    clip_id: str
    error: StoreError
    unwritten: bool
    made: bool


Report = Wrote | Closed | Failed
_Work = tuple[Sequence[AccessUnit], ClipHead | None, bool]


class Journal(threading.Thread):
    """Writes one clip's journal in the order of the requests; every request gets one report.

    The first report is about making the file. After `Closed` or `Failed` there is none.

    Args:
        path: Of the file; must not exist.
        head: What is known of the clip at its start.
        report: Called on this thread.
    """

    def __init__(self, path: Path, head: ClipHead, report: Callable[[Report], None]) -> None:
        super().__init__(name=f"journal-{head.camera_id}", daemon=True)
        self.path = path
        self._head = head
        self._report = report
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._dirty_since: float | None = None
        self._synced = False
        self._filled = False

    def write(self, units: Sequence[AccessUnit], head: ClipHead | None = None) -> None:
        """Append pictures, and what is now known of the clip if that has changed."""
        self._work.put((units, head, False))

    def close(self, head: ClipHead) -> None:
        """Append the final head and finish the file."""
        self._work.put(((), head, True))

    def abandon(self) -> None:
        """Leave the file as it is, for the next start to find; reports nothing."""
        self._work.put(None)

    def run(self) -> None:
        """See the class."""
        try:
            writer = JournalWriter(self.path, self._head)
        except StoreError as error:
            self._report(Failed(self._head.clip_id, error, unwritten=False, made=False))
            return
        self._report(Wrote(self._head.clip_id, writer.size))
        try:
            self._serve(writer)
        except Exception as error:  # a bug may cost this journal, not the clip
            log.exception("the journal %s stopped", self.path)
            self._report(
                Failed(self._head.clip_id, StoreError(repr(error)), unwritten=False, made=True)
            )
        finally:
            writer.abandon()

    def _serve(self, writer: JournalWriter) -> None:
        clip_id = self._head.clip_id
        while True:
            units: Sequence[AccessUnit] = ()
            try:
                work = self._next(writer)
                if work is None:
                    return
                units, head, last = work
                if last:
                    assert head is not None
                    self._report(Closed(clip_id, writer.close(head)))
                    return
                if units:
                    writer.write(units)
                    self._filled = True
                    # The pre-roll is the oldest of what may be lost: it is synced at once.
                    self._dirty_since = self._dirty_since if self._synced else 0.0
                units = ()
                if head is not None:
                    writer.update(head)
            except StoreError as error:
                made = self._filled or not self._removed()
                self._report(Failed(clip_id, error, unwritten=bool(units), made=made))
                return
            if self._dirty_since is None:
                self._dirty_since = time.monotonic()
            self._report(Wrote(clip_id, writer.size))

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
