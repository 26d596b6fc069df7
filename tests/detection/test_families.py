"""Every family is known by its outputs for any picture, and decodes a box that was put there.

The tensors are made here by the published formulas, backwards: two persons and one of another class
in an input of 96 x 64, in the pixels of `PERSONS`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from smartrec.detection.letterbox import Fitting
from smartrec.detection.recognise import recognise
from smartrec.detection.tensors import Array, Family, Floats, PictureInput, Seen

SIZE = (96, 64)
PERSONS = np.array([[8, 4, 32, 60], [50, 10, 90, 62]], np.float32)
OTHER = np.array([[2, 40, 30, 62]], np.float32)
ALL = np.concatenate((PERSONS, OTHER))
SCORES = (0.9, 0.4, 0.8)
STRIDES = (8, 16, 32)
FLOOR = 0.1


@dataclass(frozen=True)
class Case:
    """A family's outputs, and what is known of it then."""

    name: str
    outputs: dict[str, Array]
    classes: int | None
    person: int = 0
    labels: int | None = None
    color: str = "rgb"
    fitting: Fitting = Fitting.CENTRE


def seen(outputs: dict[str, Array], labels: int | None = None) -> Seen:
    return Seen(PictureInput(SIZE), tuple(outputs), tuple(outputs.values()), labels)


def centred(boxes: Floats) -> Floats:
    return np.concatenate(
        ((boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]), axis=1
    ).astype(np.float32)


def grid(anchors: int = 1) -> Floats:
    """Rows of column, line, stride."""
    rows: list[tuple[int, int, int]] = []
    for stride in STRIDES:
        across, down = SIZE[0] // stride, SIZE[1] // stride
        rows += [(x, y, stride) for y in range(down) for x in range(across)] * anchors
    return np.array(rows, np.float32)


def decoded(columns: int, anchors: int = 1) -> tuple[Floats, list[int]]:
    """Rows as YOLO gives them when nothing is there, but for three rows with `ALL`."""
    cells = grid(anchors)
    rows = np.full((len(cells), columns), 0.01, np.float32)
    rows[:, :2] = (cells[:, :2] + 0.5) * cells[:, 2:]
    rows[:, 2:4] = cells[:, 2:] * 2
    at = [5, 40, 100]
    rows[at, :4] = centred(ALL)
    return rows, at


def with_objectness(classes: int = 3, anchors: int = 1) -> Floats:
    rows, at = decoded(5 + classes, anchors)
    rows[at, 4] = 0.95
    rows[at, [5, 5, 6]] = np.array(SCORES) / 0.95
    return rows


def relative() -> Floats:
    rows, cells = with_objectness(), grid()
    rows[:, :2] = rows[:, :2] / cells[:, 2:] - cells[:, :2]
    rows[:, 2:4] = np.log(rows[:, 2:4] / cells[:, 2:])
    return rows


def always_an_object() -> Floats:
    rows = with_objectness()
    rows[:, 5:] *= rows[:, 4:5]
    rows[:, 4] = 1
    return rows


def by_class(classes: int = 3) -> Floats:
    rows, at = decoded(4 + classes)
    rows[at, [4, 4, 5]] = SCORES
    return rows


def nanodet_outputs(bins: int, classes: int) -> dict[str, Array]:
    """Each box in one cell of one stride, its sides split between two bins."""
    outputs: dict[str, Array] = {}
    for stride in reversed(STRIDES):
        rows = SIZE[0] // stride * (SIZE[1] // stride)
        outputs[f"cls{stride}"] = np.full((1, rows, classes), 0.01, np.float32)
        outputs[f"dis{stride}"] = np.full((1, rows, 4 * bins), -1, np.float32)
    for box, score, stride, kind in zip(ALL, SCORES, (8, 16, 8), (0, 0, 1), strict=True):
        across = SIZE[0] // stride
        x, y = int((box[0] + box[2]) / 2 // stride), int((box[1] + box[3]) / 2 // stride)
        centre = np.array([x + 0.5, y + 0.5]) * stride
        sides = np.concatenate((centre - box[:2], box[2:] - centre)) / stride
        outputs[f"cls{stride}"][0, y * across + x, kind] = score
        logits = np.full((4, bins), -40.0)
        for side, value in enumerate(sides):
            low = int(value)
            logits[side, low] = np.log(max(1e-9, low + 1 - value))
            logits[side, low + 1] = np.log(max(1e-9, value - low))
        outputs[f"dis{stride}"][0, y * across + x] = logits.reshape(-1)
    return outputs


def queries(logits: int, *, nothing: int | None) -> dict[str, Array]:
    """DETR's: softmax where `nothing` is the class "no object", else sigmoid."""
    values = np.full((1, 20, logits), -8.0, np.float32)
    boxes = np.full((1, 20, 4), 0.5, np.float32)
    if nothing is not None:
        values[:, :, nothing] = 9.0
    person = 1 if logits in (91, 92) else 0
    for at, (box, score) in enumerate(zip(centred(ALL), SCORES, strict=True)):
        boxes[0, at] = box / np.array(SIZE * 2)
        kind = person if at < 2 else person + 1
        if nothing is None:
            values[0, at, kind] = np.log(score / (1 - score))
        else:
            values[0, at] = -30.0
            values[0, at, [kind, nothing]] = np.log([score, 1 - score])
    return {"pred_boxes": boxes, "pred_logits": values, "last_hidden_state": values[:, :5]}


def in_one(classes: int) -> Array:
    rows = np.full((1, 30, 4 + classes), 0.02, np.float32)
    rows[0, :3, :4] = centred(ALL) / np.array(SIZE * 2)
    rows[0, [0, 1, 2], [4, 4, 5]] = SCORES
    return rows


def tensorflow() -> dict[str, Array]:
    boxes, scores, classes = (np.zeros(s, np.float32) for s in ((1, 10, 4), (1, 10), (1, 10)))
    boxes[0, :3] = (ALL / np.array(SIZE * 2))[:, [1, 0, 3, 2]]
    scores[0, :3], classes[0, :3] = SCORES, (1, 1, 3)
    return {
        "num_detections:0": np.array([3], np.float32),
        "detection_scores:0": scores,
        "detection_boxes:0": boxes,
        "detection_classes:0": classes,
    }


def six_columns() -> Array:
    rows = np.zeros((1, 30, 6), np.float32)
    rows[0, :3, :4], rows[0, :3, 4], rows[0, :3, 5] = ALL, SCORES, (0, 0, 7)
    return rows


def torchvision() -> dict[str, Array]:
    return {
        "boxes": ALL,
        "labels": np.array([0, 0, 4]),
        "scores": np.array(SCORES, np.float32),
    }


def nas() -> dict[str, Array]:
    rows = by_class()
    boxes = np.concatenate((rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2), axis=1)
    return {"a": boxes[None], "b": rows[None, :, 4:]}


TOP_LEFT, STRETCH = Fitting.TOP_LEFT, Fitting.STRETCH
CASES = [
    Case("NanoDet", nanodet_outputs(8, 80), 80, color="bgr"),
    Case("NanoDet", nanodet_outputs(11, 3), 3, color="bgr"),
    Case("NanoDet", nanodet_outputs(8, 32), 32, color="bgr"),
    Case("YOLOX", {"output": relative()[None]}, 3, color="bgr", fitting=TOP_LEFT),
    Case("YOLOX (decoded)", {"o": with_objectness()[None]}, 3, color="bgr", fitting=TOP_LEFT),
    Case("YOLOv6", {"outputs": always_an_object()[None]}, 3),
    Case("YOLOv5", {"output0": with_objectness(3, anchors=3)[None]}, 3),
    Case("YOLOv5", {"output0": with_objectness(80, anchors=3)[None].astype(np.float16)}, 80),
    Case("YOLOv8", {"output0": by_class().T[None]}, 3),
    Case("YOLOv8", {"output0": by_class(80)[None]}, 80),
    Case("YOLOv8", {"output0": by_class(7)[None]}, 7, labels=7),
    Case("end-to-end YOLO", {"output0": six_columns()}, None),
    Case("DETR", queries(4, nothing=3), 3, fitting=STRETCH),
    Case("DETR", queries(92, nothing=91), 91, person=1, fitting=STRETCH),
    Case("RT-DETR", queries(80, nothing=None), 80, fitting=STRETCH),
    Case("RT-DETR", queries(91, nothing=None), 91, person=1, fitting=STRETCH),
    Case("RT-DETR", queries(5, nothing=None), 5, labels=5, fitting=STRETCH),
    Case("RT-DETR", {"output0": in_one(5)}, 5, fitting=STRETCH),
    Case("SSD", tensorflow(), None, person=1, fitting=STRETCH),
    Case("boxes with scores", torchvision(), None, fitting=STRETCH),
    Case("boxes with class scores", nas(), 3),
]
IDS = [f"{case.name}-{case.classes}" for case in CASES]


def known(case: Case) -> Family:
    family = recognise(seen(case.outputs, case.labels))
    assert family is not None
    return family


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_family_is_known_by_its_outputs(case: Case) -> None:
    family = known(case)
    assert family.name == case.name
    assert family.classes == case.classes
    assert family.person == case.person
    assert family.input.color == case.color
    assert family.input.fitting is case.fitting


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_persons_are_decoded_where_they_were_put(case: Case) -> None:
    found = known(case).decode(list(case.outputs.values()), (case.person,), FLOOR)
    order = np.argsort(-found.scores)
    assert found.scores[order] == pytest.approx(SCORES[:2], abs=2e-3)
    pixels = found.boxes[order] * np.array(SIZE * 2)
    assert np.abs(pixels - PERSONS).max() < 0.05


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_nothing_above_the_floor_is_no_box(case: Case) -> None:
    found = known(case).decode(list(case.outputs.values()), (case.person,), 0.95)
    assert found.boxes.shape == (0, 4)
    assert found.scores.shape == (0,)


@pytest.mark.parametrize("case", [each for each in CASES if each.classes == 3], ids=str)
def test_two_classes_may_count_as_persons(case: Case) -> None:
    found = known(case).decode(list(case.outputs.values()), (0, 1), FLOOR)
    assert sorted(found.scores) == pytest.approx(sorted(SCORES), abs=2e-3)


def test_labels_tell_softmax_from_sigmoid() -> None:
    outputs = queries(4, nothing=None)
    assert getattr(recognise(seen(outputs, labels=3)), "name", None) == "DETR"
    assert getattr(recognise(seen(outputs, labels=4)), "name", None) == "RT-DETR"


def test_boxes_of_an_end_to_end_model_may_be_fractions() -> None:
    rows = six_columns()
    rows[:, :, :4] /= np.array(SIZE * 2)
    family = recognise(seen({"output0": rows}))
    assert family is not None
    assert np.allclose(family.decode([rows], (0,), FLOOR).boxes, PERSONS / np.array(SIZE * 2))


def test_thousands_of_rows_were_not_suppressed_inside() -> None:
    few, many = six_columns(), np.tile(six_columns(), (1, 40, 1))
    for rows, suppressed in ((few, True), (many, False)):
        family = recognise(seen({"output0": rows}))
        assert family is not None
        assert family.suppressed is suppressed


def test_detr_wants_the_scale_of_imagenet_and_rt_detr_0_to_1() -> None:
    known_detr = recognise(seen(queries(92, nothing=91)))
    known_rt = recognise(seen(queries(80, nothing=None)))
    assert known_detr is not None
    assert known_rt is not None
    assert known_detr.input.mean[0] == pytest.approx(123.675)
    assert known_rt.input.mean == (0.0, 0.0, 0.0)
    assert known_rt.input.scale[0] == pytest.approx(1 / 255)


UNKNOWN: dict[str, Callable[[], dict[str, Array]]] = {
    "a classifier": lambda: {"logits": np.zeros((1, 1000), np.float32)},
    "a mask": lambda: {"mask": np.zeros((1, 21, 64, 96), np.float32)},
    "other rows": lambda: {"output0": with_objectness()[None, :-1]},
    "columns of a grid whose centres are elsewhere": lambda: {"output0": (by_class() * 50).T[None]},
    "anchors that are not decoded": lambda: {"output0": with_objectness(anchors=3)[None] - 200},
    "two strides of NanoDet": lambda: dict(list(nanodet_outputs(8, 80).items())[:4]),
    "no output with numbers": lambda: {"output0": np.zeros((0,), np.float32)},
    "boxes alone": lambda: {"pred_boxes": np.zeros((1, 20, 4), np.float32)},
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_other_outputs_are_not_taken_for_anything(kind: str) -> None:
    assert recognise(seen(UNKNOWN[kind]())) is None


def test_numbers_that_are_none_are_no_box() -> None:
    case = CASES[8]
    broken = np.full_like(case.outputs["output0"], np.nan)
    found = replace(known(case)).decode([broken], (0,), FLOOR)
    assert len(found.boxes) == 0
