"""YOLO models that leave non-maximum suppression to others: YOLOX, v5 to v9, v11 and their like.

A row (of some a column) is a cell of one of the grids; over an input of 640 x 640, strides 8, 16
and 32 have 8400 cells. What tells them apart, in this order:

    [1, 4+C, n]    v8, v9, v11: centre, size, a score for each class; one row a cell
    [1, n, 4+C]    the same, transposed: as many columns as labels and four, or 84
    [1, 3n, 5+C]   v5, v7: centre, size, objectness, classes; three rows a cell
    [1, n, 5+C]    YOLOX as exported: centre and size still relative to the cell, as logarithm;
                   YOLOX with --decode_in_inference; v6: decoded, objectness always 1

Whether centres are relative shows in the values for any picture: decoded ones lie near their cells,
the others are small numbers. Sources: https://github.com/Megvii-BaseDetection/YOLOX (Apache-2.0,
its demo for ONNX Runtime); for the others the published shapes of their exports.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    cells,
    corners,
    no_candidates,
    of_input,
    person_scores,
)

_STRIDES: Final = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32))
_ANCHORS: Final = 3
_COCO: Final = 80
_NEAR: Final = 4.0
"""In cells: the middle one of all centres lies nearer to its cell than this."""
_LARGEST: Final = 10.0
"""Logarithm of a side in cells; more is no box, and would overflow."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """The cell of each row: its upper left corner in cells, and its stride."""

    corner: Floats
    stride: Floats


def yolo(seen: Seen) -> Family | None:
    """The family if the only output with three axes is one of the above, else None."""
    large = [at for at, each in enumerate(seen.values) if each.ndim == 3]
    if len(large) != 1 or seen.values[large[0]].shape[0] != 1:
        return None
    at = large[0]
    rows = seen.values[at][0].astype(np.float32)
    return _by_cell(seen, at, rows) or _by_column(seen, at, rows.T) or _by_anchor(seen, at, rows)


def _by_column(seen: Seen, at: int, rows: Floats) -> Family | None:
    grid = _grid(seen.input.size, len(rows))
    if grid is None or rows.shape[1] < 5 or _distance(rows, grid) > _NEAR:
        return None
    return _without_objectness(seen, at, rows.shape[1] - 4, transposed=True)


def _by_cell(seen: Seen, at: int, rows: Floats) -> Family | None:
    grid = _grid(seen.input.size, len(rows))
    if grid is None or rows.shape[1] < 5:
        return None
    classes = rows.shape[1] - 4
    if classes == (_COCO if seen.labels is None else seen.labels):
        near = _distance(rows, grid) <= _NEAR
        return _without_objectness(seen, at, classes, transposed=False) if near else None
    return _with_objectness(seen, at, rows, grid) if classes > 1 else None


def _with_objectness(seen: Seen, at: int, rows: Floats, grid: _Grid) -> Family | None:
    classes, decoded = rows.shape[1] - 5, _distance(rows, grid)
    relative = float(np.median(np.abs(rows[:, :2] - 0.5)))
    if min(decoded, relative) > _NEAR:
        return None
    yolox = replace(seen.input, color="bgr", fitting=Fitting.TOP_LEFT)
    if relative < decoded:
        return _family("YOLOX", yolox, _objectness_decoder(at, seen.input.size, grid), classes)
    decode = _objectness_decoder(at, seen.input.size, None)
    if (rows[:, 4] == 1).all():
        return _family("YOLOv6", replace(seen.input, scale=UNIT), decode, classes)
    return _family("YOLOX (decoded)", yolox, decode, classes)


def _by_anchor(seen: Seen, at: int, rows: Floats) -> Family | None:
    grid = _grid(seen.input.size, len(rows), _ANCHORS)
    if grid is None or rows.shape[1] < 6 or _distance(rows, grid) > _NEAR:
        return None
    decode = _objectness_decoder(at, seen.input.size, None)
    picture = replace(seen.input, scale=UNIT)
    return _family("YOLOv5", picture, decode, rows.shape[1] - 5)


def _without_objectness(seen: Seen, at: int, classes: int, *, transposed: bool) -> Family:
    size = seen.input.size

    def decode(outputs: Sequence[Array], persons: Sequence[int], floor: float) -> Candidates:
        rows = outputs[at][0].T if transposed else outputs[at][0]
        surest = person_scores(rows[:, 4:], persons)
        kept = np.flatnonzero(surest >= floor)
        return Candidates(of_input(corners(rows[kept, :4]), size), surest[kept])

    return _family("YOLOv8", replace(seen.input, scale=UNIT), decode, classes)


def _objectness_decoder(at: int, size: Size, grid: _Grid | None) -> Decoder:
    """Of decoded boxes, or of boxes relative to the cells of a grid."""

    def decode(outputs: Sequence[Array], persons: Sequence[int], floor: float) -> Candidates:
        rows = outputs[at][0]
        likely = np.flatnonzero(rows[:, 4] >= floor)
        surest = rows[likely, 4] * person_scores(rows[likely, 5:], persons)
        sure = surest >= floor
        kept = likely[sure]
        if not len(kept):
            return no_candidates()
        boxes = rows[kept, :4].astype(np.float32)
        if grid is not None:
            stride = grid.stride[kept, None]
            boxes[:, :2] = (boxes[:, :2] + grid.corner[kept]) * stride
            boxes[:, 2:] = np.exp(np.minimum(boxes[:, 2:], _LARGEST)) * stride
        return Candidates(of_input(corners(boxes), size), surest[sure].astype(np.float32))

    return decode


def _family(name: str, picture: PictureInput, decode: Decoder, classes: int) -> Family:
    return Family(name, picture, decode, classes, person_known=classes in (1, _COCO))


def _grid(size: Size, rows: int, anchors: int = 1) -> _Grid | None:
    """The grid that has so many rows; each level's cells by line, and that for each anchor."""
    strides = next((each for each in _STRIDES if anchors * cells(size, each) == rows), None)
    if strides is None:
        return None
    corner, stride = [], []
    for each in strides:
        across, down = -(-size[0] // each), -(-size[1] // each)
        y, x = np.divmod(np.arange(across * down, dtype=np.float32), np.float32(across))
        corner.append(np.tile(np.stack((x, y), axis=1), (anchors, 1)))
        stride.append(np.full(anchors * across * down, each, np.float32))
    return _Grid(np.concatenate(corner), np.concatenate(stride))


def _distance(rows: Floats, grid: _Grid) -> float:
    """How far decoded centres are from their cells, in cells; the median."""
    away = rows[:, :2] / grid.stride[:, None] - grid.corner - 0.5
    return float(np.median(np.abs(away)))
