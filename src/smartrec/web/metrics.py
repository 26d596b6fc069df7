"""What Prometheus is told, in its text format; names and units as its conventions want them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from smartrec import __version__
from smartrec.app.events import CameraState, DetectionState
from smartrec.app.standing import stands
from smartrec.web.ledger import Ledger

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_CAMERA: Final = ("camera",)
_SINCE_RECORDER: Final = " Counts from the start of the recorder."
_SINCE_CAMERA: Final = " Counts from the start of the camera, which may be anew."
_SINCE_PAGE: Final = " Counts from the start of the page's process, which may be anew."
_FROM_CAMERA: Final = (
    ("fps", "smartrec_camera_pictures_per_second", "Pictures in the newest second."),
    ("ring_s", "smartrec_ring_seconds", "Time that the ring holds for a pre-roll."),
    ("ring_bytes", "smartrec_ring_bytes", "Memory that the ring holds."),
)
_COUNTED_BY_CAMERA: Final = (
    ("pictures", "smartrec_camera_pictures", "Whole pictures that came." + _SINCE_RECORDER),
    (
        "damaged",
        "smartrec_camera_pictures_damaged",
        "Pictures that came and were not whole." + _SINCE_CAMERA,
    ),
    (
        "lost",
        "smartrec_camera_pictures_lost",
        "Pictures that were numbered and never came." + _SINCE_CAMERA,
    ),
)

_Labels = TypeVar("_Labels", bound=Sequence[str])


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told.

    Attributes:
        ledger: Counts since the page started.
        status: What the recorder says of itself; None where it does not answer.
        disk: Size and free bytes of the disk that clips go to; None where that cannot be told.
        viewers: Pages that are open.
    """

    ledger: Ledger
    status: Mapping[str, Any] | None
    disk: tuple[int, int] | None
    viewers: int


def exposition(facts: Facts) -> bytes:
    """All of them; thread of the ledger."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(facts))
    return generate_latest(registry)


class _Families(Collector):
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        facts = self._facts
        version = {(__version__,): 1}
        yield _gauge("smartrec_build_info", "Its version.", ("version",), version)
        yield _single("smartrec_up", "Whether the recorder answers.", facts.status is not None)
        yield _single("smartrec_page_viewers", "Pages that are open.", facts.viewers)
        if facts.disk is not None:
            size, free = facts.disk
            yield _single("smartrec_disk_size_bytes", "Size of the disk that clips go to.", size)
            yield _single("smartrec_disk_free_bytes", "What is free there.", free)
        if facts.status is not None:
            yield from _standing(facts.status)
        yield from _measured(facts.ledger)
        yield from _counted(facts.ledger)


def _standing(status: Mapping[str, Any]) -> Iterator[Metric]:
    cameras = status["cameras"]
    yield _gauge(
        "smartrec_camera_up",
        "Whether pictures come.",
        _CAMERA,
        {(camera["id"],): float(is_live(camera)) for camera in cameras},
    )
    yield _gauge(
        "smartrec_camera_armed",
        "Whether a person begins a clip.",
        _CAMERA,
        {(camera["id"],): float(camera["armed"]) for camera in cameras},
    )
    yield _gauge(
        "smartrec_recording_clips",
        "Clips that are being recorded.",
        _CAMERA,
        {(camera["id"],): float(len(camera["recording"])) for camera in cameras},
    )
    yield _single(
        "smartrec_finishing_clips",
        "Clips that were recorded and are not finished yet.",
        status["finishing"],
    )
    settings = status.get("settings") or {}
    yield _single(
        "smartrec_settings_pending",
        "Settings that wait for a new start of the recorder.",
        len(settings.get("pending", ())),
    )


def is_live(camera: Mapping[str, Any]) -> bool:
    """Whether pictures come of a camera, by its part of the status."""
    return _stands(camera) == "live"


def standing(camera: Mapping[str, Any]) -> str:
    """How a camera stands, in a word or two, by its part of the status."""
    word = _stands(camera)
    return "no picture yet" if word == "unseen" else word


def _stands(camera: Mapping[str, Any]) -> str:
    return stands(camera["phase"], silent=camera["silent"], pictures=camera["pictures"])


def _measured(ledger: Ledger) -> Iterator[Metric]:
    cameras = ledger.states[CameraState.type]
    for field, name, what in _FROM_CAMERA:
        values = {(camera,): float(state[field]) for camera, state in cameras.items()}
        yield _gauge(name, what, _CAMERA, values)
    for field, name, what in _COUNTED_BY_CAMERA:
        values = {(camera,): float(state[field]) for camera, state in cameras.items()}
        yield _counter(name, what, _CAMERA, values)
    detections = ledger.states[DetectionState.type]
    yield _gauge(
        "smartrec_inference_seconds",
        "Mean time of an inference in the newest second in which there was one.",
        _CAMERA,
        {(camera,): state["infer_ms"] / 1000 for camera, state in detections.items()},
    )
    yield _gauge(
        "smartrec_persons",
        "Persons that are there.",
        _CAMERA,
        {(camera,): float(state["persons"]) for camera, state in detections.items()},
    )


def _counted(ledger: Ledger) -> Iterator[Metric]:
    seen = "Pictures in which persons were looked for."
    ended, lacked = "Clips that were finished, by end.", "Pictures that clips lack, by cause."
    by_end, by_cause = ("camera", "state"), ("camera", "cause")
    asked = "Times that the model was asked."
    for each in (
        _counter("smartrec_looks", seen, _CAMERA, _by(ledger.looks)),
        _counter("smartrec_inferences", asked, _CAMERA, _by(ledger.inferences)),
        _counter("smartrec_clip_pictures_lost", lacked, by_cause, ledger.lost),
        _counter("smartrec_clips", ended, by_end, ledger.clips),
        _counter("smartrec_clip_bytes", "Bytes of those.", _CAMERA, _by(ledger.clip_bytes)),
        _counter("smartrec_events", "Events, by type.", ("type",), _by(ledger.events)),
    ):
        each.documentation += _SINCE_PAGE
        yield each


def _by(counts: Mapping[str, int]) -> dict[tuple[str], int]:
    return {(label,): count for label, count in counts.items()}


def _single(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, value=value)


def _gauge(
    name: str, what: str, labels: Sequence[str], values: Mapping[_Labels, float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=labels)
    for label, value in values.items():
        family.add_metric(label, value)
    return family


def _counter(
    name: str, what: str, labels: Sequence[str], values: Mapping[_Labels, float]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, what, labels=labels)
    for label, value in values.items():
        family.add_metric(label, value)
    return family
