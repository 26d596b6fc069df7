"""DETR and its kin: a set of queries, each with a score for each class and a box.

Boxes are centre and size as fractions. DETR itself has one more class, the last, for "no object",
and softmax over all (Carion et al., 2020); RT-DETR, Deformable DETR and RF-DETR have a sigmoid for
each class. Which of both shows in the number of labels, else in the values for a grey picture: with
softmax nearly every query says "no object" there.

Ultralytics' export of RT-DETR has both in one tensor, [1, q, 4+C]. Exports that have taken the
sigmoid already, and those of YOLO-NAS, are told by scores within 0 to 1; boxes whose corners are in
order are taken as left, top, right, bottom.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from smartrec.detection.letterbox import Fitting
from smartrec.detection.ssd import as_fractions
from smartrec.detection.tensors import (
    UNIT,
    Array,
    Candidates,
    Decoder,
    Family,
    Floats,
    PictureInput,
    Seen,
    corners,
    person_scores,
)

_MEAN: Final = (123.675, 116.28, 103.53)
_SCALE: Final = (1 / 58.395, 1 / 57.12, 1 / 57.375)
"""Of ImageNet, for values of 0 to 255."""
_COCO: Final = 80
_COCO_IDS: Final = 91
"""COCO's own numbers have gaps and begin with 1, "person"."""
_MOST_QUERIES: Final = 1000
_SLACK: Final = 0.02
_BOXES: Final = ("box", "dets")
_SCORES: Final = ("logit", "score", "label", "class", "prob")


def detr(seen: Seen) -> Family | None:
    """The family if there is one tensor of boxes and one of scores by class, else None."""
    boxes = _find(seen, _BOXES, last=4)
    if boxes is None or not seen.values[boxes].size:
        return None
    scores = _find(seen, _SCORES, rows=seen.values[boxes].shape[1], but=boxes)
    if scores is None:
        return None
    values = seen.values[scores][0].astype(np.float32)
    if values.min() >= 0 and values.max() <= 1:
        return _scored(seen, boxes, scores)
    if _softmax(values, seen.labels):
        return _family("DETR", seen, values.shape[1] - 1, _logits_decoder(boxes, scores, True))
    return _family("RT-DETR", seen, values.shape[1], _logits_decoder(boxes, scores, False))


def detr_in_one(seen: Seen) -> Family | None:
    """Boxes and the sigmoid's scores side by side; all are 0 to 1."""
    if len(seen.values) != 1 or seen.values[0].ndim != 3 or seen.values[0].shape[2] < 5:
        return None
    values = seen.values[0]
    shares = (values > -_SLACK) & (values < 1 + _SLACK)
    if not values.size or values.shape[1] > _MOST_QUERIES or not shares.all():
        return None

    def decode(outputs: Sequence[Array], persons: Sequence[int], floor: float) -> Candidates:
        surest = person_scores(outputs[0][0, :, 4:], persons)
        kept = np.flatnonzero(surest >= floor)
        return Candidates(corners(outputs[0][0, kept, :4]), surest[kept])

    return _family("RT-DETR", seen, values.shape[2] - 4, decode)


def _find(
    seen: Seen, words: Sequence[str], *, last: int | None = None, rows: int = 0, but: int = -1
) -> int | None:
    """The only output [1, n, k] of that shape; of more, the one with such a name."""
    found = [
        at
        for at, each in enumerate(seen.values)
        if each.ndim == 3
        and each.shape[0] == 1
        and at != but
        and last in (None, each.shape[2])
        and (not rows or each.shape[1] == rows)
    ]
    if len(found) > 1:
        found = [at for at in found if any(word in seen.names[at].lower() for word in words)]
    return found[0] if len(found) == 1 else None


def _softmax(logits: Floats, labels: int | None) -> bool:
    if labels is not None and labels in (logits.shape[1], logits.shape[1] - 1):
        return bool(labels == logits.shape[1] - 1)
    none = logits.argmax(axis=1) == logits.shape[1] - 1
    return bool(none.mean() >= 0.5 and np.median(logits[:, -1]) > 0)


def _family(name: str, seen: Seen, classes: int, decode: Decoder) -> Family:
    """RT-DETR takes 0 to 1 as it is; DETR and those with COCO's numbers take ImageNet's scale."""
    picture: PictureInput = replace(seen.input, fitting=Fitting.STRETCH, scale=UNIT)
    if name == "DETR" or classes == _COCO_IDS:
        picture = replace(picture, mean=_MEAN, scale=_SCALE)
    return Family(
        name,
        picture,
        decode,
        classes,
        person=1 if classes == _COCO_IDS else 0,
        person_known=classes in (1, _COCO, _COCO_IDS),
        suppressed=True,
    )


def _logits_decoder(boxes: int, scores: int, softmax: bool) -> Decoder:
    def decode(outputs: Sequence[Array], persons: Sequence[int], floor: float) -> Candidates:
        logits = outputs[scores][0].astype(np.float32, copy=False)
        if softmax:
            weights = np.exp(logits - logits.max(axis=1, keepdims=True))
            surest = person_scores(weights, persons) / weights.sum(axis=1)
        else:
            surest = 1 / (1 + np.exp(-np.clip(person_scores(logits, persons), -80, 80)))
        kept = np.flatnonzero(surest >= floor)
        return Candidates(corners(outputs[boxes][0, kept]), surest[kept])

    return decode


def _scored(seen: Seen, boxes: int, scores: int) -> Family:
    rows: Array = seen.values[boxes][0]
    in_order = bool((rows[:, 2:] >= rows[:, :2]).all())
    classes = seen.values[scores].shape[2]

    def decode(outputs: Sequence[Array], persons: Sequence[int], floor: float) -> Candidates:
        surest = person_scores(outputs[scores][0], persons)
        kept = np.flatnonzero(surest >= floor)
        found = outputs[boxes][0, kept].astype(np.float32, copy=False)
        found = found if in_order else corners(found)
        return Candidates(as_fractions(found, seen.input.size), surest[kept])

    picture = replace(seen.input, scale=UNIT)
    known = classes in (1, _COCO)
    return Family("boxes with class scores", picture, decode, classes, person_known=known)
