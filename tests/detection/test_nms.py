"""Of boxes that overlap the surest stays; that is checked pair by pair."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from smartrec.detection.nms import MOST, nms, pairwise_iou
from smartrec.detection.tensors import Floats

SIDE = st.integers(0, 20)
ROW = st.tuples(SIDE, SIDE, st.integers(1, 20), st.integers(1, 20), st.integers(0, 100))
ROWS = st.lists(ROW, max_size=30)
IOU = st.sampled_from([0.0, 0.3, 0.5, 0.9])


def parts(rows: list[tuple[int, ...]]) -> tuple[Floats, Floats]:
    table = np.array(rows, np.float32).reshape(-1, 5)
    table[:, 2:4] += table[:, :2]
    return table[:, :4], table[:, 4] * np.float32(0.01)


def by_hand(first: Floats, second: Floats) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    common = max(0.0, float(width)) * max(0.0, float(height))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return common / float(areas[0] + areas[1] - common)


@given(ROWS, IOU)
def test_what_stays_does_not_overlap_and_what_goes_overlaps_a_surer_one(
    rows: list[tuple[int, ...]], iou: float
) -> None:
    boxes, scores = parts(rows)
    kept = nms(boxes, scores, iou).tolist()
    assert [scores[at] for at in kept] == sorted((scores[at] for at in kept), reverse=True)
    for at, one in enumerate(kept):
        assert all(by_hand(boxes[one], boxes[two]) <= iou + 1e-6 for two in kept[at + 1 :])
    for gone in set(range(len(boxes))) - set(kept):
        assert any(
            scores[one] >= scores[gone] and by_hand(boxes[one], boxes[gone]) > iou - 1e-6
            for one in kept
        )


def test_iou_is_the_common_area_over_the_whole() -> None:
    boxes = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [5, 5, 5, 5]], np.float32)
    wanted = np.array([[1, 1 / 7, 0], [1 / 7, 1, 0], [0, 0, 0]], np.float32)
    assert np.allclose(pairwise_iou(boxes), wanted)


def test_of_more_boxes_than_it_takes_the_surest_enter() -> None:
    lefts = np.arange(MOST + 50, dtype=np.float32)[:, None] * 10
    boxes = np.concatenate((lefts, lefts * 0, lefts + 5, lefts * 0 + 5), axis=1)
    scores = np.linspace(0, 1, len(boxes), dtype=np.float32)
    assert nms(boxes, scores).tolist() == list(range(len(boxes) - 1, 49, -1))
