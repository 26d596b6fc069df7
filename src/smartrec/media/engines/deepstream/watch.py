"""The watch on DeepStream: as the portable one, with all cameras in one pipeline.

Threads: the main one is the screen's and the bus's; one reads what the recorder sends; one starts
the pipeline, which may take minutes while TensorRT builds an engine; one tells what was found; and
those of GStreamer, on which the metadata is read.
"""

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.errors import PipelineError, ScreenLost, SmartrecError
from smartrec.media.engines.deepstream.branches import Branches
from smartrec.media.engines.deepstream.failures import failure_of
from smartrec.media.engines.deepstream.here import Here
from smartrec.media.engines.deepstream.looking import Looking
from smartrec.media.engines.deepstream.metadata import open_metadata
from smartrec.media.engines.deepstream.model import Prepared, prepare
from smartrec.media.engines.deepstream.pipeline import DISPLAY, Pipeline, Trouble
from smartrec.media.engines.deepstream.reading import Reading, Sees
from smartrec.media.engines.deepstream.recording import Recorders
from smartrec.media.engines.deepstream.stage import Stage
from smartrec.media.engines.deepstream.trunks import Opened, open_panel, screen_has_come, trunks
from smartrec.media.prints import mask_prints
from smartrec.media.screen.xserver import end_with_the_server
from smartrec.media.watch.messages import (
    CameraView,
    DetectorSetup,
    Format,
    Health,
    Hello,
    Key,
    Leave,
    Message,
    Note,
    Record,
    Refused,
    Setup,
    StationView,
    Unit,
)
from smartrec.media.watch.talk import Talk
from smartrec.units import SECOND, Ns

EXIT_SCREEN_LOST: Final = 3
EXIT_OTHER_ENGINE: Final = 4
EXIT_FAILED: Final = 5
_TURN: Final = 0.1
_SINK_FAILS_WITHIN: Final = Ns(10 * SECOND)
_EXPOSURES: Final = 4
"""The server may learn of a window's new size later than the sink asks for it."""
_HEALTH_EVERY: Final = Ns(SECOND)
_LOOK_AGAIN_EVERY: Final = Ns(2 * SECOND)
_STEADY_AFTER: Final = Ns(60 * SECOND)
"""What has worked for so long and fails then may work again in a new process."""
_STUCK_AFTER: Final = Ns(20 * SECOND)
"""To give up a branch, whose file is waited for, takes half as long at most."""
_BUILDING: Final = "TensorRT builds the detector's engine for this GPU, once"

log = logging.getLogger(__name__)


class Unusable(Exception):  # noqa: N818 - a condition: why this engine is not to be taken
    """DeepStream does not work here, or no longer.

    Args:
        error: What is wrong, why, and what mends it.
        again: Whether it may work in a new process.
    """

    def __init__(self, error: SmartrecError, *, again: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.again = again


class Watch:
    """The whole of it, without the process around it.

    Args:
        talk: With the recorder.
        setup: Its first message; it has a detector.
        here: The DeepStream to do it with.
    """

    def __init__(self, talk: Talk, setup: Setup, here: Here) -> None:
        assert setup.detector is not None
        self._talk = talk
        self._setup = setup
        self._detector: DetectorSetup = setup.detector
        self._here = here
        self._views: dict[object, CameraView | StationView] = {}
        self._viewing = threading.Lock()
        self._opened = Opened(None)
        self._stage = Stage()
        names = tuple(camera for camera, _ in setup.cameras)
        self._recorders, self._why_not_recorders = _recorders(setup, talk)
        uris = dict(setup.uris) if self._recorders is not None else {}
        self._own = frozenset(uris)
        if uris:
            mask_prints()
        self._branches = Branches(here.platform, names, talk.say, self._recorders, uris)
        self._running: _Running | None = None
        self._config: Path | None = None
        self._health_at = Ns(0)
        self._unsettled = 0
        self._taking: Ns | None = None
        self._look_again_at = Ns(0)

    def run(self) -> int:
        """Until the recorder is gone or says so; the exit status. Main thread."""
        self._talk.hear(self._hear)
        try:
            self._open_screen()
            threading.Thread(target=self._begin, name="starting", daemon=True).start()
            while not self._talk.ended.is_set():
                self._turn(Ns(time.monotonic_ns()))
        except ScreenLost:
            return EXIT_SCREEN_LOST
        except Unusable as unusable:
            if unusable.again or self._was_steady(Ns(time.monotonic_ns())):
                self._say_again(unusable.error)
                return EXIT_FAILED
            self._say_why(unusable.error)
            return EXIT_OTHER_ENGINE
        finally:
            if self._recorders is not None:
                self._recorders.close()
        # Not set to NULL: a driver may hold it for ever, and the process ends at once anyway.
        return 0

    def _open_screen(self) -> None:
        opened = open_panel(self._setup, self._key)
        if opened.panel is not None:
            end_with_the_server(EXIT_SCREEN_LOST)
        with self._viewing:
            self._opened = opened
            for view in self._views.values():
                self._show(view)

    def _key(self, key: str, camera: str | None) -> None:
        self._talk.say(Key(key, camera))

    def _was_steady(self, now: Ns) -> bool:
        return self._running is not None and now - self._running.since > _STEADY_AFTER

    def _say_again(self, error: SmartrecError) -> None:
        self._talk.say(Note(f"DeepStream is started again: {error}", error.hint or ""))

    def _say_why(self, error: SmartrecError) -> None:
        if self._detector.engine == "auto":
            text = f"DeepStream is not used until smartrec is started again: {error}"
            self._talk.say(Note(text, error.hint or ""))
        else:
            self._talk.say(Refused(type(error).__name__, str(error), error.hint or ""))

    # ------------------------------------------------------------------ the thread that starts it

    def _begin(self) -> None:
        try:
            prepared = prepare(self._detector, len(self._setup.cameras), self._here)
            self._config = prepared.config
            for note in prepared.notes:
                self._talk.say(Note(note))
            if prepared.builds:
                self._stage.begins(_BUILDING)
            self._play(prepared)
        except SmartrecError as error:
            self._stage.error = error

    def _play(self, prepared: Prepared) -> None:
        metadata = open_metadata(
            ".".join(map(str, self._here.installed.version)), self._here.installed.root / "lib"
        )
        log.info("metadata is read by %s", metadata.how)
        sees = Sees(
            tuple(camera for camera, _ in self._setup.cameras),
            frozenset(self._setup.detected),
            prepared.person_class_ids,
            prepared.min_confidence,
        )
        looking = Looking(
            self._talk.say,
            prepared.min_confidence,
            self._detector.first_track,
            len(self._setup.detected),
            self._own,
        )
        reading = Reading(metadata, sees, looking.found, self._opened.panel)
        pipeline, sink = self._started(prepared, reading)
        self._running = _Running(pipeline, reading, looking, Ns(time.monotonic_ns()))
        self._branches.join(pipeline)
        self._stage.is_ready()
        self._talk.say(
            Hello(
                sink,
                self._opened.note,
                screen_missing=self._opened.missing,
                keys=self._opened.panel is not None,
                engine="deepstream",
                engine_note=f"by {self._here.words}",
                model=prepared.name,
                model_digest=prepared.digest,
                min_confidence=prepared.min_confidence,
                records=self._recorders is not None,
                records_note=self._why_not_recorders,
            )
        )
        looking.start()

    def _started(self, prepared: Prepared, reading: Reading) -> tuple[Pipeline, str]:
        """The first trunk that plays, and the name of its sink.

        Raises:
            SmartrecError: None does, and why.
        """
        panel = self._opened.panel
        failed: list[Trouble] = []
        for text, sink in trunks(self._setup, self._here, panel, str(prepared.config)):
            pipeline = Pipeline(text, None if panel is None else panel.xid)
            for name, value in prepared.properties.items():
                pipeline.set("infer", name, value)
            pipeline.probe("infer", "sink", reading.batch_in)
            last = "tracker" if pipeline.has("tracker") else "infer"
            pipeline.probe(last, "src", reading.batch_out)
            if pipeline.has("osd"):
                pipeline.probe("osd", "sink", reading.drawn)
            if pipeline.start():
                return pipeline, sink
            failed = pipeline.troubles()
            pipeline.stop()
            if not any(each.element == DISPLAY for each in failed):
                break
            log.warning("%s shows nothing here: %s", sink, failed[0].message)
        if not failed:
            raise PipelineError("pipeline", "did not start and did not say why")
        raise _failure(failed[0], prepared.config)

    # ------------------------------------------------------------------------- the reader's thread

    def _hear(self, message: Message) -> None:
        self._taking = Ns(time.monotonic_ns())
        self._take(message)
        self._taking = None

    def _take(self, message: Message) -> None:
        if isinstance(message, (CameraView, StationView)):
            self._view(message)
            return
        running = self._running
        if isinstance(message, Format):
            self._branches.stream(message.camera, message.format)
        elif isinstance(message, Unit) and running is not None:
            unit, camera = message.unit, message.camera
            new = running.looking.pushed(camera, unit.epoch, unit.pts, look=message.look)
            if new and not self._branches.push(camera, unit):
                running.looking.forget(camera)
        elif isinstance(message, Record) and self._recorders is not None:
            self._recorders.record(message)
        elif isinstance(message, Leave) and self._recorders is not None:
            self._recorders.leave(message)

    def _view(self, view: CameraView | StationView) -> None:
        if isinstance(view, StationView) and view.closing:
            self._talk.ended.set()
        with self._viewing:
            self._views[view.camera if isinstance(view, CameraView) else StationView] = view
            self._show(view)

    def _show(self, view: CameraView | StationView) -> None:
        panel = self._opened.panel
        if panel is not None and isinstance(view, CameraView):
            panel.view(view)
        elif panel is not None and isinstance(view, StationView):
            panel.station(view)

    # ------------------------------------------------------------------------------ the main thread

    def _turn(self, now: Ns) -> None:
        if self._stage.error is not None:
            raise Unusable(self._stage.error)
        self._stage.turn(self._talk.say, now)
        panel = self._opened.panel
        if panel is None:
            self._talk.ended.wait(_TURN)
            self._look_for_a_screen(now)
        else:
            panel.prepare(self._stage.words(now))
            if panel.turn(_TURN):
                self._unsettled = _EXPOSURES
            if self._unsettled and self._running is not None:
                self._unsettled -= 1
                self._running.arrange(panel.alone)
        if self._running is not None:
            self._look_after(self._running, now)

    def _look_for_a_screen(self, now: Ns) -> None:
        """A pipeline gets no other sink: where one would have pictures now, all begins anew."""
        screen = self._setup.screen if self._opened.missing else None
        if screen is None or self._running is None or now < self._look_again_at:
            return
        self._look_again_at = Ns(now + _LOOK_AGAIN_EVERY)
        if screen_has_come(screen):
            raise ScreenLost("there is another now")

    def _look_after(self, running: "_Running", now: Ns) -> None:
        running.looking.turn(now)
        self._check_alive(running, now)
        failed = running.reading.failed
        if failed is not None:
            raise Unusable(failed)
        heeds = None
        if self._recorders is not None:
            self._recorders.turn(now)
            heeds = self._recorders.heeds
        for trouble in running.pipeline.troubles(heeds):
            self._heed(trouble)
        if now >= self._health_at:
            self._health_at = Ns(now + _HEALTH_EVERY)
            self._talk.say(Health(dict(running.reading.shown)))

    def _check_alive(self, running: "_Running", now: Ns) -> None:
        """A driver that hangs says nothing."""
        if running.looking.silent:
            # Where none ever came, the portable engine may know how to decode them.
            again = running.looking.came or self._detector.engine != "auto"
            error = PipelineError("pipeline", "pictures go in and none comes out")
            raise Unusable(error, again=again)
        taking = self._taking
        if taking is not None and now - taking > _STUCK_AFTER:
            error = PipelineError("pipeline", "a camera's branch is neither made nor given up")
            raise Unusable(error, again=True)

    def _heed(self, trouble: Trouble) -> None:
        if trouble.branch is not None:
            self._branches.broke(trouble.branch, trouble.message)
        elif trouble.element == DISPLAY and self._opened.panel is not None:
            running = self._running
            if running is not None and time.monotonic_ns() - running.since < _SINK_FAILS_WITHIN:
                # The server is there, or it had been noticed: this sink shows nothing on it.
                raise Unusable(PipelineError(DISPLAY, trouble.message, debug=trouble.debug))
            raise ScreenLost(trouble.message)
        else:
            raise Unusable(_failure(trouble, self._config))


def _recorders(setup: Setup, talk: Talk) -> tuple[Recorders | None, str]:
    """Smart Record where it is wanted and there, else why it is not there."""
    if setup.recorder is None:
        return None, ""
    try:
        return Recorders(setup.recorder, talk.say), ""
    except SmartrecError as error:
        return None, f"{error}. {error.hint}" if error.hint else str(error)


def _failure(trouble: Trouble, config: Path | None) -> SmartrecError:
    return failure_of(trouble.domain, trouble.code, trouble.message, trouble.debug, config=config)


@dataclass(frozen=True, slots=True)
class _Running:
    """What there is once the pipeline plays."""

    pipeline: Pipeline
    reading: Reading
    looking: Looking
    since: Ns

    def arrange(self, alone: int | None) -> None:
        """Show one camera or all, in a window that may have another size."""
        if self.pipeline.has("tiler"):
            self.pipeline.set("tiler", "show-source", "-1" if alone is None else str(alone))
        self.pipeline.expose()
