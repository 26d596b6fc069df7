"""Where pictures lie in the window: pure arithmetic, in pixels from its top left."""

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Rect:
    """An area of at least one pixel."""

    x: int
    y: int
    width: int
    height: int


def grid(count: int, width: int, height: int, gap: int = 4) -> tuple[Rect, ...]:
    """Equal cells for `count` pictures, row by row, as large as can be for pictures of 16:9.

    The whole is centred, and so is a last row that is not full.

    Args:
        count: Of pictures; none make no cell.
        width: Of the window.
        height: Of the window.
        gap: Between two cells; there is none around them.
    """
    if count < 1:
        return ()
    columns = max(range(1, count + 1), key=lambda tried: _use(count, tried, (width, height), gap))
    rows = ceil(count / columns)
    cell_width, cell_height = _cell(columns, rows, (width, height), gap)
    top = (height - rows * cell_height - (rows - 1) * gap) // 2
    cells = []
    for row in range(rows):
        in_row = min(columns, count - row * columns)
        left = (width - in_row * cell_width - (in_row - 1) * gap) // 2
        y = max(0, top) + row * (cell_height + gap)
        cells += [
            Rect(max(0, left) + at * (cell_width + gap), y, cell_width, cell_height)
            for at in range(in_row)
        ]
    return tuple(cells)


def fitted(picture: tuple[int, int], into: Rect) -> Rect:
    """The largest area of the picture's shape inside `into`, centred there.

    Args:
        picture: Width and height as it is seen; only their ratio counts.
        into: Where it is to lie.

    Returns:
        An area with even sides, as chroma subsampled pictures need; 2x2 where there is no room.
    """
    wide, high = max(1, picture[0]), max(1, picture[1])
    width = _even(min(into.width, into.height * wide // high))
    height = _even(min(into.height, into.width * high // wide))
    return Rect(
        into.x + max(0, into.width - width) // 2,
        into.y + max(0, into.height - height) // 2,
        width,
        height,
    )


def _use(count: int, columns: int, size: tuple[int, int], gap: int) -> tuple[int, int]:
    """How much picture so many columns show; among equals the fewest empty places."""
    rows = ceil(count / columns)
    wide, high = _cell(columns, rows, size, gap)
    picture = fitted((16, 9), Rect(0, 0, wide, high))
    return picture.width * picture.height, -columns * rows


def _cell(columns: int, rows: int, size: tuple[int, int], gap: int) -> tuple[int, int]:
    wide = (size[0] - (columns - 1) * gap) // columns
    high = (size[1] - (rows - 1) * gap) // rows
    return max(1, wide), max(1, high)


def _even(side: int) -> int:
    return max(2, side - side % 2)
