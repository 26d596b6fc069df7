"""Small ONNX models whose outputs are known beforehand."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from smartrec.detection.tensors import Array

Shape = Sequence[int | str | None]
PICTURE: Shape = (1, 3, 64, 96)
SIZE = (96, 64)
PERSON = (0.25, 0.25, 0.5, 0.75)
"""Left, top, right, bottom of the person that `ssd` finds in every picture."""


def constant_model(
    path: Path,
    outputs: Mapping[str, Array],
    *,
    shape: Shape = PICTURE,
    dtype: int = TensorProto.FLOAT,
    metadata: Mapping[str, str] | None = None,
    others: Mapping[str, tuple[int, Shape]] | None = None,
) -> Path:
    """A model that gives these outputs for any picture."""
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value, name))
        for name, value in outputs.items()
    ]
    return save(
        path, nodes, list(outputs), shape=shape, dtype=dtype, metadata=metadata, others=others
    )


def save(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    outputs: Sequence[str],
    *,
    shape: Shape = PICTURE,
    dtype: int = TensorProto.FLOAT,
    metadata: Mapping[str, str] | None = None,
    others: Mapping[str, tuple[int, Shape]] | None = None,
) -> Path:
    """A model of these nodes, with an input called ``images``."""
    inputs = {"images": (dtype, shape), **(others or {})}
    graph = helper.make_graph(
        list(nodes),
        "test",
        [helper.make_tensor_value_info(name, *each) for name, each in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in outputs],
    )
    for value in graph.output:
        value.ClearField("type")
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    path.write_bytes(model.SerializeToString())
    return path


def ssd(score: float = 0.8, kind: int = 1) -> dict[str, Array]:
    """Outputs of TensorFlow's API with one box, `PERSON`."""
    left, top, right, bottom = PERSON
    return {
        "num_detections": np.array([1], np.float32),
        "detection_boxes": np.array([[[top, left, bottom, right]]], np.float32),
        "detection_scores": np.array([[score]], np.float32),
        "detection_classes": np.array([[kind]], np.float32),
    }


def yolov8(classes: int = 3) -> dict[str, Array]:
    """Two boxes of class 0 that are nearly one, and one of class 1, in 96 x 64."""
    rows = []
    for stride in (8, 16, 32):
        across, down = SIZE[0] // stride, SIZE[1] // stride
        rows += [
            [(x + 0.5) * stride, (y + 0.5) * stride, stride, stride, *[0.01] * classes]
            for y in range(down)
            for x in range(across)
        ]
    table = np.array(rows, np.float32)
    table[:3, :4] = [[36, 32, 24, 32], [36, 33, 24, 32], [70, 30, 20, 40]]
    table[[0, 1, 2], [4, 4, 5]] = [0.9, 0.7, 0.6]
    return {"output0": np.ascontiguousarray(table.T[None])}
