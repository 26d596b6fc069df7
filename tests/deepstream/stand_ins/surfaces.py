"""Pictures as they lie in the memory of a batch: planes, scaling, colours.

A batch is one block of memory: the pictures one after another, then a table of them at the end. So
the first picture lies where any element of GStreamer looks for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image

from tests.deepstream.stand_ins.raw import Pixels

Size = tuple[int, int]

_FORMATS: Final = ("NV12", "RGBA")
_MAGIC: Final = 0x5354414E
_ROW: Final = 4
_LIMITED: Final = [min(255, max(0, round((v - 16) * 255 / 219))) for v in range(256)]
_LIMITED_C: Final = [min(255, max(0, round((v - 128) * 255 / 224 + 128))) for v in range(256)]


@dataclass(frozen=True)
class Surface:
    """One picture.

    Attributes:
        format: ``"NV12"`` (BT.601, limited range), or ``"RGBA"``.
        width: Pixels.
        height: Pixels.
        data: A view of the memory.
    """

    format: str
    width: int
    height: int
    data: Pixels

    @property
    def size(self) -> Size:
        return self.width, self.height

    def luma(self) -> Pixels:
        """Shape (height, width); of NV12."""
        stride = _stride(self.width)
        return self.data[: stride * self.height].reshape(self.height, stride)[:, : self.width]

    def chroma(self) -> Pixels:
        """Shape (height / 2, width / 2, 2); of NV12."""
        stride, rows = _stride(self.width), _halved(self.height)
        start = stride * 2 * rows
        plane = self.data[start : start + stride * rows].reshape(rows, stride)
        across = _halved(self.width)
        return plane[:, : 2 * across].reshape(rows, across, 2)

    def colours(self) -> Pixels:
        """Shape (height, width, 4); of RGBA."""
        return self.data[: 4 * self.width * self.height].reshape(self.height, self.width, 4)

    def rgb(self, size: Size) -> Pixels:
        """The picture in that size, shape (height, width, 3)."""
        if self.format == "RGBA":
            whole = Image.fromarray(np.ascontiguousarray(self.colours()[..., :3]))
            return np.array(whole.resize(size, Image.Resampling.BOX))
        chroma = self.chroma()
        planes = (
            _scaled(self.luma(), size).point(_LIMITED),
            _scaled(chroma[..., 0], size).point(_LIMITED_C),
            _scaled(chroma[..., 1], size).point(_LIMITED_C),
        )
        return np.array(Image.merge("YCbCr", planes).convert("RGB"))

    def put(self, other: "Surface", left: int, top: int, size: Size) -> None:
        """Lay another picture of the same format upon this one; even numbers of pixels."""
        width, height = size
        if self.format == "RGBA":
            whole = Image.fromarray(np.ascontiguousarray(other.colours()), "RGBA")
            scaled = np.asarray(whole.resize(size, Image.Resampling.BILINEAR))
            self.colours()[top : top + height, left : left + width] = scaled
            return
        self.luma()[top : top + height, left : left + width] = np.asarray(
            _scaled(other.luma(), size)
        )
        part = self.chroma()[top // 2 : _halved(top + height), left // 2 : _halved(left + width)]
        for at in range(2):
            across, down = part.shape[1], part.shape[0]
            part[..., at] = np.asarray(_scaled(other.chroma()[..., at], (across, down)))

    def blacken(self) -> None:
        if self.format == "RGBA":
            self.colours()[:] = (0, 0, 0, 255)
        else:
            self.luma()[:] = 16
            self.chroma()[:] = 128


def bytes_of(format_: str, size: Size) -> int:
    """Of one picture, as GstVideoInfo counts them."""
    if format_ == "RGBA":
        return 4 * size[0] * size[1]
    return _stride(size[0]) * 3 * _halved(size[1])


def room_for(pictures: Sequence[tuple[str, Size]]) -> int:
    """Bytes of a batch."""
    return sum(bytes_of(*each) for each in pictures) + 4 * (_ROW * len(pictures) + 2)


def lay_out(memory: Pixels, pictures: Sequence[tuple[str, Size]]) -> list[Surface]:
    """The pictures of a batch that is to be filled."""
    table: list[int] = []
    start, made = 0, []
    for format_, size in pictures:
        table += [_FORMATS.index(format_), *size, start]
        made.append(Surface(format_, *size, memory[start : start + bytes_of(format_, size)]))
        start += bytes_of(format_, size)
    words = np.array([*table, len(pictures), _MAGIC], np.int32)
    memory[len(memory) - words.nbytes :] = words.view(np.uint8)
    return made


def surfaces(memory: Pixels) -> list[Surface]:
    """The pictures of a batch."""
    count, magic = (int(word) for word in memory[-8:].copy().view(np.int32))
    assert magic == _MAGIC, "this buffer is no batch"
    table = memory[-8 - 4 * _ROW * count : -8].copy().view(np.int32).reshape(count, _ROW)
    rows: list[Any] = table.tolist()
    return [
        Surface(_FORMATS[kind], width, height, memory[start:])
        for kind, width, height, start in rows
    ]


def _scaled(plane: Pixels, size: Size) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(plane), "L")
    return image if image.size == size else image.resize(size, Image.Resampling.BILINEAR)


def _stride(width: int) -> int:
    return (width + 3) // 4 * 4


def _halved(side: int) -> int:
    return (side + 1) // 2
