"""A camera's pipeline that a test feeds picture by picture, with a smart recorder at its end."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from smartrec.media.gst import GLib, Gst, GstApp, launch
from smartrec.media.nvdssr import NotRecorded, Recorded, SmartRecordSettings
from smartrec.media.nvdssr_recorder import Recorder
from smartrec.media.nvdssr_values import Done
from smartrec.model import Codec
from smartrec.units import SECOND, Ns
from tests.media.clips import FRAME, START, ffmpeg_frames, numbers, stream_units

LENGTH = 600  # pictures there are at most
GOP = 30
PATIENCE_S = 20
SETTINGS = SmartRecordSettings(Path(), "cam0", cache=Ns(6 * SECOND))


def at(number: int) -> Ns:
    """When a picture is taken."""
    return Ns(START + number * FRAME)


class Stage:
    """Pictures in, files out; pictures carry their numbers.

    Attributes:
        shift: Pictures are stamped so much later, and the segment says so.
        told: What the recorder told, in order.
        errors: What came on the bus and was not the recorder's: who said it, and what.
        came_in: Pictures that reached the recorder's bin.
        hands_errors_in: Whether errors on the bus are shown to the recorder.
    """

    def __init__(self, make: Callable[[Done], Recorder], gop: int = GOP) -> None:
        self.told: list[Recorded | NotRecorded] = []
        self.errors: list[tuple[str, str]] = []
        self.came_in = 0
        self.taken = 0
        self.hands_errors_in = True
        self.shift = Ns(0)
        self._next = 0
        self._gop = gop
        self._loop = GLib.MainContext.default()
        self.pipeline = launch("appsrc name=source format=time max-bytes=0 ! h264parse name=last")
        self.recorder = make(self.told.append)

    def play(self, end: Gst.Element) -> None:
        """Link the recorder's bin, or whatever holds it, and begin."""
        source, last = self.pipeline.get_by_name("source"), self.pipeline.get_by_name("last")
        assert isinstance(source, GstApp.AppSrc)
        assert last is not None
        self.source = source
        self.pipeline.add(end)
        assert last.link(end)
        out = last.get_static_pad("src")
        assert out is not None
        out.add_probe(Gst.PadProbeType.BUFFER, self._count)
        format_, self._units = stream_units(Codec.H264, LENGTH, self._gop, 0, "byte-stream")
        source.set_caps(Gst.Caps.from_string(format_.caps))
        self.pipeline.set_state(Gst.State.PLAYING)

    def close(self) -> None:
        self.recorder.close()
        self.pipeline.set_state(Gst.State.NULL)

    def feed(self, count: int, *, wait: bool = True) -> None:
        """The next `count` pictures; waits until they are in the record bin."""
        for _ in range(count):
            unit = self._units[self._next]
            buffer = Gst.Buffer.new_wrapped(unit.data)
            moment = at(self._next) + self.shift
            buffer.pts, buffer.dts, buffer.duration = moment, moment, FRAME
            if not unit.keyframe:
                buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
            self._push(buffer)
            self._next += 1
        newest = at(self._next - 1)
        if not wait:
            return
        self.until(lambda: self._came(newest))

    def _push(self, buffer: Gst.Buffer) -> None:
        if not self.shift:
            self.source.push_buffer(buffer)
            return
        segment = Gst.Segment()
        segment.init(Gst.Format.TIME)
        segment.start = self.shift
        self.source.set_property("handle-segment-change", True)
        self.source.push_sample(Gst.Sample.new(buffer, self.source.get_caps(), segment, None))

    def feed_to(self, number: int, *, wait: bool = True) -> None:
        """All pictures up to but not including `number`."""
        self.feed(number - self._next, wait=wait)

    def until(self, so: Callable[[], bool]) -> None:
        """Run the main loop until something is so."""
        ends = time.monotonic() + PATIENCE_S
        tick = GLib.timeout_add(5, lambda: True)
        try:
            while not so():
                assert time.monotonic() < ends, "it never came to be"
                self._loop.iteration(True)
                self._read_bus()
        finally:
            GLib.source_remove(tick)

    def hears(self, count: int) -> list[Recorded | NotRecorded]:
        """Wait until the recorder has told so much."""
        self.until(lambda: len(self.told) >= count)
        return self.told

    def records(self, clip: str) -> None:
        """Wait until a clip's file is begun."""
        self.until(lambda: (part := self.recorder._part) is not None and part.want.clip == clip)

    def written(self) -> None:
        """Wait until everything that came in went into the file."""
        engine = self.recorder._engine
        assert engine is not None
        self.until(lambda: engine.gate.drained)

    def written_or_between(self) -> None:
        """As `written`, or no file is being written."""
        engine = self.recorder._engine
        assert engine is not None
        gate = engine.gate
        self.until(lambda: gate.drained or self._between() or gate.passed.frames == 0)

    def _between(self) -> bool:
        part = self.recorder._part
        return part is None or part.stopping

    def _count(self, _pad: Gst.Pad, _info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        self.came_in += 1
        return Gst.PadProbeReturn.OK

    def _came(self, newest: Ns) -> bool:
        engine = self.recorder._engine
        return engine is None or (engine.gate.newest or 0) >= newest

    def _read_bus(self) -> None:
        bus = self.pipeline.get_bus()
        assert bus is not None
        while (message := bus.pop_filtered(Gst.MessageType.ERROR)) is not None:
            if self.hands_errors_in and self.recorder.error(message):
                self.taken += 1
            else:
                source = message.src.get_name() or ""
                self.errors.append((source, message.parse_error()[0].message))


def settings(directory: Path, **changes: object) -> SmartRecordSettings:
    return replace(SETTINGS, directory=directory, **changes)  # type: ignore[arg-type]


def in_file(path: Path) -> list[int]:
    """The numbers of the pictures in a file, as another program reads them."""
    return numbers(ffmpeg_frames(path))


def recorded(one: Recorded | NotRecorded) -> Recorded:
    assert isinstance(one, Recorded), one
    return one
