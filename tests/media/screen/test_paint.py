"""Bitmaps are what they say: sizes that follow the picture, edges that are dark, words that fit."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from smartrec.media.screen import paint
from smartrec.media.screen.paint import Bitmap, Ground, Words


def pixels_of(bitmap: Bitmap) -> npt.NDArray[np.uint8]:
    """Shape (height, width, 4): red, green, blue, opacity."""
    rows = np.frombuffer(bitmap.pixels, np.uint8).reshape(bitmap.height, bitmap.width, 4)
    return rows[..., [2, 1, 0, 3]]


@pytest.mark.parametrize(
    ("picture", "size"),
    [((320, 180), 14), ((640, 360), 14), ((1280, 720), 21), ((1920, 1080), 32), ((405, 720), 14)],
)
def test_text_follows_the_picture_but_stays_legible(picture: tuple[int, int], size: int) -> None:
    assert paint.text_size(*picture) == size


def test_words_are_drawn_once() -> None:
    assert paint.words((Words("person 87 %"),), 20, 500) is paint.words(
        (Words("person 87 %"),), 20, 500
    )


@settings(deadline=None)
@given(some.text(max_size=60), some.integers(10, 60), some.integers(1, 800))
def test_words_never_become_wider_than_they_may(text: str, size: int, most: int) -> None:
    for ground in Ground:
        bitmap = paint.words((Words(text, dot=paint.RED),), size, most, ground)
        assert 1 <= bitmap.width <= most
        assert len(bitmap.pixels) == bitmap.width * bitmap.height * 4


def test_plate_is_dark_and_lets_the_picture_through() -> None:
    plate = pixels_of(paint.words((Words("no"),), 20, 500))
    middle_of_left_edge = plate[plate.shape[0] // 2, 1]
    assert max(middle_of_left_edge[:3]) < 32
    assert 120 < middle_of_left_edge[3] < 230
    assert plate[0, 0, 3] < middle_of_left_edge[3], "its corners are round"


def test_without_a_plate_there_is_nothing_but_the_words() -> None:
    bare = pixels_of(paint.words((Words("no"),), 20, 500, Ground.NONE))
    assert bare[0, 0, 3] == 0
    solid = bare[bare[..., 3] == 255]
    assert len(solid)
    assert np.all(solid[:, :3] == paint.WHITE)


def test_dot_has_its_colour() -> None:
    lit = pixels_of(paint.words((Words("REC", dot=paint.RED),), 20, 500))
    assert np.all(lit[..., :3] == paint.RED, axis=-1).sum() > 50


def test_running_time_does_not_tremble() -> None:
    widths = {paint.words((Words(f"REC 0:{n}"),), 24, 500).width for n in range(20, 60)}
    assert max(widths) - min(widths) <= 24 // 2


@given(some.integers(1, 400), some.integers(1, 9), some.integers(1, 4), some.booleans())
def test_sides_are_coloured_between_dark_edges(
    length: int, line: int, edge: int, upright: bool
) -> None:
    side = pixels_of(paint.side(length, line, edge, upright=upright))
    side = side if upright else side.transpose(1, 0, 2)
    assert side.shape == (length, line + 2 * edge, 4)
    middle = side[length // 2]
    assert np.all(side[..., 3] == 255)
    assert np.all(middle[:edge, :3] < 32)
    assert np.all(middle[-edge:, :3] < 32)
    if upright or length > 2 * (line + 2 * edge):
        assert np.all(middle[edge:-edge, :3] == paint.BOX)


def test_lying_sides_end_in_dark_edges() -> None:
    side = pixels_of(paint.side(100, 3, 1, upright=False))
    assert np.all(side[:, [0, -1], :3] < 32)
    assert np.all(side[1:4, 1:-1, :3] == paint.BOX) or np.all(side[1:2, 1:-1, :3] == paint.BOX)


def test_long_reasons_are_broken_into_lines_and_cut() -> None:
    text = "the camera " * 40
    lines = paint.wrapped(text, 20, 300, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert paint.wrapped("", 20, 300, 3) == []
    assert paint.wrapped("one two", 20, 300, 3) == ["one two"]
