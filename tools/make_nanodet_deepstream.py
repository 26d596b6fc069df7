"""Make the detector that DeepStream's nvinfer runs: ``make_nanodet_deepstream.py MODEL TARGET``.

MODEL is what make_nanodet.py writes, TARGET the ONNX file. Needs this project's .venv: onnx 1.23.2,
onnxruntime 1.32.0, numpy 2.4.6, Pillow as locked.

The same network as MODEL, and around it what nvinfer does not do by itself: normalisation before,
decoding and non-maximum suppression (NMS) behind. The outputs are those that a parser shipped with
DeepStream reads, ``NvDsInferParseCustomTfSSD``, so that nobody has to compile one. Everything is of
fixed shape but the batch, and made of operators that TensorRT knows from 8.6 on; why the weights
are f32 and which operators these are stands in src/smartrec/assets/models/README.md.

NMS. The surest `CANDIDATES` cells enter, in falling order of their scores. A box stays unless a
surer one that stays overlaps it by more than half: keep[j] = no i < j with keep[i] and over[i, j].
Written as keep = F(keep), this has one solution, and repeating F from "all stay" reaches it: after
r rounds every box is settled that has at most r boxes before it in a chain of which each decides
the next ("A drops B, so C stays, so D goes"). The number of rounds is even: F turns "at least what
should stay" into "at most" and back, so in a longer chain a box too many may stay, but no person is
lost.

What is made must find the persons that MODEL finds in the portable engine: the difference is
printed, and nothing is written where it is too large.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime  # type: ignore[import-untyped]
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from smartrec.detection.nms import MOST
from smartrec.detection.persons import FLOOR
from smartrec.media.demo_scene import Scene, picture_of
from smartrec.media.engines.onnx import open_engine
from smartrec.media.watch.messages import DetectorSetup

SIDE = 416
"""Pixels of the square picture that the model takes."""
STRIDES = (8, 16, 32)
"""Pixels of a cell, by level."""
CLASSES, BINS = 80, 11
MEAN, DEVIATION = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
"""Of the training pictures' B, G and R, 0..255."""
CANDIDATES = MOST
"""Boxes that enter NMS: as many as in the portable engine."""
DETECTIONS = 100
"""Boxes that are told: more persons than can be told apart in 416 pixels."""
ROUNDS = 16
"""Of NMS; even."""
UNIT = 32.0
"""Pixels in the unit of length: areas of boxes and their sums are far from f16's limits (65504, and
6e-5 below which it loses digits), however TensorRT mixes f16 in."""
BATCH = "batch"
SCENES = (0, 255, 270, 330, 400, 450)
"""Frames of the demo camera: nobody, walking in, standing, walking out."""
WITHIN = 1e-5
"""Of scores, and of boxes as shares of the picture."""

Array = npt.NDArray[Any]


class Graph:
    """Nodes and constants that are added one after another, each named after its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: Any, dtype: type = np.float32) -> str:
        """Put a constant there; gives its name."""
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def add(self, kind: str, inputs: Sequence[str], *outputs: str, **attributes: Any) -> str:
        """Put a node there; gives the name of its first output."""
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=outputs[0], **attributes))
        return outputs[0]


def network(model: onnx.ModelProto) -> tuple[Graph, list[str]]:
    """MODEL from ``image`` to the heads, with f32 weights; and the heads' names, by level.

    A head's channels are then: person, and 11 bins each of top, left, bottom and right.
    """
    graph = Graph()
    values = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    nodes = list(model.graph.node)
    for cast in [node for node in nodes if node.op_type == "Cast"]:
        values[cast.output[0]] = values.pop(cast.input[0]).astype(np.float32)
        nodes.remove(cast)
    heads = [node.input[0] for node in nodes if node.op_type == "Split"]
    for node in nodes:
        if node.output[0] in heads:
            for tensor in node.input[1:]:
                values[tensor] = values[tensor][wanted_channels()]
    kept = ancestors(nodes, heads)
    graph.nodes += merged_pads([node for node in nodes if node.output[0] in kept], values)
    for node in graph.nodes:
        if node.op_type == "Resize":
            node.input[1] = ""  # an empty region of interest, which only cropping would read
    used = {tensor for node in graph.nodes for tensor in node.input}
    graph.constants += [
        numpy_helper.from_array(values[name], name) for name in sorted(values.keys() & used)
    ]
    return graph, heads


def wanted_channels() -> list[int]:
    """Of a head's 80 classes and of its sides (left, top, right, bottom) those needed, in order."""
    sides = [list(range(CLASSES + BINS * at, CLASSES + BINS * (at + 1))) for at in (1, 0, 3, 2)]
    return [0, *(channel for side in sides for channel in side)]


def ancestors(nodes: Sequence[onnx.NodeProto], tensors: Sequence[str]) -> set[str]:
    """Tensors from which these are computed, and these."""
    found = set(tensors)
    for node in reversed(nodes):  # in order of computation
        if found.intersection(node.output):
            found.update(node.input)
    return found


def merged_pads(nodes: list[onnx.NodeProto], values: dict[str, Array]) -> list[onnx.NodeProto]:
    """The same with padding inside MaxPool, which needs no -inf then."""
    for pad in [node for node in nodes if node.op_type == "Pad"]:
        (pool,) = [node for node in nodes if pad.output[0] in node.input]
        around = values[pad.input[1]].reshape(2, 4)
        assert pool.op_type == "MaxPool"
        assert not around[:, :2].any()
        pool.attribute.append(helper.make_attribute("pads", around[:, 2:].flatten().tolist()))
        pool.input[0] = pad.input[0]
        nodes.remove(pad)
    return nodes


def normalise(graph: Graph) -> None:
    """From ``input``, 0..255, to ``image``; before all else."""
    mean = graph.constant("mean", np.reshape(MEAN, (1, 3, 1, 1)))
    factor = graph.constant("factor", np.reshape(1 / np.array(DEVIATION), (1, 3, 1, 1)))
    graph.add("Sub", ["input", mean], "centred")
    graph.add("Mul", ["centred", factor], "image")
    graph.nodes[:] = graph.nodes[-2:] + graph.nodes[:-2]


def decode(graph: Graph, heads: Sequence[str]) -> tuple[str, str]:
    """Names of the person's logits [B, 1, cells] and of the boxes [B, 4, cells], in `UNIT`."""
    channels, sizes = 1 + 4 * BINS, [(SIDE // stride) ** 2 for stride in STRIDES]
    rows = []
    for head, stride, size in zip(heads, STRIDES, sizes, strict=True):
        shape = graph.constant(f"row_{stride}_shape", [0, channels, size], np.int64)
        rows.append(graph.add("Reshape", [head, shape], f"row_{stride}"))
    graph.add("Concat", rows, "cells", axis=2)
    parts = graph.constant("parts", [1, 4 * BINS], np.int64)
    graph.add("Split", ["cells", parts], "logits", "sides", axis=1)
    shape = graph.constant("bins_shape", [0, 4, BINS, sum(sizes)], np.int64)
    graph.add("Reshape", ["sides", shape], "bins")
    graph.add("Softmax", ["bins"], "shares", axis=2)
    numbers = graph.constant("numbers", np.reshape(range(BINS), (1, 1, BINS, 1)))
    graph.add("Mul", ["shares", numbers], "terms")
    second = graph.constant("axis_2", [2], np.int64)
    graph.add("ReduceSum", ["terms", second], "means", keepdims=0)
    centres, steps = cells()
    graph.add("Mul", ["means", graph.constant("steps", steps)], "distances")
    graph.add("Add", ["distances", graph.constant("centres", centres)], "boxes")
    return "logits", "boxes"


def cells() -> tuple[Array, Array]:
    """Centres of the cells, and a step outwards from each to top, left, bottom and right.

    Both [1, 4, cells], in `UNIT`.
    """
    centres, steps = [], []
    for stride in STRIDES:
        across = SIDE // stride
        y, x = np.divmod(np.arange(across * across), across)
        centres.append((np.stack((y, x, y, x)) + 0.5) * stride / UNIT)
        outwards = np.array([[-1], [-1], [1], [1]]) * stride / UNIT
        steps.append(np.repeat(outwards, across * across, axis=1))
    return np.concatenate(centres, axis=1)[None], np.concatenate(steps, axis=1)[None]


def take(graph: Graph, boxes: str, at: str, name: str) -> str:
    """Of boxes [B, 4, n] those at these places [B, 1, k]."""
    if not any(each.name == "four_times" for each in graph.constants):
        graph.constant("four_times", [1, 4, 1], np.int64)
    graph.add("Tile", [at, "four_times"], f"{name}_at")
    return graph.add("GatherElements", [boxes, f"{name}_at"], name, axis=2)


def suppress(graph: Graph, boxes: str, stays: str) -> str:
    """Name of 1 for each box that stays and 0 for each that goes, [B, 1, n].

    Args:
        graph: To add to.
        boxes: [B, 4, n] of top, left, bottom, right; the surest first.
        stays: [B, 1, n] of 1 for boxes that count at all, 0 for the others, which come last.
    """
    overlaps(graph, boxes)
    order = np.arange(CANDIDATES)
    graph.constant("order_across", order.reshape(1, 1, -1))
    graph.constant("order_down", order.reshape(1, -1, 1))
    graph.add("Less", ["order_down", "order_across"], "surer")
    graph.add("And", ["overlap", "surer"], "drops")
    graph.add("Cast", ["drops"], "dropped_by", to=TensorProto.FLOAT)
    graph.constant("one", 1.0)
    kept = stays
    for number in range(1, ROUNDS + 1):
        graph.add("MatMul", [kept, "dropped_by"], f"surer_{number}")
        graph.add("Sub", ["one", f"surer_{number}"], f"left_{number}")
        kept = graph.add("Relu", [f"left_{number}"], f"kept_{number}")
    return graph.add("Mul", [kept, stays], "kept")


def overlaps(graph: Graph, boxes: str) -> None:
    """Add ``overlap`` [B, n, n]: whether two boxes have more than half in common (IoU > 0.5)."""
    quarters = graph.constant("quarters", [1, 1, 1, 1], np.int64)
    sides = ("top", "left", "bottom", "right")
    graph.add("Split", [boxes, quarters], *sides, axis=1)
    for side in sides:
        graph.add("Transpose", [side], f"{side}_down", perm=[0, 2, 1])
    for length, start, end in (("height", "top", "bottom"), ("width", "left", "right")):
        graph.add("Sub", [end, start], length)
        graph.add("Max", [start, f"{start}_down"], f"common_{start}")
        graph.add("Min", [end, f"{end}_down"], f"common_{end}")
        graph.add("Sub", [f"common_{end}", f"common_{start}"], f"common_{length}_or_gap")
        graph.add("Relu", [f"common_{length}_or_gap"], f"common_{length}")
    graph.add("Mul", ["height", "width"], "area")
    graph.add("Transpose", ["area"], "area_down", perm=[0, 2, 1])
    graph.add("Mul", ["common_height", "common_width"], "common")
    graph.add("Add", ["area", "area_down"], "areas")
    graph.add("Sub", ["areas", "common"], "union")
    graph.add("Mul", ["union", graph.constant("iou", 0.5)], "half_of_union")
    graph.add("Greater", ["common", "half_of_union"], "overlap")  # no division: a union may be 0


def tell(graph: Graph, logits: str, boxes: str) -> None:
    """From candidates to the four outputs."""
    graph.constant("candidates", [CANDIDATES], np.int64)
    graph.constant("detections", [DETECTIONS], np.int64)
    graph.add("TopK", [logits, "candidates"], "surest", "surest_at", axis=2)
    graph.add("Sigmoid", ["surest"], "scores")
    candidates = take(graph, boxes, "surest_at", "candidate_boxes")
    graph.add("GreaterOrEqual", ["scores", graph.constant("floor", FLOOR)], "counts")
    graph.add("Cast", ["counts"], "stays", to=TensorProto.FLOAT)
    kept = suppress(graph, candidates, "stays")
    graph.add("Mul", ["scores", kept], "kept_scores")
    graph.add("TopK", ["kept_scores", "detections"], "told", "told_at", axis=2)
    told = take(graph, candidates, "told_at", "told_boxes")

    graph.add("ReduceSum", [kept, "axis_2"], "kept_count", keepdims=0)
    graph.add("Min", ["kept_count", graph.constant("most", float(DETECTIONS))], "num_detections")
    row = graph.constant("row", [0, DETECTIONS], np.int64)
    graph.add("Reshape", ["told", row], "detection_scores")
    graph.add("Mul", ["detection_scores", graph.constant("zero", 0.0)], "detection_classes")
    graph.add("Transpose", [told], "told_rows", perm=[0, 2, 1])
    graph.add("Mul", ["told_rows", graph.constant("share", UNIT / SIDE)], "detection_boxes")


def build(model: onnx.ModelProto) -> onnx.ModelProto:
    """The whole model."""
    graph, heads = network(model)
    normalise(graph)
    tell(graph, *decode(graph, heads))
    outputs: dict[str, list[str | int]] = {
        "num_detections": [BATCH, 1],
        "detection_scores": [BATCH, DETECTIONS],
        "detection_classes": [BATCH, DETECTIONS],
        "detection_boxes": [BATCH, DETECTIONS, 4],
    }
    floats = TensorProto.FLOAT
    made = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "nanodet-g-416-deepstream",
            [helper.make_tensor_value_info("input", floats, [BATCH, 3, SIDE, SIDE])],
            [helper.make_tensor_value_info(name, floats, each) for name, each in outputs.items()],
            graph.constants,
        ),
        opset_imports=list(model.opset_import),
        ir_version=8,
    )
    made.producer_name, made.producer_version = "tools/make_nanodet_deepstream.py", ""
    told = {each.key: each.value for each in model.metadata_props}
    helper.set_model_props(made, told | {"names": "{0: 'person'}"})
    onnx.checker.check_model(made, full_check=True)
    return made


def pictures() -> list[npt.NDArray[np.uint8]]:
    """Squares of the demo camera's pictures, RGB: as large as the input, so nothing is added."""
    scene, made = Scene(), []
    for frame in SCENES:
        whole = Image.fromarray(scene.draw(picture_of(frame)))
        square = whole.crop((280, 0, 280 + whole.height, whole.height))
        made.append(np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BILINEAR)))
    return made


def check(made: bytes, model: Path) -> None:
    """Say how far the boxes are from those of MODEL; stop where that is too far."""
    session = onnxruntime.InferenceSession(made, providers=["CPUExecutionProvider"])
    engine = open_engine(DetectorSetup(model=str(model)))
    apart, count = 0.0, 0
    for picture in pictures():
        blob = picture[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32)
        number, scores, _, boxes = (part[0] for part in session.run(None, {"input": blob}))
        found = engine.detect(picture)
        if len(found) != number[0]:
            sys.exit(f"{number[0]:.0f} boxes instead of {len(found)}: nothing written")
        count += len(found)
        for one, score, (top, left, bottom, right) in zip(found, scores, boxes, strict=False):
            was = (one.score, one.box.left, one.box.top, one.box.right, one.box.bottom)
            now = np.clip((score, left, top, right, bottom), 0, 1)
            apart = max(apart, float(np.abs(now - was).max()))
    sys.stdout.write(f"{count} boxes, largest difference from MODEL: {apart}\n")
    if not count or apart > WITHIN:
        sys.exit(f"too far from {model}: nothing written")


def main() -> None:
    """Build, check, write."""
    source, target = map(Path, sys.argv[1:])
    made = build(onnx.load(str(source))).SerializeToString(deterministic=True)
    check(made, source)
    target.write_bytes(made)
    sys.stdout.write(f"{target}: {len(made)} bytes\n")


if __name__ == "__main__":
    main()
