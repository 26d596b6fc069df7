"""One camera of the station: its capture, its ring, its clips. Station thread only.

A camera that fails is started again and again, ever less eagerly; nothing it does costs another
camera anything, for what may wait (opening, closing, rendering) is done on threads of its own.
"""

import logging
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from smartrec.app.clips import Clips
from smartrec.app.events import CameraState
from smartrec.app.sources import explain, start_capture
from smartrec.clock import Instant
from smartrec.config.cameras import Camera as CameraSettings
from smartrec.errors import CameraError, CameraSilent, SmartrecError, SourceError
from smartrec.media.capture import Capture
from smartrec.media.rtsp import STANDS_STILL
from smartrec.model import (
    AccessUnit,
    Action,
    Answer,
    ClipState,
    Command,
    StreamFormat,
    Trigger,
    Verdict,
    new_id,
)
from smartrec.units import MILLISECOND, SECOND, Ns, seconds

SILENT_AFTER: Final = Ns(5 * SECOND)
"""A camera that sent nothing for so long is started again."""
FIRST_PICTURE_AFTER: Final = Ns(20 * SECOND)
_BACKOFF_FIRST: Final = Ns(500 * MILLISECOND)
_BACKOFF_MOST: Final = Ns(8 * SECOND)

log = logging.getLogger(__name__)


class CameraPhase(str, Enum):
    """Where a camera stands."""

    STARTING = "starting"
    LIVE = "live"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Started:
    """A capture runs, or does not (any more); then the error says why."""

    camera_id: str
    capture: Capture | None
    error: SmartrecError | None


class Listener:
    """Is told what happens to cameras; the station turns it into events."""

    def camera_live(self, camera: "Camera") -> None:
        """Pictures come."""

    def camera_lost(self, camera: "Camera", error: SmartrecError, retry: Ns | None) -> None:
        """No pictures come any more; it is tried again in `retry`, or never (None)."""

    def camera_units(
        self, camera: "Camera", units: Sequence[AccessUnit], stream: StreamFormat
    ) -> None:
        """It sent pictures; they are in the ring."""

    def camera_gone(self, camera: "Camera") -> None:
        """What comes next, if anything, goes with nothing that came before."""

    def camera_note(self, camera: "Camera", text: str) -> None:
        """Something the user should know."""


class Camera:
    """One camera.

    Args:
        settings: Its table.
        clips: Records it.
        cache_dir: Where the demo camera keeps its pictures.
        listener: Is told.
        report: Puts `Started` into the station's inbox; any thread.

    Attributes:
        phase: Where it stands.
        error: Why it is lost.
        pictures: How many came so far.
        damaged: How many of this run's were not whole.
        lost: How many of this run's the source skipped.
    """

    def __init__(
        self,
        settings: CameraSettings,
        clips: Clips,
        cache_dir: Path,
        listener: Listener,
        report: Callable[[Started], None],
    ) -> None:
        self.settings = settings
        self.id = settings.id
        self.name = settings.name
        self.clips = clips
        self.phase = CameraPhase.STARTING
        self.error: SmartrecError | None = None
        self.damaged = 0
        self.lost = 0
        self._cache_dir = cache_dir
        self._listener = listener
        self._report = report
        self._capture: Capture | None = None
        self._starting = False
        self._retry_at = 0
        self._backoff: int = _BACKOFF_FIRST
        self._heard_at = 0
        self._epoch = 0
        self.pictures = 0
        self._counted = 0

    @property
    def description(self) -> str:
        """What it gives, such as ``"1280x720 at 30 pictures a second, JPEG"``."""
        stream = self._capture.format if self._capture is not None else None
        if stream is None:
            return self.settings.shown_source
        rate = f" at {stream.fps:g} pictures a second" if stream.fps else ""
        return f"{stream.width}x{stream.height}{rate}, {stream.codec.value.upper()}"

    def state(self) -> CameraState:
        """How it stands; `fps` is of the time since the last call."""
        pictures, self._counted = self.pictures - self._counted, self.pictures
        ring = self.clips.ring
        return CameraState(
            self.id,
            float(pictures),
            seconds(ring.span),
            ring.bytes,
            self.pictures,
            self.damaged,
            self.lost,
            self.phase is CameraPhase.LIVE,
        )

    def status(self) -> dict[str, object]:
        """How it stands, for people and programs; any thread."""
        return {
            "id": self.id,
            "name": self.name,
            "source": self.settings.shown_source,
            "phase": self.phase.value,
            "error": str(self.error) if self.error else None,
            "ring_s": seconds(self.clips.ring.span),
            "ring_bytes": self.clips.ring.bytes,
            "damaged": self.damaged,
            "lost": self.lost,
            "recording": [clip.clip_id for clip in self.clips.recording],
        }

    def turn(self, now: Ns) -> None:
        """Take in what the camera sent and move its clips on; never waits."""
        if self._capture is not None:
            self._listen(self._capture, now)
        elif not self._starting and self.phase is not CameraPhase.ENDED and now >= self._retry_at:
            self._start()
        self.clips.turn(now)

    def started(self, started: Started, now: Ns) -> None:
        """An attempt to start has ended."""
        self._starting = False
        if self.phase is CameraPhase.ENDED:  # closed meanwhile
            self._capture = started.capture
            self._drop_capture()
            return
        if started.capture is None:
            assert started.error is not None
            self._lose(started.error, now)
            return
        self._capture = started.capture
        self._heard_at = now
        self.clips.begin_epoch()

    def obey(self, command: Command, instant: Instant, now: Ns) -> Answer:
        """Do what a command asks of this camera."""
        if command.action is Action.STOP:
            return self._stop(command, now)
        if self.phase in (CameraPhase.LOST, CameraPhase.ENDED):
            why = str(self.error) if self.error else "its source has ended"
            return Answer(command.id, self.id, Verdict.REFUSED, f"no picture comes: {why}")
        trigger = Trigger(
            new_id(),
            now if command.pts is None else command.pts,
            command.reason,
            start=_mono(command.start, instant),
            end=_mono(command.end, instant),
        )
        return self.record(command.id, trigger)

    def record(self, command_id: str, trigger: Trigger) -> Answer:
        """Record around a trigger, of which there may be news when the camera is gone already."""
        answer = self.clips.trigger(command_id, trigger)
        if self._capture is None and self.phase is not CameraPhase.STARTING:
            ended = self.phase is CameraPhase.ENDED
            self.clips.close_all(ClipState.STOPPED if ended else ClipState.CAMERA_LOST)
        return answer

    def close(self) -> None:
        """End the capture; open clips keep what they have."""
        self.clips.close_all(ClipState.STOPPED)
        self._drop_capture()
        self.phase = CameraPhase.ENDED

    def _stop(self, command: Command, now: Ns) -> Answer:
        stopped = self.clips.stop(Ns(now if command.pts is None else command.pts))
        if not stopped:
            return Answer(command.id, self.id, Verdict.REFUSED, "nothing is being recorded")
        return Answer(command.id, self.id, Verdict.STOPPED, "", stopped[-1].clip_id)

    def _listen(self, capture: Capture, now: Ns) -> None:
        try:
            units = capture.drain()
        except SmartrecError as error:
            self._part_from(capture, error)
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
        if (problem := capture.problem()) is not None:
            self._part_from(capture, problem)
        elif capture.ended():
            self.clips.close_all(ClipState.STOPPED)
            self._drop_capture()
            self.phase = CameraPhase.ENDED
        elif now - self._heard_at > self._patience():
            self._part_from(capture, self._silent(now))

    def _heard(self, capture: Capture, now: Ns) -> None:
        self._heard_at = now
        self._epoch = capture.epoch
        self.damaged, self.lost = capture.damaged, capture.lost
        if self.phase is not CameraPhase.LIVE:
            self.phase = CameraPhase.LIVE
            self.error = None
            self._backoff = _BACKOFF_FIRST
            self._listener.camera_live(self)

    def _patience(self) -> Ns:
        return SILENT_AFTER if self.phase is CameraPhase.LIVE else FIRST_PICTURE_AFTER

    def _silent(self, now: Ns) -> CameraSilent:
        waited = seconds(Ns(now - self._heard_at))
        plugged = "Unplug it and plug it in again; smartrec goes on by itself"
        return CameraSilent(
            f"{self.settings.shown_source} has sent nothing for {waited:.0f} s",
            hint=STANDS_STILL if self.settings.kind == "rtsp" else plugged,
        )

    def _start(self) -> None:
        self._starting = True
        epoch = self._epoch + 1

        def attempt() -> None:
            try:
                capture = start_capture(
                    self.settings, epoch=epoch, cache_dir=self._cache_dir, note=self._note
                )
            except SmartrecError as error:
                self._report(Started(self.id, None, error))
            except OSError as error:  # out of descriptors, memory or processes: it may pass
                self._report(Started(self.id, None, CameraError(f"{self.id}: {error}")))
            else:
                self._report(Started(self.id, capture, None))

        threading.Thread(target=attempt, name=f"start-{self.id}", daemon=True).start()

    def _note(self, text: str) -> None:
        self._listener.camera_note(self, text)

    def _part_from(self, capture: Capture, problem: SmartrecError) -> None:
        """Let go of the camera, look why it failed, and go on from `started`."""
        self._listener.camera_gone(self)
        self.clips.close_all(ClipState.CAMERA_LOST)
        self._capture, self._starting = None, True

        def look() -> None:
            capture.stop()  # first: while we hold the device, nothing can be said of it
            self._report(Started(self.id, None, explain(capture, problem)))

        threading.Thread(target=look, name=f"stop-{self.id}", daemon=True).start()

    def _lose(self, error: SmartrecError, now: Ns) -> None:
        news = self.phase is not CameraPhase.LOST or str(error) != str(self.error)
        # A file that cannot be played will not get better; a camera may be plugged in again.
        lasting = isinstance(error, SourceError)
        self.phase = CameraPhase.ENDED if lasting else CameraPhase.LOST
        self.error = error
        # Many cameras on one hub come back together: let them not all try at once.
        self._retry_at = now + round(self._backoff * random.uniform(0.8, 1.2))
        self._backoff = min(2 * self._backoff, _BACKOFF_MOST)
        if news:
            self._listener.camera_lost(self, error, None if lasting else Ns(self._retry_at - now))

    def _drop_capture(self) -> None:
        if self._capture is not None:
            threading.Thread(target=self._capture.stop, name=f"stop-{self.id}", daemon=True).start()
            self._capture = None


def _mono(wall_ns: int | None, instant: Instant) -> Ns | None:
    return None if wall_ns is None else Ns(instant.mono_ns + wall_ns - instant.wall_ns)
