"""What of uvicorn the page stands on beside its documented interface, in whatever version is here.

pyproject.toml lets in no version that this was not tried with.
"""

import asyncio
import inspect
from contextlib import closing

import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from smartrec.web.connection import Connection
from smartrec.web.live import LiveSocket
from smartrec.web.server import _Server

OURS = {"address", "crowd", "request_within"}


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


def parameters(function: object) -> list[str]:
    assert callable(function)
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize(("kind", "parent"), [(Connection, H11Protocol), (_Server, uvicorn.Server)])
def test_what_is_overridden_is_there_and_called_the_same_way(kind: type, parent: type) -> None:
    for name in public(kind) - OURS:
        assert parameters(getattr(kind, name)) == parameters(getattr(parent, name)), name


def test_a_connection_has_what_ours_looks_at() -> None:
    config = uvicorn.Config(lambda: None, ws="none", log_config=None)
    with closing(asyncio.new_event_loop()) as loop:
        made = H11Protocol(config, ServerState(), {}, loop)
    assert made.connections == set()
    assert made.loop is loop
    assert "transport" in vars(made)
    assert vars(made)["cycle"] is None, "as long as nothing was asked"
    source = inspect.getsource(RequestResponseCycle.__init__)
    assert "self.response_started = False" in source
    assert "self.response_complete = False" in source


def test_an_upgraded_connection_is_made_as_its_own_kind_is() -> None:
    own = [name.lstrip("_") for name in parameters(LiveSocket.__init__)]
    assert own == [name.lstrip("_") for name in parameters(WebSocketsSansIOProtocol.__init__)]
    assert "shutdown" in public(WebSocketsSansIOProtocol) & public(LiveSocket)
    assert isinstance(ServerState().connections, set)
