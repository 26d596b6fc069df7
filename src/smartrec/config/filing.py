"""Write a settings file so that it is whole at any moment: the old one or the new one.

The new text is written beside it, synced, and renamed over it. Only where that cannot be, because
the file itself is mounted there (a container's), it is written in place, and a copy is kept beside
it.
"""

import errno
import fcntl
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from smartrec.config.document import MAX_BYTES, content, decoded
from smartrec.errors import ConfigChanged, ConfigError

_PATIENCE_S: Final = 5.0
_AGAIN_S: Final = 0.02
_MOUNTED: Final = (errno.EBUSY, errno.EXDEV)
_NO_LOCKS: Final = (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL)
"""Of file systems that cannot lock a directory: NFS and the like."""


def read(path: Path) -> tuple[str, str]:
    """The text exactly as it is, and its digest; of no file, those of an empty one.

    Returns:
        The text, and SHA-256 of the file's bytes as 64 hex digits.

    Raises:
        ConfigError: It cannot be read, is larger than 1 MiB, or is not UTF-8; or it is a pipe,
            which may never say anything, and nothing twice.
    """
    try:
        if stat.S_ISFIFO(path.stat().st_mode):
            raise ConfigError(f"{path} is a pipe: settings cannot be read there again")
    except FileNotFoundError:
        data = b""
    except (OSError, ValueError):
        data = content(path)  # which says why it cannot be read
    else:
        data = content(path)
    return decoded(path, data), _digest(data)


def write(path: Path, text: str, base: str) -> str:
    """Let a file hold a text: all of it, or none if anything fails.

    A link stays, and what it points to is written. Mode and, where allowed, owner stay; a new file
    is its owner's alone, and so is its directory if that is made, too.

    Args:
        path: Of the file.
        text: All that it shall hold.
        base: The digest of what `text` was made of, as `read` said it.

    Returns:
        The new digest.

    Raises:
        ConfigChanged: It holds something else than `base` by now.
        ConfigError: It is no regular file, or cannot be written. It is whole all the same, and as
            it was but for one case: the disk failed when all was done.
    """
    data = text.encode()
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: would be larger than 1 MiB, which no settings are")
    with _in_words(path):
        target = Path(os.path.realpath(path))
        _make_directory(target.parent)
        with _locked(target.parent):
            before = _present(target)
            if _digest(before or b"") != base:
                raise ConfigChanged(
                    f"{path} was changed meanwhile",
                    hint="It stays as it is now: look at it, then change it again",
                )
            _replace(target, data, before)
    return _digest(data)


def why_not(path: Path) -> str | None:
    """Why this user cannot write a file, so that nobody is asked to try; None where it seems so."""
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            return f"{path} is no regular file"
        place = target.parent
        while not place.exists() and place != place.parent:
            place = place.parent
        if not place.is_dir():
            return f"{place} is no directory"
        if os.statvfs(place).f_flag & os.ST_RDONLY:
            return f"{place} is mounted read-only"
    except (OSError, ValueError) as error:
        return f"{path}: {error}"
    # By what it may do, and not by who owns it: the directory, because it is renamed there.
    return None if os.access(place, os.W_OK | os.X_OK) else f"this user may not write in {place}"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _present(target: Path) -> bytes | None:
    """What is there; None where nothing is."""
    try:
        found = target.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise ConfigError(f"{target} is no regular file", hint=f"Look at it: ls -l '{target}'")
    return target.read_bytes()


def _make_directory(directory: Path) -> None:
    """With those above it; private, for a camera's password may stand in the file."""
    if not directory.is_dir():
        _make_directory(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One of ours at a time: what two save at once is not lost, the second is told."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        ends = time.monotonic() + _PATIENCE_S
        while not _lock(handle):
            if time.monotonic() > ends:
                raise ConfigError(f"another program keeps {directory} locked", hint="Try again")
            time.sleep(_AGAIN_S)
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _replace(target: Path, data: bytes, before: bytes | None) -> None:
    beside = target.with_name(f".{target.name}.new")
    beside.unlink(missing_ok=True)  # of one that was killed
    try:
        _write_new(beside, data, None if before is None else target.stat())
        try:
            beside.rename(target)
        except OSError as error:
            if before is None or error.errno not in _MOUNTED:
                raise
            _write_in_place(target, data, before)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
    _sync(target.parent)


def _write_new(path: Path, data: bytes, like: os.stat_result | None) -> None:
    """A file that was not there, on the disk for good, with the owner and mode of another."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        if like is not None:
            os.fchmod(file.fileno(), _mode(file.fileno(), like))
        os.fsync(file.fileno())


def _mode(handle: int, like: os.stat_result) -> int:
    """The mode to set, once owner and group are as far as they may be."""
    own = os.fstat(handle)
    mode = stat.S_IMODE(like.st_mode)
    if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        try:
            os.fchown(handle, like.st_uid, like.st_gid)
        except PermissionError:
            try:
                os.fchown(handle, -1, like.st_gid)
            except PermissionError:
                mode &= ~0o070  # what that group might read, another must not
    return mode


def _write_in_place(target: Path, data: bytes, before: bytes) -> None:
    """Not whole at any moment: a copy of what was there is kept first, and put back if it fails."""
    kept = target.with_name(f"{target.name}.bak")
    kept.unlink(missing_ok=True)
    _write_new(kept, before, target.stat())
    _sync(kept.parent)
    try:
        _overwrite(target, data)
    except OSError:
        _overwrite(target, before)
        raise


def _overwrite(target: Path, data: bytes) -> None:
    with target.open("r+b") as file:
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """The system's errors in ours."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise ConfigError(f"{path} cannot be written: {why}", hint=_hint(path, error)) from error
    except ValueError as error:
        raise ConfigError(f"{path!s:.200} cannot be written: {error}") from error


def _hint(path: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"Make room: df -h '{path.parent}'"
    if error.errno == errno.EROFS:
        return f"It is mounted read-only: findmnt -T '{path.parent}'"
    return f"This user must be allowed to write in its directory: ls -ld '{path.parent}'"
