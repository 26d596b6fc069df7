"""Pictures of clips over HTTP, as the real process of the page gives them, also to the hostile."""

import contextlib
import hashlib
import json
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smartrec.media.boxes import tree
from smartrec.model import ClipState
from smartrec.store.catalog import Catalog
from smartrec.store.database import FILE_NAME
from smartrec.web.media_room import MOST_ANSWERS
from tests.store.clips import closed, done, head
from tests.web.child import TIMEOUT, Child, setup
from tests.web.http import Answer, ask, until_closed
from tests.web.kept import FRAME, H264, JPEG, Kept, coded_units, growing, kept_in, units

BIG = 40_000_000
"""Bytes: more than the sockets between us hold."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with Child(setup(tmp_path_factory.mktemp("clips"))) as child:
        yield child


@pytest.fixture(scope="module")
def kept(page: Child) -> Kept:
    return kept_in(Path(page.setup.clips))


@pytest.fixture
def big(page: Child) -> Iterator[tuple[str, Path]]:
    """A clip that nobody reads in one go, and where it lies; sparse."""
    made = head(40)
    directory = Path(page.setup.clips)
    finished = done(directory, made, bytes=BIG)
    os.truncate(finished.path, BIG)
    with Catalog.open(directory, create=True) as catalog:
        catalog.finished(closed(made), finished)
    yield f"/api/v1/clips/{made.clip_id}/video", Path(finished.path)
    Path(finished.path).unlink(missing_ok=True)


def get(page: Child, path: str, headers: dict[str, str] | None = None) -> Answer:
    return ask(page.port, f"/api/v1/clips/{path}", headers=headers)


def told(page: Child, path: str) -> Any:
    answer = get(page, path)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


@contextlib.contextmanager
def asking(page: Child, path: str) -> Iterator[socket.socket]:
    """A client that has asked, and reads as little as it likes."""
    with socket.socket() as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        end.settimeout(TIMEOUT)
        end.connect(("127.0.0.1", page.port))
        end.sendall(request(path))
        yield end


def test_times_of_pictures_are_exact(page: Child, kept: Kept) -> None:
    expected = [round(n * FRAME / 1e6, 3) for n in range(120)]
    for clip, count in ((kept.jpegs, 120), (kept.growing, 30), (kept.coded, 50)):
        frames = told(page, f"{clip}/frames")
        assert frames["at_ms"] == expected[:count]
        assert (frames["first"], frames["complete"]) == (0, clip == kept.jpegs)
    frames = told(page, f"{kept.movie}/frames?since=118")
    assert frames == {"first": 118, "at_ms": [3933.333, 3966.667], "complete": True}
    assert told(page, f"{kept.movie}/frames?since=9999")["at_ms"] == []
    for since in ("-1", "x", "9" * 30):
        assert get(page, f"{kept.movie}/frames?since={since}").status == 422


def test_each_jpeg_is_given_for_ever(page: Child, kept: Kept) -> None:
    for clip in (kept.jpegs, kept.growing):
        answer = get(page, f"{clip}/frames/29")
        assert (answer.status, answer.body) == (200, JPEG % 29)
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    missing = get(page, f"{kept.growing}/frames/30")
    assert (missing.status, missing.headers["cache-control"]) == (404, "no-store")
    assert get(page, f"{kept.movie}/frames/0").status == 404
    assert get(page, f"{kept.coded}/frames/0").status == 404
    for n in ("-1", "x", "9" * 30):
        assert get(page, f"{kept.jpegs}/frames/{n}").status == 422


def test_what_was_seen_counts_from_the_first_picture(page: Child, kept: Kept) -> None:
    seen = told(page, f"{kept.movie}/looks")
    assert seen["complete"]
    assert [(look["at_ms"], look["inferred"]) for look in seen["looks"]] == [
        (987.0, True),
        (1987.0, True),
        (2987.0, False),
    ]
    assert seen["looks"][1]["persons"] == [
        {"track": 1, "box": [0.1, 0.2, 0.18, 0.7], "score": 0.871}
    ]
    assert told(page, f"{kept.growing}/looks") == {"looks": [], "complete": True}


def test_a_download_is_the_file(page: Child, kept: Kept) -> None:
    for clip, mime, suffix in (
        (kept.movie, "video/mp4", "mp4"),
        (kept.jpegs, "video/x-matroska", "mkv"),
    ):
        proof = told(page, clip)
        answer = get(page, f"{clip}/video?download=true")
        assert hashlib.sha256(answer.body).hexdigest() == proof["proof"]["sha256"]
        assert answer.headers["content-type"] == mime
        assert answer.headers["etag"] == f'"{proof["proof"]["sha256"]}"'
        assert answer.headers["cache-control"] == "private, no-cache"
        said = answer.headers["content-disposition"]
        assert said == f"attachment; filename*=UTF-8''{proof['file_name']}.{suffix}"
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = get(page, f"{clip}/video", {"If-None-Match": answer.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
        assert "content-disposition" not in again.headers


def test_a_range_and_a_head_are_answered_alone(page: Child, kept: Kept) -> None:
    whole = get(page, f"{kept.movie}/video").body
    part = get(page, f"{kept.movie}/video", {"Range": "bytes=1000-1999"})
    assert (part.status, part.body) == (206, whole[1000:2000])
    beyond = get(page, f"{kept.movie}/video", {"Range": f"bytes={len(whole)}-"})
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    assert json.loads(beyond.body)["error"]["hint"]
    only = ask(page.port, f"/api/v1/clips/{kept.movie}/video", "HEAD")
    assert (only.status, only.body) == (200, b"")
    assert only.headers["content-length"] == str(len(whole))


def test_a_file_that_is_not_what_was_summed_has_another_tag(
    page: Child, big: tuple[str, Path]
) -> None:
    path, file = big
    before = ask(page.port, path, "HEAD").headers["etag"]
    os.truncate(file, BIG - 1)
    after = ask(page.port, path, "HEAD").headers["etag"]
    assert before != after
    assert ask(page.port, path, headers={"If-Range": before, "Range": "bytes=0-0"}).status == 200


def test_a_thumbnail_is_a_picture(page: Child, kept: Kept) -> None:
    answer = get(page, f"{kept.movie}/thumbnail")
    assert (answer.status, answer.body) == (200, b"\xff\xd8\xff\xd9")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"].startswith("private, max-age=")
    none = get(page, f"{kept.growing}/thumbnail")
    assert none.status == 404
    assert "no thumbnail" in json.loads(none.body)["error"]["message"]


def test_a_coded_clip_plays_while_it_is_recorded(page: Child, kept: Kept) -> None:
    answer = get(page, f"{kept.coded}/video")
    assert answer.headers["content-type"] == told(page, kept.coded)["media"]["mime"]
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert "accept-ranges" not in answer.headers
    kinds = [box.kind for box in tree(answer.body)]
    assert kinds == [b"ftyp", b"moov", *[b"moof", b"mdat"] * 60]
    assert get(page, f"{kept.growing}/video").status == 404


def test_who_follows_a_recording_sees_its_end(page: Child) -> None:
    made = replace(head(41), format=H264)
    with Catalog.open(Path(page.setup.clips), create=True) as catalog:
        writer = growing(catalog, Path(page.setup.clips), made)
    given = coded_units(made.start, before=0, count=90)
    writer.write(given[:30])
    with asking(page, f"/api/v1/clips/{made.clip_id}/video?follow=true") as end:
        heard = end.recv(100)
        writer.write(given[30:])
        writer.close(closed(made))
        while b"\r\n0\r\n\r\n" not in heard:  # the last chunk (RFC 9112, 7.1)
            heard += end.recv(65_536)
    assert heard.count(b"moof") == 90


def test_a_deleted_clip_is_gone_in_the_middle_of_a_download(
    page: Child, big: tuple[str, Path]
) -> None:
    path, file = big
    with asking(page, path) as end:
        heard = end.recv(4096)
        assert heard.startswith(b"HTTP/1.1 200 ")
        file.unlink()
        assert len(heard) + len(until_closed(end)) < BIG
    assert ask(page.port, path).status == 404
    assert ask(page.port, "/").status == 200


def test_who_reads_nothing_has_no_one_else_wait(
    page: Child, kept: Kept, big: tuple[str, Path]
) -> None:
    path, _ = big
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_ANSWERS):
            end = stack.enter_context(asking(page, path))
            assert end.recv(12) == b"HTTP/1.1 200"
        full = ask(page.port, path)
        assert full.status == 503
        assert "too many" in json.loads(full.body)["error"]["message"]
        assert get(page, f"{kept.jpegs}/frames/0").status == 200
        assert get(page, kept.movie).status == 200
    while ask(page.port, path, headers={"Range": "bytes=0-0"}).status == 503:
        pass


@pytest.mark.parametrize("uri", ["/etc/passwd", "../../../etc/passwd", "catalog.sqlite3", ""])
def test_a_spoilt_catalogue_gives_no_other_file_away(
    page: Child, big: tuple[str, Path], uri: str
) -> None:
    path, _ = big
    clip = path.split("/")[-2]
    database = Path(page.setup.clips) / FILE_NAME
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute(
            "UPDATE locations SET uri = ?, thumbnail = ? WHERE clip_id = ?", (uri, uri, clip)
        )
        for state in (ClipState.COMPLETE, ClipState.RECORDING, ClipState.FAILED):
            other.execute("UPDATE clips SET state = ? WHERE clip_id = ?", (state.value, clip))
            for below in ("video", "thumbnail", "frames", "frames/0"):
                answer = get(page, f"{clip}/{below}")
                assert answer.status == 404
                assert b"root:" not in answer.body
            assert told(page, clip)["media"] is None
        other.execute("DELETE FROM clips WHERE clip_id = ?", (clip,))


def test_a_journal_without_a_head_is_no_clip(page: Child) -> None:
    made = head(42)
    directory = Path(page.setup.clips)
    with Catalog.open(directory, create=True) as catalog:
        writer = growing(catalog, directory, made)
    writer.write(units(made.start, 3))
    writer.close(made)
    path = directory / ".open" / f"{made.file_name}.mkv"
    content = path.read_bytes()
    for spoilt in (b"", content[:40], bytes(len(content))):
        path.write_bytes(spoilt)
        assert get(page, f"{made.clip_id}/frames").status == 503
        assert get(page, f"{made.clip_id}/frames/0").status == 503
        assert told(page, f"{made.clip_id}/looks")["looks"] == []
        assert "no journal" in told(page, made.clip_id)["problem"]
    path.write_bytes(content + b"\xff" * 5000)  # torn, as after a power cut
    assert len(told(page, f"{made.clip_id}/frames")["at_ms"]) == 3
