"""Nobody takes the places of all."""

from dataclasses import dataclass

import pytest

from smartrec.web.crowd import Crowd
from smartrec.web.proxy import Proxies


@dataclass(eq=False)
class Came:
    address: str


CROWD = Crowd(40, Proxies(["10.0.0.9"]))


@pytest.mark.parametrize(
    ("address", "places"),
    [
        ("10.0.0.1", 10),
        ("fe80::1%eth0", 10),
        ("", 10),
        ("127.0.0.1", 40),
        ("::1", 40),
        ("::ffff:127.0.0.1", 40),
        ("10.0.0.9", 40),
    ],
)
def test_an_address_has_a_share_of_the_places(address: str, places: int) -> None:
    connections: set[object] = set()
    while not CROWD.is_full(connections, address):
        connections.add(Came(address))
    assert len(connections) == places + 1, "of which the last is closed"


def test_others_find_a_place_beside_one_who_takes_all_he_gets() -> None:
    greedy: set[object] = {Came(f"2001:db8::{n:x}") for n in range(11)}
    assert CROWD.is_full(greedy, "2001:db8::ffff"), "who has one address has the whole network"
    assert not CROWD.is_full({*greedy, Came("2001:db9::1")}, "2001:db9::1")


def test_what_is_not_known_yet_counts_for_all_alone() -> None:
    assert not CROWD.is_full({object() for _ in range(40)}, "10.0.0.1")
    assert CROWD.is_full({object() for _ in range(41)}, "10.0.0.9")
