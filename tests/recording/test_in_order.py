"""Pictures that a driver finishes in another order than they were taken."""

from hypothesis import given
from hypothesis import strategies as st

from smartrec.recording.in_order import PATIENCE, InOrder
from smartrec.units import Ns

FRAME = Ns(33_333_333)


def through(numbers: list[int], *, apart: Ns = FRAME) -> list[int]:
    """What comes out while pictures come at that rate, and once the source has ended."""
    order: InOrder[int] = InOrder()
    out: list[int] = []
    for at, number in enumerate(numbers):
        order.put(number, number, Ns(at * apart))
        while (item := order.take(Ns(at * apart))) is not None:
            out.append(item)
    order.flush()
    while (item := order.take(Ns(0))) is not None:
        out.append(item)
    assert order.empty
    return out


def test_one_that_was_overtaken_comes_first() -> None:
    assert through([768, 770, 769, 771]) == [768, 769, 770, 771]


def test_a_number_that_is_lost_holds_up_nothing_for_long() -> None:
    order: InOrder[int] = InOrder()
    order.put(1, 1, Ns(0))
    order.put(3, 3, Ns(1))
    assert [order.take(Ns(2)), order.take(Ns(2))] == [1, None]
    assert order.take(Ns(1 + PATIENCE)) == 3
    assert order.empty


def test_nobody_is_given_up_while_the_reader_was_late_itself() -> None:
    order: InOrder[int] = InOrder()
    order.put(1, 1, Ns(0))
    order.put(3, 3, Ns(1))
    assert [order.take(), order.take()] == [1, None]
    order.put(2, 2, Ns(3 * PATIENCE))  # lay there all the while
    assert [order.take(), order.take(), order.take()] == [2, 3, None]


def test_a_source_that_numbers_anew_waits_for_nothing() -> None:
    assert through([7, 8, 0, 1, 2]) == [7, 8, 0, 1, 2]


@given(st.sets(st.integers(0, 200), min_size=1))
def test_pictures_overtaken_by_one_come_out_in_order(numbers: set[int]) -> None:
    arrived = sorted(numbers)
    swapped = list(arrived)
    at = 1  # nothing can be before the first
    while at + 1 < len(swapped):
        if swapped[at + 1] - swapped[at] == 1 and swapped[at] - swapped[at - 1] == 1:
            swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
            at += 1
        at += 1
    assert through(swapped) == arrived


def test_one_that_comes_when_it_was_given_up_is_left_out_and_holds_up_nothing() -> None:
    numbers = [1, *range(3, 3 + 20), 2, 23, 24]
    assert through(numbers) == [1, *range(3, 25)]


@given(st.lists(st.integers(0, 50), unique=True))
def test_whatever_comes_comes_out_unless_its_place_was_given_up(numbers: list[int]) -> None:
    out = through(numbers, apart=Ns(0))
    assert len(set(out)) == len(out)
    for left_out in set(numbers) - set(out):
        before = numbers[: numbers.index(left_out)]
        assert any(each > left_out for each in before)
