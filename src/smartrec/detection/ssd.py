"""Models whose non-maximum suppression is inside: boxes, scores and classes come out as they are.

SSD and others of TensorFlow's Object Detection API tell them by the names ``detection_boxes`` (top,
left, bottom, right as fractions), ``detection_scores``, ``detection_classes`` (from 1; COCO's 1 is
"person") and ``num_detections``: https://github.com/tensorflow/models (exporter.py). Others have
boxes (left, top, right, bottom), scores and perhaps labels.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from smartrec.detection.letterbox import Fitting, Size
from smartrec.detection.tensors import (
    UNIT,
    Array,
    Candidates,
    Decoder,
    Family,
    Floats,
    PictureInput,
    Seen,
    Triple,
    of_input,
)

_SCALE: Final[Triple] = (1 / 127.5, 1 / 127.5, 1 / 127.5)
_MEAN: Final[Triple] = (127.5, 127.5, 127.5)
"""Makes -1 to 1 of 0 to 255, for those that do not take whole numbers."""
_PIXELS: Final = 2.0
"""Of boxes as fractions, none is larger; of boxes in pixels that matter, all are."""


def ssd(seen: Seen) -> Family | None:
    """A model of TensorFlow's Object Detection API."""
    names = [name.partition(":")[0].rpartition("/")[2] for name in seen.names]
    wanted = ("detection_boxes", "detection_scores", "detection_classes")
    if not all(name in names for name in wanted):
        return None
    boxes, scores, classes = (names.index(name) for name in wanted)
    if seen.values[boxes].shape[-1:] != (4,):
        return None

    def decode(outputs: Sequence[Array], persons: Sequence[int], floor: float) -> Candidates:
        kept, surest = _kept(outputs[scores], outputs[classes], persons, floor)
        rows = outputs[boxes].reshape(-1, 4)[kept].astype(np.float32, copy=False)
        return Candidates(rows[:, [1, 0, 3, 2]], surest)

    picture = replace(seen.input, fitting=Fitting.STRETCH, mean=_MEAN, scale=_SCALE)
    return Family(
        "SSD", picture, decode, person=1, person_known=True, first_label=1, suppressed=True
    )


def boxes_and_scores(seen: Seen) -> Family | None:
    """Boxes [1, n, 4] or [n, 4] and scores [1, n] or [n], perhaps with labels of the same shape."""
    boxes = _named(seen, ("box", "dets"))
    scores = _named(seen, ("score", "conf"))
    labels = _named(seen, ("label", "class"))
    if boxes is None or scores is None or seen.values[boxes].shape[-1:] != (4,):
        return None
    rows = seen.values[boxes].size // 4
    others = [at for at in (scores, labels) if at is not None]
    if any(seen.values[at].size != rows or seen.values[at].ndim > 2 for at in others):
        return None
    return Family(
        "boxes with scores",
        replace(seen.input, fitting=Fitting.STRETCH, scale=UNIT),
        _boxes_decoder(boxes, scores, labels, seen.input.size),
        classes=1 if labels is None else None,
        person_known=labels is None,
        suppressed=True,
    )


def end_to_end(seen: Seen) -> Family | None:
    """YOLOv10 and others: rows of left, top, right, bottom, score, class."""
    if len(seen.values) != 1 or seen.values[0].ndim != 3 or seen.values[0].shape[2] != 6:
        return None
    rows = seen.values[0][0].astype(np.float32)
    in_order = rows[:, 2:4] >= rows[:, 0:2]
    whole = rows[:, 5] == np.round(rows[:, 5])
    if not (in_order.all() and whole.all() and np.all((rows[:, 4] >= 0) & (rows[:, 4] <= 1))):
        return None

    def decode(outputs: Sequence[Array], persons: Sequence[int], floor: float) -> Candidates:
        rows = outputs[0][0]
        kept, surest = _kept(rows[:, 4], rows[:, 5], persons, floor)
        return Candidates(as_fractions(rows[kept, :4], seen.input.size), surest)

    picture: PictureInput = replace(seen.input, scale=UNIT)
    # 300 rows are those that are left; thousands are all there were.
    return Family("end-to-end YOLO", picture, decode, suppressed=len(rows) <= 1000)


def as_fractions(boxes: Array, size: Size) -> Floats:
    """Boxes as fractions of the input, from fractions or from its pixels."""
    boxes = boxes.astype(np.float32, copy=False)
    return of_input(boxes, size) if boxes.size and boxes.max() > _PIXELS else boxes


def _boxes_decoder(boxes: int, scores: int, labels: int | None, size: Size) -> Decoder:
    def decode(outputs: Sequence[Array], persons: Sequence[int], floor: float) -> Candidates:
        classes = None if labels is None else outputs[labels]
        kept, surest = _kept(outputs[scores], classes, persons, floor)
        # The unit shows in all boxes together better than in the few that are kept.
        return Candidates(as_fractions(outputs[boxes].reshape(-1, 4), size)[kept], surest)

    return decode


def _kept(
    scores: Array, classes: Array | None, persons: Sequence[int], floor: float
) -> tuple[Array, Floats]:
    """Rows of persons whose score is at least the floor, and those scores."""
    scores = scores.reshape(-1)
    kept = scores >= floor
    if classes is not None:
        kept &= np.isin(np.round(classes.reshape(-1)).astype(np.int64), persons)
    return np.flatnonzero(kept), scores[kept].astype(np.float32, copy=False)


def _named(seen: Seen, words: Sequence[str]) -> int | None:
    found = [at for at, name in enumerate(seen.names) if any(w in name.lower() for w in words)]
    return found[0] if len(found) == 1 else None
