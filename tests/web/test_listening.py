"""Where browsers connect."""

import asyncio
import socket
from pathlib import Path

import pytest

from smartrec.access.machine import host_names
from smartrec.access.vault import Vault
from smartrec.errors import NoPage, StoreError
from smartrec.web.listening import address_of, check_strangers, listen


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


@pytest.mark.parametrize(
    ("settings", "served"),
    [
        ({"address": "127.0.0.1"}, True),
        ({"address": "::1", "proxy": ["127.0.0.1"]}, True),
        ({"address": "0.0.0.0"}, False),
        ({"address": "::"}, False),
        ({"address": "192.0.2.1", "encrypted": True}, False),
        ({"address": "0.0.0.0", "proxy": ["192.0.2.2"]}, False),
        ({"address": "0.0.0.0", "proxy": [], "proxy_user_header": "Remote-User"}, False),
        ({"address": "0.0.0.0", "proxy": ["192.0.2.2"], "proxy_user_header": "User"}, True),
        ({"address": "0.0.0.0", "client_ca": "/ca.pem"}, True),
    ],
)
@pytest.mark.parametrize("kept", [True, False])
def test_without_a_user_only_this_machine_comes_in_unless_others_say_who_it_is(
    tmp_path: Path, settings: dict[str, object], served: bool, kept: bool
) -> None:
    state = tmp_path / "state" if kept else None
    if served:
        check_strangers(settings, state)
        return
    with pytest.raises(NoPage, match="no user") as told:
        check_strangers(settings, state)
    assert "smartrec user add" in (told.value.hint or "")
    with Vault.open(tmp_path / "state", create=True) as vault:
        vault.add_user("ann", "correct horse battery")
    check_strangers(settings, tmp_path / "state")


def test_users_that_cannot_be_read_let_nobody_in(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "access.sqlite").write_bytes(b"x" * 5000)
    with pytest.raises(StoreError):
        check_strangers({"address": "0.0.0.0"}, tmp_path)


@pytest.mark.parametrize(("address", "host"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
@pytest.mark.parametrize("encrypted", [True, False])
def test_a_browser_is_given_what_it_can_open(address: str, host: str, encrypted: bool) -> None:
    with listen(address, 0) as end:
        port = end.getsockname()[1]
        scheme = "https" if encrypted else "http"
        assert address_of(end, encrypted=encrypted) == f"{scheme}://{host}:{port}/"
    with listen("0.0.0.0", 0) as end:
        name = (*host_names(), "localhost")[0]
        assert address_of(end) == f"http://{name}:{end.getsockname()[1]}/"
