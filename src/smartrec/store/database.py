"""The SQLite file under the catalogue: opening, versions, damage, and its errors as ours.

WAL, so that any number of readers never wait for the recorder nor it for them; a rollback journal
where the file system cannot share memory between processes (9p, virtiofs, some network mounts).
"""

import errno
import mmap
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.resources import files as resources
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import smartrec
from smartrec.errors import CatalogDamaged, CatalogTooNew, DiskFull, StoreError, store_error
from smartrec.store import gist
from smartrec.store.files import free_bytes, sync_directory
from smartrec.store.migrations import MIGRATIONS, Migration

FILE_NAME: Final = "catalog.sqlite3"
VERSION: Final = 4

_APPLICATION_ID: Final = (
    0x736D7263  # "smrc", so that file(1) and we know it from other SQLite files
)
_BUSY_S: Final = 2.0
_LONG_BUSY_MS: Final = 60_000
"""While somebody brings the file up to date: 100,000 clips take seconds, on a slow card more."""
_CHECKPOINT_PAGES: Final = 128
"""The log stays below about half a MiB, so that a small disk holds it."""
_NO_ROOM_BELOW: Final = 128 * 1024
_SIDE_FILES: Final = ("", "-wal", "-shm")


def connect(
    directory: Path, *, create: bool, migrations: Mapping[int, Migration] = MIGRATIONS
) -> sqlite3.Connection:
    """Open the database of a clip directory, of our version; for the calling thread only.

    Without `create` a directory that may not be written is read as it is, an older file by way of
    a copy in memory.

    Raises:
        CatalogTooNew: A newer smartrec wrote it; nothing of it was changed.
        CatalogDamaged: It is no database, or a torn one.
        DiskFull: No room to make it.
        StoreError: It cannot be opened.
    """
    path = directory / FILE_NAME
    newest = max(migrations, default=VERSION - 1) + 1
    with our_errors(path):
        _refuse_foreign(path, newest)
        database = sqlite3.connect(_uri(path, create), uri=True, timeout=_BUSY_S)
        try:
            copied = not create and not _writable(path) and _version(database) < newest
            database = _in_memory(database) if copied else database
            _prepare(database, path, migrations, newest, copied=copied)
            if copied:  # what is changed in there would be lost without a word
                database.execute("PRAGMA query_only = ON")
            if create:
                _check(database, path)
                _mend(database)
                sync_directory(directory)
        except BaseException:
            database.close()
            raise
    return database


def as_it_lies(directory: Path) -> sqlite3.Connection:
    """A copy in memory, of our version, that needs no room on the disk: for one that is full.

    Raises:
        StoreError: There is none, or it has a log that only opening it would read.
    """
    path = directory / FILE_NAME
    log = Path(f"{path}-wal")
    if not path.exists() or (log.exists() and log.stat().st_size):
        raise StoreError(f"the catalogue {path} cannot be read as it lies")
    with our_errors(path):
        _refuse_foreign(path, VERSION)
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        copy = _in_memory(sqlite3.connect(uri, uri=True))
        try:
            _prepare(copy, path, MIGRATIONS, VERSION, copied=True)
        except BaseException:
            copy.close()
            raise
    return copy


def set_aside(directory: Path, stamp: str) -> Path | None:
    """Move a damaged database out of the way and return where it is now; None if there is none.

    Raises:
        StoreError: It cannot be moved.
    """
    path = directory / FILE_NAME
    aside = directory / f"{FILE_NAME}.damaged-{stamp}"
    moved = None
    for suffix in _SIDE_FILES:  # the log belongs to the file: beside a new one it would spoil it
        source = Path(f"{path}{suffix}")
        try:
            source.rename(f"{aside}{suffix}")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise store_error(source, "cannot move", error) from error
        moved = aside
    sync_directory(directory)
    return moved


@contextmanager
def our_errors(path: Path) -> Iterator[None]:
    """Raise our errors for SQLite's; those that only a bug of ours can cause stay as they are."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.Error as error:
        raise _error_of(path, str(error)) from error
    except UnicodeDecodeError as error:  # SQLite quotes what it cannot read in its message
        raise damaged(path, "its schema is no text") from error


def statements(script: str) -> Iterator[str]:
    """The statements of an SQL script, one by one: executescript() would commit first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _error_of(path: Path, text: str) -> StoreError:
    what = f"the catalogue {path}: {text}"
    failed = "I/O" in text or "unable to open" in text
    if (failed or "readonly" in text) and _read_only(path.parent):
        return store_error(path, "cannot write", OSError(errno.EROFS, os.strerror(errno.EROFS)))
    if "is full" in text or (failed and _full(path.parent)):
        return DiskFull(what, hint=f"Make room: df -h '{path.parent}'")
    if "not a database" in text or "malformed" in text:
        return damaged(path, text)
    if "locked" in text:
        return StoreError(what, hint="Another program is writing to it; try again.")
    return StoreError(what, hint=f"Check the directory: ls -ld '{path.parent}'")


def _full(directory: Path) -> bool:
    """Whether SQLite, which has one word for all failures of a device, met a full one."""
    try:
        return free_bytes(directory) < _NO_ROOM_BELOW
    except StoreError:
        return False


def _read_only(directory: Path) -> bool:
    """Whether its disk takes nothing at all; one that failed still says that it is writable."""
    try:
        os.close(os.open(directory, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC))
    except OSError as error:
        return error.errno == errno.EROFS
    return False


def damaged(path: Path, why: str) -> CatalogDamaged:
    """The error that says so."""
    return CatalogDamaged(
        f"the catalogue {path} is damaged ({why})",
        hint="The clips beside it may be whole; the next 'smartrec run' there begins a new one.",
    )


def _uri(path: Path, create: bool) -> str:
    """With which rights SQLite shall open the file."""
    uri = path.absolute().as_uri()
    if create:
        return f"{uri}?mode=rwc"
    if _writable(path):
        return f"{uri}?mode=rw"
    # Without its log open somewhere, such as on a card taken from a station, nobody writes to it.
    log_open = Path(f"{path}-shm").exists()
    return f"{uri}?mode=ro" if log_open else f"{uri}?mode=ro&immutable=1"


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _in_memory(database: sqlite3.Connection) -> sqlite3.Connection:
    """A copy that can be brought up to date; closes the original."""
    copy = sqlite3.connect(":memory:")
    with closing(database):
        database.backup(copy)
    return copy


def _refuse_foreign(path: Path, newest: int) -> None:
    """Look at the header before SQLite would tidy up a file that is not ours.

    SQLite itself reads it: to open and close the file behind its back drops every lock that this
    process holds on it (fcntl(2)), and the next reader then takes the log away from its writer.
    """
    if not path.exists():
        return
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as database:
        try:
            application = int(database.execute("PRAGMA application_id").fetchone()[0])
            version = _version(database)
        except sqlite3.DatabaseError as error:
            # Without its log it looks torn while its writer moves the log in, or died of that:
            # whether it is, whoever opens it with the log sees.
            if "malformed" in str(error):
                return
            raise
    if application == _APPLICATION_ID and version > newest:
        raise _too_new(path, version, newest)
    if application != _APPLICATION_ID and version != 0:
        raise StoreError(
            f"{path} is another program's database",
            hint="Choose another directory: smartrec run --clips DIR",
        )


def _too_new(path: Path, version: int, newest: int) -> CatalogTooNew:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as database:
        try:
            row = database.execute("SELECT value FROM meta WHERE key = 'written_by'").fetchone()
        except sqlite3.Error:  # a version that no longer says so
            row = None
    by = f"smartrec {row[0]}" if row else "a newer smartrec"
    return CatalogTooNew(
        f"the catalogue {path} was written by {by} (version {version}; "
        f"smartrec {smartrec.__version__} knows up to {newest})",
        hint="Update smartrec, or choose another directory: --clips DIR",
    )


def _prepare(
    database: sqlite3.Connection,
    path: Path,
    migrations: Mapping[int, Migration],
    newest: int,
    *,
    copied: bool,
) -> None:
    database.isolation_level = None
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA foreign_keys = ON")
    database.create_function("folded", 1, gist.folded, deterministic=True)
    version = _version(database)
    if version > newest:
        raise _too_new(path, version, newest)
    if version < newest:
        if not copied and _shares_memory(path.parent):
            database.execute("PRAGMA journal_mode = WAL")
        _migrate(database, migrations, newest)
    database.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    database.execute("SELECT count(*) FROM clips WHERE clip_id = ''").fetchone()


def _shares_memory(directory: Path) -> bool:
    """Whether files there can be mapped by several processes, as WAL's index must be."""
    try:
        with NamedTemporaryFile(dir=directory, prefix=".smartrec-") as file:
            file.write(bytes(mmap.PAGESIZE))
            file.flush()
            return _can_map(file.fileno())
    except OSError as error:
        raise store_error(directory, "cannot write to", error) from error


def _can_map(fd: int) -> bool:
    try:
        mmap.mmap(fd, mmap.PAGESIZE).close()
    except OSError as error:
        # EINVAL, ENODEV and others, each file system in its way; only these mean something else.
        return error.errno in (errno.ENOMEM, errno.EAGAIN)
    return True


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _migrate(
    database: sqlite3.Connection, migrations: Mapping[int, Migration], newest: int
) -> None:
    """Bring the schema to `newest`, all or nothing; two processes may try at once."""
    with _alone(database):
        version = _version(database)
        if version == 0:
            _make(database)
            version = VERSION
        for older in range(version, newest):
            migrations[older](database)
        gist.mend(database)
        database.execute(
            "INSERT OR REPLACE INTO meta VALUES ('written_by', ?)", (smartrec.__version__,)
        )
        database.execute(f"PRAGMA user_version = {newest}")
    # The version must stand in the file itself: an older smartrec reads it there.
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _mend(database: sqlite3.Connection) -> None:
    """See to clips that an older smartrec wrote on after the file was brought up to date."""
    if gist.is_stale(database):
        with _alone(database):
            gist.mend(database)


@contextmanager
def _alone(database: sqlite3.Connection) -> Iterator[None]:
    """A long transaction; who comes second waits for it."""
    database.execute(f"PRAGMA busy_timeout = {_LONG_BUSY_MS}")
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")
        database.execute(f"PRAGMA busy_timeout = {round(_BUSY_S * 1000)}")


def _make(database: sqlite3.Connection) -> None:
    database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    for statement in statements(resources("smartrec.store").joinpath("schema.sql").read_text()):
        database.execute(statement)


def _check(database: sqlite3.Connection, path: Path) -> None:
    """Find damage at the start rather than in the middle of an event."""
    verdict = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
    if verdict != "ok":
        raise damaged(path, verdict.splitlines()[-1])
