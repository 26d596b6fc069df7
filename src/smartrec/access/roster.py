"""Who is let in, at one moment."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from smartrec.access.model import Kind, Principal, Scope, Session, Share, Token, User
from smartrec.access.naming import folded
from smartrec.access.secrets import digest, unsign


class Roster:
    """What the vault held when it was asked; never changes. Any thread: nothing waits for a disk.

    Args:
        users: All.
        sessions: By the digest of the secret.
        tokens: By the digest of the secret.
        shares: All.
        signing_key: With which links are signed.
    """

    def __init__(
        self,
        users: Iterable[User] = (),
        sessions: Mapping[bytes, Session] = MappingProxyType({}),
        tokens: Mapping[bytes, Token] = MappingProxyType({}),
        shares: Iterable[Share] = (),
        signing_key: bytes = b"",
    ) -> None:
        self._users = {folded(user.name): user for user in users}
        self._sessions = sessions
        self._tokens = tokens
        self._shares = {share.key: share for share in shares}
        self._signing_key = signing_key
        self._session_keys = {session.key: session for session in sessions.values()}
        self._token_keys = {token.key: token for token in tokens.values()}

    @property
    def login_needed(self) -> bool:
        """Whether there is any user."""
        return bool(self._users)

    def user(self, name: str) -> User | None:
        """The user of that name."""
        return self._users.get(folded(name))

    def session(self, secret: str, now_ns: int) -> Principal | None:
        """Whose session it is, with what they may do at present; None if it is over."""
        session = self._sessions.get(digest(secret))
        return None if session is None else self._of_session(session, now_ns)

    def token(self, secret: str, now_ns: int) -> Principal | None:
        """What the token allows; None if it is worth nothing."""
        token = self._tokens.get(digest(secret))
        return None if token is None or token.over(now_ns) else _of_token(token)

    def share(self, signed: str, now_ns: int) -> Principal | None:
        """Which clip the link shows; None if it is worth nothing."""
        key = unsign(self._signing_key, signed) if self._shares else None
        share = None if key is None else self._shares.get(key)
        return None if share is None or share.over(now_ns) else _of_share(share)

    def share_of(self, key: str) -> Share | None:
        """The link with that public id: until when it is worth something."""
        return self._shares.get(key)

    def still(self, principal: Principal, now_ns: int) -> bool:
        """Whether who was let in would be let in now, as just the same."""
        return _STILL[principal.kind](self, principal, now_ns)

    def _of_session(self, session: Session, now_ns: int) -> Principal | None:
        user = self.user(session.user)
        if user is None or session.over(now_ns):
            return None
        return Principal(Kind.USER, user.name, user.scope, session.key)

    def _open(self, principal: Principal, now_ns: int) -> bool:
        del principal, now_ns
        return not self.login_needed

    def _session_still(self, principal: Principal, now_ns: int) -> bool:
        session = self._session_keys.get(principal.key)
        return session is not None and self._of_session(session, now_ns) == principal

    def _token_still(self, principal: Principal, now_ns: int) -> bool:
        token = self._token_keys.get(principal.key)
        return token is not None and not token.over(now_ns) and _of_token(token) == principal

    def _share_still(self, principal: Principal, now_ns: int) -> bool:
        share = self._shares.get(principal.key)
        return share is not None and not share.over(now_ns) and _of_share(share) == principal

    def _proxy_still(self, principal: Principal, now_ns: int) -> bool:
        """A proxy lets in whom it wants; only who is a user here can be anything else by now."""
        del now_ns
        user = self.user(principal.key or principal.name)
        if user is None:
            return not principal.key
        return bool(principal.key) and user.scope is principal.scope

    def _certificate_still(self, principal: Principal, now_ns: int) -> bool:
        """Its signer let it in, and TLS asked when the connection began."""
        del principal, now_ns
        return True


_STILL: Final = {
    Kind.OPEN: Roster._open,
    Kind.USER: Roster._session_still,
    Kind.TOKEN: Roster._token_still,
    Kind.PROXY: Roster._proxy_still,
    Kind.CERTIFICATE: Roster._certificate_still,
    Kind.SHARE: Roster._share_still,
}


def _of_token(token: Token) -> Principal:
    return Principal(Kind.TOKEN, token.name, token.scope, token.key)


def _of_share(share: Share) -> Principal:
    return Principal(Kind.SHARE, f"link of {share.by}", Scope.VIEW, share.key, share.clip_id)
