"""GStreamer's C functions where Python's own bindings would hold a reference too many.

A buffer is its address here. Whoever makes one owns it until it is pushed.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_int, c_size_t, c_uint64, c_void_p
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
READ: Final = 1

_GST: Final = ctypes.CDLL("libgstreamer-1.0.so.0")
_GOBJECT: Final = ctypes.CDLL("libgobject-2.0.so.0")
_FIRST_PTS: Final = 80
"""Of GstBuffer (gstbuffer.h): GstMiniObject is 64 bytes, then pool, pts, dts, duration."""


class _MapInfo(ctypes.Structure):
    """GstMapInfo (gstmemory.h)."""

    _fields_ = (
        ("memory", c_void_p),
        ("flags", c_int),
        ("data", c_void_p),
        ("size", c_size_t),
        ("maxsize", c_size_t),
        ("user_data", c_void_p * 4),
        ("reserved", c_void_p * 4),
    )


def _declare(library: ctypes.CDLL, name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function


_new = _declare(_GST, "gst_buffer_new_allocate", c_void_p, c_void_p, c_size_t, c_void_p)
_unref = _declare(_GST, "gst_mini_object_unref", None, c_void_p)
_map = _declare(_GST, "gst_buffer_map", c_int, c_void_p, ctypes.POINTER(_MapInfo), c_int)
_unmap = _declare(_GST, "gst_buffer_unmap", None, c_void_p, ctypes.POINTER(_MapInfo))
_push = _declare(_GST, "gst_pad_push", c_int, c_void_p, c_void_p)
_force_floating = _declare(_GOBJECT, "g_object_force_floating", None, c_void_p)
_object_ref = _declare(_GOBJECT, "g_object_ref", c_void_p, c_void_p)


def new_buffer(size: int, pts: int, duration: int) -> int:
    """A buffer with one block of memory, times in nanoseconds."""
    buffer = int(_new(None, size, None))
    c_uint64.from_address(buffer + _FIRST_PTS - 8).value = pts
    c_uint64.from_address(buffer + _FIRST_PTS + 8).value = duration
    return buffer


def unref(buffer: int) -> None:
    """Give a buffer of ours up."""
    _unref(buffer)


def push(pad: object, buffer: int) -> int:
    """Give a buffer to the pad's peer; returns GstFlowReturn."""
    return int(_push(hash(pad), buffer))


def float_again(element: object) -> None:
    """What a factory makes must be floating, which Python's objects are not any more.

    The reference that its first owner sinks comes on top of Python's own.
    """
    _object_ref(hash(element))
    _force_floating(hash(element))


@contextmanager
def memory(buffer: int) -> Iterator[Pixels]:
    """All bytes of a buffer. They may be written even where it is shared, as on a GPU."""
    info = _MapInfo()
    assert _map(buffer, ctypes.byref(info), READ), "the buffer cannot be mapped"
    try:
        block = (ctypes.c_uint8 * info.size).from_address(info.data or 0)
        yield np.frombuffer(block, np.uint8)
    finally:
        _unmap(buffer, ctypes.byref(info))
