"""Who is at the other end of a connection."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

_COMMON_NAME: Final = "commonName"


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection.

    Attributes:
        address: IPv4 or IPv6, as the socket says; empty where the connection is gone already.
        tls: The connection is encrypted, up to here.
        certificate: Name in the certificate that it brought, which was checked; None without one.
    """

    address: str
    tls: bool = False
    certificate: str | None = None

    @property
    def scheme(self) -> str:
        """What it speaks."""
        return "https" if self.tls else "http"


def peer_of(transport: asyncio.BaseTransport) -> Peer:
    """Who is at the other end of this."""
    name = transport.get_extra_info("peername")
    tls = transport.get_extra_info("ssl_object") is not None
    certificate = _subject(transport.get_extra_info("peercert"))
    return Peer(str(name[0]) if name else "", tls, certificate)


def _subject(certificate: Any) -> str | None:
    """The common name in what `ssl.SSLSocket.getpeercert` gives; empty where it has none."""
    if not certificate:
        return None
    pairs = (pair for part in certificate.get("subject", ()) for pair in part)
    return next((str(value) for key, value in pairs if key == _COMMON_NAME), "")
