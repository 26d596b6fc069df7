"""Who is at the other end of a connection, and for whom a proxy of ours asks. Pure."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

Headers = Collection[tuple[str, str]]
"""Names in any case, with their values."""
_FOR: Final = "x-forwarded-for"
_SCHEME: Final = "x-forwarded-proto"
_COMMON_NAME: Final = "commonName"


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection.

    Attributes:
        address: IPv4 or IPv6, the former in its own form also where the socket is the latter's;
            empty where the connection is gone already.
        tls: The connection is encrypted, up to here.
        certificate: Name in the certificate that it brought, which was checked; None without one.
    """

    address: str
    tls: bool = False
    certificate: str | None = None


class Proxies:
    """Which peers are believed when they say for whom they ask.

    Args:
        networks: Addresses or networks of the proxies.
        user_header: Where they say who logged in with them; empty: nowhere.
    """

    def __init__(self, networks: Iterable[str] = (), user_header: str = "") -> None:
        self._networks = tuple(ip_network(each, strict=False) for each in networks)
        self._user_header = user_header.lower()

    def trusts(self, address: str) -> bool:
        """Whether a proxy of ours is there."""
        try:
            where = ip_address(address)
        except ValueError:
            return False
        return any(where in network for network in self._networks)

    def client(self, peer: Peer, headers: Headers) -> str:
        """Address of who asks: the nearest that no proxy of ours has."""
        nearest = peer.address
        said = ",".join(_all(headers, _FOR)).split(",")
        while said and self.trusts(nearest):
            before = plain(said.pop().strip())
            if before is None:
                break
            nearest = before
        return nearest

    def tls(self, peer: Peer, headers: Headers) -> bool:
        """Whether who asks came by https."""
        if not self.trusts(peer.address):
            return peer.tls
        said = ",".join(_all(headers, _SCHEME)).split(",")
        return said[-1].strip().lower() == "https" if said[-1] else peer.tls

    def user(self, peer: Peer, headers: Headers) -> str | None:
        """Who logged in with the proxy; None where nobody did, or it is not ours."""
        if not self._user_header or not self.trusts(peer.address):
            return None
        names = _all(headers, self._user_header)
        return _text(names[0].strip()) or None if len(names) == 1 else None


def peer_of(transport: asyncio.BaseTransport) -> Peer:
    """Who is at the other end of this."""
    name = transport.get_extra_info("peername")
    address = plain(str(name[0])) if name else None
    tls = transport.get_extra_info("ssl_object") is not None
    return Peer(address or "", tls, _subject(transport.get_extra_info("peercert")))


def plain(address: str) -> str | None:
    """An address in its own form, without the zone of a link; None where it is none."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(found)


def _subject(certificate: Any) -> str | None:
    """The common name in what `ssl.SSLSocket.getpeercert` gives; empty where it has none."""
    if not certificate:
        return None
    pairs = (pair for part in certificate.get("subject", ()) for pair in part)
    return next((str(value) for key, value in pairs if key == _COMMON_NAME), "")


def _all(headers: Headers, name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]


def _text(value: str) -> str:
    """HTTP knows bytes; names are UTF-8."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
