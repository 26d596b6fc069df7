"""What was heard of the recorder since the page started, as far as metrics want it."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final

from smartrec.app.events import (
    CameraState,
    ClipFailed,
    ClipReady,
    DetectionState,
    PicturesLost,
    RecordingState,
)

_STATES: Final = (CameraState.type, DetectionState.type, RecordingState.type)


class Ledger:
    """The loop's thread only.

    Attributes:
        events: How many there were, by type.
        lost: Pictures, by camera and cause.
        clips: Clips that were finished, by camera and how they ended.
        clip_bytes: Bytes of those, by camera.
        states: The newest data of each state's type, by camera.
        looks: Pictures looked at and inferences, by camera.
    """

    def __init__(self) -> None:
        self.events = Counter[str]()
        self.lost = Counter[tuple[str, str]]()
        self.clips = Counter[tuple[str, str]]()
        self.clip_bytes = Counter[str]()
        self.states: dict[str, dict[str, Mapping[str, Any]]] = {kind: {} for kind in _STATES}
        self.looks = Counter[str]()
        self.inferences = Counter[str]()

    def forget(self, cameras: Collection[str]) -> None:
        """Of these nothing more is told: how they stand is not known any more."""
        for states in self.states.values():
            for camera in cameras:
                states.pop(camera, None)

    def take(self, event: Mapping[str, Any]) -> None:
        """An envelope."""
        kind, data = event["type"], event["data"]
        if kind in self.states:
            self.states[kind][data["camera"]] = data
            if kind == DetectionState.type:
                self.looks[data["camera"]] += data["looks"]
                self.inferences[data["camera"]] += data["inferred"]
            return
        self.events[kind] += 1
        if kind == PicturesLost.type:
            self.lost[data["camera"], data["cause"]] += data["count"]
        elif kind == ClipReady.type:
            self.clips[data["camera"], data["state"]] += 1
            self.clip_bytes[data["camera"]] += data["bytes"]
        elif kind == ClipFailed.type:
            self.clips[data["camera"], "failed"] += 1
