"""Gives a written file its name among the clips, whole or not at all, and for good."""

import errno
import hashlib
import os
from pathlib import Path
from typing import Final

from smartrec.errors import ClipDamaged, StoreError
from smartrec.media import mp4
from smartrec.media.journal import JournalReader, sync

_NO_LINKS: Final = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)


def publish(written: Path, wanted: Path, clip_id: str) -> Path:
    """Move a finished file to its name; returns the name it got.

    Both are on one file system. A name that another clip has is never taken: ``-2``, ``-3`` follow.
    The same clip finished again (its recorder died before it knew) replaces itself. On return, file
    and directory entry are on the device.

    Raises:
        OSError: The directory cannot be written.
    """
    sync(written)
    path, number = wanted, 1
    while not _take(written, path, clip_id):
        number += 1
        path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    sync(path.parent)
    return path


def remove_twin(path: Path, clip_id: str, journal: Path) -> None:
    """Remove the same clip in the other container, left by a recorder that died before it knew.

    Its settings were others. The journal may be that file: it stays until the clip is catalogued.

    Raises:
        OSError: The directory cannot be written.
    """
    twin = path.with_suffix(".mkv" if path.suffix == ".mp4" else ".mp4")
    if twin != journal and twin.exists() and _clip_id(twin) == clip_id:
        twin.unlink()


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex.

    Raises:
        OSError: It cannot be read.
    """
    sum_ = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            sum_.update(block)
    return sum_.hexdigest()


def _take(written: Path, path: Path, clip_id: str) -> bool:
    if path.exists() and _clip_id(path) == clip_id:
        written.replace(path)
        return True
    try:
        os.link(written, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _take_without_links(written, path)
    written.unlink()
    return True


def _take_without_links(written: Path, path: Path) -> bool:
    """As FAT needs it: reserve the name, then move over the reservation."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    except FileExistsError:
        return False
    written.replace(path)
    return True


def _clip_id(path: Path) -> str | None:
    """Which clip a finished file is; None where it does not say.

    Raises:
        OSError: It cannot be read now, and may say so later.
    """
    if not path.is_file():
        return None
    try:
        if path.suffix == ".mp4":
            return mp4.identity(path).get("clip_id")
        reader = JournalReader(path)
        reader.close()
    except (StoreError, ClipDamaged, ValueError) as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from error
        return None
    return reader.head.clip_id
