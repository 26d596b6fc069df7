"""How often strangers may do what costs something. Pure; times are the caller's.

Token buckets: each address may try a few times at once, then once in a while; and so may all of
them together, for whoever guesses passwords has many addresses.
"""

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from smartrec.units import Ns

MOST_ADDRESSES: Final = 4096
_SITE: Final = 64
"""Bits of an IPv6 address that name the network: who has one address has all of them."""


@dataclass(frozen=True, slots=True)
class Pace:
    """So many tries at once, and one more each `again`."""

    at_once: int
    again: Ns


class Limiter:
    """See the module.

    Args:
        each: Of an address.
        together: Of all of them.
        most: Addresses that are remembered; of more, those that tried longest ago are forgotten,
            which all together could not make use of.
    """

    def __init__(self, each: Pace, together: Pace, most: int = MOST_ADDRESSES) -> None:
        self._pace, self._most = each, most
        self._all = _Bucket(together)
        self._each: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._each)

    def wait(self, address: str, now: Ns) -> Ns:
        """How long this address must wait; where it need not, it has tried now.

        Args:
            address: IPv4 or IPv6; what is neither shares a bucket with all such.
            now: Steady time, which never goes back.
        """
        own = self._own(network(address))
        wait = max(own.wait(now), self._all.wait(now))
        if wait == 0:
            own.take(now)
            self._all.take(now)
        return wait

    def give_back(self, address: str) -> None:
        """This address's last try counts no more, as it was none; those before count all the same.

        Of a password that was right, too.
        """
        self._own(network(address)).give_back()
        self._all.give_back()

    def _own(self, name: str) -> "_Bucket":
        own = self._each.setdefault(name, _Bucket(self._pace))
        self._each.move_to_end(name)
        if len(self._each) > self._most:
            self._each.popitem(last=False)
        return own


def network(address: str) -> str:
    """Whom an address belongs to."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((found, _SITE), strict=False))


@dataclass(slots=True)
class _Bucket:
    """Knows when it will be full."""

    pace: Pace
    full_at: int | None = None

    def wait(self, now: Ns) -> Ns:
        if self.full_at is None:
            return Ns(0)
        return Ns(max(0, self.full_at - now - (self.pace.at_once - 1) * self.pace.again))

    def take(self, now: Ns) -> None:
        self.full_at = max(now, self.full_at or now) + self.pace.again

    def give_back(self) -> None:
        if self.full_at is not None:
            self.full_at -= self.pace.again
