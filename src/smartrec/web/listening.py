"""Where browsers connect."""

import errno
import os
import socket
from ipaddress import ip_address
from typing import Final

from smartrec.errors import NoPage

BACKLOG: Final = 128
_SERVICE_PORTS: Final = 1024


def listen(address: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes any that is free.

    Raises:
        NoPage: The port is taken, the address is not this machine's or not safe.
    """
    where = ip_address(address)
    if not where.is_loopback:
        raise NoPage(
            f"the page may not be served at {address} yet: whoever reaches it could see all",
            hint='Set [web] address = "127.0.0.1" and come by ssh -L 8787:127.0.0.1:8787.',
        )
    family = socket.AF_INET6 if where.version == 6 else socket.AF_INET
    try:
        end = _bound(family, address, port)
    except OSError as error:
        raise NoPage(
            f"the page cannot be served at {address}, port {port}: {os.strerror(error.errno or 0)}",
            hint=_hint(error.errno, address, port),
        ) from error
    end.setblocking(False)
    return end


def _bound(family: int, address: str, port: int) -> socket.socket:
    # Said to be TCP: else asyncio does not set TCP_NODELAY, and small answers wait for 40 ms.
    end = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A port that connections of an earlier recorder still hold for a minute is free.
        end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        end.bind((address, port))
        end.listen(BACKLOG)
    except OSError:
        end.close()
        raise
    return end


def address_of(end: socket.socket) -> str:
    """What a browser is given."""
    host, port = end.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _hint(number: int | None, address: str, port: int) -> str:
    if number == errno.EADDRINUSE:
        return f"See who has it: ss -ltnp 'sport = :{port}'; or choose another: [web] port."
    if number in (errno.EACCES, errno.EPERM):
        return f"Choose one from {_SERVICE_PORTS}: [web] port = 8787."
    return "See which addresses this machine has: ip -brief address; then set [web] address."
