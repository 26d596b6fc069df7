"""The page beside a real recorder: it answers, shows, and whatever becomes of it costs no picture.

In the default run: it is there, knows that all is well, shows each picture once, and is gone with
the recorder. In the long one: killed, stopped, orphaned, its port taken, its cameras' passwords.
"""

import json
import os
import signal
import socket
import struct
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from smartrec.units import SECOND
from tests.e2e.pictures import check
from tests.e2e.recorder import (
    SERVING,
    TIMEOUT,
    Home,
    Recorder,
    pause_until,
    settings,
    wait_gone,
)

PAGE = r"^page: (http://127\.0\.0\.1:\d+)/$"
PRE = POST = SECOND // 2
LENGTHS = (f"--pre-roll={PRE / SECOND}s", f"--post-roll={POST / SECOND}s")
HEADER = struct.Struct("<BBBBIQqQ")
PICTURES = 45
ANSWERS = (
    *("", "healthz", "metrics"),
    *(
        f"api/v1/{each}"
        for each in (
            *("status", "cameras", "clips", "facets", "timeline?from_ms=0&to_ms=1"),
            *("openapi.json", "session", "sessions", "shares", "audit"),
            *("settings", "settings/form"),
            *("history?from_ms=0&to_ms=1", "disk", "log", "doctor"),
        )
    ),
)
"""All that can be asked for without knowing a clip."""


def got(address: str) -> tuple[int, Any]:
    """Status and JSON of an answer."""
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def text(address: str) -> str:
    """An answer, whatever it says."""
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.read().decode())


@contextmanager
def watching(address: str, camera: str) -> Iterator[ClientConnection]:
    """Somebody who looks at a camera."""
    live = f"ws{address.removeprefix('http')}/api/v1/live"
    with connect(live, subprotocols=["smartrec.live.v1"], compression=None) as socket_:  # type: ignore[list-item]
        socket_.send(json.dumps({"watch": [camera]}))
        yield socket_


def numbers(socket_: ClientConnection, pictures: int) -> list[int]:
    """Those of the pictures that come."""
    seen: list[int] = []
    while len(seen) < pictures:
        message = socket_.recv(TIMEOUT)
        if isinstance(message, bytes):
            version, kind, index, _, _, seq, _, _ = HEADER.unpack_from(message)
            assert (version, kind, index) == (1, 0, 0)
            assert message[HEADER.size :][:2] == b"\xff\xd8"
            seen.append(seq)
    return seen


def test_a_recorder_has_a_page_that_shows_its_pictures_and_ends_with_it(home: Home) -> None:
    with Recorder(home, ("demo", *LENGTHS), environ=SERVING) as running:
        running.wait_live()
        address = running.wait_for(PAGE)[1]
        status, health = got(f"{address}/healthz")
        assert status == 200, health
        page = running.page()
        assert page is not None
        assert os.getpriority(os.PRIO_PROCESS, page) > os.getpriority(os.PRIO_PROCESS, running.pid)
        assert running.status()["page"]["watched"] == []
        with watching(address, "cam0") as socket_:
            seen = numbers(socket_, PICTURES)
            assert running.status()["page"]["watched"] == ["cam0"]
            running.trigger()
        assert seen == sorted(set(seen))
        running.wait_ready()
        assert running.stop().startswith("stopped (SIGTERM): 1 clip")
        wait_gone(page)
    with pytest.raises(urllib.error.URLError):
        got(f"{address}/healthz")
    assert "Traceback" not in running.everything


@pytest.mark.long
def test_a_page_that_is_killed_comes_back_and_costs_no_picture(home: Home) -> None:
    with Recorder(home, ("demo", "--pre-roll=0.5s", "--post-roll=3s"), environ=SERVING) as running:
        running.wait_live()
        address = running.wait_for(PAGE)[1]
        running.wait_ring(1.0)
        with watching(address, "cam0") as socket_:
            numbers(socket_, 5)
            at = time.monotonic_ns()
            running.trigger(pts=at)
            first = running.page()
            assert first is not None
            os.kill(first, signal.SIGKILL)
            running.wait_for(r"the page's process ended by SIGKILL")
        with watching(running.wait_for(PAGE)[1], "cam0") as socket_:
            numbers(socket_, 5)
        running.wait_ready()
        assert running.status()["page"]["starts"] == 2
        running.stop()
    (row,) = home.rows()
    check(row, at - PRE, at + 3 * SECOND)


@pytest.mark.long
def test_a_page_that_stands_still_while_somebody_looks_costs_no_picture(home: Home) -> None:
    with Recorder(home, ("demo", *LENGTHS), environ=SERVING) as running:
        running.wait_live()
        address = running.wait_for(PAGE)[1]
        running.wait_ring(1.0)
        with watching(address, "cam0") as socket_:
            numbers(socket_, 5)
            page = running.page()
            assert page is not None
            os.kill(page, signal.SIGSTOP)
            pause_until(time.monotonic_ns() + 2 * SECOND)
            at = time.monotonic_ns()
            running.trigger(pts=at)
            running.wait_ready()
            running.wait_until(lambda status: status["page"]["skipped"].get("cam0", 0) > PICTURES)
            running.stop()
        wait_gone(page)
    (row,) = home.rows()
    check(row, at - PRE, at + POST)


@pytest.mark.long
def test_a_page_ends_with_a_recorder_that_is_killed(home: Home) -> None:
    with Recorder(home, environ=SERVING) as running:
        address = running.wait_live().wait_for(PAGE)[1]
        page = running.page()
        assert page is not None
        with watching(address, "cam0") as socket_:
            numbers(socket_, 5)
            running.kill()
            wait_gone(page)


@pytest.mark.long
def test_a_port_that_is_taken_is_told_and_taken_when_it_is_free(home: Home) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with Recorder(home, ("demo", *LENGTHS, f"--port={port}"), environ=SERVING) as running:
            running.wait_live()
            running.wait_for(rf"no page: .*{port}.*ss -ltnp")
            running.trigger()
            running.wait_ready()
            taken.close()
            assert running.wait_for(PAGE)[1].endswith(f":{port}")
            running.stop()
        assert running.everything.count("no page: ") == 1


@pytest.mark.long
def test_no_password_of_a_camera_reaches_the_page(home: Home, tmp_path: Path) -> None:
    sources = ["demo", "rtsp://visitor:s3cret@127.0.0.1:1/main"]
    path = settings(tmp_path / "smartrec.toml", sources)
    with Recorder(home, ("run", "--config", str(path)), environ=SERVING) as running:
        address = running.wait_live().wait_for(PAGE)[1]
        running.wait_until(lambda status: status["cameras"][1]["error"] is not None)
        page = running.page()
        assert page is not None
        process = Path(f"/proc/{page}")
        said = [text(f"{address}/{path}") for path in ANSWERS]
        own = [(process / name).read_text() for name in ("environ", "cmdline")]
        running.trigger()
        running.wait_ready()
        (clip,) = running.home.rows()
        said.append(text(f"{address}/api/v1/clips/{clip['clip_id']}"))
        with watching(address, "cam1") as socket_:
            said += [str(socket_.recv(TIMEOUT)) for _ in range(5)]
        running.stop()
    assert any("visitor:***@" in each for each in said)
    assert "s3cret" not in "".join((*said, *own))
