"""Where nvmultistreamtiler puts several pictures, and its sink all of them: pure arithmetic."""

from dataclasses import dataclass
from math import ceil, sqrt

from smartrec.graph.plan import even


@dataclass(frozen=True, slots=True)
class Place:
    """Where the picture lies on the screen, pixels from its top left."""

    x: int
    y: int
    width: int
    height: int


def tiles(cameras: int, size: tuple[int, int], display: tuple[int, int]) -> tuple[int, int, Place]:
    """Rows, columns and place of equal tiles, as large as they can be without being stretched.

    There are as many rows as columns, some of them empty: so the whole has a camera's shape, and
    one camera that is shown alone in it is not stretched either.

    Args:
        cameras: At least 1.
        size: Of each picture; only its shape counts.
        display: Of the screen, pixels.
    """
    side = ceil(sqrt(cameras))
    width, height = _fitted(size, (display[0] // side, display[1] // side))
    width, height = width * side, height * side
    left, top = max(0, display[0] - width) // 2, max(0, display[1] - height) // 2
    return side, side, Place(left, top, width, height)


def _fitted(picture: tuple[int, int], into: tuple[int, int]) -> tuple[int, int]:
    wide, high = max(1, picture[0]), max(1, picture[1])
    width = min(into[0], into[1] * wide // high)
    height = min(into[1], into[0] * high // wide)
    # The tiler makes none smaller.
    return max(16, even(width)), max(16, even(height))
