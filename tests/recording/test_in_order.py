"""Pictures that a driver finishes in another order than they were taken."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from smartrec.recording.in_order import PATIENCE, InOrder, Placed
from smartrec.units import Ns

FRAME = Ns(33_333_333)


def item_of(placed: Placed[int] | None) -> int | None:
    return None if placed is None else placed.item


def through(numbers: list[int], *, apart: Ns = FRAME) -> list[int]:
    """What comes out while pictures come at that rate, and once the source has ended."""
    order: InOrder[int] = InOrder()
    out: list[int] = []
    for at, number in enumerate(numbers):
        order.put(number, number, Ns(at * apart))
        while (placed := order.take(Ns(at * apart))) is not None:
            out.append(placed.item)
    order.flush()
    while (placed := order.take(Ns(0))) is not None:
        out.append(placed.item)
    assert order.empty
    return out


def test_one_that_was_overtaken_comes_first() -> None:
    assert through([768, 770, 769, 771]) == [768, 769, 770, 771]


def test_a_number_that_is_lost_holds_up_nothing_for_long() -> None:
    order: InOrder[int] = InOrder()
    order.put(1, 1, Ns(0))
    order.put(3, 3, Ns(1))
    assert [item_of(order.take(Ns(2))), order.take(Ns(2))] == [1, None]
    assert item_of(order.take(Ns(1 + PATIENCE))) == 3
    assert order.empty


def test_nobody_is_given_up_while_the_reader_was_late_itself() -> None:
    order: InOrder[int] = InOrder()
    order.put(1, 1, Ns(0))
    order.put(3, 3, Ns(1))
    assert [item_of(order.take()), order.take()] == [1, None]
    order.put(2, 2, Ns(3 * PATIENCE))  # lay there all the while
    assert [item_of(order.take()) for _ in range(2)] == [2, 3]
    assert order.empty


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


def as_v4l2src_numbers(sequence: list[int]) -> list[int]:
    """What v4l2src makes of a driver's numbers: one that goes back gets the newest once more."""
    numbers = []
    offset = sequence[0]
    for number in sequence:
        if number < offset:
            numbers.append(offset)
            offset += 1
        else:
            numbers.append(number)
            offset = number
    return numbers


@given(st.sets(st.integers(0, 200), min_size=1), st.data())
def test_v4l2src_hides_the_number_of_one_that_was_overtaken(
    numbers: set[int], data: st.DataObject
) -> None:
    arrived = sorted(numbers)
    swapped = list(arrived)
    at = 1
    while at + 1 < len(swapped):
        whole = [swapped[at - 1] + 1, swapped[at - 1] + 2] == swapped[at : at + 2]
        if whole and data.draw(st.booleans()):
            swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
            at += 1
        at += 1
    order: InOrder[int] = InOrder()
    for number, driver in zip(as_v4l2src_numbers(swapped), swapped, strict=True):
        order.put(number, driver, Ns(0))
    order.flush()
    placed = []
    while (each := order.take()) is not None:
        placed.append(each)
    assert [each.item for each in placed] == arrived
    assert [each.number for each in placed] == arrived
    overtaken = {b for a, b in itertools.pairwise(swapped) if b < a}
    assert {each.item for each in placed if each.overtaken} == overtaken


def test_v4l2srcs_number_for_one_whose_place_was_given_up() -> None:
    order: InOrder[str] = InOrder()
    order.put(1, "1", Ns(0))
    order.put(3, "3", Ns(0))
    late = Ns(PATIENCE)
    assert [placed and placed.item for placed in (order.take(), order.take(late))] == ["1", "3"]
    order.put(3, "2", late)
    order.put(4, "4", late)
    four = order.take()
    assert four is not None
    assert four.item == "4"
    assert order.empty
