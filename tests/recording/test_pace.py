"""Times of a camera's clock on ours: drift, delay, bursts, and a clock that begins anew."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.recording.pace import ALLOWED, Pace
from smartrec.units import MILLISECOND, SECOND, Ns

FRAME = SECOND // 30
START = 1_000 * SECOND


def paced(delays: list[int], *, drift: float = 0.0) -> list[int]:
    """How far behind its true time each picture is dated, for pictures delayed like that.

    They come in order, as TCP delivers them. The camera's clock is slow by `drift`, and has its
    origin where the first came.
    """
    pace, came, off = Pace(), 0, []
    for number, delay in enumerate(delays):
        taken = number * FRAME
        came = max(came, taken + delay)
        time = Ns(START + delays[0] + round(taken * (1 - drift)))
        off.append(pace.take(time, Ns(START + came)) - START - taken)
    return off


def test_what_comes_in_time_keeps_its_time() -> None:
    assert paced([0, *(k % 50 * MILLISECOND for k in range(300))]) == [0] * 301


def test_a_network_that_stands_still_moves_no_picture() -> None:
    stalled = [0] * 100 + [4 * SECOND - k * FRAME for k in range(120)] + [0] * 100
    assert paced(stalled) == [0] * 320


def test_a_clock_that_drifts_is_followed() -> None:
    for drift in (200e-6, -200e-6):
        off = paced([0] * 30 * 1_200, drift=drift)
        assert all(abs(each) <= ALLOWED + FRAME for each in off)


def test_pictures_that_were_kept_for_whoever_asks_are_soon_dated_right() -> None:
    """The first comes 2 s late, and all up to now at once with it."""
    off = paced([2 * SECOND - k * FRAME for k in range(60)] + [0] * 240)
    assert off[0] == 2 * SECOND
    assert all(earlier >= later for earlier, later in pairwise(off))
    assert off[67:] == [0] * 233


@given(st.lists(st.integers(0, 3 * SECOND), min_size=2, max_size=400))
def test_pictures_stay_in_order(delays: list[int]) -> None:
    off = paced(delays)
    dated = [number * FRAME + each for number, each in enumerate(off)]
    assert all(earlier < later for earlier, later in pairwise(dated))


@pytest.mark.parametrize(
    "anew", [7 * SECOND, START, START - 3_600 * SECOND, START + 3_600 * SECOND]
)
def test_a_clock_that_begins_anew_is_taken_up(anew: int) -> None:
    pace = Pace()
    for number in range(90):
        pace.take(Ns(START + number * FRAME), Ns(START + number * FRAME))
    now = START + 90 * FRAME
    assert pace.take(Ns(anew), Ns(now)) == now
    assert pace.take(Ns(anew + FRAME), Ns(now + FRAME)) == now + FRAME


def test_a_clock_that_is_set_forward_dates_nothing_into_the_future() -> None:
    pace = Pace()
    for number in range(90):
        pace.take(Ns(START + number * FRAME), Ns(START + number * FRAME))
    dated = [
        pace.take(Ns(START + 3 * SECOND + number * FRAME), Ns(START + number * FRAME))
        - (START + number * FRAME)
        for number in range(90, 120)
    ]
    assert dated[0] < SECOND // 2
    assert dated[15:] == [0] * 15


def test_reordered_pictures_keep_their_distance() -> None:
    pace = Pace()
    order = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8]
    dated = [
        pace.take(Ns(START + n * FRAME), Ns(START + (k + 2) * FRAME)) for k, n in enumerate(order)
    ]
    assert [(each - dated[0]) // FRAME for each in dated] == order
