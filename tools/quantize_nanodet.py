"""Make the embedded detector's int8 form: ``quantize_nanodet.py MODEL PICTURES TARGET``.

MODEL is what make_nanodet.py writes, PICTURES the folder ``skimage/data`` of scikit-image 0.26, of
which four free pictures are used, TARGET the ONNX file. Needs onnx and onnxruntime.

The form is that of docs/design/decisions/0011-int8.md: convolutions only, activations of 8 bits
without a sign, weights of 7 bits and one scale for each channel. With 7 bits no processor's 16-bit
sums can overflow: 2 x 255 x 64 is below 32768.
"""

import logging
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from PIL import Image

from smartrec.media.demo_scene import Scene, picture_of

SIDE = 416
MEAN, DEVIATION = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
"""Of the training pictures' B, G and R, 0..255."""
PHOTOGRAPHS = ("astronaut.png", "rocket.jpg", "coffee.png", "chelsea.png")
"""Public domain, public domain, CC0, CC0."""
CROPS = 10
"""Pieces of each photograph."""
SCENES = (0, 250, 262, 270, 285, 300, 330, 400, 440, 450, 465)
"""Frames of the demo camera: nobody, walking in, standing, walking out."""

Tensor = npt.NDArray[np.float32]


class Pictures(CalibrationDataReader):  # type: ignore[misc]
    """The pictures from which the ranges of all activations are taken."""

    def __init__(self, photographs: Path) -> None:
        self._left = [*pieces(photographs), *scenes()]

    def get_next(self) -> dict[str, Tensor] | None:
        """The next one as the model takes it."""
        return {"image": as_input(self._left.pop(0))} if self._left else None


def pieces(folder: Path) -> Iterator[Image.Image]:
    """Crops of the photographs, mirrored or not, darker or lighter, some with all of it small."""
    random = np.random.default_rng(1)
    for name in PHOTOGRAPHS:
        with Image.open(folder / name) as file:
            photograph = file.convert("RGB")
        for number in range(CROPS):
            share = random.uniform(0.4, 1.0)
            width, height = int(photograph.width * share), int(photograph.height * share)
            left = int(random.integers(0, photograph.width - width + 1))
            top = int(random.integers(0, photograph.height - height + 1))
            piece = photograph.crop((left, top, left + width, top + height))
            if number % 2:
                piece = piece.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            light = random.uniform(0.5, 1.3)
            piece = Image.fromarray(np.minimum(np.asarray(piece) * light, 255).astype(np.uint8))
            yield tiled(piece) if number % 3 == 0 else piece


def tiled(piece: Image.Image) -> Image.Image:
    """Nine small copies, for small persons."""
    small = piece.resize((piece.width // 3, piece.height // 3))
    return Image.fromarray(np.tile(np.asarray(small), (3, 3, 1)))


def scenes() -> Iterator[Image.Image]:
    """Frames of the demo camera."""
    scene = Scene()
    for frame in SCENES:
        yield Image.fromarray(scene.draw(picture_of(frame)))


def as_input(picture: Image.Image) -> Tensor:
    """Scaled to fit, black around it, BGR, normalised: [1, 3, SIDE, SIDE]."""
    scale = SIDE / max(picture.size)
    size = (round(picture.width * scale), round(picture.height * scale))
    canvas = Image.new("RGB", (SIDE, SIDE))
    shrunk = picture.resize(size, Image.Resampling.BILINEAR)
    canvas.paste(shrunk, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    pixels = (np.asarray(canvas, np.float32)[..., ::-1] - MEAN) / DEVIATION
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same with f32 weights: the quantizer does not look through a Cast."""
    graph = model.graph
    halves = {weight.name: weight for weight in graph.initializer}
    casts = [node for node in graph.node if node.op_type == "Cast"]
    for cast in casts:
        half = halves[cast.input[0]]
        full = numpy_helper.to_array(half).astype(np.float32)
        graph.initializer.remove(half)
        graph.initializer.append(numpy_helper.from_array(full, cast.output[0]))
        graph.node.remove(cast)
    return model


def main() -> None:
    """Quantize, and keep what the file says about itself."""
    source, photographs, target = map(Path, sys.argv[1:])
    logging.disable(logging.WARNING)  # advice to preprocess what make_nanodet.py has preprocessed
    model = widened(onnx.load(str(source)))
    with tempfile.TemporaryDirectory() as name:
        wide, made = Path(name) / "wide.onnx", Path(name) / "int8.onnx"
        onnx.save(model, str(wide))
        quantize_static(
            str(wide),
            str(made),
            Pictures(photographs),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        result = onnx.load(str(made))
    del result.metadata_props[:]
    result.metadata_props.extend(model.metadata_props)
    result.producer_name, result.producer_version = "tools/quantize_nanodet.py", ""
    onnx.checker.check_model(result, full_check=True)
    target.write_bytes(result.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
