"""A picture as the detector wants it, made as late and as cheaply as can be.

Most looks of a quiet scene end at the motion gate, which is content with a thumbnail of the luma.
So a picture gives its luma and its colours only when asked. *Tried* on the demo camera's JPEGs (one
thread, libjpeg-turbo 3): the luma alone takes 1.2 ms at 1280x720 and 2.2 ms at 1920x1080, colours
3.5 ms and 4.0 ms, luma out of these colours 0.3 ms more. Both lumas differ by one grey level at
most, so a scene may be looked at in either way from one look to the next.
"""

import io
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image, JpegImagePlugin

from smartrec.model import StreamFormat

Pixels = npt.NDArray[np.uint8]
Size = tuple[int, int]
Fit = Callable[[int, int], Size]
"""From an upright picture's width and height to the size that the engine wants it in."""

LUMA_SIDE: Final = 96
"""Longer side of the small luma, in pixels."""
_MOST_PIXELS: Final = 1 << 26
"""A header that promises more is no camera's; the decoder would take the memory before it knew."""
_EIGHTH: Final = 8


class Undecodable(Exception):  # noqa: N818 - a condition, not an error
    """These bits are no picture."""


class Picture(Protocol):
    """One picture to look at. Both methods may be asked in any order, and more than once.

    Raises:
        Undecodable: By either method.
    """

    def luma(self) -> Pixels:
        """Small, upright: shape (height, width), the longer of them `LUMA_SIDE`; full range."""
        ...

    def rgb(self) -> Pixels:
        """As the engine wants it, upright: shape (height, width, 3), C order."""
        ...


class JpegPicture:
    """A camera's JPEG. Decoded at a fraction of its size where that is enough (DCT scaling).

    A JPEG without Huffman tables, as many USB cameras send, is decoded with the usual ones (ITU-T
    T.81, K.3).

    Args:
        data: The JPEG.
        stream: How to turn it; its size is the JPEG's own, whatever the camera says.
        fit: The engine's.
    """

    def __init__(self, data: bytes, stream: StreamFormat, fit: Fit) -> None:
        self._data = data
        self._stream = stream
        self._fit = fit
        self._colours: Image.Image | None = None
        self._size: Size = (0, 0)

    def luma(self) -> Pixels:
        """See `Picture.luma`."""
        if self._colours is None:
            small, self._size = _decode(self._data, "L", _one_eighth)
        else:
            small = _to_eighth(self._colours, self._size).convert("L")
        return upright(_luma_of(small, self._size), self._stream)

    def rgb(self) -> Pixels:
        """See `Picture.rgb`."""
        stream = self._stream
        if self._colours is None:
            self._colours, self._size = _decode(
                self._data, "RGB", lambda size: fitted(size, stream, self._fit)
            )
        wanted = fitted(self._size, stream, self._fit)
        return upright(np.asarray(resized(self._colours, wanted)), stream)


def fitted(size: Size, stream: StreamFormat, fit: Fit) -> Size:
    """What the engine wants, of the camera's picture that is not turned yet; never nothing."""
    upright_ = size if stream.rotate % 180 == 0 else (size[1], size[0])
    width, height = (max(1, side) for side in fit(*upright_))
    return (width, height) if stream.rotate % 180 == 0 else (height, width)


def upright(pixels: Pixels, stream: StreamFormat) -> Pixels:
    """Turned clockwise and then mirrored, as the format says; axes 0 and 1 are down and right."""
    turned = np.rot90(pixels, -(stream.rotate // 90))
    return np.ascontiguousarray(turned[:, ::-1] if stream.flip else turned)


def luma_size(size: Size) -> Size:
    """Width and height of the small luma of a picture of that size."""
    longer = max(size)
    return max(1, round(LUMA_SIDE * size[0] / longer)), max(1, round(LUMA_SIDE * size[1] / longer))


def resized(image: Image.Image, size: Size) -> Image.Image:
    """Scaled with every pixel counted."""
    return image if image.size == size else image.resize(size, Image.Resampling.BOX)


def _decode(data: bytes, mode: str, least: Callable[[Size], Size]) -> tuple[Image.Image, Size]:
    """The picture in `mode`, no smaller than `least` of its size if it is not itself; its size."""
    try:
        # Image.open would load the plug-ins of other formats, and try them on what is broken.
        image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
        size = image.size
        if size[0] * size[1] > _MOST_PIXELS:
            raise Undecodable(f"{size[0]}x{size[1]} pixels")
        image.draft(mode, least(size))
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise Undecodable(str(error)) from error
    return image if image.mode == mode else image.convert(mode), size


def _one_eighth(size: Size) -> Size:
    return max(1, size[0] // _EIGHTH), max(1, size[1] // _EIGHTH)


def _to_eighth(image: Image.Image, size: Size) -> Image.Image:
    """What a decoder at one eighth gives is the mean of each block: here of what is left of it."""
    factor = _EIGHTH * image.width // size[0]
    return image.reduce(factor) if factor > 1 else image


def _luma_of(small: Image.Image, size: Size) -> Pixels:
    # Without the blocks that the picture does not fill: decoders do not agree on their means.
    width, height = _one_eighth(size)
    whole = (0, 0, min(width, small.width), min(height, small.height))
    return np.asarray(small.resize(luma_size(size), Image.Resampling.BOX, box=whole))
