"""Looks at one picture after another: motion gate, model, tracks. Live, and again later."""

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from smartrec.detection.motion import MotionGate
from smartrec.detection.tracks import Tracker
from smartrec.media.watch.eye import Fit, Picture
from smartrec.media.watch.messages import DetectorSetup, Looked
from smartrec.media.watch.numbers import Numbers
from smartrec.model import Detection, Look, Track
from smartrec.units import Ns

_CERTAIN: Final = 3
"""Inferences in a row that must find the same persons before the model may be spared."""
_WHILE_MOVING: Final = 5
"""So often, in inferences, it is found out whether something still moves,"""
_TO_COMPARE: Final = 2
"""which takes so many looks."""


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


class Looker:
    """Any number of cameras; one thread.

    Args:
        setup: How to detect.
        engine: Opened for it.
    """

    def __init__(self, setup: DetectorSetup, engine: Engine) -> None:
        self._setup = setup
        self._engine = engine
        self._numbers = itertools.count(setup.first_track)
        self._sights: dict[str, _Sight] = {}

    def look(self, asked: Asked) -> Looked:
        """Look at a picture.

        Raises:
            Undecodable: It is none.
            DetectionFailed: The model gave up on it.
        """
        engine = self._engine
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
