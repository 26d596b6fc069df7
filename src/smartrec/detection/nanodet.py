"""NanoDet and NanoDet-G: per stride one tensor of scores and one of distances as distributions.

The four sides of a box are the distances from its cell's centre, each the expectation of a softmax
over bins, in strides: "Generalized Focal Loss" (Li et al., 2020), as in
https://github.com/RangiLyu/nanodet (Apache-2.0).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from smartrec.detection.letterbox import Size
from smartrec.detection.tensors import (
    Array,
    Candidates,
    Decoder,
    Family,
    Floats,
    PictureInput,
    Seen,
    cells,
    no_candidates,
    of_input,
    person_scores,
)

_STRIDES: Final = (8, 16, 32)
_BINS: Final = (8, 11)
"""`reg_max + 1` of the published configurations: 7 and 10."""
_COCO: Final = 80
"""Classes of the published models; 0 is "person"."""
_MEAN: Final = (103.53, 116.28, 123.675)
_DEVIATION: Final = (57.375, 57.12, 58.395)


@dataclass(frozen=True, slots=True)
class _Level:
    """One stride: where its two tensors stand among the outputs."""

    stride: int
    columns: int
    scores: int
    sides: int


def nanodet(seen: Seen) -> Family | None:
    """The family if these are its outputs, else None."""
    plain, outputs = seen.input, seen.values
    levels = [_level(plain.size, stride, outputs) for stride in _STRIDES]
    found = [level for level in levels if level is not None]
    if len(outputs) != 2 * len(_STRIDES) or len(found) != len(_STRIDES):
        return None
    wanted = PictureInput(
        plain.size,
        plain.channels_first,
        plain.dtype,
        color="bgr",
        mean=_MEAN,
        scale=(1 / _DEVIATION[0], 1 / _DEVIATION[1], 1 / _DEVIATION[2]),
        pad=0.0,
    )
    classes = outputs[found[0].scores].shape[2]
    return Family(
        "NanoDet", wanted, _decoder(found, plain.size), classes, person_known=classes == _COCO
    )


def _level(size: Size, stride: int, outputs: Sequence[Array]) -> _Level | None:
    rows = cells(size, (stride,))
    both = [at for at, each in enumerate(outputs) if each.ndim == 3 and each.shape[1] == rows]
    if len(both) != 2:
        return None
    sides = [at for at in both if outputs[at].shape[2] in [4 * bins for bins in _BINS]]
    if len(sides) == 2:  # as many classes as numbers in a distribution: only scores are 0 to 1
        sides = [at for at in both if outputs[at].min() < 0 or outputs[at].max() > 1]
    if len(sides) != 1:
        return None
    scores = both[0] if sides[0] == both[1] else both[1]
    return _Level(stride, -(-size[0] // stride), scores, sides[0])


def _decoder(levels: Sequence[_Level], size: Size) -> Decoder:
    def decode(outputs: Sequence[Array], persons: Sequence[int], floor: float) -> Candidates:
        boxes, scores = [], []
        for level in levels:
            surest = person_scores(outputs[level.scores][0], persons)
            kept = np.flatnonzero(surest >= floor)
            if len(kept):
                boxes.append(_boxes(outputs[level.sides][0, kept], kept, level))
                scores.append(surest[kept])
        if not boxes:
            return no_candidates()
        return Candidates(of_input(np.concatenate(boxes), size), np.concatenate(scores))

    return decode


def _boxes(distributions: Array, kept: Array, level: _Level) -> Floats:
    """Boxes in pixels of the input."""
    logits = distributions.reshape(len(kept), 4, -1).astype(np.float32, copy=False)
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    bins = np.arange(weights.shape[2], dtype=np.float32)
    sides = weights @ bins / weights.sum(axis=2) * np.float32(level.stride)
    centres = np.stack((kept % level.columns, kept // level.columns), axis=1) + np.float32(0.5)
    centres = (centres * level.stride).astype(np.float32)
    return np.concatenate((centres - sides[:, :2], centres + sides[:, 2:]), axis=1)
