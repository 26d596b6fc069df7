"""Pictures that carry their number in sixteen black and white cells, and survive any encoder.

The cells are the top band of the picture, a quarter of its height: most significant bit left. Below
it is a moving gradient, so that an encoder has something to do and no two pictures are equal.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

BITS: Final = 16
Gray = npt.NDArray[np.uint8]


def picture(number: int, width: int = 320, height: int = 240) -> Gray:
    """A gray picture, (height, width), that says `number` (below 65536)."""
    across = np.arange(width, dtype=np.int64)[None, :]
    down = np.arange(height, dtype=np.int64)[:, None]
    gray = ((across + down + 5 * number) % 200 + 28).astype(np.uint8)
    band, cell = height // 4, width // BITS
    for bit in range(BITS):
        white = number >> (BITS - 1 - bit) & 1
        gray[:band, bit * cell : (bit + 1) * cell] = 235 if white else 20
    return gray


def i420(number: int, width: int = 320, height: int = 240) -> bytes:
    """The same as one I420 frame with no colour."""
    return picture(number, width, height).tobytes() + b"\x80" * (width * height // 2)


def read(gray: Gray) -> int:
    """The number a decoded gray (or luma) picture carries.

    Raises:
        ValueError: A cell is neither black nor white.
    """
    height, width = gray.shape
    band, cell = height // 4, width // BITS
    number = 0
    for bit in range(BITS):
        inner = gray[
            band // 4 : band * 3 // 4, bit * cell + cell // 4 : (bit + 1) * cell - cell // 4
        ]
        level = float(inner.mean())
        if 90 < level < 165:
            raise ValueError(f"cell {bit} is neither black nor white: {level:.0f}")
        number = number << 1 | (level >= 165)
    return number


def read_luma(data: bytes, width: int, height: int) -> int:
    """The number of a frame whose first plane is its luma, rows not padded."""
    luma = np.frombuffer(data, np.uint8, width * height).reshape(height, width)
    return read(luma)
