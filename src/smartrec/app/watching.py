"""Everything the station has to do with its watch: feeding it, believing it, showing by it.

Station thread only. Who is seen becomes triggers here; keys at the screen become commands.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from smartrec.app import events, smart_setup
from smartrec.app.bus import Bus
from smartrec.app.camera import Camera, CameraPhase
from smartrec.app.clips import LATE
from smartrec.app.sight import Keep, Sight
from smartrec.app.smart_record import SmartRecord
from smartrec.app.standing import stands
from smartrec.app.watch import Ended, Said, Watch
from smartrec.app.watch_setup import detector_of
from smartrec.config.cameras import Camera as CameraSettings
from smartrec.config.schema import Config
from smartrec.media.watch.messages import (
    CameraView,
    Health,
    Hello,
    Key,
    Looked,
    Message,
    Note,
    NotRecorded,
    Preparing,
    Recorded,
    Refused,
    ScreenSetup,
    Setup,
    StationView,
)
from smartrec.model import AccessUnit, Look, StreamFormat, Trigger
from smartrec.terminal import one_line
from smartrec.units import SECOND, Ns, seconds

NO_ENGINE: Final = "none"
_REMEMBERED: Final = 10_000
"""Triggers that may last at the same time."""
_TURN: Final = Ns(SECOND // 5)

log = logging.getLogger(__name__)


def setup_of(config: Config, clips: Path, *, terminal_keys: bool) -> Setup:
    """What the watch is told to do by the settings; `clips` is the directory of the clips."""
    screen = config.screen
    detected = tuple(camera.id for camera in config.camera if camera.detect)
    recorder = smart_setup.setup_of(config, clips)
    network = (camera for camera in config.camera if camera.kind == "rtsp")
    return Setup(
        tuple((camera.id, camera.name) for camera in config.camera),
        detector_of(config.detector) if detected else None,
        None
        if screen.show == "off"
        else ScreenSetup(screen.fullscreen, screen.sink, screen.low_disk, terminal_keys),
        detected,
        max((_upright(camera) for camera in config.camera), default=(1280, 720)),
        min((camera.fps for camera in config.camera), default=30.0),
        recorder,
        () if recorder is None else tuple((each.id, _fetched(each)) for each in network),
    )


def _fetched(camera: CameraSettings) -> str:
    """The address that others fetch it by; what stands behind ``#`` is for us."""
    return camera.source.partition("#")[0]


def _upright(camera: CameraSettings) -> tuple[int, int]:
    width, height = camera.size
    return (width, height) if camera.rotate % 180 == 0 else (height, width)


def latest_of(config: Config) -> Ns:
    """How long after a person's first picture the trigger may come: N of M take their time."""
    looks = Ns(round(SECOND * (config.trigger.of - 1) / config.detector.fps))
    asked = config.detector.enabled and config.trigger.person
    return max(LATE, Ns(SECOND + looks)) if asked else LATE


class Watching:
    """What is seen and shown of all cameras.

    Args:
        config: The settings.
        cameras: All of them, in order.
        watch: The process.
        bus: Is told.
        keep: Takes looks for the catalogue.
        record: Called with a camera and each trigger that begins.
        press: Called with each key at the screen, and the camera it is meant for (None: all).
        smart: Has the watch record; None where it never does.
    """

    def __init__(  # noqa: PLR0913 - what it stands between
        self,
        config: Config,
        cameras: Sequence[Camera],
        watch: Watch,
        bus: Bus,
        keep: Keep,
        record: Callable[[Camera, Trigger], None],
        press: Callable[[str, str | None], None],
        smart: SmartRecord | None = None,
    ) -> None:
        self._smart = smart
        self._cameras = {camera.id: camera for camera in cameras}
        self._watch = watch
        self._bus = bus
        self._keep = keep
        self._record = record
        self._press = press
        # Also of cameras that are gone, until all that was seen in their clips is kept.
        self._sights = {camera: Sight(camera.settings, config, keep) for camera in cameras}
        self._pre_rolls: dict[str, tuple[str, float]] = {}
        self._begun: dict[str, bool] = {}
        self._turned_at = Ns(0)
        self._detector: tuple[str, str | None] = (NO_ENGINE, None)
        self._min_confidence: float | None = None

    @property
    def detector(self) -> tuple[str, str | None]:
        """Engine and digest of its model, for the clips' heads."""
        return self._detector

    @property
    def shown(self) -> bool:
        """Whether pictures are on a screen."""
        return self._watch.hello is not None and self._watch.hello.screen != ""

    def status(self) -> dict[str, object]:
        """How it stands, for people and programs; any thread."""
        hello = self._watch.hello
        return {
            "pid": self._watch.pid,
            "starts": self._watch.starts,
            "engine": NO_ENGINE if hello is None else hello.engine,
            "model": "" if hello is None else hello.model,
            "min_confidence": None if hello is None else hello.min_confidence,
            "screen": "" if hello is None else hello.screen,
            "keys": hello is not None and hello.keys,
            "records": self._watch.records,
            "skipped": self._watch.skipped,
            "persons": {each.id: self._persons(each) for each in list(self._cameras.values())},
        }

    def apply(self, config: Config, cameras: Sequence[Camera], setup: Setup) -> bool:
        """Go by other settings; whether the watch itself is made anew for them.

        Args:
            config: The settings.
            cameras: All of them from now on, in order.
            setup: What the watch is told to do by them.
        """
        self._cameras = {camera.id: camera for camera in cameras}
        for camera in cameras:
            if camera in self._sights:
                self._sights[camera].apply(camera.settings, config)
            else:
                self._sights[camera] = Sight(camera.settings, config, self._keep)
                self._sights[camera].trust(self._min_confidence)
        anew = self._watch.apply(setup)
        if anew:
            self._detector = (NO_ENGINE, None)
            if self._smart is not None:
                self._smart.watch_ended()
            for sight in self._sights.values():
                sight.persons = 0
        return anew

    def came(self, camera: Camera, units: Sequence[AccessUnit], stream: StreamFormat) -> None:
        """A camera sent pictures; the newest goes to the watch, or all where it needs them."""
        for unit in units:
            if not unit.damaged:
                # pts is the clock that the looks' rate is kept by: pictures come in bursts.
                self._watch.offer(camera.id, unit, stream, unit.pts, detect=camera.settings.detect)

    def gone(self, camera: Camera) -> None:
        """A camera sends nothing any more, or starts anew."""
        self._watch.gone(camera.id)

    def turn(self, now: Ns, known: Callable[[str], bool]) -> None:
        """Keep the watch running and the screen true."""
        self._watch.turn(now)
        if self._smart is not None:
            self._smart.turn(now, self._sights)
        for camera, sight in self._sights.items():
            # At every turn: one that is stopped at once is soon written.
            if camera.clips.recording:
                sight.note(camera.clips.held)
        if now - self._turned_at < _TURN:
            return
        self._turned_at = now
        for camera in self._cameras.values():
            self._watch.tell(self._view(camera))
        for camera, sight in list(self._sights.items()):
            sight.turn(now, camera.clips.held, known)
            if camera.clips.idle and sight.idle and camera is not self._cameras.get(camera.id):
                del self._sights[camera]

    def free(self, free_bytes: int) -> None:
        """How much room the disk of the clips has; in steps, for the screen shows no more."""
        self._watch.tell(StationView(free_bytes - free_bytes % 10_000_000))

    def tell_states(self) -> None:
        """Publish how each camera is watched."""
        for camera in self._cameras.values():
            looks, asked, infer_ms = self._sights[camera].rates()
            self._bus.publish(
                events.DetectionState(
                    camera.id,
                    looks,
                    asked,
                    round(infer_ms, 1),
                    self._persons(camera),
                    camera.unrecorded,
                )
            )

    def said(self, said: Said) -> None:
        """A message of the watch."""
        message = self._watch.take(said)
        if isinstance(message, (Recorded, NotRecorded)):
            if self._smart is not None:
                self._smart.take(message)
        elif message is not None:
            self._hear(message)

    def ended(self, ended: Ended, now: Ns) -> None:
        """The watch has ended; it is started again."""
        if self._smart is not None and self._watch.is_current(ended):
            self._smart.watch_ended()
        loss = self._watch.ended(ended, now)
        if loss is not None:
            self._bus.publish(events.WatchLost(loss.reason, seconds(loss.retry)))

    def finish(self, known: Callable[[str], bool]) -> None:
        """No more pictures come: what was seen goes to the catalogue."""
        for sight in self._sights.values():
            sight.finish(known)

    def close(self) -> None:
        """End the watch, and with it the screen."""
        self._watch.close()

    def _hear(self, message: Message) -> None:
        if isinstance(message, Looked):
            self._looked(message.look, message.infer_ms)
        elif isinstance(message, Key):
            self._press(message.key, message.camera)
        elif isinstance(message, Hello):
            self._began(message)
        elif isinstance(message, Preparing):
            self._bus.publish(events.WatchPreparing(one_line(message.text), message.seconds))
        elif isinstance(message, Refused):
            self._detector = (NO_ENGINE, None)
            self._bus.publish(
                events.DetectorRefused(one_line(message.message), one_line(message.hint))
            )
        elif isinstance(message, Note):
            where = f"{message.camera}: " if message.camera else ""
            hint = f" - {message.hint}" if message.hint else ""
            log.warning("%s", one_line(f"{where}{message.text}{hint}"))
        else:
            assert isinstance(message, Health)
            log.debug("watch: %s", message)

    def _began(self, hello: Hello) -> None:
        self._detector = (hello.engine, hello.model_digest or None)
        if self._smart is not None:
            self._smart.began(hello)
        self._min_confidence = hello.min_confidence
        for sight in self._sights.values():
            sight.trust(hello.min_confidence)
        self._bus.publish(
            events.WatchStarted(
                hello.engine,
                hello.model,
                hello.min_confidence,
                hello.screen,
                hello.screen_note,
                one_line(hello.engine_note),
            )
        )

    def _looked(self, look: Look, infer_ms: float) -> None:
        camera = self._cameras.get(look.camera)
        if camera is None or look.epoch != camera.clips.epoch:
            return  # of before the camera's new start
        sight = self._sights[camera]
        unit = camera.clips.ring.newest
        newest = look.pts if unit is None else unit.pts
        for trigger in sight.take(look, infer_ms, newest):
            new = self._begins(trigger)
            if not new and camera.clips.lengthen(trigger):
                pass
            elif not camera.armed:  # who is still there when it is armed begins a clip then
                camera.unrecorded += new and not camera.clips.recording
            elif new:
                self._record(camera, trigger)
            elif anew := sight.renew(trigger, newest):
                self._begins(anew)
                self._record(camera, anew)
            sight.note(camera.clips.held)

    def _begins(self, trigger: Trigger) -> bool:
        """Whether it was not told before. Of those known the one told longest ago is forgotten."""
        new = self._begun.pop(trigger.trigger_id, True)
        self._begun[trigger.trigger_id] = False
        if len(self._begun) > _REMEMBERED:
            del self._begun[next(iter(self._begun))]
        return new

    def _persons(self, camera: Camera) -> int:
        sight = self._sights.get(camera)
        return 0 if sight is None or camera.phase is not CameraPhase.LIVE else sight.persons

    def _view(self, camera: Camera) -> CameraView:
        recording = camera.clips.recording
        text = str(camera.error) if camera.phase is CameraPhase.LOST and camera.error else ""
        phase = stands(camera.phase.value, silent=camera.silent, pictures=camera.pictures)
        if not recording:
            return CameraView(camera.id, phase, text, armed=camera.armed)
        clip = recording[0]
        since = min(trigger.pts for trigger in clip.triggers)
        event_id, pre_roll = self._pre_rolls.get(camera.id, ("", 0.0))
        if event_id != clip.event_id:
            pre_roll = round(seconds(camera.clips.held_before(clip, since)), 1)
            self._pre_rolls[camera.id] = clip.event_id, pre_roll
        return CameraView(camera.id, phase, text, since, pre_roll, camera.armed)
