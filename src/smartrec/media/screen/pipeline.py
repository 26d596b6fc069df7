"""The small pipeline from decoded frames to a sink; `smartrec.graph.screen.show` lays it out."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from weakref import WeakKeyDictionary

from smartrec.errors import PipelineError
from smartrec.graph.screen import show
from smartrec.media.gst import Gst, GstVideo, error_of, launch
from smartrec.media.screen import paint
from smartrec.media.screen.layout import Rect, fitted
from smartrec.media.screen.mark import Mark
from smartrec.media.screen.paint import Bitmap
from smartrec.units import Ns

_SLATE: Final = "smartrec-slate"
"""A field of ours in the slate's caps; no element minds."""
_SLATE_SIDE: Final = 16
_SLATE_CAPS: Final = (
    f"video/x-raw,format=BGRx,width={_SLATE_SIDE},height={_SLATE_SIDE},framerate=0/1,"
    f"pixel-aspect-ratio=1/1,{_SLATE}=true"
)
_SINK_WANTS: Final = {
    "sync": False,
    "async": False,
    "qos": False,
    "enable-last-sample": False,
    # Keys are the window's; a sink that listens to events would take them from it.
    "handle-events": False,
    "handle-expose": False,
}
_EXPOSURES: Final = 4
_BUFFERS: Final[WeakKeyDictionary[Bitmap, Gst.Buffer]] = WeakKeyDictionary()
_QUARTER_TURNS: Final = ("90r", "90l", "ul-lr", "ur-ll")
"""Of videoflip's directions, those that exchange width and height."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a picture is shown.

    Attributes:
        sink: Launch fragment that ends in the sink.
        xid: Of the window that the sink draws into; None for a sink that needs none of ours.
    """

    sink: str
    xid: int | None


class Pipeline:
    """From its start to its end; frames may be pushed from any thread and are never waited for.

    Args:
        cell: Where to show.
        size: Of the cell, pixels.
        turn: How videoflip makes the picture upright; None where it is.
        marks: What lies upon the frame of a pts (None for the slate) and a size in pixels; called
            from the streaming thread.

    Raises:
        MissingElement, PipelineError: It cannot be built or started.
    """

    def __init__(
        self,
        cell: Cell,
        size: tuple[int, int],
        turn: str | None,
        marks: Callable[[Ns | None, tuple[int, int]], tuple[Mark, ...]],
    ) -> None:
        self._marks = marks
        self._size = self._canvas = size
        self.turn = turn
        self._pipeline = launch(str(show(cell.sink, turn)))
        self._source = _named(self._pipeline, "picture")
        self._filter = _named(self._pipeline, "size")
        self._lock = threading.Lock()
        self._caps: Gst.Caps | None = None
        self._unsettled = _EXPOSURES
        self._drawn: tuple[Mark, ...] = ()
        self._composition: Any = None
        self._overlay = _dress(self._pipeline, cell.xid)
        overlay = _named(self._pipeline, "marks")
        overlay.connect("draw", self._draw)
        overlay.connect("caps-changed", self._resized)
        pad = self._source.get_static_pad("src")
        assert pad is not None
        pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_event)
        if self._pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            error = self.error() or PipelineError("picture", "did not start and did not say why")
            self.stop()
            raise error

    def push(self, sample: Gst.Sample) -> None:
        """The next frame, or `slate`. Any thread; never waits."""
        self._source.emit("push-sample", sample)

    def expose(self) -> None:
        """Let the sink see how large its window is, and draw again."""
        if self._overlay is not None:
            self._overlay.expose()

    def settle(self) -> None:
        """After a change of cell or picture: expose some times. Main thread, now and then.

        The server may learn of a window's new size later than the sink asks for it; and a sink that
        is exposed between new caps and the first frame of them leaves the old frame's edges.
        """
        if self._unsettled:
            self._unsettled -= 1
            self.expose()

    def fit(self, size: tuple[int, int]) -> None:
        """The cell has another size. Main thread."""
        with self._lock:
            self._size = size
            self._scale()
        self._unsettled = _EXPOSURES
        self.expose()

    def error(self) -> PipelineError | None:
        """What went wrong, once."""
        bus = self._pipeline.get_bus()
        assert bus is not None
        message = bus.timed_pop_filtered(0, Gst.MessageType.ERROR)
        if message is None:
            return None
        error = error_of(message)
        return error if isinstance(error, PipelineError) else PipelineError("picture", str(error))

    def stop(self) -> None:
        """For good."""
        self._pipeline.set_state(Gst.State.NULL)

    def _scale(self) -> None:
        """Give the picture the size it has in the cell; with the lock."""
        if self._caps is None:
            return
        width, height = _area(self._caps, self._size, lying=self.turn in _QUARTER_TURNS)
        wanted = f"video/x-raw,width={width},height={height},pixel-aspect-ratio=1/1"
        self._filter.set_property("caps", Gst.Caps.from_string(wanted))

    def _on_event(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Another kind of picture follows: fit it before it comes. Streaming thread."""
        event = info.get_event()
        if event is not None and event.type == Gst.EventType.CAPS:
            with self._lock:
                self._caps = event.parse_caps()
                self._scale()
        return Gst.PadProbeReturn.OK

    def _resized(self, _overlay: Gst.Element, caps: Gst.Caps, _width: int, _height: int) -> None:
        first = caps.get_structure(0)
        self._canvas = first.get_int("width")[1], first.get_int("height")[1]
        self._unsettled = _EXPOSURES

    def _draw(self, _overlay: Gst.Element, sample: Gst.Sample) -> Any:
        """The marks of the frame that is to be shown. Streaming thread."""
        buffer = sample.get_buffer()
        assert buffer is not None
        pts = None if buffer.pts == Gst.CLOCK_TIME_NONE else Ns(buffer.pts)
        drawn = self._marks(pts, self._canvas)
        if drawn != self._drawn:
            self._drawn, self._composition = drawn, _composition(drawn)
        return self._composition


def _dress(pipeline: Gst.Pipeline, xid: int | None) -> Any:
    """The sink set up; its video overlay if it draws into a window of ours."""
    for sink in _sinks(pipeline):
        known = {each.name for each in sink.list_properties()}
        for name, value in _SINK_WANTS.items():
            if name in known:
                sink.set_property(name, value)
    if xid is None:
        return None
    overlay: Any = pipeline.get_by_interface(GstVideo.VideoOverlay)
    if overlay is None:
        raise PipelineError("sink", "cannot draw into a window")
    overlay.set_window_handle(xid)
    return overlay


def _composition(drawn: tuple[Mark, ...]) -> Any:
    """All marks as GStreamer lays them upon a frame; None without marks."""
    whole = None
    for mark in drawn:
        bitmap = mark.bitmap
        part = GstVideo.VideoOverlayRectangle.new_raw(
            _pixels(bitmap),
            mark.x,
            mark.y,
            bitmap.width,
            bitmap.height,
            GstVideo.VideoOverlayFormatFlags.NONE,
        )
        if whole is None:
            whole = GstVideo.VideoOverlayComposition.new(part)
        else:
            whole.add_rectangle(part)
    return whole


def _pixels(bitmap: Bitmap) -> Gst.Buffer:
    """A bitmap as GStreamer's buffer, for as long as it is kept."""
    known = _BUFFERS.get(bitmap)
    if known is not None:
        return known
    buffer = Gst.Buffer.new_wrapped(bitmap.pixels)
    GstVideo.buffer_add_video_meta(
        buffer,
        GstVideo.VideoFrameFlags.NONE,
        GstVideo.VideoFormat.BGRA,
        bitmap.width,
        bitmap.height,
    )
    _BUFFERS[bitmap] = buffer
    return buffer


@cache
def slate() -> Gst.Sample:
    """A dark frame, to be stretched over the cell; it has no pts."""
    red, green, blue = paint.SLATE
    buffer = Gst.Buffer.new_wrapped(bytes((blue, green, red, 255)) * _SLATE_SIDE**2)
    return Gst.Sample.new(buffer, Gst.Caps.from_string(_SLATE_CAPS), None, None)


def _area(caps: Gst.Caps, size: tuple[int, int], *, lying: bool) -> tuple[int, int]:
    """Size of a picture before it is turned, so that it then fills the cell in its own shape."""
    first = caps.get_structure(0)
    if first.has_field(_SLATE):
        return (size[1], size[0]) if lying else size
    wide, high = first.get_int("width")[1], first.get_int("height")[1]
    known, across, down = first.get_fraction("pixel-aspect-ratio")
    if known and across > 0 and down > 0:
        wide, high = wide * across, high * down
    seen = fitted((high, wide) if lying else (wide, high), Rect(0, 0, *size))
    return (seen.height, seen.width) if lying else (seen.width, seen.height)


def _named(pipeline: Gst.Pipeline, name: str) -> Gst.Element:
    element = pipeline.get_by_name(name)
    assert element is not None, name
    return element


def _sinks(pipeline: Gst.Pipeline) -> list[Gst.Element]:
    """Every sink element, also those inside bins."""
    found: list[Gst.Element] = []
    pipeline.iterate_sinks().foreach(found.append)
    for sink in tuple(found):
        if isinstance(sink, Gst.Bin):
            sink.iterate_sinks().foreach(found.append)
    return found
