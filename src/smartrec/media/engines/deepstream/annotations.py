"""What DeepStream found in a batch, and how its own overlay shall draw it.

Called in a pad probe behind nvinfer (or nvtracker) and ahead of nvdsosd:

    with metadata.batch(buffer) as frames:
        for frame in frames:
            for found in frame.objects: ...

nvdsosd draws what stands in the metadata, so hiding and showing is changing that. Frames and
objects are good until the ``with`` ends: after it the memory may be another's.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from smartrec.media.gst import Gst
from smartrec.units import Ns

Rgba = tuple[float, float, float, float]
"""Red, green, blue and opacity, each 0 to 1."""

WHITE: Final[Rgba] = (0.96, 0.965, 0.973, 1.0)
PLATE: Final[Rgba] = (0.055, 0.063, 0.078, 0.69)
"""What a text stands on: so it can be read upon any picture."""
UNTRACKED: Final = 2**64 - 1
"""`Object.object_id` where there is no tracker."""
LABELS: Final = 16
"""Texts that one display meta of NVIDIA's holds; more take another."""

_THICKEST: Final = 32
"""nvdsosd stops the pipeline for a thicker line."""
_LARGEST: Final = 60
# nvdsosd writes points at 96 dpi; a line of text takes so much of the points' number.
_OF_HEIGHT: Final = 1.8
_OF_WIDTH: Final = 0.75


@dataclass(frozen=True, slots=True)
class Text:
    """A text upon a frame.

    Attributes:
        text: One line.
        x: Of its left edge, pixels.
        y: Of its upper edge, pixels.
        size: Of the letters, points.
        color: Of the letters.
        plate: What it stands on; None for nothing.
    """

    text: str
    x: int
    y: int
    size: int
    color: Rgba = WHITE
    plate: Rgba | None = PLATE


class Object(Protocol):
    """One thing that was found.

    Attributes:
        class_id: Number of its class.
        confidence: 0 to 1; -0.1 where nvinfer's clustering or a tracker keeps none.
        object_id: A tracker's number; `UNTRACKED` without one.
        left: Pixels of the batch's frames (see `Frame.picture`), as are the next three.
        top: From the upper edge.
        width: Not negative.
        height: Not negative.
    """

    class_id: int
    confidence: float
    object_id: int
    left: float
    top: float
    width: float
    height: float

    @property
    def label(self) -> str:
        """What the model calls its class; empty where that is no text, which is counted."""
        ...

    def hide(self) -> None:
        """Draw nothing of it."""
        ...

    def show(self, text: str, color: Rgba, line: int, font_size: int) -> None:
        """Draw its box and, above it or else within, a text.

        Args:
            text: One line.
            color: Of the box.
            line: Width of the box's line, pixels; at most 32 are drawn.
            font_size: Points; at most 60 are drawn.
        """
        ...


class Frame(Protocol):
    """One picture of a batch.

    Attributes:
        source: The muxer's pad it came by: ``sink_0`` is 0. Behind a tiler always 0.
        pts: As its source gave it; None where it gave none.
        inferred: Whether the model was asked of it.
        size: Width and height as it came to the muxer, pixels.
        picture: Width and height as it left the muxer: what boxes are measured in.
        objects: What was found, without what cannot be (see `Metadata.skipped`).
    """

    source: int
    pts: Ns | None
    inferred: bool
    size: tuple[int, int]
    picture: tuple[int, int]
    objects: Sequence[Object]

    def write(self, texts: Sequence[Text]) -> None:
        """Have texts drawn upon it."""
        ...


class Metadata(Protocol):
    """Reads batches. One thread at a time a batch.

    Attributes:
        how: For people: what it reads with.
        skipped: Objects and labels with impossible values so far; such objects are hidden.
    """

    how: str
    skipped: int

    def batch(self, buffer: Gst.Buffer) -> AbstractContextManager[Sequence[Frame]]:
        """The frames of a buffer, with the batch's lock held; none where it has no batch.

        Raises:
            MetadataUnreadable: It is not what it should be. Do not read on.
        """
        ...

    def frames(self, buffer: Gst.Buffer) -> Sequence[Frame]:
        """As `batch`, but with the lock held while reading only: for where nobody else writes.

        Frames and objects are good until the buffer is let go.
        """
        ...


def label_place(
    box: tuple[float, float], picture: tuple[int, int], letters: int, line: int, size: int
) -> tuple[int, int]:
    """Where a box's text goes: above the box, or else within, and inside the picture.

    Args:
        box: Left and upper edge, pixels.
        picture: Width and height, pixels.
        letters: Of the text.
        line: Width of the box's line.
        size: Of the letters, points.

    Returns:
        Its left and upper edge, pixels.
    """
    high, wide = round(size * _OF_HEIGHT), round(size * _OF_WIDTH * letters)
    left, top = round(box[0]), round(box[1])
    y = top - line - high
    if y < 0:
        y = top + line
    return max(0, min(left, picture[0] - wide)), max(0, min(y, picture[1] - high))


def line_width(line: int) -> int:
    """As near as nvdsosd can draw it."""
    return max(1, min(line, _THICKEST))


def letter_size(size: int) -> int:
    """As near as nvdsosd can write it."""
    return max(1, min(size, _LARGEST))


def color_of(color: Rgba) -> Rgba:
    """Each part brought between 0 and 1: nvdsosd makes bytes of them without looking."""
    red, green, blue, alpha = (min(1.0, max(0.0, part)) for part in color)
    return red, green, blue, alpha
