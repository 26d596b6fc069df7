"""Pushes access units into a running graph, no faster than it takes them."""

import time
from pathlib import Path
from types import TracebackType
from typing import Final

from smartrec.errors import PipelineError
from smartrec.media.gst import Gst, GstApp, error_of, launch, raise_first_error
from smartrec.model import AccessUnit, StreamFormat
from smartrec.units import MILLISECOND, SECOND, Ns

#: A graph that took nothing for so long hangs: the niced child of a busy machine never does.
STALL: Final = Ns(60 * SECOND)
_WAIT: Final = Ns(5 * MILLISECOND)


class Inlet:
    """A running graph with an appsrc ``source``; NULL again when the ``with`` ends.

    One thread.

    Attributes:
        pipeline: The graph, made real.
        zero: The pts or dts that is time 0 in the graph: the first unit's; None before it.
        first: Time in the graph of the first picture that reached its ``mux``; None before it.

    Args:
        text: The graph.
        caps: Of the access units, where the graph does not say.
        location: Where the graph's ``file`` goes, if it has one.

    Raises:
        MissingElement: An element of it is not installed.
        SmartrecError: It does not start; see `smartrec.media.gst.error_of`.
    """

    def __init__(
        self, text: str, *, caps: Gst.Caps | None = None, location: Path | None = None
    ) -> None:
        self.pipeline = launch(text)
        source = self.pipeline.get_by_name("source")
        assert isinstance(source, GstApp.AppSrc)
        self._source = source
        self._room = int(source.get_property("max-buffers"))
        if caps is not None:
            source.set_caps(caps)
        if location is not None:
            file = self.pipeline.get_by_name("file")
            assert file is not None
            file.set_property("location", str(location))
        self.first: int | None = None
        mux = self.pipeline.get_by_name("mux")
        if mux is not None:
            mux.sinkpads[0].add_probe(Gst.PadProbeType.BUFFER, self._note_first)
        bus = self.pipeline.get_bus()
        assert bus is not None
        self._bus = bus
        self.zero: int | None = None

    def __enter__(self) -> "Inlet":
        """Start the graph."""
        if self.pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            try:
                raise_first_error(self._bus)
            finally:
                self.pipeline.set_state(Gst.State.NULL)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it, whatever it was doing."""
        self.pipeline.set_state(Gst.State.NULL)

    def push(self, unit: AccessUnit) -> None:
        """Hand over one access unit; blocks while the graph has enough to do.

        Raises:
            SmartrecError: The graph failed; see `smartrec.media.gst.error_of`.
        """
        # The bus is asked while waiting instead of letting appsrc block: behind a failed element
        # it would block for ever.
        self._await_room()
        if self.zero is None:
            self.zero = min(unit.pts, unit.dts)
        buffer = Gst.Buffer.new_wrapped(unit.data)
        buffer.pts = max(0, unit.pts - self.zero)
        buffer.dts = max(0, unit.dts - self.zero)
        buffer.duration = unit.duration
        if not unit.keyframe:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        if (flow := self._source.push_buffer(buffer)) != Gst.FlowReturn.OK:
            self._raise_error(SECOND)
            raise PipelineError("source", f"takes no more: {flow.value_nick}")

    def end(self) -> None:
        """Say that no more comes, and wait until the graph is through.

        Raises:
            SmartrecError: The graph failed.
        """
        self._source.end_of_stream()
        deadline = time.monotonic_ns() + STALL
        wanted = Gst.MessageType.EOS | Gst.MessageType.ERROR
        while (message := self._bus.timed_pop_filtered(20 * _WAIT, wanted)) is None:
            if time.monotonic_ns() > deadline:
                raise PipelineError("source", f"nothing moved for {STALL // SECOND} s at the end")
        if message.type == Gst.MessageType.ERROR:
            raise error_of(message)

    def _note_first(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Once, on the streaming thread: mp4mux forgets at what time the first picture came."""
        buffer, event = info.get_buffer(), pad.get_sticky_event(Gst.EventType.SEGMENT, 0)
        assert buffer is not None
        assert event is not None
        self.first = event.parse_segment().to_running_time(Gst.Format.TIME, buffer.pts)
        return Gst.PadProbeReturn.REMOVE

    def _await_room(self) -> None:
        deadline = time.monotonic_ns() + STALL
        while self._source.get_current_level_buffers() >= self._room:
            self._raise_error(_WAIT)
            if time.monotonic_ns() > deadline:
                raise PipelineError("source", f"nothing moved for {STALL // SECOND} s")

    def _raise_error(self, wait: int = 0) -> None:
        message = self._bus.timed_pop_filtered(wait, Gst.MessageType.ERROR)
        if message is not None:
            raise error_of(message)


def stream_caps(format_: StreamFormat) -> Gst.Caps:
    """Caps of a camera's H.264 or H.265, with the decoder's set-up in them.

    Raises:
        PipelineError: What the camera said of itself is no caps.
    """
    text = format_.caps
    if format_.codec_private and "codec_data=" not in text:
        text += f",codec_data=(buffer){format_.codec_private.hex()}"
    caps = Gst.Caps.from_string(text)
    if caps is None or caps.is_empty() or caps.is_any():
        raise PipelineError("source", f"the journal's format {format_.caps!r} is no caps")
    return caps
