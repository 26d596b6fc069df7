"""The real child, fed without a recorder: ``.venv/bin/python -m tests.web.stage --port 9001``.

Its cameras are the demo's pictures, 30 a second, and looks whose boxes lie on the drawn person; it
is started again when a file of the page has changed. Commands are obeyed by a stand-in for the
recorder, which tells the events that a recorder would.
"""

import argparse
import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

from smartrec.app.control import ControlServer
from smartrec.app.envelope import Published, envelope
from smartrec.app.events import (
    CameraStarted,
    CameraState,
    ClipClosed,
    ClipExtended,
    ClipOpened,
    Event,
    RecordingState,
)
from smartrec.app.page_messages import (
    Format,
    Happened,
    Looked,
    NotServing,
    Unit,
    Wall,
)
from smartrec.clock import SystemClock
from smartrec.media.demo import DemoFeed, open_demo, person_box
from smartrec.model import AccessUnit, Action, Answer, Command, Look, Track, Verdict, new_id
from smartrec.units import SECOND, Ns
from smartrec.web.assets import STATIC
from tests.web.child import STATION, Child, setup
from tests.web.coded_camera import feeding, of_demo

FPS = 30
LOOK_EVERY = 6
SCORE = 0.87
POST_ROLL = 10.0


class Recorder:
    """A stand-in for the recorder behind the page: it obeys commands, and tells what came of it."""

    def __init__(self, cameras: tuple[str, ...], tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._open: dict[str, tuple[str, float, float]] = {}
        self._cameras = cameras

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

    def turn(self) -> None:
        """End clips whose time has come, and tell how things stand."""
        now = time.monotonic()
        with self._lock:
            for camera, (clip, began, ends) in list(self._open.items()):
                if now >= ends:
                    self._close(camera, "complete")
                else:
                    frames = round((now - began) * FPS)
                    self._tell(RecordingState(camera, clip, now - began, ends - now, frames))
        for camera in self._cameras:
            self._tell(CameraState(camera, FPS, 12.0, 34_000_000, 0, 0, 0))

    def _obey(self, command: Command, camera: str) -> Answer:
        now = time.monotonic()
        if command.action is Action.STOP:
            if camera not in self._open:
                return Answer(command.id, camera, Verdict.REFUSED, "nothing is being recorded")
            clip = self._close(camera, "stopped")
            return Answer(command.id, camera, Verdict.STOPPED, "", clip)
        if camera in self._open:
            clip, began, _ = self._open[camera]
            self._open[camera] = clip, began, now + POST_ROLL
            self._tell(
                ClipExtended(camera, clip, clip, new_id(), command.reason, remaining_s=POST_ROLL)
            )
            return Answer(command.id, camera, Verdict.EXTENDED, "", clip, 10.0)
        clip = new_id()
        self._open[camera] = clip, now, now + POST_ROLL
        self._tell(ClipOpened(camera, clip, clip, new_id(), command.reason, 10.0, 10.0))
        return Answer(command.id, camera, Verdict.ACCEPTED, "", clip, 10.0)

    def _close(self, camera: str, state: str) -> str:
        clip, began, _ = self._open.pop(camera)
        self._tell(ClipClosed(camera, clip, clip, state, time.monotonic() - began))
        self._tell(RecordingState(camera, None))
        return clip


class Stage:
    """A child that is fed.

    Args:
        cameras: How many.
        port: Of the page; 0 takes any.
        directory: For its socket and its clips.
        demo: Its pictures.
        coded: Whether the first camera sends H.264; whoever made the stage feeds it.
    """

    def __init__(
        self, cameras: int, port: int, directory: Path, demo: DemoFeed, *, coded: bool = False
    ) -> None:
        self.setup = setup(directory, cameras, port)
        self._demo = demo
        self._ids = tuple(camera for camera, _ in self.setup.cameras)
        self._facts = 0
        self._clock = SystemClock()
        self.recorder = Recorder(self._ids, self.publish)
        self.child = Child(self.setup)
        self._coded = self._ids[:coded]
        self._told: set[str] = set()
        self._sent = 0

    def publish(self, event: Event) -> None:
        """Tell the page of an event; any thread."""
        self._facts += not event.type.endswith(".state.v1")
        published = Published(new_id(), self._facts, self._clock.now(), event)
        self.child.tell(Happened(envelope(published, STATION)))

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
                "damaged": 0,
                "lost": 0,
                "clock_behind_s": None,
                "microphone": "off",
                "recording": [],
            }
            for camera, name in self.setup.cameras
        ]
        return {"version": "stage", "clips": self.setup.clips, "finishing": 0, "cameras": cameras}

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
        for camera in self._ids:
            self.publish(CameraStarted(camera, "1280x720 JPEG 30 fps (demo)"))
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
    cameras: int = 1, port: int = 0, demo: DemoFeed | None = None, *, coded: bool = False
) -> Iterator[Stage]:
    """A stage whose page listens; with `coded`, the first camera sends H.264."""
    with tempfile.TemporaryDirectory(prefix="stage-") as name:
        directory = Path(name)
        own = demo or open_demo(Path(tempfile.gettempdir()) / "smartrec-stage")
        stage = Stage(cameras, port, directory, own, coded=coded)
        with stage.child, feeding(stage.child, of_demo(own)) if coded else contextlib.nullcontext():
            control = ControlServer(
                Path(stage.setup.socket), stage.recorder.submit, status=stage.status
            )
            control.start()
            try:
                yield stage
            finally:
                control.close()


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9001)
    parser.add_argument("--cameras", type=int, default=1)
    parser.add_argument("--h264", action="store_true", help="what the first camera sends")
    asked = parser.parse_args()
    while True:
        with staged(asked.cameras, asked.port, coded=asked.h264) as stage:
            while isinstance(said := stage.child.said.get(), NotServing):
                print(said, flush=True)  # noqa: T201
            print(said, flush=True)  # noqa: T201
            stage.run(edited=True)


if __name__ == "__main__":
    main()
