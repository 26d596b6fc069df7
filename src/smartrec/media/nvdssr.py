"""Smart record: a camera's clips written by NVIDIA's NvDsSR, with its faults kept away.

`SmartRecorder` brings a record bin of its own, for any encoded stream; `UriRecorder` commands the
one within an nvurisrcbin. How either records is `nvdssr_recorder`.
"""

import ctypes
import queue
import threading
from collections import deque
from typing import Any, Final

from smartrec.errors import PipelineError
from smartrec.media.gst import Gst, has_property
from smartrec.media.nvdssr_abi import (
    Context,
    SmartRecordLibrary,
    Told,
    address_in,
    capsule_of,
    find_library,
)
from smartrec.media.nvdssr_gate import parts_of
from smartrec.media.nvdssr_recorder import Recorder
from smartrec.media.nvdssr_values import (
    AFTER,
    LONGEST,
    NOWHERE,
    Done,
    NotRecorded,
    Recorded,
    SmartRecordSettings,
)

__all__ = [
    "LONGEST",
    "NotRecorded",
    "Recorded",
    "SmartRecordLibrary",
    "SmartRecordSettings",
    "SmartRecorder",
    "UriRecorder",
    "find_library",
]

_OLD_BINS: Final = 4
_RESET_TRY: Final = 0.005
_RESET_TRIES: Final = 200  # a second: it takes some 16 ms


class SmartRecorder(Recorder):
    """Records through a record bin of NvDsSR's.

    It wants a running GLib main loop (default context): files end, and `done` is called, there.

    Args:
        library: Loaded.
        settings: How.
        done: See `Recorder`.

    Attributes:
        bin: To be added to the pipeline and linked, pad ``sink``, behind a parser. It stays; what
            is in it is made anew when it is stuck.

    Raises:
        PipelineError: The library makes no record bin.
    """

    def __init__(
        self, library: SmartRecordLibrary, settings: SmartRecordSettings, done: Done
    ) -> None:
        super().__init__(settings, done)
        self._library = library
        self._old: deque[Gst.Bin] = deque(maxlen=_OLD_BINS)
        self.bin = Gst.Bin.new(None)
        self._entry = _element("identity")
        self.bin.add(self._entry)
        target = self._entry.get_static_pad("sink")
        assert target is not None
        sink = Gst.GhostPad.new("sink", target)
        assert sink is not None
        self._isolate(sink)
        self.bin.add_pad(sink)
        self._engine = self._new_engine()

    def _isolate(self, sink: Gst.GhostPad) -> None:
        """Keep the record bin's failures from the camera's pipeline.

        Fault: a file that cannot be opened or written, and a picture in the moment of the end, come
        back upstream as FLUSHING, ERROR or EOS, and whatever sends pictures stops for good, mostly
        without a word. (GStreamer's errorignore does not know FLUSHING.)
        """
        inner = sink.get_internal()
        assert inner is not None

        def chain(_pad: Gst.Pad, _parent: Gst.Object | None, buffer: Gst.Buffer) -> Gst.FlowReturn:
            inner.push(buffer)
            return Gst.FlowReturn.OK

        sink.set_chain_function_full(chain)

    def _make(self) -> "_LibraryEngine | None":
        try:
            return self._new_engine()
        except PipelineError:
            return None  # the next `start` and `turn` try again; waiting clips are reported

    def _new_engine(self) -> "_LibraryEngine":
        engine = _LibraryEngine(self._library, self)
        self._old.append(engine.bin)
        return engine

    def _is_ours(self, message: Gst.Message) -> bool:
        source = message.src
        return any(source is one or source.has_as_ancestor(one) for one in (self.bin, *self._old))


class _LibraryEngine:
    """One context; see `Engine`."""

    def __init__(self, library: SmartRecordLibrary, of: SmartRecorder) -> None:
        settings = of.settings
        self._library = library
        self._whole = of.bin
        self._context: Context = library.create(
            of.bin,
            (settings.directory, settings.prefix, settings.container),
            settings.cache_seconds,
            AFTER,
            of._wake,
        )
        self.bin = self._context.bin
        self.parts = parts_of(self.bin)
        self.gate = of._new_gate(self.parts)
        self._gone = threading.Event()
        source = of._entry.get_static_pad("src")
        assert source is not None
        if source.link(self.parts.record) != Gst.PadLinkReturn.OK:
            raise PipelineError("nvdssr", "the record bin cannot be linked")
        self.bin.sync_state_with_parent()

    def start(self, back: int, after: int) -> None:
        self._library.start(self._context, back, after)

    def stop(self) -> None:
        self._library.stop(self._context)

    def told(self, timeout: float = 0.0) -> Told | None:
        return _next(self._context.told, timeout)

    def close(self) -> None:
        """On a thread, for a disk that hangs hangs it as well.

        Stopped first: NvDsSRDestroy waits for ever for the end of a file that cannot end. NULL once
        more behind it, for a thread of the library's may have set it to play meanwhile.
        """
        self.gate.close()
        self._library.stop(self._context)
        record, peer = self.parts.record, self.parts.record.get_peer()
        if peer is not None:
            peer.unlink(record)
        self.bin.set_locked_state(True)
        self._whole.remove(self.bin)
        threading.Thread(target=self._destroy, name="nvdssr-close", daemon=True).start()

    def _destroy(self) -> None:
        self._await_reset()
        self.bin.set_state(Gst.State.NULL)
        self._library.destroy(self._context)
        self.bin.set_state(Gst.State.NULL)
        self._gone.set()

    def _await_reset(self) -> None:
        """Wait until the library is done with its last file, or has shown that it never will be.

        Fault: 10 ms after a file's end a thread of the library's makes the writer READY, which by
        then may be NULL: the finished file is opened once more, and empty.
        """
        for _ in range(_RESET_TRIES):
            if self.parts.location == NOWHERE or self._gone.wait(_RESET_TRY):
                return

    def closed(self, timeout: float) -> bool:
        return self._gone.wait(timeout)


class UriRecorder(Recorder):
    """Records through the record bin within an nvurisrcbin (RTSP sources only).

    Args:
        source: The nvurisrcbin, not playing yet. Its smart-record properties are set here.
        settings: How.
        done: See `Recorder`.

    Attributes:
        stuck: Its record bin takes nothing any more; only a new nvurisrcbin helps.
    """

    def __init__(self, source: Gst.Bin, settings: SmartRecordSettings, done: Done) -> None:
        super().__init__(settings, done)
        self.source = source
        self.stuck = False
        self._set_up()

    def _set_up(self) -> None:
        settings = self.settings
        for name, value in {
            "smart-record": 2,  # 0 none, 1 by cloud messages only, 2 by those and by us
            "smart-rec-dir-path": str(settings.directory),
            "smart-rec-file-prefix": settings.prefix,
            "smart-rec-container": 1 if settings.container == "mkv" else 0,
            "smart-rec-default-duration": AFTER,
        }.items():
            self.source.set_property(name, value)
        new = has_property(self.source, "smart-rec-cache")
        cache = "smart-rec-cache" if new else "smart-rec-video-cache"  # before 6.0
        self.source.set_property(cache, settings.cache_seconds)

    def _make(self) -> "_UriEngine | None":
        """Its record bin; there is none before it is READY, and one that is stuck stays so."""
        if self.stuck:
            return None
        try:
            return _UriEngine(self)
        except PipelineError:
            return None

    def _give_up(self, why: str) -> None:
        self.stuck = self._engine is not None and not self._closed
        super()._give_up(why)

    def _is_ours(self, message: Gst.Message) -> bool:
        """Errors of its record bin only: a lost camera is not ours."""
        engine, source = self._engine, message.src
        if not isinstance(engine, _UriEngine) or source is None:
            return False
        return bool(source is engine.bin or source.has_as_ancestor(engine.bin))


class _UriEngine:
    """The record bin within an nvurisrcbin; see `Engine`."""

    def __init__(self, of: UriRecorder) -> None:
        self._source: Any = of.source
        self.parts = parts_of(of.source)
        bin_ = self.parts.record.get_parent()
        assert isinstance(bin_, Gst.Bin)
        self.bin = bin_
        self._said = queue.SimpleQueue[Told]()
        self._wake = of._wake
        self._session = ctypes.c_uint32()  # written to by the element
        self.gate = of._new_gate(self.parts)
        self._handler = self._source.connect("sr-done", self._hear)

    def _hear(self, _source: Gst.Element, info: object, _user_data: object) -> None:
        """On a thread of the library's."""
        self._said.put(Told.of(address_in(info)))
        self._wake()

    def start(self, back: int, after: int) -> None:
        session = capsule_of(ctypes.addressof(self._session))
        self._source.emit("start-sr", session, back, after, None)

    def stop(self) -> None:
        self._source.emit("stop-sr", self._session.value)

    def told(self, timeout: float = 0.0) -> Told | None:
        return _next(self._said, timeout)

    def close(self) -> None:
        self.gate.close()
        self._source.disconnect(self._handler)
        self.stop()

    def closed(self, timeout: float) -> bool:
        return True


def _next(said: "queue.SimpleQueue[Told]", timeout: float) -> Told | None:
    try:
        return said.get(timeout > 0, timeout or None)
    except queue.Empty:
        return None


def _element(factory: str) -> Gst.Element:
    element = Gst.ElementFactory.make(factory, None)
    if element is None:
        raise PipelineError("nvdssr", f"there is no element {factory}")
    return element
