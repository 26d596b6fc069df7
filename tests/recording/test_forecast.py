"""How long there is room for clips."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.recording.forecast import DAY, FARTHEST, LOOKED_AT, Forecast, Holding, forecast
from smartrec.recording.retention import Limit, Limits
from smartrec.units import Ns

NOW = 1_790_000_000_000_000_000
GB = 1_000_000_000
WEEK = 7 * DAY
DISK = (1000 * GB, 101 * GB)
ROOM = Limits(min_free=GB)
HELD = {"cam0": Holding(70, 70 * GB, 70 * GB, NOW - WEEK, NOW - WEEK)}
"""A week of ten gigabytes a day."""


def days(told: int | None) -> float | None:
    return None if told is None else round((told - NOW) / DAY, 6)


def test_below_a_day_nothing_is_foretold() -> None:
    held = {"cam0": Holding(1, GB, GB, NOW - DAY + 1, NOW), "cam1": Holding(0, 0)}
    assert forecast(held, ROOM, DISK, NOW) == Forecast(None, {"cam0": None, "cam1": None})
    assert forecast({}, ROOM, DISK, NOW) == Forecast(None, {})


def test_without_other_limits_clips_are_deleted_when_the_room_is_used_up() -> None:
    told = forecast(HELD, ROOM, DISK, NOW)
    assert (told.per_day, told.cameras) == (10 * GB, {"cam0": 10 * GB})
    assert days(told.full) == days(told.deletes) == 10.0
    assert told.why == "room"
    assert told.keeps is not None
    assert round(told.keeps / DAY) == 17


def test_where_nothing_is_deleted_the_disk_is_full_one_day_and_keeps_nothing_more() -> None:
    told = forecast(HELD, Limits(), DISK, NOW)
    assert days(told.full) == 10.1
    assert (told.deletes, told.why, told.keeps) == (None, None, None)


def test_clips_that_are_deleted_for_their_age_never_fill_the_disk() -> None:
    told = forecast(HELD, replace(ROOM, station=Limit(max_age=Ns(9 * DAY))), DISK, NOW)
    assert (told.full, days(told.deletes), told.why) == (None, 2.0, "age")
    assert told.keeps == 9 * DAY


def test_an_age_that_the_disk_does_not_hold_is_never_reached() -> None:
    told = forecast(HELD, replace(ROOM, station=Limit(max_age=Ns(90 * DAY))), DISK, NOW)
    assert (days(told.full), days(told.deletes), told.why) == (10.0, 10.0, "room")


def test_so_do_those_that_are_deleted_for_their_bytes() -> None:
    told = forecast(HELD, replace(ROOM, station=Limit(max_bytes=100 * GB)), DISK, NOW)
    assert (told.full, days(told.deletes), told.why) == (None, 3.0, "bytes")
    assert told.keeps == 10 * DAY


def test_a_camera_with_a_limit_of_its_own_leaves_the_room_to_the_others() -> None:
    held = {**HELD, "cam1": Holding(35, 35 * GB, 35 * GB, NOW - WEEK, NOW - WEEK)}
    limits = replace(ROOM, cameras={"cam0": Limit(max_bytes=80 * GB)})
    told = forecast(held, limits, DISK, NOW)
    # cam0 grows by 10 GB in a day and stops; cam1 takes the other 90 GB, 5 GB a day.
    assert days(told.full) == 18.0
    assert (days(told.deletes), told.why) == (1.0, "bytes")


def test_a_disk_that_is_full_is_so_now() -> None:
    told = forecast(HELD, ROOM, (1000 * GB, GB // 2), NOW)
    assert (days(told.full), days(told.deletes), told.why) == (0.0, 0.0, "room")


def test_where_nothing_comes_nothing_fills_up() -> None:
    held = {"cam0": Holding(3, GB, 0, NOW - 9 * DAY, NOW - 9 * DAY)}
    told = forecast(held, ROOM, DISK, NOW)
    assert told == Forecast(0, {"cam0": 0})
    old = forecast(held, replace(ROOM, station=Limit(max_age=Ns(10 * DAY))), DISK, NOW)
    assert (days(old.deletes), old.why) == (1.0, "age")


def test_a_disk_of_which_nothing_is_known_is_not_foretold() -> None:
    told = forecast(HELD, ROOM, None, NOW)
    assert (told.per_day, told.full, told.deletes, told.keeps) == (10 * GB, None, None, None)


def test_what_is_years_away_is_not_told() -> None:
    told = forecast(HELD, ROOM, (10**18, 10**17), NOW)
    assert (told.full, told.deletes, told.why, told.keeps) == (None, None, None, None)


@pytest.mark.parametrize("first", [NOW - 3 * DAY, NOW - 300 * DAY])
def test_a_day_is_the_mean_of_the_last_week_or_of_less_where_there_is_less(first: int) -> None:
    held = {"cam0": Holding(9, 90 * GB, 21 * GB, first, first)}
    told = forecast(held, ROOM, DISK, NOW)
    assert told.per_day == (7 * GB if first == NOW - 3 * DAY else 3 * GB)


SIZES = st.integers(0, 500).map(lambda n: n * GB)
AGES = st.integers(1, 400).map(lambda n: Ns(n * DAY))
LIMITS = st.builds(Limit, st.none() | SIZES.filter(bool), st.none() | AGES)


@st.composite
def holdings(draw: st.DrawFn) -> Holding:
    lately = draw(SIZES)
    first = NOW - draw(st.integers(0, 400)) * DAY
    return Holding(9, lately + draw(SIZES), lately, first, draw(st.none() | st.just(first)))


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), holdings(), max_size=3),
    st.builds(Limits, LIMITS, st.dictionaries(st.sampled_from("abd"), LIMITS, max_size=2), SIZES),
    st.none() | SIZES.map(lambda free: (1000 * GB, free)),
)
def test_whatever_there_is_what_is_told_can_be(
    held: dict[str, Holding], limits: Limits, disk: tuple[int, int] | None
) -> None:
    told = forecast(held, limits, disk, NOW)
    assert told.cameras.keys() == held.keys()
    for moment in (told.full, told.deletes):
        assert moment is None or NOW <= moment <= NOW + FARTHEST
    assert (told.deletes is None) == (told.why is None)
    if told.per_day is None:
        assert told.full is told.deletes is told.keeps is None
        return
    assert abs(told.per_day - sum(each or 0 for each in told.cameras.values())) <= len(held)
    if told.full is not None and disk is not None:
        # No sooner than at the full rate, and no later than the last camera is held.
        left = max(0, disk[1] - limits.room(disk[0]))
        assert (told.full - NOW) * told.per_day >= left * DAY * 0.999999 - DAY
        if limits.room(disk[0]):
            assert told.deletes is not None
            assert told.deletes <= told.full
    if told.why == "room":
        assert told.deletes == told.full


@given(st.integers(1, 300).map(lambda n: n * GB), st.integers(0, 100).map(lambda n: n * GB))
def test_more_room_lasts_longer(free: int, more: int) -> None:
    soon, later = (forecast(HELD, ROOM, (1000 * GB, each), NOW) for each in (free, free + more))
    assert soon.full is not None
    assert later.full is not None
    assert soon.full <= later.full
    assert LOOKED_AT == WEEK
