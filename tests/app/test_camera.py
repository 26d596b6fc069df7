"""One camera of the station, by hand: what it does with what comes at an awkward moment."""

import threading
from pathlib import Path

from smartrec.app.attempts import Started
from smartrec.app.bus import Bus
from smartrec.app.camera import Camera, CameraPhase
from smartrec.app.clips import Clips, Recorder
from smartrec.app.finishing import Finishers, Order
from smartrec.app.keeper import Keeper
from smartrec.app.listening import Listener
from smartrec.app.progress import Progress
from smartrec.app.sources import Sources
from smartrec.clock import SystemClock
from smartrec.config.cameras import Camera as Settings
from smartrec.errors import CameraGone, SmartrecError, SourceError
from smartrec.graph.plan import Graph
from smartrec.media.capture import Capture
from smartrec.media.gst import Gst
from smartrec.model import Trigger, Verdict
from smartrec.recording.session import Timing
from smartrec.units import SECOND, Ns
from tests.streams import INSTANT, JPEG_FORMAT, stream

SINK = "appsink name=units sync=false wait-on-eos=false"
THREE = Graph((("videotestsrc num-buffers=3", "jpegenc", SINK),))


class Told(Listener):
    """Keeps what it is told of lost cameras: after how long each is tried again."""

    def __init__(self) -> None:
        self.retries: list[Ns | None] = []

    def camera_lost(self, camera: Camera, error: SmartrecError, retry: Ns | None) -> None:
        """See `Listener`."""
        self.retries.append(retry)


def camera(directory: Path, listener: Listener | None = None) -> Camera:
    finishers = Finishers(Order(directory, "mp4", "auto", 23), 1, print)
    recorder = Recorder(
        timing=Timing(SECOND, SECOND, Ns(60 * SECOND)),
        ring_bytes=10_000_000,
        clips=directory,
        journals=directory / ".open",
        station_id="station",
        config_digest="",
        follower=Progress(Bus(SystemClock()), finishers, Keeper(directory, print), directory),
        report=print,
        instant=lambda: INSTANT,
        detector=lambda: ("none", None),
    )
    clips = Clips("cam0", "Door", recorder, print)
    settings = Settings(source="demo")
    sources = Sources((settings,), directory)
    return Camera(settings, clips, sources, listener or Listener(), print)


def test_a_camera_that_starts_after_it_was_closed_is_let_go(tmp_path: Path) -> None:
    closed = camera(tmp_path)
    closed.close()
    capture = Capture(THREE, epoch=1)
    capture.start()
    bus = capture._pipeline.get_bus()
    assert bus is not None
    assert bus.timed_pop_filtered(20 * SECOND, Gst.MessageType.EOS)
    closed.started(Started("cam0", capture, None), Ns(0))
    closed.turn(Ns(0))
    assert closed.phase is CameraPhase.ENDED
    assert closed.pictures == 0
    for thread in threading.enumerate():
        if thread.name == "stop-cam0":
            thread.join()
    assert capture._pipeline.get_state(0)[1] is Gst.State.NULL


def test_news_of_a_camera_that_is_gone_records_what_is_held(tmp_path: Path) -> None:
    gone = camera(tmp_path)
    for unit in stream(30):
        gone.clips.push(unit, JPEG_FORMAT)
    gone.phase = CameraPhase.LOST
    answer = gone.record("late", Trigger("late", Ns(SECOND // 2), "person"))
    assert answer.verdict is Verdict.ACCEPTED
    assert not gone.clips.recording


def test_trigger_before_the_first_picture_waits_for_it(tmp_path: Path) -> None:
    starting = camera(tmp_path)
    starting.record("early", Trigger("early", SECOND, "key-R"))
    assert len(starting.clips.recording) == 1


def test_a_lost_camera_is_told_once_and_when_it_is_tried_again(tmp_path: Path) -> None:
    told = Told()
    lost = camera(tmp_path, told)
    for _ in range(2):
        lost.started(Started("cam0", None, CameraGone("unplugged")), Ns(5 * SECOND))
    (retry,) = told.retries
    assert retry is not None
    assert 0 < retry < 10 * SECOND
    lost.started(Started("cam0", None, SourceError("no video")), Ns(5 * SECOND))
    assert told.retries == [retry, None]
    assert lost.phase is CameraPhase.ENDED
