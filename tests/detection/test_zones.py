"""A zone holds a box by its anchor; what is on the border is inside."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.detection.zones import Zone, counts
from smartrec.model import Box

Anchor = Literal["bottom", "center", "any"]

SQUARE = ((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6))
L_SHAPE = ((0.0, 0.0), (0.8, 0.0), (0.8, 0.3), (0.3, 0.3), (0.3, 0.8), (0.0, 0.8))
BOW_TIE = ((0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9))

shares = st.integers(0, 64).map(lambda n: n / 64)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, right = sorted(draw(st.lists(shares, min_size=2, max_size=2, unique=True)))
    top, bottom = sorted(draw(st.lists(shares, min_size=2, max_size=2, unique=True)))
    return Box(left, top, right, bottom)


def rectangle(box: Box) -> tuple[tuple[float, float], ...]:
    return (
        (box.left, box.top),
        (box.right, box.top),
        (box.right, box.bottom),
        (box.left, box.bottom),
    )


def test_the_bottom_anchor_is_where_the_person_stands() -> None:
    stands_in_it = Box(0.3, 0.0, 0.4, 0.5)
    only_the_head_is_in_it = Box(0.3, 0.3, 0.4, 0.9)
    zone = Zone("door", SQUARE)
    assert zone.holds(stands_in_it)
    assert not zone.holds(only_the_head_is_in_it)


def test_the_center_anchor_is_the_middle_of_the_box() -> None:
    zone = Zone("door", SQUARE, anchor="center")
    assert zone.holds(Box(0.3, 0.3, 0.4, 0.8))
    assert not zone.holds(Box(0.3, 0.5, 0.4, 0.8))


@pytest.mark.parametrize("side", [0.2, 0.3, 0.6])
def test_the_border_is_inside(side: float) -> None:
    zone = Zone("door", SQUARE)
    for x, y in ((side, 0.2), (side, 0.6), (0.2, side), (0.6, side)):
        assert zone.holds(Box(x - 0.1, y - 0.2, x + 0.1, y))


def test_a_slanted_border_is_inside_though_floats_are_not_exact() -> None:
    zone = Zone("ramp", ((0.1, 0.1), (0.8, 0.45), (0.1, 0.9)), anchor="center")
    for part in range(11):
        x, y = 0.1 + 0.07 * part, 0.1 + 0.035 * part
        assert zone.holds(Box(x - 0.05, y - 0.05, x + 0.05, y + 0.05))


def test_the_picture_s_own_edge_is_inside_a_zone_that_reaches_it() -> None:
    floor = Zone("floor", ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)))
    assert floor.holds(Box(0.9, 0.6, 1.0, 1.0))


def test_a_hollow_of_the_polygon_is_outside() -> None:
    zone = Zone("corridor", L_SHAPE, anchor="center")
    assert zone.holds(Box(0.05, 0.6, 0.15, 0.7))
    assert not zone.holds(Box(0.5, 0.5, 0.6, 0.6))


def test_a_polygon_that_crosses_itself_is_read_by_even_odd() -> None:
    zone = Zone("bow", BOW_TIE, anchor="center")
    assert zone.holds(Box(0.1, 0.45, 0.3, 0.55))
    assert not zone.holds(Box(0.45, 0.1, 0.55, 0.3))


def test_any_part_of_the_box_is_enough_for_the_anchor_any() -> None:
    zone = Zone("door", SQUARE, anchor="any")
    assert zone.holds(Box(0.0, 0.0, 0.25, 0.25)), "a corner of the box"
    assert zone.holds(Box(0.3, 0.3, 0.4, 0.4)), "the box within"
    assert zone.holds(Box(0.1, 0.1, 0.9, 0.9)), "the zone within the box"
    assert zone.holds(Box(0.3, 0.0, 0.4, 1.0)), "across it, no corner of either in the other"
    assert zone.holds(Box(0.6, 0.3, 0.7, 0.4)), "side by side"
    assert not zone.holds(Box(0.7, 0.3, 0.8, 0.4))


def test_any_does_not_take_the_polygon_for_its_bounding_box() -> None:
    assert not Zone("corridor", L_SHAPE, anchor="any").holds(Box(0.4, 0.4, 0.9, 0.9))


def test_without_zones_everybody_counts() -> None:
    assert counts(Box(0.1, 0.1, 0.2, 0.2), ()) == (True, None)


def test_with_a_zone_to_include_persons_count_there_only_and_the_first_names_it() -> None:
    zones = (Zone("door", SQUARE), Zone("hall", ((0, 0), (0.9, 0), (0.9, 0.9), (0, 0.9))))
    assert counts(Box(0.3, 0.1, 0.4, 0.5), zones) == (True, "door")
    assert counts(Box(0.7, 0.1, 0.8, 0.5), zones) == (True, "hall")
    assert counts(Box(0.9, 0.1, 1.0, 0.95), zones) == (False, None)


def test_in_a_zone_to_exclude_nobody_counts() -> None:
    street = Zone("street", SQUARE, "exclude")
    assert counts(Box(0.3, 0.1, 0.4, 0.5), (street,)) == (False, None)
    assert counts(Box(0.3, 0.1, 0.4, 0.5), (Zone("door", SQUARE), street)) == (False, None)
    assert counts(Box(0.7, 0.1, 0.8, 0.5), (street,)) == (True, None)


@given(boxes(), boxes())
def test_a_rectangle_meets_a_box_where_their_sides_overlap(zone: Box, box: Box) -> None:
    meets = (
        zone.left <= box.right
        and box.left <= zone.right
        and zone.top <= box.bottom
        and box.top <= zone.bottom
    )
    assert Zone("z", rectangle(zone), anchor="any").holds(box) == meets


@given(boxes(), boxes())
def test_a_rectangle_holds_the_points_between_its_sides(zone: Box, box: Box) -> None:
    x = (box.left + box.right) / 2
    points: tuple[tuple[Anchor, float], ...] = (
        ("bottom", box.bottom),
        ("center", (box.top + box.bottom) / 2),
    )
    for anchor, y in points:
        within = zone.left <= x <= zone.right and zone.top <= y <= zone.bottom
        held = Zone("z", rectangle(zone), "include", anchor).holds(box)
        assert held == within


@given(
    st.lists(st.tuples(shares, shares), min_size=3, max_size=8, unique=True),
    boxes(),
    st.integers(0, 7),
)
def test_neither_first_corner_nor_direction_matters(
    corners: list[tuple[float, float]], box: Box, turn: int
) -> None:
    turned = [*corners[turn % len(corners) :], *corners[: turn % len(corners)]]
    anchors: tuple[Anchor, ...] = ("bottom", "center", "any")
    for anchor in anchors:
        answers = {
            Zone("z", tuple(polygon), anchor=anchor).holds(box)
            for polygon in (corners, turned, corners[::-1])
        }
        assert len(answers) == 1


@given(st.lists(st.tuples(shares, shares), min_size=3, max_size=8, unique=True), boxes())
def test_what_a_zone_holds_by_a_point_it_holds_by_any_part(
    corners: list[tuple[float, float]], box: Box
) -> None:
    if Zone("z", tuple(corners)).holds(box) or Zone("z", tuple(corners), anchor="center").holds(
        box
    ):
        assert Zone("z", tuple(corners), anchor="any").holds(box)
