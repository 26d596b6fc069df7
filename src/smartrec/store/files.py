"""What clips need of a file system beside reading and writing."""

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import Final

from smartrec.errors import StoreError, store_error

_CHUNK: Final = 1 << 20
_SMALL: Final = 1 << 20


def free_bytes(directory: Path) -> int:
    """Bytes that this user may still write below `directory`.

    Raises:
        StoreError: The directory is not there or cannot be asked.
    """
    try:
        room = os.statvfs(directory)
    except OSError as error:
        raise store_error(directory, "cannot see the free space of", error) from error
    return room.f_bavail * room.f_frsize


def make_directory(directory: Path) -> None:
    """Make it, and those above it, where it is missing.

    Raises:
        StoreError: It cannot be made.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise store_error(directory, "cannot make", error) from error


def identity(path: Path) -> tuple[tuple[int, int] | None, int]:
    """Which file it is, None where there is none; and its size.

    Raises:
        StoreError: It cannot be asked.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return None, 0
    except OSError as error:
        raise store_error(path, "cannot see", error) from error
    return (status.st_dev, status.st_ino), status.st_size


def read_small(path: Path) -> bytes:
    """All of a file of at most a MiB that must be one: a pipe in its place would wait for ever.

    Raises:
        OSError: It is none, is longer, or cannot be read.
    """
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        content = file.read(_SMALL + 1)
    if len(content) > _SMALL:
        raise OSError(errno.EFBIG, "it is too long")
    return content


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def sync_directory(directory: Path) -> None:
    """Wait until names made, renamed or removed in `directory` survive a power cut.

    Raises:
        StoreError: The directory is not there, or the device failed.
    """
    try:
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems
            raise store_error(directory, "cannot sync", error) from error


def lies_in(path: Path, directory: Path) -> bool:
    """Whether a name stands below a directory; what a link of that name leads to is not asked."""
    try:
        return path.parent.resolve().is_relative_to(directory.resolve())
    except (OSError, RuntimeError, ValueError):  # links in a circle, a NUL
        return False


def remove(path: Path, *, within: Path) -> bool:
    """Delete one file below `within`; return whether it was there.

    A link is deleted, never what it points to.

    Raises:
        StoreError: It lies elsewhere, is a directory, or may not be deleted.
    """
    if not lies_in(path, within):
        raise StoreError(
            f"will not delete {path}: it is not below {within}", hint="Delete it by hand."
        )
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except ValueError as error:
        raise StoreError(f"cannot delete {path}: {error}") from error
    except OSError as error:
        raise store_error(path, "cannot delete", error) from error
    sync_directory(path.parent)
    return True


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, hexadecimal.

    Raises:
        StoreError: It cannot be read.
    """
    digest, buffer = hashlib.sha256(), bytearray(_CHUNK)
    try:
        with path.open("rb", buffering=0) as file:
            while size := file.readinto(buffer):
                digest.update(memoryview(buffer)[:size])
    except OSError as error:
        raise store_error(path, "cannot read", error) from error
    return digest.hexdigest()
