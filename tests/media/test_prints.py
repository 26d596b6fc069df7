"""A password that a library prints is not seen."""

import subprocess
import sys

_CHILD = """
import ctypes
from smartrec.media.prints import mask_prints
mask_prints()
ctypes.CDLL("libglib-2.0.so.0").g_print(b"removed %s\\n", b"rtsp://me:secret@host/door")
"""


def test_what_is_printed_by_glib_has_no_password() -> None:
    done = subprocess.run([sys.executable, "-c", _CHILD], capture_output=True, check=True)
    assert done.stdout == b""
    assert done.stderr == b"removed rtsp://me:***@host/door\n"
