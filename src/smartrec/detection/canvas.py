"""The model's input, filled with one picture after another without a new allocation."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartrec.detection.letterbox import Letterbox, letterbox
from smartrec.detection.tensors import Array, PictureInput

_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
"""ITU-R BT.601."""


class Canvas:
    """An array of the model's shape; what surrounds the picture is painted only when that changes.

    Attributes:
        tensor: ``[1, 3, h, w]`` or ``[1, h, w, 3]`` (one channel for gray), the model's own type.

    Args:
        wanted: How the model wants pictures.
    """

    def __init__(self, wanted: PictureInput) -> None:
        width, height = wanted.size
        channels = 1 if wanted.color == "gray" else 3
        first = (1, channels, height, width)
        shape = first if wanted.channels_first else (1, height, width, channels)
        self.tensor: Array = np.empty(shape, np.dtype(wanted.dtype))
        self._planes = (
            self.tensor[0] if wanted.channels_first else self.tensor[0].transpose(2, 0, 1)
        )
        self._wanted = wanted
        self._sums = _sums(wanted)
        self._painted: Letterbox | None = None

    def place(self, width: int, height: int) -> Letterbox:
        """Where a picture of that size goes."""
        return letterbox((width, height), self._wanted.size, self._wanted.fitting)

    def fill(self, picture: NDArray[np.uint8], box: Letterbox) -> None:
        """Put a picture there.

        Args:
            picture: RGB, ``[h, w, 3]``, of the inner size of `box`.
            box: From `place`.
        """
        if box != self._painted:
            self._surround(box)
        (width, height), left, top = box.inner, box.left, box.top
        inner = self._planes[:, top : top + height, left : left + width]
        for at, source in enumerate(_channels(picture, self._wanted.color)):
            if self._sums is None:
                inner[at] = source
                continue
            scale, shift = self._sums[at]
            np.multiply(source, scale, out=inner[at], casting="unsafe")
            if shift:
                inner[at] += shift

    def _surround(self, box: Letterbox) -> None:
        for at, plane in enumerate(self._planes):
            scale, shift = (1.0, 0.0) if self._sums is None else self._sums[at]
            plane[:] = self._wanted.pad * float(scale) + float(shift)
        self._painted = box


def _sums(wanted: PictureInput) -> list[tuple[np.float32, np.float32]] | None:
    """By channel, factor and summand; None where the numbers stay as they are."""
    if not np.issubdtype(np.dtype(wanted.dtype), np.floating):
        return None
    pairs = zip(wanted.mean, wanted.scale, strict=True)
    return [(np.float32(scale), np.float32(-mean * scale)) for mean, scale in pairs]


def _channels(picture: NDArray[np.uint8], color: str) -> list[Array]:
    if color == "gray":
        return [picture @ _LUMA]
    order = (2, 1, 0) if color == "bgr" else (0, 1, 2)
    return [picture[:, :, at] for at in order]
