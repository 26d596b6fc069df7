"""uvicorn, set up for the page."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import uvicorn

from smartrec.clock import SystemClock
from smartrec.web.assets import load
from smartrec.web.connection import REQUEST_WITHIN, Connection
from smartrec.web.crowd import Crowd
from smartrec.web.doorman import Entrance
from smartrec.web.gate import Gate
from smartrec.web.guard import HEADERS, Guard
from smartrec.web.hub import LINGER, Hub
from smartrec.web.keeper import Keeper
from smartrec.web.live import PING_EVERY, LiveSocket
from smartrec.web.proxy import Proxies
from smartrec.web.site import BODY_WITHIN, Application, Site
from smartrec.web.tls import RENEWED_EVERY, Doorway, Secured

OTHERS: Final = 100
"""Connections beside those of open pages."""
_HTTPS: Final = 443
_STRICT: Final = ("Strict-Transport-Security", "max-age=31536000")
_WARM_AFTER: Final = 3.0
"""Seconds; by then the recorder and whoever waited for the page have what they came for."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long browsers, and a port of their own, are waited for, in seconds.

    Attributes:
        request: See `smartrec.web.connection.REQUEST_WITHIN`.
        body: See `smartrec.web.site.BODY_WITHIN`.
        ping: See `smartrec.web.live.PING_EVERY`.
        idle: How long a connection is kept for the next request.
        linger: See `smartrec.web.hub.LINGER`.
        port: Until it is tried again to listen at one that was taken.
        renewed: See `smartrec.web.tls.RENEWED_EVERY`.
    """

    request: float = REQUEST_WITHIN
    body: float = BODY_WITHIN
    ping: float = PING_EVERY
    idle: int = 30
    linger: float = LINGER
    port: float = 10.0
    renewed: float = RENEWED_EVERY


async def serve(
    hub: Hub,
    keeper: Keeper,
    end: socket.socket,
    patience: Patience,
    secured: Secured | None = None,
) -> None:
    """Answer browsers that connect to `end`, until cancelled; encrypted if `secured` says how.

    `keeper` has begun.
    """
    settings = hub.setup.settings
    address, port = end.getsockname()[:2]
    proxies = Proxies(settings.get("proxy") or ())
    hosts = settings.get("hosts") or ()
    guard = Guard(address, hosts, encrypted=secured is not None, proxies=proxies)
    viewers = int(settings["viewers"])
    gate = Gate(Entrance.of(settings, address, port), keeper, SystemClock())
    live = {"hub": hub, "guard": guard, "doorman": gate.doorman, "most": viewers}
    site = Site(guard, gate, load(), partial(_api, hub, gate), patience.body)
    asyncio.get_running_loop().call_later(_WARM_AFTER, site.warm)
    config = uvicorn.Config(
        site,
        host=address,
        port=port,
        http=_http(guard, Crowd(viewers + OTHERS, proxies), patience.request, secured),
        ws=_made(LiveSocket, **live, ping_every=patience.ping),
        loop="asyncio",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        headers=headers_of(settings, port),
        timeout_keep_alive=patience.idle,
    )
    await _Server(config).serve([end])


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None: the recorder says when to end."""
        yield


def headers_of(settings: Mapping[str, Any], port: int) -> list[tuple[str, str]]:
    """Of every answer.

    Browsers are to come by https from now on (RFC 6797) only where that will go on for sure, with a
    certificate of the owner's; and only where the page has the name for itself, at https' own port,
    for it would count for all servers at all ports of that name.
    """
    strict = settings.get("certificate") is not None and port == _HTTPS
    return [*HEADERS, *([_STRICT] if strict else [])]


def _made(kind: type[Any], **what: object) -> type[Any]:
    """A class of connections that knows what it needs: uvicorn makes one for each by itself."""
    return type(kind.__name__, (kind,), what)


def _http(guard: Guard, crowd: Crowd, within: float, secured: Secured | None) -> type[Any]:
    plain = _made(Connection, crowd=crowd, request_within=within)
    if secured is None:
        return plain
    return _made(Doorway, secured=secured, inner=plain, guard=guard, crowd=crowd, within=within)


def _api(hub: Hub, gate: Gate) -> Application:
    from smartrec.web.api import make

    return make(hub, gate)
