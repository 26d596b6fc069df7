"""Looks again at stored pictures as the watch would have: its motion gate, pace, model and tracks.

In several ways at once, so that each picture is decoded once, and seen once by ways that have the
same model.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from smartrec.errors import DetectionFailed, SmartrecError
from smartrec.media.engines.onnx import open_engine
from smartrec.media.stored import Shot, Stored
from smartrec.media.watch.eye import Fit, Picture, Undecodable
from smartrec.media.watch.looking import Asked, Engine, Looker
from smartrec.media.watch.messages import DetectorSetup
from smartrec.model import Detection, Look
from smartrec.units import SECOND, Ns

_OF_NO_MODEL: Final = ("min_confidence", "fps", "keyframes_only", "motion_gate", "at_least_every")
"""What of a setup its model does not depend on."""


class Relooking:
    """Eyes for one clip after another; one thread.

    Args:
        setups: How to look, each in its way.
        opened: Loads a model.

    Raises:
        SmartrecError: A model cannot be used.
    """

    def __init__(
        self,
        setups: Sequence[DetectorSetup],
        opened: Callable[[DetectorSetup], Engine] = open_engine,
    ) -> None:
        models: dict[DetectorSetup, _Model] = {}
        self._ways: list[_Way] = []
        for setup in setups:
            plain = DetectorSetup()
            key = replace(setup, **{name: getattr(plain, name) for name in _OF_NO_MODEL})
            if key not in models:
                models[key] = _Model(opened(key))
            self._ways.append(_Way(setup, _Confident(models[key], setup.min_confidence)))

    def look(
        self, stored: Stored, camera: str, first: Ns, *, inter_coded: bool
    ) -> Iterator[tuple[int, Look]]:
        """What each way sees in a clip, by time: its number, and a look.

        Args:
            stored: The clip.
            camera: Id, for the looks.
            first: Pts of the first picture that is shown.
            inter_coded: Whether the camera sent H.264 or H.265, so that `keyframes_only` holds.

        Raises:
            SmartrecError: It cannot be read or decoded to its end, or nothing of it can be seen.
        """
        paces = [_Pace(way.setup, inter_coded=inter_coded) for way in self._ways]
        lookers = [Looker(way.setup, way.engine) for way in self._ways]
        seen, failure = 0, SmartrecError(f"{stored.path} holds no picture")
        for shot in stored.shots(keyframes_only=all(pace.keyframes_only for pace in paces)):
            due = [number for number, pace in enumerate(paces) if pace.due(shot)]
            picture = _Kept(shot) if due else None
            for number in due:
                assert picture is not None
                asked = Asked(camera, 0, Ns(first + shot.at), picture.made)
                try:
                    look = lookers[number].look(asked).look
                except (Undecodable, DetectionFailed) as error:
                    failure = SmartrecError(f"no picture of {stored.path} can be seen: {error}")
                    continue
                seen += 1
                yield number, look
        if not seen:
            raise failure


@dataclass(frozen=True, slots=True)
class _Way:
    setup: DetectorSetup
    engine: Engine


class _Pace:
    """Which pictures are looked at: the rate that is asked for, as steady as they allow."""

    def __init__(self, setup: DetectorSetup, *, inter_coded: bool) -> None:
        self._interval = round(SECOND / setup.fps)
        self._due = 0
        self.keyframes_only = setup.keyframes_only and inter_coded

    def due(self, shot: Shot) -> bool:
        if shot.at < self._due or (self.keyframes_only and not shot.keyframe):
            return False
        self._due = max(self._due + self._interval, shot.at)
        return True


class _Kept:
    """A picture that is made once for each model, however many ask for it."""

    def __init__(self, shot: Shot) -> None:
        self._shot = shot
        self._made: dict[Fit, Picture] = {}

    def made(self, fit: Fit) -> Picture:
        if fit not in self._made:
            self._made[fit] = _Once(self._shot.picture(fit))
        return self._made[fit]


class _Once:
    """Remembers what it was asked before."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._luma: npt.NDArray[np.uint8] | None = None
        self._rgb: npt.NDArray[np.uint8] | None = None

    def luma(self) -> npt.NDArray[np.uint8]:
        if self._luma is None:
            self._luma = self._picture.luma()
        return self._luma

    def rgb(self) -> npt.NDArray[np.uint8]:
        if self._rgb is None:
            self._rgb = self._picture.rgb()
        return self._rgb


class _Model:
    """An engine that is asked about the same picture once."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._newest: tuple[npt.NDArray[np.uint8], Sequence[Detection]] | None = None

    def detect(self, picture: npt.NDArray[np.uint8]) -> Sequence[Detection]:
        if self._newest is None or self._newest[0] is not picture:
            self._newest = picture, self.engine.detect(picture)
        return self._newest[1]


class _Confident:
    """A model, with a confidence of its own; see `Engine`."""

    def __init__(self, model: _Model, min_confidence: float | None) -> None:
        engine = model.engine
        self.name, self.digest, self.notes = engine.name, engine.digest, engine.notes
        own = engine.min_confidence
        self.min_confidence = own if min_confidence is None else min_confidence
        self.fit, self.detect = engine.fit, model.detect
