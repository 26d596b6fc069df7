"""Where browsers connect, and whether they may."""

import errno
import os
import socket
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from smartrec.access import machine
from smartrec.errors import NoPage

BACKLOG: Final = 128
_SERVICE_PORTS: Final = 1024
UNENCRYPTED: Final = (
    "not encrypted: whoever shares the network reads passwords and pictures; "
    'leave [web] tls = "off" out'
)


def warning(settings: Mapping[str, Any]) -> str:
    """What is dangerous about how the page is served; empty where nothing is."""
    alone = ip_address(settings["address"]).is_loopback or settings.get("proxy")
    return "" if alone or settings.get("encrypted") else UNENCRYPTED


def check_strangers(settings: Mapping[str, Any], state: Path | None) -> None:
    """See that whoever comes from elsewhere must say who he is. May wait for a disk.

    Args:
        settings: The table ``[web]``.
        state: Where users are kept; None: nowhere.

    Raises:
        NoPage: Nobody would have to.
        StoreError: It cannot be told whether there are users.
    """
    named = settings.get("proxy") and settings.get("proxy_user_header")
    if ip_address(settings["address"]).is_loopback or named or settings.get("client_ca"):
        return
    if state is None or not _has_users(state):
        raise NoPage(
            f"the page is not served at {settings['address']} while there is no user: whoever "
            "reaches it could see all",
            hint="Make one: smartrec user add NAME; or come by ssh -L 8787:127.0.0.1:8787 with "
            '[web] address = "127.0.0.1".',
        )


def listen(address: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes any that is free.

    Raises:
        NoPage: The port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    try:
        end = _bound(family, address, port)
    except OSError as error:
        raise NoPage(
            f"the page cannot be served at {address}, port {port}: {os.strerror(error.errno or 0)}",
            hint=_hint(error.errno, address, port),
        ) from error
    end.setblocking(False)
    return end


def _has_users(state: Path) -> bool:
    from smartrec.access.vault import Vault  # late: a page of this machine alone starts without

    with Vault.open(state, create=False) as vault:
        return vault.roster().login_needed


def _bound(family: int, address: str, port: int) -> socket.socket:
    # Said to be TCP: else asyncio does not set TCP_NODELAY, and small answers wait for 40 ms.
    end = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A port that connections of an earlier recorder still hold for a minute is free.
        end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            end.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # "::" is IPv4's too
        end.bind((address, port))
        end.listen(BACKLOG)
    except OSError:
        end.close()
        raise
    return end


def address_of(end: socket.socket, *, encrypted: bool = False) -> str:
    """What a browser is given: this machine's name where it listens at all of its addresses."""
    host, port = end.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = next(iter(machine.host_names()), "localhost")
    scheme = "https" if encrypted else "http"
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


def _hint(number: int | None, address: str, port: int) -> str:
    if number == errno.EADDRINUSE:
        return f"See who has it: ss -ltnp 'sport = :{port}'; or choose another: [web] port."
    if number in (errno.EACCES, errno.EPERM):
        return f"Choose one from {_SERVICE_PORTS}: [web] port = 8787."
    return "See which addresses this machine has: ip -brief address; then set [web] address."
