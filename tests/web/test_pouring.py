"""Answers that are files: ranges as RFC 9110 has them, readers that leave, files that go."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from smartrec.web.pouring import CHUNK, FileAnswer, Kind, Room
from smartrec.web.site import HEAD

TAG = '"sum"'
SIZE = 3 * CHUNK + 77
CONTENT = bytes(n % 251 for n in range(SIZE))
THREADS = ThreadPoolExecutor(1)


@dataclass
class Reader:
    """A client.

    Attributes:
        before: Awaited before each message is taken.
        leaves: After so many messages.
    """

    before: Callable[[], Awaitable[None]] | None = None
    leaves: int | None = None
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = False
    messages: int = 0

    def __post_init__(self) -> None:
        self.left = asyncio.Event()

    async def send(self, message: Any) -> None:
        if self.before is not None:
            await self.before()
        self.messages += 1
        if self.left.is_set():
            return
        if self.leaves is not None and self.messages > self.leaves:
            self.left.set()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message["body"]
            self.whole = not message.get("more_body", False)

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}


def asked(path: Path, headers: Mapping[str, str], reader: Reader, room: Room, **scope: Any) -> None:
    """Ask for a file, and let a client read it."""

    async def answer() -> None:
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        whole = {"type": "http", "method": "GET", "headers": raw, **scope}
        file = FileIO(path)
        kind = Kind("video/mp4", TAG, "private", path.stat().st_size)
        made = FileAnswer(Request(whole), file, kind, room, THREADS)
        await made(whole, reader.receive, reader.send)
        assert file.closed
        assert room.taken == 0

    asyncio.run(answer())


def got(path: Path, headers: Mapping[str, str] | None = None, **scope: Any) -> Reader:
    reader = Reader()
    asked(path, headers or {}, reader, Room(1), **scope)
    return reader


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pouring") / "clip.mp4"
    path.write_bytes(CONTENT)
    return path


def test_all_of_it(file: Path) -> None:
    found = got(file)
    assert (found.status, found.body, found.whole) == (200, CONTENT, True)
    assert found.headers == {
        "etag": TAG,
        "cache-control": "private",
        "accept-ranges": "bytes",
        "content-type": "video/mp4",
        "content-length": str(SIZE),
    }


def test_its_head_alone_reads_nothing(file: Path) -> None:
    found = got(file, {"Range": "bytes=0-9"}, **{HEAD: True})
    assert (found.status, found.body, found.whole) == (206, b"", True)
    assert found.headers["content-length"] == "10"


@pytest.mark.parametrize(
    ("asked_for", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=5-9", 5, 10),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        (f"bytes=-{SIZE + 5}", 0, SIZE),
        ("BYTES=1-999999999999999999", 1, SIZE),
        ("bytes= 1 - 2 ", 1, 3),
    ],
)
def test_a_part_of_it(file: Path, asked_for: str, begin: int, end: int) -> None:
    found = got(file, {"Range": asked_for})
    assert (found.status, found.body) == (206, CONTENT[begin:end])
    assert found.headers["content-range"] == f"bytes {begin}-{end - 1}/{SIZE}"
    assert found.headers["content-length"] == str(end - begin)


@pytest.mark.parametrize("asked_for", [f"bytes={SIZE}-", "bytes=-0", "bytes=9999999999999999999-"])
def test_what_it_has_not_is_told(file: Path, asked_for: str) -> None:
    found = got(file, {"Range": asked_for})
    assert (found.status, found.headers["content-range"]) == (416, f"bytes */{SIZE}")
    assert b"ends before" in found.body
    assert found.headers["content-length"] == str(len(found.body))


@pytest.mark.parametrize(
    "asked_for",
    [
        *("bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=1", "bytes=1-2-3", "=0-1", "0-1"),
        *(
            "bytes=0-1,5-6",
            "lines=0-1",
            "bytes=+1-2",
            "bytes=1_0-20",
            "bytes=\xb2-\xb3",
            "bytes=0x1-2",
        ),
        *("bytes=" + "9" * 5000 + "-", "bytes=" + "0-1," * 5000, "bytes=1.0-2"),
    ],
)
def test_what_is_no_range_is_passed_over(file: Path, asked_for: str) -> None:
    found = got(file, {"Range": asked_for})
    assert (found.status, len(found.body)) == (200, SIZE)


@given(st.text(st.sampled_from("bytes=0123456789-, xX"), max_size=24))
@example("bytes=00-01")
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_range_is_answered_by_what_it_says(file: Path, asked_for: str) -> None:
    found = got(file, {"Range": asked_for})
    assert found.whole
    assert found.headers["content-length"] == str(len(found.body))
    if found.status == 206:
        said = found.headers["content-range"].removeprefix("bytes ").partition("/")[0]
        first, last = map(int, said.split("-"))
        assert found.body == CONTENT[first : last + 1] != b""
    else:
        assert found.status == 416 or found.body == CONTENT


@pytest.mark.parametrize(
    ("condition", "status"),
    [(TAG, 206), ('"other"', 200), (f"W/{TAG}", 200), ("Mon, 23 Nov 2026 08:49:38 GMT", 200)],
)
def test_a_part_of_what_was_another_file_is_not_given(
    file: Path, condition: str, status: int
) -> None:
    assert got(file, {"Range": "bytes=0-1", "If-Range": condition}).status == status


@pytest.mark.parametrize(
    ("known", "status"), [(TAG, 304), ("*", 304), (f'"x", W/{TAG}', 304), ('"x"', 200), ("", 200)]
)
def test_what_is_known_is_not_sent_again(file: Path, known: str, status: int) -> None:
    found = got(file, {"If-None-Match": known})
    assert found.status == status
    assert found.body == (b"" if status == 304 else CONTENT)
    assert ("content-length" in found.headers) == (status == 200)


def test_nothing_of_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert (got(path).status, got(path).body) == (200, b"")
    assert got(path, {"Range": "bytes=0-"}).status == 416


@pytest.mark.parametrize("deed", ["delete", "cut", "replace"])
def test_a_file_that_goes_ends_the_answer(tmp_path: Path, deed: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(CONTENT)

    async def spoil() -> None:
        if reader.messages == 2:
            if deed == "delete":
                path.unlink()
            elif deed == "cut":
                os.truncate(path, 10)
            else:
                (tmp_path / "new").write_bytes(bytes(SIZE))
                (tmp_path / "new").replace(path)

    reader = Reader(before=spoil)
    asked(path, {}, reader, Room(1))
    assert reader.status == 200
    assert reader.body == CONTENT[: len(reader.body)]
    assert len(reader.body) < SIZE
    assert not reader.whole


def test_who_is_gone_is_read_for_no_more(file: Path) -> None:
    reader = Reader(leaves=2)
    asked(file, {}, reader, Room(1))
    assert reader.messages <= 3


def test_who_takes_nothing_is_let_go(file: Path) -> None:
    async def never() -> None:
        if reader.messages:
            await asyncio.Event().wait()

    reader = Reader(before=never)
    asked(file, {}, reader, Room(1, within=0.05))
    assert (reader.status, reader.body) == (200, b"")


def test_so_many_and_no_more_are_under_way(file: Path) -> None:
    async def many() -> None:
        room, go = Room(2), asyncio.Event()
        readers = [Reader(before=go.wait) for _ in range(2)]  # type: ignore[arg-type]
        scope = {"type": "http", "method": "GET", "headers": []}
        tasks = []
        for reader in readers:
            kind = Kind("video/mp4", TAG, "private", SIZE)
            made = FileAnswer(Request(scope), FileIO(file), kind, room, THREADS)
            tasks.append(asyncio.create_task(made(scope, reader.receive, reader.send)))
            assert not room.full
            await asyncio.sleep(0)
        assert room.full
        go.set()
        await asyncio.gather(*tasks)
        assert room.taken == 0
        assert [reader.body for reader in readers] == [CONTENT] * 2

    asyncio.run(many())


@pytest.mark.parametrize("name", ["clip.mp4", 'a"b\r\nX-Evil: 1.mp4', "Tür \u202e.mp4"])
def test_a_file_is_saved_under_its_name_whatever_that_is(file: Path, name: str) -> None:
    kind = Kind("video/mp4", TAG, "private", SIZE, name)
    scope = {"type": "http", "method": "GET", "headers": []}
    made = FileAnswer(Request(scope), FileIO(file), kind, Room(1), THREADS)
    made.close()
    said = dict(made.raw_headers)[b"content-disposition"]
    assert said.startswith(b"attachment; filename*=UTF-8''")
    assert not set(said) & set(b'\r\n"')
