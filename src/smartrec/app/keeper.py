"""The catalogue's own thread: a disk that makes SQLite wait delays no camera."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from smartrec.app.housekeeping import Housekeeping
from smartrec.errors import CatalogDamaged, DiskFull, DiskGone, StoreError, store_error
from smartrec.model import ClipHead, Finished, Look
from smartrec.recording.retention import Limits
from smartrec.store.catalog import Catalog
from smartrec.store.files import free_bytes

RETRY_AFTER: Final = 5.0
UNANSWERED: Final = 6
"""How many calls of `measure` may go unanswered until the disk is said to hang."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished clip is in the catalogue; its journal is gone."""

    head: ClipHead
    finished: Finished


@dataclass(frozen=True, slots=True)
class NotKept:
    """The catalogue takes nothing now; it is tried again."""

    error: StoreError


@dataclass(frozen=True, slots=True)
class Free:
    """Room on the disk of the clips."""

    bytes: int


class Keeper(threading.Thread):
    """Writes to the catalogue in the order of the calls, each as often as it takes.

    Args:
        directory: Of the clips.
        report: Called on this thread.
        housekeeping: Keeps room there; None deletes nothing.
        retry_after: Seconds until a row that could not be written is tried again.
    """

    def __init__(
        self,
        directory: Path,
        report: Callable[[Kept | NotKept | Free], None],
        housekeeping: Housekeeping | None = None,
        *,
        retry_after: float = RETRY_AFTER,
    ) -> None:
        super().__init__(name="catalogue", daemon=True)
        self._directory = directory
        self._report = report
        self._housekeeping = housekeeping
        self._retry_after = retry_after
        self._catalog: Catalog | None = None
        self._failing = False
        self._unanswered = 0
        self._work: SimpleQueue[Callable[[Catalog], None] | None] = SimpleQueue()
        self._stopping = threading.Event()
        self._opened: Future[list[Path]] = Future()

    def open(self) -> list[Path]:
        """Start, and wait for the catalogue; return the clips that it does not know.

        A damaged catalogue is set aside and a new one begun, now and later. On a full disk it is
        opened as soon as there is room, as `NotKept` tells.

        Raises:
            CatalogTooNew: A newer smartrec wrote it.
            StoreError: It cannot be made or written.
        """
        self.start()
        return self._opened.result()

    def opened(self, head: ClipHead, journal: Path) -> None:
        """A clip has begun."""
        self._work.put(lambda catalog: catalog.opened(head, journal))
        self._work.put(self._look)

    def changed(self, head: ClipHead) -> None:
        """A clip was extended or closed."""
        self._work.put(lambda catalog: catalog.changed(head))

    def finished(self, head: ClipHead, finished: Finished, journal: Path) -> None:
        """A clip is verified: make its row, then let its journal go."""

        def keep(catalog: Catalog) -> None:
            catalog.finished(head, finished)
            if journal != Path(finished.path):
                journal.unlink(missing_ok=True)
            self._report(Kept(head, finished))

        self._work.put(keep)
        self._work.put(self._look)

    def looked(self, clip_id: str, looks: Sequence[Look]) -> None:
        """What was seen in a clip; call it after `opened`, for without a row nothing is kept."""

        def keep(catalog: Catalog) -> None:
            if not catalog.looked(clip_id, looks):
                log.info("clip %s is not in the catalogue: what was seen is not kept", clip_id)

        self._work.put(keep)

    def failed(self, clip_id: str, message: str) -> None:
        """A clip cannot be finished; its journal stays."""
        self._work.put(lambda catalog: catalog.failed(clip_id, message))

    def make_room(self) -> None:
        """Something met a full disk: see at once what may go for it."""
        self._work.put(self._look)

    def limit(self, limits: Limits) -> None:
        """Keep so much from now on."""

        def apply(catalog: Catalog) -> None:
            if self._housekeeping is not None:
                self._housekeeping.apply(limits)
                self._tidy(catalog)

        self._work.put(apply)

    def measure(self) -> None:
        """Report `Free` and keep room; a disk that makes statfs wait delays no camera, but is told.

        For the station's thread, every few seconds.
        """

        def ask(catalog: Catalog) -> None:
            self._unanswered = 0
            try:
                if self._housekeeping is not None:
                    self._housekeeping.ground()
                self._report(Free(free_bytes(catalog.directory)))
            except DiskGone:  # told; the screen shows that nothing can be written
                self._report(Free(0))
            except StoreError as error:  # the next clip tells the user
                log.debug("%s", error)
            self._tidy(catalog)

        self._unanswered += 1
        if self._unanswered == 1:
            self._work.put(ask)
        elif self._unanswered == UNANSWERED:
            hangs = StoreError(
                f"the disk of {self._directory} does not answer",
                hint=f"Is it there, and well? dmesg | tail; df '{self._directory}'",
            )
            self._report(NotKept(hangs))

    def stop(self, timeout: float) -> bool:
        """Do what is left, then end; False where the disk did not let it within `timeout`."""
        self._work.put(None)
        self._stopping.set()
        self.join(timeout)
        return not self.is_alive()

    def run(self) -> None:
        """See the class."""
        try:
            self._catalog = self._open()
            unlisted = self._catalog.unlisted()
        except DiskFull as error:  # it may have room later, and clips need no catalogue
            self._fail(error)
            unlisted = []
        except (StoreError, OSError) as error:
            self._close()
            self._opened.set_exception(self._ours(error))
            return
        self._opened.set_result(unlisted)
        self._serve()
        self._close()

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            while not self._done(work):
                # What is left undone at the end, the next start finds by its journals.
                if self._stopping.wait(self._retry_after) and not self._done(work):
                    return

    def _open(self) -> Catalog:
        ground = None if self._housekeeping is None else self._housekeeping.ground
        if ground is not None:
            ground()
        try:
            catalog = self._opened_in_room(ground)
        except CatalogDamaged as error:
            log.warning("%s; it is kept beside a new one, the clips are whole", error)
            catalog = Catalog.open(self._directory, create=True, repair=True, ground=ground)
        if self._housekeeping is not None:
            self._housekeeping.begin(catalog)
        return catalog

    def _opened_in_room(self, ground: Callable[[], None] | None) -> Catalog:
        try:
            return Catalog.open(self._directory, create=True, ground=ground)
        except DiskFull as full:
            if self._housekeeping is None:
                raise
            try:
                self._housekeeping.rescue(self._directory)
            except StoreError as error:
                log.info("no room can be made: %s", error)
                raise full from error
            return Catalog.open(self._directory, create=True, ground=ground)

    def _look(self, catalog: Catalog) -> None:
        """Clips came: see to the room for more."""
        if self._housekeeping is not None:
            self._housekeeping.changed()
            self._tidy(catalog)

    def _tidy(self, catalog: Catalog) -> None:
        """Keep room, a little at a time: rows wait in between."""
        if self._housekeeping is None:
            return
        try:
            if self._housekeeping.look(catalog):
                self._work.put(self._tidy)
        except (StoreError, OSError) as error:  # tried again soon; who writes tells the user
            log.debug("room cannot be kept now: %s", error)

    def _done(self, work: Callable[[Catalog], None]) -> bool:
        try:
            if self._catalog is None:
                self._catalog = self._open()
            work(self._catalog)
        except (StoreError, OSError) as error:
            self._fail(error)
            if isinstance(error, CatalogDamaged):
                self._close()  # the next try begins a new one
            elif self._catalog is not None:
                self._tidy(self._catalog)
            return False
        except Exception:  # a bug may cost this row, not all that follow
            log.exception("a row could not be written; the clip itself is whole")
        self._failing = False
        return True

    def _fail(self, error: StoreError | OSError) -> None:
        log.log(
            logging.DEBUG if self._failing else logging.WARNING,
            "the catalogue cannot be written: %s",
            error,
        )
        self._failing = True
        self._report(NotKept(self._ours(error)))

    def _ours(self, error: StoreError | OSError) -> StoreError:
        if isinstance(error, StoreError):
            return error
        return store_error(self._directory, "cannot use", error)

    def _close(self) -> None:
        if self._catalog is not None:
            self._catalog.close()
            self._catalog = None
