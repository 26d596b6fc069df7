"""Who may ask: requests that another site made a browser send are refused before anything is done.

A page of another site can make a browser send requests here, also by a name of its own that it
lets point at this machine (DNS rebinding). What it cannot do is forge Host and Origin.
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from smartrec.access import machine
from smartrec.web.proxy import Proxies, is_loopback

HEADERS: Final = (
    (
        "Content-Security-Policy",
        "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none';"
        " img-src 'self' blob:; media-src 'self' blob:; connect-src 'self';"
        " frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
"""Of every answer."""
_FOREIGN: Final = ("cross-site", "same-site")
"""Of Sec-Fetch-Site (W3C Fetch Metadata), which also requests without an Origin have."""
_HOST: Final = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\[\]:]+))(?::[0-9]{1,5})?")
"""RFC 9110, 7.2: an address of IPv6 in brackets, or a name, and perhaps a port."""
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered; `hint` is what mends it."""

    status: int
    message: str
    hint: str

    def json(self) -> str:
        """As it is answered."""
        return json.dumps({"error": {"message": self.message, "hint": self.hint}})


class Guard:
    """Knows by which names this server may be called, and of which origin its pages are.

    What others reach may be called by this machine's names and by any address: no site can let an
    address point elsewhere. What only this machine reaches is called by no name of a network.

    Args:
        address: It listens there.
        hosts: Further names.
        encrypted: It speaks TLS.
        proxies: Those before it, which may do so instead.
    """

    def __init__(
        self,
        address: str,
        hosts: Iterable[str] = (),
        *,
        encrypted: bool = False,
        proxies: Proxies | None = None,
    ) -> None:
        where = ip_address(address)
        self._names = frozenset(_LOOPBACK) | {str(where), *hosts}
        self._any_address = not where.is_loopback
        if self._any_address:
            self._names |= {*machine.host_names()}
        self._served = "https" if encrypted else ""
        self._proxies = proxies or Proxies()
        self._proxied = self._any_address and bool(self._proxies) and not encrypted

    def refusal(
        self, headers: Collection[tuple[str, str]], *, origin: bool, peer: str = ""
    ) -> Refusal | None:
        """Why a request with these headers is refused; None where it is not.

        Args:
            headers: Names in any case.
            origin: Whether one that another site made is refused too; for all that does or tells
                more than a file of the page.
            peer: Address of the other end, which may be a proxy.
        """
        if self._proxied and not (self._proxies.trusted(peer) or is_loopback(peer)):
            return Refusal(  # a password would come past the proxy that encrypts it
                421,
                "this server answers its proxy only",
                'Come by the proxy; or set [web] tls = "on".',
            )
        hosts = _all(headers, "host")
        if len(hosts) != 1 or not self._is_ours(_name(hosts[0])):
            return Refusal(
                421,
                "this server is not called by that name",
                'Name it in the settings: [web] hosts = ["…"].',
            )
        scheme = self._proxies.scheme(peer, headers, self._served)
        if origin and _is_foreign(hosts[0], headers, scheme):
            return Refusal(
                403, "the request was made by another site", "Open the page itself and ask there."
            )
        return None

    def _is_ours(self, name: str | None) -> bool:
        if name is None or name in self._names:
            return name is not None
        return self._any_address and _is_address(name)


def _all(headers: Collection[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]


def _is_foreign(host: str, headers: Collection[tuple[str, str]], scheme: str) -> bool:
    """Whether a browser says that a page of another origin made the request."""
    origins = _origins(host, scheme)
    if any(origin not in origins for origin in _all(headers, "origin")):
        return True
    return any(site in _FOREIGN for site in _all(headers, "sec-fetch-site"))


def _origins(host: str, scheme: str) -> tuple[str, ...]:
    """Of pages that this server sent; with TLS too where a proxy may add that unasked."""
    schemes = (scheme,) if scheme else ("http", "https")
    return tuple(f"{each}://{host.lower()}" for each in schemes)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _name(host: str) -> str | None:
    """The name in a Host header, without its port; None where it makes no sense."""
    found = _HOST.fullmatch(host.lower())
    return None if found is None else found[1] or found[2]
