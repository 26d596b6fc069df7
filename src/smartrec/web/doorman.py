"""Who asks, and whether anybody may come in at all. The loop's thread only; nothing here waits.

Each request and each live socket is looked at, in this order: a token, a session's cookie, what a
trusted proxy says, a certificate; then everybody, where nobody has a password and only this machine
can connect; then a link to one clip. Whoever is none of these is nobody.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import islice
from typing import Any, Final, Protocol

from smartrec.access.model import Kind, Principal, Scope
from smartrec.access.roster import Roster
from smartrec.errors import SmartrecError
from smartrec.web.guard import Refusal
from smartrec.web.peer import Peer
from smartrec.web.proxy import Headers, Proxies

SESSION_COOKIE: Final = "smartrec-{port}"
SHARE_COOKIE: Final = "smartrec-share-{port}"
"""A cookie is of all ports of a host, so it says which it means."""
SECURE: Final = "__Host-"
"""Before the name of a cookie that came by https: no other way can one of that name be set."""
_MOST_COOKIES: Final = 8
"""Of one name."""
_BEARER: Final = "bearer "
_UNKNOWN: Final = Refusal(
    401,
    "nobody may ask that without logging in",
    "Open the page itself and log in; or send a token.",
)
_NOBODY: Final = Refusal(
    503,
    "nobody can be let in: users and tokens cannot be read",
    "At the recorder, smartrec doctor says why.",
)
_NO_SUCH_TOKEN: Final = Refusal(
    401, "this token is not valid, or not any more", "Make one: smartrec token add NAME."
)


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does that is written down.

    Attributes:
        action: Such as ``"clip.delete"``.
        what: To which clip, camera or session; empty where there is none.
        who: Who says to be doing it, where that is not known yet.
    """

    action: str
    what: str = ""
    who: str = ""


@dataclass(slots=True)
class Caller:
    """Who asks; one for each request.

    Attributes:
        principal: Who that is; None: nobody.
        address: Where from, as far as that is known for certain.
        secure: The browser came by https.
        agent: What the browser calls itself.
        deed: What is done; set by the route.
    """

    principal: Principal | None
    address: str
    secure: bool
    agent: str = ""
    deed: Deed | None = None


class Visitor(Protocol):
    """A live socket that somebody was let in with."""

    def turn_out(self) -> None:
        """Whoever opened it may not look on."""
        ...


@dataclass(frozen=True, slots=True)
class Entrance:
    """What of the settings says who may come in.

    Attributes:
        loopback: Only this machine can connect.
        port: Where it listens.
        proxies: Whom to believe.
        proxy_role: Of those whom only the proxy knows.
        certificates: Every browser must bring one, which was checked.
    """

    loopback: bool
    port: int
    proxies: Proxies
    proxy_role: Scope
    certificates: bool

    @classmethod
    def of(cls, settings: Mapping[str, Any], address: str, port: int) -> "Entrance":
        """That of the settings' table ``[web]``, at the address and port that are listened at."""
        header = str(settings.get("proxy_user_header") or "")
        return cls(
            ip_address(address).is_loopback,
            port,
            Proxies(settings.get("proxy") or (), header),
            Scope(settings.get("proxy_role") or Scope.VIEW),
            bool(settings.get("client_ca")),
        )


class Doorman:
    """See the module.

    Args:
        entrance: Where he stands.
        now: UTC, nanoseconds since 1970.
        roster: Who there is, as long as nobody said otherwise.
    """

    def __init__(self, entrance: Entrance, now: Callable[[], int], roster: Roster) -> None:
        self.roster = roster
        self._entrance = entrance
        self._now = now
        self._problem: SmartrecError | None = None
        self._inside: dict[Visitor, Principal] = {}
        self._used = set[str]()

    def learn(self, roster: Roster, problem: SmartrecError | None = None) -> None:
        """Who there is now; or why that cannot be known: then nobody comes in, and nobody stays."""
        self.roster, self._problem = roster, problem
        for visitor, who in list(self._inside.items()):
            if not self._may_stay(who):
                del self._inside[visitor]
                visitor.turn_out()

    def caller(self, headers: Headers, peer: Peer) -> Caller:
        """Who sent a request with these headers."""
        entrance = self._entrance
        caller = Caller(
            None,
            entrance.proxies.client(peer.address, headers),
            entrance.proxies.scheme(peer.address, headers, peer.scheme) == "https",
            next(_values(headers, "user-agent"), ""),
        )
        if self._problem is None:
            caller.principal = self._principal(headers, peer, secure=caller.secure)
        return caller

    def refusal(self, headers: Headers, caller: Caller) -> Refusal | None:
        """Why nobody may come in, or not this caller; None where he may."""
        if self._problem is not None:
            if not self._entrance.loopback:  # strangers need not know where what is kept
                return _NOBODY
            hint = self._problem.hint or "The recorder's log says more: smartrec report."
            return Refusal(503, f"nobody can be let in: {self._problem}", hint)
        if caller.principal is None:
            return _UNKNOWN if _bearer(headers) is None else _NO_SUCH_TOKEN
        return None

    def stays(self, caller: Caller) -> bool:
        """Whether who was let in would be let in now; of nobody it is true."""
        who = caller.principal
        return who is None or self._may_stay(who)

    def let_in(self, visitor: Visitor, principal: Principal) -> None:
        """He stays until he leaves, or may not stay; then he is turned out within a second."""
        self._inside[visitor] = principal

    def leave(self, visitor: Visitor) -> None:
        """He went by himself. Idempotent."""
        self._inside.pop(visitor, None)

    def used(self) -> set[str]:
        """Keys of the sessions that were used since this was asked last."""
        used, self._used = self._used, set()
        return used | {who.key for who in self._inside.values() if who.kind is Kind.USER}

    def cookie(self, name: str, *, secure: bool) -> str:
        """The name of a cookie, of `SESSION_COOKIE` or `SHARE_COOKIE`, as browsers know it."""
        name = name.format(port=self._entrance.port)
        return f"{SECURE}{name}" if secure else name

    def cookies(self, headers: Headers, name: str, *, secure: bool) -> Iterator[str]:
        """What the browser has under this name; of another path or host there may be some more.

        By https only what came by https counts: somebody in between can plant any other.
        """
        name = self.cookie(name, secure=secure)
        pairs = (
            each.partition("=") for line in _values(headers, "cookie") for each in line.split(";")
        )
        found = (value.strip() for key, _, value in pairs if key.strip() == name)
        return islice(found, _MOST_COOKIES)  # each costs a digest or a signature

    def _may_stay(self, who: Principal) -> bool:
        return self._problem is None and self.roster.still(who, self._now())

    def _principal(self, headers: Headers, peer: Peer, *, secure: bool) -> Principal | None:
        bearer = _bearer(headers)
        if bearer is not None:  # one that is not valid must not be more than one that is
            return self.roster.token(bearer, self._now())
        return (
            self._by_session(self.cookies(headers, SESSION_COOKIE, secure=secure))
            or self._by_proxy(self._entrance.proxies.user(peer.address, headers))
            or self._by_certificate(peer)
            or self._anybody(peer)
            or self._by_link(self.cookies(headers, SHARE_COOKIE, secure=secure))
        )

    def _by_session(self, secrets: Iterator[str]) -> Principal | None:
        for secret in secrets:
            principal = self.roster.session(secret, self._now())
            if principal is not None:
                self._used.add(principal.key)
                return principal
        return None

    def _by_proxy(self, name: str | None) -> Principal | None:
        if name is None:
            return None
        user = self.roster.user(name)
        if user is None:
            return Principal(Kind.PROXY, name, self._entrance.proxy_role)
        return Principal(Kind.PROXY, name, user.scope, key=user.name)

    def _by_certificate(self, peer: Peer) -> Principal | None:
        if not self._entrance.certificates or peer.certificate is None:
            return None
        return Principal(Kind.CERTIFICATE, peer.certificate, Scope.ADMIN)

    def _anybody(self, peer: Peer) -> Principal | None:
        entrance = self._entrance
        if self.roster.login_needed or not entrance.loopback:
            return None
        if entrance.proxies.trusted(peer.address):  # and who is behind it may be anywhere
            return None
        return Principal(Kind.OPEN, "", Scope.ADMIN)

    def _by_link(self, signed: Iterator[str]) -> Principal | None:
        found = (self.roster.share(each, self._now()) for each in signed)
        return next((each for each in found if each is not None), None)


def _values(headers: Headers, name: str) -> Iterator[str]:
    return (value for key, value in headers if key.lower() == name)


def _bearer(headers: Headers) -> str | None:
    """The token of a request; empty where there is more than one; None where it has none."""
    found = [
        value[len(_BEARER) :].strip()
        for value in _values(headers, "authorization")
        if value.lower().startswith(_BEARER)
    ]
    return None if not found else found[0] if len(found) == 1 else ""
