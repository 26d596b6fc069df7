"""Messages over a pair of sockets, between the recorder and a child process of its own.

A message is a header of one JSON object and, for a picture, its bytes behind it; both lengths
stand in front (two unsigned 32-bit numbers, little endian). The object's ``kind`` says what it is.
The recorder never waits for a child: it sends from threads of their own and drops what is not
taken in time.
"""

import json
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

Sent = TypeVar("Sent", contravariant=True)
Received = TypeVar("Received", covariant=True)

MOST: Final = 256 * 1024 * 1024
"""A message longer than this is no message of ours."""
_LENGTHS: Final = struct.Struct("<II")


class Hangup(Exception):  # noqa: N818 - a condition, not an error
    """The other side is gone."""


class Link(Generic[Sent, Received]):
    """One end. Any thread may send; one receives.

    Args:
        end: A connected stream socket, blocking.
        encode: Header and payload of a message.
        decode: The reverse; where it raises ArithmeticError, LookupError, RecursionError,
            TypeError or ValueError, it is none.
        most: Bytes of a message that is taken; the other end is trusted no further.
    """

    def __init__(
        self,
        end: socket.socket,
        encode: Callable[[Sent], tuple[bytes, bytes]],
        decode: Callable[[bytes, bytes], Received],
        most: int = MOST,
    ) -> None:
        self._socket = end
        self._encode = encode
        self._decode = decode
        self._most = most
        self._sending = threading.Lock()

    def send(self, message: Sent) -> None:
        """Send; waits while the other side does not read.

        Raises:
            Hangup: It is gone.
        """
        header, payload = self._encode(message)
        front = _LENGTHS.pack(len(header), len(payload)) + header
        try:
            with self._sending:
                if len(payload) < 1 << 14:
                    self._socket.sendall(front + payload)
                else:
                    self._socket.sendall(front)
                    self._socket.sendall(payload)
        except OSError as error:
            # Half a message may be out: nothing behind it would be understood. What the other side
            # said before it went can still be received.
            self.finish()
            raise Hangup(str(error)) from error

    def receive(self) -> Received:
        """Wait for a message.

        Raises:
            Hangup: The other side is gone, or says what is no message.
        """
        header_length, payload_length = _LENGTHS.unpack(self._exactly(_LENGTHS.size))
        if header_length + payload_length > self._most:
            raise Hangup("not a message")
        header = self._exactly(header_length)
        payload = self._exactly(payload_length)
        try:
            return self._decode(header, payload)
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise Hangup(f"not a message: {error}") from error

    def finish(self) -> None:
        """Send no more: the other side is told when it has read all, and may still answer."""
        with suppress(OSError):  # it is gone
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Wake both sides. Idempotent."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it was closed
        finally:
            self._socket.close()

    def _exactly(self, length: int) -> bytes:
        parts = bytearray(length)
        view, got = memoryview(parts), 0
        while got < length:
            try:
                count = self._socket.recv_into(view[got:])
            except OSError as error:
                raise Hangup(str(error)) from error
            if not count:
                raise Hangup("closed")
            got += count
        return bytes(parts)


def header_of(kind: str, body: dict[str, Any]) -> bytes:
    """The header of a message; `body` is what it says."""
    return json.dumps({"kind": kind, **body}).encode()


def said_in(header: bytes) -> tuple[str, dict[str, Any]]:
    """Kind and body of a header.

    Raises:
        LookupError, RecursionError, TypeError, ValueError: It is none.
    """
    body = json.loads(header)
    if not isinstance(body, dict):
        raise TypeError("no object")
    kind = body.pop("kind")
    if not isinstance(kind, str):
        raise TypeError("no kind")
    return kind, body
