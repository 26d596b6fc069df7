"""The libraries to test on: our stand-in always, NVIDIA's own where there is one."""

import os
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from smartrec.media.nvdssr import SmartRecordLibrary, find_library
from smartrec.media.nvdssr_abi import FILE_NAME, NVIDIA

STAND_IN: Final = "stand-in"
REAL: Final = "real"
_SOURCE: Final = Path(__file__).parent / "smartrecord_stand_in.c"
_COMPILER: Final = ("cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror")
_LIBRARIES: Final = ("gstreamer-1.0", "gobject-2.0", "glib-2.0")


def real() -> Path | None:
    """NVIDIA's library: named by the environment, or of an installed DeepStream."""
    named = os.environ.get("SMARTREC_TEST_SMARTRECORD")
    installed = NVIDIA / "deepstream" / "lib" / FILE_NAME
    return Path(named) if named else installed if installed.is_file() else None


def names() -> list[str]:
    return [STAND_IN] if real() is None else [STAND_IN, REAL]


@cache
def compiled() -> Path:
    """The stand-in, compiled without any development package but libc's."""
    path = Path(mkdtemp(prefix="smartrec-")) / FILE_NAME
    linked = [f"-l:lib{name}.so.0" for name in _LIBRARIES]
    subprocess.run(
        [*_COMPILER, "-o", path, _SOURCE, *linked, "-lpthread"],
        check=True,
        timeout=60,
    )
    return path


def path_of(name: str) -> Path:
    path = compiled() if name == STAND_IN else real()
    assert path is not None
    return path


@cache
def library(name: str) -> SmartRecordLibrary:
    return find_library(path_of(name))
