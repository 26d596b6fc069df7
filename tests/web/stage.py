"""The real child, fed without a recorder: ``.venv/bin/python -m tests.web.stage --port 9001``.

Its cameras are the demo's pictures, 30 a second, and looks whose boxes lie on the drawn person; it
is started again when a file of the page has changed. Commands are obeyed by a stand-in for the
recorder, which tells the events that a recorder would. With ``--clips N`` there are clips of all
kinds to look at, N more rows of a catalogue, a day of walks before the first camera, with all that
was seen (`tests.store.walks`), and what is recorded becomes a clip, too. With ``--users`` one must
log in: as ``view``, ``record`` or ``admin``. Settings are those of a real file, read and written by
the recorder's own code; names, zones, the pre-roll and cameras that come and go take effect.
"""

import argparse
import contextlib
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

from smartrec.access.model import Scope
from smartrec.access.vault import Vault
from smartrec.app.applying import Applied
from smartrec.app.console import line
from smartrec.app.control import ControlServer
from smartrec.app.envelope import Published, envelope
from smartrec.app.events import (
    ArmingChanged,
    CameraStarted,
    CameraState,
    ClipClosed,
    ClipExtended,
    ClipOpened,
    ClipReady,
    DetectionState,
    Event,
    RecordingState,
    SettingsChanged,
)
from smartrec.app.logbook import Logbook
from smartrec.app.page import shown as shown_of
from smartrec.app.page_messages import (
    Cameras,
    Format,
    Happened,
    Looked,
    NotServing,
    ShownCamera,
    Unit,
    Wall,
)
from smartrec.clock import SystemClock
from smartrec.config.changes import Changed
from smartrec.config.schema import Config
from smartrec.media.demo import PERSON_FIRST, DemoFeed, open_demo, person_box
from smartrec.model import (
    AccessUnit,
    Action,
    Answer,
    ClipState,
    Codec,
    Command,
    Look,
    Track,
    Verdict,
    new_id,
)
from smartrec.units import SECOND, Ns, seconds
from smartrec.web.assets import STATIC
from tests.web.child import STATION, Child, setup
from tests.web.coded_camera import feeding, of_demo
from tests.web.programme import LENGTH, Programme
from tests.web.settled import Settled, file_in
from tests.web.studio import Camera, Clip, Growing, Studio, Wish

FPS = 30
LOOK_EVERY = 6
SCORE = 0.87
PRE_ROLL = POST_ROLL = 10.0
PASSWORD = "the stage's password"
"""Of each user."""
REAL_PRE_ROLL = 3.0
"""Of what becomes a clip: it must be written at once."""
LOCKED = {"SMARTREC_DETECTOR__THREADS": "2"}
"""The recorder's environment, which comes before its file; as the directory of the clips does."""
WALKS = 300


@dataclass
class Open:
    """What is being recorded: since when, until when (monotonic seconds), and as what."""

    clip: str
    event: str
    began: float
    ends: float
    growing: Growing | None


class Recorder:
    """A stand-in for the recorder behind the page: it obeys commands, and tells what came of it.

    Args:
        cameras: Id and name of each.
        tell: Takes the events.
        studio: Makes clips of what is recorded; without it they are only told of.

    Attributes:
        disarmed: Ids of the cameras that are.
        until: When a schedule that there is not changes that.
        pre_roll: Seconds that the next clip has of before.
    """

    def __init__(
        self,
        cameras: tuple[ShownCamera, ...],
        tell: Callable[[Event], None],
        studio: Studio | None = None,
    ) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._open: dict[str, Open] = {}
        self._cameras = {camera: Camera(camera, name) for camera, name, _ in cameras}
        self._studio = studio
        self.pre_roll = PRE_ROLL if studio is None else REAL_PRE_ROLL
        self._finishing: list[threading.Thread] = []
        self.disarmed: frozenset[str] = frozenset()
        self.until: str | None = None
        self.unrecorded: dict[str, int] = {}

    def submit(self, command: Command) -> "Future[tuple[Answer, ...]]":
        """As a station does."""
        answers = Future[tuple[Answer, ...]]()
        answers.set_result(self.obey(command))
        return answers

    def obey(self, command: Command) -> tuple[Answer, ...]:
        """Answers as a recorder does."""
        wanted = [c for c in self._cameras if command.camera in (None, c)]
        if not wanted:
            return (Answer(command.id, command.camera or "", Verdict.REFUSED, "no such camera"),)
        with self._lock:
            return tuple(self._obey(command, camera) for camera in wanted)

    def settle(self, config: Config) -> None:
        """Take other settings, as far as they are of any use here."""
        with self._lock:
            self.pre_roll = seconds(config.recording.pre_roll)
            self._cameras = {each.id: Camera(each.id, each.name) for each in config.camera}
            for camera in self._open.keys() - self._cameras.keys():
                self._close(camera, ClipState.STOPPED)

    def turn(self) -> None:
        """End clips whose time has come, and tell how things stand; once a second."""
        now = time.monotonic()
        with self._lock:
            for camera, clip in list(self._open.items()):
                if clip.growing is not None:
                    clip.growing.grow(FPS)
                if now >= clip.ends:
                    self._close(camera, ClipState.COMPLETE)
                else:
                    length = now - clip.began
                    state = (clip.clip, length, clip.ends - now, round(length * FPS))
                    self._tell(RecordingState(camera, *state))
        for camera in list(self._cameras):
            self._tell(CameraState(camera, FPS, 12.0, 34_000_000, FPS, 0, 0))
            unrecorded = self.unrecorded.get(camera, 0)
            ms = 20.0 + now % 7
            self._tell(DetectionState(camera, FPS // LOOK_EVERY, 5, ms, 1, unrecorded=unrecorded))

    def close(self) -> None:
        """Wait until what was recorded is made."""
        with self._lock:
            for camera in list(self._open):
                self._close(camera, ClipState.STOPPED)
        for thread in self._finishing:
            thread.join()

    def _obey(self, command: Command, camera: str) -> Answer:
        now = time.monotonic()
        if command.action in (Action.ARM, Action.DISARM):
            armed = command.action is Action.ARM
            self.disarmed = self.disarmed - {camera} if armed else self.disarmed | {camera}
            self._tell(ArmingChanged(camera, armed, "command", self.until))
            verdict = Verdict.ARMED if armed else Verdict.DISARMED
            return Answer(command.id, camera, verdict, until=self.until)
        if command.action is Action.STOP:
            if camera not in self._open:
                return Answer(command.id, camera, Verdict.REFUSED, "nothing is being recorded")
            clip = self._close(camera, ClipState.STOPPED)
            return Answer(command.id, camera, Verdict.STOPPED, "", clip)
        if camera in self._open:
            open_ = self._open[camera]
            open_.ends = now + POST_ROLL
            trigger = new_id()
            if open_.growing is not None:
                trigger = open_.growing.trigger(command.reason, FPS * round(POST_ROLL)).trigger_id
            extended = (camera, open_.clip, open_.event, trigger, command.reason)
            self._tell(ClipExtended(*extended, remaining_s=POST_ROLL))
            return Answer(command.id, camera, Verdict.EXTENDED, "", open_.clip, self.pre_roll)
        open_ = self._open[camera] = self._begun(camera, now)
        trigger = new_id()
        if open_.growing is not None:
            trigger = open_.growing.trigger(command.reason).trigger_id
        opened = (camera, open_.clip, open_.event, trigger, command.reason)
        self._tell(ClipOpened(*opened, self.pre_roll, self.pre_roll))
        return Answer(command.id, camera, Verdict.ACCEPTED, "", open_.clip, self.pre_roll)

    def _begun(self, camera: str, now: float) -> Open:
        """With the pre-roll."""
        if self._studio is None:
            return Open(clip := new_id(), clip, now, now + POST_ROLL, None)
        before, after = round(self.pre_roll * FPS), round(POST_ROLL * FPS)
        wish = Wish(
            began=SystemClock().now().wall_ns - round(self.pre_roll * SECOND),
            numbers=range(PERSON_FIRST - before, PERSON_FIRST + after),
            camera=self._cameras[camera],
            codec=Codec.JPEG,
            copied=list(self._cameras).index(camera) > 0,
        )
        growing = self._studio.begin(wish)
        growing.grow(before)
        return Open(growing.id, growing.head.event_id, now, now + POST_ROLL, growing)

    def _close(self, camera: str, state: ClipState) -> str:
        clip = self._open.pop(camera)
        length = time.monotonic() - clip.began
        self._tell(ClipClosed(camera, clip.clip, clip.event, state.value, length))
        self._tell(RecordingState(camera, None))
        if clip.growing is not None:
            thread = threading.Thread(target=self._finish, args=[camera, clip.growing, state])
            self._finishing.append(thread)
            thread.start()
        return clip.clip

    def _finish(self, camera: str, growing: Growing, state: ClipState) -> None:
        self._tell(ready(growing.finish(state)))


def ready(clip: Clip) -> ClipReady:
    """What a recorder tells of one that is finished."""
    of = clip.record
    assert of.duration is not None
    return ClipReady(
        camera=of.camera_id,
        clip_id=of.clip_id,
        event_id=of.event_id,
        path=str(of.path),
        state=of.state.value,
        duration_s=seconds(of.duration),
        frames_expected=of.expected or 0,
        frames_written=of.written or 0,
        lost=of.lost,
        bytes=of.bytes or 0,
        sha256=of.sha256 or "",
    )


class Stage:
    """A child that is fed.

    Args:
        cameras: How many.
        port: Of the page; 0 takes any.
        directory: For its socket and its clips.
        demo: Its pictures.
        coded: Whether the first camera sends H.264; whoever made the stage feeds it.
        studio: Makes clips of what is recorded; its clips are the page's.
        users: Whether there are some, one for each scope, and named as it is.
        encrypted: Whether the page speaks TLS, with a certificate of its own.

    Attributes:
        cameras: What the page is told of them.
        settled: The settings, of a file of the stage's own.
        book: What is said: of each event what a terminal would show.
    """

    def __init__(
        self,
        cameras: int,
        port: int,
        directory: Path,
        demo: DemoFeed,
        *,
        coded: bool = False,
        studio: Studio | None = None,
        users: bool = False,
        encrypted: bool = False,
    ) -> None:
        self.setup = setup(directory, cameras, port, encrypted=encrypted)
        self.setup = replace(self.setup, state=str(directory / "state"))
        if studio is not None:
            self.setup = replace(self.setup, clips=str(studio.directory))
        if users:
            make_users(self.state)
        self._demo = demo
        self.cameras = self.setup.cameras
        roll = PRE_ROLL if studio is None else REAL_PRE_ROLL
        file = file_in(directory / "config", cameras, f"{roll:.0f}s")
        self.settled = Settled(file, LOCKED, {"recording.directory": self.setup.clips})
        self.settled.station.told = self._took
        self._facts = 0
        self._clock = SystemClock()
        self.book = Logbook(self._clock)
        self.book.take("warning", "no recorder is behind this page: it is a stage")
        self.recorder = Recorder(self.setup.cameras, self.publish, studio)
        self.child = Child(self.setup)
        self._coded = tuple(camera.id for camera in self.cameras[:coded])
        self._told: set[str] = set()
        self._sent = 0

    @property
    def state(self) -> Path:
        """Where the page's vault is."""
        return Path(self.setup.state)

    def publish(self, event: Event) -> None:
        """Tell the page of an event; any thread."""
        self._facts += not event.type.endswith(".state.v1")
        if words := line(event):
            self.book.take("info", words)
        published = Published(new_id(), self._facts, self._clock.now(), event)
        self.child.tell(Happened(envelope(published, STATION)))

    def _took(self, config: Config, applied: Applied, news: tuple[Changed, ...], by: str) -> None:
        """Other settings: whoever looks on sees them."""
        self.recorder.settle(config)
        self.cameras = shown_of(config.camera)
        self._told -= {*applied.restarted, *applied.removed}
        self.child.tell(Cameras(self.cameras))
        for camera in applied.added:
            self._started(camera)
        keys = tuple(each.key for each in news)
        came = applied.restarted, applied.added, applied.removed
        self.publish(SettingsChanged(by, keys, 0, *came, applied.watch, applied.pending))

    def _started(self, camera: str) -> None:
        self.publish(CameraStarted(camera, "1280x720 JPEG 30 fps (demo)"))

    def status(self) -> dict[str, object]:
        """What a recorder says of itself."""
        cameras: list[dict[str, object]] = [
            {
                "id": camera,
                "name": name,
                "source": "demo",
                "phase": "live",
                "silent": False,
                "error": None,
                "ring_s": 12.0,
                "ring_bytes": 34_000_000,
                "pictures": FPS,
                "damaged": 0,
                "lost": 0,
                "clock_behind_s": None,
                "microphone": "off",
                "recording": [],
                "armed": camera not in self.recorder.disarmed,
                "armed_by": "settings",
                "armed_until": self.recorder.until,
                "unrecorded": 0,
            }
            for camera, name, _ in self.cameras
        ]
        return {
            "version": "stage",
            "clips": self.setup.clips,
            "finishing": 0,
            "disk": None,
            "settings": self.settled.settings.status(),
            "cameras": cameras,
        }

    def picture(self, n: int, shown: int) -> None:
        """The n-th is frame `shown` of the demo, to whoever wants it; and a look now and then."""
        now = Ns(time.monotonic_ns())
        for camera in self.child.wanted:
            if camera in self._coded:
                continue
            if camera not in self._told:
                self._told.add(camera)
                self.child.tell(Format(camera, self._demo.format))
            unit = AccessUnit(1, n, now, now, Ns(SECOND // FPS), True, 0, self._demo.jpeg(shown))
            self.child.tell(Unit(camera, unit, show=True, look=False))
            self._sent += 1
            if n % LOOK_EVERY == 0:
                box = person_box(shown)
                tracks = () if box is None else (Track(1, box, SCORE),)
                self.child.tell(Looked(Look(camera, 1, now, tracks), 5.0, 20.0))

    def run(self, *, shown: Callable[[int], int] = int, edited: bool = False) -> None:
        """Feed it until it ends or, if it is being `edited`, a file of the page changes.

        Args:
            shown: Which of the demo's pictures the n-th shall be.
            edited: See above.
        """
        for camera in self.cameras:
            self._started(camera.id)
        due, n, files = time.monotonic(), 0, newest()
        while self.child.process.poll() is None:
            self.picture(n, shown(n))
            if n % FPS == 0:
                instant = self._clock.now()
                self.child.tell(Wall(instant.mono_ns, instant.wall_ns))
                self.recorder.turn()
                if edited and newest() != files:
                    return
            n, due = n + 1, due + 1 / FPS
            threading.Event().wait(max(0.0, due - time.monotonic()))


def newest() -> float:
    """When a file of the page was changed last."""
    return max((path.stat().st_mtime for path in STATIC.rglob("*")), default=0.0)


@contextlib.contextmanager
def staged(
    cameras: int = 1,
    port: int = 0,
    demo: DemoFeed | None = None,
    *,
    coded: bool = False,
    studio: Studio | None = None,
    **how: bool,
) -> Iterator[Stage]:
    """A stage whose page listens; with `coded`, the first camera sends H.264; see `Stage`."""
    with tempfile.TemporaryDirectory(prefix="stage-") as name:
        directory = Path(name)
        own = demo or kept_demo()
        stage = Stage(cameras, port, directory, own, coded=coded, studio=studio, **how)
        with stage.child, feeding(stage.child, of_demo(own)) if coded else contextlib.nullcontext():
            control = ControlServer(
                Path(stage.setup.socket),
                stage.recorder.submit,
                stage.status,
                stage.settled.answer,
            )
            control.log = stage.book.since
            control.start()
            try:
                yield stage
            finally:
                control.close()
                stage.recorder.close()


def make_users(state: Path) -> None:
    """One for each scope, named as it is, all of the same password."""
    with Vault.open(state, create=True) as vault:
        for scope in Scope:
            vault.add_user(scope.value, PASSWORD, scope)


def kept_demo() -> DemoFeed:
    """The demo's pictures, drawn at the first start."""
    return open_demo(Path(tempfile.gettempdir()) / "smartrec-stage")


@contextlib.contextmanager
def with_clips(rows: int) -> Iterator[Studio]:
    """A clip directory with some of all kinds, and so many more rows of a catalogue."""
    with tempfile.TemporaryDirectory(prefix="stage-clips-") as name:
        studio, now = Studio(Path(name) / "clips", kept_demo()), SystemClock().now().wall_ns
        studio.fill(rows, now - LENGTH)
        studio.walk(WALKS, now - LENGTH, faint=True)
        print(Programme(studio, now).all(), flush=True)  # noqa: T201
        yield studio


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9001)
    parser.add_argument("--cameras", type=int, default=1)
    parser.add_argument("--h264", action="store_true", help="what the first camera sends")
    parser.add_argument("--clips", type=int, help="rows beside the clips that can be played")
    parser.add_argument("--users", action="store_true", help=f"passwords: {PASSWORD}")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # what was made is removed
    with contextlib.ExitStack() as stack:
        studio = None if asked.clips is None else stack.enter_context(with_clips(asked.clips))
        while True:
            with staged(
                asked.cameras, asked.port, coded=asked.h264, studio=studio, users=asked.users
            ) as stage:
                while isinstance(said := stage.child.said.get(), NotServing):
                    print(said, flush=True)  # noqa: T201
                print(said, flush=True)  # noqa: T201
                stage.run(edited=True)


if __name__ == "__main__":
    main()
