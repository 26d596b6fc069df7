"""A connection of a browser, with an end to its patience. The loop's thread only.

uvicorn gives a client all the time it likes to send a request. Here it has some seconds, whether it
is its first request or a later one on the same connection.
"""

import asyncio
import socket
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_WITHIN: Final = 10.0
"""Seconds from the first moment that a request may come until it is there."""
_TAKEN_WITHIN: Final = 30_000
"""Milliseconds in which a client must take something of an answer; TCP_USER_TIMEOUT of tcp(7)."""


class Connection(H11Protocol):
    """See the module; `most` connections may be open."""

    most: ClassVar[int]
    request_within: ClassVar[float] = REQUEST_WITHIN

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.abort()
            return
        end = transport.get_extra_info("socket")
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _TAKEN_WITHIN)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._relax()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        super().data_received(data)
        if self._asked:
            self._relax()

    def handle_websocket_upgrade(self, event: Any) -> None:
        """The connection is another protocol's from now on."""
        self._relax()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """The next request may come."""
        super().on_response_complete()
        if not self._asked and not self.transport.is_closing():
            self._expect()

    @property
    def _asked(self) -> bool:
        """Whether a request is being answered; its body has a deadline of its own."""
        return self.cycle is not None and not self.cycle.response_complete

    def _expect(self) -> None:
        self._relax()
        self._deadline = self.loop.call_later(self.request_within, self.transport.abort)

    def _relax(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
