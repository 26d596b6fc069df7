"""Feeds through the real pipeline: on time by GStreamer's clock, whatever Python is busy with."""

import ctypes
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise

import pytest

from smartrec.clock import SystemClock
from smartrec.errors import SourceError
from smartrec.graph.capture import fed_capture
from smartrec.media.feed import MAX_WAITING_BYTES, Feeder, Picture
from smartrec.media.gst import Gst, GstApp, launch, running
from smartrec.model import Codec, StreamFormat
from smartrec.units import SECOND, Ns

FRAME = SECOND // 30
FORMAT = StreamFormat(Codec.JPEG, 64, 48, 30.0, "image/jpeg, width=64, height=48, framerate=30/1")
BUSY_US = 1_500_000


@dataclass
class Slides:
    """A feed that makes its pictures up; `frames` None is endless."""

    frames: int | None
    size: int = 100
    frame: int = FRAME
    fails_at: int | None = None
    format: StreamFormat = FORMAT
    made: int = 0
    crowded: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)

    def pictures(self) -> Iterator[Picture]:
        data = bytes(self.size)
        for n in count() if self.frames is None else range(self.frames):
            if n == self.fails_at:
                raise SourceError("the rest is missing")
            self.made = n + 1
            if self.made * self.size > MAX_WAITING_BYTES:
                self.crowded.set()
            due = Ns(n * self.frame)
            yield Picture(data, due, due, Ns(self.frame), keyframe=n % 10 == 0)

    def close(self) -> None:
        self.closed.set()


class Capture:
    """The pipeline of a capture and its feeder."""

    def __init__(self, feed: Slides) -> None:
        self.pipeline = launch(str(fed_capture()))
        source, sink = (self.pipeline.get_by_name(name) for name in ("source", "units"))
        assert isinstance(source, GstApp.AppSrc)
        assert isinstance(sink, GstApp.AppSink)
        self.sink = sink
        self.feeder = Feeder(feed, source, SystemClock())

    def pull(self, patience: int = 10 * SECOND) -> Gst.Buffer | None:
        sample = self.sink.try_pull_sample(patience)
        return None if sample is None else sample.get_buffer()

    def pull_all(self) -> list[Gst.Buffer]:
        buffers = []
        while (buffer := self.pull()) is not None:
            buffers.append(buffer)
        assert self.sink.is_eos()
        return buffers


def test_pictures_pass_at_their_moment_numbered_and_none_early() -> None:
    capture = Capture(Slides(frames=30))
    with running(capture.pipeline):
        before = SystemClock().monotonic()
        capture.feeder.start()
        buffers = []
        while (buffer := capture.pull()) is not None:
            assert buffer.pts <= SystemClock().monotonic()
            buffers.append(buffer)
        capture.feeder.stop()
    assert buffers[0].pts > before
    assert [buffer.offset for buffer in buffers] == list(range(30))
    assert {other.pts - one.pts for one, other in pairwise(buffers)} == {FRAME}
    assert {buffer.duration for buffer in buffers} == {FRAME}
    deltas = [buffer.has_flags(Gst.BufferFlags.DELTA_UNIT) for buffer in buffers]
    assert deltas == [n % 10 != 0 for n in range(30)]


def test_the_pace_holds_while_python_is_busy() -> None:
    """A PyDLL call keeps the GIL, as a large regular expression or a numpy copy would."""
    capture = Capture(Slides(frames=75))
    with running(capture.pipeline):
        capture.feeder.start()
        first = capture.pull()
        ctypes.PyDLL(None).usleep(BUSY_US)
        passed = []
        while (buffer := capture.pull(0)) is not None:
            passed.append(buffer)
        rest = capture.pull_all()
        capture.feeder.stop()
    assert first is not None
    # 45 were due meanwhile; without Python's help far fewer would have come.
    assert len(passed) > 20
    buffers = [first, *passed, *rest]
    assert [buffer.offset for buffer in buffers] == list(range(75))
    assert {other.pts - one.pts for one, other in pairwise(buffers)} == {FRAME}


def test_a_feed_that_fails_ends_the_stream_and_keeps_the_reason() -> None:
    feed = Slides(frames=30, fails_at=5)
    capture = Capture(feed)
    with running(capture.pipeline):
        capture.feeder.start()
        assert len(capture.pull_all()) == 5
        capture.feeder.stop()
    assert isinstance(capture.feeder.error, SourceError)
    assert feed.closed.is_set()


def test_a_good_end_has_no_error() -> None:
    capture = Capture(Slides(frames=2))
    with running(capture.pipeline):
        capture.feeder.start()
        assert len(capture.pull_all()) == 2
    capture.feeder.stop()
    assert capture.feeder.error is None


@pytest.mark.parametrize("started", [True, False])
def test_stopping_is_for_good_and_may_be_repeated(started: bool) -> None:
    feed = Slides(frames=None)
    capture = Capture(feed)
    with running(capture.pipeline):
        if started:
            capture.feeder.start()
            assert capture.pull() is not None
        capture.feeder.stop()
        capture.feeder.stop()
    assert not capture.feeder.is_alive()
    assert feed.closed.is_set() == started


def test_a_stopped_pipeline_ends_the_feeder() -> None:
    feed = Slides(frames=None)
    capture = Capture(feed)
    with running(capture.pipeline):
        capture.feeder.start()
        assert capture.pull() is not None
    assert feed.closed.wait(20)
    capture.feeder.stop()
    assert capture.feeder.error is None


def test_a_pipeline_that_stands_still_is_not_filled_up() -> None:
    feed = Slides(frames=None, size=1_000_000, frame=1)
    capture = Capture(feed)
    capture.pipeline.set_state(Gst.State.PAUSED)
    try:
        capture.feeder.start()
        assert feed.crowded.wait(20)
        capture.feeder.stop()
    finally:
        capture.pipeline.set_state(Gst.State.NULL)
    assert feed.made <= MAX_WAITING_BYTES // feed.size + 4
