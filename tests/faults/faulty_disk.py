"""A stand-in for a disk that fails or hangs: tells faulty_disk.c which calls, and what it saw."""

import ctypes
import mmap
import os
import shutil
import subprocess
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path
from typing import Final

import pytest

SOURCE: Final = Path(__file__).with_name("faulty_disk.c")
FOR_EVER: Final = 2**62


class Call(IntEnum):
    """Kinds of calls to the system."""

    WRITE = 0
    """write, writev, pwrite"""
    SYNC = 1
    """fsync, fdatasync"""
    CREATE = 2
    """open with O_CREAT, fopen to write, mkdir"""
    TRUNCATE = 3
    """ftruncate"""
    RENAME = 4
    """rename, link"""
    UNLINK = 5
    """unlink, rmdir"""
    LOOK = 6
    """stat, access, statvfs, opendir"""
    READ = 7
    """open without O_CREAT, read, pread"""


CHANGING: Final = tuple(call for call in Call if call < Call.LOOK)
"""Those that a full or read-only disk refuses."""


class _State(ctypes.Structure):
    """As in faulty_disk.c."""

    _fields_ = (
        ("calls", ctypes.c_int64 * len(Call)),
        ("counted", ctypes.c_int64),
        ("kinds", ctypes.c_int64),
        ("first", ctypes.c_int64),
        ("last", ctypes.c_int64),
        ("error", ctypes.c_int64),
        ("torn", ctypes.c_int64),
        ("failed", ctypes.c_int64),
        ("hanging", ctypes.c_int64),
        ("released", ctypes.c_int64),
    )


class FaultyDisk:
    """Orders to the stand-in, and what it has seen.

    Args:
        state: A file that all processes of this disk share; made where it is missing. Never below
            the directory that fails.
    """

    def __init__(self, state: Path) -> None:
        if not state.exists():
            state.write_bytes(bytes(4096))
        fd = os.open(state, os.O_RDWR | os.O_CLOEXEC)
        try:
            self._map = mmap.mmap(fd, 4096)
        finally:
            os.close(fd)
        self._state = _State.from_buffer(self._map)
        self._path = state

    @property
    def seen(self) -> int:
        """Calls of the chosen kinds since the last order."""
        return int(self._state.counted)

    @property
    def calls(self) -> dict[Call, int]:
        """Calls of each kind since the last order."""
        return {call: int(self._state.calls[call]) for call in Call}

    @property
    def failed(self) -> int:
        """How many of them failed, or hung."""
        return int(self._state.failed)

    @property
    def hanging(self) -> int:
        """How many hang now."""
        return int(self._state.hanging)

    def heal(self) -> None:
        """Let all go well from now on."""
        self._order((), 0, 0, 0)

    def fail(
        self, kinds: Iterable[Call], at: int, error: int, *, times: int = 1, torn: bool = False
    ) -> None:
        """Let calls of these kinds fail.

        Args:
            kinds: Counted together.
            at: The first that fails, from 1; 0 for none.
            error: An errno.
            times: How many, or `FOR_EVER`: until the next order.
            torn: Half of each write gets through.
        """
        self._order(kinds, at, times, error, torn=torn)

    def hang(self, kinds: Iterable[Call], at: int, *, times: int = 1) -> None:
        """Let them hang instead, until `release`."""
        self._order(kinds, at, times, -1)

    def release(self) -> None:
        """Let go what hangs; it succeeds, and so does all that follows."""
        self._state.first = 0
        self._state.released = 1

    def environ(self, below: Path) -> dict[str, str]:
        """For a process whose calls below a directory shall be seen."""
        return {
            "LD_PRELOAD": str(library(self._path.parent)),
            "FAULTY_DISK_BELOW": str(below),
            "FAULTY_DISK_STATE": str(self._path),
        }

    def _order(
        self, kinds: Iterable[Call], at: int, times: int, error: int, *, torn: bool = False
    ) -> None:
        state = self._state
        state.first = state.released = 0
        state.counted = state.failed = 0
        state.calls[:] = [0] * len(Call)
        state.kinds = sum(1 << kind for kind in kinds)
        state.last, state.error, state.torn = at + times - 1, error, int(torn)
        state.first = at


def library(directory: Path) -> Path:
    """The stand-in, compiled."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("cc is not installed: the stand-in for a faulty disk is compiled")
    made = directory / "faulty_disk.so"
    if not made.exists():
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(made), str(SOURCE), "-ldl"]
        subprocess.run(command, check=True)
    return made
