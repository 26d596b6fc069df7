"""The detector's settings as the watch takes them. Nothing large is imported here."""

from smartrec.config.watching import Detector
from smartrec.media.watch.messages import DetectorSetup


def detector_of(detector: Detector) -> DetectorSetup | None:
    """As plain values; None where they switch it off."""
    if not detector.enabled:
        return None
    return DetectorSetup(
        model=detector.model,
        labels=detector.labels,
        person_class_ids=detector.person_class_ids,
        min_confidence=detector.min_confidence,
        fps=detector.fps,
        keyframes_only=detector.keyframes_only,
        threads=detector.threads,
        motion_gate=detector.motion_gate,
        at_least_every=detector.at_least_every,
        engine=detector.engine,
    )
