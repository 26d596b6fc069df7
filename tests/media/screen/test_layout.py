"""Cells and pictures lie inside the window, none upon another, as large as can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from smartrec.media.screen.layout import Rect, fitted, grid

SIDES = some.integers(min_value=200, max_value=8000)


def test_one_camera_has_the_whole_window() -> None:
    assert grid(1, 1920, 1080) == (Rect(0, 0, 1920, 1080),)


def test_no_camera_has_no_cell() -> None:
    assert grid(0, 1920, 1080) == ()


def test_two_cameras_lie_side_by_side_on_a_wide_screen_and_above_each_other_on_a_tall_one() -> None:
    assert grid(2, 1920, 1080) == (Rect(0, 0, 958, 1080), Rect(962, 0, 958, 1080))
    assert grid(2, 1080, 1920) == (Rect(0, 0, 1080, 958), Rect(0, 962, 1080, 958))


def test_a_last_row_that_is_not_full_is_centred() -> None:
    first, second, third = grid(3, 1920, 1080)
    assert (first.y, second.y) == (0, 0)
    assert third == Rect(481, 542, 958, 538)


@pytest.mark.parametrize(("count", "columns"), [(4, 2), (6, 3), (9, 3), (16, 4)])
def test_many_cameras_make_a_square_of_a_wide_screen(count: int, columns: int) -> None:
    assert len({cell.x for cell in grid(count, 1920, 1080)}) == columns


@given(some.integers(min_value=1, max_value=40), SIDES, SIDES)
def test_cells_lie_inside_the_window_and_apart(count: int, width: int, height: int) -> None:
    cells = grid(count, width, height)
    assert len(cells) == count
    for at, cell in enumerate(cells):
        assert cell.x >= 0
        assert cell.y >= 0
        assert cell.x + cell.width <= width
        assert cell.y + cell.height <= height
        assert not any(overlap(cell, other) for other in cells[at + 1 :])


@given(SIDES, SIDES, SIDES, SIDES)
def test_a_fitted_picture_keeps_its_shape_and_touches_two_sides(
    wide: int, high: int, width: int, height: int
) -> None:
    into = Rect(10, 20, width, height)
    area = fitted((wide, high), into)
    assert into.x <= area.x
    assert into.y <= area.y
    assert area.x + area.width <= into.x + into.width
    assert area.y + area.height <= into.y + into.height
    assert area.width % 2 == area.height % 2 == 0
    assert width - area.width < 2 or height - area.height < 2
    scale = min(width / wide, height / high)
    assert abs(area.width - max(2, wide * scale)) <= 3
    assert abs(area.height - max(2, high * scale)) <= 3


def test_a_window_of_a_few_pixels_is_no_error() -> None:
    assert len(grid(9, 3, 1)) == 9
    assert fitted((1920, 1080), Rect(0, 0, 1, 1)) == Rect(0, 0, 2, 2)


def overlap(one: Rect, other: Rect) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )
