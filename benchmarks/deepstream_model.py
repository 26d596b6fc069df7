"""The embedded detector for DeepStream on a GPU without TensorRT, beside the portable engine.

    PYTHONPATH=src python3 benchmarks/deepstream_model.py [--device cuda] [--pictures FOLDER]

Runs src/smartrec/assets/models/nanodet-deepstream.onnx by PyTorch, operator for operator, in the
number formats that TensorRT would use: f32, TF32 (what TensorRT's "f32" is on its own), f16 for
everything (more than TensorRT's f16 mode does). Needs numpy, Pillow, onnx, onnxruntime and torch;
no GStreamer. Pictures are the demo camera's, a small crowd made from them, scikit-image's
photographs where that package is installed, and all of FOLDER.

Three tables: each format against ONNX Runtime's f32 of the same file, each against the portable
engine as shipped (int8), and that engine against pictures that are scaled as nvinfer may scale
them. Persons from a score of 0.5 in the one are looked for in the other, by overlap; "lost" are
those without a box of IoU 0.5. Last, how long PyTorch takes: not what TensorRT would take.
"""

import argparse
import importlib.util
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from PIL import Image
from torch.nn import functional

from smartrec.detection.letterbox import Fitting, Letterbox, letterbox
from smartrec.media.demo_scene import Scene, picture_of
from smartrec.media.engines.onnx import open_engine
from smartrec.media.watch.messages import DetectorSetup

ASSETS = Path(str(resources.files("smartrec"))) / "assets"
MODEL = ASSETS / "models" / "nanodet-deepstream.onnx"
SQUARE = (416, 416)
PERSON, SAME = 0.5, 0.5
BATCH = 8
PHOTOGRAPHS = ("astronaut.png", "rocket.jpg", "coffee.png", "chelsea.png")
HEAD = "  {:<38} {:>8} {:>5} {:>9} {:>9} {:>11} {:>10}"

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Tensor = torch.Tensor
Found = tuple[Floats, Floats]
"""Boxes as left, top, right, bottom in shares of the picture, and their scores."""


# ---- the model by PyTorch ----


def of_shape(data: Tensor, shape: Tensor) -> Tensor:
    return data.reshape([data.shape[at] if n == 0 else n for at, n in enumerate(shape.tolist())])


def convolved(data: Tensor, weight: Tensor, bias: Tensor, attributes: dict[str, Any]) -> Tensor:
    pads = attributes.get("pads", [0, 0, 0, 0])
    assert pads[:2] == pads[2:]
    return functional.conv2d(
        data, weight, bias, attributes["strides"], pads[:2], groups=attributes.get("group", 1)
    )


def pooled(data: Tensor, attributes: dict[str, Any]) -> Tensor:
    pads = attributes["pads"]
    assert pads[:2] == pads[2:]
    return functional.max_pool2d(data, attributes["kernel_shape"], attributes["strides"], pads[:2])


def resized(data: Tensor, scales: Tensor) -> Tensor:
    factors = scales.tolist()[2:]
    return functional.interpolate(
        data, scale_factor=factors, mode="bilinear", align_corners=False, antialias=False
    )


Operator = Callable[[Sequence[Any], dict[str, Any]], Any]
OPERATORS: dict[str, Operator] = {
    "Add": lambda x, a: x[0] + x[1],
    "And": lambda x, a: x[0] & x[1],
    "Concat": lambda x, a: torch.cat(list(x), a["axis"]),
    "Conv": lambda x, a: convolved(x[0], x[1], x[2], a),
    "GatherElements": lambda x, a: torch.gather(x[0], a["axis"], x[1]),
    "Greater": lambda x, a: x[0] > x[1],
    "GreaterOrEqual": lambda x, a: x[0] >= x[1],
    "LeakyRelu": lambda x, a: functional.leaky_relu(x[0], a["alpha"]),
    "Less": lambda x, a: x[0] < x[1],
    "MatMul": lambda x, a: x[0] @ x[1],
    "Max": lambda x, a: torch.maximum(x[0], x[1]),
    "MaxPool": lambda x, a: pooled(x[0], a),
    "Min": lambda x, a: torch.minimum(x[0], x[1]),
    "Mul": lambda x, a: x[0] * x[1],
    "ReduceSum": lambda x, a: x[0].sum(x[1].tolist(), keepdim=bool(a["keepdims"])),
    "Relu": lambda x, a: torch.relu(x[0]),
    "Reshape": lambda x, a: of_shape(x[0], x[1]),
    "Resize": lambda x, a: resized(x[0], x[2]),
    "Sigmoid": lambda x, a: torch.sigmoid(x[0]),
    "Softmax": lambda x, a: torch.softmax(x[0], a["axis"]),
    "Split": lambda x, a: torch.split(x[0], x[1].tolist(), a["axis"]),
    "Sub": lambda x, a: x[0] - x[1],
    "Tile": lambda x, a: x[0].repeat(x[1].tolist()),
    "TopK": lambda x, a: torch.topk(x[0], int(x[1][0]), a["axis"]),
    "Transpose": lambda x, a: x[0].permute(a["perm"]),
}


class InTorch:
    """The file's nodes, one after another."""

    def __init__(self, model: onnx.ModelProto, device: str, dtype: torch.dtype) -> None:
        self._dtype, self._device = dtype, device
        self._constants: dict[str, Tensor] = {}
        for each in model.graph.initializer:
            values = torch.from_numpy(numpy_helper.to_array(each).copy())
            # Shapes and counts stay where Python reads them.
            floats = values.is_floating_point()
            self._constants[each.name] = values.to(device, dtype) if floats else values
        self._nodes = [
            (node, {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute})
            for node in model.graph.node
        ]
        self._outputs = [each.name for each in model.graph.output]

    @torch.inference_mode()
    def __call__(self, batch: Floats) -> list[Floats]:
        known: dict[str, Any] = {**self._constants}
        known["input"] = torch.from_numpy(batch).to(self._device, self._dtype)
        for node, attributes in self._nodes:
            given = [known.get(name) for name in node.input]
            if node.op_type == "Cast":
                made = given[0].to(self._dtype)
            else:
                made = OPERATORS[node.op_type](given, attributes)
            several = made if isinstance(made, tuple) else (made,)
            known.update(zip(node.output, several, strict=True))
        return [known[name].float().cpu().numpy() for name in self._outputs]


def formats(device: str) -> Iterator[tuple[str, Callable[[Floats], list[Floats]]]]:
    model = onnx.load(str(MODEL))

    def run(dtype: torch.dtype, tf32: bool) -> Callable[[Floats], list[Floats]]:
        network = InTorch(model, device, dtype)

        def call(batch: Floats) -> list[Floats]:
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
            return network(batch)

        return call

    yield "f32", run(torch.float32, False)
    if device.startswith("cuda"):
        yield "TF32", run(torch.float32, True)
    yield "f16", run(torch.float16, False)


# ---- pictures ----


def pictures(folder: Path | None) -> dict[str, Picture]:
    scene = Scene()
    found = {f"demo {n}": scene.draw(picture_of(n)).copy() for n in range(0, 600, 20)}
    found["crowd"] = crowd()
    paths = []
    spec = importlib.util.find_spec("skimage")
    if spec is not None and spec.origin is not None:
        data = Path(spec.origin).parent / "data"
        paths += [data / name for name in PHOTOGRAPHS if (data / name).exists()]
    if folder is not None:
        paths += sorted(path for path in folder.iterdir() if path.is_file())
    for path in paths:
        with Image.open(path) as image:
            found[path.name] = np.asarray(image.convert("RGB"))
    return found


def crowd() -> Picture:
    with Image.open(ASSETS / "room.webp") as room, Image.open(ASSETS / "person.webp") as person:
        scene = room.convert("RGB")
        for left, size in ((30, 0.4), (140, 0.7), (360, 1.0), (560, 0.9), (800, 0.5), (1000, 0.8)):
            small = person.resize((int(person.width * size), int(person.height * size)))
            scene.paste(small, (left, scene.height - small.height), small)
    return np.asarray(scene)


def filled(picture: Picture, box: Letterbox, scaled: str = "smooth") -> Floats:
    """As nvinfer gives it, scaled in one of three ways: [3, 416, 416]."""
    image = Image.fromarray(picture)
    if scaled == "smooth":
        shrunk = image.resize(box.inner, Image.Resampling.BILINEAR, reducing_gap=1.0)
    else:  # a transform, unlike resize, reads the nearest pixels only, however much it shrinks
        across, down = image.width / box.inner[0], image.height / box.inner[1]
        kind = Image.Resampling.BILINEAR if scaled == "bilinear" else Image.Resampling.NEAREST
        matrix = (across, 0, 0, 0, down, 0)
        shrunk = image.transform(box.inner, Image.Transform.AFFINE, matrix, kind)
    blob = np.zeros((3, SQUARE[1], SQUARE[0]), np.float32)
    inner = blob[:, box.top : box.top + box.inner[1], box.left : box.left + box.inner[0]]
    inner[:] = np.asarray(shrunk)[..., ::-1].transpose(2, 0, 1)
    return blob


# ---- comparison ----


def found_in(
    run: Callable[[Floats], list[Floats]], blobs: Sequence[Floats], places: Sequence[Letterbox]
) -> list[Found]:
    found: list[Found] = []
    for first in range(0, len(blobs), BATCH):
        rows = zip(*run(np.stack(blobs[first : first + BATCH])), strict=True)
        for (number, scores, _, boxes), place in zip(rows, places[first:], strict=False):
            told = int(number[0])
            within = place.of_picture(boxes[:told][:, [1, 0, 3, 2]])
            found.append((within, scores[:told]))
    return found


def overlap(one: Floats, many: Floats) -> Floats:
    """IoU of one box with each of many."""
    lengths = np.minimum(one[2:], many[:, 2:]) - np.maximum(one[:2], many[:, :2])
    common = np.clip(lengths, 0, None).prod(axis=1)
    areas = (many[:, 2:] - many[:, :2]).prod(axis=1) + (one[2:] - one[:2]).prod()
    shares: Floats = common / np.maximum(areas - common, 1e-9)
    return shares


def compare(name: str, some: Sequence[Found], others: Sequence[Found]) -> None:
    """Persons of each in the other, both ways, as one row."""
    overlaps, apart, lost = [], [], 0
    for one, two in zip(some, others, strict=True):
        for (boxes, scores), (rows, sure) in ((one, two), (two, one)):
            for box, score in zip(boxes[scores >= PERSON], scores[scores >= PERSON], strict=True):
                shares = overlap(box, rows)
                if not len(shares) or shares.max() < SAME:
                    lost += 1
                    continue
                overlaps.append(float(shares.max()))
                apart.append(abs(float(sure[shares.argmax()] - score)))
    print(
        HEAD.format(
            name,
            len(overlaps) + lost,
            lost,
            f"{np.median(overlaps):.4f}",
            f"{min(overlaps):.4f}",
            f"{np.median(apart):.4f}",
            f"{max(apart):.4f}",
        )
    )


def headline(text: str) -> None:
    print(text)
    columns = ("persons", "lost", "IoU med.", "least", "score med.", "most")
    print(HEAD.format("", *columns))


def as_found(picture: Picture, engine: Any) -> Found:
    told = engine.detect(picture)
    rows = [(d.box.left, d.box.top, d.box.right, d.box.bottom) for d in told]
    scores = np.array([d.score for d in told], np.float32)
    return np.array(rows, np.float32).reshape(-1, 4), scores


def timed(run: Callable[[Floats], list[Floats]], blobs: Sequence[Floats], count: int) -> float:
    """Milliseconds of a batch, the fastest of ten."""
    batch = np.stack([blobs[at % len(blobs)] for at in range(count)])
    spent = []
    for _ in range(10):
        start = time.perf_counter_ns()
        run(batch)  # ends with a copy to the processor, so the GPU is done
        spent.append((time.perf_counter_ns() - start) / 1e6)
    return min(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--pictures", type=Path, help="a folder of pictures")
    arguments = parser.parse_args()
    shown = list(pictures(arguments.pictures).values())
    engine = open_engine(DetectorSetup())
    session = onnxruntime.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])

    def exact(batch: Floats) -> list[Floats]:
        return session.run(None, {"input": batch})

    sizes = [(picture.shape[1], picture.shape[0]) for picture in shown]
    centre = [letterbox(size, SQUARE, Fitting.CENTRE) for size in sizes]
    corner = [letterbox(size, SQUARE, Fitting.TOP_LEFT) for size in sizes]
    blobs = [filled(picture, box) for picture, box in zip(shown, centre, strict=True)]
    expected = found_in(exact, blobs, centre)
    shipped = [as_found(picture, engine) for picture in shown]
    runs = dict(formats(arguments.device))
    results = {name: found_in(run, blobs, centre) for name, run in runs.items()}
    device = arguments.device
    if device.startswith("cuda"):
        device = torch.cuda.get_device_name()
    print(f"{len(shown)} pictures; PyTorch {torch.__version__} on {device}")
    headline("against the same file, by ONNX Runtime in f32")
    for name, result in results.items():
        compare(name, result, expected)
    headline("against the portable engine as shipped (int8)")
    for name, result in {"f32, by ONNX Runtime": expected, **results}.items():
        compare(name, result, shipped)
    headline("f32 by ONNX Runtime, other pictures of the same: against the portable engine")
    for where, places in (("centre", centre), ("top left", corner)):
        for scaled in ("smooth", "bilinear", "nearest"):
            others = [filled(p, box, scaled) for p, box in zip(shown, places, strict=True)]
            compare(f"{where}, {scaled}", found_in(exact, others, places), shipped)
    print("milliseconds of a batch in PyTorch, transfers included")
    for name, run in runs.items():
        spent = ", ".join(f"{count}: {timed(run, blobs, count):.1f}" for count in (1, 4, 16))
        print(f"  {name:<6} {spent}")


if __name__ == "__main__":
    main()
