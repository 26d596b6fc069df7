"""A page that is open, as a program."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from smartrec.web.live import PATH, SUBPROTOCOL
from tests.web.child import TIMEOUT

HEADER = 32


@dataclass(frozen=True)
class Picture:
    """A binary message."""

    kind: int
    index: int
    keyframe: bool
    epoch: int
    seq: int
    pts: int
    data: bytes

    @classmethod
    def of(cls, message: bytes) -> "Picture":
        version, kind, index, flags = message[:4]
        assert version == 1
        epoch, seq, pts, reserved = (
            int.from_bytes(message[at:end], "little")
            for at, end in ((4, 8), (8, 16), (16, 24), (24, 32))
        )
        assert reserved == 0
        return cls(kind, index, bool(flags & 1), epoch, seq, pts, message[HEADER:])


class Page:
    """What one does that is open."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def watch(self, *cameras: str) -> None:
        self.connection.send(json.dumps({"watch": cameras}))

    def next(self) -> dict[str, Any] | Picture:
        """The next message."""
        message = self.connection.recv(TIMEOUT)
        if isinstance(message, str):
            said: dict[str, Any] = json.loads(message)
            return said
        return Picture.of(message)

    def text(self, kind: str) -> dict[str, Any]:
        """The next message of this type; those before it are passed over."""
        while True:
            message = self.next()
            if isinstance(message, dict) and message["type"] == kind:
                return message

    def picture(self) -> Picture:
        """The next picture; what is before it is passed over."""
        while not isinstance(message := self.next(), Picture):
            pass
        return message

    def code(self) -> int | None:
        """Why the server ended the connection, once it does; None where it did not say."""
        try:
            while True:
                self.next()
        except ConnectionClosed as ended:
            return None if ended.rcvd is None else ended.rcvd.code


@contextmanager
def opened(
    port: int,
    *,
    headers: Mapping[str, str] | None = None,
    buffer: int | None = None,
    host: str = "127.0.0.1",
    **how: Any,
) -> Iterator[Page]:
    """An open page, which has not said yet what it shows.

    Args:
        port: Of the page.
        headers: Further ones of the request.
        buffer: Bytes that its machine takes before the page itself does.
        host: What it calls the server.
        how: Of `connect`; with ``ssl`` it speaks TLS.
    """
    plain = socket.socket()
    if buffer is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    plain.settimeout(TIMEOUT)
    plain.connect(("127.0.0.1", port))
    how = {"subprotocols": [Subprotocol(SUBPROTOCOL)], "max_size": None, **how}
    with connect(
        f"{'wss' if 'ssl' in how else 'ws'}://{host}:{port}{PATH}",
        sock=plain,
        compression=None,
        additional_headers=headers,
        close_timeout=1,
        ping_interval=None,
        **how,
    ) as connection:
        yield Page(connection)
