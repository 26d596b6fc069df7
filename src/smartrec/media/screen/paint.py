"""The marks that lie upon a picture, as small bitmaps: text on a plate, and the sides of a box.

Pure: values in, pixels out. What repeats (words, sides of one length) is drawn once and kept, so
that a frame costs no drawing; the caches are bounded.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from smartrec.media.screen.fonts import written

Colour = tuple[int, int, int]

WHITE: Final[Colour] = (245, 246, 248)
MUTED: Final[Colour] = (164, 170, 178)
RED: Final[Colour] = (255, 59, 48)
DARK_RED: Final[Colour] = (112, 40, 38)
"""The recording light between two blinks: still there, no longer lit."""
AMBER: Final[Colour] = (255, 190, 92)
BOX: Final[Colour] = (64, 200, 255)
SLATE: Final[Colour] = (20, 22, 26)
"""Ground of a cell that has no picture."""
_PLATE: Final = (14, 16, 20, 176)
_EDGE: Final = (8, 10, 12, 255)

SMALLEST_TEXT: Final = 14
"""Pixels; smaller is not read from where people sit."""
_OF_HEIGHT: Final = 34
"""A text is this part of the picture's height..."""
_WIDEST_SHAPE: Final = 0.7
"""...but of a tall picture this share of its width counts as its height."""
_FINE: Final = 4
"""Round shapes are drawn this much larger and made small, for soft edges."""
_ELLIPSIS: Final = "…"


class Ground(str, Enum):
    """What a text stands on."""

    PLATE = "plate"
    NONE = "none"


@dataclass(frozen=True, eq=False)
class Bitmap:
    """Pixels to lay upon a picture; each is equal to itself only.

    Attributes:
        width: Pixels.
        height: Pixels.
        pixels: Blue, green, red, opacity; not multiplied with it; rows from the top, no padding.
    """

    width: int
    height: int
    pixels: bytes = field(repr=False)


class _Kept:
    """Bitmaps by what they show; the longest unused go first. Any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0
        self._lock = threading.Lock()
        self._bitmaps: OrderedDict[Hashable, Bitmap] = OrderedDict()

    def get(self, key: Hashable, draw: Callable[[], Bitmap]) -> Bitmap:
        with self._lock:
            found = self._bitmaps.get(key)
            if found is None:
                found = self._bitmaps[key] = draw()
                self._bytes += len(found.pixels)
            self._bitmaps.move_to_end(key)
            while self._bytes > self._most and len(self._bitmaps) > 1:
                self._bytes -= len(self._bitmaps.popitem(last=False)[1].pixels)
            return found


_KEPT: Final = _Kept(4 * 1024 * 1024)
"""A running time is another picture each second, and none of them is needed again."""


@dataclass(frozen=True, slots=True)
class Words:
    """A run of text in one colour; a dot of `dot` colour stands in front if it has one."""

    text: str
    colour: Colour = WHITE
    dot: Colour | None = None


def text_size(width: int, height: int) -> int:
    """Pixels of the text on a picture of that size; lines and margins are measured by it."""
    return max(SMALLEST_TEXT, round(min(height, width * _WIDEST_SHAPE) / _OF_HEIGHT))


def line_width(size: int) -> int:
    """Of a box, where text has that size; without the dark edge at both sides of it."""
    return max(2, round(size / 7))


def edge_width(size: int) -> int:
    """Of the dark edge at either side of a box's line."""
    return max(1, round(size / 20))


def words(runs: tuple[Words, ...], size: int, most: int, ground: Ground = Ground.PLATE) -> Bitmap:
    """One line of text; the same bitmap for the same words, while it is kept.

    Args:
        runs: What to say, from left to right.
        size: Of the text, pixels.
        most: How wide it may become; what is longer ends in an ellipsis.
        ground: With a plate it can be read upon any picture.
    """
    return _KEPT.get(
        (runs, size, most, ground), lambda: _drawn(runs, size, most, plate=ground is Ground.PLATE)
    )


def wrapped(text: str, size: int, most: int, lines: int) -> list[str]:
    """A text in at most so many lines of `most` pixels; what is longer ends in an ellipsis."""
    (text,), font = written((text,), size)
    result, line = list[str](), ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > most:
            result.append(line)
            line = word
        else:
            line = longer
    if line:
        result.append(line)
    if len(result) > lines:
        result[lines - 1 :] = [f"{result[lines - 1]}{_ELLIPSIS}"]
    return result


def side(length: int, line: int, edge: int, *, upright: bool) -> Bitmap:
    """One side of a box with its dark edges; lying ones have the corners, upright ones join them.

    Args:
        length: Of the side, pixels; of a lying one with both corners.
        line: Width of the line.
        edge: Width of the edge at either side of it.
        upright: Whether it is a left or right side.
    """
    key = (length, line, edge, upright)
    return _KEPT.get(key, lambda: _side(length, line, edge, upright=upright))


def _side(length: int, line: int, edge: int, *, upright: bool) -> Bitmap:
    colour, dark = _bgra((*BOX, 255)), _bgra(_EDGE)
    across = dark * edge + colour * line + dark * edge
    if upright:
        return Bitmap(line + 2 * edge, length, across * length)
    inner = max(0, length - 2 * (edge + line))
    begin, end = dark * edge + colour * line, colour * line + dark * edge
    ends = min(len(begin), length * 2)
    outer = dark * length
    middle = begin[:ends] + colour * inner + end[len(end) - ends :]
    return Bitmap(length, line + 2 * edge, outer * edge + middle * line + outer * edge)


def _drawn(runs: tuple[Words, ...], size: int, most: int, *, plate: bool) -> Bitmap:
    across, down = (round(size * 0.5), round(size * 0.28)) if plate else (0, 0)
    texts, font = written(tuple(run.text for run in runs), size)
    clean = tuple(replace(run, text=text) for run, text in zip(runs, texts, strict=True))
    runs = _shortened(clean, font, max(0, most - 2 * across))
    ascent, descent = font.getmetrics()
    # Some digits are narrower: a width that comes in steps keeps a running time from trembling.
    step = max(1, size // 4) if plate else 1
    width = math.ceil((_length(runs, font) + 2 * across) / step) * step
    width, height = max(1, min(width, max(1, most))), ascent + descent + 2 * down
    image = _plate(width, height, size) if plate else _nothing(width, height)
    draw = ImageDraw.Draw(image)
    x = float(across)
    for run in runs:
        if run.dot is not None:
            _paste_dot(image, round(x), height, size, run.dot)
            x += _dot_space(size)
        # Drawn by its opacity alone; else its soft edges would mix with the clear ground's black.
        layer = Image.new("L", image.size)
        ImageDraw.Draw(layer).text((x, down + ascent), run.text, 255, font, anchor="ls")
        _lay(image, layer, run.colour)
        x += draw.textlength(run.text, font)
    return _bitmap(image)


def _shortened(
    runs: tuple[Words, ...], font: ImageFont.FreeTypeFont, most: int
) -> tuple[Words, ...]:
    """The runs, letters taken off their end until they are no wider."""
    if _length(runs, font) <= most:
        return runs
    kept = list(runs)
    while kept:
        last = kept.pop()
        for end in range(len(last.text) - 1, 0, -1):
            text = f"{last.text[:end].rstrip()}{_ELLIPSIS}"
            cut = (*kept, replace(last, text=text))
            if _length(cut, font) <= most:
                return cut
    return ()


def _length(runs: tuple[Words, ...], font: ImageFont.FreeTypeFont) -> float:
    dots = sum(run.dot is not None for run in runs)
    return dots * _dot_space(font.size) + sum(font.getlength(run.text) for run in runs)


def _nothing(width: int, height: int) -> Image.Image:
    return Image.new("RGBA", (width, height))


def _plate(width: int, height: int, size: int) -> Image.Image:
    """A dark plate, its corners a little round."""
    mask = Image.new("L", (width * _FINE, height * _FINE))
    radius = round(size * 0.22 * _FINE)
    whole = (0, 0, width * _FINE - 1, height * _FINE - 1)
    ImageDraw.Draw(mask).rounded_rectangle(whole, radius, fill=_PLATE[3])
    image = Image.new("RGBA", (width, height), _PLATE[:3])
    image.putalpha(mask.resize((width, height), Image.Resampling.BOX))
    return image


def _paste_dot(image: Image.Image, x: int, height: int, size: int, colour: Colour) -> None:
    across = _dot(size)
    disc = Image.new("L", (across * _FINE, across * _FINE))
    ImageDraw.Draw(disc).ellipse((0, 0, across * _FINE - 1, across * _FINE - 1), fill=255)
    layer = Image.new("L", image.size)
    layer.paste(disc.resize((across, across), Image.Resampling.BOX), (x, (height - across) // 2))
    _lay(image, layer, colour)


def _lay(image: Image.Image, opacity: Image.Image, colour: Colour) -> None:
    top = Image.new("RGBA", image.size, colour)
    top.putalpha(opacity)
    image.alpha_composite(top)


def _dot(size: float) -> int:
    return round(size * 0.62)


def _dot_space(size: float) -> float:
    return _dot(size) + round(size * 0.42)


def _bitmap(image: Image.Image) -> Bitmap:
    return Bitmap(image.width, image.height, image.tobytes("raw", "BGRA"))


def _bgra(rgba: tuple[int, int, int, int]) -> bytes:
    red, green, blue, opacity = rgba
    return bytes((blue, green, red, opacity))
