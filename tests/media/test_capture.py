"""What comes off a capture's appsink: numbered, checked, copied, on the one timeline.

Real pipelines; where a driver's numbers are wanted, an appsrc stands in for the driver.
"""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from smartrec.errors import PipelineError
from smartrec.graph.capture import usb_capture
from smartrec.graph.plan import Graph
from smartrec.media.capture import Capture
from smartrec.media.gst import Gst, GstApp
from smartrec.model import AccessUnit, Codec
from smartrec.units import SECOND
from tests.recording.test_jpeg import GOOD

HOLD = ("queue", "appsink name=units sync=false wait-on-eos=false")
DRIVER = Graph((("appsrc name=driver format=time is-live=true", *HOLD),))
CAPS = "image/jpeg,width=320,height=240,framerate=30/1"


@contextmanager
def running(graph: Graph, *, numbered: bool = True) -> Iterator[Capture]:
    capture = Capture(graph, epoch=7, numbered=numbered)
    capture.start()
    try:
        yield capture
    finally:
        capture.stop()


def until(capture: Capture, done: Callable[[list[AccessUnit]], bool]) -> list[AccessUnit]:
    units: list[AccessUnit] = []
    deadline = time.monotonic() + 20
    while not done(units):
        assert time.monotonic() < deadline, f"only {len(units)} units came"
        units += capture.drain()
    return units


def until_eos(capture: Capture) -> None:
    """All that was pushed waits in the sink."""
    driver = capture._pipeline.get_by_name("driver")
    assert isinstance(driver, GstApp.AppSrc)
    driver.end_of_stream()
    bus = capture._pipeline.get_bus()
    assert bus is not None
    assert bus.timed_pop_filtered(20 * SECOND, Gst.MessageType.EOS)


def push(
    capture: Capture,
    offset: int | None,
    data: bytes = GOOD,
    caps: str = CAPS,
    pts: int | None = None,
) -> None:
    driver = capture._pipeline.get_by_name("driver")
    assert isinstance(driver, GstApp.AppSrc)
    buffer = Gst.Buffer.new_wrapped(data)
    buffer.pts = time.monotonic_ns() if pts is None else pts
    if offset is not None:
        buffer.offset = offset
    sample = Gst.Sample.new(buffer, Gst.Caps.from_string(caps), None, None)
    assert driver.push_sample(sample) == Gst.FlowReturn.OK


def test_skipped_numbers_are_counted_as_lost_by_the_driver() -> None:
    with running(DRIVER) as capture:
        for offset in (100, 101, 104, 105):
            push(capture, offset)
        units = until(capture, lambda units: len(units) == 4)
    assert [unit.seq for unit in units] == [0, 1, 4, 5]
    assert [unit.lost_before for unit in units] == [0, 0, 2, 0]
    assert capture.lost == 2
    assert all(unit.epoch == 7 for unit in units)


def test_one_that_a_driver_finished_late_is_in_its_place_at_a_time_between_its_neighbours() -> None:
    with running(DRIVER) as capture:
        for offset, pts in ((17, 10), (18, 20), (20, 40), (20, 45), (21, 50)):
            push(capture, offset, pts=pts * SECOND)  # v4l2src's number of 19 is 20
        until_eos(capture)
        units = capture.drain()
    assert [unit.pts // SECOND for unit in units] == [10, 20, 30, 40, 50]
    assert [unit.seq for unit in units] == [0, 1, 2, 3, 4]
    assert capture.lost == 0


@pytest.mark.parametrize(("frames", "lost"), [(1, 0), (2, 1)])
def test_the_number_that_v4l2src_skips_at_its_start_is_no_loss(frames: int, lost: int) -> None:
    with running(DRIVER) as capture:
        push(capture, 0, pts=0)
        push(capture, 2, pts=frames * SECOND // 30)
        push(capture, 3, pts=(frames + 1) * SECOND // 30)
        until(capture, lambda units: len(units) == 3)
    assert capture.lost == lost


def test_what_a_source_without_numbers_says_it_dropped_is_lost() -> None:
    with running(DRIVER, numbered=False) as capture:
        push(capture, None)
        until(capture, lambda units: len(units) == 1)
        source = capture._pipeline.get_by_name("driver")
        assert source is not None
        message = Gst.Message.new_qos(source, True, 0, 0, 0, 5 * SECOND // 30)
        source.post_message(message)
        assert capture.problem() is None
        push(capture, None)
        (unit,) = until(capture, lambda units: len(units) == 1)
    assert unit.lost_before == 5
    assert unit.seq == 6


def test_numbers_that_start_over_are_no_loss() -> None:
    with running(DRIVER) as capture:
        for offset in (5000, 5001, 0, 1):
            push(capture, offset)
        units = until(capture, lambda units: len(units) == 4)
    assert [unit.seq for unit in units] == [0, 1, 2, 3]
    assert capture.lost == 0


def test_a_source_without_numbers_is_counted_as_it_delivers() -> None:
    with running(DRIVER) as capture:
        for _ in range(3):
            push(capture, None)
        units = until(capture, lambda units: len(units) == 3)
    assert [unit.seq for unit in units] == [0, 1, 2]


def test_thousand_damaged_pictures_change_nothing_but_the_counter() -> None:
    with running(DRIVER) as capture:
        push(capture, 0)
        for offset in range(1, 1001):
            push(capture, offset, GOOD[: -offset % 900 + 10])
        push(capture, 1001)
        units = until(capture, lambda units: len(units) == 1002)
    assert capture.damaged == 1000
    assert [unit.damaged for unit in units] == [False, *[True] * 1000, False]
    assert units[-1].seq == 1001
    assert units[-1].data == GOOD
    assert not any(unit.data for unit in units[1:-1])


def test_a_new_format_begins_a_new_epoch() -> None:
    with running(DRIVER) as capture:
        push(capture, 0)
        push(capture, 1, caps=CAPS.replace("320", "640"))
        units = until(capture, lambda units: len(units) == 2)
    assert [unit.epoch for unit in units] == [7, 8]
    assert capture.format is not None
    assert capture.format.width == 640
    assert units[1].seq == 0


def test_while_pictures_of_the_old_format_are_given_the_format_is_the_old_one() -> None:
    with running(DRIVER) as capture:
        push(capture, 0)
        push(capture, 1, caps=CAPS.replace("320", "640"))
        until_eos(capture)
        assert not capture.ended()
        widths = []
        while units := capture.drain():
            assert capture.format is not None
            widths += [(unit.epoch, capture.format.width) for unit in units]
        assert capture.ended()
    assert widths == [(7, 320), (8, 640)]


def test_pts_are_the_machines_monotonic_clock() -> None:
    graph = Graph((("videotestsrc is-live=true num-buffers=20", CAPS_RAW, "jpegenc", *HOLD),))
    before = time.monotonic_ns()
    with running(graph) as capture:
        units = until(capture, lambda units: len(units) == 20)
    after = time.monotonic_ns()
    assert before - SECOND < units[0].pts < after
    steps = {b.pts - a.pts for a, b in pairwise(units)}
    assert all(abs(step - SECOND // 30) <= 1 for step in steps)
    assert capture.format is not None
    assert capture.format.codec is Codec.JPEG
    assert units[0].duration == pytest.approx(SECOND / 30, abs=2)


CAPS_RAW = "video/x-raw,width=64,height=48,framerate=30/1"


def test_inter_coded_units_say_which_of_them_are_keyframes() -> None:
    graph = Graph(
        (
            (
                f"videotestsrc num-buffers=30 ! {CAPS_RAW}",
                "x264enc key-int-max=10 tune=zerolatency",
                "h264parse ! video/x-h264,stream-format=avc,alignment=au",
                *HOLD,
            ),
        )
    )
    with running(graph, numbered=False) as capture:
        units = until(capture, lambda units: len(units) == 30)
    assert [unit.seq for unit in units if unit.keyframe] == [0, 10, 20]
    assert capture.format is not None
    assert capture.format.codec_private[:1] == b"\x01"  # an avcC


def test_the_end_of_the_source_is_seen_after_its_last_unit() -> None:
    graph = Graph(((f"videotestsrc num-buffers=5 ! {CAPS_RAW} ! jpegenc", *HOLD),))
    with running(graph) as capture:
        units: list[AccessUnit] = []
        deadline = time.monotonic() + 20
        while not capture.ended():
            assert time.monotonic() < deadline
            units += capture.drain()
        assert len(units) == 5


def test_a_source_that_fails_is_told_as_our_error() -> None:
    graph = Graph(((f"videotestsrc ! {CAPS_RAW} ! jpegenc ! identity error-after=3", *HOLD),))
    with running(graph) as capture:
        deadline = time.monotonic() + 20
        problem = None
        while problem is None:
            assert time.monotonic() < deadline
            capture.drain()
            problem = capture.problem()
    assert isinstance(problem, PipelineError)


@pytest.mark.parametrize("after", range(1, 6))
def test_an_error_is_said_before_the_end_that_it_brings(after: int) -> None:
    failing = f"videotestsrc ! {CAPS_RAW} ! jpegenc ! identity error-after={after}"
    with running(Graph(((failing, *HOLD),))) as capture:
        deadline = time.monotonic() + 20
        over, problem = False, None
        while not over and problem is None:
            assert time.monotonic() < deadline
            capture.drain()
            over, problem = capture.ended(), capture.problem()
        assert isinstance(problem, PipelineError)


def test_a_camera_has_no_good_end() -> None:
    graph = Graph(((f"videotestsrc num-buffers=5 ! {CAPS_RAW} ! jpegenc", *HOLD),))
    with running(graph) as capture:
        capture.device = Path("/dev/video9")
        units: list[AccessUnit] = []
        deadline = time.monotonic() + 20
        while (problem := capture.problem()) is None:
            assert time.monotonic() < deadline
            assert not capture.ended()
            units += capture.drain()
        assert len(units) == 5
        assert "has ended the stream" in str(problem)


def test_a_format_that_nobody_can_record_is_refused() -> None:
    graph = Graph(((f"videotestsrc num-buffers=1 ! {CAPS_RAW}", *HOLD),))
    with running(graph) as capture, pytest.raises(PipelineError, match="nothing that can be"):
        until(capture, lambda units: len(units) == 1)


@pytest.mark.parametrize(("pattern", "luma"), [("white", 255), ("black", 0)])
@pytest.mark.parametrize("raw", ["YUY2", "NV12"])
def test_raw_cameras_black_and_white_are_those_of_a_jpeg(raw: str, pattern: str, luma: int) -> None:
    caps = f"video/x-raw,format={raw},width=64,height=48,framerate=30/1"
    _, *rest = usb_capture("/dev/video0", caps).branches[0]
    source = f"videotestsrc pattern={pattern} num-buffers=1"
    with running(Graph(((source, *rest),)), numbered=False) as capture:
        (unit,) = until(capture, lambda units: len(units) == 1)
    picture = Image.open(io.BytesIO(unit.data)).convert("L")
    assert all(abs(value - luma) <= 1 for value in picture.tobytes())
