"""The SQLite file under the vault: made whole or not at all, for its owner only, never trusted.

Whatever is wrong with it is an error: read as empty it would let everybody in. A rollback journal
rather than a log, unlike the catalogue: little is written, all of it is in the one file, and a log
would be read into the copy that somebody puts in the file's place.
"""

import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.resources import files as resources
from pathlib import Path
from typing import Final

from smartrec.access.secrets import new_key, new_signing_key
from smartrec.errors import AccessDamaged, AccessTooNew, DiskFull, StoreError, store_error
from smartrec.store.database import statements
from smartrec.store.files import identity, sync_directory

FILE_NAME: Final = "access.sqlite"
VERSION: Final = 1

Identity = tuple[int, int]

_APPLICATION_ID: Final = (
    0x736D7261  # "smra", so that file(1) and we know it from other SQLite files
)
_BUSY_S: Final = 10.0
_OWNER_ONLY: Final = 0o600
_OTHERS: Final = 0o077
_JOURNAL: Final = "-journal"


def which(path: Path) -> Identity | None:
    """Which file it is; None where there is none.

    Raises:
        StoreError: It cannot be asked, or is a link to nothing.
    """
    found, _ = identity(path)
    if found is None and _is_link(path):
        raise StoreError(
            f"{path} is a link to nothing: nobody knows who may come in",
            hint=f"Where has it gone? ls -l '{path}'",
        )
    return found


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError as error:
        raise store_error(path, "cannot see", error) from error


def make(path: Path) -> None:
    """Make an empty one where there is none, with all that is above it; any umask will do.

    It gets its name when it is whole: whoever is killed on the way leaves none, and of two that
    make it at once one finds the other's.

    Raises:
        StoreError: It cannot be made.
    """
    if which(path) is not None:
        return
    directory = path.parent
    try:
        _make_directory(directory)
        with _only_one(directory):
            _tidy_up(path)
            if which(path) is None:
                _make_alone(path)
    except OSError as error:
        raise store_error(path, "cannot make", error) from error
    sync_directory(directory)


def connect(path: Path) -> sqlite3.Connection:
    """Open the one that is there; for the calling thread only.

    Raises:
        AccessTooNew: A newer smartrec wrote it; nothing of it was changed.
        AccessDamaged: It is not what we wrote.
        StoreError: It cannot be opened, or everybody could have put another in its place.
    """
    _refuse_others_work(path)
    with our_errors(path):
        uri = f"{path.absolute().as_uri()}?mode=rw"  # on a disk that takes nothing, for reading
        database = sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None)
        try:
            _check(database, path)
            _prepare(database)
            _close_to_others(path)
        except BaseException:
            database.close()
            raise
    return database


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


def damaged(path: Path, why: str) -> AccessDamaged:
    """The error that says so."""
    return AccessDamaged(
        f"users and tokens in {path} cannot be trusted any more ({why}): nobody is let in",
        hint="Put a copy back; or begin anew: "
        f"mv '{path}' '{path}.damaged'; smartrec user add NAME",
    )


def data_version(database: sqlite3.Connection) -> int:
    """Another number whenever somebody else has changed something."""
    return int(database.execute("PRAGMA data_version").fetchone()[0])


@contextmanager
def transaction(database: sqlite3.Connection, how: str) -> Iterator[None]:
    """All or nothing; `how` is ``"DEFERRED"`` to read one state, ``"IMMEDIATE"`` to write."""
    database.execute(f"BEGIN {how}")
    try:
        yield
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")


def _make_directory(directory: Path) -> None:
    """For its owner only where it is new, and so those above it; others may have their reasons."""
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    for each in reversed(missing):
        try:
            each.mkdir()
        except FileExistsError:
            continue
        each.chmod(0o700)


@contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    """One maker at a time: what the second tidies up would be what the first has begun to use."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _make_alone(path: Path) -> None:
    new = path.parent / f"{_prefix(path)}{new_key()}"
    try:
        _fill(new)
        # Of one that was moved away: it would be rolled back into this one.
        Path(f"{path}{_JOURNAL}").unlink(missing_ok=True)
        new.rename(path)
    finally:
        _tidy_up(path)


def _fill(path: Path) -> None:
    """A new database of that name, on the disk, its owner that of the directory."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, _OWNER_ONLY)
    try:
        os.fchmod(handle, _OWNER_ONLY)
        if os.geteuid() == 0:  # sudo: the recorder's user must be able to read it
            owner = path.parent.stat()
            os.fchown(handle, owner.st_uid, owner.st_gid)
    finally:
        os.close(handle)
    with our_errors(path), closing(sqlite3.connect(path, isolation_level=None)) as database:
        _prepare(database)
        with transaction(database, "IMMEDIATE"):
            script = resources("smartrec.access").joinpath("schema.sql").read_text()
            for statement in statements(script):
                database.execute(statement)
            database.execute("INSERT INTO signing VALUES (1, ?)", (new_signing_key(),))
            database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {VERSION}")


def _refuse_others_work(path: Path) -> None:
    """What anybody can put there is not asked who may come in; nor is a pipe, for ever."""
    directory = path.parent
    try:
        mode = directory.stat().st_mode
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise store_error(path, "cannot see", error) from error
    if not regular:
        raise damaged(path, "it is no regular file")
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise StoreError(
            f"every user of this machine may put other users and tokens into {directory}",
            hint=f"Keep the others out: chmod go-w '{directory}'",
        )


def _check(database: sqlite3.Connection, path: Path) -> None:
    """Refuse what is not ours, of another version, or torn."""
    application = int(database.execute("PRAGMA application_id").fetchone()[0])
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    if application != _APPLICATION_ID:
        raise damaged(path, "it is not what smartrec wrote")
    if version > VERSION:
        raise AccessTooNew(
            f"users and tokens in {path} were written by a newer smartrec (version {version}; "
            f"this one knows up to {VERSION})",
            hint="Update smartrec; until then nobody is let in.",
        )
    verdict = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
    if verdict != "ok" or version != VERSION:
        raise damaged(path, verdict.splitlines()[-1] if verdict != "ok" else f"version {version}")


def _prepare(database: sqlite3.Connection) -> None:
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA foreign_keys = ON")
    database.execute("PRAGMA synchronous = EXTRA")  # who was removed stays so after a power cut
    database.execute("PRAGMA secure_delete = ON")  # what was deleted is not read off the disk


def _close_to_others(path: Path) -> None:
    """Take rights away that somebody's copying may have given; only its owner can."""
    try:
        status = path.stat()
        if status.st_mode & _OTHERS and os.geteuid() in (0, status.st_uid):
            path.chmod(_OWNER_ONLY)
    except OSError as error:
        raise store_error(path, "cannot keep others out of", error) from error


def _prefix(path: Path) -> str:
    return f".{path.name}."


def _tidy_up(path: Path) -> None:
    """What is left of one that was not made whole."""
    with suppress(OSError):  # on a disk that takes nothing it stays
        for left in path.parent.glob(f"{_prefix(path)}*"):
            left.unlink(missing_ok=True)


def _error_of(path: Path, text: str) -> StoreError:
    what = f"users and tokens in {path}: {text}"
    if "is full" in text:
        return DiskFull(what, hint=f"Make room: df -h '{path.parent}'")
    if "not a database" in text or "malformed" in text or "no such" in text:
        return damaged(path, text)
    if "locked" in text:
        return StoreError(what, hint="Another program is writing to it; try again.")
    return StoreError(what, hint=f"Whose is it, and may you write? ls -l '{path}'")
