"""Who somebody is, what they may do, and what is written down of both."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from smartrec.units import SECOND, Ns

DAY: Final = Ns(86_400 * SECOND)
IDLE: Final = Ns(30 * DAY)
"""A session that was not used for so long is over."""
ABSOLUTE: Final = Ns(90 * DAY)
"""A session that began so long ago is over."""


class Scope(str, Enum):
    """What somebody may do; each includes those before it."""

    VIEW = "view"
    RECORD = "record"
    ADMIN = "admin"

    def includes(self, other: "Scope") -> bool:
        """Whether who has this one may do what needs the other."""
        order = list(Scope)
        return order.index(self) >= order.index(other)


class Kind(str, Enum):
    """How somebody said who they are."""

    OPEN = "open"
    USER = "user"
    TOKEN = "token"
    PROXY = "proxy"
    CERTIFICATE = "certificate"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks.

    Attributes:
        kind: How they said who they are.
        name: Of the user, the token, or what a proxy or a certificate says; for people.
        scope: What they may do.
        key: Public id of the session, token or link; for `Kind.PROXY` the name of the user that
            they are here, empty where there is none of that name. Never a secret.
        clip_id: The one clip that a link shows; None for all others.
    """

    kind: Kind
    name: str
    scope: Scope
    key: str = ""
    clip_id: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a password.

    Attributes:
        name: As it was given; two that differ only in case are the same.
        scope: What they may do.
        added_ns: When they were added, nanoseconds since 1970-01-01 UTC.
        password_ns: When their password was last set.
    """

    name: str
    scope: Scope
    added_ns: int
    password_ns: int


@dataclass(frozen=True, slots=True)
class Session:
    """One login of a user, in one browser.

    Attributes:
        key: Public id.
        user: Name of the user.
        address: Where it began.
        agent: What the browser called itself then.
        begun_ns: When it began, nanoseconds since 1970-01-01 UTC.
        used_ns: When it was last used, to some minutes.
    """

    key: str
    user: str
    address: str
    agent: str
    begun_ns: int
    used_ns: int

    def over(self, now_ns: int) -> bool:
        """Whether it is too old, or was left alone for too long."""
        return now_ns - self.used_ns > IDLE or now_ns - self.begun_ns > ABSOLUTE


@dataclass(frozen=True, slots=True)
class Token:
    """What a program shows instead of a password.

    Attributes:
        key: Public id.
        name: What it is for.
        scope: What the program may do.
        added_ns: When it was made, nanoseconds since 1970-01-01 UTC.
        expires_ns: From when on it is worth nothing; None for never.
    """

    key: str
    name: str
    scope: Scope
    added_ns: int
    expires_ns: int | None

    def over(self, now_ns: int) -> bool:
        """Whether its time is over."""
        return self.expires_ns is not None and now_ns >= self.expires_ns


@dataclass(frozen=True, slots=True)
class Share:
    """A link to one clip.

    Attributes:
        key: Public id.
        clip_id: The clip.
        by: Who made it.
        added_ns: When, nanoseconds since 1970-01-01 UTC.
        expires_ns: From when on it is worth nothing.
        token: What stands in the link, signed. It opens the clip: show it to admins only. Empty in
            a roster, which does not need it.
    """

    key: str
    clip_id: str
    by: str
    added_ns: int
    expires_ns: int
    token: str = ""

    def over(self, now_ns: int) -> bool:
        """Whether its time is over."""
        return now_ns >= self.expires_ns


DONE: Final = "ok"
"""The outcome of what was allowed and done."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log. Texts are cut at `TEXT_MOST` characters.

    Attributes:
        wall_ns: When, nanoseconds since 1970-01-01 UTC.
        who: Name of the principal; of a failed login the name that was tried.
        kind: How they said who they are: a `Kind`, or ``"command line"``.
        address: Where they came from; empty for the command line.
        action: What they did, such as ``"login"`` or ``"clip.delete"``.
        object: To what: a clip, a camera, a user; empty where that says nothing.
        outcome: `DONE`, or how it failed.
        number: Counts up; given by the vault, 0 before.
    """

    wall_ns: int
    who: str
    kind: str
    address: str
    action: str
    object: str = ""
    outcome: str = DONE
    number: int = 0


TEXT_MOST: Final = 200
"""Characters that a text of an audit entry, an address or a browser's name for itself may have."""
