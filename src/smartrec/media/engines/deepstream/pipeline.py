"""The running pipeline: one trunk for all cameras, and a branch for each that comes and goes."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from smartrec.errors import MissingElement, PipelineError
from smartrec.masking import masked
from smartrec.media.gst import GLib, Gst, GstVideo, has_property, launch
from smartrec.media.inlet import stream_caps
from smartrec.model import AccessUnit, Codec, StreamFormat

MUX: Final = "mux"
DISPLAY: Final = "display"
_MOST_WAITING: Final = 60
"""Units that wait for a camera's decoder; of JPEGs the appsrc keeps fewer."""
_SINK_WANTS: Final = {
    "sync": False,
    "async": False,
    "qos": False,
    "enable-last-sample": False,
    # Keys are the window's; a sink that listens to events would take them from it.
    "handle-events": False,
    # The cell has the picture's shape already.
    "force-aspect-ratio": False,
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an element says went wrong.

    Attributes:
        branch: Index of the camera whose branch it is in; None for the trunk.
        element: Its name.
        domain: Of the error, such as ``"gst-resource-error-quark"``.
        code: Within the domain.
        message: For people.
        debug: GStreamer's own debugging text.
    """

    branch: int | None
    element: str
    domain: str
    code: int
    message: str
    debug: str


class Pipeline:
    """From its making to `stop`. Branches on one thread; `push` and `troubles` on any.

    Args:
        trunk: Launch text with the elements ``mux`` and ``display``.
        xid: Of the window that ``display`` draws into; None where there is none.

    Raises:
        MissingElement, PipelineError: It cannot be built.
    """

    def __init__(self, trunk: str, xid: int | None = None) -> None:
        self._pipeline = launch(trunk)
        self._branches: dict[int, _Branch] = {}
        self._trunk: list[Gst.Element] = []
        self._pipeline.iterate_elements().foreach(self._trunk.append)
        display = self.element(DISPLAY)
        _dress(display)
        self._overlay: Any = None
        if xid is not None:
            self._overlay = self._pipeline.get_by_interface(GstVideo.VideoOverlay)
            if self._overlay is None:
                raise PipelineError(DISPLAY, "cannot draw into a window")
            self._overlay.set_window_handle(xid)

    def element(self, name: str) -> Gst.Element:
        """One of the trunk's."""
        found = self._pipeline.get_by_name(name)
        assert found is not None, name
        return found

    def has(self, name: str) -> bool:
        """Whether the trunk has an element of that name."""
        return self._pipeline.get_by_name(name) is not None

    def set(self, name: str, prop: str, value: str) -> None:
        """Set a property of one of the trunk's elements, written as gst-launch has it."""
        Gst.util_set_object_arg(self.element(name), prop, value)

    def probe(self, name: str, side: str, handle: Callable[[Gst.Buffer], None]) -> None:
        """Call `handle` with each buffer that passes; it must not raise.

        Args:
            name: Of an element.
            side: Of its pads, ``"src"`` or ``"sink"``.
            handle: Called on the streaming thread.
        """
        pad = self.element(name).get_static_pad(side)
        assert pad is not None, (name, side)

        def passed(_pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
            buffer = info.get_buffer()
            if buffer is not None:
                handle(buffer)
            return Gst.PadProbeReturn.OK

        pad.add_probe(Gst.PadProbeType.BUFFER, passed)

    def expose(self) -> None:
        """Let the sink see how large its window is, and draw again."""
        if self._overlay is not None:
            self._overlay.expose()

    def start(self) -> bool:
        """Play; waits as long as the slowest element, which may build an engine for minutes.

        Returns:
            Whether it plays; if not, `troubles` says why.
        """
        changed = self._pipeline.set_state(Gst.State.PLAYING)
        return changed != Gst.StateChangeReturn.FAILURE

    def branch(
        self, index: int, text: str, stream: StreamFormat, recorder: Gst.Bin | None = None
    ) -> None:
        """Join a camera, instead of the branch that it had.

        Args:
            index: Of the camera; number of the mux's pad.
            text: As `smartrec.graph.deepstream.branch` gives it.
            stream: What will be pushed.
            recorder: Gets what the branch encodes; None where it does not.

        Raises:
            MissingElement, PipelineError: It cannot be built.
        """
        self.cut(index)
        made = _Branch(self._pipeline, self.element(MUX), index, text, stream)
        self._branches[index] = made
        if recorder is not None:
            made.record(recorder)
        made.flow()

    def fetch(self, index: int, text: str, begins: Callable[[Gst.Bin], None]) -> None:
        """Join a camera whose pictures come from the network by themselves.

        Args:
            index: Of the camera; number of the mux's pad.
            text: As `smartrec.graph.deepstream.rtsp_branch` gives it.
            begins: Called with ``source_{index}`` before it plays.

        Raises:
            MissingElement, PipelineError: It cannot be built.
        """
        self.cut(index)
        made = _Branch(self._pipeline, self.element(MUX), index, text, None)
        self._branches[index] = made
        begins(made.source)
        made.flow()

    def cut(self, index: int) -> None:
        """Let a camera's branch go; the others flow on. Nothing happens where it has none."""
        branch = self._branches.pop(index, None)
        if branch is not None:
            branch.go()

    def push(self, index: int, unit: AccessUnit) -> bool:
        """The next picture of a camera; whether its branch takes it. Never waits.

        Of coded pictures none may be left out: after one that is not taken, the branch is of no use
        until the next keyframe.
        """
        branch = self._branches.get(index)
        return branch is not None and branch.push(unit)

    def troubles(self, heeds: Callable[[Gst.Message], bool] | None = None) -> list[Trouble]:
        """What went wrong since the last call.

        Args:
            heeds: Whether somebody else looks after an error.
        """
        bus = self._pipeline.get_bus()
        assert bus is not None
        kinds = Gst.MessageType.ERROR | Gst.MessageType.WARNING
        found = []
        while (message := bus.timed_pop_filtered(0, kinds)) is not None:
            if message.type == Gst.MessageType.WARNING:
                warning, debug = message.parse_warning()
                said = masked(f"{warning.message} ({debug})")
                log.info("%s: %s", message.src.get_name(), said)
                continue
            heeded = heeds is not None and heeds(message)
            if not heeded and not self._is_cut(message.src):
                found.append(self._trouble(message))
        return found

    def stop(self) -> None:
        """For good. A driver may hold it for ever: the process ends without it, too."""
        self._pipeline.set_state(Gst.State.NULL)

    def _is_cut(self, source: Gst.Object) -> bool:
        """Whether it is of a branch that was cut: what it said at its end stops nobody."""
        if source == self._pipeline or any(each.holds(source) for each in self._all()):
            return False
        return not any(source == each or source.has_as_ancestor(each) for each in self._trunk)

    def _all(self) -> "tuple[_Branch, ...]":
        return tuple(self._branches.values())  # another thread joins and cuts

    def _trouble(self, message: Gst.Message) -> Trouble:
        error, debug = message.parse_error()
        branches = tuple(self._branches.items())  # another thread joins and cuts
        owners = [index for index, branch in branches if branch.holds(message.src)]
        name = message.src.get_name() or ""
        owner = owners[0] if owners else None
        texts = masked(error.message), masked(debug or "")
        return Trouble(owner, name, error.domain, error.code, *texts)


class _Branch:
    """One camera's way into the mux."""

    def __init__(
        self,
        pipeline: Gst.Pipeline,
        mux: Gst.Element,
        index: int,
        text: str,
        stream: StreamFormat | None,
    ) -> None:
        self._pipeline, self._mux = pipeline, mux
        try:
            self._bin = Gst.parse_bin_from_description(text, False)
        except GLib.Error as error:
            if error.matches(Gst.ParseError.quark(), Gst.ParseError.NO_SUCH_ELEMENT):
                raise MissingElement(
                    f"GStreamer: {error.message}", hint="Run: smartrec doctor"
                ) from error
            raise PipelineError("branch", error.message, debug=text) from error
        source = self._bin.get_by_name(f"source_{index}")
        assert source is not None, text
        self.source: Any = source
        if stream is not None and stream.codec is not Codec.JPEG:
            source.set_property("caps", stream_caps(stream))
        for name, end in (("src", f"fresh_{index}"), ("record", f"encoded_{index}")):
            last = self._bin.get_by_name(end)
            loose = None if last is None else last.get_static_pad("src")
            if loose is not None:
                self._bin.add_pad(Gst.GhostPad.new(name, loose))
        pipeline.add(self._bin)
        pad = mux.request_pad_simple(f"sink_{index}")
        src = self._bin.get_static_pad("src")
        if pad is None or src is None or src.link(pad) != Gst.PadLinkReturn.OK:
            pipeline.remove(self._bin)
            raise PipelineError(MUX, f"takes no camera {index}")
        self._pad = pad
        self._recorder: Gst.Bin | None = None

    def record(self, recorder: Gst.Bin) -> None:
        source = self._bin.get_static_pad("record")
        self._recorder = recorder
        self._pipeline.add(recorder)
        sink = recorder.get_static_pad("sink")
        if source is None or sink is None or source.link(sink) != Gst.PadLinkReturn.OK:
            raise PipelineError("nvdssr", "the record bin cannot be linked")

    def flow(self) -> None:
        """Sinks first."""
        if self._recorder is not None:
            self._recorder.sync_state_with_parent()
        self._bin.sync_state_with_parent()

    def push(self, unit: AccessUnit) -> bool:
        if self.source.get_property("current-level-buffers") >= _MOST_WAITING:
            return False
        buffer = Gst.Buffer.new_wrapped(unit.data)
        buffer.pts, buffer.dts, buffer.duration = unit.pts, unit.dts, unit.duration
        if not unit.keyframe:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        return bool(self.source.emit("push-buffer", buffer) == Gst.FlowReturn.OK)

    def holds(self, element: Gst.Object) -> bool:
        return element.has_as_ancestor(self._bin)

    def go(self) -> None:
        # As NVIDIA's own sample takes a source away: the mux must not wait for a pad that is gone.
        self._bin.set_state(Gst.State.NULL)
        self._pad.send_event(Gst.Event.new_flush_stop(False))
        self._mux.release_request_pad(self._pad)
        self._pipeline.remove(self._bin)
        if self._recorder is not None:
            self._recorder.set_state(Gst.State.NULL)
            self._pipeline.remove(self._recorder)


def _dress(display: Gst.Element) -> None:
    """Set what the sink and, if it is a bin, those within have of `_SINK_WANTS`."""
    elements = [display]
    if isinstance(display, Gst.Bin):
        display.iterate_sinks().foreach(elements.append)
    for element in elements:
        for name, value in _SINK_WANTS.items():
            if has_property(element, name):
                element.set_property(name, value)
