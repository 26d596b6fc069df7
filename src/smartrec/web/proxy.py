"""What a reverse proxy says about who it speaks for; believed only of proxies in the settings.

``X-Forwarded-For`` and ``X-Forwarded-Proto`` are no standard, but what every proxy sends; a client
can send them too, so that of a list only what trusted proxies added at its right end counts.
"""

from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

Headers = Collection[tuple[str, str]]
_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def plain_address(peer: str) -> str:
    """An address in its one form: without a scope, and IPv4 as such though it came to ``::``.

    What is no address stays as it is.
    """
    address = _address(peer)
    return peer if address is None else str(address)


def is_loopback(peer: str) -> bool:
    """Whether this machine itself is at the other end."""
    address = _address(peer)
    return address is not None and address.is_loopback


class Proxies:
    """The reverse proxies that are believed. Immutable; any thread.

    Args:
        networks: Their addresses or networks, such as ``"127.0.0.1"`` or ``"10.0.0.0/8"``.
        user_header: In which they name the user who logged in there; empty: in none.
    """

    def __init__(self, networks: Iterable[str] = (), user_header: str = "") -> None:
        self._networks = tuple(ip_network(each) for each in networks)
        self._user_header = user_header.lower()

    def __bool__(self) -> bool:
        """Whether there are any; then whoever comes may come from anywhere."""
        return bool(self._networks)

    def trusted(self, peer: str) -> bool:
        """Whether a connection from this address is a proxy's."""
        address = _address(peer)
        return address is not None and any(address in network for network in self._networks)

    def client(self, peer: str, headers: Headers) -> str:
        """The address that a request came from first, as far as it is known for certain.

        Args:
            peer: The other end of the connection.
            headers: Names in any case.
        """
        known = plain_address(peer)
        hops = [hop for value in _all(headers, "x-forwarded-for") for hop in value.split(",")]
        while hops and self.trusted(known):
            hop = _address(_without_port(hops.pop().strip()))
            if hop is None:  # such as "unknown": the proxy before it is all that is known
                break
            known = str(hop)
        return known

    def scheme(self, peer: str, headers: Headers, served: str) -> str:
        """``"http"`` or ``"https"``: what the browser itself speaks.

        Args:
            peer: The other end of the connection.
            headers: Names in any case.
            served: What that connection speaks.
        """
        said = _all(headers, "x-forwarded-proto")
        if not said or not self.trusted(peer):
            return served
        return _SCHEMES.get(said[-1].rpartition(",")[2].strip().lower(), served)

    def user(self, peer: str, headers: Headers) -> str | None:
        """Who logged in at the proxy; None where nobody did or the peer is not to be believed."""
        if not self._user_header or not self.trusted(peer):
            return None
        said = _all(headers, self._user_header)
        return _text(said[0].strip()) or None if len(said) == 1 else None


def _all(headers: Headers, name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]


def _text(value: str) -> str:
    """A header's value, which is bytes by the book, as the UTF-8 that proxies send."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _without_port(hop: str) -> str:
    """``192.0.2.1:80`` and ``[2001:db8::1]:80`` as some proxies write them."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
