"""What a model wants as inputs: a picture, and of some models what never changes."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from smartrec.detection.letterbox import Size
from smartrec.detection.tensors import Array, PictureInput, Tensor
from smartrec.errors import ModelUnusable

_DTYPES: Final = {
    "float": "float32",
    "float16": "float16",
    "double": "float64",
    "uint8": "uint8",
    "int32": "int32",
    "int64": "int64",
    "bool": "bool",
}
_CHANNELS: Final = (1, 3)
_DEFAULT_SIDE: Final = 640
_SIDES: Final = range(32, 4097)
_MOST_PIXELS: Final = 1 << 24
"""Of a picture that a model takes; beyond 4096 x 4096 memory runs out before anything is seen."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs.

    Attributes:
        picture: Name of the one that takes the picture.
        wanted: Its size, order of axes and type; the family says the rest.
        others: Tensors that are the same for each picture, by name.
        note: What the user should know of the size; empty where the model says it.
    """

    picture: str
    wanted: PictureInput
    others: dict[str, Array] = field(default_factory=dict)
    note: str = ""


def read_inputs(inputs: Sequence[Tensor], metadata: Mapping[str, str]) -> Inputs:
    """Which input takes the picture and how large, and what goes into the others.

    Sizes that the model leaves open are taken from its metadata (Ultralytics' ``imgsz``), else
    640 x 640.

    Raises:
        ModelUnusable: No input takes one picture, or another one is not known.
    """
    tensor = next((each for each in inputs if len(each.shape) == 4), None)
    if tensor is None or tensor.dtype not in _DTYPES or tensor.dtype == "bool":
        raise _unusable("no input takes a picture", inputs)
    first = _channels_first(tensor)
    if first is None:
        raise _unusable("the input takes no picture of one or three channels", inputs)
    if isinstance(tensor.shape[0], int) and tensor.shape[0] != 1:
        raise _unusable(f"it takes {tensor.shape[0]} pictures at once, not one", inputs)
    size, note = _size(tensor, first, metadata)
    if not 0 < size[0] * size[1] <= _MOST_PIXELS:
        raise _unusable(f"it takes pictures of {size[0]}x{size[1]} pixels", inputs)
    gray = tensor.shape[1 if first else 3] == 1
    wanted = PictureInput(size, first, _DTYPES[tensor.dtype], color="gray" if gray else "rgb")
    others = {each.name: _constant(each, size, inputs) for each in inputs if each is not tensor}
    return Inputs(tensor.name, wanted, others, note)


def _channels_first(tensor: Tensor) -> bool | None:
    if tensor.shape[1] in _CHANNELS:
        return True
    if tensor.shape[3] in _CHANNELS:
        return False
    open_ones = not any(isinstance(tensor.shape[at], int) for at in (1, 3))
    return True if open_ones else None


def _size(tensor: Tensor, first: bool, metadata: Mapping[str, str]) -> tuple[Size, str]:
    height, width = tensor.shape[2:4] if first else tensor.shape[1:3]
    if isinstance(height, int) and isinstance(width, int):
        return (width, height), ""
    said = _imgsz(metadata)
    whole = said or (_DEFAULT_SIDE, _DEFAULT_SIDE)
    size = (
        width if isinstance(width, int) else whole[0],
        height if isinstance(height, int) else whole[1],
    )
    if said:
        return size, ""
    return size, (
        f"the model leaves the size of its input open: pictures are given to it in "
        f"{size[0]}x{size[1]}; export it with a fixed size to choose another"
    )


def _imgsz(metadata: Mapping[str, str]) -> Size | None:
    """Width and height; Ultralytics writes ``[height, width]``."""
    try:
        sides = ast.literal_eval(metadata.get("imgsz", ""))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if isinstance(sides, int):
        sides = [sides, sides]
    if not isinstance(sides, list | tuple) or len(sides) != 2:
        return None
    if not all(isinstance(side, int) for side in sides):
        return None
    height, width = sides
    return (width, height) if width in _SIDES and height in _SIDES else None


def _constant(tensor: Tensor, size: Size, inputs: Sequence[Tensor]) -> Array:
    """DETR's mask of valid pixels, or the size of the picture as RT-DETR wants it."""
    dtype = np.dtype(_DTYPES.get(tensor.dtype, "float32"))
    if len(tensor.shape) == 2 and tensor.shape[1] == 2 and "size" in tensor.name.lower():
        return np.array([size], dtype)
    if len(tensor.shape) == 3 and "mask" in tensor.name.lower():
        height, width = (
            side if isinstance(side, int) else whole
            for side, whole in zip(tensor.shape[1:], (size[1], size[0]), strict=True)
        )
        return np.ones((1, height, width), dtype)
    raise _unusable(f"what goes into the input {tensor.name} is not known", inputs)


def _unusable(why: str, inputs: Sequence[Tensor]) -> ModelUnusable:
    seen = ", ".join(map(str, inputs)) or "none"
    return ModelUnusable(
        f"the model cannot be used: {why} (inputs: {seen})",
        hint="Export it with one input for one picture, such as float [1, 3, 640, 640]",
    )
