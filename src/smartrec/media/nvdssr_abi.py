"""NVIDIA's smart record library (NvDsSR) as C sees it: found, loaded, and called through ctypes.

The layouts follow DeepStream's public header ``gst-nvdssr.h``. Of a context only the first field is
touched, the record bin; everything else of it is found by what the bin is made of.
"""

import ctypes
import itertools
import os
import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, ClassVar, Final

from smartrec.errors import EngineMissing, PipelineError
from smartrec.media.engines.deepstream.custom_library import why_deadly
from smartrec.media.engines.deepstream.installed import ROOT_VARIABLE
from smartrec.media.gst import Gst

FILE_NAME: Final = "libnvdsgst_smartrecord.so"
NVIDIA: Final = Path("/opt/nvidia/deepstream")
CONTAINERS: Final = {"mp4": 0, "mkv": 1}
_HINT: Final = (
    'Install DeepStream, or record with recording.recorder = "ring"; `smartrec doctor` tells more.'
)
_PATIENCE_S: Final = 10.0
"""Less than a watch may be silent: it loads the library before it has said anything."""


class Status(IntEnum):
    """NvDsSRStatus: what a call returns."""

    OK = 0
    INVALID_VAL = 1
    INVALID_OP = 2
    ERROR = 3


class RecordingInfo(ctypes.Structure):
    """NvDsSRRecordingInfo: what is told of a finished file; its strings are the library's."""

    _fields_: ClassVar = [
        ("ctx", ctypes.c_void_p),
        ("session_id", ctypes.c_uint32),
        ("filename", ctypes.c_char_p),
        ("dirpath", ctypes.c_char_p),
        ("duration", ctypes.c_uint64),  # milliseconds
        ("container_type", ctypes.c_int),
        ("width", ctypes.c_uint),
        ("height", ctypes.c_uint),
        ("contains_video", ctypes.c_int),
        ("channels", ctypes.c_uint),
        ("sampling_rate", ctypes.c_uint),
        ("contains_audio", ctypes.c_int),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class _InitParams(ctypes.Structure):
    """NvDsSRInitParams."""

    _fields_: ClassVar = [
        ("callback", _Callback),
        ("container_type", ctypes.c_int),
        ("width", ctypes.c_uint),
        ("height", ctypes.c_uint),
        ("file_name_prefix", ctypes.c_char_p),
        ("dirpath", ctypes.c_char_p),
        ("default_duration", ctypes.c_uint),
        ("cache_size", ctypes.c_uint),
    ]


class _Context(ctypes.Structure):
    """The beginning of NvDsSRContext."""

    _fields_: ClassVar = [("recordbin", ctypes.c_void_p)]


@dataclass(frozen=True, slots=True)
class Told:
    """What the library said of a file; our own copy, for its strings are freed on return.

    Attributes:
        name: Of the file, without directory.
        milliseconds: Duration of it, 0 where it was not found out.
    """

    name: str
    milliseconds: int

    @classmethod
    def of(cls, info: int) -> "Told":
        """Copy what is at an address of NvDsSRRecordingInfo."""
        said = RecordingInfo.from_address(info)
        return cls(Path(_text(said.filename)).name, int(said.duration))


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Context:
    """One NvDsSRContext.

    Attributes:
        address: Of it.
        bin: Its record bin, within the bin it was made for.
        told: Where the library's own thread leaves what it says.
    """

    address: int
    bin: Gst.Bin
    token: int
    told: "queue.SimpleQueue[Told]"


class SmartRecordLibrary:
    """The library, loaded. All calls give the GIL away, and may come from any thread.

    It is never unloaded, and neither is its callback: a context's thread may call late, after the
    context is gone, and a freed closure would end the process.

    Attributes:
        path: Of the file that was loaded.

    Raises:
        EngineMissing: It cannot be loaded or is not this library.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._c: Any = ctypes.CDLL(path)
            self._declare()
        except (OSError, AttributeError) as error:
            raise EngineMissing(
                f"NVIDIA's smart record library cannot be used: {error}", hint=_HINT
            ) from error
        self._gst: Any = ctypes.CDLL("libgstreamer-1.0.so.0")
        self._gst.gst_bin_add.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        self._callback = _Callback(self._tell)
        self._tokens = itertools.count(1)
        self._listeners: dict[int, Callable[[Told], None]] = {}

    def _declare(self) -> None:
        context, number = ctypes.c_void_p, ctypes.c_uint
        for name, arguments in (
            ("NvDsSRCreate", [ctypes.POINTER(context), ctypes.POINTER(_InitParams)]),
            (
                "NvDsSRStart",
                [context, ctypes.POINTER(ctypes.c_uint32), number, number, ctypes.c_void_p],
            ),
            ("NvDsSRStop", [context, ctypes.c_uint32]),
            ("NvDsSRDestroy", [context]),
        ):
            function = getattr(self._c, name)
            function.argtypes, function.restype = arguments, ctypes.c_int

    def _tell(self, info: int | None, user_data: int | None) -> None:
        """The library's callback, on a thread of its own: copy, hand over, and be gone."""
        listener = self._listeners.get(user_data or 0)
        if info and listener is not None:
            listener(self._copy(info))

    _copy = staticmethod(Told.of)

    def create(
        self,
        into: Gst.Bin,
        where: tuple[Path, str, str],
        cache: int,
        after: int,
        wake: Callable[[], None],
    ) -> Context:
        """Make a context, its record bin in `into`.

        Args:
            into: A bin without other children of type bin.
            where: Directory, prefix, and ``"mkv"`` or ``"mp4"``.
            cache: Seconds that are kept, at least 1 (0 would mean 30).
            after: Seconds after the trigger where a start says none that counts.
            wake: Called on the library's thread when `Context.told` has something.

        Raises:
            PipelineError: The library refuses.
        """
        directory, prefix, container = where
        params = _InitParams(
            self._callback,
            CONTAINERS[container],
            0,
            0,
            str(prefix).encode(),
            str(directory).encode("utf-8", "surrogateescape"),
            after,
            max(1, cache),
        )
        context = ctypes.c_void_p()
        status = self._c.NvDsSRCreate(ctypes.byref(context), ctypes.byref(params))
        if status != Status.OK or not context.value:
            raise PipelineError("nvdssr", f"NvDsSRCreate failed ({status})")
        record = _Context.from_address(context.value).recordbin
        self._gst.gst_bin_add(address_of(into), record)
        token, told = next(self._tokens), queue.SimpleQueue[Told]()

        def hear(one: Told) -> None:
            told.put(one)
            wake()

        self._listeners[token] = hear
        return Context(context.value, _inner_bin(into), token, told)

    def start(self, context: Context, back: int, after: int) -> Status:
        """NvDsSRStart: `back` seconds before the newest picture, `after` seconds from now on.

        The user data names the context, never a clip: the library reads it when the file is done,
        and by then it may be that of the next start.
        """
        session = ctypes.c_uint32()
        return Status(
            self._c.NvDsSRStart(context.address, ctypes.byref(session), back, after, context.token)
        )

    def stop(self, context: Context) -> Status:
        """NvDsSRStop; of one recording a context there is only session 0."""
        return Status(self._c.NvDsSRStop(context.address, 0))

    def destroy(self, context: Context) -> None:
        """NvDsSRDestroy; its bin must be NULL and in no other bin, and nothing recorded.

        It joins the library's threads, whose callback needs the GIL, which is given away here.
        """
        self._c.NvDsSRDestroy(context.address)
        self._listeners.pop(context.token, None)


def find_library(configured: Path | None, nvidia: Path = NVIDIA) -> SmartRecordLibrary:
    """The smart record library of this machine.

    Args:
        configured: The library, or a directory that holds it; looked for nowhere else then.
        nvidia: Where DeepStream lies.

    Raises:
        EngineMissing: There is none, or it cannot be used.
    """
    if configured is not None:
        path = configured / FILE_NAME if configured.is_dir() else configured
        if not path.is_file():
            raise EngineMissing(f"{path}: there is no such file", hint=_HINT)
        return _loaded(path)
    found = next(_installed(nvidia), None)
    return SmartRecordLibrary(FILE_NAME) if found is None else _loaded(found)


def _loaded(path: Path) -> SmartRecordLibrary:
    """Load it, in a child first: half a file, as a full disk leaves it, would end this process."""
    words = why_deadly(path, (path.parent,), _PATIENCE_S)
    if words:
        raise EngineMissing(
            f"NVIDIA's smart record library cannot be used: {path} {words}", hint=_HINT
        )
    return SmartRecordLibrary(str(path))


def _installed(nvidia: Path) -> Iterator[Path]:
    """Of each DeepStream: the one that is named, that of the link "deepstream", then the newest."""
    named = os.environ.get(ROOT_VARIABLE)
    own = (Path(named).expanduser().absolute(),) if named else ()
    newest = sorted(nvidia.glob("deepstream-*"), reverse=True)
    for root in (*own, nvidia / "deepstream", *newest):
        path = root / "lib" / FILE_NAME
        if path.is_file():
            yield path


def address_of(thing: Gst.Object) -> int:
    """Where the C object of a Python one lies: a capsule without a name says it."""
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(pointer(getattr(thing, "__gpointer__"), None))  # noqa: B009 - unknown to the stubs


def address_in(pointer: object) -> int:
    """What a GPointer, which is how a signal's pointer comes, points to: its hash, by design."""
    return hash(pointer)


def capsule_of(address: int) -> object:
    """A pointer as PyGObject takes it for a signal."""
    new = ctypes.pythonapi.PyCapsule_New
    new.restype = ctypes.py_object
    new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return new(address, None, None)


def _inner_bin(whole: Gst.Bin) -> Gst.Bin:
    """The one child of `whole` that is a bin."""
    return next(child for child in children(whole) if isinstance(child, Gst.Bin))


def children(whole: Gst.Bin) -> list[Gst.Element]:
    """What a bin is made of, one level deep."""
    return list(whole.children)
