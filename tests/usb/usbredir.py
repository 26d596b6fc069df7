"""The usbredir protocol, the side that has the device: a camera on a socket that QEMU connects to.

After usbredir's protocol description 0.7 (usbredir-protocol.h). Bulk transfers only.
"""

import socket
import struct
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from tests.usb.descriptors import ENDPOINT, PACKET, VIDEO
from tests.usb.uvc import PAYLOAD, Setup, UvcCamera

_HELLO, _CONNECT, _DISCONNECT, _RESET, _INTERFACES, _ENDPOINTS = 0, 1, 2, 3, 4, 5
_SET_CONFIGURATION, _GET_CONFIGURATION, _CONFIGURATION = 6, 7, 8
_SET_ALTERNATE, _GET_ALTERNATE, _ALTERNATE = 9, 10, 11
_CANCEL, _CONTROL, _BULK = 21, 100, 101

_DEVICE_VERSION, _DISCONNECT_ACK, _PACKET_SIZES, _LONG_IDS, _LONG_BULK = (
    1 << bit for bit in (1, 3, 4, 5, 6)
)
_CAPABILITIES: Final = _DEVICE_VERSION | _DISCONNECT_ACK | _PACKET_SIZES | _LONG_IDS | _LONG_BULK
_SUCCESS, _CANCELLED, _INVALID, _STALLED = 0, 1, 2, 4
_HIGH_SPEED: Final = 2
_ENDS: Final = 32
"""Endpoints: sixteen out, sixteen in."""
_UNUSED, _CONTROL_TYPE, _BULK_TYPE = 255, 0, 2
_UNSENT: Final = 1 << 20
"""No more than so many bytes wait for QEMU to read."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A bulk transfer that the host waits for."""

    id: int
    length: int
    stream: int


class Redirection:
    """One connection to QEMU's usb-redir; it lives as long as the virtual machine.

    Args:
        connection: From QEMU.
        camera: Whose requests are answered.
        plugged: Whether it hangs in its port now.
    """

    def __init__(self, connection: socket.socket, camera: UvcCamera, *, plugged: bool) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._camera = camera
        self._plugged = plugged
        self._peer: int | None = None
        self._received = bytearray()
        self._unsent = bytearray()
        self._wanted: deque[_Wanted] = deque()
        name = b"smartrec virtual camera".ljust(64, b"\0")
        self._send(_HELLO, 0, name + struct.pack("<I", _CAPABILITIES))

    def fileno(self) -> int:
        """For select(2)."""
        return self._connection.fileno()

    @property
    def writes(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._unsent)

    @property
    def due(self) -> float | None:
        """When `pump` has something to do (CLOCK_MONOTONIC, s); None: not before QEMU writes."""
        stream = self._camera.stream
        if not self._wanted or not stream.running or stream.stalled or self.writes:
            return None
        return stream.next_due

    def plug(self) -> None:
        """Put the camera into its port."""
        self._plugged = True
        if self._peer is not None:
            self._announce()

    def unplug(self) -> None:
        """Pull it out; transfers that are under way are never answered."""
        self._plugged = False
        self._wanted.clear()
        self._camera.stream.stop()
        if self._peer is not None:
            self._send(_DISCONNECT, 0, b"")

    def read(self) -> bool:
        """Take in what QEMU sent; False when it has gone."""
        try:
            data = self._connection.recv(1 << 18)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._received += data
        while (message := self._next()) is not None:
            self._obey(*message)
        return bool(data)

    def flush(self) -> None:
        """Write what QEMU takes; an end of the connection shows when it is read."""
        try:
            while self._unsent:
                del self._unsent[: self._connection.send(self._unsent)]
        except OSError:
            return

    def pump(self) -> None:
        """Answer transfers with the pictures that there are."""
        while self._wanted and len(self._unsent) < _UNSENT:
            most = min(self._wanted[0].length, PAYLOAD)
            payload = self._camera.stream.payload(most, time.monotonic())
            if payload is None:
                return
            self._answer_bulk(self._wanted.popleft(), _SUCCESS, payload)

    def close(self) -> None:
        """The virtual machine has ended."""
        self._connection.close()
        self._camera.reset()

    def _next(self) -> tuple[int, int, bytes] | None:
        form = "<IIQ" if self._long_ids else "<III"
        head = struct.calcsize(form)
        if len(self._received) < head:
            return None
        kind, length, number = struct.unpack_from(form, self._received)
        if len(self._received) < head + length:
            return None
        body = bytes(self._received[head : head + length])
        del self._received[: head + length]
        return kind, number, body

    @property
    def _long_ids(self) -> bool:
        return bool((self._peer or 0) & _LONG_IDS)

    def _send(self, kind: int, number: int, body: bytes) -> None:
        form = "<IIQ" if self._long_ids else "<III"
        self._unsent += struct.pack(form, kind, len(body), number) + body
        self.flush()

    def _obey(self, kind: int, number: int, body: bytes) -> None:
        if kind == _HELLO:
            self._peer = struct.unpack_from("<I", body, 64)[0] if len(body) >= 68 else 0
            if self._plugged:
                self._announce()
        elif kind == _RESET:
            self._wanted.clear()
            self._camera.reset()
        elif kind == _CONTROL:
            self._control(number, body)
        elif kind == _BULK:
            self._bulk(number, body)
        elif kind == _CANCEL:
            self._cancel(number)
        else:
            self._configure(kind, number, body)

    def _configure(self, kind: int, number: int, body: bytes) -> None:
        if kind == _SET_CONFIGURATION:
            self._camera.configuration = body[0]
        if kind in {_SET_CONFIGURATION, _GET_CONFIGURATION}:
            self._send(_CONFIGURATION, number, bytes([_SUCCESS, self._camera.configuration]))
        elif kind == _SET_ALTERNATE:
            status = _SUCCESS if body[1] == 0 else _INVALID
            self._send(_ENDPOINTS, 0, self._endpoints())
            self._send(_ALTERNATE, number, bytes([status, body[0], body[1]]))
        elif kind == _GET_ALTERNATE:
            self._send(_ALTERNATE, number, bytes([_SUCCESS, body[0], 0]))

    def _announce(self) -> None:
        """Say what is plugged in: its interfaces, endpoints, and then the device itself."""
        self._camera.reset()
        pad = bytes(_ENDS - 2)
        classes = (bytes(numbers) + pad for numbers in ((0, 1), (VIDEO, VIDEO), (1, 2), (0, 0)))
        self._send(_INTERFACES, 0, struct.pack("<I", 2) + b"".join(classes))
        self._send(_ENDPOINTS, 0, self._endpoints())
        device = self._camera.control(Setup(0x80, 6, 1 << 8, 0, 18))
        assert device is not None
        kind, ids = device[4:7], device[8:12]
        version = device[12:14] if (self._peer or 0) & _DEVICE_VERSION else b""
        self._send(_CONNECT, 0, bytes([_HIGH_SPEED]) + kind + ids + version)

    def _endpoints(self) -> bytes:
        kinds, intervals, interfaces = [_UNUSED] * _ENDS, bytes(_ENDS), [0] * _ENDS
        sizes = [0] * _ENDS
        for control in (0, 16):
            kinds[control], sizes[control] = _CONTROL_TYPE, 64
        video = 16 | ENDPOINT & 0x0F
        kinds[video], interfaces[video], sizes[video] = _BULK_TYPE, 1, PACKET
        known = bytes(kinds) + intervals + bytes(interfaces)
        told = (self._peer or 0) & _PACKET_SIZES
        return known + (struct.pack(f"<{_ENDS}H", *sizes) if told else b"")

    def _control(self, number: int, body: bytes) -> None:
        end, request, kind, _, value, index, length = struct.unpack_from("<BBBBHHH", body)
        setup = Setup(kind, request, value, index, length)
        streamed = self._camera.stream.running
        answer = self._camera.control(setup, body[10:])
        status = _STALLED if answer is None else _SUCCESS
        data = answer or b""
        done = 0 if answer is None else len(data) if setup.inwards else length
        head = struct.pack("<BBBBHHH", end, request, kind, status, value, index, done)
        self._send(_CONTROL, number, head + data)
        if streamed and not self._camera.stream.running:
            while self._wanted:
                self._answer_bulk(self._wanted.popleft(), _CANCELLED)

    def _bulk(self, number: int, body: bytes) -> None:
        end, _, low, stream = struct.unpack_from("<BBHI", body)
        high = struct.unpack_from("<H", body, 8)[0] if (self._peer or 0) & _LONG_BULK else 0
        wanted = _Wanted(number, low | high << 16, stream)
        if end == ENDPOINT:
            self._wanted.append(wanted)
        else:
            self._answer_bulk(wanted, _STALLED)

    def _cancel(self, number: int) -> None:
        for wanted in [w for w in self._wanted if w.id == number]:
            self._wanted.remove(wanted)
            self._answer_bulk(wanted, _CANCELLED)

    def _answer_bulk(self, wanted: _Wanted, status: int, data: bytes = b"") -> None:
        low, high = len(data) & 0xFFFF, len(data) >> 16
        head = struct.pack("<BBHI", ENDPOINT, status, low, wanted.stream)
        long = struct.pack("<H", high) if (self._peer or 0) & _LONG_BULK else b""
        self._send(_BULK, wanted.id, head + long + data)
