"""The application: files of the page, and the API behind the guard. The loop's thread only."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from smartrec.web.assets import Asset
from smartrec.web.guard import Guard, Refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

MOST_BODY: Final = 64_000
BODY_WITHIN: Final = 10.0
"""Seconds."""
_READING: Final = ("GET", "HEAD")


class Site:
    """An ASGI application.

    Args:
        guard: Decides who may ask.
        assets: By path.
        api: Makes the rest; called once, on another thread, for it takes long to be imported.
    """

    def __init__(
        self, guard: Guard, assets: Mapping[str, Asset], api: Callable[[], Application]
    ) -> None:
        self._guard = guard
        self._assets = assets
        self._make = api
        self._api: asyncio.Future[Application] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asset = self._assets.get(scope["raw_path"].decode("latin-1"))
        reads = scope["method"] in _READING
        headers: Headers = scope["headers"]
        refusal = self._guard.refusal(_text(headers), origin=asset is None or not reads)
        if refusal is None and asset is not None and not reads:
            refusal = Refusal(405, "a file can only be read", "Use GET.")
        if refusal is None and not reads:
            refusal = _unfit(headers)
        if refusal is not None:
            await _refuse(send, refusal)
        elif asset is not None:
            await _give(send, asset, headers)
        else:
            api = await self.warm()
            await api(scope, _Body(receive).receive, send)

    def warm(self) -> "asyncio.Future[Application]":
        """The API, which is imported now if it was not yet."""
        if self._api is None:
            self._api = asyncio.get_running_loop().run_in_executor(None, self._make)
        return self._api


class TooMuch(Exception):  # noqa: N818 - a condition, not an error
    """A body is longer than any that is understood, or takes too long; `status` says which."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Body:
    """Hands a request's body on as long as it is short and comes in time."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._length = 0
        self._whole = False

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), BODY_WITHIN)
        except asyncio.TimeoutError:
            raise TooMuch(408, "the request does not come to its end") from None
        self._length += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._length > MOST_BODY:
            raise TooMuch(413, f"a request may have {MOST_BODY} bytes at most")
        return message


def _text(headers: Headers) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _unfit(headers: Headers) -> Refusal | None:
    """Why the body of a request is not even read."""
    found = dict(headers)
    media_type = found.get(b"content-type", b"").split(b";")[0].strip().lower()
    if media_type != b"application/json":
        # A form of another site can send anything else without being asked for leave (CORS).
        return Refusal(415, "only JSON is understood", "Send Content-Type: application/json.")
    length = found.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > MOST_BODY:
        return Refusal(413, f"a request may have {MOST_BODY} bytes at most", "Send less.")
    return None


async def _refuse(send: Send, refusal: Refusal) -> None:
    error = {"message": refusal.message, "hint": refusal.hint}
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if refusal.status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await _answer(send, refusal.status, headers, json.dumps({"error": error}).encode())


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
