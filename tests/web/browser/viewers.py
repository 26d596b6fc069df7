"""Many viewers of the page's live pictures, without browsers: WebSocket clients in one process.

    python -m tests.web.browser.viewers --port 8787 --count 50 --seconds 60

Each has a connection of its own, asks for all cameras (or the one named), answers pings, and looks
at the head and the ends of every JPEG. Once each has had a picture it prints ``watching``; then it
counts for that many seconds and prints what it counted, one JSON object a viewer and a line.

RFC 6455 by hand, over one selector: fifty clients of 3 MB/s each are a few percent of a core, so
that they leave the machine to what is measured.
"""

import argparse
import base64
import json
import os
import selectors
import socket
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from smartrec.units import SECOND

HEAD = struct.Struct("<BBBBIQqQ")
"""Of a binary message: version, kind, camera's index, flags, epoch, seq, pts, nothing."""
VERSION, JPEG, INIT, KEYFRAME = 1, 0, 1, 1
PATH = "/api/v1/live"
PROTOCOL = "smartrec.live.v1"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LARGEST = 2_000_000
JPEG_ENDS = b"\xff\xd8\xff\xd9"
"""Its first two bytes and its last."""
TIMEOUT = 50.0


class ViewerDropped(Exception):  # noqa: N818
    """The server ended a connection, or said what it must not."""


@dataclass
class Counted:
    """What a viewer saw.

    Attributes:
        first_ms: From before it connected until its first picture was there.
        pictures: Whole JPEGs, or fragments of a coded camera.
        bytes: Of them.
        missed: Pictures of the same epoch that the camera numbered in between and it did not get.
        out_of_order: Pictures that were not newer than the one before.
        late_ms: Of each picture, from its pts until it was all there.
        events: Text messages about what happens.
    """

    first_ms: float = 0.0
    pictures: int = 0
    bytes: int = 0
    missed: int = 0
    out_of_order: int = 0
    late_ms: list[float] = field(default_factory=list)
    events: int = 0


class Viewer:
    """One connection.

    Args:
        port: Of the page, on 127.0.0.1.
        camera: Id of the one to watch; None for all.
        keep: Keep what `moments` and `picture` say, which costs a copy of each picture.

    Attributes:
        moments: When each picture was taken, by its number: seq -> pts.
        picture: The newest: its seq, and the JPEG.
    """

    def __init__(self, port: int, camera: str | None = None, *, keep: bool = False) -> None:
        self._began = time.monotonic_ns()
        self._camera, self._keep = camera, keep
        self.counted = Counted()
        self.moments: dict[int, int] = {}
        self.picture: tuple[int, bytes] | None = None
        self.hello: dict[str, object] | None = None
        self._newest: dict[int, tuple[int, int]] = {}
        self._room = bytearray(LARGEST + 16)
        self._have = 0
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self._shake_hands(port)
        self._parse()  # what came with the answer
        self.socket.setblocking(False)

    def fileno(self) -> int:
        """For a selector."""
        return self.socket.fileno()

    def close(self) -> None:
        self.socket.close()

    def forget(self) -> None:
        """Count anew; the first picture stays."""
        self.counted = Counted(first_ms=self.counted.first_ms)

    def read(self) -> None:
        """Take what has come.

        Raises:
            ViewerDropped: The connection has ended.
        """
        try:
            count = self.socket.recv_into(memoryview(self._room)[self._have :])
        except BlockingIOError:
            return
        except OSError as error:
            raise ViewerDropped(str(error)) from error
        if not count:
            raise ViewerDropped("the server closed the connection")
        self._have += count
        self._parse()

    def _parse(self) -> None:
        at = 0
        with memoryview(self._room) as room:
            while frame := _frame(room[at : self._have]):
                opcode, begin, end = frame
                self._take(opcode, room[at + begin : at + end])
                at += end
        if at:
            self._room[: self._have - at] = self._room[at : self._have]
            self._have -= at

    def _shake_hands(self, port: int) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            f"GET {PATH} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            f"Origin: http://127.0.0.1:{port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            f"Sec-WebSocket-Protocol: {PROTOCOL}",
        )
        self.socket.sendall("\r\n".join((*lines, "", "")).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = self.socket.recv(65536)
            if not part:
                raise ViewerDropped(f"no WebSocket: {answer!r}")
            answer += part
        head, _, rest = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            raise ViewerDropped(f"no WebSocket: {head.decode('latin-1')}")
        self._room[: len(rest)] = rest
        self._have = len(rest)

    def _take(self, opcode: int, data: memoryview) -> None:
        if opcode == BINARY:
            self._take_picture(data)
        elif opcode == TEXT:
            self._take_text(bytes(data))
        elif opcode == PING:
            self._say(PONG, bytes(data))
        elif opcode == CLOSE:
            raise ViewerDropped(f"closed by the server: {bytes(data)!r}")

    def _take_text(self, data: bytes) -> None:
        said = json.loads(data)
        if said["type"] != "hello":
            self.counted.events += 1
            return
        self.hello = said
        known = [camera["id"] for camera in said["cameras"]]
        watched = known if self._camera is None else [self._camera]
        self._say(TEXT, json.dumps({"watch": watched}).encode())

    def _take_picture(self, data: memoryview) -> None:
        now, counted = time.monotonic_ns(), self.counted
        version, kind, camera, _, epoch, seq, pts, _ = HEAD.unpack_from(data)
        if version != VERSION:
            raise ViewerDropped(f"version {version}")
        if kind == INIT:
            return
        if kind == JPEG and bytes(data[HEAD.size : HEAD.size + 2]) + bytes(data[-2:]) != JPEG_ENDS:
            raise ViewerDropped("not a whole JPEG")
        before = self._newest.get(camera)
        self._newest[camera] = (epoch, seq)
        if before is not None and before[0] == epoch:
            counted.missed += max(0, seq - before[1] - 1)
        counted.out_of_order += before is not None and (epoch, seq) <= before
        if not counted.first_ms:
            counted.first_ms = (now - self._began) / 1e6
        counted.pictures += 1
        counted.bytes += len(data) - HEAD.size
        counted.late_ms.append((now - pts) / 1e6)
        if self._keep:
            self.moments[seq] = pts
            self.picture = (seq, bytes(data[HEAD.size :]))

    def _say(self, opcode: int, data: bytes) -> None:
        # A client masks what it says (RFC 6455, 5.3); zeros are a mask.
        assert len(data) < 126
        self.socket.sendall(bytes((0x80 | opcode, 0x80 | len(data), 0, 0, 0, 0)) + data)


def _frame(room: memoryview) -> tuple[int, int, int] | None:
    """What the first frame is, where its payload begins and ends; None while it is not whole."""
    if len(room) < 2:
        return None
    first, size, begin = room[0], room[1], 2
    if not first & 0x80 or size & 0x80:
        raise ViewerDropped("a fragment, or masked")
    if size >= 126:
        begin = 4 if size == 126 else 10
        if len(room) < begin:
            return None
        size = int.from_bytes(room[2:begin], "big")
    if size > LARGEST:
        raise ViewerDropped(f"a message of {size} bytes")
    return (first & 0x0F, begin, begin + size) if len(room) >= begin + size else None


class Crowd:
    """Some viewers and the one loop that reads for them; in a ``with`` they all go."""

    def __init__(
        self, port: int, count: int, camera: str | None = None, *, keep: bool = False
    ) -> None:
        self.viewers = [Viewer(port, camera, keep=keep) for _ in range(count)]
        self._selector = selectors.DefaultSelector()
        for viewer in self.viewers:
            self._selector.register(viewer, selectors.EVENT_READ, viewer)

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *error: object) -> None:
        self._selector.close()
        for viewer in self.viewers:
            viewer.close()

    def read(self, seconds: float) -> Iterator[None]:
        """Read for so long; a step each time something came.

        Raises:
            ViewerDropped: The server ended a connection.
        """
        deadline = time.monotonic_ns() + round(seconds * SECOND)
        while (left := deadline - time.monotonic_ns()) > 0:
            for key, _ in self._selector.select(left / SECOND):
                key.data.read()
            yield

    def wait_for_pictures(self) -> None:
        """Until each has one.

        Raises:
            ViewerDropped: It takes too long.
        """
        for _ in self.read(TIMEOUT):
            if all(viewer.counted.pictures for viewer in self.viewers):
                return
        raise ViewerDropped("no picture came")

    def count(self, seconds: float) -> list[Counted]:
        """What each sees within so many seconds."""
        for viewer in self.viewers:
            viewer.forget()
        for _ in self.read(seconds):
            pass
        return [viewer.counted for viewer in self.viewers]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8787)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--camera")
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    with Crowd(given.port, given.count, given.camera) as crowd:
        crowd.wait_for_pictures()
        sys.stdout.write("watching\n")
        sys.stdout.flush()
        for counted in crowd.count(given.seconds):
            sys.stdout.write(json.dumps(asdict(counted)) + "\n")


if __name__ == "__main__":
    main()
