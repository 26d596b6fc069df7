"""Marks lie inside the picture, where they belong, clear of each other if there is room."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from smartrec.media.screen.mark import in_gigabytes, in_minutes, marks, percent
from smartrec.media.screen.scene import Person, Recording, Scene, Slate
from smartrec.model import Box

SHARES = some.floats(min_value=-0.5, max_value=1.5)
BOXES = some.builds(
    lambda left, top, wide, high: Box(left, top, left + wide, top + high),
    SHARES,
    SHARES,
    some.floats(0.0001, 1),
    some.floats(0.0001, 1),
)
SCENES = some.builds(
    Scene,
    name=some.text(max_size=40),
    persons=some.lists(some.builds(Person, BOXES, some.floats(0, 1)), max_size=4).map(tuple),
    recording=some.none() | some.builds(Recording, some.integers(0, 10**6), some.floats(0, 99)),
    slate=some.none() | some.builds(Slate, some.text(max_size=20), some.text(max_size=200)),
    silent_s=some.none() | some.integers(2, 10**6),
    disk=some.none() | some.just((10**9, 2 * 10**9)),
    notice=some.text(max_size=30),
    armed=some.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(SCENES, some.integers(60, 2000), some.integers(40, 1200))
def test_marks_lie_inside_the_picture(scene: Scene, width: int, height: int) -> None:
    for mark in marks(scene, width, height):
        assert mark.x >= 0
        assert mark.y >= 0
        assert mark.x + mark.bitmap.width <= width
        assert mark.y + mark.bitmap.height <= height


@settings(max_examples=60, deadline=None)
@given(SCENES, some.integers(2, 60), some.integers(2, 40))
def test_no_picture_is_too_small_to_be_drawn_upon(scene: Scene, width: int, height: int) -> None:
    for mark in marks(scene, width, height):
        assert mark.x >= 0
        assert mark.y >= 0


def test_labels_of_two_who_stand_together_do_not_cover_each_other() -> None:
    persons = tuple(Person(Box(left, 0.3, left + 0.3, 0.9), 0.8) for left in (0.3, 0.32))
    *_, one, other = marks(Scene(persons=persons), 1280, 720)
    assert not one.meets(other)


def test_label_of_a_person_at_the_upper_edge_lies_within_the_box_and_clear_of_the_name() -> None:
    scene = Scene(name="Front door", persons=(Person(Box(0.0, 0.0, 0.5, 0.9), 0.8),))
    *_, label, name = marks(scene, 640, 360)
    assert not label.meets(name)
    assert label.x > 0


def test_light_disarmed_and_a_long_name_lie_clear_of_each_other() -> None:
    scene = Scene(name="The door at the back of the house", armed=False, recording=Recording(9, 2))
    light, disarmed, name = marks(scene, 320, 240)
    assert light.y < disarmed.y
    assert not any((light.meets(disarmed), light.meets(name), disarmed.meets(name)))


def test_box_of_a_person_is_hidden_where_there_is_a_slate() -> None:
    person = Person(Box(0.2, 0.2, 0.5, 0.9), 0.8)
    slate = Slate("camera lost")
    assert len(marks(Scene(persons=(person,), slate=slate), 640, 360)) == 1


@pytest.mark.parametrize(
    ("score", "shown"), [(0.0, 0), (0.494, 49), (0.495, 50), (0.5, 50), (0.876, 88), (1.0, 100)]
)
def test_scores_are_whole_percent(score: float, shown: int) -> None:
    assert percent(score) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (72, "1:12"), (3599, "59:59"), (3673, "1:01:13")]
)
def test_running_time_is_told_in_minutes(seconds: int, shown: str) -> None:
    assert in_minutes(seconds) == shown


@pytest.mark.parametrize(
    ("size", "shown"), [(1_299_999_999, "1.2 GB"), (999_999_999, "999 MB"), (0, "0 MB")]
)
def test_free_disk_is_rounded_down(size: int, shown: str) -> None:
    assert in_gigabytes(size) == shown
