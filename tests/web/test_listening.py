"""Where browsers connect."""

import asyncio
import socket

from smartrec.web.listening import listen


def test_small_answers_are_sent_at_once() -> None:
    async def accepted() -> int:
        loop = asyncio.get_running_loop()
        told = loop.create_future()

        class Browser(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                end = transport.get_extra_info("socket")
                told.set_result(end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

        end = listen("127.0.0.1", 0)
        async with await loop.create_server(Browser, sock=end):
            _, writer = await asyncio.open_connection(*end.getsockname())
            nodelay: int = await told
            writer.close()
            return nodelay

    assert asyncio.run(accepted())
