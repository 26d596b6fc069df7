"""One camera of the station: its capture, its ring, its clips. Station thread only.

A camera that fails is started again and again, ever less eagerly; nothing it does costs another
camera anything, for what may wait (opening, closing, rendering) is done on threads of its own.
"""

import logging
import random
import threading
from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial
from typing import Final

from smartrec.app.attempts import Attempts, Started
from smartrec.app.camera_status import clogged, in_words, silent
from smartrec.app.clips import Clips
from smartrec.app.events import CameraState
from smartrec.app.hotplug import Plugged
from smartrec.app.listening import Listener
from smartrec.app.microphone import Microphone
from smartrec.app.power import PowerCycling
from smartrec.app.sources import Sources
from smartrec.clock import Instant
from smartrec.config.cameras import Camera as CameraSettings
from smartrec.errors import CameraError, CameraGone, CameraSilent, SmartrecError, SourceError
from smartrec.media import usb_port
from smartrec.media.capture import Capture
from smartrec.model import (
    Action,
    Answer,
    ClipState,
    Command,
    Trigger,
    Verdict,
    new_id,
)
from smartrec.units import MILLISECOND, SECOND, Ns, seconds

SILENT_TOLD_AFTER: Final = Ns(500 * MILLISECOND)
"""A camera that sent nothing for so long is told to be silent; three pictures' time if longer."""
SILENT_AFTER: Final = Ns(5 * SECOND)
"""A camera that sent nothing for so long is started again."""
FIRST_PICTURE_AFTER: Final = Ns(20 * SECOND)
_EXPLAINED_WITHIN: Final = Ns(500 * MILLISECOND)
"""A loss is told without its reason where that takes longer."""
_BACKOFF_FIRST: Final = Ns(500 * MILLISECOND)
_BACKOFF_MOST: Final = Ns(8 * SECOND)

log = logging.getLogger(__name__)


class CameraPhase(str, Enum):
    """Where a camera stands."""

    STARTING = "starting"
    LIVE = "live"
    LOST = "lost"
    ENDED = "ended"


class Camera:
    """One camera.

    Args:
        settings: Its table.
        clips: Records it.
        sources: Opens it.
        listener: Is told.
        report: Puts `Started` into the station's inbox; any thread.

    Attributes:
        settings: Its table, as it is in force.
        capture: What runs; None while nothing does.
        microphone: Beside it.
        phase: Where it stands.
        error: Why it is lost.
        silent: Whether it is live and sends nothing just now.
        pictures: How many came so far.
        damaged: How many of this run's were not whole.
        lost: How many of this run's the source skipped.
        armed: Whether persons begin clips; set by `Arming`, as is
        unrecorded: how many came and began none since it was disarmed.
    """

    def __init__(
        self,
        settings: CameraSettings,
        clips: Clips,
        sources: Sources,
        listener: Listener,
        report: Callable[[Started], None],
    ) -> None:
        self.settings = settings
        self.id = settings.id
        self.name = settings.name
        self.clips = clips
        self.phase = CameraPhase.STARTING
        self.error: SmartrecError | None = None
        self.damaged = self.lost = self.unrecorded = 0
        self.silent, self.armed = False, True
        self._sources = sources
        self._listener = listener
        self._after: tuple[threading.Thread, ...] = ()
        self.microphone = self._microphone()
        self._attempts = Attempts(settings.id, report)
        self._power = PowerCycling(wanted=_powered(settings))
        self.capture: Capture | None = None
        self._retry_at = 0
        self._backoff: int = _BACKOFF_FIRST
        self._anew = False
        self._heard_at = self._lost_at = Ns(0)
        self._told: str | None = None
        self._epoch = 0
        self.pictures = 0
        self._counted = (0, Ns(0))

    @property
    def description(self) -> str:
        """What it gives, such as ``"1280x720 at 30 pictures a second, JPEG"``."""
        stream = self.capture.format if self.capture is not None else None
        return self.settings.shown_source if stream is None else in_words(stream)

    def state(self, now: Ns) -> CameraState:
        """How it stands; `fps` is of the time since the last call."""
        (before, at), self._counted = self._counted, (self.pictures, now)
        ring = self.clips.ring
        return CameraState(
            self.id,
            (self.pictures - before) * SECOND / max(1, now - at),
            seconds(ring.span),
            ring.bytes,
            self.pictures,
            self.damaged,
            self.lost,
            self.phase is CameraPhase.LIVE and not self.silent,
        )

    def turn(self, now: Ns) -> None:
        """Take in what the camera sent and move its clips on; never waits."""
        if self.capture is not None:
            self._listen(self.capture, now)
        elif self._attempts.busy:
            self._wait(now)
        elif self.phase is not CameraPhase.ENDED and now >= self._retry_at:
            if self._attempts.clogged(now):
                self._lose(clogged(self.settings), now)
            elif not self._attempts.crowded:
                self._start(now)
        self.microphone.turn(now, self.capture)
        self.clips.turn(now)

    def owns(self, started: Started) -> bool:
        """Whether an attempt that has ended was one of this camera's."""
        return self._attempts.knows(started)

    def started(self, started: Started, now: Ns) -> None:
        """An attempt to start has ended."""
        if not self._attempts.take(started):
            return
        if started.capture is None:
            assert started.error is not None
            self._lose(started.error, now)
            return
        self.capture = started.capture
        self._heard_at = now
        self._anew = False

    def plugged(self, plugged: Plugged, now: Ns) -> None:
        """A video node came or went: a camera that is lost may be back, one that is live gone."""
        capture = self.capture
        if self.settings.kind != "usb" or self.phase is CameraPhase.ENDED:
            return
        if capture is not None:
            if not plugged.there and capture.device == plugged.node:
                self._part_from(capture, CameraGone(f"{plugged.node} was unplugged"), now)
        elif plugged.there:
            self._attempts.give_up(now)
            self._anew = self._attempts.busy
            self._retry_at, self._backoff = now, _BACKOFF_FIRST

    def obey(self, command: Command, instant: Instant, now: Ns) -> Answer:
        """Do what a command asks of this camera."""
        if command.action is Action.STOP:
            return self._stop(command, now)
        trigger = Trigger(
            new_id(),
            now if command.pts is None else command.pts,
            command.reason,
            start=_mono(command.start, instant),
            end=_mono(command.end, instant),
        )
        if self._gone and not self.clips.holds(trigger):
            why = str(self.error) if self.error else "its source has ended"
            return Answer(command.id, self.id, Verdict.REFUSED, f"no picture comes: {why}")
        return self.record(command.id, trigger)

    def record(self, command_id: str, trigger: Trigger) -> Answer:
        """Record around a trigger; of a camera that is lost, what is held from before it was."""
        answer = self.clips.trigger(command_id, trigger)
        if self._gone:
            ended = self.phase is CameraPhase.ENDED
            self.clips.close_all(ClipState.STOPPED if ended else ClipState.CAMERA_LOST)
        return answer

    def apply(self, settings: CameraSettings) -> None:
        """Go by other settings from now on; what a capture is made by waits for `begin_anew`."""
        self.settings, self.name = settings, settings.name
        self._power.wanted = _powered(settings)

    def begin_anew(self, now: Ns, after: Iterable[threading.Thread] = ()) -> None:
        """Start once more, by what the settings say now; `leave` came first.

        Args:
            now: The time.
            after: What may hold the device still; see `smartrec.app.attempts.wait_for`.
        """
        self._after = tuple(after)
        self.microphone = self._microphone()
        self.phase, self.error, self._told = CameraPhase.STARTING, None, None
        self._retry_at, self._backoff = now, _BACKOFF_FIRST

    def leave(self, now: Ns) -> list[threading.Thread]:
        """End for other settings: what it has sent so far is its clips', the ring is let go.

        Returns:
            What may hold the device still.
        """
        self.turn(now)
        holding = self.close()
        self.clips.begin_epoch()
        return holding

    def close(self) -> list[threading.Thread]:
        """End the capture; open clips keep what they have. Returns as `leave`."""
        self.clips.close_all(ClipState.STOPPED)
        self._listener.camera_gone(self)
        sounding = self.microphone.close()
        self._drop_capture()
        self.phase, self.silent = CameraPhase.ENDED, False
        return [*self._attempts.forsake(), *sounding]

    def _microphone(self) -> Microphone:
        tell = partial(self._listener.camera_sound, self)
        return Microphone(self.settings, self.clips, tell, after=self._after)

    @property
    def _gone(self) -> bool:
        return self.phase in (CameraPhase.LOST, CameraPhase.ENDED)

    def _stop(self, command: Command, now: Ns) -> Answer:
        stopped = self.clips.stop(Ns(now if command.pts is None else command.pts))
        if not stopped:
            return Answer(command.id, self.id, Verdict.REFUSED, "nothing is being recorded")
        return Answer(command.id, self.id, Verdict.STOPPED, "", stopped[-1].clip_id)

    def _listen(self, capture: Capture, now: Ns) -> None:
        try:
            units = capture.drain()
        except SmartrecError as error:
            self._part_from(capture, error, now)
            return
        for unit in units:
            if self.clips.epoch is not None and unit.epoch != self.clips.epoch:
                self.clips.close_all(ClipState.CAMERA_LOST)
                self.clips.begin_epoch()
                self._listener.camera_gone(self)
            assert capture.format is not None
            self.clips.push(unit, capture.format)
        if units:
            assert capture.format is not None
            self._listener.camera_units(self, units, capture.format)
            self.pictures += len(units)
            self._heard(capture, now)
        over = capture.ended()  # asked first: an error is said before the end that it brings
        if (problem := capture.problem()) is not None:
            self._part_from(capture, problem, now)
        elif over:
            self.clips.close_all(ClipState.STOPPED)
            self._drop_capture()
            self.phase = CameraPhase.ENDED
        else:
            self._mind_silence(capture, now)

    def _heard(self, capture: Capture, now: Ns) -> None:
        quiet, self._heard_at = Ns(now - self._heard_at), now
        self._epoch = capture.epoch
        self.damaged, self.lost = capture.damaged, capture.lost
        if self.silent:
            self.silent = False
            self._listener.camera_heard(self, quiet)
        if self.phase is not CameraPhase.LIVE:
            self.phase = CameraPhase.LIVE
            self.error = self._told = None
            self._backoff = _BACKOFF_FIRST
            self._power.worked()
            self._listener.camera_live(self)

    def _mind_silence(self, capture: Capture, now: Ns) -> None:
        quiet = Ns(now - self._heard_at)
        if self.phase is not CameraPhase.LIVE:
            if quiet > FIRST_PICTURE_AFTER:
                self._part_from(capture, silent(self.settings, quiet), now)
            return
        rate = (capture.format.fps if capture.format else 0) or self.settings.fps
        if not self.silent and quiet > max(SILENT_TOLD_AFTER, 3 * SECOND / rate):
            self.silent = True
            self._listener.camera_silent(self, quiet)
        if quiet > SILENT_AFTER:
            self._part_from(capture, silent(self.settings, quiet), now)

    def _start(self, now: Ns) -> None:
        epoch, settings = self._epoch + 1, self.settings
        port = self._sources.port(settings)
        cycled = port if port is not None and self._power.due(now) else None
        if cycled is not None:
            self._listener.camera_powered(self, cycled)

        def attempt() -> Capture:
            if cycled is not None:
                self._switch(cycled)
            return self._sources.start(settings, epoch=epoch, note=self._note)

        after, self._after = self._after, ()
        self._attempts.begin(attempt, now, after)

    def _switch(self, port: str) -> None:
        """Switch a port off and on. On the attempt's thread."""
        try:
            usb_port.cycle(port)
        except SmartrecError as error:
            self._note(f"{error} - {error.hint}")

    def _wait(self, now: Ns) -> None:
        """An attempt goes on: tell what cannot wait for its end."""
        if self.error is not None and self._told is None:
            if now - self._lost_at > _EXPLAINED_WITHIN:
                self._tell(self.error, Ns(self._backoff))
        elif self._attempts.hangs(now) and self.settings.kind == "usb":
            source = self.settings.shown_source
            hint = "Unplug it and plug it in again; if that is no help, start the machine anew"
            error = CameraSilent(f"{source} does not answer: its driver hangs", hint=hint)
            self.phase, self.error = CameraPhase.LOST, error
            self._tell(error, Ns(self._backoff))

    def _note(self, text: str) -> None:
        self._listener.camera_note(self, text)

    def _part_from(self, capture: Capture, problem: SmartrecError, now: Ns) -> None:
        """Let go of the camera, look why it failed, and go on from `started`."""
        self._listener.camera_gone(self)
        self.clips.close_all(ClipState.CAMERA_LOST)
        self.capture, self.silent = None, False
        self.phase, self._lost_at = CameraPhase.LOST, now
        sends_no_more = CameraError(f"{self.settings.shown_source} sends no more")
        self.error = problem if isinstance(problem, CameraError) else sends_no_more

        def look() -> Capture:
            self._sources.lost(self.settings)
            if self.settings.kind == "rtsp":
                # Nothing waits for its end, and that of one that does not answer takes a while.
                self._attempts.let_go(capture)
            else:
                capture.stop()  # first: while we hold the device, nothing can be said of it
            raise self._sources.explain(self.settings, capture, problem)

        self._attempts.begin(look, now)

    def _lose(self, error: SmartrecError, now: Ns) -> None:
        # A file that cannot be played will not get better; a camera may be plugged in again.
        lasting = isinstance(error, SourceError)
        self.phase = CameraPhase.ENDED if lasting else CameraPhase.LOST
        self.error = error
        self._power.failed(error)
        # Many cameras on one hub come back together: let them not all try at once.
        wait = 0 if self._anew else round(self._backoff * random.uniform(0.8, 1.2))
        self._anew = False
        self._retry_at = now + wait
        self._backoff = min(2 * self._backoff, _BACKOFF_MOST)
        self._tell(error, None if lasting else Ns(wait))

    def _tell(self, error: SmartrecError, retry: Ns | None) -> None:
        """The camera is lost, unless that was said already in the same words."""
        news, self._told = self._told != str(error), str(error)
        if news:
            self._listener.camera_lost(self, error, retry)

    def _drop_capture(self) -> None:
        if self.capture is not None:
            self._attempts.let_go(self.capture)
            self.capture = None


def _powered(settings: CameraSettings) -> bool:
    return settings.power_cycle and settings.kind == "usb"


def _mono(wall_ns: int | None, instant: Instant) -> Ns | None:
    return None if wall_ns is None else Ns(instant.mono_ns + wall_ns - instant.wall_ns)
