"""Places of pictures on a screen that the tiler and its sink share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.graph.tiles import Place, tiles

sides = st.integers(160, 4000)


@pytest.mark.parametrize(
    ("cameras", "size", "rows", "columns", "place"),
    [
        (1, (1280, 720), 1, 1, Place(0, 0, 1920, 1080)),
        (1, (640, 480), 1, 1, Place(240, 0, 1440, 1080)),
        (1, (720, 1280), 1, 1, Place(657, 0, 606, 1080)),
        (2, (1280, 720), 2, 2, Place(0, 0, 1920, 1080)),
        (3, (1280, 720), 2, 2, Place(0, 0, 1920, 1080)),
        (4, (1280, 720), 2, 2, Place(0, 0, 1920, 1080)),
    ],
)
def test_screens_as_people_have_them(
    cameras: int, size: tuple[int, int], rows: int, columns: int, place: Place
) -> None:
    assert tiles(cameras, size, (1920, 1080)) == (rows, columns, place)


@given(st.integers(1, 16), st.tuples(sides, sides), st.tuples(sides, sides))
def test_there_is_a_tile_for_each_and_all_lie_on_the_screen(
    cameras: int, size: tuple[int, int], display: tuple[int, int]
) -> None:
    rows, columns, place = tiles(cameras, size, display)
    assert rows * columns >= cameras
    assert place.x + place.width <= max(display[0], 16 * columns)
    assert place.y + place.height <= max(display[1], 16 * rows)


@given(st.integers(1, 9), st.tuples(sides, sides))
def test_pictures_are_not_stretched(cameras: int, size: tuple[int, int]) -> None:
    rows, columns, place = tiles(cameras, size, (1920, 1080))
    width, height = place.width // columns, place.height // rows
    if width > 16 and height > 16:
        # Either side may be off by what makes it even.
        assert abs(width * size[1] - height * size[0]) <= 3 * max(size)
