"""Whether a directory is still on the disk it was on: one whose mount vanished is on another.

A clip directory on a disk of its own (USB, NAS) becomes an empty name on the system's disk when
that is pulled or not mounted at the start; clips would fill the wrong disk and be hidden later.
"""

import hashlib
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from smartrec.errors import DiskGone
from smartrec.store.files import read_small

MOUNTINFO: Final = Path("/proc/self/mountinfo")
FSTAB: Final = Path("/etc/fstab")
_REMEMBERED: Final = "disks"
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")

log = logging.getLogger(__name__)


def mounted(table: str) -> Iterator[tuple[Path, str]]:
    """Where something is mounted, and the kind of its file system, such as ``"ext4"``.

    Args:
        table: Text of ``/proc/self/mountinfo`` (proc(5)).
    """
    for line in table.splitlines():
        mount, _, file_system = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) > 4:
            yield _unescaped(fields[4]), file_system.partition(" ")[0]


def listed(table: str) -> Iterator[Path]:
    """Where something shall be mounted, by the text of ``/etc/fstab`` (fstab(5))."""
    for line in table.splitlines():
        fields = line.split()
        if len(fields) > 1 and not line.lstrip().startswith("#") and fields[1].startswith("/"):
            yield _unescaped(fields[1])


def point_of(path: Path, points: Iterable[Path]) -> Path:
    """The deepest of `points` that `path` is at or below; ``/`` where there is none."""
    above = (point for point in points if path.is_relative_to(point))
    return max(above, key=lambda point: len(point.parts), default=Path("/"))


def filesystem(path: Path, table: Path = MOUNTINFO) -> str:
    """The kind of file system that a path lies on; empty where that is not known."""
    path, found = path.resolve(), (Path(), "")
    for point, kind in mounted(_text(table)):
        # A later mount on the same point hides the earlier one.
        if path.is_relative_to(point) and len(point.parts) >= len(found[0].parts):
            found = point, kind
    return found[1]


class Disk:
    """The disk of a directory, as it was at the start. Any thread.

    Another disk on the same mount point will do: the user changed it. A directory that was merely
    removed is made anew by whoever writes.

    Args:
        directory: Need not exist yet.

    Attributes:
        directory: As it was given.
        device: Number (``st_dev``) of its file system when it was last looked at; None where there
            was no directory.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._path = Path(os.path.realpath(directory))
        self._point = _point_now(self._path)
        self.device = _device(self._path)

    def check(self) -> None:
        """Call this before anything is made below the directory.

        Raises:
            DiskGone: It is on another disk than at the start, for its own is not mounted.
        """
        device = _device(self._path)
        if device is not None and device == self.device:
            return
        point = _point_now(self._path)
        if _deeper(self._point, point):
            raise DiskGone(
                f"the disk of {self.directory} is gone: nothing is mounted on {self._point}",
                hint=f"Plug it in, or: sudo mount '{self._point}'; smartrec then goes on by itself",
            )
        self.device = device


def settle(
    directory: Path, state: Path, *, new_disk: bool, tables: tuple[Path, Path] = (MOUNTINFO, FSTAB)
) -> None:
    """Make sure, before anything is made in it, that a directory is on its disk; remember which.

    Args:
        directory: Of clips or journals; need not exist.
        state: Where what must survive is kept.
        new_disk: Take the disk that it is on now, whatever it was on.
        tables: What is mounted, and what shall be.

    Raises:
        DiskGone: It was on a mount in an earlier run, or ``/etc/fstab`` has one for it, that is
            not there now.
    """
    if not new_disk:
        check_mounted(directory, state, tables=tables)
    for path in _paths(directory):
        _remember(path, state, tables[0], new_disk=new_disk)


def _paths(directory: Path) -> Iterable[Path]:
    """As it is called, and where links lead: one that lies on the disk itself goes with it."""
    return dict.fromkeys((Path(os.path.abspath(directory)), Path(os.path.realpath(directory))))  # noqa: PTH100


def _remember(path: Path, state: Path, table: Path, *, new_disk: bool) -> None:
    here = _point_now(path, table)
    memory = _memory(state, path)
    before = _remembered(memory)
    try:
        if here != (before or (None if new_disk else Path("/"))):
            memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            written = memory.with_name(f"{memory.name}.{os.getpid()}")
            written.write_text(json.dumps({"directory": str(path), "mount": str(here)}) + "\n")
            written.replace(memory)
    except OSError as error:
        log.warning("on which disk %s is cannot be remembered: %s", path, error)


def check_mounted(
    directory: Path, state: Path, *, tables: tuple[Path, Path] = (MOUNTINFO, FSTAB)
) -> None:
    """As `settle`, but nothing is remembered.

    Raises:
        DiskGone: As of `settle`.
    """
    for path in _paths(directory):
        here = _point_now(path, tables[0])
        before = _remembered(_memory(state, path))
        if before is not None:
            _refuse(directory, here, before, "was on a disk that is not mounted now, on")
        else:
            planned = point_of(path, listed(_text(tables[1])))
            _refuse(
                directory, here, planned, "belongs on a disk of /etc/fstab that is not mounted, on"
            )


def _refuse(directory: Path, here: Path, there: Path, what: str) -> None:
    if _deeper(there, here):
        raise DiskGone(
            f"{directory} {what} {there}",
            hint=f"Mount it: sudo mount '{there}'; "
            "to begin anew on the disk that is there: smartrec run --new-disk",
        )


def _deeper(one: Path, other: Path) -> bool:
    """Of two mount points above the same path: the other is what `one` lies on."""
    return len(one.parts) > len(other.parts)


def _memory(state: Path, path: Path) -> Path:
    mark = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return state / _REMEMBERED / f"{mark}.json"


def _remembered(memory: Path) -> Path | None:
    try:
        return Path(json.loads(read_small(memory))["mount"])
    except FileNotFoundError:
        pass
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("%s is not understood, and made anew: %s", memory, error)
    return None


def _point_now(path: Path, table: Path = MOUNTINFO) -> Path:
    return point_of(path, (point for point, _ in mounted(_text(table))))


def _text(table: Path) -> str:
    try:
        return table.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # without /proc or fstab nothing is known to be missing
        return ""


def _device(path: Path) -> int | None:
    try:
        return path.stat().st_dev
    except OSError:
        return None


def _unescaped(field: str) -> Path:
    """A space, a tab and the like stand as three octal digits."""
    return Path(_ESCAPED.sub(lambda found: chr(int(found[1], 8)), field))
