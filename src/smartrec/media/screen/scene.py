"""What is known of a camera, and what is said of it upon its picture at one moment. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smartrec.clock import Clock
from smartrec.detection.tracks import predicted
from smartrec.media.watch.messages import CameraView
from smartrec.model import Box, Look
from smartrec.units import MILLISECOND, SECOND, Ns

_SILENT_AFTER: Final = Ns(2 * SECOND)
_TWO_INTERVALS: Final = Ns(400 * MILLISECOND)
"""Of a detector that looks five times a second."""
_WITHOUT_PICTURE: Final = {
    "lost": "camera lost",
    "unseen": "no picture yet",
    "silent": "no picture",
    "ended": "ended",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Someone to be boxed.

    Attributes:
        box: As shares of the upright picture; may reach beyond it.
        score: 0 to 1.
    """

    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Recording:
    """A clip is being recorded.

    Attributes:
        running_s: Whole seconds since its event began.
        pre_roll_s: Seconds before that which are secured; None while unknown.
    """

    running_s: int
    pre_roll_s: float | None


@dataclass(frozen=True, slots=True)
class Slate:
    """Told in the middle of a cell that has no picture."""

    title: str
    reason: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is said of one camera at one moment.

    Attributes:
        name: Of the camera; empty where it need not be told.
        persons: To be boxed.
        recording: None while nothing is recorded.
        slate: Told instead of a picture.
        silent_s: For how many whole seconds no picture came, if it is too long.
        disk: Free bytes, and the limit below which they are told; None when there is enough.
        notice: Whatever else a person must know.
        armed: Whether persons begin clips; told where they do not.
    """

    name: str = ""
    persons: tuple[Person, ...] = ()
    recording: Recording | None = None
    slate: Slate | None = None
    silent_s: int | None = None
    disk: tuple[int, int] | None = None
    notice: str = ""
    armed: bool = True


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What holds for every camera.

    Attributes:
        min_confidence: Persons below it are not shown.
        boxes_for: How long after its look a box is shown.
        named: Whether pictures tell whose they are.
        low_disk: Free bytes below which they are told.
        free_bytes: None while unknown.
        notice: Whatever else a person must know.
    """

    min_confidence: float = 0.5
    boxes_for: Ns = _TWO_INTERVALS
    named: bool = False
    low_disk: int = 0
    free_bytes: int | None = None
    notice: str = ""


class Subject:
    """One camera. Any thread may tell it something; each fact is replaced as a whole.

    Args:
        camera: Id.
        name: For people.
        clock: Pts are times of its monotonic one.
    """

    def __init__(self, camera: str, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._view = CameraView(camera, "starting")
        self._since = ""
        self._arrived: Ns | None = None
        self._look: Look | None = None

    @property
    def has_picture(self) -> bool:
        """Whether there is one to be shown."""
        return self._slate() is None

    def arrived(self) -> bool:
        """A picture came; whether it is to be shown."""
        if self._view.phase in _WITHOUT_PICTURE:
            return False
        self._arrived = self._clock.monotonic()
        return True

    def looked(self, look: Look) -> None:
        """Persons were looked for."""
        self._look = look

    def viewed(self, view: CameraView) -> None:
        """The recorder says how the camera does."""
        if view.phase != self._view.phase:
            now = datetime.fromtimestamp(self._clock.now().wall_ns / SECOND).astimezone()
            self._since = f"since {now:%H:%M:%S}"
            # Pictures may come before the word that the camera is live.
            if view.phase != "live":
                self._arrived = None
                self._look = None
        self._view = view

    def scene(self, around: Surroundings, pts: Ns | None = None, *, first: bool = True) -> Scene:
        """What is to be said now.

        Args:
            around: What holds for all.
            pts: Of the picture that it is said upon; None for now.
            first: Whether it also tells what is told once upon a screen.
        """
        now = self._clock.monotonic()
        silent_s = self._silent(now)
        slate = self._slate()
        # A picture that is shown for want of a newer one has no persons in it any more.
        moment = now if pts is None or silent_s is not None else pts
        low = around.free_bytes is not None and around.free_bytes < around.low_disk
        return Scene(
            name=self._name if around.named or slate is not None else "",
            persons=() if slate is not None else self._persons(around, moment),
            recording=self._recording(now),
            slate=slate,
            silent_s=silent_s,
            disk=(around.free_bytes or 0, around.low_disk) if low and first else None,
            notice=around.notice if first else "",
            armed=self._view.armed,
        )

    def _persons(self, around: Surroundings, moment: Ns) -> tuple[Person, ...]:
        look = self._look
        if look is None or moment - look.pts > around.boxes_for:
            return ()
        after = Ns(max(0, moment - look.pts))
        return tuple(
            Person(predicted(track, after), track.score)
            for track in look.tracks
            if track.score >= around.min_confidence
        )

    def _recording(self, now: Ns) -> Recording | None:
        view = self._view
        if view.recording_since is None:
            return None
        running = max(0, now - view.recording_since)
        return Recording(running // SECOND, view.pre_roll_s)

    def _silent(self, now: Ns) -> int | None:
        arrived = self._arrived
        if arrived is None or now - arrived <= _SILENT_AFTER:
            return None
        return (now - arrived) // SECOND

    def _slate(self) -> Slate | None:
        view = self._view
        title = _WITHOUT_PICTURE.get(view.phase)
        if title is not None:
            return Slate(title, view.text, self._since)
        if self._arrived is None:
            return Slate("waiting for the first picture", view.text)
        return None
