"""The live socket of an open page: pictures, looks and events, each as soon as it can take them.

It is a protocol of asyncio, not an application on top of one: what is sent was made once for all,
and goes from the hub into the socket without a task, a queue or a copy for each browser. Where the
socket takes no more, one picture of each camera waits, the newest. The WebSocket itself (RFC 6455)
is that of the library ``websockets``. The loop's thread only.

    browser -> server    {"watch": ["cam0", …]}: these cameras and no others; anything else, or too
                         much of it, ends the connection

Whoever may not look on any more, for his session ended or his role became another, is turned out
with `TURNED_OUT` within a second.

A browser that is slow is heard all the same. What it makes the protocol itself say (pongs) is
bounded by how much it may say at all.
"""

import asyncio
import json
import logging
import socket
from collections import deque
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Final, cast

from websockets.exceptions import NegotiationError
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from smartrec import __version__
from smartrec.access.model import Kind
from smartrec.clock import SystemClock
from smartrec.web import frames
from smartrec.web.coded import Line, Part
from smartrec.web.doorman import Caller, Doorman
from smartrec.web.guard import HEADERS, Guard, Refusal
from smartrec.web.hub import Hub
from smartrec.web.peer import peer_of

PATH: Final = "/api/v1/live"
SUBPROTOCOL: Final = "smartrec.live.v1"
MOST_TEXTS: Final = 1000
"""A page that is so many events behind is dropped; it comes back and sees how things stand."""
MOST_SAID: Final = 4096
"""Bytes of a message of a browser."""
MOST_FRAMES: Final = 200
"""Of a browser between two pings, of whatever kind."""
PING_EVERY: Final = 20.0
"""Seconds; one that was not answered by the next ends the connection."""
TURNED_OUT: Final = 4401
"""Code of the end of a connection whose owner must log in again; as 401 is in HTTP."""
_CLOSED_WITHIN: Final = 5.0
_UNSENT: Final = 256 * 1024
"""Bytes that the kernel may hold of what a slow browser does not take: more would be delay."""

log = logging.getLogger(__name__)


class LiveSocket(asyncio.Protocol):
    """One open page; uvicorn makes one for each upgrade to a WebSocket.

    Args:
        config: Of uvicorn.
        server_state: Of uvicorn, which ends all connections that it knows.
        app_state: Not used.
        _loop: Not used.
    """

    hub: ClassVar[Hub]
    guard: ClassVar[Guard]
    doorman: ClassVar[Doorman]
    most: ClassVar[int]
    ping_every: ClassVar[float] = PING_EVERY

    def __init__(
        self, config: object, server_state: Any, app_state: object, _loop: object = None
    ) -> None:
        self._connections: set[object] = server_state.connections
        self._talk = ServerProtocol(
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            select_subprotocol=_choose,
            max_size=MOST_SAID,
            logger=log,
        )
        self._loop = asyncio.get_running_loop()
        self.address = ""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._writable = True
        self._answered = True
        self._heard = 0
        self._said = b""
        self._texts: deque[bytes] = deque()
        self._looks: dict[int, bytes] = {}
        self._pictures: dict[int, bytes] = {}
        self._lines: dict[int, Line] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)
        # Not 0: with TLS, asyncio would take an empty buffer for a full one.
        self._transport.set_write_buffer_limits(high=1, low=0)
        end = transport.get_extra_info("socket")
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT)
        self.address = peer_of(transport).address
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._connections.discard(self)
        self._leave()
        if self._timer is not None:
            self._timer.cancel()
        self._transport = None

    def pause_writing(self) -> None:
        """Something of what was written waits."""
        self._writable = False

    def resume_writing(self) -> None:
        """All that was written is the kernel's."""
        self._writable = True
        self._flush()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._talk.receive_data(data)
        for event in self._talk.events_received():
            if isinstance(event, Request):
                self._greet(event)
            elif isinstance(event, Frame) and self._talk.state is State.OPEN:
                self._take(event)
        self._answer()

    def eof_received(self) -> None:
        """See `asyncio.Protocol`."""
        self._talk.receive_eof()
        self._answer()

    def shutdown(self) -> None:
        """The server ends."""
        self._close(CloseCode.GOING_AWAY)

    def turn_out(self) -> None:
        """See `Visitor.turn_out`."""
        self._close(TURNED_OUT, "log in again")

    def tell(self, frame: bytes) -> None:
        """See `Viewer.tell`."""
        if self._writable:
            self._write(frame)
        elif len(self._texts) < MOST_TEXTS:
            self._texts.append(frame)
        elif self._transport is not None:
            log.debug("a page is %d events behind: it is dropped", MOST_TEXTS)
            self._transport.abort()

    def look(self, index: int, frame: bytes) -> None:
        """See `Viewer.look`."""
        if self._writable:
            self._write(frame)
        else:
            self._looks[index] = frame

    def offer(self, index: int, frame: bytes) -> None:
        """See `Viewer.offer`."""
        if self._writable:
            self._write(frame)
        else:
            self._pictures[index] = frame

    def stream(self, index: int, part: Part) -> None:
        """See `Viewer.stream`."""
        self._lines.setdefault(index, Line()).put(part)
        self._flush_lines()

    def forget(self, index: int) -> None:
        """See `Viewer.forget`."""
        for waiting in (self._looks, self._pictures, self._lines):
            waiting.pop(index, None)

    def _flush(self) -> None:
        while self._writable and self._texts:
            self._write(self._texts.popleft())
        # Of several cameras the one that waits longest comes first: a dict keeps their order.
        for waiting in (self._looks, self._pictures):
            while self._writable and waiting:
                self._write(waiting.pop(next(iter(waiting))))
        self._flush_lines()

    def _flush_lines(self) -> None:
        while self._writable and (waiting := [line for line in self._lines.values() if line]):
            for line in waiting:
                if self._writable:
                    self._write(line.take())

    def _write(self, frame: bytes) -> None:
        if self._transport is not None and self._talk.state is State.OPEN:
            self._transport.write(frame)

    def _greet(self, request: Request) -> None:
        headers = list(request.headers.raw_items())
        assert self._transport is not None
        peer = peer_of(self._transport)
        caller = self.doorman.caller(headers, peer)
        foreign = self.guard.refusal(headers, origin=True, peer=peer.address)
        refusal = foreign or self._refusal(request.path, headers, caller)
        if refusal is None:
            response = self._talk.accept(request)
        else:
            response = self._talk.reject(HTTPStatus(refusal.status), refusal.json())
            response.headers["Content-Type"] = "application/json"
        for name, value in HEADERS:
            response.headers[name] = value
        self._talk.send_response(response)
        if self._talk.state is not State.OPEN:
            return
        self._answer()
        assert caller.principal is not None
        self.doorman.let_in(self, caller.principal)
        self._write(frames.text(_hello(self.hub)))
        self.hub.join(self)
        self._timer = self._loop.call_later(self.ping_every, self._ping)

    def _refusal(self, path: str, headers: list[tuple[str, str]], caller: Caller) -> Refusal | None:
        if path != PATH:
            return Refusal(404, "there is no such socket", f"It is at {PATH}.")
        refusal = self.doorman.refusal(headers, caller)
        if refusal is not None:
            return refusal
        if caller.principal is not None and caller.principal.kind is Kind.SHARE:
            return Refusal(403, "this link shows one clip alone", "Log in to see more.")
        if self.hub.viewers >= self.most:
            return Refusal(
                503,
                f"{self.most} pages are open, as many as may be",
                "Close one, or allow more in the settings: [web] viewers.",
            )
        return None

    def _leave(self) -> None:
        self.hub.leave(self)
        self.doorman.leave(self)

    def _take(self, frame: Frame) -> None:
        self._heard += 1
        if self._heard > MOST_FRAMES:
            self._close(CloseCode.POLICY_VIOLATION, "too many messages")
        elif frame.opcode is Opcode.PONG:
            self._answered = True
        elif frame.opcode is Opcode.BINARY:
            self._close(CloseCode.POLICY_VIOLATION, "text only")
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._said += bytes(frame.data)
            if frame.fin:
                said, self._said = self._said, b""
                self._obey(said)

    def _obey(self, said: bytes) -> None:
        cameras = _watch(said)
        if cameras is None:
            self._close(CloseCode.POLICY_VIOLATION, 'only {"watch": [cameras]} is understood')
        else:
            self.hub.watch(self, cameras)

    def _ping(self) -> None:
        if not self._answered and self._transport is not None:
            self._transport.abort()
            return
        self._answered, self._heard = False, 0
        self._talk.send_ping(b"")
        self._answer()
        self._timer = self._loop.call_later(self.ping_every, self._ping)

    def _close(self, code: int, reason: str = "") -> None:
        if self._talk.state is State.OPEN:
            self._talk.send_close(code, reason)
            self._answer()

    def _answer(self) -> None:
        """Send what the protocol itself has to say, and end where it says so."""
        if self._transport is None:
            return
        for data in self._talk.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()
        if self._talk.state is not State.OPEN:
            self._leave()
            self._texts.clear()
            self._looks.clear()
            self._pictures.clear()
            self._lines.clear()
        if self._talk.close_expected():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_later(_CLOSED_WITHIN, self._transport.abort)


def _choose(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Ours, where the client names any."""
    if not offered:
        return None
    if SUBPROTOCOL in offered:
        return Subprotocol(SUBPROTOCOL)
    raise NegotiationError(f"only {SUBPROTOCOL} is spoken")


def _hello(hub: Hub) -> dict[str, Any]:
    now = SystemClock().now()
    return {
        "type": "hello",
        "version": __version__,
        "station": hub.setup.station_id,
        "cameras": hub.shown(),
        "now": frames.moment(now.mono_ns, now.wall_ns),
    }


def _watch(said: bytes) -> frozenset[str] | None:
    """The cameras of a message; None where it is no such message."""
    try:
        message = json.loads(said)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or message.keys() != {"watch"}:
        return None
    cameras = message["watch"]
    if not isinstance(cameras, list) or not all(isinstance(each, str) for each in cameras):
        return None
    return frozenset(cameras)
