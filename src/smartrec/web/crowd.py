"""How many connections there may be: nobody takes the places of all. The loop's thread only."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from smartrec.web.limiter import network
from smartrec.web.proxy import Proxies, is_loopback

SHARE: Final = 4
"""One address has a quarter of the places at most: a house behind one has enough, and so have
the others."""


@runtime_checkable
class Guest(Protocol):
    """A connection.

    Attributes:
        address: The other end's.
    """

    address: str


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who may still come.

    Attributes:
        most: Of all connections.
        proxies: They speak for many, as this machine may do by ssh: they have no share.
    """

    most: int
    proxies: Proxies

    def is_full(self, connections: Collection[object], address: str) -> bool:
        """Whether these, of which one has just come from `address`, are one too many."""
        if len(connections) > self.most:
            return True
        if is_loopback(address) or self.proxies.trusted(address):
            return False
        own = network(address)
        beside = (each.address for each in connections if isinstance(each, Guest))
        return sum(network(each) == own for each in beside) > self.most // SHARE
