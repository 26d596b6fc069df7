"""The watch: decodes, detects and shows, as a child process of the recorder that may die.

    argv    the number of the socket's descriptor; see `smartrec.media.watch.link`
    exit    0 the recorder said so or is gone, 70 a bug, 3 the screen is gone or has come: a new
            watch finds out what there is, 4 its engine does not work here, 5 it works no longer
            and may again; of both it said why

Threads: the main one is the screen's; one reads what the recorder sends and never waits for
anything else; one detects; each decoder has one, and those of GStreamer.
"""

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NoReturn

from smartrec.errors import NoScreen, ScreenLost
from smartrec.media import child
from smartrec.media.watch.camera import Camera, Desk
from smartrec.media.watch.detecting import Detecting, Teller
from smartrec.media.watch.link import Hangup, Link
from smartrec.media.watch.looking import Engine
from smartrec.media.watch.messages import (
    CameraView,
    DetectorSetup,
    Format,
    Health,
    Hello,
    Key,
    Message,
    Refused,
    ScreenSetup,
    Setup,
    StationView,
    Unit,
)
from smartrec.media.watch.talk import Talk
from smartrec.model import Look
from smartrec.units import SECOND, Ns

if TYPE_CHECKING:
    from smartrec.media.screen.screen import Screen

EXIT_SCREEN_LOST: Final = 3
_BOXES_FOR: Final = 2
"""Looks for which a box is shown."""
_HEALTH_EVERY: Final = Ns(SECOND)
_STAGED_WITHIN: Final = 5.0
_LOOK_AGAIN_EVERY: Final = Ns(2 * SECOND)
_TURN: Final = 0.1
_TURN_WITHOUT_SCREEN: Final = 0.5


class Watch:
    """The whole of it, without the process around it.

    Args:
        talk: With the recorder.
        setup: Its first message.
        engine_note: What else is to be told of the engine.
    """

    def __init__(self, talk: Talk, setup: Setup, engine_note: str = "") -> None:
        self._talk = talk
        self._say = talk.say
        self._setup = setup
        self._staging = threading.Lock()
        self._screen: Screen | None = None
        self._hello = Hello(engine_note=engine_note)
        self._engine: Engine | None = None
        self._begun = self._late = False
        self._staged = threading.Event()
        self._look_again_at = Ns(0)
        self._views: dict[object, CameraView | StationView] = {}
        self._health_at = Ns(0)
        self._detecting = self._new_detecting(setup.detector)
        ask = (lambda asked: None) if self._detecting is None else self._detecting.ask
        desk = Desk(ask, self._say, setup.detector.fps if setup.detector else None)
        self._cameras = {camera: Camera(camera, desk) for camera, _ in setup.cameras}

    def run(self) -> int:
        """Until the recorder is gone or says so; the exit status. Main thread."""
        self._talk.hear(self._take)
        try:
            # First, and beside the screen: a display that does not answer shall hide nobody.
            if self._detecting is not None:
                self._detecting.start()
            if self._setup.screen is not None:
                self._open_screen(self._setup.screen)
            self._staged.set()
            if self._detecting is None or self._late:
                self._begun = True
                self._say_hello()
            while not self._talk.ended.is_set():
                self._turn()
        except ScreenLost:
            return EXIT_SCREEN_LOST
        finally:
            for camera in self._cameras.values():
                camera.close()
            if self._screen is not None:
                self._screen.close()
        return 0

    def _turn(self) -> None:
        if self._screen is not None:
            self._screen.turn(_TURN)
        else:
            self._talk.ended.wait(_TURN_WITHOUT_SCREEN)
        now = Ns(time.monotonic_ns())
        if self._hello.screen_missing and now >= self._look_again_at:
            self._look_again(now)
        for camera in self._cameras.values():
            camera.turn(now)
        # One that says nothing is ended by the recorder.
        well = self._detecting is None or not self._detecting.hangs(now)
        if well and now >= self._health_at:
            self._health_at = Ns(now + _HEALTH_EVERY)
            self._say(self._health())

    def _health(self) -> Health:
        shown, skipped = self._screen.counts() if self._screen else ({}, {})
        cameras = self._cameras.items()
        return Health(
            dict(shown),
            {name: camera.skipped + skipped.get(name, 0) for name, camera in cameras},
            {name: camera.undecodable for name, camera in cameras},
        )

    def _take(self, message: Message) -> None:
        if isinstance(message, Unit):
            camera = self._cameras.get(message.camera)
            if camera is not None:
                camera.take(message, Ns(time.monotonic_ns()))
        elif isinstance(message, Format):
            if message.camera in self._cameras:
                self._cameras[message.camera].stream(message.format)
        elif isinstance(message, (CameraView, StationView)):
            self._view(message)

    def _view(self, view: CameraView | StationView) -> None:
        if isinstance(view, StationView) and view.closing:
            self._talk.ended.set()
        with self._staging:
            self._views[view.camera if isinstance(view, CameraView) else StationView] = view
            if self._screen is not None:
                _show(self._screen, view)

    def _open_screen(self, setup: ScreenSetup) -> None:
        # A watch without a screen needs neither X nor GStreamer, and is the smaller for it.
        from smartrec.media.screen.screen import open_screen
        from smartrec.media.screen.xserver import end_with_the_server

        try:
            screen = open_screen(setup, self._setup.cameras, self._key)
        except NoScreen as error:
            note = f"{error}. {error.hint}" if error.hint else str(error)
            self._hello = replace(self._hello, screen_note=note, screen_missing=error.missing)
            return
        end_with_the_server(EXIT_SCREEN_LOST)
        self._hello = replace(
            self._hello,
            screen=screen.name,
            screen_note=screen.note,
            screen_missing=False,
            keys=screen.keys,
        )
        with self._staging:
            self._screen = screen
            for view in self._views.values():
                _show(screen, view)
        for camera in self._cameras.values():
            camera.screen = screen

    def _look_again(self, now: Ns) -> None:
        """A screen that was there, or should be, may have come."""
        self._look_again_at = Ns(now + _LOOK_AGAIN_EVERY)
        assert self._setup.screen is not None
        self._open_screen(self._setup.screen)
        if self._screen is not None and self._begun:
            self._say_hello()

    def _key(self, key: str, camera: str | None) -> None:
        self._say(Key(key, camera))

    def _new_detecting(self, setup: DetectorSetup | None) -> Detecting | None:
        if setup is None:
            return None
        teller = Teller(self._say, self._opened, self._looked, self._undecodable)
        return Detecting(setup, _open_engine, teller)

    def _opened(self, engine: Engine | None) -> None:
        self._engine, self._begun = engine, True
        # One message for both is the rule; a screen that hangs has its own later.
        self._late = not self._staged.wait(_STAGED_WITHIN)
        self._say_hello()

    def _say_hello(self) -> None:
        hello, engine, detector = self._hello, self._engine, self._setup.detector
        if engine is not None and detector is not None:
            hello = replace(
                hello,
                engine="onnx",
                model=engine.name,
                model_digest=engine.digest,
                min_confidence=engine.min_confidence,
            )
            if self._screen is not None:
                self._screen.min_confidence = engine.min_confidence
                self._screen.boxes_for = Ns(round(_BOXES_FOR * SECOND / detector.fps))
        self._say(hello)

    def _looked(self, look: Look) -> None:
        if self._screen is not None:
            self._screen.look(look)

    def _undecodable(self, camera: str) -> None:
        self._cameras[camera].undecodable_jpegs += 1


def _show(screen: "Screen", view: CameraView | StationView) -> None:
    if isinstance(view, CameraView):
        screen.view(view)
    else:
        screen.station(view)


def _open_engine(setup: DetectorSetup) -> Engine:
    from smartrec.media.engines.onnx import open_engine

    return open_engine(setup)


def main(argv: list[str]) -> NoReturn:
    """Serve the recorder at the other end of the socket; ends the process.

    Args:
        argv: The program's name, and the descriptor.
    """
    link = Link(child.begin(argv))
    try:
        setup = link.receive()
    except Hangup:
        child.leave(0)
    assert isinstance(setup, Setup), setup
    status = _watch(Talk(link), setup)
    link.close()
    child.leave(status)


def _watch(talk: Talk, setup: Setup) -> int:
    """With the engine that the settings ask for, and that is there."""
    detector = setup.detector
    if detector is None or detector.engine == "portable":
        return Watch(talk, setup).run()
    from smartrec.media.engines.deepstream.choosing import find

    here, why = find(setup)
    if here is not None:
        from smartrec.media.engines.deepstream.watch import Watch as DeepStreamWatch

        return DeepStreamWatch(talk, setup, here).run()
    if detector.engine == "deepstream":
        assert why is not None
        talk.say(Refused(type(why).__name__, str(why), why.hint or ""))
        return Watch(talk, replace(setup, detector=None)).run()
    return Watch(talk, setup, "" if why is None else f"without DeepStream: {why}").run()
