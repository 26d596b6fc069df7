"""Who this station is, where it keeps what is not a clip, and who owns a clip directory."""

import errno
import fcntl
import os
import tempfile
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Final

from smartrec.errors import RecorderRunning, StoreError
from smartrec.model import new_id
from smartrec.store.files import read_small

LOCK_NAME: Final = ".smartrec.lock"
_ID_NAME: Final = "station-id"
# `holder` takes a shared lock for microseconds to learn whether there is an owner; a recorder that
# starts just then must not take the doctor for another recorder.
_TRIES: Final = 5
_PAUSE_S: Final = 0.02


def station_id(directory: Path) -> str:
    """This machine's UUIDv7, made at the first call and the same ever after.

    Two processes that call it first at once get the same one. A damaged file is never replaced
    silently: clips of one machine would then seem to come from two.

    Args:
        directory: The state directory; made when missing.

    Raises:
        StoreError: The file cannot be read or made, or is damaged.
    """
    path = directory / _ID_NAME
    try:
        # Those above it, too: who may write there could put another in its place.
        for each in (*reversed(directory.parents), directory):
            if not each.exists():
                each.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            _make_id(path)
        text = read_small(path).decode("ascii", "replace").strip()
    except OSError as error:
        raise StoreError(
            f"the station's identity cannot be kept in {path}: {error.strerror}",
            hint="Set SMARTREC_STATE_DIR to a directory that you may write to.",
        ) from error
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise StoreError(
            f"the station's identity in {path} is damaged",
            hint=f"Restore it from a backup, or become a new station: rm '{path}'",
        ) from error


def _make_id(path: Path) -> None:
    """Whole on disk or not at all, and the first of two wins: the rename happens under a lock."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if path.exists():
            return
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with open(handle, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
                file.write(f"{new_id()}\n")
                file.flush()
                os.fsync(handle)
            Path(name).rename(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        os.fsync(folder)
    finally:
        os.close(folder)


class DirectoryLock:
    """Ownership of a clip directory: at most one recorder at a time.

    The kernel lets go of it when the process ends, however it ends. Processes that are forked
    without exec would keep it alive; none are.
    """

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    @classmethod
    def acquire(cls, clip_dir: Path) -> "DirectoryLock":
        """Own `clip_dir`; it is made when missing, and known to be writable afterwards.

        Raises:
            RecorderRunning: Another process owns it.
            StoreError: It cannot be made or written to.
        """
        try:
            clip_dir.mkdir(parents=True, exist_ok=True)
            handle = _locked(clip_dir / LOCK_NAME)
        except OSError as error:
            raise _unusable(clip_dir, error) from error
        if handle is None:
            raise _owned(clip_dir)
        return cls(handle)

    def release(self) -> None:
        """Let go; a second call does nothing. The file stays: removing it would be a race."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> "DirectoryLock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def holder(clip_dir: Path) -> int | None:
    """Pid of the recorder that owns `clip_dir`; 0 when it cannot be told, None without one."""
    try:
        handle = os.open(clip_dir / LOCK_NAME, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError:
        return 0
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        digits = os.pread(handle, 20, 0).strip()
        return int(digits) if digits.isdigit() else 0
    except OSError:
        return 0
    else:
        return None
    finally:
        os.close(handle)


def _locked(path: Path) -> int | None:
    """A descriptor that holds the lock, or None where another process does."""
    for _ in range(_TRIES):
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        handle = os.open(path, flags, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(handle, path):
                _write_pid(handle)
                return handle
        except BlockingIOError:
            time.sleep(_PAUSE_S)
        except OSError:
            os.close(handle)
            raise
        os.close(handle)
    return None


def _is_at(handle: int, path: Path) -> bool:
    """Whether what is locked is still what others would open: the file may have been removed."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _write_pid(handle: int) -> None:
    """The pid is for people; a full disk must not keep a recorder from starting and making room."""
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, b"%d\n" % os.getpid(), 0)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise


def _owned(clip_dir: Path) -> RecorderRunning:
    pid = holder(clip_dir)
    return RecorderRunning(
        f"another recorder (process {pid or 'unknown'}) already keeps its clips in {clip_dir}",
        hint=f"Stop it (kill {pid}) or use another directory: smartrec run --clips DIR"
        if pid
        else "Use another directory: smartrec run --clips DIR",
    )


def _unusable(clip_dir: Path, error: OSError) -> StoreError:
    if error.errno == errno.EEXIST and (link := _leads_nowhere(clip_dir)) is not None:
        return StoreError(
            f"clips cannot be kept in {clip_dir}: {link} is a link to what is not there",
            hint=f"Mount its disk, or make it: mkdir -p '{os.path.realpath(link)}'",
        )
    hints = {
        errno.EACCES: f"Make it yours: sudo install -d -o {os.geteuid()} '{clip_dir}'",
        errno.EROFS: "The disk is mounted read-only (look at: dmesg | tail).",
        errno.ENOSPC: f"Make room: df -h '{clip_dir}'",
        errno.EEXIST: f"A file has that name; move it away: mv '{clip_dir}' '{clip_dir}.old'",
        errno.ENOTDIR: "A part of that path is a file; move it away.",
    }
    return StoreError(
        f"clips cannot be kept in {clip_dir}: {error.strerror}",
        hint=hints.get(error.errno or 0, "Use another directory: smartrec run --clips DIR"),
    )


def _leads_nowhere(path: Path) -> Path | None:
    """The link on the way that does; None if there is none."""
    links = (each for each in (path, *path.parents) if each.is_symlink())
    return next((link for link in links if not link.exists()), None)
