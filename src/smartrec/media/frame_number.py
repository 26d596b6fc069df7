"""A number drawn into a picture, so that any copy of the picture tells which one it was.

A band across the top of the picture, 40 cells of 32x32 pixels in a picture of 1280x720: a black
margin, a white cell, 24 bits of number, 12 check bits, a black cell, a black margin; white is 1,
highest bit first. The cells are large and plain, so they outlive lossy encoding and scaling.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

COLUMNS: Final = 40
HEIGHT: Final = 32 / 720
"""Height of the band as a fraction of the picture's."""
NUMBERS: Final = 1 << 24
"""Numbers count modulo this: at 30 a second they repeat after six days and a half."""

_NUMBER_BITS: Final = 24
_CHECK_BITS: Final = 12
_CHECK_POLYNOMIAL: Final = 0x80F
_CHECK_START: Final = 0xACE
_WHITE_CELL: Final = 1
_BLACK_CELL: Final = COLUMNS - 2
_LEAST_CONTRAST: Final = 80
"""Between the white and the black cell, of 255; an ordinary scene rarely has it there."""
_UNSURE: Final = 0.2
"""A cell so near to the middle between black and white (as a share of the contrast) is neither."""


def check_bits(number: int) -> int:
    """CRC-12 of a 24-bit number."""
    check = _CHECK_START
    for at in reversed(range(_NUMBER_BITS)):
        out = (check >> (_CHECK_BITS - 1)) ^ (number >> at & 1)
        check = check << 1 & (1 << _CHECK_BITS) - 1
        check ^= _CHECK_POLYNOMIAL * (out & 1)
    return check


def cells(number: int) -> tuple[bool, ...]:
    """The band of a number (taken modulo `NUMBERS`), left to right; True is white."""
    number %= NUMBERS
    word = number << _CHECK_BITS | check_bits(number)
    bits = [bool(word >> at & 1) for at in reversed(range(_NUMBER_BITS + _CHECK_BITS))]
    return (False, True, *bits, False, False)


def read_number(luma: npt.NDArray[np.uint8]) -> int | None:
    """The number in a picture's luma plane, shape (height, width), in any size.

    None where the band is missing, or damaged so that its check bits are wrong.
    """
    tones = _cell_tones(luma)
    if tones is None:
        return None
    white, black = tones[_WHITE_CELL], tones[_BLACK_CELL]
    contrast = white - black
    if contrast < _LEAST_CONTRAST:
        return None
    level = (tones[_WHITE_CELL + 1 : _BLACK_CELL] - black) / contrast - 0.5
    if bool(np.any(np.abs(level) < _UNSURE)):
        return None
    word = 0
    for bit in level > 0:
        word = word << 1 | int(bit)
    number, check = divmod(word, 1 << _CHECK_BITS)
    return number if check == check_bits(number) else None


def _cell_tones(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64] | None:
    """Mean of the middle of each cell; None in a picture too small to have cells."""
    height, width = luma.shape
    cell_height, cell_width = height * HEIGHT, width / COLUMNS
    if min(cell_height, cell_width) < 4:
        return None
    band = luma[round(cell_height * 0.25) : round(cell_height * 0.75)]
    edges = [
        (round(cell_width * (column + 0.25)), round(cell_width * (column + 0.75)))
        for column in range(COLUMNS)
    ]
    return np.array([band[:, left:right].mean() for left, right in edges])
