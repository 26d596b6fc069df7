"""The application: files of the page, and the API behind the gate. The loop's thread only.

Without a name anybody gets the files of the page, which are the same everywhere, and what is in
`OPEN`; everything else is refused before it is known whether there is such a thing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from smartrec.web.assets import Asset
from smartrec.web.doorman import Caller
from smartrec.web.gate import Gate
from smartrec.web.guard import Guard, Refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

MOST_BODY: Final = 64_000
LONGER: Final = dict.fromkeys(
    (f"/api/v1/{each}" for each in ("settings", "settings/check", "zones/trial", "replays")),
    290_000,
)
"""Bytes that the body of a request may have at these paths: all zones of a camera."""
BODY_WITHIN: Final = 10.0
"""Seconds from a request's head to the end of its body."""
HEAD: Final = "smartrec.head"
"""Stands in the scope of a request that wants the head of the answer to GET alone."""
CALLER: Final = "smartrec.caller"
"""Stands in the scope of each request that comes so far: who asks."""
PEER: Final = "smartrec.peer"
"""Stands in the state of a connection: who is at its other end."""
OPEN: Final = frozenset(
    {
        *(("/api/v1/session", method) for method in ("GET", "POST", "DELETE")),
        ("/api/v1/session/share", "POST"),
        ("/healthz", "GET"),
    }
)
"""Which paths, asked how, are for nobody in particular."""
_NO_STORE: Final = (b"cache-control", b"no-store")
_VARY: Final = (b"vary", b"cookie, authorization")
_READING: Final = ("GET", "HEAD")
_WITH_BODY: Final = ("POST", "PUT", "PATCH")
_TOO_SLOW: Final = Refusal(408, "the request did not come to its end", "Send it in one go.")


class TurnedOut(Exception):  # noqa: N818 - a condition
    """Who asked may not have the rest of a long answer."""


class Site:
    """An ASGI application.

    Args:
        guard: Refuses what other sites ask for.
        gate: Knows who asks.
        assets: By path.
        api: Makes the rest; called once, on another thread, for it takes long to be imported.
        body_within: See `BODY_WITHIN`.
    """

    def __init__(
        self,
        guard: Guard,
        gate: Gate,
        assets: Mapping[str, Asset],
        api: Callable[[], Application],
        body_within: float = BODY_WITHIN,
    ) -> None:
        self._guard = guard
        self._gate = gate
        self._assets = assets
        self._make = api
        self._body_within = body_within
        self._api: asyncio.Future[Application] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asset = self._assets.get(scope["raw_path"].decode("latin-1"))
        refusal = self._refusal(scope, asset)
        if refusal is None and asset is not None:
            await _give(send, asset, scope["headers"])
            return
        if scope["method"] == "HEAD":  # the answer to GET; the server leaves its body out
            scope = {**scope, "method": "GET", HEAD: True}
        caller = scope[CALLER] = self._caller(scope)
        refusal = refusal or self._denial(scope, caller)
        body = b""
        if refusal is None and scope["method"] in _WITH_BODY:
            most = _most(scope)
            try:
                body = await asyncio.wait_for(_whole(receive, most), self._body_within)
            except asyncio.TimeoutError:
                refusal = _TOO_SLOW
            refusal = _too_long(most) if len(body) > most else refusal
        if refusal is not None:
            await _refuse(send, refusal)
            return
        api = await self.warm()
        await api(scope, _replay(body, receive), self._written_down(caller, _fresh(send)))

    def warm(self) -> "asyncio.Future[Application]":
        """The API, which is imported now if it was not yet."""
        if self._api is None:
            self._api = asyncio.get_running_loop().run_in_executor(None, self._make)
        return asyncio.shield(self._api)

    def _caller(self, scope: Scope) -> Caller:
        return self._gate.doorman.caller(_text(scope["headers"]), scope["state"][PEER])

    def _denial(self, scope: Scope, caller: Caller) -> Refusal | None:
        """Why somebody is not let in; what is open is so, but where nobody can be known."""
        denial = self._gate.doorman.refusal(_text(scope["headers"]), caller)
        asked = (scope["path"], scope["method"])
        return None if denial is not None and denial.status == 401 and asked in OPEN else denial

    def _written_down(self, caller: Caller, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._gate.write_down(caller, message["status"])
            elif message.get("more_body") and not self._gate.doorman.stays(caller):
                raise TurnedOut
            await send(message)

        return sent

    def _refusal(self, scope: Scope, asset: Asset | None) -> Refusal | None:
        method: str = scope["method"]
        headers: Headers = scope["headers"]
        files = asset is not None and method in _READING
        peer = scope["state"][PEER].address
        refusal = self._guard.refusal(_text(headers), origin=not files, peer=peer)
        if refusal is not None or files:
            return refusal
        if asset is not None:
            return Refusal(405, "a file can only be read", "Use GET.")
        return _unfit(headers, _most(scope)) if method in _WITH_BODY else None


def _most(scope: Scope) -> int:
    """Bytes that the body of a request may have."""
    return LONGER.get(scope["path"], MOST_BODY)


def _too_long(most: int) -> Refusal:
    return Refusal(413, f"a request may have {most} bytes at most", "Send less.")


async def _whole(receive: Receive, most: int) -> bytes:
    """A request's body, or more of it than it may have."""
    body = b""
    while len(body) <= most:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hands on what was read; then what else there is: the end of the connection."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _fresh(send: Send) -> Send:
    """What the API answers is true now, for who asks, and kept by nobody unless it says so."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = [_VARY] if _says_for_how_long(message) else [_NO_STORE]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return sent


def _says_for_how_long(start: Message) -> bool:
    return any(name == _NO_STORE[0] for name, _ in start["headers"])


def _text(headers: Headers) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _unfit(headers: Headers, most: int) -> Refusal | None:
    """Why the body of a request is not even read."""
    found = dict(headers)
    media_type = found.get(b"content-type", b"").split(b";")[0].strip().lower()
    if media_type != b"application/json":
        # A form of another site can send anything else without being asked for leave (CORS).
        return Refusal(415, "only JSON is understood", "Send Content-Type: application/json.")
    length = found.get(b"content-length", b"0")  # the server has seen to it that it is a number
    return _too_long(most) if int(length) > most else None


async def _refuse(send: Send, refusal: Refusal) -> None:
    headers = [(b"content-type", b"application/json"), _NO_STORE]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if refusal.status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    if refusal.status in (408, 413):  # what else is sent shall not be read
        headers.append((b"connection", b"close"))
    await _answer(send, refusal.status, headers, refusal.json().encode())


async def _give(send: Send, asset: Asset, headers: Headers) -> None:
    found = dict(headers)
    answer = [
        (b"etag", asset.tag.encode()),
        (b"cache-control", asset.caching.encode()),
        (b"vary", b"accept-encoding"),
    ]
    if asset.tag.encode() in found.get(b"if-none-match", b""):
        await _answer(send, 304, answer, None)
        return
    answer.append((b"content-type", asset.media_type.encode()))
    packed = asset.packed if b"gzip" in found.get(b"accept-encoding", b"") else None
    if packed is not None:
        answer.append((b"content-encoding", b"gzip"))
    await _answer(send, 200, answer, asset.data if packed is None else packed)


async def _answer(send: Send, status: int, headers: Headers, body: bytes | None) -> None:
    if body is not None:
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body or b""})
