"""The catalogue of clips: one SQLite file in the clip directory, written by the station alone."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final

from smartrec.clock import Clock, SystemClock
from smartrec.errors import CatalogDamaged, DiskFull, NoSuchClip, StoreError, UsageError
from smartrec.model import ClipHead, ClipState, Finished, Look
from smartrec.store import database, files
from smartrec.store import looks as chunks
from smartrec.store.gist import text
from smartrec.store.record import JOURNAL, LOCAL, ClipRecord, accounts, record_of
from smartrec.store.rows import (
    FROM,
    ORDER,
    RECORDS,
    proof_columns,
    put_clip,
    put_looks,
    put_losses,
)

_CLIP_SUFFIXES: Final = (".mp4", ".mkv")
_OPEN: Final = (ClipState.RECORDING, ClipState.FINISHING)
_SHOWN_CANDIDATES: Final = 10


class Catalog:
    """All clips of one directory.

    One thread of one process, the recorder's, makes rows; any number of processes read meanwhile,
    and may pin and delete clips that ended (`smartrec.store.keeping`): each transaction has the
    file to itself from its first statement on. Every method that writes may be called again with
    the same arguments after an error, and once too often, with the same result. What a method that
    ends a clip has returned from survives a power cut (``synchronous = FULL``: the journal is
    deleted after it); a new or extended clip is written without waiting for the device
    (``NORMAL``), since its journal tells the same.

    Raises:
        DiskFull: No room for the row; the catalogue is as it was before.
        StoreError: It cannot be written or read for another reason.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        directory: Path,
        clock: Clock,
        writes: bool,
        ground: Callable[[], None] | None = None,
        copied: bool = False,
    ) -> None:
        self.directory = directory
        self.path = directory / database.FILE_NAME
        self._db = connection
        self._clock = clock
        self._writes = writes
        self._ground = ground
        self._copied = copied
        self._file, self._size = files.identity(self.path)

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        create: bool,
        repair: bool = False,
        clock: Clock | None = None,
        ground: Callable[[], None] | None = None,
    ) -> "Catalog":
        """Open the catalogue of a clip directory.

        Args:
            directory: Where the clips are.
            create: Make directory and catalogue where they are missing, and keep them: for the
                recorder. Without it, for everybody else.
            repair: Where it is damaged, set it aside as ``catalog.sqlite3.damaged-<time>`` and
                begin a new one; `unlisted` then tells which clips have no row any more.
            clock: Dates the rows.
            ground: Called before a new file is begun later; raises where none may be.

        Raises:
            UsageError: There is none, and `create` was not asked for.
            CatalogTooNew: A newer smartrec wrote it; it was not touched.
            CatalogDamaged: It is no database any more, and `repair` was not asked for.
            StoreError: It cannot be opened or made.
        """
        directory, clock = Path(os.path.abspath(directory)), clock or SystemClock()  # noqa: PTH100
        copied = False
        if create:
            files.make_directory(directory)
        elif not exists(directory):
            raise UsageError(
                f"no clips in {directory} yet", hint="Another directory? Say --clips DIR"
            )
        try:
            connection = database.connect(directory, create=create)
        except CatalogDamaged:
            if not repair:
                raise
            database.set_aside(directory, str(clock.now().wall_ns // 1_000_000))
            connection = database.connect(directory, create=True)
        except DiskFull:
            if create:
                raise
            connection, copied = database.as_it_lies(directory), True
        try:
            return cls(connection, directory, clock, create, ground, copied)
        except StoreError:
            connection.close()
            raise

    def close(self) -> None:
        """Close the file. Idempotent."""
        self._db.close()

    def __enter__(self) -> "Catalog":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def opened(self, head: ClipHead, journal: Path) -> None:
        """A clip began; or was found unfinished. A clip that already ended stays as it is."""
        with self.transaction(durable=False) as db:
            if self._begin(db, head):
                self._locate(db, head.clip_id, JOURNAL, journal, None)

    def changed(self, head: ClipHead) -> None:
        """More is known of a clip; it is FINISHING as soon as `head` is no longer RECORDING."""
        with self.transaction(durable=False) as db:
            self._begin(db, head)

    def finished(self, head: ClipHead, done: Finished) -> None:
        """A clip is whole and in its place; its journal may be deleted after this returned."""
        if head.state in _OPEN:
            raise ValueError(f"a finished clip cannot be {head.state.value}")
        lost, surplus = accounts(head.expected, done.frames_written, head.lost, done.lost)
        proof = {
            **proof_columns(head, done, surplus),
            "state": head.state.value,
            "error": None,
            "deleting": 0,
        }
        with self.transaction(durable=True) as db:
            put_clip(db, head, proof, self._clock.now().wall_ns)
            put_losses(db, head.clip_id, lost)
            db.execute(
                "DELETE FROM locations WHERE clip_id = ? AND kind = ?", (head.clip_id, JOURNAL)
            )
            thumbnail = None if done.thumbnail is None else Path(done.thumbnail)
            self._locate(db, head.clip_id, LOCAL, Path(done.path), thumbnail)

    def looked(self, clip_id: str, looks: Sequence[Look]) -> bool:
        """Keep what was seen in some seconds of a clip; False where it is not known (yet).

        A chunk that begins with the same picture as an earlier one takes its place. Not durable: a
        power cut may cost the newest.

        Args:
            clip_id: Looks may be told while the clip is recorded and later.
            looks: Of one camera and epoch; see `smartrec.store.looks`.
        """
        if not looks:
            return True
        with self.transaction(durable=False) as db:
            return put_looks(db, clip_id, looks)

    def failed(self, clip_id: str, message: str) -> None:
        """A clip could not be finished; its journal stays."""
        with self.transaction(durable=True) as db:
            db.execute(
                "UPDATE clips SET state = ?, error = ?, updated_ns = ? WHERE clip_id = ?",
                (ClipState.FAILED.value, text(message), self._clock.now().wall_ns, clip_id),
            )

    def clips(
        self,
        camera: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        *,
        trash: bool | None = False,
    ) -> list[ClipRecord]:
        """Clips by time, oldest first.

        Args:
            camera: Only of the camera with this id or name.
            since: Only those that begin at or after this wall time (ns).
            limit: Only so many, the newest.
            trash: Only those in the trash, instead of only the others; None means all.
        """
        return self._select(
            f"{FROM[trash]} AND (:camera IS NULL OR :camera IN (camera_id, camera_name))"
            " AND (:since IS NULL OR start_wall_ns >= :since)",
            {"camera": None if camera is None else text(camera), "since": since},
            limit,
        )

    def clip(self, wanted: str, *, trash: bool | None = False) -> ClipRecord:
        """The one clip that `wanted` names.

        Args:
            wanted: ``"last"``, its file name (also as a path), or the start of its id or name
                where only one clip begins so.
            trash: Look for it in the trash, instead of among the others; None means there, too,
                where none of the others is meant.

        Raises:
            NoSuchClip: None is meant.
            UsageError: Several are meant; the message lists them.
        """
        if trash is None:
            try:
                return self.clip(wanted)
            except NoSuchClip:
                if wanted == "last":
                    raise
                return self.clip(wanted, trash=True)
        if wanted == "last":
            found = self.clips(limit=1, trash=trash)
        else:
            name = text(Path(wanted).name)
            stem = Path(name).stem if name.endswith(_CLIP_SUFFIXES) else name
            keys = {"key": text(wanted), "stem": stem, "trash": trash}
            by_id = f"{FROM[None]} AND clip_id = :key AND (trashed_ns IS NOT NULL) = :trash"
            exactly = f"{FROM[trash]} AND file_name = :stem"
            starting = (
                f"{FROM[trash]} AND :key != '' AND (substr(clip_id, 1, length(:key)) = :key"
                " OR substr(file_name, 1, length(:key)) = :key)"
            )
            limit = _SHOWN_CANDIDATES + 1
            found = (
                self._select(by_id, keys, limit)
                or self._select(exactly, keys, limit)
                or self._select(starting, keys, limit)
            )
        if len(found) != 1:
            raise self._not_one(wanted, found)
        return found[0]

    def marked(self) -> list[ClipRecord]:
        """Clips that are being deleted, by whoever it is; see `smartrec.store.keeping`."""
        return self._select("FROM clips WHERE deleting = 1", {}, None)

    def looks(self, clip_id: str) -> tuple[Look, ...]:
        """What was seen in a clip, by time; empty where nobody looked.

        Raises:
            CatalogDamaged: What was kept cannot be read.
        """
        with database.our_errors(self.path):
            rows = self._db.execute(
                "SELECT looks FROM tracks WHERE clip_id = ? ORDER BY first_pts", (clip_id,)
            ).fetchall()
        try:
            # Chunks begin in their order, but for a repeat the last of one may be in the next.
            found = {look.pts: look for row in rows for look in chunks.unpack(row["looks"])}
        except ValueError as error:
            raise self._nonsense(error) from error
        return tuple(found[pts] for pts in sorted(found))

    def unlisted(self) -> list[Path]:
        """Clip files in the directory that no row names, by name: lost rows, or foreign files."""
        with database.our_errors(self.path):
            rows = self._db.execute("SELECT uri FROM locations WHERE kind = ?", (LOCAL,))
            known = {row["uri"] for row in rows}
        return sorted(
            path
            for path in self.directory.iterdir()
            if path.suffix in _CLIP_SUFFIXES
            and not path.name.startswith(".")
            and self._relative(path) not in known
        )

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """What a query of one statement finds."""
        with database.our_errors(self.path):
            return self._db.execute(sql, values).fetchall()

    def _select(
        self, which: str, keys: Mapping[str, object], limit: int | None
    ) -> list[ClipRecord]:
        # One statement sees one state of the file, whatever is written meanwhile.
        sql = f"{RECORDS} {which} ORDER BY {ORDER.format('DESC')} LIMIT :limit"
        values = {**keys, "limit": -1 if limit is None else limit}
        with database.our_errors(self.path):
            rows = self._db.execute(sql, values).fetchall()
        try:
            return [record_of(row, self.directory) for row in reversed(rows)]
        except (ValueError, TypeError, RecursionError) as error:
            raise self._nonsense(error) from error

    def _nonsense(self, error: Exception) -> CatalogDamaged:
        return CatalogDamaged(
            f"the catalogue {self.path} holds what no smartrec wrote ({error})",
            hint=f"Begin a new one: mv '{self.path}' '{self.path}.old'",
        )

    def _not_one(self, wanted: str, found: list[ClipRecord]) -> UsageError:
        if not found:
            return NoSuchClip(
                f"no clip {wanted!r} in {self.directory}",
                hint="See them: smartrec clips list; in the trash: add --trash",
            )
        shown = found[-_SHOWN_CANDIDATES:]
        more = "\n  …" if len(found) > len(shown) else ""
        names = "".join(f"\n  {clip.clip_id}  {clip.file_name}" for clip in shown)
        return UsageError(f"several clips begin with {wanted!r}:{names}{more}")

    def _begin(self, db: sqlite3.Connection, head: ClipHead) -> bool:
        """Put what is known of an unfinished clip; False where it already ended."""
        old = db.execute("SELECT state FROM clips WHERE clip_id = ?", (head.clip_id,)).fetchone()
        if old is not None and old["state"] not in (*_OPEN, ClipState.FAILED):
            return False
        recording = head.state is ClipState.RECORDING
        state = ClipState.RECORDING if recording else ClipState.FINISHING
        further = {"state": state.value, "error": None, "deleting": 0}
        put_clip(db, head, further, self._clock.now().wall_ns)
        put_losses(db, head.clip_id, head.lost)
        return True

    def _locate(
        self, db: sqlite3.Connection, clip_id: str, kind: str, path: Path, thumbnail: Path | None
    ) -> None:
        db.execute(
            "INSERT OR REPLACE INTO locations (clip_id, kind, uri, thumbnail) VALUES (?, ?, ?, ?)",
            (
                clip_id,
                kind,
                self._relative(path),
                None if thumbnail is None else self._relative(thumbnail),
            ),
        )

    def _relative(self, path: Path) -> str:
        """Below the directory relative to it, so that the whole directory may be moved."""
        path = Path(os.path.abspath(path))  # noqa: PTH100 - a link stays what it is
        for base in (self.directory, self.directory.resolve()):
            if path.is_relative_to(base):
                return text(str(path.relative_to(base)))
        return text(str(path))

    @contextmanager
    def transaction(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        """Change rows, all or nothing; `durable`: on the device when it is left."""
        self._follow()
        with database.our_errors(self.path):
            self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def _follow(self) -> None:
        """Go on in a new file where somebody deleted the old one, or mounted another disk there.

        A copy that was read because even reading wants some room gives way to the file itself.
        """
        if self._copied:
            fresh = database.connect(self.directory, create=False)
            self._db.close()
            self._db, self._copied = fresh, False
        if not self._writes:
            return
        file, size = files.identity(self.path)
        if file == self._file:
            if size < self._size:  # SQLite goes on with what it remembers, and writes it nowhere
                raise database.damaged(self.path, "it was cut")
            self._size = size
            return
        if self._ground is not None:
            self._ground()
        files.make_directory(self.directory)
        fresh = database.connect(self.directory, create=True)
        self._db.close()
        self._db = fresh
        self._file, self._size = files.identity(self.path)


def exists(directory: Path) -> bool:
    """Whether a directory has a catalogue."""
    return (directory / database.FILE_NAME).is_file()
