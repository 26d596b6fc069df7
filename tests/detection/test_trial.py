"""A trial says of kept looks what the trigger logic itself would have said of them live."""

from collections.abc import Iterator, Sequence
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.detection.presence import Presence, Rules
from smartrec.detection.trial import Seen, anchor, spread, trial
from smartrec.detection.zones import Zone
from smartrec.model import Box, Look, Track
from smartrec.units import SECOND, Ns

RULES = Rules(
    min_confidence=0.5,
    frames=2,
    of=3,
    hysteresis=0.1,
    min_area=0.0,
    cooldown=Ns(0),
    stationary_after=Ns(0),
)
LEFT = Zone("left", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
AWAY = Zone("away", LEFT.polygon, kind="exclude")


def person(x: float, number: int = 1, score: float = 0.9) -> Track:
    return Track(number, Box(x - 0.05, 0.5, x + 0.05, 0.9), score)


def looks(*pictures: Sequence[Track]) -> list[Look]:
    """Five a second; the model was asked each time."""
    return [
        Look("hall", 1, Ns(100 * SECOND + n * SECOND // 5), tuple(tracks))
        for n, tracks in enumerate(pictures)
    ]


@st.composite
def walks(draw: st.DrawFn) -> list[Look]:
    """Some persons who come, go and are missed, anywhere in the picture."""
    shares = st.floats(0.06, 0.94)
    tracks = st.builds(person, shares, st.integers(1, 3), st.floats(0.3, 1))
    pictures = draw(st.lists(st.lists(tracks, max_size=3, unique_by=lambda t: t.track_id)))
    return looks(*pictures)


@given(walks(), st.lists(st.sampled_from([LEFT, AWAY]), max_size=2, unique=True))
def test_its_triggers_are_those_of_the_same_looks_live(
    walked: list[Look], zones: list[Zone]
) -> None:
    numbers = count(1)
    live = Presence("hall", RULES, tuple(zones), lambda: f"t{next(numbers)}")
    told = {trigger.trigger_id: trigger for look in walked for trigger in live.take(look)}
    tried = trial(walked, RULES, tuple(zones)).triggers
    assert [(each.pts, each.last, each.why) for each in tried] == [
        (each.pts, each.last, each.why) for each in told.values()
    ]


@given(walks(), st.sampled_from([LEFT, AWAY]))
def test_everybody_is_told_and_whether_it_counts(walked: list[Look], zone: Zone) -> None:
    seen = trial(walked, RULES, (zone,)).seen
    assert [each.box for each in seen] == [track.box for look in walked for track in look.tracks]
    for each in seen:
        inside = zone.holds(each.box) == (zone.kind == "include")
        assert inside or not each.counts
        assert each.counts or not (inside and each.score >= RULES.min_confidence)


def test_a_zone_keeps_who_is_in_it_and_drops_who_is_not() -> None:
    walked = looks(*[[person(0.2)]] * 3, [], *[[person(0.8, number=2)]] * 3)
    assert [each.why["track"] for each in trial(walked, RULES, (LEFT,)).triggers] == [1]
    assert [each.why["track"] for each in trial(walked, RULES, (AWAY,)).triggers] == [2]
    assert len(trial(walked, RULES, ()).triggers) == 2
    assert trial((), RULES, (LEFT,)).triggers == ()


def test_the_best_score_is_of_those_that_count() -> None:
    walked = looks([person(0.2, score=0.6), person(0.8, number=2, score=0.95)])
    assert trial(walked, RULES, (LEFT,)).best == 0.6
    assert trial(walked, RULES, ()).best == 0.95
    assert trial(looks([person(0.8)]), RULES, (LEFT,)).best is None


def test_who_is_present_counts_a_little_below_the_threshold() -> None:
    walked = looks(*([person(0.2, score=score)] for score in (0.45, 0.9, 0.9, 0.45)))
    assert [each.counts for each in trial(walked, RULES, ()).seen] == [False, True, True, True]


CENTRE = Zone("upper", ((0.0, 0.0), (1.0, 0.0), (1.0, 0.8), (0.0, 0.8)), anchor="center")


@pytest.mark.parametrize(
    ("zones", "point"),
    [
        ((), (0.8, 0.9)),
        ((LEFT,), (0.8, 0.9)),
        ((CENTRE,), (0.8, 0.7)),
        ((LEFT, CENTRE), (0.8, 0.7)),
        ((CENTRE, LEFT), (0.8, 0.7)),
    ],
)
def test_a_person_is_where_the_zone_that_holds_her_looks(
    zones: tuple[Zone, ...], point: tuple[float, float]
) -> None:
    assert anchor(person(0.8).box, zones) == pytest.approx(point)


def numbered(many: int) -> Iterator[Seen]:
    return (Seen(Box(0.0, 0.0, 1.0, 1.0), n / 1000, True) for n in range(many))


@given(st.integers(0, 300), st.integers(0, 50))
def test_some_of_many_are_spread_over_all_of_the_time(many: int, most: int) -> None:
    seen = list(numbered(many))
    some = spread(seen, most)
    assert len(some) == min(many, most)
    places = [seen.index(each) for each in some]
    assert places == sorted(set(places))
    for before, after in pairwise(places):
        assert after - before <= -(-many // most)
