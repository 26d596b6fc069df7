"""TLS before HTTP: who comes is asked to encrypt, in the time that any request has.

asyncio's own server would give a client a minute for the handshake and count it nowhere until
then. Here it is a connection like any other from its first moment. The loop's thread only, but for
`Secured`, which waits for disks.
"""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any, ClassVar, Final, cast

from smartrec.access import certificate
from smartrec.access.certificate import Certificate
from smartrec.app.page_messages import Setup
from smartrec.clock import SystemClock
from smartrec.store.files import identity
from smartrec.web.connection import Connection
from smartrec.web.crowd import Crowd
from smartrec.web.guard import Guard, Refusal
from smartrec.web.peer import peer_of
from smartrec.web.site import Receive, Scope, Send

RENEWED_EVERY: Final = 3600.0
"""Seconds between two looks at the certificate."""
_HANDSHAKE: Final = b"\x16"
"""The first byte of whoever speaks TLS: a record's type (RFC 8446, 5.1)."""
_SAFE: Final = ("GET", "HEAD")


class Secured:
    """How this page speaks TLS now.

    Attributes:
        context: For connections from now on.
        certificate: What they are shown.
    """

    def __init__(self, setup: Setup) -> None:
        self._state = Path(setup.state)
        settings = setup.settings
        self._address = settings["address"]
        self._hosts = tuple(settings.get("hosts") or ())
        own, ca = settings.get("certificate"), settings.get("client_ca")
        self._own = (Path(own), Path(settings["key"])) if own else None
        self._ca = None if ca is None else Path(ca)
        self._read: object = None
        self.certificate, self.context = self._taken()

    @classmethod
    def prepared(cls, setup: Setup) -> "Secured | None":
        """With a certificate of the user's or one made here; None where no TLS is wanted.

        Raises:
            NoPage: The certificate cannot be used.
            StoreError: None can be kept.
        """
        return cls(setup) if setup.settings.get("encrypted") else None

    @property
    def fingerprint(self) -> str:
        """By which people know a certificate that nobody else vouches for; else empty."""
        return self.certificate.fingerprint if self.certificate.made_here else ""

    def renewed(self) -> bool:
        """Whether there is another certificate since; new connections are shown that.

        Raises:
            NoPage: It cannot be used; the present one stays.
            StoreError: A new one cannot be kept; the present one stays.
        """
        if self._own is not None and self._marks(self._own) == self._read:
            return False
        before = self.certificate.fingerprint
        self.certificate, self.context = self._taken()
        return self.certificate.fingerprint != before

    def _taken(self) -> tuple[Certificate, ssl.SSLContext]:
        if self._own is None:
            names = certificate.wanted_names(self._address, self._hosts)
            found = certificate.made(self._state, names, SystemClock().now().wall_ns)
            return found, certificate.context(found.path, found.key, self._ca)
        marks = self._marks(self._own)  # first: what is replaced meanwhile is read again
        found = certificate.read(*self._own)
        context = certificate.context(found.path, found.key, self._ca)
        self._read = marks
        return found, context

    @staticmethod
    def _marks(paths: tuple[Path, Path]) -> object:
        return [identity(path) for path in paths]


class Doorway(asyncio.Protocol):
    """A connection until it is encrypted: then it is one of `inner`. uvicorn makes it for each.

    Who speaks plain HTTP is told where to go; where it is one too many, it is closed at once.

    Attributes:
        address: The other end's.
    """

    secured: ClassVar[Secured]
    inner: ClassVar[type[Connection]]
    guard: ClassVar[Guard]
    crowd: ClassVar[Crowd]
    within: ClassVar[float]

    def __init__(self, **given: Any) -> None:
        self._given = given
        self._connections: set[object] = given["server_state"].connections
        self.address = ""
        self._heard = b""
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`; of the connection as it is, not encrypted."""
        plain = cast("asyncio.Transport", transport)
        self.address = peer_of(plain).address
        self._connections.add(self)
        if self.crowd.is_full(self._connections, self.address):
            self._connections.discard(self)
            plain.abort()
            return
        # What is encrypted already can no longer be replaced by a newer picture.
        plain.set_write_buffer_limits(high=0)
        self._task = asyncio.get_running_loop().create_task(self._enter(plain))

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`; what a client says in one go with the end of its handshake."""
        self._heard += data

    def shutdown(self) -> None:
        """The server ends."""
        if self._task is not None:
            self._task.cancel()

    async def _enter(self, plain: asyncio.Transport) -> None:
        plain.pause_reading()  # before the loop looks whether there is anything
        try:
            await asyncio.wait_for(self._greet(plain), self.within)
        except (OSError, asyncio.TimeoutError):  # also of TLS: who cannot speak it is no news
            plain.abort()
        except asyncio.CancelledError:
            plain.abort()
            raise
        finally:
            self._connections.discard(self)

    async def _greet(self, plain: asyncio.Transport) -> None:
        if await _first(plain) != _HANDSHAKE:
            self._show_the_way(plain)
            return
        loop = asyncio.get_running_loop()
        secure = await loop.start_tls(plain, self, self.secured.context, server_side=True)
        if secure is None or secure.is_closing():
            plain.abort()
            return
        inner = self.inner(**self._given)
        self._connections.discard(self)
        secure.set_protocol(inner)
        inner.connection_made(secure)
        if self._heard:
            inner.data_received(self._heard)

    def _show_the_way(self, plain: asyncio.Transport) -> None:
        moved = self.inner(**self._given)
        moved.app = cast("Any", Moved(self.guard))  # uvicorn's own type is a union of three
        moved.ws_protocol_class = None
        self._connections.discard(self)
        plain.set_protocol(moved)
        moved.connection_made(plain)
        plain.resume_reading()


class Moved:
    """Answers who speaks plain HTTP where TLS is spoken.

    Args:
        guard: Knows the names that may be named in an answer.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send a browser to the same page by https; anything else is refused."""
        headers = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        refusal = self._guard.refusal(headers, origin=False)
        answer = [(b"connection", b"close"), (b"cache-control", b"no-store")]
        if refusal is None and scope["method"] in _SAFE:
            host = next(value for name, value in scope["headers"] if name == b"host")
            query = scope["query_string"]
            path = scope["raw_path"] + (b"?" + query if query else b"")
            where = b"https://" + host + (path if path.startswith(b"/") else b"/")
            await _answer(send, 308, [*answer, (b"location", where)], b"")
            return
        refusal = refusal or Refusal(400, "https is spoken here", "Begin the address with https:.")
        answer.append((b"content-type", b"application/json"))
        await _answer(send, refusal.status, answer, refusal.json().encode())


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _first(plain: asyncio.Transport) -> bytes:
    """The first byte that a client sends, which stays to be read; empty where it sends none."""
    loop = asyncio.get_running_loop()
    # A descriptor of its own: asyncio lets nobody else wait for one that it reads.
    with plain.get_extra_info("socket").dup() as end:
        came = asyncio.Event()
        loop.add_reader(end, came.set)
        try:
            await came.wait()
        finally:
            loop.remove_reader(end)
        first: bytes = end.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        return first
