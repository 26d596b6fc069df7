"""What libraries print by GLib, without the passwords in it."""

import ctypes
import os
from typing import Any, Final

from smartrec.masking import masked

_HANDLER: Final = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
_handler: Any = None  # GLib keeps its address only


def mask_prints() -> None:
    """For the rest of this process: ``g_print`` goes to standard error, masked."""
    global _handler
    _handler = _HANDLER(_print)
    ctypes.CDLL("libglib-2.0.so.0").g_set_print_handler(_handler)


def _print(text: bytes) -> None:
    os.write(2, masked(text.decode("utf-8", "replace")).encode())
