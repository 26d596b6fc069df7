"""Measures of boxes."""

import pytest

from smartrec.detection.box import area, centre, overlap
from smartrec.model import Box


def test_overlap_is_the_common_part_over_all_that_both_cover() -> None:
    assert overlap(Box(0.0, 0.0, 0.4, 0.4), Box(0.2, 0.0, 0.6, 0.4)) == pytest.approx(1 / 3)
    assert overlap(Box(0.1, 0.1, 0.3, 0.4), Box(0.1, 0.1, 0.3, 0.4)) == pytest.approx(1)
    assert overlap(Box(0.0, 0.0, 0.2, 0.2), Box(0.2, 0.0, 0.4, 0.2)) == 0


def test_area_and_centre_are_shares_of_the_picture() -> None:
    assert area(Box(0.25, 0.5, 0.75, 1.0)) == 0.25
    assert centre(Box(0.25, 0.5, 0.75, 1.0)) == (0.5, 0.75)
