"""Frames as the library of the other side reads them."""

import json

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from smartrec.model import AccessUnit, Box, Look, Track
from smartrec.units import Ns
from smartrec.web import frames


def read(frame: bytes) -> Frame:
    """The one frame that a client gets of these bytes."""
    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)
    client.receive_data(frame)
    (event,) = client.events_received()
    assert isinstance(event, Frame)
    return event


@pytest.mark.parametrize(
    "length", [0, 1, 93, 94, 125, 126, 65_503, 65_504, 65_535, 65_536, 200_000]
)
def test_a_picture_is_its_header_and_its_own_bytes(length: int) -> None:
    data = bytes(n % 251 for n in range(length))
    unit = AccessUnit(7, 2**40, Ns(2**62), Ns(0), Ns(0), True, 0, b"not this")
    frame = read(frames.picture(frames.Kind.JPEG, 3, unit, data))
    assert frame.opcode is Opcode.BINARY
    assert frame.fin
    assert frame.data[:8] == bytes((1, 0, 3, 1, 7, 0, 0, 0))
    assert int.from_bytes(frame.data[8:16], "little") == 2**40
    assert int.from_bytes(frame.data[16:24], "little") == 2**62
    assert frame.data[24:32] == bytes(8)
    assert frame.data[32:] == data


def test_a_picture_that_needs_others_is_no_keyframe() -> None:
    unit = AccessUnit(1, 1, Ns(1), Ns(1), Ns(1), False, 0, b"")
    assert read(frames.picture(frames.Kind.FRAGMENT, 0, unit, b"x")).data[1:4] == bytes((2, 0, 0))


def test_a_look_says_its_picture_exactly() -> None:
    track = Track(7, Box(0.1, 0.23456789, 0.5, 1.0), 0.87654)
    frame = read(frames.look(Look("cam0", 2, Ns(2**60 + 1), (track,), inferred=False)))
    assert frame.opcode is Opcode.TEXT
    assert json.loads(bytes(frame.data)) == {
        "type": "look",
        "camera": "cam0",
        "epoch": 2,
        "pts": str(2**60 + 1),
        "tracks": [{"id": 7, "box": [0.1, 0.2346, 0.5, 1.0], "score": 0.877}],
        "inferred": False,
    }


def test_text_of_any_language_goes_through() -> None:
    message = {"type": "event", "event": {"name": "Tür \u2028 <b>門</b>"}}
    assert json.loads(bytes(read(frames.text(message)).data)) == message
