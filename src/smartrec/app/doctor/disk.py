"""Where clips and journals go: whether it can be written, is large, fast and lasting enough."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Final

from smartrec.app.doctor.finding import Finding, Status, amiss
from smartrec.app.mounts import check_mounted, filesystem
from smartrec.clock import Clock
from smartrec.errors import DiskGone
from smartrec.places import state_dir
from smartrec.units import SECOND

_PROBE_BYTES: Final = 32_000_000
_FULL_BYTES: Final = 200_000_000
_LITTLE_BYTES: Final = 5_000_000_000
_SPARE: Final = 3
"""A disk should take so many times what comes: others write to it as well, and flash is slow at
times."""


def check_directory(directory: Path, environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Whether clips can be kept in a directory; it is not made here."""
    if missing := missed(directory, environ):
        yield missing
        return
    place = standing(directory)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        yield unwritable(directory, place)
        return
    kind = filesystem(place)
    state = "there" if directory.exists() else "will be made"
    yield judge_filesystem(kind) or Finding(Status.OK, f"{directory} ({kind}, {state})")


def unwritable(directory: Path, place: Path) -> Finding:
    """What to say where clips cannot go; `place` is the nearest to `directory` that exists."""
    another = "or another one: smartrec run --clips DIR"
    if place.is_dir():
        make = f"sudo install -d -o $USER {quote(str(directory.absolute()))}"
        return amiss("not-writable", f"{place} cannot be written", mend=f"{make}, {another}")
    away = f"mv {quote(str(place))} {quote(f'{place}.old')}"
    return amiss("not-writable", f"{place} is no directory", mend=f"{away}, {another}")


def missed(directory: Path, environ: Mapping[str, str]) -> Finding | None:
    """What to say of a directory whose disk is not mounted."""
    try:
        check_mounted(directory, state_dir(environ))
    except DiskGone as error:
        return amiss("not-mounted", str(error), mend=error.hint or "")
    return None


def judge_filesystem(kind: str) -> Finding | None:
    """What a filesystem of that kind cannot promise clips; None where it is fit."""
    what = f"the filesystem is {kind}"
    if kind in {"tmpfs", "ramfs"}:
        return amiss("memory-only", what, status=Status.WARN)
    if kind in {"vfat", "msdos"}:
        return amiss("small-files", what, status=Status.WARN)
    if kind in {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph"}:
        return amiss("network", what, status=Status.WARN)
    return None


def check_room(directory: Path, clock: Clock, rate: float, what: str) -> Iterator[Finding]:
    """Whether there is room for clips, and whether the disk takes them as fast as they come.

    Args:
        directory: Where clips go.
        clock: Times the disk.
        rate: Bytes a second that come when all cameras record.
        what: Who sends them, for people.
    """
    place = standing(directory)
    if not place.is_dir():
        yield amiss("not-writable", f"{place} is no directory")
        return
    free = shutil.disk_usage(place).free
    yield judge_room(free)
    if free < _FULL_BYTES or not os.access(place, os.W_OK | os.X_OK):
        return
    try:
        yield judge_speed(write_speed(place, clock), rate, what)
    except OSError as error:
        yield amiss("not-writable", f"{place}: {error.strerror}")


def judge_room(free: int) -> Finding:
    """Whether `free` bytes last for a while."""
    what = f"{about(free)} free"
    if free < _FULL_BYTES:
        return amiss("full", what)
    return (
        Finding(Status.OK, what)
        if free >= _LITTLE_BYTES
        else amiss("little", what, status=Status.WARN)
    )


def about(size: int) -> str:
    """``"1.5 GB"``, ``"4 MB"``: bytes for people."""
    return f"{size / 1e9:.1f} GB" if size >= 10**8 else f"{size / 1e6:.0f} MB"


def judge_speed(speed: float, rate: float, sent: str) -> Finding:
    """Whether the disk takes the journals of an event at every camera.

    Args:
        speed: Bytes a second that it writes.
        rate: Bytes a second that come.
        sent: Who sends them, for people.
    """
    what = f"writes {speed / 1e6:.0f} MB/s; an event needs {sent}"
    if speed < rate:
        return amiss("slow", what)
    if speed < rate * _SPARE:
        return amiss("slow", what, status=Status.WARN)
    return Finding(Status.OK, what)


def write_speed(directory: Path, clock: Clock) -> float:
    """Bytes a second that reach the disk itself, by a file that has no name and leaves nothing.

    Raises:
        OSError: It cannot be written.
    """
    block = os.urandom(1_000_000)
    with tempfile.TemporaryFile(dir=directory, prefix=".smartrec-doctor-") as file:
        begun = clock.monotonic()
        for _ in range(_PROBE_BYTES // len(block)):
            file.write(block)
        file.flush()
        os.fdatasync(file.fileno())
        return _PROBE_BYTES * SECOND / max(1, clock.monotonic() - begun)


def check_journal(
    directory: Path | None,
    clock: Clock,
    rate: float,
    what: str,
    environ: Mapping[str, str] = os.environ,
) -> Iterator[Finding]:
    """Whether journals survive what they are for, and are written as fast as pictures come.

    Args:
        directory: None stands for beside the clips.
        clock: Times the disk.
        rate: As of `check_room`.
        what: As of `check_room`.
        environ: The environment.
    """
    if directory is None:
        yield Finding(Status.OK, "beside the clips")
        return
    if missing := missed(directory, environ):
        yield missing
        return
    place = standing(directory)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        yield amiss("journal-not-writable", str(directory))
    elif filesystem(place) in {"tmpfs", "ramfs"}:
        yield amiss("journal-in-memory", str(directory), status=Status.WARN)
    else:
        yield Finding(Status.OK, str(directory))
        try:
            yield judge_speed(write_speed(place, clock), rate, what)
        except OSError as error:
            yield amiss("journal-not-writable", f"{place}: {error.strerror}")


def standing(path: Path) -> Path:
    """The path itself, or the nearest directory above it that exists."""
    path = path.absolute()
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    return path
