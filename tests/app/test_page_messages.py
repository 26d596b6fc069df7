"""Recorder and page understand each other; of what a page says, nothing else is taken."""

import json
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.app.page_messages import (
    MOST_SAID,
    Cameras,
    Format,
    Hangup,
    Happened,
    Looked,
    NotServing,
    Serving,
    Setup,
    ShownCamera,
    ToPage,
    ToRecorder,
    Unit,
    Wall,
    Wanted,
    page_end,
    recorder_end,
)
from smartrec.media.framing import Link
from smartrec.model import AccessUnit, Box, Codec, Look, StreamFormat, Track
from smartrec.units import Ns

Ends = tuple[Link[ToPage, ToRecorder], Link[ToRecorder, ToPage]]
PICTURE = AccessUnit(1, 2, Ns(3), Ns(4), Ns(5), True, 6, bytes(200_000))
CORNERS = [[0.0, 0.25], [1.0, 0.25], [0.5, 1.0]]
DOOR = ShownCamera("cam0", "Door", [{"name": "step", "kind": "include", "polygon": CORNERS}])
TOLD: list[ToPage] = [
    Setup((DOOR,), "/clips", "a station", "/run/control", {"port": 8787}),
    Cameras((DOOR, ShownCamera("cam1", "Yard", [])), Ns(1 << 62)),
    Format("cam0", StreamFormat(Codec.H264, 640, 480, 29.97, "video/x-h264", b"\x01\xff", 90)),
    Unit("cam0", PICTURE, show=True, look=False),
    Looked(
        Look("cam0", 1, Ns(5), (Track(1, Box(0.1, 0.2, 0.3, 0.4), 0.9, (0.1, -0.2)),)), 1.0, 2.0
    ),
    Happened({"type": "smartrec.clip.ready.v1", "data": {"lost": {"driver": 1}}}),
    Wall(Ns(1 << 62), (1 << 62) + 1),
]
SAID: list[ToRecorder] = [
    Serving("http://127.0.0.1:8787/"),
    NotServing("port 8787 is taken", "smartrec run --port 8788"),
    Wanted(("cam0", "cam1")),
    Wanted(()),
]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    here, there = recorder_end(ours), page_end(theirs)
    yield here, there
    here.close()
    there.close()


@pytest.mark.parametrize("message", TOLD, ids=lambda message: message.kind)
def test_what_the_recorder_tells_arrives_as_it_was_told(ends: Ends, message: ToPage) -> None:
    here, there = ends
    sender = threading.Thread(target=here.send, args=(message,))
    sender.start()
    assert there.receive() == message
    sender.join()


@pytest.mark.parametrize("message", SAID, ids=repr)
def test_what_the_page_says_arrives_as_it_was_said(ends: Ends, message: ToRecorder) -> None:
    here, there = ends
    there.send(message)
    assert here.receive() == message


def test_messages_of_several_threads_do_not_mix(ends: Ends) -> None:
    here, there = ends
    each = 50
    pictures = [Unit("cam0", PICTURE, show=True, look=False)] * each
    walls = [Wall(Ns(n), n) for n in range(each)]
    senders = [threading.Thread(target=_send, args=(here, told)) for told in (pictures, walls)]
    for sender in senders:
        sender.start()
    got = [there.receive() for _ in range(2 * each)]
    for sender in senders:
        sender.join()
    assert [one for one in got if isinstance(one, Wall)] == walls
    assert [one for one in got if isinstance(one, Unit)] == pictures


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "unit"},
        {"kind": "setup", "cameras": []},
        {"kind": "wanted"},
        {"kind": "wanted", "cameras": "cam0"},
        {"kind": "wanted", "cameras": [1]},
        {"kind": "wanted", "cameras": [], "more": 1},
        {"kind": "serving", "address": 8787},
        {"kind": "serving", "address": "x", "more": "y"},
        {"kind": "not-serving"},
        {"kind": ["wanted"]},
        {"kind": float("inf")},
        {},
        [],
        0,
    ],
    ids=json.dumps,
)
def test_a_page_that_lies_is_not_listened_to(said: Any) -> None:
    ours = _after(json.dumps(said).encode())
    with pytest.raises(Hangup):
        ours.receive()
    ours.close()


@given(st.binary(max_size=200))
def test_noise_is_no_message_of_a_page(noise: bytes) -> None:
    ours = _after(noise)
    with pytest.raises(Hangup):
        ours.receive()
    ours.close()


def test_the_recorder_sets_no_memory_aside_for_what_a_page_announces() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(struct.pack("<II", MOST_SAID, 1))
    here = recorder_end(ours)
    with pytest.raises(Hangup, match="not a message"):  # at once: nothing further was sent
        here.receive()
    here.close()
    theirs.close()


def _send(here: Link[ToPage, ToRecorder], told: Sequence[ToPage]) -> None:
    for one in told:
        here.send(one)


def _after(header: bytes) -> Link[ToPage, ToRecorder]:
    ours, theirs = socket.socketpair()
    theirs.sendall(struct.pack("<II", len(header), 0) + header)
    theirs.close()
    return recorder_end(ours)
