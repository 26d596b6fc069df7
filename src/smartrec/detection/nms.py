"""Non-maximum suppression: of boxes that show the same person, keep the surest."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST: Final = 300
"""Boxes that enter, the surest first: more persons than fit into a picture to be told apart."""


def nms(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], iou: float = 0.5
) -> NDArray[np.intp]:
    """Indices of the boxes that stay, by falling score.

    Greedy: the surest box stays, all that overlap it by more than `iou` go, and so on.

    Args:
        boxes: Rows of left, top, right, bottom, in any unit.
        scores: One a box.
        iou: Area of the intersection over that of the union, 0 to 1.
    """
    order = np.argsort(-scores, kind="stable")[:MOST]
    if len(order) < 2:
        return order
    overlaps = pairwise_iou(boxes[order]) > iou
    stays = np.ones(len(order), np.bool_)
    for at in range(len(order)):
        if stays[at]:
            stays[at + 1 :] &= ~overlaps[at, at + 1 :]
    return order[stays]


def pairwise_iou(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of each box with each, [n, n]; 0 where both are empty."""
    starts = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    ends = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    common = np.prod(np.clip(ends - starts, 0, None), axis=2)
    areas = np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)
    union = areas[:, None] + areas[None, :] - common
    ratios: NDArray[np.float32] = np.divide(
        common, union, out=np.zeros_like(common), where=union > 0
    )
    return ratios
