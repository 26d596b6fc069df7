"""Looks for persons in pictures, one after another, on a thread of its own."""

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from smartrec.detection.motion import MotionGate
from smartrec.detection.tracks import Tracker
from smartrec.errors import DetectionFailed, SmartrecError
from smartrec.media.watch.eye import Fit, Picture, Undecodable
from smartrec.media.watch.messages import DetectorSetup, Looked, Message, Note, Ready, Refused
from smartrec.media.watch.numbers import Numbers
from smartrec.model import Detection, Look, Track
from smartrec.units import SECOND, Ns

HANGS_AFTER: Final = Ns(30 * SECOND)
"""A picture that takes longer is not waited for."""
FAILURES: Final = 20
"""When so many pictures in a row fail, it is told that nobody is looked for."""
_CERTAIN: Final = 3
"""Inferences in a row that must find the same persons before the model may be spared."""
_WHILE_MOVING: Final = 5
"""So often, in inferences, it is found out whether something still moves,"""
_TO_COMPARE: Final = 2
"""which takes so many looks."""

log = logging.getLogger(__name__)


class Engine(Protocol):
    """What finds persons in a picture; see `smartrec.media.engines.onnx.Engine`."""

    name: str
    digest: str
    min_confidence: float
    notes: tuple[str, ...]

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """Size at which an upright picture of that shape is best given."""
        ...

    def detect(self, picture: npt.NDArray[np.uint8]) -> Sequence[Detection]:
        """Persons in an RGB picture.

        Raises:
            DetectionFailed: The model gave up on this picture.
        """
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A picture to be looked at.

    Attributes:
        camera: Its id.
        epoch: Of the unit.
        pts: Of the unit.
        picture: Makes it, once it is known how the engine wants it.
    """

    camera: str
    epoch: int
    pts: Ns
    picture: Callable[[Fit], Picture]


@dataclass(frozen=True, slots=True)
class Teller:
    """Who is told; called on the detecting thread.

    Attributes:
        say: Sends to the recorder.
        opened: The engine, once it is loaded, and again when it works after `FAILURES`; None when
            there is none.
        looked: Each look.
        undecodable: The camera of a picture that was none.
    """

    say: Callable[[Message], None]
    opened: Callable[[Engine | None], None]
    looked: Callable[[Look], None]
    undecodable: Callable[[str], None]


class Detecting(threading.Thread):
    """Loads the engine, then looks at what it is asked to; start it like any thread.

    Args:
        setup: How to detect.
        open_engine: Loads the engine; raises a `SmartrecError` where that is no use.
        teller: Who is told.
    """

    def __init__(
        self,
        setup: DetectorSetup,
        open_engine: Callable[[DetectorSetup], Engine],
        teller: Teller,
    ) -> None:
        super().__init__(name="detecting", daemon=True)
        self._setup = setup
        self._open_engine = open_engine
        self._teller = teller
        self._inbox: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._numbers = itertools.count(setup.first_track)
        self._sights: dict[str, _Sight] = {}
        self._failures = 0
        self._failed_before = False
        self._unread: dict[str, int] = {}
        self._serves_since: Ns | None = None

    def hangs(self, now: Ns) -> bool:
        """Whether a picture keeps it for so long that it will hardly come back. Any thread."""
        since = self._serves_since
        return since is not None and now - since > HANGS_AFTER

    def ask(self, asked: Asked | None) -> None:
        """A picture to look at; None: the one that was to come does not. Any thread."""
        self._inbox.put(asked)

    def run(self) -> None:
        """See the class."""
        say = self._teller.say
        try:
            engine = self._open_engine(self._setup)
        except SmartrecError as error:
            say(Refused(type(error).__name__, str(error), error.hint or ""))
            self._teller.opened(None)
            return
        self._teller.opened(engine)
        for note in engine.notes:
            say(Note(note))
        while True:
            say(Ready())
            asked = self._inbox.get()
            if asked is not None:
                self._serves_since = Ns(time.monotonic_ns())
                self._serve(engine, asked)
                self._serves_since = None

    def _serve(self, engine: Engine, asked: Asked) -> None:
        try:
            looked = self._look(engine, asked)
        except Undecodable as error:
            self._unreadable(error, asked.camera)
            return
        except DetectionFailed as error:
            self._failed(error, asked.camera)
            return
        self._unread.pop(asked.camera, None)
        if looked.look.inferred:
            if self._failures >= FAILURES:
                self._teller.opened(engine)
            self._failures = 0
        self._teller.looked(looked.look)
        self._teller.say(looked)

    def _unreadable(self, error: Undecodable, camera: str) -> None:
        log.debug("%s: %s", camera, error)
        self._teller.undecodable(camera)
        in_a_row = self._unread[camera] = self._unread.get(camera, 0) + 1
        if in_a_row == FAILURES:  # a damaged one now and then is nothing to tell
            text = f"nobody is looked for, its pictures cannot be read: {error}"
            hint = "Another size or format of the camera; recording goes on as it is"
            self._teller.say(Note(text, hint, camera))

    def _failed(self, error: DetectionFailed, camera: str) -> None:
        self._failures += 1
        if not self._failed_before:
            self._teller.say(Note(f"a picture is left out: {error}", error.hint or "", camera))
        self._failed_before = True
        if self._failures == FAILURES:
            message = f"the detector failed on {FAILURES} pictures in a row: {error}"
            self._teller.say(Refused(type(error).__name__, message, error.hint or ""))

    def _look(self, engine: Engine, asked: Asked) -> Looked:
        sight = self._sight(asked, engine.min_confidence)
        began = time.perf_counter()
        picture = asked.picture(engine.fit)
        # Where something moved it most probably still does, and out of colours luma is cheap.
        pixels = picture.rgb() if sight.run else None
        gated = self._setup.motion_gate and sight.may_rest()
        luma = picture.luma() if gated else None
        if luma is not None and sight.gate.still(luma, asked.pts):
            sight.run = 0
            tracks = sight.numbers.give(sight.tracker.hold(asked.pts))
            look = Look(asked.camera, asked.epoch, asked.pts, tracks, inferred=False)
            return Looked(look, _ms(began, time.perf_counter()), 0.0)
        pixels = picture.rgb() if pixels is None else pixels
        decoded = time.perf_counter()
        detections = engine.detect(pixels)
        inferred = time.perf_counter()
        if luma is not None:
            sight.gate.asked(luma, asked.pts)
        else:
            sight.gate.forget()
        tracks = sight.numbers.give(sight.tracker.update(asked.pts, detections))
        sight.inferred(tracks, engine.min_confidence)
        look = Look(asked.camera, asked.epoch, asked.pts, tracks)
        return Looked(look, _ms(began, decoded), _ms(decoded, inferred))

    def _sight(self, asked: Asked, min_confidence: float) -> "_Sight":
        """What is known of the camera; nothing, where it was started anew."""
        sight = self._sights.get(asked.camera)
        if sight is None or sight.epoch != asked.epoch:
            gate = MotionGate(self._setup.at_least_every)
            sight = _Sight(asked.epoch, gate, Tracker(1, min_confidence), Numbers(self._numbers))
            self._sights[asked.camera] = sight
        return sight


@dataclass(slots=True)
class _Sight:
    """One camera as last seen.

    Attributes:
        epoch: Of its units.
        gate: Whether the model need be asked.
        tracker: Whose tracks are numbered from 1.
        numbers: For the tracks.
        run: Inferences since the last look without.
        persons: Numbers of the tracks that were sure at the last inference.
        same: How many inferences in a row agreed on them.
    """

    epoch: int
    gate: MotionGate
    tracker: Tracker
    numbers: Numbers
    run: int = 0
    persons: frozenset[int] = frozenset()
    same: int = 0

    def may_rest(self) -> bool:
        """Whether the model need not be asked, if nothing moves.

        Who has just come is looked at until it is certain. While something moves, it is not worth
        while to find out at every look whether it still does: now and then two in a row will tell.
        """
        certain = not self.persons or self.same >= _CERTAIN
        return certain and self.run % _WHILE_MOVING < _TO_COMPARE

    def inferred(self, tracks: Sequence[Track], min_confidence: float) -> None:
        """What the model found now."""
        persons = frozenset(each.track_id for each in tracks if each.score >= min_confidence)
        self.same = self.same + 1 if persons == self.persons else 0
        self.persons = persons
        self.run += 1


def _ms(began: float, ended: float) -> float:
    return (ended - began) * 1000
