"""NVIDIA's Smart Record (NvDsSR) from Python, by ctypes: the few calls of gst-nvdssr.h.

It brings a GStreamer bin that keeps the last seconds of an encoded stream and, when started, writes
them and what follows into a file. For learning; the product's own is smartrec/media/nvdssr.py.
"""

import ctypes
from collections.abc import Callable
from typing import ClassVar

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

LIBRARY = "/opt/nvidia/deepstream/deepstream/lib/libnvdsgst_smartrecord.so"
MKV = 1  # of NvDsSRContainerType; 0 is MP4, of which a crash leaves nothing that can be read


class RecordingInfo(ctypes.Structure):
    """NvDsSRRecordingInfo: what the library tells of a finished file."""

    _fields_: ClassVar = [
        ("ctx", ctypes.c_void_p),
        ("session", ctypes.c_uint32),
        ("filename", ctypes.c_char_p),
        ("dirpath", ctypes.c_char_p),
        ("duration", ctypes.c_uint64),  # milliseconds; there is more behind it, not needed here
    ]


CALLBACK = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(RecordingInfo), ctypes.c_void_p)


class InitParams(ctypes.Structure):
    """NvDsSRInitParams: how to record."""

    _fields_: ClassVar = [
        ("callback", CALLBACK),
        ("container", ctypes.c_int),
        ("width", ctypes.c_uint),  # the library never looks at these two
        ("height", ctypes.c_uint),
        ("prefix", ctypes.c_char_p),
        ("directory", ctypes.c_char_p),
        ("default_duration", ctypes.c_uint),
        ("cache_size", ctypes.c_uint),  # seconds kept from before a trigger
    ]


class SmartRecorder:
    """A record bin: add `bin` to the pipeline, link it behind h264parse, then `start` and `stop`.

    The directory must be there and writable: the library does not say. It keeps `cache` seconds.
    `done` is called in the main loop with path and seconds of each finished file.
    """

    def __init__(self, directory: str, cache: int, done: Callable[[str, float], None]) -> None:
        self._library = ctypes.CDLL(LIBRARY)
        self._done = done
        # ctypes frees a callback that nobody holds, and the library would then call into nothing.
        self._callback = CALLBACK(self._tell)
        params = InitParams(self._callback, MKV, 0, 0, b"clip", directory.encode(), cache, cache)
        self._context = ctypes.c_void_p()
        if self._library.NvDsSRCreate(ctypes.byref(self._context), ctypes.byref(params)):
            raise RuntimeError("NvDsSRCreate failed")
        # The context begins with the record bin, a GstElement*. It goes into a bin of ours by C's
        # gst_bin_add, since PyGObject cannot wrap a bare address; there it is an object of Python.
        record = ctypes.cast(self._context, ctypes.POINTER(ctypes.c_void_p))[0]
        self.bin = Gst.Bin.new("recorder")
        add = ctypes.CDLL("libgstreamer-1.0.so.0").gst_bin_add
        add.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        add(hash(self.bin), record)  # the hash of a GObject is its address
        self._record = self.bin.children[0]
        sink = self._record.sinkpads[0]
        self.bin.add_pad(Gst.GhostPad.new("sink", sink))
        sink.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, self._keep_away)

    @staticmethod
    def _keep_away(_pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Drop the events that would empty the cache, and with it the seconds before a trigger."""
        event = info.get_event()
        # h264parse sends a TAG when the bitrate changes: when something begins to move. The other
        # is what GstForceKeyUnit is.
        if event and event.type in (Gst.EventType.TAG, Gst.EventType.CUSTOM_DOWNSTREAM):
            return Gst.PadProbeReturn.DROP
        return Gst.PadProbeReturn.OK

    def start(self, back: int, front: int) -> bool:
        """Record `back` seconds before now and `front` after; False if one is still recorded.

        The file begins at the first keyframe behind that, so up to one GOP later.
        """
        session = ctypes.c_uint32()
        # The duration counts from now, not from the file's beginning; 0, and 300 or more, would
        # silently become the default.
        times = max(1, back), min(max(1, front), 299)
        return not self._library.NvDsSRStart(self._context, ctypes.byref(session), *times, None)

    def stop(self) -> None:
        """End the file now; `done` follows."""
        self._library.NvDsSRStop(self._context, ctypes.c_uint32(0))

    def destroy(self) -> None:
        """For good: once the pipeline is in state NULL, and nothing is being recorded."""
        self.bin.remove(self._record)
        self._library.NvDsSRDestroy(self._context)

    def _tell(self, info: "ctypes._Pointer[RecordingInfo]", _data: int | None) -> None:
        """On a thread of the library's: copy, for it frees its strings, and leave at once."""
        said = info.contents
        path = f"{(said.dirpath or b'').decode()}/{(said.filename or b'').decode()}"
        GLib.idle_add(self._done, path, said.duration / 1000)
