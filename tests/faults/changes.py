"""What happens in directories, as the kernel tells it: inotify(7)."""

import ctypes
import os
import re
import select
import struct
import time
from pathlib import Path
from types import TracebackType

_EVENT = struct.Struct("iIII")
_KINDS = {0x2: "modify", 0x80: "create", 0x100: "create", 0x200: "delete", 0x40: "delete"}
"""IN_MODIFY, IN_MOVED_TO, IN_CREATE, IN_DELETE and IN_MOVED_FROM."""


class Changes:
    """Changes of the files of some directories from now on, as ``"create .open/clip.mp4.part"``.

    Args:
        directories: Of the names in front of the file names; they must exist.
    """

    def __init__(self, **directories: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = int(libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
        assert self._fd >= 0, os.strerror(ctypes.get_errno())
        self._names = {}
        for name, directory in directories.items():
            watch = int(libc.inotify_add_watch(self._fd, os.fsencode(directory), sum(_KINDS)))
            assert watch >= 0, os.strerror(ctypes.get_errno())
            self._names[watch] = name
        self._seen: list[str] = []

    def __enter__(self) -> "Changes":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)

    def wait_for(self, *patterns: str, timeout: float = 50.0) -> None:
        """Until changes came that match these, one after another; those before them are gone."""
        deadline = time.monotonic() + timeout
        for pattern in patterns:
            while not self._pop(pattern):
                left = deadline - time.monotonic()
                assert left > 0, f"no {pattern!r} came: {self._seen}"
                if select.select([self._fd], [], [], left)[0]:
                    self._take(os.read(self._fd, 1 << 16))

    def _pop(self, pattern: str) -> bool:
        for at, change in enumerate(self._seen):
            if re.search(pattern, change):
                del self._seen[: at + 1]
                return True
        return False

    def _take(self, told: bytes) -> None:
        at = 0
        while at < len(told):
            watch, mask, _, length = _EVENT.unpack_from(told, at)
            at += _EVENT.size
            name = os.fsdecode(told[at : at + length].rstrip(b"\0"))
            at += length
            kind = next(kind for bit, kind in _KINDS.items() if mask & bit)
            self._seen.append(f"{kind} {self._names[watch]}/{name}")
