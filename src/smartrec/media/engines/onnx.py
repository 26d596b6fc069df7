"""The engine that runs on the processor: any person detector in ONNX, by ONNX Runtime."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smartrec.detection.canvas import Canvas
from smartrec.detection.letterbox import Fitting, Letterbox, Size
from smartrec.detection.nms import nms
from smartrec.detection.persons import (
    FLOOR,
    MIN_CONFIDENCE,
    labels_of_lines,
    labels_of_metadata,
    person_classes,
)
from smartrec.detection.pgie import Pgie
from smartrec.detection.recognise import KNOWN, recognise
from smartrec.detection.tensors import Array, Family, Seen
from smartrec.errors import DetectionFailed, ModelUnusable
from smartrec.media.engines.inputs import Inputs, read_inputs
from smartrec.media.engines.model_file import ModelFile, digest, find_model, min_confidence_of
from smartrec.media.engines.session import Session
from smartrec.media.watch.messages import DetectorSetup
from smartrec.model import Box, Detection

_NMS_IOU: Final = 0.5
_MISFITS: Final = (ArithmeticError, LookupError, MemoryError, TypeError, ValueError)
"""What numpy raises over outputs that are not what their names and shapes promised."""
_TRIAL: Final = (720, 1280, 3)
_GREY: Final = 128

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a run needs to know beside the session."""

    family: Family
    persons: tuple[int, ...]
    iou: float


class Engine:
    """Finds persons in pictures. One thread; made by `open_engine`.

    Attributes:
        name: Of the model, for people.
        family: Kind of model, for people.
        digest: SHA-256 of the model's file, in hexadecimal.
        min_confidence: From which a person counts: the setting or the model's own.
        notes: What the user should know, one sentence each.
    """

    def __init__(self, session: Session, inputs: Inputs, plan: _Plan) -> None:
        self.name = ""
        self.family = plan.family.name
        self.digest = ""
        self.min_confidence = MIN_CONFIDENCE
        self.notes: tuple[str, ...] = ()
        self._session = session
        self._plan = plan
        self._canvas = Canvas(plan.family.input)
        self._feed: dict[str, Array] = {inputs.picture: self._canvas.tensor, **inputs.others}

    def fit(self, width: int, height: int) -> Size:
        """Size at which an upright picture of that shape is best given: no more work is done."""
        return self._canvas.place(width, height).inner

    def detect(self, picture: NDArray[np.uint8]) -> list[Detection]:
        """Persons in a picture, the surest first, with every score from `FLOOR` up.

        Args:
            picture: RGB, ``[h, w, 3]``, C-contiguous, of any size.

        Raises:
            DetectionFailed: The model gave up on this picture.
        """
        box = self._canvas.place(picture.shape[1], picture.shape[0])
        if (picture.shape[1], picture.shape[0]) != box.inner:
            shrunk = Image.fromarray(picture).resize(
                box.inner, Image.Resampling.BILINEAR, reducing_gap=1.0
            )
            picture = np.asarray(shrunk)
        self._canvas.fill(picture, box)
        return self._persons(self._session.run(self._feed), box)

    def _persons(self, outputs: Sequence[Array], box: Letterbox) -> list[Detection]:
        plan = self._plan
        try:
            with np.errstate(all="ignore"):  # of what is no number nothing is kept
                found = plan.family.decode(outputs, plan.persons, FLOOR)
                boxes, scores = box.of_picture(found.boxes), np.minimum(found.scores, 1.0)
                return _detections(boxes, scores, plan)
        except _MISFITS as error:
            raise DetectionFailed(
                f"the model's outputs do not fit together as those of {self.family} should: "
                f"{error}",
                hint="Export it anew with outputs of fixed shape, or use another model",
            ) from error


def open_engine(setup: DetectorSetup) -> Engine:
    """Load the model that the settings name and try it on a grey picture.

    Raises:
        ModelUnusable: It cannot be used; says what was seen and what is needed.
        ConfigError: A DeepStream configuration cannot be used; with every mistake at once.
    """
    file = find_model(setup)
    sha256 = digest(file.path)
    session = Session(file.path, setup.threads)
    inputs = read_inputs(session.inputs, session.metadata)
    family = _as_configured(_family(session, inputs, file), inputs, file.pgie)
    labels = labels_of_metadata(session.metadata)
    if file.labels is not None:
        labels = labels_of_lines(file.labels, family)
    persons, note = person_classes(family, labels, setup.person_class_ids)
    engine = Engine(session, inputs, _Plan(family, persons, _iou(family, file.pgie)))
    engine.name, engine.digest = file.name, sha256
    engine.min_confidence = min_confidence_of(setup, file)
    notes = (inputs.note, note, *_not_honoured(family, file.pgie))
    engine.notes = tuple(each for each in notes if each)
    _try(engine, file)
    session.settle()
    return engine


def _family(session: Session, inputs: Inputs, file: ModelFile) -> Family:
    blank = Canvas(inputs.wanted)
    blank.tensor.fill(0.5 if np.issubdtype(blank.tensor.dtype, np.floating) else _GREY)
    try:
        given = session.run({inputs.picture: blank.tensor, **inputs.others})
    except DetectionFailed as error:
        raise _fails(file, session, str(error)) from error
    values = tuple(np.asarray(each) for each in given)
    _reject_no_numbers(file, values)
    labels = labels_of_metadata(session.metadata)
    count = len(file.labels) if file.labels else len(labels.names) if labels else None
    names = tuple(each.name for each in session.outputs)
    found = _recognised(Seen(inputs.wanted, names, values, count))
    if found is not None:
        return found
    shapes = "; ".join(
        f"{tensor.name} {value.dtype} {list(value.shape)}"
        for tensor, value in zip(session.outputs, values, strict=True)
    )
    raise ModelUnusable(
        f"the outputs of the model {file.path} are not known: {shapes} "
        f"(input {', '.join(map(str, session.inputs))})",
        hint=f"Known are {KNOWN}; export one of these, or leave detector.model out",
    )


def _recognised(seen: Seen) -> Family | None:
    try:
        with np.errstate(all="ignore"):
            return recognise(seen)
    except _MISFITS as error:
        log.debug("outputs of no known kind: %s", error)
        return None


def _reject_no_numbers(file: ModelFile, values: Sequence[Array]) -> None:
    """A model that computes no numbers would run for ever and never see anybody."""
    floats = [each for each in values if np.issubdtype(each.dtype, np.floating) and each.size]
    if floats and all(np.isnan(each).all() for each in floats):
        raise ModelUnusable(
            f"the model {file.path} computes nothing but NaN (no numbers) for a plain grey picture",
            hint="Export it in float32: in half precision numbers may become too large",
        )


def _fails(file: ModelFile, session: Session, why: str) -> ModelUnusable:
    seen = ", ".join(map(str, session.inputs))
    return ModelUnusable(
        f"the model {file.path} fails on a plain grey picture: {why} (input {seen})",
        hint="Export it with a fixed input of one picture, such as [1, 3, 640, 640]",
    )


def _as_configured(family: Family, inputs: Inputs, pgie: Pgie | None) -> Family:
    """What a DeepStream configuration says about the input counts before what is usual."""
    wanted = family.input
    if pgie is not None:
        fitting = Fitting.CENTRE if pgie.symmetric_padding else Fitting.TOP_LEFT
        wanted = replace(
            wanted,
            color=pgie.color,
            mean=pgie.offsets,
            scale=(pgie.scale, pgie.scale, pgie.scale),
            fitting=fitting if pgie.keep_aspect else Fitting.STRETCH,
            pad=0.0,
        )
    if inputs.wanted.color == "gray":
        wanted = replace(wanted, color="gray")
    return replace(family, input=wanted)


def _iou(family: Family, pgie: Pgie | None) -> float:
    if family.suppressed:
        return 1.0
    return _NMS_IOU if pgie is None or pgie.nms_iou is None else pgie.nms_iou


def _not_honoured(family: Family, pgie: Pgie | None) -> tuple[str, ...]:
    if pgie is None:
        return ()
    notes = []
    if pgie.ignored:
        notes.append(f"not honoured of the DeepStream configuration: {', '.join(pgie.ignored)}")
    if pgie.num_classes is not None and family.classes not in (None, pgie.num_classes):
        notes.append(
            f"num-detected-classes={pgie.num_classes} in the DeepStream configuration, but the "
            f"model has {family.classes}, which counts"
        )
    return tuple(notes)


def _try(engine: Engine, file: ModelFile) -> None:
    try:
        engine.detect(np.full(_TRIAL, _GREY, np.uint8))
    except DetectionFailed as error:
        raise ModelUnusable(f"the model {file.path}: {error}", hint=error.hint) from error


def _detections(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], plan: _Plan
) -> list[Detection]:
    whole = np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
    whole &= (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    boxes, scores = boxes[whole], scores[whole]
    return [
        Detection(Box(*map(float, boxes[at])), float(scores[at]))
        for at in nms(boxes, scores, plan.iou)
    ]
