"""A connection of a browser, with an end to its patience. The loop's thread only.

uvicorn gives a client all the time it likes to send a request, and to take the answer. Here either
has its limit, whether it is the first request of a connection or a later one.
"""

import asyncio
import socket
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from smartrec.web.crowd import Crowd
from smartrec.web.guard import HEADERS
from smartrec.web.peer import peer_of
from smartrec.web.site import PEER

REQUEST_WITHIN: Final = 10.0
"""Seconds from a connection's or a later request's first byte until the request is there."""
_TAKEN_WITHIN: Final = 30_000
"""Milliseconds in which a client must take something of an answer; TCP_USER_TIMEOUT of tcp(7)."""
_NOT_HTTP: Final = "".join(
    (
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n",
        *(f"{name}: {value}\r\n" for name, value in HEADERS),
        "Connection: close\r\n\r\nThis is no HTTP.\n",
    )
).encode()


class Connection(H11Protocol):
    """See the module; where it is one too many, it is closed at once.

    Attributes:
        address: The other end's.
    """

    crowd: ClassVar[Crowd]
    request_within: ClassVar[float] = REQUEST_WITHIN

    address: str = ""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        peer = peer_of(transport)
        self.address = peer.address
        if self.crowd.is_full(self.connections, peer.address):
            transport.abort()
            return
        self.app_state = {**self.app_state, PEER: peer}
        end = transport.get_extra_info("socket")
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _TAKEN_WITHIN)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._relax()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._deadline is None and not self._answering:
            self._expect()
        super().data_received(data)
        if self._answering:  # its body has a deadline of its own
            self._relax()

    def handle_websocket_upgrade(self, event: Any) -> None:
        """The connection is another protocol's from now on."""
        self._relax()
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """What came is not HTTP."""
        if self._answering and self.cycle.response_started:
            self.transport.abort()  # in the middle of another answer
            return
        self.transport.write(_NOT_HTTP)
        self.transport.close()

    @property
    def _answering(self) -> bool:
        # uvicorn's own type leaves out that there is none at first.
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _expect(self) -> None:
        self._relax()
        self._deadline = self.loop.call_later(self.request_within, self.transport.abort)

    def _relax(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
