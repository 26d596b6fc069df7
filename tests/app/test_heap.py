"""What the C library keeps for a process with many threads."""

import platform
import subprocess
import sys

import pytest

_PROGRAM = """
import sys, threading
from smartrec.app.heap import share_arenas
if sys.argv[1] == "shared":
    share_arenas()
gate = threading.Barrier(13)
def work():
    held = [bytes(5_000) for _ in range(20)]
    gate.wait()
    gate.wait()
for _ in range(12):
    threading.Thread(target=work).start()
gate.wait()
print(sum(" ---p " in line and int(line.split("-")[1].split()[0], 16) % 2**26 == 0
          for line in open("/proc/self/maps")))
gate.wait()
"""


def arenas(how: str) -> int:
    """Beside the first: each reserves 64 MiB, most of it untouched up to its end."""
    told = subprocess.run(
        [sys.executable, "-c", _PROGRAM, how], capture_output=True, text=True, check=True
    )
    return int(told.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_two_arenas() -> None:
    assert arenas("shared") == 1
    assert arenas("as they are") > 1
