"""The application itself, without a server around it."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from smartrec.access.model import Scope, User
from smartrec.access.roster import Roster
from smartrec.clock import SystemClock
from smartrec.web.doorman import Entrance
from smartrec.web.gate import Gate
from smartrec.web.guard import Guard
from smartrec.web.keeper import Keeper, News
from smartrec.web.peer import Peer
from smartrec.web.pouring import Pouring, Room
from smartrec.web.site import PEER, Site

SOMEBODY = News(Roster(users=[User("anna", Scope.ADMIN, 0, 0)]))


class Long(Pouring):
    """Some pieces; behind the first, somebody gets a password."""

    def __init__(self, keeper: Keeper) -> None:
        super().__init__(Room(1), {})
        self._keeper = keeper

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        yield b"first"
        assert self._keeper.listener is not None
        self._keeper.listener(SOMEBODY)
        for _ in range(3):
            yield b"more"


def request() -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": "/api/v1/facets",
        "raw_path": b"/api/v1/facets",
        "headers": [(b"host", b"localhost:8787")],
        "state": {PEER: Peer("127.0.0.1")},
    }


def test_a_long_answer_ends_where_its_owner_is_turned_out() -> None:
    async def asked() -> list[dict[str, Any]]:
        keeper = Keeper(None, asyncio.get_running_loop())
        gate = Gate(Entrance.of({}, "127.0.0.1", 8787), keeper, SystemClock())
        site = Site(Guard("127.0.0.1"), gate, {}, lambda: Long(keeper))
        sent: list[dict[str, Any]] = []

        async def send(message: Any) -> None:
            sent.append(dict(message))

        async def receive() -> dict[str, Any]:
            return await asyncio.Future()  # the client stays

        await site(request(), receive, send)
        return sent

    start, first = asyncio.run(asked())
    assert start["status"] == 200
    assert (first["body"], first["more_body"]) == (b"first", True)
