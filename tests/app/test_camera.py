"""One camera of the station, by hand: what it does with what comes at an awkward moment."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from smartrec.app.attempts import HANGS_AFTER, MOST_HANGING, Started
from smartrec.app.bus import Bus
from smartrec.app.camera import SILENT_AFTER, SILENT_TOLD_AFTER, Camera, CameraPhase
from smartrec.app.clips import Clips, Recorder
from smartrec.app.events import RecordingState
from smartrec.app.finishing import Finishers, Order
from smartrec.app.hotplug import Plugged
from smartrec.app.keeper import Keeper
from smartrec.app.listening import Listener
from smartrec.app.power import AFTER
from smartrec.app.progress import Progress
from smartrec.app.sources import Sources
from smartrec.clock import SystemClock
from smartrec.config.cameras import Camera as Settings
from smartrec.errors import CameraGone, CameraSilent, PipelineError, SmartrecError, SourceError
from smartrec.graph.plan import Graph
from smartrec.media.capture import Capture
from smartrec.media.gst import Gst
from smartrec.model import AccessUnit, Action, ClipState, Command, Trigger, Verdict
from smartrec.recording.session import Timing
from smartrec.units import MILLISECOND, SECOND, Ns
from tests.streams import INSTANT, JPEG_FORMAT, stream

SINK = "appsink name=units sync=false wait-on-eos=false"
NODE = Path("/dev/video0")
THREE = Graph((("videotestsrc num-buffers=3", "jpegenc", SINK),))


class Told(Listener):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.retries: list[Ns | None] = []
        self.said: list[str] = []

    def camera_live(self, camera: Camera) -> None:
        """See `Listener`."""
        self.said.append("live")

    def camera_lost(self, camera: Camera, error: SmartrecError, retry: Ns | None) -> None:
        """See `Listener`."""
        self.retries.append(retry)
        self.said.append(f"lost: {error}")

    def camera_silent(self, camera: Camera, quiet: Ns) -> None:
        """See `Listener`."""
        self.said.append("silent")

    def camera_heard(self, camera: Camera, quiet: Ns) -> None:
        """See `Listener`."""
        self.said.append(f"heard after {quiet // SECOND} s")

    def camera_powered(self, camera: Camera, port: str) -> None:
        """See `Listener`."""
        self.said.append(f"powered {port}")

    def camera_note(self, camera: Camera, text: str) -> None:
        """See `Listener`."""
        self.said.append(f"note: {text}")


class Film(Capture):
    """A stand-in for a camera's capture: gives what a test puts into it.

    Attributes:
        units: What comes next.
        trouble: What goes wrong next.
        lets_go: Cleared by a test for a driver that hangs when it is stopped.
    """

    def __init__(self, *, epoch: int = 1) -> None:
        super().__init__(THREE, epoch=epoch)
        self.format = JPEG_FORMAT
        self.device = NODE
        self.units: list[AccessUnit] = []
        self.trouble: SmartrecError | None = None
        self.lets_go = threading.Event()
        self.lets_go.set()

    def drain(self, *, at_most: int = 600) -> list[AccessUnit]:
        """See `Capture`."""
        units, self.units = self.units, []
        return units

    def problem(self) -> SmartrecError | None:
        """See `Capture`."""
        return self.trouble

    def ended(self) -> bool:
        """See `Capture`."""
        return False

    def stop(self) -> None:
        """See `Capture`."""
        assert self.lets_go.wait(50)


class Failing(Film):
    """A stand-in for a camera that fails right after it was asked something.

    Attributes:
        soon: Set by a test: it happens the next time.
    """

    soon = over = False

    def problem(self) -> SmartrecError | None:
        """See `Capture`."""
        told = self.trouble
        self._fail()
        return told

    def ended(self) -> bool:
        """See `Capture`."""
        told = self.over
        self._fail()
        return told

    def _fail(self) -> None:
        """As GStreamer does: the error is said, then the stream ends."""
        if self.soon:
            self.trouble, self.over = PipelineError("source", "cannot read"), True


class Bench(Sources):
    """A stand-in for the sources of a station: has a film, or has none."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        super().__init__((settings,), directory)
        self.film: Film | None = None

    def start(self, camera: Settings, *, epoch: int, note: Callable[[str], None]) -> Capture:
        """See `Sources`."""
        if self.film is None:
            raise CameraGone("unplugged")
        return self.film

    def explain(self, camera: Settings, capture: Capture, problem: SmartrecError) -> SmartrecError:
        """See `Sources`."""
        return problem

    def port(self, camera: Settings) -> str | None:
        """See `Sources`; no machine has such a port."""
        return "99-9"


def camera(
    directory: Path,
    listener: Listener | None = None,
    report: Callable[[Started], None] = print,
    **more: object,
) -> Camera:
    finishers = Finishers(Order(directory, "mp4", "auto", 23), 1, print)
    recorder = Recorder(
        timing=Timing(SECOND, SECOND, Ns(60 * SECOND)),
        ring_bytes=10_000_000,
        clips=directory,
        journals=directory / ".open",
        station_id="station",
        follower=Progress(Bus(SystemClock()), finishers, Keeper(directory, print), directory),
        report=print,
        instant=lambda: INSTANT,
        detector=lambda: ("none", None),
    )
    clips = Clips("cam0", "Door", recorder, print)
    settings = Settings.model_validate({"source": "usb", **more})
    return Camera(settings, clips, Bench(settings, directory), listener or Listener(), report)


class Desk:
    """A camera by hand, and the reports that the station would give it.

    Args:
        directory: For its clips.
        more: Its settings.
    """

    def __init__(self, directory: Path, **more: object) -> None:
        self.told = Told()
        self.reports: SimpleQueue[Started] = SimpleQueue()
        self.camera = camera(directory, self.told, self.reports.put, **more)
        bench = self.camera._sources
        assert isinstance(bench, Bench)
        self.bench = bench
        self.film = Film()

    def live(self, pictures: int = 30) -> "Desk":
        """It has sent pictures for a second."""
        self.bench.film = self.film
        self.attempt(Ns(0))
        self.film.units = list(stream(pictures))
        self.camera.turn(SECOND)
        assert self.camera.phase is CameraPhase.LIVE
        return self

    def attempt(self, now: Ns) -> None:
        """One turn in which it tries to start, and what comes of that."""
        self.camera.turn(now)
        self.report(now)

    def report(self, now: Ns) -> None:
        """What an attempt came to."""
        self.camera.started(self.reports.get(timeout=50), now)


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


def test_it_is_told_how_a_recording_stands_and_once_that_it_has_ended(tmp_path: Path) -> None:
    desk = Desk(tmp_path).live()
    clips = desk.camera.clips
    assert clips.states(SECOND) == ()
    answer = desk.camera.record("now", Trigger("now", SECOND, "key-R"))
    desk.camera.record("later", Trigger("later", Ns(SECOND * 3 // 2), "person"))
    clips.recording[0].read(clips.ring, 10_000_000)
    state = RecordingState("cam0", answer.clip_id, 1.0, 0.5, 30)
    assert clips.states(Ns(2 * SECOND)) == (state,)
    assert clips.states(Ns(9 * SECOND))[0].remaining_s == 0  # a picture that ends it is awaited
    clips.close_all(ClipState.STOPPED)
    assert clips.states(Ns(9 * SECOND)) == (RecordingState("cam0", None),)
    assert clips.states(Ns(9 * SECOND)) == ()


def test_its_rate_is_of_the_time_that_passed_however_late_it_is_asked(tmp_path: Path) -> None:
    desk = Desk(tmp_path).live()
    rates, now = [], Ns(0)
    for after_ms, pictures in ((1000, 30), (1200, 36), (500, 15), (1000, 0)):
        now, desk.camera.pictures = (
            Ns(now + after_ms * MILLISECOND),
            pictures + desk.camera.pictures,
        )
        rates.append(desk.camera.state(now).fps)
    assert rates[1:] == [30.0, 30.0, 0.0]


def test_an_answer_promises_no_picture_that_is_only_needed_to_decode_others(tmp_path: Path) -> None:
    silent = camera(tmp_path)
    for unit in stream(60, gop=30):
        silent.clips.push(unit, JPEG_FORMAT)
    promised = []
    for at in (2.5, 4.0):  # its last picture was taken at 1.97 s
        answer = silent.record(f"{at}", Trigger(f"{at}", Ns(round(at * SECOND)), "key-R"))
        promised.append(round(answer.pre_roll_s or 0, 1))
    assert promised == [1.0, 0.0]


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


def test_an_error_at_whatever_moment_is_told_and_is_no_end(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.film = film = Failing()
    desk.live()
    film.soon = True
    desk.camera.turn(SECOND)
    assert desk.camera.phase is CameraPhase.LOST
    desk.report(SECOND)
    assert desk.told.said == ["live", "lost: source: cannot read"]
    assert desk.told.retries[0] is not None


def test_silence_is_told_soon_and_a_short_one_cuts_no_clip(tmp_path: Path) -> None:
    desk = Desk(tmp_path).live()
    desk.camera.record("now", Trigger("now", SECOND, "key-R"))
    for tenths in range(1, 20):
        desk.camera.turn(Ns(SECOND + tenths * SECOND // 10))
        assert desk.camera.silent == (tenths * SECOND // 10 > SILENT_TOLD_AFTER)
    desk.film.units = list(stream(60))[30:]
    desk.camera.turn(Ns(3 * SECOND))
    assert desk.told.said == ["live", "silent", "heard after 2 s"]
    (clip,) = desk.camera.clips.recording
    assert clip.state is ClipState.RECORDING
    assert not desk.camera.silent


def test_slow_camera_is_not_silent_between_its_pictures(tmp_path: Path) -> None:
    desk = Desk(tmp_path).live()
    desk.film.format = replace(JPEG_FORMAT, fps=1.0)
    desk.camera.turn(Ns(3 * SECOND))
    assert not desk.camera.silent


def test_camera_that_stays_silent_is_given_up_and_its_clip_marked(tmp_path: Path) -> None:
    desk = Desk(tmp_path).live()
    desk.camera.record("now", Trigger("now", SECOND, "key-R"))
    (clip,) = desk.camera.clips.recording
    late = Ns(2 * SECOND + SILENT_AFTER)
    desk.camera.turn(late)
    assert clip.state is ClipState.CAMERA_LOST
    desk.report(late)
    assert isinstance(desk.camera.error, CameraSilent)


def test_camera_whose_node_is_gone_is_lost_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path).live()
    desk.camera.plugged(Plugged(Path("/dev/video7"), there=False), SECOND)
    assert desk.told.said == ["live"]
    desk.camera.plugged(Plugged(NODE, there=False), SECOND)
    assert desk.camera.phase is CameraPhase.LOST
    desk.report(SECOND)
    assert desk.told.said == ["live", "lost: /dev/video0 was unplugged"]


def test_node_that_comes_is_tried_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for _ in range(5):
        desk.camera._retry_at = 0
        desk.attempt(SECOND)
    desk.camera.turn(SECOND)
    assert desk.reports.empty()  # it waits for its time
    desk.bench.film = desk.film
    desk.camera.plugged(Plugged(NODE, there=True), SECOND)
    desk.attempt(SECOND)
    desk.film.units = list(stream(1))
    desk.camera.turn(SECOND)
    assert desk.camera.phase is CameraPhase.LIVE


def test_node_that_comes_during_an_attempt_is_tried_right_after_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.camera.turn(SECOND)
    desk.camera.plugged(Plugged(NODE, there=True), SECOND)
    desk.report(SECOND)
    assert desk.told.retries == [0]
    desk.bench.film = desk.film
    desk.attempt(SECOND)
    assert desk.camera.capture is desk.film


def test_trigger_while_lost_saves_what_is_held_from_before(tmp_path: Path) -> None:
    desk = Desk(tmp_path).live()
    desk.film.trouble = PipelineError("source", "cannot read")
    desk.camera.turn(SECOND)
    desk.report(SECOND)

    def trigger(pts: Ns) -> Verdict:
        command = Command(f"at {pts}", None, Action.START, pts=pts)
        return desk.camera.obey(command, INSTANT, pts).verdict

    assert trigger(Ns(SECOND * 3 // 2)) is Verdict.ACCEPTED
    assert not desk.camera.clips.recording  # closed with what there is
    assert trigger(Ns(3 * SECOND)) is Verdict.REFUSED


def test_driver_that_does_not_let_go_is_told_and_costs_one_thread(tmp_path: Path) -> None:
    desk = Desk(tmp_path).live()
    desk.film.lets_go.clear()
    desk.film.trouble = PipelineError("source", "cannot read")
    desk.camera.turn(SECOND)
    for later in (SECOND, HANGS_AFTER, 2 * HANGS_AFTER):
        desk.camera.turn(Ns(2 * SECOND + later))
    assert [said.partition(":")[0] for said in desk.told.said] == ["live", "lost", "lost"]
    assert desk.told.said[1] == "lost: usb sends no more"
    assert "hangs" in desk.told.said[2]
    assert [thread.name for thread in threading.enumerate()].count("open-cam0") == 1
    other = desk.bench.film = Film(epoch=2)
    desk.camera.plugged(Plugged(Path("/dev/video1"), there=True), Ns(60 * SECOND))
    desk.attempt(Ns(60 * SECOND))
    other.units = [replace(unit, epoch=2) for unit in stream(1)]
    desk.camera.turn(Ns(60 * SECOND))
    assert desk.camera.phase is CameraPhase.LIVE
    desk.film.lets_go.set()
    desk.report(Ns(61 * SECOND))
    assert desk.camera.phase is CameraPhase.LIVE


def test_port_is_switched_after_a_row_of_failures_if_wanted(tmp_path: Path) -> None:
    desk = Desk(tmp_path, power_cycle=True)
    for _ in range(AFTER + 1):
        desk.camera._retry_at = 0
        desk.attempt(SECOND)
    assert desk.told.said == [
        "lost: unplugged",
        "powered 99-9",
        "note: USB port 99-9 has no switch (it needs Linux 6.0 and a hub of its own) - "
        "Leave power_cycle off, or plug the camera into another hub",
    ]


def test_network_camera_whose_captures_never_end_costs_no_more_than_a_few(tmp_path: Path) -> None:
    desk = Desk(tmp_path, source="rtsp://cam/main")
    films = [Film(epoch=number) for number in range(2 * MOST_HANGING)]
    now = SECOND
    for film in films:
        film.lets_go.clear()
        film.trouble = PipelineError("source", "cannot read")
        desk.bench.film, desk.camera._retry_at = film, 0
        desk.camera.turn(now)  # starts
        if desk.camera._attempts.busy:
            desk.report(now)
            desk.camera.turn(now)  # fails
            desk.report(now)
    hanging = [thread for thread in threading.enumerate() if thread.name == "stop-cam0"]
    assert len(hanging) == MOST_HANGING
    assert "cannot be let go of" in desk.told.said[-1]
    films[0].lets_go.set()
    while all(thread.is_alive() for thread in hanging):
        hanging[0].join(0.01)
    desk.bench.film, desk.camera._retry_at = desk.film, 0
    desk.attempt(now)
    assert desk.camera.capture is desk.film
    for film in films:
        film.lets_go.set()
