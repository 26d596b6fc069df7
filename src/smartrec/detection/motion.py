"""Whether anything has moved since the model was last asked; a cheap look before a dear one."""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from smartrec.units import Ns

Luma = npt.NDArray[np.uint8]
_Blocks = npt.NDArray[np.float64]
_Places = npt.NDArray[np.intp]

_BLOCKS_HIGH: Final = 22
"""Blocks in the height of a picture: each 4 to 5 % of it, half as high as the smallest person."""
_SIGMAS: Final = 7.0
"""How far beyond its noise a block must change: by chance that happens once in years."""
_LEAST: Final = 2.0
_MOST: Final = 6.0
"""Grey levels of 255 between which the threshold stays. Below, JPEG's own rounding looks like
motion. Above, a person in clothes like the wall would be missed: noisier pictures are not gated."""
_SIGMA_OF_MEDIAN: Final = 1.4826
"""Standard deviation of a normal distribution over the median of its absolute values."""
_RISE: Final = 1.1
"""The noise measured may grow so much from look to look: what fills half of the picture and moves
is no noise, while a sensor's gain settles within some seconds."""
_EXPOSURE: Final = 4.0
"""Grey levels by which the whole picture may change and be taken as still: lamps flicker."""


class MotionGate:
    """Tells whether the model need be asked.

    Each picture is compared, block by block, with the one that the model saw last, so that slow
    movement adds up. What a block must change by follows the noise measured in the picture itself.
    A person as high as 10 % of the picture, who differs from the background by 20 grey levels of
    255, opens it always; smaller ones, which small models do not find either, mostly. Noise of up
    to 1.5 grey levels in the small picture keeps it shut; far more and it stays open.

    One camera, one thread.

    Args:
        at_least_every: Longest time without asking the model.
    """

    def __init__(self, at_least_every: Ns) -> None:
        self._at_least_every = at_least_every
        self._asked: tuple[Luma, Ns] | None = None
        self._noise: float | None = None

    def still(self, luma: Luma, pts: Ns) -> bool:
        """Whether what the model found last still holds, so that it need not be asked.

        Args:
            luma: The picture, small: shape (height, width), 80x45 to 160x90 pixels or about that.
            pts: When it was taken.
        """
        if self._asked is None:
            return False
        before, asked_at = self._asked
        if luma.shape != before.shape or not 0 <= pts - asked_at < self._at_least_every:
            return False
        return not self._moved(_block_means(luma.astype(np.int16) - before))

    def asked(self, luma: Luma, pts: Ns) -> None:
        """The model was asked about this picture; later ones are compared with it."""
        if self._asked is not None and self._asked[0].shape != luma.shape:
            self._noise = None
        self._asked = luma.copy(), pts

    def forget(self) -> None:
        """The model was asked about a picture that is not known here."""
        self._asked = None

    def _moved(self, change: _Blocks) -> bool:
        exposure = min(_EXPOSURE, max(-_EXPOSURE, _median(change)))
        change = np.abs(change - exposure)
        noise = _SIGMA_OF_MEDIAN * _median(change)
        if self._noise is not None:
            noise = min(noise, max(self._noise, _LEAST / _SIGMAS) * _RISE)
        self._noise = noise
        return bool(change.max() > min(_MOST, max(_LEAST, _SIGMAS * noise)))


def _block_means(change: npt.NDArray[np.int16]) -> _Blocks:
    """Mean of each square block; what is left over at the right and below goes to the last ones."""
    rows, columns, counts = _blocks(*change.shape)
    # The longer axis last: adding up whole rows is what numpy does fastest.
    sums = np.add.reduceat(np.add.reduceat(change, rows, axis=0), columns, axis=1)
    means: _Blocks = sums / counts
    return means


@lru_cache(maxsize=64)
def _blocks(height: int, width: int) -> tuple[_Places, _Places, _Blocks]:
    """First row and first column of each block of such a picture, and how many pixels it has."""
    side = max(1, height // _BLOCKS_HIGH)
    rows = np.arange(0, max(1, height - side + 1), side)
    columns = np.arange(0, max(1, width - side + 1), side)
    counts = np.outer(np.diff(rows, append=height), np.diff(columns, append=width))
    return rows, columns, counts.astype(np.float64)


def _median(values: _Blocks) -> float:
    """The upper one of two; numpy's own costs four times as much for the mean of both."""
    middle = values.size // 2
    return float(np.partition(values, middle, axis=None)[middle])
