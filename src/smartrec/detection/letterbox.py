"""Where a picture lies in a model's input, and the way back for boxes.

Most models want one size. A picture of another shape is scaled until it fits and the rest is left
plain (a letterbox), or it is stretched.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Size = tuple[int, int]
"""Width and height in pixels."""


class Fitting(str, Enum):
    """How a picture of another shape is brought into the input."""

    CENTRE = "centre"
    TOP_LEFT = "top-left"
    STRETCH = "stretch"


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A picture within a model's input, in pixels of the input.

    Attributes:
        outer: Size of the input.
        inner: Size of the picture within it; no side is longer than that of `outer`.
        left: Plain pixels to the left of the picture.
        top: Plain pixels above it.
    """

    outer: Size
    inner: Size
    left: int
    top: int

    def of_picture(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes as fractions of the picture, clipped to it.

        Args:
            boxes: Rows of left, top, right, bottom as fractions of the input.
        """
        scale, shift = self._map()
        within: NDArray[np.float32] = np.clip(boxes * scale - shift, 0.0, 1.0)
        return within

    def of_input(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes as fractions of the input, from rows that are fractions of the picture."""
        scale, shift = self._map()
        within: NDArray[np.float32] = (boxes + shift) / scale
        return within

    def _map(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        (outer_w, outer_h), (inner_w, inner_h) = self.outer, self.inner
        scale = np.array([outer_w / inner_w, outer_h / inner_h] * 2, np.float32)
        shift = np.array([self.left / inner_w, self.top / inner_h] * 2, np.float32)
        return scale, shift


def letterbox(picture: Size, outer: Size, fitting: Fitting) -> Letterbox:
    """How a picture of that size fits into an input of that size.

    A picture that has the inner size already keeps it.

    Args:
        picture: At least one pixel each way.
        outer: The model's input.
        fitting: How.
    """
    if fitting is Fitting.STRETCH:
        return Letterbox(outer, outer, 0, 0)
    scale = min(outer[0] / picture[0], outer[1] / picture[1])
    width = min(outer[0], max(1, round(picture[0] * scale)))
    height = min(outer[1], max(1, round(picture[1] * scale)))
    if fitting is Fitting.TOP_LEFT:
        return Letterbox(outer, (width, height), 0, 0)
    return Letterbox(outer, (width, height), (outer[0] - width) // 2, (outer[1] - height) // 2)
