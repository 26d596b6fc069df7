"""A client that says exactly what it is told to."""

import contextlib
import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.web.child import TIMEOUT


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    port: int,
    path: str = "/",
    method: str = "GET",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """One request on a connection of its own."""
    given: dict[str, Any] = {"Host": f"127.0.0.1:{port}", **(headers or {})}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if body is not None:
            given.setdefault("Content-Length", str(len(body)))
        for name, value in given.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()


def say(port: int, data: bytes) -> bytes:
    """All that comes back until the server closes the connection; bytes are sent as they are."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        with contextlib.suppress(OSError):  # it may not want to hear all of it
            connection.sendall(data)
        return until_closed(connection)


def until_closed(connection: socket.socket) -> bytes:
    """What comes until the end, be it an orderly one or not."""
    heard = b""
    with contextlib.suppress(ConnectionResetError):
        while data := connection.recv(65_536):
            heard += data
    return heard
