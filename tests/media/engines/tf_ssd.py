"""What DeepStream does with the four outputs of a detector whose NMS is inside.

The steps, in our own words, of the parser ``NvDsInferParseCustomTfSSD`` and of nvinfer behind it
with ``cluster-mode=4``, as the public sources of DeepStream 9.1 have them: one frame's slice of
each output, numbers in f32.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from smartrec.detection.letterbox import Size
from smartrec.detection.tensors import Array

NAMES = ("num_detections", "detection_scores", "detection_classes", "detection_boxes")


@dataclass(frozen=True, slots=True)
class Rect:
    """One object; pixels of the network's input after `parse`, of the frame after `in_frame`."""

    class_id: int
    confidence: float
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Placing:
    """Where nvinfer puts a frame into the input with ``maintain-aspect-ratio=1``."""

    inner: Size
    left: int
    top: int
    ratios: tuple[float, float]


def place(frame: Size, network: Size, *, symmetric: bool) -> Placing:
    """Lengths are cut off to whole pixels, not rounded; an odd size of the frame made even."""
    width, height = frame[0] // 2 * 2, frame[1] // 2 * 2
    if network[0] * height / width <= network[1]:
        inner = (network[0], int(network[0] * height / width))
    else:
        inner = (int(network[1] * width / height), network[1])
    left, top = (
        ((network[0] - inner[0]) // 2, (network[1] - inner[1]) // 2) if symmetric else (0, 0)
    )
    return Placing(inner, left, top, (inner[0] / width, inner[1] / height))


def parse(outputs: Mapping[str, Array], network: Size, thresholds: Sequence[float]) -> list[Rect]:
    """The parser.

    Args:
        outputs: One frame's, by name: [1], [n], [n] and [n, 4].
        network: Size of the input.
        thresholds: ``pre-cluster-threshold`` of each class; their number is num-detected-classes.
    """
    assert all(outputs[name].dtype == np.float32 for name in NAMES)  # others it does not find
    number, scores, classes, boxes = (outputs[name] for name in NAMES)
    found = []
    for at in range(max(0, min(int(number[0]), classes.shape[0]))):
        class_id, score = int(classes[at]), float(scores[at])
        if class_id >= len(thresholds) or score < np.float32(thresholds[class_id]):
            continue
        scale = np.array((network[1], network[0]) * 2, np.float32)
        top, left, bottom, right = np.clip(boxes[at] * scale, 0, scale - 1).tolist()
        if right > left and bottom > top:
            found.append(Rect(class_id, score, left, top, right - left, bottom - top))
    return found


def in_frame(rects: Sequence[Rect], placing: Placing, frame: Size, *, crop: bool) -> list[Rect]:
    """In pixels of the frame.

    Args:
        rects: From `parse`.
        placing: How the frame was put into the input.
        frame: Its size.
        crop: ``crop-objects-to-roi-boundary``: what goes beyond the right or lower edge is cut
            off. Without it objects beyond the lower edge are dropped.
    """
    found = []
    across, down = placing.ratios
    for rect in rects:
        left = max(0.0, (rect.left - placing.left) / across)
        top = max(0.0, (rect.top - placing.top) / down)
        width, height = rect.width / across, rect.height / down
        if crop:
            width = min(width, frame[0] - left)
            height = min(height, frame[1] - top)
        elif top + height > frame[1]:
            continue
        found.append(replace(rect, left=left, top=top, width=width, height=height))
    return found
