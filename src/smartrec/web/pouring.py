"""Answers that are files, or as long as one. The loop's thread; files are read on others.

Starlette's own `FileResponse` would read on to the end of a file whose reader is gone, hold the
room of one that was deleted, and answer 400 to ranges that RFC 9110 wants passed over.
"""

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import Executor
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from io import FileIO
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from smartrec.web.guard import Refusal
from smartrec.web.site import HEAD, TurnedOut

CHUNK: Final = 128 * 1024
TAKEN_WITHIN: Final = 60.0
"""Seconds for a chunk; who is slower watches nothing, and holds a file open."""
_RANGE: Final = re.compile(r"bytes=\s*([0-9]{0,19})\s*-\s*([0-9]{0,19})\s*", re.IGNORECASE)
_NO_SUCH_RANGE: Final = (
    Refusal(416, "the file ends before that", "Ask for bytes that it has.").json().encode()
)


@dataclass(slots=True)
class Room:
    """How many answers may be under way at once.

    Attributes:
        most: So many.
        taken: How many are.
        within: See `TAKEN_WITHIN`.
    """

    most: int
    within: float = TAKEN_WITHIN
    taken: int = field(default=0, init=False)

    @property
    def full(self) -> bool:
        """Whether there is room for no more."""
        return self.taken >= self.most


class Pouring(Response):
    """An answer whose body comes in pieces and stops where they do, be that its end or not.

    Args:
        room: That it takes while it lasts.
        headers: Of the answer.
        status: Of the answer.
    """

    def __init__(self, room: Room, headers: Mapping[str, str], status: int = 200) -> None:
        self.status_code = status
        self.background = None
        self.body = b""
        self._room = room
        self.raw_headers = [(name.lower().encode(), headers[name].encode()) for name in headers]

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body; raises `Broken` where it cannot go on."""
        raise NotImplementedError

    def close(self) -> None:
        """Called when it is over."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; one that was broken off ends the connection."""
        self._room.taken += 1
        gone = asyncio.create_task(_gone(receive))
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            if not scope.get(HEAD, False):
                async with aclosing(self.pieces()) as pieces:
                    async for piece in pieces:
                        message = {"type": "http.response.body", "body": piece, "more_body": True}
                        await asyncio.wait_for(send(message), self._room.within)
                        if gone.done():
                            return
            await send({"type": "http.response.body", "body": b""})
        except (Broken, TurnedOut, asyncio.TimeoutError):
            return
        finally:
            gone.cancel()
            self._room.taken -= 1
            self.close()


class Broken(Exception):  # noqa: N818 - a condition
    """An answer cannot go on; it is not known to the client but by the end of the connection."""


class FileAnswer(Pouring):
    """A file or a part of it, as the request wants it (RFC 9110, 13 and 14).

    Of several ranges none is given, but all of the file, as the RFC allows. The answer ends, and
    with it the connection, when the file is deleted: its room is wanted.

    Args:
        request: What is asked.
        file: Belongs to the answer from now on.
        kind: Of the file.
        room: See `Pouring`.
        threads: For reading.
    """

    def __init__(
        self, request: Request, file: FileIO, kind: "Kind", room: Room, threads: Executor
    ) -> None:
        self._file, self._threads = file, threads
        headers = {"etag": kind.tag, "cache-control": kind.caching, "accept-ranges": "bytes"}
        size = kind.size
        status, self._at, self._end = _wanted(request, kind.tag, size)
        if status != 304:
            headers |= {"content-type": kind.mime, "content-length": str(self._end - self._at)}
        if status == 206:
            headers["content-range"] = f"bytes {self._at}-{self._end - 1}/{size}"
        if status == 416:
            headers |= {"content-range": f"bytes */{size}", "content-type": "application/json"}
            headers["content-length"] = str(len(_NO_SUCH_RANGE))
        if kind.name is not None:
            headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(kind.name)}"
        super().__init__(room, headers, status)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """See `Pouring`."""
        if self.status_code == 416:
            yield _NO_SUCH_RANGE
        loop = asyncio.get_running_loop()
        while self._at < self._end:
            yield await loop.run_in_executor(self._threads, self._read)

    def close(self) -> None:
        """See `Pouring`."""
        self._file.close()

    def _read(self) -> bytes:
        try:
            if not os.fstat(self._file.fileno()).st_nlink:
                raise Broken
            data = os.pread(self._file.fileno(), min(CHUNK, self._end - self._at), self._at)
        except OSError as error:
            raise Broken from error
        if not data:
            raise Broken
        self._at += len(data)
        return data


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is.

    Attributes:
        mime: Its type.
        tag: Strong ETag, with its quotation marks.
        caching: Cache-Control.
        size: Bytes, when it was opened.
        name: Under which it shall be saved; None where it shall be shown.
    """

    mime: str
    tag: str
    caching: str
    size: int
    name: str | None = None


def _wanted(request: Request, tag: str, size: int) -> tuple[int, int, int]:
    """Status, and from where to where."""
    known = request.headers.get("if-none-match")
    if known is not None and (tag in known or known.strip() == "*"):
        return 304, 0, 0
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if found is None or request.headers.get("if-range", tag) != tag:
        return 200, 0, size
    first, last = found.groups()
    if not first:
        if not last:
            return 200, 0, size
        begin, end = max(0, size - int(last)), size
    else:
        begin, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < begin:
            return 200, 0, size
    return (206, begin, end) if begin < end else (416, 0, 0)


async def _gone(receive: Receive) -> None:
    with suppress(asyncio.CancelledError):
        while (await receive())["type"] != "http.disconnect":
            pass
