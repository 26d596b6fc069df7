"""What goes into a model and what comes out: the values that all families of models share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from smartrec.detection.letterbox import Fitting, Size

Array = NDArray[Any]
Floats = NDArray[np.float32]
Color = Literal["rgb", "bgr", "gray"]
Triple = tuple[float, float, float]

GREY: Final = 114.0
"""What YOLO models have around a picture."""
UNIT: Final[Triple] = (1 / 255, 1 / 255, 1 / 255)
"""Makes 0 to 1 of 0 to 255."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output as the model declares it.

    Attributes:
        name: The model's own.
        dtype: As ONNX Runtime writes it, without ``tensor()``: ``"float"``, ``"uint8"``, ...
        shape: None or text where the model leaves a size open.
    """

    name: str
    dtype: str
    shape: tuple[int | str | None, ...]

    def __str__(self) -> str:
        sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.name} {self.dtype} [{sizes}]"


@dataclass(frozen=True, slots=True)
class PictureInput:
    """How the model wants a picture: each value becomes ``(value - mean) * scale``.

    Attributes:
        size: Width and height.
        channels_first: NCHW, else NHWC.
        dtype: Of the numbers; with an integer type they stay 0 to 255.
        color: Order of the channels, or a single one.
        mean: By channel, in the order of `color`, of values from 0 to 255.
        scale: The same.
        fitting: How a picture of another shape is brought in.
        pad: Value around it, 0 to 255, before `mean` and `scale`.
    """

    size: Size
    channels_first: bool = True
    dtype: str = "float32"
    color: Color = "rgb"
    mean: Triple = (0.0, 0.0, 0.0)
    scale: Triple = (1.0, 1.0, 1.0)
    fitting: Fitting = Fitting.CENTRE
    pad: float = GREY


@dataclass(frozen=True, slots=True)
class Candidates:
    """Boxes that may be persons, before non-maximum suppression.

    Attributes:
        boxes: Rows of left, top, right, bottom as fractions of the input.
        scores: One a box, 0 to 1.
    """

    boxes: Floats
    scores: Floats


Decoder = Callable[[Sequence[Array], Sequence[int], float], Candidates]
"""From a model's outputs, in its own order, to the candidates of the given classes whose score is
at least the given floor."""


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of model.

    Attributes:
        name: For people.
        input: How it wants pictures.
        decode: What its outputs mean.
        classes: How many it knows; None where its outputs do not tell.
        person: The class of persons when no label says which.
        person_known: Whether `person` is sure, not a guess.
        first_label: Class that the first line of a file of labels names.
        suppressed: Non-maximum suppression is inside the model, or it needs none.
    """

    name: str
    input: PictureInput
    decode: Decoder
    classes: int | None = None
    person: int = 0
    person_known: bool = False
    first_label: int = 0
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to work out a model's family from.

    Attributes:
        input: Size, order of axes and type; the rest is not known yet.
        names: Of the outputs.
        values: The outputs for a plain grey picture.
        labels: How many class names are known; None where there are none.
    """

    input: PictureInput
    names: tuple[str, ...]
    values: tuple[Array, ...]
    labels: int | None = None


def no_candidates() -> Candidates:
    """Nothing was found."""
    return Candidates(np.empty((0, 4), np.float32), np.empty(0, np.float32))


def person_scores(scores: Array, persons: Sequence[int]) -> Floats:
    """The best score among the classes of persons.

    Args:
        scores: One row a box, one column a class.
        persons: Columns.
    """
    if len(persons) == 1:
        return scores[:, persons[0]].astype(np.float32, copy=False)
    best: Floats = scores[:, list(persons)].max(axis=1).astype(np.float32, copy=False)
    return best


def corners(centred: Array) -> Floats:
    """Left, top, right, bottom of rows of centre x, centre y, width, height."""
    centred = centred.astype(np.float32, copy=False)
    half = centred[:, 2:4] / 2
    return np.concatenate((centred[:, :2] - half, centred[:, :2] + half), axis=1)


def of_input(boxes: Array, size: Size) -> Floats:
    """Boxes in the input's pixels as fractions of it."""
    whole = np.array(size * 2, np.float32)
    return np.divide(boxes, whole, dtype=np.float32)


def cells(size: Size, strides: Sequence[int]) -> int:
    """How many cells the grids of these strides have in an input of that size."""
    return sum(-(-size[0] // stride) * -(-size[1] // stride) for stride in strides)
