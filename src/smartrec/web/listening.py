"""Where browsers connect."""

import errno
import os
import socket
from ipaddress import ip_address
from typing import Final

from smartrec.errors import SmartrecError

BACKLOG: Final = 128
_SERVICE_PORTS: Final = 1024


class CannotListen(SmartrecError):  # noqa: N818 - the tree names conditions, not classes
    """Nobody can connect there now."""


def listen(address: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes any that is free.

    Raises:
        CannotListen: The port is taken, the address is not this machine's or not safe.
    """
    where = ip_address(address)
    if not where.is_loopback:
        raise CannotListen(
            f"the page may not be served at {address} yet: whoever reaches it could see all",
            hint='Set [web] address = "127.0.0.1" and come by ssh -L 8787:127.0.0.1:8787.',
        )
    end = socket.socket(socket.AF_INET6 if where.version == 6 else socket.AF_INET)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        end.bind((address, port))
        end.listen(BACKLOG)
    except OSError as error:
        end.close()
        raise CannotListen(
            f"the page cannot be served at {address}, port {port}: {os.strerror(error.errno or 0)}",
            hint=_hint(error.errno, address, port),
        ) from error
    end.setblocking(False)
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
