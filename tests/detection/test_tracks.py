"""A person keeps one number for as long as it is in sight, and nobody else gets it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.detection.tracks import Tracker, predicted
from smartrec.media.demo_scene import FPS, LOOP_FRAMES, person_box
from smartrec.model import Box, Detection, Track
from smartrec.units import SECOND, Ns

shares = st.integers(0, 40).map(lambda n: n / 40)


def person(x: float, y: float = 0.6, *, score: float = 0.8, high: float = 0.4) -> Detection:
    """Somebody whose middle is at `x`, as far as inside the picture."""
    half = high * 0.4 * 9 / 16 / 2
    box = Box(max(0, x - half), max(0, y - high / 2), min(1, x + half), min(1, y + high / 2))
    return Detection(box, score)


def at(seconds: float) -> Ns:
    return Ns(round(seconds * SECOND))


def numbers(tracks: tuple[Track, ...]) -> list[int]:
    return [track.track_id for track in tracks]


@st.composite
def detections(draw: st.DrawFn) -> Detection:
    left, right = sorted(draw(st.lists(shares, min_size=2, max_size=2, unique=True)))
    top, bottom = sorted(draw(st.lists(shares, min_size=2, max_size=2, unique=True)))
    return Detection(Box(left, top, right, bottom), draw(shares))


films = st.lists(st.lists(detections(), max_size=6), max_size=12)


def test_somebody_who_stands_and_jitters_is_one_track() -> None:
    tracker, chance = Tracker(1), random.Random(4)
    for n in range(100):
        jittered = person(
            0.5 + chance.gauss(0, 0.006),
            0.6 + chance.gauss(0, 0.01),
            high=chance.uniform(0.36, 0.44),
        )
        assert numbers(tracker.update(at(n / 5), [jittered])) == [1]


@pytest.mark.parametrize("fps", [1, 2, 5, 10, 30])
@pytest.mark.parametrize("widths_a_second", [0.5, 2.0, 3.5])
def test_a_walker_is_one_track_at_any_pace_of_looking(fps: int, widths_a_second: float) -> None:
    tracker = Tracker(1)
    width = person(0.5).box.right - person(0.5).box.left
    n = 0
    while (x := 0.1 + widths_a_second * width * n / fps) < 0.9:
        assert numbers(tracker.update(at(n / fps), [person(x)])) == [1]
        n += 1
    assert n > 2


def test_a_runner_is_one_track_at_five_pictures_a_second() -> None:
    tracker = Tracker(1)
    width = person(0.5).box.right - person(0.5).box.left
    for n in range(10):
        assert numbers(tracker.update(at(n / 5), [person(0.05 + 1.0 * width * n)])) == [1]


def number_at(tracks: tuple[Track, ...], detection: Detection) -> int:
    return next(track.track_id for track in tracks if track.box == detection.box)


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_two_who_cross_keep_their_numbers(fps: int) -> None:
    tracker = Tracker(1)
    for n in range(4 * fps):
        t = n / fps
        right, left = person(0.2 + 0.15 * t, 0.6), person(0.8 - 0.15 * t, 0.63)
        tracks = tracker.update(at(t), [left, right])
        assert (number_at(tracks, right), number_at(tracks, left)) == (1, 2)


def test_two_who_cross_keep_their_numbers_though_one_hides_the_other() -> None:
    tracker, hidden = Tracker(1), 0
    for n in range(20):
        right, left = person(0.2 + 0.03 * n), person(0.8 - 0.03 * n)
        if abs(right.box.left - left.box.left) < 0.06:
            hidden += 1
            tracker.update(at(n / 5), [left])
            continue
        tracks = tracker.update(at(n / 5), [left, right])
        assert (number_at(tracks, right), number_at(tracks, left)) == (1, 2)
    assert hidden


@pytest.mark.parametrize("speed", [0.0, 0.08, -0.08])
def test_somebody_behind_a_pillar_for_a_second_is_found_again(speed: float) -> None:
    tracker = Tracker(1)
    for n in range(8):
        tracker.update(at(n / 5), [person(0.5 + speed * n / 5)])
    for n in range(8, 13):
        assert tracker.update(at(n / 5), []) == ()
    assert numbers(tracker.update(at(13 / 5), [person(0.5 + speed * 13 / 5)])) == [1]


def test_after_two_seconds_and_more_it_is_somebody_else() -> None:
    tracker = Tracker(1)
    tracker.update(at(0), [person(0.5)])
    for n in range(1, 12):
        tracker.update(at(n / 5), [])
    assert numbers(tracker.update(at(12 / 5), [person(0.5)])) == [2]


def test_where_pictures_are_rare_a_track_lasts_from_one_to_the_next() -> None:
    tracker = Tracker(1)
    for n in range(4):
        assert numbers(tracker.update(at(5 * n), [person(0.5)])) == [1]


def test_an_unsure_detection_keeps_a_track_alive_and_takes_none_from_afar() -> None:
    tracker = Tracker(1)
    tracker.update(at(0), [person(0.5)])
    assert numbers(tracker.update(at(0.2), [person(0.5, score=0.1)])) == [1]
    assert tracker.update(at(0.4), [person(0.59, score=0.1)]) == ()
    assert numbers(tracker.update(at(0.6), [person(0.5)])) == [1]


def test_a_sure_newcomer_does_not_take_the_track_of_an_unsure_one_who_stays() -> None:
    tracker = Tracker(1)
    tracker.update(at(0), [person(0.5)])
    tracks = tracker.update(at(1), [person(0.5, score=0.3), person(0.62, score=0.9)])
    assert [(track.track_id, track.score) for track in tracks] == [(1, 0.3), (2, 0.9)]


def test_tracks_below_every_threshold_begin_but_not_from_noise() -> None:
    tracker = Tracker(1, high=0.5)
    assert numbers(tracker.update(at(0), [person(0.3, score=0.3), person(0.7, score=0.2)])) == [1]


def test_somebody_twice_as_high_is_somebody_else() -> None:
    tracker = Tracker(1)
    tracker.update(at(0), [person(0.5, 0.5, high=0.1)])
    assert numbers(tracker.update(at(1), [person(0.52, 0.5, high=0.5)])) == [2]


def test_who_comes_in_over_the_edge_grows_and_stays_one_track() -> None:
    tracker = Tracker(1)
    grown = [(0.0, 0.8, 0.02, 1.0), (0.0, 0.34, 0.16, 1.0), (0.0, 0.3, 0.3, 1.0)]
    for n, sides in enumerate(grown):
        assert numbers(tracker.update(at(n / 5), [Detection(Box(*sides), 0.8)])) == [1]


@pytest.mark.parametrize("phase", range(6))
def test_each_visit_of_the_demo_person_is_one_track(phase: int) -> None:
    tracker, seen = Tracker(1), list[int]()
    for n in range(phase, 3 * LOOP_FRAMES, FPS // 5):
        box = person_box(n)
        seen += numbers(tracker.update(at(n / FPS), [Detection(box, 0.8)] if box else []))
    assert sorted(set(seen)) == [1, 2, 3]


def test_a_gated_picture_keeps_everybody_as_they_were_and_makes_nobody_older() -> None:
    tracker = Tracker(1)
    for n in range(3):
        tracker.update(at(n / 5), [person(0.3 + 0.02 * n), person(0.7)])
    tracker.update(at(0.6), [person(0.7)])
    for n in range(4, 100):
        held = tracker.hold(at(n / 5))
        assert numbers(held) == [2]
        assert [(track.speed, track.box) for track in held] == [((0, 0), person(0.7).box)]
    found = tracker.update(at(20), [person(0.36), person(0.7)])
    assert numbers(found) == [1, 2], "the lost one was lost for a moment only"


def test_nothing_is_held_before_anything_was_seen() -> None:
    assert Tracker(1).hold(at(1)) == ()


def test_a_stream_that_begins_anew_has_new_tracks() -> None:
    tracker = Tracker(1)
    tracker.update(at(100), [person(0.5)])
    assert numbers(tracker.update(at(1), [person(0.5)])) == [2]
    assert tracker.hold(at(0.5)) == ()
    assert tracker.next_id == 3


def test_the_speed_is_that_of_the_walker() -> None:
    tracker = Tracker(1)
    for n in range(19):
        tracker.update(at(n / 5), [person(0.2 + 0.03 * n)])
    (track,) = tracker.update(at(19 / 5), [person(0.2 + 0.03 * 19)])
    assert track.speed == pytest.approx((0.15, 0.0), abs=1e-6)


def test_the_speed_is_known_from_the_second_picture_on() -> None:
    tracker = Tracker(1)
    tracker.update(at(0), [person(0.2)])
    (track,) = tracker.update(at(1 / 30), [person(0.21)])
    assert track.speed == pytest.approx((0.3, 0.0), rel=1e-3)


def test_a_box_is_moved_on_by_its_speed() -> None:
    track = Track(1, Box(0.2, 0.3, 0.4, 0.8), 0.9, (0.5, -0.25))
    moved = predicted(track, at(0.4))
    assert (moved.left, moved.top, moved.right, moved.bottom) == pytest.approx((0.4, 0.2, 0.6, 0.7))


@given(detections(), st.tuples(st.floats(-5, 5), st.floats(-5, 5)), st.floats(0, 3))
def test_a_moved_box_stays_a_box_within_the_picture(
    detection: Detection, speed: tuple[float, float], seconds: float
) -> None:
    box = predicted(Track(1, detection.box, 0.5, speed), at(seconds))
    assert 0 <= box.left < box.right <= 1
    assert 0 <= box.top < box.bottom <= 1


@given(films, st.integers(1, 1000))
def test_each_detection_feeds_one_track_and_no_number_comes_twice(
    film: list[list[Detection]], first: int
) -> None:
    tracker = Tracker(first)
    for n, picture in enumerate(film):
        before = tracker.next_id
        tracks = tracker.update(at(n / 5), picture)
        assert len(set(numbers(tracks))) == len(tracks)
        left = list(picture)
        for track in tracks:
            left.remove(Detection(track.box, track.score))  # fails if it fed another one too
        assert all(detection.score < 0.5 for detection in left), "sure ones are never dropped"
        new = [number for number in numbers(tracks) if number >= before]
        assert new == list(range(before, tracker.next_id))
    assert tracker.next_id >= first


@given(films, st.randoms(use_true_random=False))
def test_the_order_of_detections_makes_no_difference(
    film: list[list[Detection]], chance: random.Random
) -> None:
    one, other = Tracker(1), Tracker(1)
    for n, picture in enumerate(film):
        shuffled = chance.sample(picture, len(picture))
        assert one.update(at(n / 5), picture) == other.update(at(n / 5), shuffled)


@given(films)
def test_a_gated_picture_repeats_the_one_before(film: list[list[Detection]]) -> None:
    tracker = Tracker(1)
    for n, picture in enumerate(film):
        seen = tracker.update(at(n), picture)
        held = tracker.hold(at(n + 0.5))
        assert [(t.track_id, t.box, t.score) for t in held] == [
            (t.track_id, t.box, t.score) for t in seen
        ]


@pytest.mark.long
def test_a_crowd_of_ghosts_is_forgotten() -> None:
    tracker = Tracker(1)
    for n in range(200):
        crowd = [person(((n * 7 + k) % 40) / 40, 0.1 + 0.02 * k, high=0.03) for k in range(40)]
        tracker.update(at(n / 100), crowd)
    assert len(tracker._followed) <= 256
