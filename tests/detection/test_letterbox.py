"""Boxes go into the input and come back where they were, whatever the shapes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from smartrec.detection.letterbox import Fitting, Letterbox, Size, letterbox

SIZES = st.tuples(st.integers(1, 4000), st.integers(1, 4000))
INPUTS = st.tuples(st.integers(32, 1300), st.integers(32, 1300))
FITTINGS = st.sampled_from(Fitting)
SHARE = st.floats(0, 1, width=32)


@given(SIZES, INPUTS, FITTINGS)
def test_the_picture_lies_within_the_input_and_touches_two_sides(
    picture: Size, outer: Size, fitting: Fitting
) -> None:
    box = letterbox(picture, outer, fitting)
    assert box.left >= 0
    assert box.top >= 0
    assert box.left + box.inner[0] <= outer[0]
    assert box.top + box.inner[1] <= outer[1]
    assert box.inner[0] == outer[0] or box.inner[1] == outer[1]


@given(SIZES, INPUTS, FITTINGS)
def test_a_picture_of_the_inner_size_is_left_as_it_is(
    picture: Size, outer: Size, fitting: Fitting
) -> None:
    box = letterbox(picture, outer, fitting)
    assert letterbox(box.inner, outer, fitting) == box


@given(SIZES, INPUTS, FITTINGS, st.lists(st.tuples(SHARE, SHARE, SHARE, SHARE), max_size=5))
def test_boxes_come_back_where_they_were(
    picture: Size, outer: Size, fitting: Fitting, rows: list[tuple[float, ...]]
) -> None:
    boxes = np.array(rows, np.float32).reshape(-1, 4)
    box = letterbox(picture, outer, fitting)
    back = box.of_picture(box.of_input(boxes))
    assert np.abs(back - boxes).max(initial=0) < 1e-3 * max(1, max(outer) / min(box.inner))


@given(SIZES, INPUTS, FITTINGS)
def test_the_whole_input_is_clipped_to_the_whole_picture(
    picture: Size, outer: Size, fitting: Fitting
) -> None:
    box = letterbox(picture, outer, fitting)
    whole = np.array([[0, 0, 1, 1]], np.float32)
    assert np.allclose(box.of_picture(whole), whole, atol=1e-5)


def test_a_wide_picture_is_centred_with_the_same_above_and_below() -> None:
    box = letterbox((1280, 720), (416, 416), Fitting.CENTRE)
    assert box == Letterbox((416, 416), (416, 234), 0, 91)


def test_top_left_leaves_room_below_only() -> None:
    box = letterbox((1280, 720), (416, 416), Fitting.TOP_LEFT)
    assert box == Letterbox((416, 416), (416, 234), 0, 0)
    half = np.array([[0, 0, 0.5, 234 / 416 / 2]], np.float32)
    assert np.allclose(box.of_picture(half), [[0, 0, 0.5, 0.5]])


def test_stretching_changes_no_fraction() -> None:
    box = letterbox((1280, 720), (300, 200), Fitting.STRETCH)
    boxes = np.array([[0.1, 0.2, 0.3, 0.4]], np.float32)
    assert box.inner == (300, 200)
    assert np.array_equal(box.of_picture(boxes), boxes)
