"""What a recorder must bear without losing a picture."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.recorder import PROGRAM, Home, Recorder

HERE = Path(__file__).parent
DISK_RATE = 5_000_000


@contextmanager
def recorder(hardship: str, home: Home, *arguments: str) -> Iterator[Recorder]:
    """A recorder that has it hard.

    Args:
        hardship: ``calm``: none; ``busy``: every core has something else to do; ``held``: the
            interpreter is held for 1.5 s again and again; ``disk``: 5 MB/s.
        home: Where.
        arguments: Of the program.
    """
    program = (sys.executable, "-m", "tests.e2e.held") if hardship == "held" else PROGRAM
    environ = slow_disk(home) if hardship == "disk" else {}
    with (
        burning(len(os.sched_getaffinity(0)) if hardship == "busy" else 0),
        Recorder(home, arguments, program, environ) as running,
    ):
        yield running


@contextmanager
def burning(cores: int) -> Iterator[None]:
    """That many processes that do nothing as fast as they can."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def slow_disk(home: Home, rate: int = DISK_RATE) -> dict[str, str]:
    """Environment in which everything written beside clips takes its time."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("cc is not installed: the stand-in for a slow disk is compiled")
    home.clips.parent.mkdir(parents=True, exist_ok=True)
    library, state = home.clips.parent / "slow_disk.so", home.clips.parent / "slow_disk.state"
    state.write_bytes(bytes(4096))
    source = str(HERE / "slow_disk.c")
    subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), source, "-ldl"], check=True
    )
    return {
        "LD_PRELOAD": str(library),
        "SLOW_DISK_BELOW": str(home.clips),
        "SLOW_DISK_STATE": str(state),
        "SLOW_DISK_RATE": str(rate),
    }
