"""What follows from a watch's setup: what it is fed, and what it becomes without its engine."""

from dataclasses import replace

from smartrec.app.feed import Needs
from smartrec.media.watch.messages import Setup
from smartrec.units import SECOND, Ns


def needs_of(setup: Setup) -> Needs:
    """What a watch with that setup is fed."""
    detector = setup.detector
    if detector is None:
        return Needs(None, keyframes_only=False)
    return Needs(Ns(round(SECOND / detector.fps)), detector.keyframes_only)


def without_its_engine(setup: Setup) -> tuple[Setup, Needs]:
    """The portable engine where any would do; else none: the screen goes on."""
    detector = setup.detector
    if detector is not None:
        any_engine = detector.engine == "auto"
        detector = replace(detector, engine="portable") if any_engine else None
    changed = replace(setup, detector=detector, recorder=None)
    return changed, needs_of(changed)
