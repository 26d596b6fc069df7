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

HEADERS: Final = (
    (
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self';"
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
    """Knows by which names this server may be called.

    Args:
        address: It listens there.
        hosts: Further names.
    """

    def __init__(self, address: str, hosts: Iterable[str] = ()) -> None:
        self._names = frozenset(_LOOPBACK) | {str(ip_address(address)), *hosts}

    def refusal(self, headers: Collection[tuple[str, str]], *, origin: bool) -> Refusal | None:
        """Why a request with these headers is refused; None where it is not.

        Args:
            headers: Names in any case.
            origin: Whether one that another site made is refused too; for all that does or tells
                more than a file of the page.
        """
        hosts = _all(headers, "host")
        if len(hosts) != 1 or _name(hosts[0]) not in self._names:
            return Refusal(
                421,
                "this server is not called by that name",
                'Name it in the settings: [web] hosts = ["…"].',
            )
        if origin and _is_foreign(hosts[0], headers):
            return Refusal(
                403, "the request was made by another site", "Open the page itself and ask there."
            )
        return None


def _all(headers: Collection[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]


def _is_foreign(host: str, headers: Collection[tuple[str, str]]) -> bool:
    """Whether a browser says that a page of another origin made the request."""
    origins = _origins(host)
    if any(origin not in origins for origin in _all(headers, "origin")):
        return True
    return any(site in _FOREIGN for site in _all(headers, "sec-fetch-site"))


def _origins(host: str) -> tuple[str, str]:
    """Of pages that this server sent; with TLS where a proxy adds that."""
    return f"http://{host.lower()}", f"https://{host.lower()}"


def _name(host: str) -> str | None:
    """The name in a Host header, without its port; None where it makes no sense."""
    found = _HOST.fullmatch(host.lower())
    return None if found is None else found[1] or found[2]
