"""Where nvmultistreamtiler puts several pictures, and its sink all of them: pure arithmetic."""

from dataclasses import dataclass
from math import ceil

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

    Args:
        cameras: At least 1.
        size: Of each picture; only its shape counts.
        display: Of the screen, pixels.
    """

    def tile(columns: int) -> tuple[int, int]:
        rows = ceil(cameras / columns)
        return _fitted(size, (display[0] // columns, display[1] // rows))

    def use(columns: int) -> tuple[int, int]:
        width, height = tile(columns)
        return width * height, -columns * ceil(cameras / columns)

    columns = max(range(1, cameras + 1), key=use)
    rows, (width, height) = ceil(cameras / columns), tile(columns)
    width, height = width * columns, height * rows
    left, top = max(0, display[0] - width) // 2, max(0, display[1] - height) // 2
    return rows, columns, Place(left, top, width, height)


def _fitted(picture: tuple[int, int], into: tuple[int, int]) -> tuple[int, int]:
    wide, high = max(1, picture[0]), max(1, picture[1])
    width = min(into[0], into[1] * wide // high)
    height = min(into[1], into[0] * high // wide)
    # The tiler makes none smaller.
    return max(16, even(width)), max(16, even(height))
