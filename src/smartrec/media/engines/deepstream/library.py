"""NVIDIA's two libraries of metadata, and the little of GLib that belongs to them, by ctypes.

Addresses are whole numbers; 0 is C's NULL. Functions that may wait (for the batch's lock) let other
Python threads run meanwhile: one of them may hold that lock. The others do not, for they are called
in a streaming thread, which would have to queue for the interpreter again. Those of display metas
are among these: call them with the lock held (it counts), and they do not wait.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from smartrec.errors import EngineMissing
from smartrec.media.engines.deepstream.custom_library import why_deadly

USUAL: Final = Path("/opt/nvidia/deepstream/deepstream/lib")
_META: Final = "libnvds_meta.so"
_GST: Final = "libnvdsgst_meta.so"
_HINT: Final = "Install DeepStream anew; smartrec doctor says what is missing"
_PATIENCE_S: Final = 10.0
"""Less than a watch may be silent: it loads them before it has said anything."""

_ADDRESS: Final = ctypes.c_uint64
_PRINTED: Final = ctypes.CFUNCTYPE(None, ctypes.c_char_p)


class Library:
    """The functions. Any thread; what each does to a batch is for one thread at a time.

    Args:
        directory: Where the libraries are; None for `USUAL` or, without that, where the system's
            loader looks.
        glib: GLib's library; the same that theirs is linked with.

    Raises:
        EngineMissing: They are not there, cannot be loaded, or lack a function.
    """

    def __init__(self, directory: Path | None = None, glib: str = "libglib-2.0.so.0") -> None:
        if directory is None and USUAL.is_dir():
            directory = USUAL
        meta, gst = _path(directory, _META), _path(directory, _GST)
        if directory is not None:
            for path in (meta, gst):
                _try(Path(path), directory)
        self.path = meta
        """For people: the file, or its bare name."""
        call = _functions(meta)
        self.acquire_lock = call("nvds_acquire_meta_lock", None, 1, waits=True)
        self.release_lock = call("nvds_release_meta_lock", None, 1)
        self.acquire_frame = call("nvds_acquire_frame_meta_from_pool", _ADDRESS, 1, waits=True)
        self.acquire_object = call("nvds_acquire_obj_meta_from_pool", _ADDRESS, 1, waits=True)
        self.acquire_display = call("nvds_acquire_display_meta_from_pool", _ADDRESS, 1)
        self.add_frame = call("nvds_add_frame_meta_to_batch", None, 2, waits=True)
        self.add_object = call("nvds_add_obj_meta_to_frame", None, 3, waits=True)
        self.add_display = call("nvds_add_display_meta_to_frame", None, 2)
        self.copy_object = call("nvds_copy_obj_meta", None, 2, waits=True)
        self.copy_display = call("nvds_copy_display_meta", None, 2, waits=True)
        self.destroy_batch = call("nvds_destroy_batch_meta", ctypes.c_int, 1, waits=True)
        self.print_all = call("nvds_get_current_metadata_info", ctypes.c_int, 1, waits=True)
        self.copy_func = call.address("nvds_batch_meta_copy_func")
        self.release_func = call.address("nvds_batch_meta_release_func")
        self._create = call("nvds_create_batch_meta", _ADDRESS, 0, ctypes.c_uint)
        call = _functions(gst)
        self.batch_of_buffer = call("gst_buffer_get_nvds_batch_meta", _ADDRESS, 1)
        self.add_to_buffer = call("gst_buffer_add_nvds_meta", _ADDRESS, 5)
        call = _functions(glib)
        self.free = call("g_free", None, 1)
        self._strdup = call("g_strdup", _ADDRESS, 0, ctypes.c_char_p)
        self._set_printer = call("g_set_print_handler", _ADDRESS, 1)

    def create_batch(self, frames: int) -> int:
        """A new batch for so many frames; `destroy_batch` or its buffer ends it."""
        return int(self._create(frames))

    def text(self, text: str) -> int:
        """A copy of a text in GLib's memory, for the library to free."""
        return int(self._strdup(text.replace("\0", " ").encode("utf-8", "replace")))

    @contextmanager
    def locked(self, batch: int) -> Iterator[None]:
        """Hold a batch's lock, as whoever changes it must."""
        self.acquire_lock(batch)
        try:
            yield
        finally:
            self.release_lock(batch)

    def printed(self, batch: int) -> str:
        """What the library prints of a batch, for people; g_print goes nowhere else meanwhile."""
        said: list[bytes] = []
        handler = _PRINTED(said.append)
        before = self._set_printer(ctypes.cast(handler, ctypes.c_void_p).value)
        try:
            self.print_all(batch)
        finally:
            self._set_printer(before)
        return b"".join(said).decode("utf-8", "replace")


class _functions:  # noqa: N801 - called like one
    """The functions of one library."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._waiting, self._quick = ctypes.CDLL(path), ctypes.PyDLL(path)
        except OSError as error:
            raise EngineMissing(
                f"a library of DeepStream cannot be loaded: {error}", hint=_HINT
            ) from error

    def __call__(
        self, name: str, result: Any, addresses: int, *more: Any, waits: bool = False
    ) -> Callable[..., Any]:
        """A function that takes so many addresses, then `more`."""
        function: ctypes._NamedFuncPointer = self._find(
            self._waiting if waits else self._quick, name
        )
        function.restype = result
        function.argtypes = (*(_ADDRESS,) * addresses, *more)
        return function

    def address(self, name: str) -> int:
        """Where a function is, for handing it on."""
        return ctypes.cast(self._find(self._quick, name), ctypes.c_void_p).value or 0

    def _find(self, library: ctypes.CDLL, name: str) -> Any:
        try:
            return getattr(library, name)
        except AttributeError as error:
            raise EngineMissing(
                f"{self._path} is not DeepStream's as we know it: it has no function {name}",
                hint=_HINT,
            ) from error


def _try(path: Path, directory: Path) -> None:
    """Load it in a child first: half a file, as a full disk leaves it, would end this process."""
    words = why_deadly(path, (directory,), _PATIENCE_S)
    if words:
        raise EngineMissing(f"a library of DeepStream cannot be loaded: {path} {words}", hint=_HINT)


def _path(directory: Path | None, name: str) -> str:
    return name if directory is None else str(directory / name)
