"""Pictures that come out of the pipeline are the ones that went in, exactly."""

from hypothesis import given
from hypothesis import strategies as st

from smartrec.media.engines.deepstream.asks import Asks, Seen
from smartrec.units import MILLISECOND, SECOND, Ns

FRAME = 33_333_333
WITHIN = Ns(2 * SECOND)


def pts(n: int) -> Ns:
    return Ns(10 * SECOND + n * FRAME)


def microseconds(time: Ns) -> Ns:
    """As V4L2 gives it back."""
    return Ns(time // 1000 * 1000)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_each_picture_keeps_its_epoch_and_its_time_whatever_is_dropped(arrives: list[bool]) -> None:
    asks = Asks(WITHIN)
    for n in range(len(arrives)):
        asks.pushed("a", n // 7, pts(n), None)
    for n, there in enumerate(arrives):
        if there:
            seen = asks.came("a", microseconds(pts(n)), looked_at=True)
            assert seen == Seen(n // 7, pts(n), 0)


def test_pictures_may_go_in_in_another_order_than_they_come_out() -> None:
    asks = Asks(WITHIN)
    for n in (0, 3, 1, 2):
        asks.pushed("a", 1, pts(n), Ns(0) if n == 3 else None)
    answers = [asks.came("a", pts(n), looked_at=True) for n in range(4)]
    assert [each.pts for each in answers if each] == [pts(n) for n in range(4)]
    assert [each.answers for each in answers if each] == [0, 0, 0, 1]


def test_picture_that_comes_twice_goes_in_once_and_is_answered_by_what_comes_next() -> None:
    asks = Asks(WITHIN)
    assert asks.pushed("a", 1, pts(0), None)
    assert asks.came("a", pts(0), looked_at=True) == Seen(1, pts(0), 0)
    assert not asks.pushed("a", 1, pts(0), Ns(0))
    assert asks.pushed("a", 1, pts(1), None)
    assert asks.came("a", pts(1), looked_at=True) == Seen(1, pts(1), 1)


def test_picture_that_was_asked_for_answers_once_it_was_looked_at() -> None:
    asks = Asks(WITHIN)
    asks.pushed("a", 1, pts(0), Ns(0))
    asks.pushed("a", 1, pts(1), None)
    assert asks.came("a", pts(0), looked_at=False) == Seen(1, pts(0), 0)
    assert asks.came("a", pts(1), looked_at=True) == Seen(1, pts(1), 1)
    assert asks.overdue(Ns(10 * SECOND)) == 0


def test_newer_picture_does_not_wait_for_a_lost_one() -> None:
    asks = Asks(WITHIN)
    for n in range(3):
        asks.pushed("a", 1, pts(n), Ns(0) if n < 2 else None)
    assert asks.came("a", pts(2), looked_at=True) == Seen(1, pts(2), 2)


def test_older_picture_answers_nothing() -> None:
    asks = Asks(WITHIN)
    asks.pushed("a", 1, pts(0), None)
    asks.pushed("a", 1, pts(1), Ns(0))
    assert asks.came("a", pts(0), looked_at=True) == Seen(1, pts(0), 0)
    assert asks.came("a", pts(1), looked_at=True) == Seen(1, pts(1), 1)


def test_picture_that_never_went_in_is_none() -> None:
    asks = Asks(WITHIN)
    asks.pushed("a", 1, pts(0), Ns(0))
    assert asks.came("a", Ns(pts(0) + 5 * MILLISECOND), looked_at=True) is None
    assert asks.came("b", pts(0), looked_at=True) is None


def test_what_does_not_come_is_given_up() -> None:
    asks = Asks(WITHIN)
    asks.pushed("a", 1, pts(0), Ns(0))
    asks.pushed("b", 1, pts(0), Ns(SECOND))
    assert asks.overdue(WITHIN) == 0
    assert asks.overdue(Ns(WITHIN + 1)) == 1
    assert asks.overdue(Ns(WITHIN + 2 * SECOND)) == 1
    assert asks.came("a", pts(0), looked_at=True) == Seen(1, pts(0), 0)


def test_camera_that_goes_takes_with_it_what_was_asked_for() -> None:
    asks = Asks(WITHIN)
    asks.pushed("a", 1, pts(0), Ns(0))
    asks.pushed("a", 1, pts(1), Ns(0))
    assert asks.forget("a") == 2
    assert asks.came("a", pts(1), looked_at=True) is None
    assert asks.forget("a") == 0


def test_camera_that_is_fetched_by_the_pipeline_answers_by_its_own_times() -> None:
    asks = Asks(WITHIN, frozenset("a"))
    assert asks.pushed("a", 3, pts(5), Ns(0))
    own = Ns(pts(5) - 40 * MILLISECOND)
    assert asks.came("a", own, looked_at=False) == Seen(3, own, 0)
    assert asks.came("a", own, looked_at=True) == Seen(3, own, 1)
    later = Ns(pts(9) + 1)
    assert asks.came("a", later, looked_at=True) == Seen(3, later, 0)
