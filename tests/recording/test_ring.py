"""A ring that is resized while it is read: what a reader needs outlives smaller limits."""

from hypothesis import given
from hypothesis import strategies as st

from smartrec.recording.ring import Ring
from smartrec.units import Ns
from tests.streams import FRAME, stream

SIZE = 12
"""Bytes of a unit."""
BIG = 10**9


def ring(length: int, units: int = BIG) -> Ring:
    return Ring(Ns(length * FRAME), units * SIZE)


def held(of: Ring) -> list[int]:
    return [unit.seq for unit in of.since(0)]


def test_smaller_limits_let_go_of_what_is_too_much_at_once() -> None:
    small = ring(100)
    for unit in stream(60):
        small.push(unit)
    small.resize(Ns(100 * FRAME), 10 * SIZE)
    assert held(small) == list(range(50, 60))
    small.resize(Ns(4 * FRAME), 10 * SIZE)
    assert held(small) == list(range(55, 60))


def test_larger_limits_keep_what_is_there_and_more_from_then_on() -> None:
    large = ring(10)
    for unit in stream(60):
        large.push(unit)
        if unit.seq == 29:
            large.resize(Ns(20 * FRAME), BIG)
    assert held(large) == list(range(39, 60))


def test_what_a_reader_needs_stays_until_it_is_read_then_the_smaller_limits_hold() -> None:
    read = ring(100)
    units = list(stream(80))
    for unit in units[:60]:
        read.push(unit)
    read.resize(Ns(5 * FRAME), 10 * SIZE, pinned=20)
    assert held(read) == list(range(20, 60))
    for unit in units[60:70]:
        read.push(unit, pinned=25)
    assert held(read) == list(range(25, 70)), "within the limits of before"
    for unit in units[70:]:
        read.push(unit)
    assert held(read) == list(range(74, 80))
    assert read.max_bytes == 10 * SIZE


def test_a_reader_that_never_reads_on_costs_no_more_than_the_larger_limit() -> None:
    stuck = ring(100, units=40)
    for unit in stream(200):
        stuck.push(unit, pinned=0)
        if unit.seq == 30:
            stuck.resize(Ns(5 * FRAME), 10 * SIZE, pinned=0)
        assert stuck.bytes <= 40 * SIZE
    assert stuck.first > 0


steps = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 40), st.integers(1, 60), st.booleans()),
    max_size=8,
)


@given(steps, st.integers(1, 12))
def test_resized_at_any_time_it_is_as_one_that_always_had_its_size(
    steps: list[tuple[int, int, int, bool]], gop: int
) -> None:
    resized, units = ring(20, units=30), stream(1000, gop=gop)
    length, limit = 20, 30
    for count, new_length, new_limit, pins in steps:
        pinned = resized.first if pins else None
        for _ in range(count):
            resized.push(next(units), pinned=pinned)
        before, most = set(held(resized)), resized.max_bytes
        resized.resize(Ns(new_length * FRAME), new_limit * SIZE, pinned=pinned)
        length, limit = new_length, new_limit
        assert set(held(resized)) <= before
        assert resized.bytes == SIZE * len(held(resized))
        if pinned is not None and before:
            assert resized.bytes <= max(most, limit * SIZE)
            assert pinned not in before or pinned in held(resized) or most < resized.bytes
    for _ in range(200):  # nobody reads any more
        resized.push(next(units))
    assert resized.max_bytes == limit * SIZE
    assert resized.bytes <= limit * SIZE or resized.end - resized.first == 1
    assert resized.span <= (length + 2 * gop) * FRAME
