"""The microphone of one camera: opened, lost and found again beside it. Station thread only.

A lost microphone never stops the video. It is told, its clips are silent from there, and it is
tried again, ever less eagerly; what it gives when it is back goes on in the same clip.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from enum import Enum
from queue import Empty, SimpleQueue
from typing import Final

from smartrec.app.attempts import wait_for
from smartrec.app.clips import Clips
from smartrec.app.events import Fact, MicrophoneBack, MicrophoneLost
from smartrec.config.cameras import Camera
from smartrec.errors import MicrophoneError, MicrophoneGone, MicrophoneSilent, SmartrecError
from smartrec.media.alsa_cards import microphone_in
from smartrec.media.capture import Capture, FedCapture
from smartrec.media.microphone import DemoMicrophone, MicrophoneCapture, Source
from smartrec.units import MILLISECOND, SECOND, Ns, seconds

SILENT_AFTER: Final = Ns(3 * SECOND)
"""A microphone that sent nothing for so long is opened again: even silence is sound."""
HANGS_AFTER: Final = Ns(15 * SECOND)
"""An attempt to open one that takes longer hangs; it is waited for all the same."""
_BACKOFF_FIRST: Final = Ns(500 * MILLISECOND)
_BACKOFF_MOST: Final = Ns(15 * SECOND)

log = logging.getLogger(__name__)

Opening = Callable[[Camera, Capture | None], Source | None]


class MicrophonePhase(str, Enum):
    """Where a microphone stands."""

    OFF = "off"
    STARTING = "starting"
    LIVE = "live"
    LOST = "lost"


class Unsupported(MicrophoneError):  # noqa: N818 - a condition, not a class
    """It will not get better by trying."""


def open_source(settings: Camera, capture: Capture | None) -> Source | None:
    """What the settings mean; None where it cannot be said before the camera runs.

    Raises:
        MicrophoneError: There is no such microphone.
        SmartrecError: What is needed to record it is not installed.
    """
    if isinstance(settings.audio, str):
        kind, _, name = settings.audio.partition(":")
        return MicrophoneCapture(kind, name)
    if settings.kind == "demo":
        began = capture.began if isinstance(capture, FedCapture) else None
        return None if began is None else DemoMicrophone(began)
    if settings.kind != "usb":
        raise Unsupported(
            f"audio = true: smartrec records no sound of {settings.kind} sources yet",
            hint='Name a microphone: audio = "alsa:DEVICE"; arecord -l lists them',
        )
    if capture is None or capture.device is None:
        return None
    card = microphone_in(capture.device)
    if card is None:
        raise MicrophoneGone(
            f"{capture.device} has no microphone",
            hint='Name another: audio = "alsa:DEVICE"; arecord -l lists them',
        )
    return MicrophoneCapture("alsa", f"hw:{card.number}", card)


class Microphone:
    """One camera's sound, from the device into the ring of its clips.

    Args:
        settings: The camera's.
        clips: Hear it.
        tell: Takes what happens.
        opening: Makes the source; on a thread of its own.
        after: What may hold the device still; see `smartrec.app.attempts.wait_for`.
    """

    def __init__(
        self,
        settings: Camera,
        clips: Clips,
        tell: Callable[[Fact], None],
        opening: Opening = open_source,
        after: Iterable[threading.Thread] = (),
    ) -> None:
        self._settings = settings
        self._clips = clips
        self._tell = tell
        self._opening = opening
        self._source: Source | None = None
        self._after = tuple(after)
        self._opener: threading.Thread | None = None
        self._stopping: threading.Thread | None = None
        self._opened: SimpleQueue[Source | SmartrecError | None] = SimpleQueue()
        self._busy = False
        self._capture: Capture | None = None
        self._retry_at = self._heard_at = self._begun_at = Ns(0)
        self._backoff: int = _BACKOFF_FIRST
        self._told = ""
        self._lost_at: Ns | None = None
        self.phase = MicrophonePhase.STARTING if settings.audio else MicrophonePhase.OFF
        self._ring = clips.listen() if settings.audio else None
        if self._ring is None:
            clips.sound = None

    def turn(self, now: Ns, capture: Capture | None) -> None:
        """Take in what came, and see to it that more does; never waits.

        Args:
            now: The time.
            capture: Of the camera as it runs; None while it does not.
        """
        if self._ring is None or self.phase is MicrophonePhase.OFF:
            return
        if capture is not self._capture:  # its microphone may be there again, too
            self._capture, self._retry_at = capture, now
        if self._source is not None:
            self._listen(self._source, now)
        elif self._busy:
            self._look(now)
        elif now >= self._retry_at and not self._stops:
            self._open(capture, now)

    def close(self) -> list[threading.Thread]:
        """No more is wanted; what has come stays. Returns what may hold the device still."""
        self.phase = MicrophonePhase.OFF
        self._drop()
        return [thread for thread in (self._opener, self._stopping) if thread is not None]

    def _open(self, capture: Capture | None, now: Ns) -> None:
        self._busy, self._begun_at = True, now
        after, self._after = self._after, ()

        def attempt() -> None:
            wait_for(after)
            try:
                source = self._opening(self._settings, capture)
                if source is not None:
                    source.start()
                self._opened.put(source)
                if source is not None and self.phase is MicrophonePhase.OFF:  # closed meanwhile
                    source.stop()
            except SmartrecError as error:
                self._opened.put(error)
            except OSError as error:  # out of descriptors, memory or processes: it may pass
                self._opened.put(MicrophoneError(str(error)))
            except Exception as error:  # a bug may cost this attempt, not all sound to come
                log.exception("the microphone of %s", self._settings.id)
                hint = "This is a fault of smartrec: report it with the log."
                self._opened.put(MicrophoneError(f"{error!r}", hint=hint))

        self._retry_at = Ns(now + _BACKOFF_FIRST)
        self._opener = _begun(attempt, f"microphone-{self._settings.id}")

    @property
    def _stops(self) -> bool:
        """Whether the last source has not let go yet; one that hangs costs one thread, not many."""
        return self._stopping is not None and self._stopping.is_alive()

    def _look(self, now: Ns) -> None:
        """Whether the attempt has ended."""
        try:
            opened = self._opened.get_nowait()
        except Empty:
            if now - self._begun_at > HANGS_AFTER:
                hangs = f"the microphone of {self._settings.id} does not open: its driver hangs"
                self._lose(MicrophoneError(hangs, hint="Unplug it and plug it in again"), now)
            return
        self._busy = False
        if isinstance(opened, SmartrecError):
            self._lose(opened, now)
        elif opened is not None:
            self._source, self._heard_at = opened, now

    def _listen(self, source: Source, now: Ns) -> None:
        assert self._ring is not None
        chunks = source.drain()
        for chunk in chunks:
            self._clips.hear(chunk)
        if chunks:
            self._heard(now)
        problem = source.problem()
        if problem is None and now - self._heard_at > SILENT_AFTER:
            problem = MicrophoneSilent(
                f"the microphone of {self._settings.id} sends nothing",
                hint="Plug it in again; is it switched off in the mixer (alsamixer)?",
            )
        if problem is not None:
            self._drop()
            self._lose(problem, now)

    def _heard(self, now: Ns) -> None:
        assert self._ring is not None
        self._heard_at = now
        self._ring.live = True
        self._backoff = _BACKOFF_FIRST
        self.phase = MicrophonePhase.LIVE
        if self._lost_at is not None:
            away = seconds(Ns(now - self._lost_at))
            self._tell(MicrophoneBack(self._settings.id, away))
            self._lost_at, self._told = None, ""

    def _lose(self, error: SmartrecError, now: Ns) -> None:
        """Tell it, unless that was said already in the same words."""
        lasting = isinstance(error, Unsupported)
        self.phase = MicrophonePhase.OFF if lasting else MicrophonePhase.LOST
        self._lost_at = self._lost_at or now
        self._retry_at = Ns(now + self._backoff)
        if self._told != str(error):
            self._told = str(error)
            again = None if lasting else seconds(Ns(self._backoff))
            self._tell(MicrophoneLost(self._settings.id, str(error), error.hint or "", again))
        self._backoff = min(2 * self._backoff, _BACKOFF_MOST)

    def _drop(self) -> None:
        if self._ring is not None:
            self._ring.live = False
        if self._source is not None:
            name = f"stop-microphone-{self._settings.id}"
            self._stopping = _begun(self._source.stop, name)
            self._source = None


def _begun(work: Callable[[], None], name: str) -> threading.Thread:
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread
