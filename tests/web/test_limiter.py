"""How often a password may be tried."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from smartrec.units import SECOND, Ns
from smartrec.web.limiter import Limiter, Pace, network

AT_ONCE, AGAIN = 5, Ns(30 * SECOND)
ALL_AT_ONCE, ALL_AGAIN = 30, Ns(2 * SECOND)
EACH, TOGETHER = Pace(AT_ONCE, AGAIN), Pace(ALL_AT_ONCE, ALL_AGAIN)
ADDRESSES = ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1", "no address")
TRIES = st.lists(
    st.tuples(
        st.integers(0, 40), st.sampled_from(ADDRESSES), st.sampled_from(["wrong", "right", "asked"])
    ),
    max_size=200,
)
"""Seconds since the one before, who, and what came of it."""


def let_through(tries: Sequence[tuple[int, str, str]]) -> list[tuple[Ns, str]]:
    """When and by whom a wrong password was really looked at."""
    limiter, now = Limiter(EACH, TOGETHER), Ns(0)
    wrong = []
    for after, address, outcome in tries:
        now = Ns(now + after * SECOND)
        if limiter.wait(address, now):
            continue
        if outcome == "right":
            limiter.give_back(address)
        else:
            wrong.append((now, network(address)))
    return wrong


def most_of(at_once: int, again: Ns, within: Ns) -> int:
    return at_once + within // again


@given(TRIES)
def test_nobody_guesses_oftener_than_that_in_any_time(tries: list[tuple[int, str, str]]) -> None:
    wrong = let_through(tries)
    for index, (begin, _) in enumerate(wrong):
        for end, _ in wrong[index:]:
            inside = [who for at, who in wrong if begin <= at <= end]
            assert len(inside) <= most_of(ALL_AT_ONCE, ALL_AGAIN, Ns(end - begin))
            most = Counter(inside).most_common(1)[0][1]
            assert most <= most_of(AT_ONCE, AGAIN, Ns(end - begin))


def test_who_waits_as_long_as_told_may_try() -> None:
    limiter = Limiter(EACH, TOGETHER)
    for _ in range(AT_ONCE):
        assert limiter.wait("192.0.2.1", Ns(0)) == 0
    wait = limiter.wait("192.0.2.1", Ns(0))
    assert wait == AGAIN
    assert limiter.wait("192.0.2.1", Ns(wait - 1)) == 1
    assert limiter.wait("192.0.2.1", wait) == 0
    assert limiter.wait("192.0.2.1", wait) == AGAIN


def test_one_address_takes_nothing_from_another() -> None:
    limiter = Limiter(EACH, TOGETHER)
    while not limiter.wait("192.0.2.1", Ns(0)):
        pass
    assert limiter.wait("192.0.2.2", Ns(0)) == 0


def test_many_addresses_are_no_help_against_the_whole() -> None:
    limiter = Limiter(EACH, TOGETHER)
    allowed = [n for n in range(200) if not limiter.wait(f"10.0.{n}.1", Ns(0))]
    assert len(allowed) == ALL_AT_ONCE
    assert limiter.wait("10.1.0.1", Ns(0)) == ALL_AGAIN


def test_a_password_that_was_right_gives_back_its_own_try_and_no_other() -> None:
    limiter = Limiter(EACH, TOGETHER)
    for _ in range(AT_ONCE - 1):
        limiter.wait("192.0.2.1", Ns(0))  # all wrong
    for _ in range(100):
        assert limiter.wait("192.0.2.1", Ns(0)) == 0
        limiter.give_back("192.0.2.1")
    assert limiter.wait("192.0.2.1", Ns(0)) == 0
    assert limiter.wait("192.0.2.1", Ns(0)) == AGAIN


@given(st.lists(st.ip_addresses(), max_size=50))
def test_it_remembers_no_more_than_it_may(addresses: list[object]) -> None:
    limiter = Limiter(EACH, TOGETHER, most=10)
    for address in addresses:
        limiter.wait(str(address), Ns(0))
    assert len(limiter) <= 10


def test_all_addresses_of_a_network_of_ipv6_are_one() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff:1:2:3") != network("2001:db8:0:1::1")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") != network("192.0.2.2")
    assert network("fe80::1%eth0") == network("fe80::2%eth1")
    assert network("unknown") == network("") == ""
