import socket
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.media.watch import link, messages
from smartrec.model import AccessUnit, Box, Codec, Look, StreamFormat, Track
from smartrec.units import Ns

H264 = StreamFormat(Codec.H264, 640, 480, 29.97, "video/x-h264", b"\x01\xff", 90)


def unit(data: bytes) -> AccessUnit:
    return AccessUnit(1, 2, Ns(3), Ns(4), Ns(5), True, 6, data)


EVERY_KIND: list[messages.Message] = [
    messages.Setup(
        (("cam0", "Door"), ("cam1", "Tür")),
        messages.DetectorSetup(person_class_ids=(0, 3), min_confidence=0.4),
        messages.ScreenSetup(fullscreen=False),
        ("cam1",),
        (1920, 1080),
        15.0,
        messages.SmartRecordSetup("/lib/sr.so", "/clips/.open", Ns(12)),
    ),
    messages.Setup((), None, None),
    messages.Format(
        "cam0", StreamFormat(Codec.H264, 640, 480, 29.97, "video/x-h264", b"\x01\xff", 90)
    ),
    messages.Unit("cam0", AccessUnit(1, 2, Ns(3), Ns(4), Ns(5), True, 6, b"\xff\xd8"), True, False),
    messages.Unit(
        "cam0", AccessUnit(1, 2, Ns(3), Ns(4), Ns(5), True, 6, bytes(1 << 20)), False, True
    ),
    messages.CameraView("cam0", "lost", "unplugged", Ns(7), 9.5),
    messages.StationView(10**12, closing=True),
    messages.Hello("ximage", "keys: window", keys=True, engine="onnx", model="NanoDet-G"),
    messages.Ready(),
    messages.Looked(
        Look("cam0", 1, Ns(5), (Track(1, Box(0.1, 0.2, 0.3, 0.4), 0.9, (0.1, -0.2)),), False),
        1.5,
        30,
    ),
    messages.Key("r", None),
    messages.Note("text", "hint", "cam0"),
    messages.Health({"cam0": 1}, {"cam0": 2}, {"cam0": 3}),
    messages.Refused("ModelUnusable", "what", "mend"),
    messages.Record("cam0", "clip", Ns(5)),
    messages.Leave("cam0", "clip"),
    messages.Recorded("cam0", "clip", "/clips/a.mkv", Ns(5), Ns(9), 3),
    messages.NotRecorded("cam0", "clip", "why", "hint"),
    messages.Preparing("the engine is being built", 12),
]


def pair() -> tuple[link.Link, link.Link]:
    one, other = socket.socketpair()
    return link.Link(one), link.Link(other)


@pytest.mark.parametrize("message", EVERY_KIND, ids=lambda message: message.kind)
def test_every_message_arrives_as_it_was_sent(message: messages.Message) -> None:
    here, there = pair()
    sender = threading.Thread(target=here.send, args=(message,))
    sender.start()
    assert there.receive() == message
    sender.join()
    here.close()
    there.close()


def test_the_other_side_is_told_when_one_side_closes() -> None:
    here, there = pair()
    here.close()
    with pytest.raises(link.Hangup):
        there.receive()
    with pytest.raises(link.Hangup):
        there.send(messages.Ready())
    there.close()


@given(st.binary(min_size=8, max_size=64))
def test_what_is_no_message_ends_the_conversation(noise: bytes) -> None:
    one, other = socket.socketpair()
    there = link.Link(other)
    one.sendall(noise)
    one.close()
    with pytest.raises(link.Hangup):
        _receive_all(there)
    there.close()


def _receive_all(end: link.Link) -> None:
    while True:
        end.receive()


@pytest.mark.parametrize(
    ("said", "odd"),
    [
        (b'"track_id": 1', b'"track_id": "x"'),
        (b'"score": 0.9', b'"score": NaN'),
        (b'"left": 0.1', b'"left": null'),
        (b'"pts": 5', b'"pts": {}'),
        (b'"pts": 5', b'"pts": Infinity'),
        (b'"speed": [0.1, -0.2]', b'"speed": []'),
    ],
)
def test_a_look_of_odd_numbers_is_no_message(said: bytes, odd: bytes) -> None:
    look = Look("cam0", 1, Ns(5), (Track(1, Box(0.1, 0.2, 0.3, 0.4), 0.9, (0.1, -0.2)),))
    header, _ = link.encode(messages.Looked(look))
    assert said in header
    here, there = pair()
    here._socket.sendall(
        struct.pack("<II", len(header) + len(odd) - len(said), 0) + header.replace(said, odd)
    )
    with pytest.raises(link.Hangup):
        there.receive()
    here.close()
    there.close()
