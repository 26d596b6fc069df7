"""Which family a model is of, from its outputs for a grey picture."""

from collections.abc import Callable
from typing import Final

from smartrec.detection.detr import detr, detr_in_one
from smartrec.detection.nanodet import nanodet
from smartrec.detection.ssd import boxes_and_scores, end_to_end, ssd
from smartrec.detection.tensors import Family, Seen
from smartrec.detection.yolo import yolo

_FAMILIES: Final[tuple[Callable[[Seen], Family | None], ...]] = (
    nanodet,
    ssd,
    boxes_and_scores,
    detr,
    end_to_end,
    detr_in_one,
    yolo,
)
"""In the order in which they are tried: what names tell before what only shapes do."""

KNOWN: Final = (
    "NanoDet [1,n,C] and [1,n,44] for each of three strides; YOLOX and YOLOv5 [1,n,5+C]; "
    "YOLOv8 and v11 [1,4+C,n]; end-to-end YOLO [1,n,6]; DETR logits [1,q,C] and boxes [1,q,4]; "
    "SSD and others with boxes [1,n,4], scores [1,n] and classes [1,n]"
)
"""For people."""


def recognise(seen: Seen) -> Family | None:
    """The first family whose outputs these are; None where none is known."""
    for family in _FAMILIES:
        found = family(seen)
        if found is not None:
            return found
    return None
