"""The embedded detector in its form for DeepStream finds what the portable engine finds."""

import hashlib
import re
from importlib import resources
from pathlib import Path

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper
from PIL import Image

from smartrec.detection.letterbox import Fitting, Letterbox, letterbox
from smartrec.detection.nanodet import nanodet
from smartrec.detection.nms import MOST, nms, pairwise_iou
from smartrec.detection.persons import FLOOR
from smartrec.detection.tensors import Array, Floats, PictureInput, Seen
from smartrec.media.demo_scene import Scene, picture_of
from smartrec.media.engines.onnx import Engine, open_engine
from smartrec.media.watch.messages import DetectorSetup
from smartrec.model import Box
from tests.media.engines.tf_ssd import NAMES, Rect, in_frame, parse, place

ASSETS = Path(str(resources.files("smartrec"))) / "assets"
MODELS = ASSETS / "models"
FILE = MODELS / "nanodet-deepstream.onnx"
SIDE = 416
SQUARE = (SIDE, SIDE)
CELLS = ((8, 2704), (16, 676), (32, 169))
DETECTIONS = 100
ROUNDS = 16
PROBES: dict[str, list[str | int]] = {
    "cells": ["batch", 45, 3549],
    "candidate_boxes": ["batch", 4, MOST],
    "stays": ["batch", 1, MOST],
}
"""Of the tensors within: what comes out of the network, and what enters NMS."""

Picture = NDArray[np.uint8]


class Model:
    """The file, and the tensors in `PROBES`."""

    def __init__(self) -> None:
        self.proto = onnx.load(str(FILE))
        probed = onnx.ModelProto()
        probed.CopyFrom(self.proto)
        probed.graph.output.extend(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in PROBES.items()
        )
        self.session = started(probed)

    def run(self, batch: Floats) -> dict[str, Array]:
        names = [*NAMES, *PROBES]
        return dict(zip(names, self.session.run(names, {"input": batch}), strict=True))


def started(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


@pytest.fixture(scope="module")
def portable() -> Engine:
    return open_engine(DetectorSetup())


def crowd() -> Picture:
    """Persons of several sizes, some of them partly behind others."""
    with Image.open(ASSETS / "room.webp") as room, Image.open(ASSETS / "person.webp") as person:
        scene = room.convert("RGB")
        for left, size in ((30, 0.4), (140, 0.7), (360, 1.0), (560, 0.9), (800, 0.5), (1000, 0.8)):
            small = person.resize((int(person.width * size), int(person.height * size)))
            scene.paste(small, (left, scene.height - small.height), small)
    return np.asarray(scene)


def pictures() -> dict[str, Picture]:
    scene = Scene()
    frames = {f"frame {n}": scene.draw(picture_of(n)).copy() for n in (0, 255, 270, 330, 450)}
    upright = np.ascontiguousarray(frames["frame 330"][:, 400:900])
    return {**frames, "crowd": crowd(), "upright": upright}


PICTURES = pictures()


def filled(picture: Picture, box: Letterbox) -> Floats:
    """As nvinfer gives it: BGR, 0 to 255, black around it."""
    shrunk = Image.fromarray(picture).resize(box.inner, Image.Resampling.BILINEAR, reducing_gap=1.0)
    blob = np.zeros((1, 3, SIDE, SIDE), np.float32)
    inner = blob[0, :, box.top : box.top + box.inner[1], box.left : box.left + box.inner[0]]
    inner[:] = np.asarray(shrunk)[..., ::-1].transpose(2, 0, 1)
    return blob


def blob_of(picture: Picture, fitting: Fitting = Fitting.CENTRE) -> Floats:
    return filled(picture, letterbox((picture.shape[1], picture.shape[0]), SQUARE, fitting))


def told(outputs: dict[str, Array], at: int = 0) -> tuple[Floats, Floats]:
    """Boxes as left, top, right, bottom, and scores."""
    number = int(outputs["num_detections"][at, 0])
    boxes = outputs["detection_boxes"][at, :number][:, [1, 0, 3, 2]]
    return boxes, outputs["detection_scores"][at, :number]


def decoded_by_the_portable_engine(cells: Array) -> tuple[Floats, Floats]:
    values: list[Array] = []
    for part in np.split(cells, np.cumsum([size for _, size in CELLS])[:-1], axis=2):
        rows = part.transpose(0, 2, 1)
        top, left, bottom, right = np.split(rows[..., 1:], 4, axis=2)
        values.append(1 / (1 + np.exp(-rows[..., :1])))
        values.append(np.concatenate((left, top, right, bottom), axis=2))
    family = nanodet(Seen(PictureInput(SQUARE), tuple("abcdef"), tuple(values), None))
    assert family is not None
    found = family.decode(values, (0,), FLOOR)
    kept = nms(found.boxes, found.scores)
    return found.boxes[kept], found.scores[kept]


def iou(one: Box, two: Box) -> float:
    rows = [[each.left, each.top, each.right, each.bottom] for each in (one, two)]
    return float(pairwise_iou(np.array(rows, np.float32))[0, 1])


def test_the_digest_in_the_readme_is_the_files() -> None:
    digest = hashlib.sha256(FILE.read_bytes()).hexdigest()
    (line,) = [line for line in (MODELS / "README.md").read_text().splitlines() if digest in line]
    assert "`nanodet-deepstream.onnx`, 15,156,210 bytes" in line
    assert FILE.stat().st_size == 15_156_210


def test_input_and_outputs_are_those_that_nvinfer_and_its_parser_want(model: Model) -> None:
    given, *others = model.session.get_inputs()
    assert not others
    assert (given.name, given.type, given.shape) == (
        "input",
        "tensor(float)",
        ["batch", 3, SIDE, SIDE],
    )
    found = {each.name: each.shape for each in model.session.get_outputs()[: len(NAMES)]}
    assert found == {
        "num_detections": ["batch", 1],
        "detection_scores": ["batch", DETECTIONS],
        "detection_classes": ["batch", DETECTIONS],
        "detection_boxes": ["batch", DETECTIONS, 4],
    }
    outputs = model.run(blob_of(PICTURES["crowd"]))
    assert all(outputs[name].dtype == np.float32 for name in NAMES)


def test_the_operators_are_those_that_the_readme_lists_and_no_type_is_uncommon(
    model: Model,
) -> None:
    text = (MODELS / "README.md").read_text()
    listed = re.search(r"Operators: (.*?)\.", text, re.DOTALL)
    assert listed is not None
    used = {node.op_type for node in model.proto.graph.node}
    assert used == {name.strip(" `\n") for name in listed[1].split(",")}
    (opset,) = model.proto.opset_import
    assert (opset.domain, opset.version) == ("", 16)
    types = {each.data_type for each in model.proto.graph.initializer}
    assert types == {TensorProto.FLOAT, TensorProto.INT64}
    whole = [e for e in model.proto.graph.initializer if e.data_type == TensorProto.INT64]
    assert all(each.dims and each.dims[0] <= 4 for each in whole)  # shapes and counts only


@pytest.mark.parametrize("name", PICTURES)
def test_boxes_and_scores_are_those_of_the_portable_decoder(model: Model, name: str) -> None:
    outputs = model.run(blob_of(PICTURES[name]))
    boxes, scores = told(outputs)
    expected, surest = decoded_by_the_portable_engine(outputs["cells"])
    assert len(scores) == len(surest)
    assert np.allclose(scores, surest, atol=1e-5)
    assert np.allclose(boxes, expected, atol=1e-5)


@pytest.mark.parametrize("name", PICTURES)
def test_persons_are_those_that_the_shipped_int8_form_finds(
    model: Model, portable: Engine, name: str
) -> None:
    picture = PICTURES[name]
    box = letterbox((picture.shape[1], picture.shape[0]), SQUARE, Fitting.CENTRE)
    boxes, scores = told(model.run(filled(picture, box)))
    ours = [
        (Box(*map(float, row)), float(score))
        for row, score in zip(box.of_picture(boxes), scores, strict=True)
    ]
    shipped = [(each.box, each.score) for each in portable.detect(picture)]
    for some, others in ((ours, shipped), (shipped, ours)):
        for one, score in some:
            if score < 0.5:
                continue
            two, other = max(others, key=lambda each: iou(each[0], one))
            assert iou(one, two) > 0.9
            assert abs(score - other) < 0.1


def test_each_picture_of_a_batch_gives_what_it_gives_alone(model: Model) -> None:
    blobs = [blob_of(PICTURES[name]) for name in ("crowd", "frame 0", "upright")]
    together = model.run(np.concatenate(blobs))
    for at, blob in enumerate(blobs):
        alone = model.run(blob)
        for name in NAMES:
            assert together[name][at].shape == alone[name][0].shape
        for several, one in zip(told(together, at), told(alone), strict=True):
            assert np.allclose(several, one, atol=1e-5)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_where_nobody_is_nothing_is_told(model: Model, value: int) -> None:
    empty = np.full((1, 3, SIDE, SIDE), value, np.float32)
    for blob in (empty, blob_of(PICTURES["frame 0"])):
        outputs = model.run(blob)
        assert outputs["num_detections"].tolist() == [[0]]
        assert not outputs["detection_scores"].any()


def test_scores_fall_end_with_zeros_and_all_are_of_class_0(model: Model) -> None:
    outputs = model.run(blob_of(PICTURES["crowd"]))
    number, scores = int(outputs["num_detections"][0, 0]), outputs["detection_scores"][0]
    assert number > 5
    assert (scores[:number] >= FLOOR).all()
    assert (np.diff(scores) <= 0).all()
    assert not scores[number:].any()
    assert not outputs["detection_classes"].any()


@pytest.mark.parametrize(
    ("name", "symmetric"),
    [("frame 330", True), ("crowd", True), ("upright", True), ("frame 330", False)],
)
def test_what_nvinfer_tells_lies_where_the_portable_engine_puts_it(
    model: Model, portable: Engine, name: str, symmetric: bool
) -> None:
    picture = PICTURES[name]
    frame = (picture.shape[1], picture.shape[0])
    placing = place(frame, SQUARE, symmetric=symmetric)
    box = Letterbox(SQUARE, placing.inner, placing.left, placing.top)
    outputs = model.run(filled(picture, box))
    rects = parse({each: outputs[each][0] for each in NAMES}, SQUARE, [0.4])
    shown = [as_box(each, frame) for each in in_frame(rects, placing, frame, crop=True)]
    persons = [each.box for each in portable.detect(picture) if each.score >= 0.5]
    assert persons
    assert all(max(iou(one, two) for two in shown) > 0.9 for one in persons)


def as_box(rect: Rect, frame: tuple[int, int]) -> Box:
    right, bottom = rect.left + rect.width, rect.top + rect.height
    return Box(rect.left / frame[0], rect.top / frame[1], right / frame[0], bottom / frame[1])


def test_a_box_may_reach_below_the_picture_so_nvinfer_has_to_crop_it(model: Model) -> None:
    picture = PICTURES["frame 330"]  # whose person ends where the picture does
    frame = (picture.shape[1], picture.shape[0])
    outputs = model.run(blob_of(picture, Fitting.TOP_LEFT))
    rects = parse({each: outputs[each][0] for each in NAMES}, SQUARE, [0.5])
    placing = place(frame, SQUARE, symmetric=False)
    (cropped,) = in_frame(rects, placing, frame, crop=True)
    assert cropped.top + cropped.height == pytest.approx(frame[1])
    assert not in_frame(rects, placing, frame, crop=False)


@pytest.fixture(scope="module")
def suppression(model: Model) -> onnxruntime.InferenceSession:
    """What lies between the candidates and which of them are kept."""
    graph, wanted = model.proto.graph, {"kept"}
    nodes: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output) and not {"candidate_boxes", "stays"}.intersection(
            node.output
        ):
            wanted.update(node.input)
            nodes.insert(0, node)
    inputs = {"candidate_boxes": [1, 4, MOST], "stays": [1, 1, MOST]}
    part = helper.make_graph(
        nodes,
        "suppression",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, each) for n, each in inputs.items()],
        [helper.make_tensor_value_info("kept", TensorProto.FLOAT, [1, 1, MOST])],
        [each for each in graph.initializer if each.name in wanted],
    )
    return started(helper.make_model(part, opset_imports=model.proto.opset_import, ir_version=8))


def kept_by(suppression: onnxruntime.InferenceSession, boxes: Array) -> list[int]:
    """Of boxes in falling order of their scores, those that the model keeps."""
    rows, stays = np.zeros((MOST, 4), np.float32), np.zeros(MOST, np.float32)
    rows[: len(boxes)], stays[: len(boxes)] = boxes, 1
    fed = {"candidate_boxes": rows[:, [1, 0, 3, 2]].T[None], "stays": stays[None, None]}
    (kept,) = suppression.run(None, fed)
    assert set(np.unique(kept)) <= {0, 1}
    return np.flatnonzero(kept[0, 0]).tolist()


SIDES = st.integers(0, 20)
ROW = st.tuples(SIDES, SIDES, st.integers(1, 20), st.integers(1, 20))


@settings(deadline=None)
@given(st.lists(ROW, max_size=60))
def test_the_boxes_kept_are_those_of_greedy_suppression(
    suppression: onnxruntime.InferenceSession, rows: list[tuple[int, ...]]
) -> None:
    boxes = np.array(rows, np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    falling = np.arange(len(boxes), 0, -1, dtype=np.float32)
    assert kept_by(suppression, boxes / 2) == nms(boxes, falling).tolist()


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.3, 9))
def test_so_they_are_in_the_densest_crowd(
    suppression: onnxruntime.InferenceSession, seed: int, spread: float
) -> None:
    random = np.random.default_rng(seed)
    centres, sizes = random.uniform(0, spread, (MOST, 2)), random.uniform(0.4, 2, (MOST, 2))
    boxes = np.concatenate((centres - sizes / 2, centres + sizes / 2), axis=1).astype(np.float32)
    falling = np.linspace(1, 0.1, MOST, dtype=np.float32)
    assert kept_by(suppression, boxes) == nms(boxes, falling).tolist()


def chain(length: int) -> Floats:
    """Each overlaps the next by more than half and no other: each second one should stay."""
    lefts = np.arange(length, dtype=np.float32)[:, None] * np.float32(0.3)
    return np.concatenate((lefts, lefts * 0, lefts + 1, lefts * 0 + 1), axis=1).astype(np.float32)


def test_a_chain_in_which_each_box_decides_the_next_may_be_17_boxes_long(
    suppression: onnxruntime.InferenceSession,
) -> None:
    boxes = chain(ROUNDS + 1)
    assert kept_by(suppression, boxes) == list(range(0, len(boxes), 2))


@pytest.mark.parametrize("length", [ROUNDS + 2, ROUNDS + 3, 60])
def test_in_a_longer_chain_boxes_too_many_may_stay_but_none_too_few(
    suppression: onnxruntime.InferenceSession, length: int
) -> None:
    kept = set(kept_by(suppression, chain(length)))
    assert kept >= set(range(0, length, 2))
    assert kept - set(range(0, length, 2)) == set(range(ROUNDS + 1, length, 2))
