"""Messages are whole or the conversation ends, whatever the other side does."""

import json
import socket
import struct

import pytest

from smartrec.media.framing import Hangup, Link, header_of, said_in

Talk = Link[bytes, bytes]


def encode(payload: bytes) -> tuple[bytes, bytes]:
    return header_of("bytes", {"length": len(payload)}), payload


def decode(header: bytes, payload: bytes) -> bytes:
    kind, body = said_in(header)
    if (kind, body) != ("bytes", {"length": len(payload)}):
        raise ValueError(kind)
    return payload


def test_half_a_message_ends_the_conversation_on_both_sides() -> None:
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", 0, 1000))
    here, there = Talk(ours, encode, decode), Talk(theirs, encode, decode)
    here.send(b"whole")
    with pytest.raises(Hangup):
        here.send(bytes(10_000_000))  # nobody reads
    with pytest.raises(Hangup):
        here.send(b"behind it")
    assert there.receive() == b"whole"
    with pytest.raises(Hangup):
        there.receive()
    here.close()
    there.close()


def test_who_finds_the_other_gone_still_hears_its_last_words() -> None:
    ours, theirs = socket.socketpair()
    here, there = Talk(ours, encode, decode), Talk(theirs, encode, decode)
    here.send(b"not read by the other")
    there.send(b"why")
    there.send(b"farewell")
    there.close()
    with pytest.raises(Hangup):
        here.send(b"too late")
    assert [here.receive(), here.receive()] == [b"why", b"farewell"]
    with pytest.raises(Hangup):
        here.receive()
    here.close()


def test_who_has_finished_still_hears_the_answer() -> None:
    ours, theirs = socket.socketpair()
    here, there = Talk(ours, encode, decode), Talk(theirs, encode, decode)
    here.send(b"question")
    here.finish()
    assert there.receive() == b"question"
    with pytest.raises(Hangup):
        there.receive()
    there.send(b"answer")
    assert here.receive() == b"answer"
    here.close()
    there.close()


def test_more_than_is_allowed_is_not_read() -> None:
    ours, theirs = socket.socketpair()
    here, there = Talk(ours, encode, decode), Talk(theirs, encode, decode, most=100)
    here.send(bytes(50))
    here.send(bytes(100))
    assert there.receive() == bytes(50)
    with pytest.raises(Hangup, match="not a message"):
        there.receive()
    here.close()
    there.close()


@pytest.mark.parametrize("header", [b"", b"\xff", b"{", b"[]", b"1", b"{}", b'{"kind": 1}'])
def test_what_names_no_kind_is_no_header(header: bytes) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        said_in(header)


def test_a_header_says_its_kind_and_what_else_there_is() -> None:
    assert json.loads(header_of("key", {"key": "r"})) == {"kind": "key", "key": "r"}
    assert said_in(header_of("key", {"key": "r"})) == ("key", {"key": "r"})
