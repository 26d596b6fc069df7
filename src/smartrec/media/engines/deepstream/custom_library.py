"""Whether a library that a configuration names loads and has its functions; tried in a child.

A library may crash, hang or end the process when it is loaded; that must not take us along. It is
loaded as nvinfer does, with functions bound when they are first called.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 30.0
_MARK: Final = "smartrec-library:"
_ELF: Final = b"\x7fELF"
_MACHINE: Final = slice(18, 20)
"""Where an ELF header says for which machine it is; little-endian on all of ours."""
_MACHINES: Final = {3: "i386", 40: "32-bit ARM", 62: "x86-64", 183: "64-bit ARM"}
_OURS: Final = {"x86_64": 62, "aarch64": 183}
_CHILD: Final = f"""
import ctypes, json, os, sys
libc = ctypes.CDLL(None)
libc.dlopen.restype = libc.dlsym.restype = ctypes.c_void_p
libc.dlopen.argtypes = [ctypes.c_char_p, ctypes.c_int]
libc.dlsym.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
libc.dlerror.restype = ctypes.c_char_p
handle = libc.dlopen(os.fsencode(sys.argv[1]), 1)
said = "" if handle else (libc.dlerror() or b"").decode("utf-8", "replace")
lacks = [name for name in sys.argv[2:] if handle and not libc.dlsym(handle, os.fsencode(name))]
sys.stdout.write("\\n{_MARK}" + json.dumps([said, lacks]) + "\\n")
sys.stdout.flush()
os._exit(0)
"""
"""Leaves without running the library's destructors. `ctypes.CDLL` would bind every function at once
and refuse libraries that nvinfer takes."""


def try_library(
    path: Path,
    functions: Sequence[str],
    beside: Sequence[Path] = (),
    patience_s: float = PATIENCE_S,
) -> list[tuple[str, str]]:
    """What is wrong with a library, as (function, words); the function is empty for the whole.

    Args:
        path: Is there.
        functions: That it must have.
        beside: Where libraries it needs may be as well: DeepStream's own.
        patience_s: After that it is given up.
    """
    if words := _no_library(path):
        return [("", words)]
    tried = _tried(path, functions, beside, patience_s)
    if isinstance(tried, str):
        return [("", tried)]
    said, lacks = tried
    if said:
        return [("", f"does not load: {_reason(path, said)}")]
    return [(name, f"{name} is not in {path}") for name in lacks]


def why_deadly(path: Path, beside: Sequence[Path] = (), patience_s: float = PATIENCE_S) -> str:
    """Why a library must not be loaded into this process, since that would end or stop it.

    Args:
        path: Of the library.
        beside: See `try_library`.
        patience_s: See `try_library`.

    Returns:
        Words; none for a library that loads, or that the loader refuses.
    """
    tried = _tried(path, (), beside, patience_s)
    return tried if isinstance(tried, str) else ""


def _tried(
    path: Path, functions: Sequence[str], beside: Sequence[Path], patience_s: float
) -> tuple[str, list[str]] | str:
    """What the loader said and which functions are not there; words where no answer came."""
    environ = dict(os.environ)
    places = [environ.get("LD_LIBRARY_PATH", ""), *map(str, beside)]
    environ["LD_LIBRARY_PATH"] = ":".join(filter(None, places))
    command = [sys.executable, "-I", "-S", "-c", _CHILD, str(path), *functions]
    try:
        done = subprocess.run(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=patience_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"does not load within {patience_s:g} s"
    lines = [
        line.removeprefix(_MARK)
        for line in done.stdout.decode("utf-8", "replace").splitlines()
        if line.startswith(_MARK)
    ]
    if not lines:
        return f"{_end(done.returncode)} when it is loaded"
    said, lacks = json.loads(lines[-1])
    return said, lacks


def _end(code: int) -> str:
    if code >= 0:
        return "ends the process"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"crashes ({name})"


def _reason(path: Path, said: str) -> str:
    """The loader's words; which library is missing comes first in them."""
    missing, _, rest = said.partition(": cannot open shared object file")
    if rest and Path(missing) != path:
        return f"it needs {missing}, which is not found"
    return said.removeprefix(f"{path}: ")


def _no_library(path: Path) -> str | None:
    """What the file is, where it plainly is no library for this machine."""
    try:
        with path.open("rb") as file:
            first = file.read(_MACHINE.stop)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    if not first:
        return "is empty"
    if not first.startswith(_ELF):
        return "is no library (no ELF file)"
    machine = int.from_bytes(first[_MACHINE], "little")
    ours = _OURS.get(os.uname().machine)
    if ours is not None and machine != ours:
        theirs = _MACHINES.get(machine, f"machine {machine}")
        return f"is made for {theirs}; this machine is {_MACHINES[ours]}"
    return None
