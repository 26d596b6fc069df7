"""EBML, the binary tree that Matroska files are made of (RFC 8794): elements to bytes and back."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

UNKNOWN_SIZE: Final = b"\x01\xff\xff\xff\xff\xff\xff\xff"
_UNKNOWN: Final = -1
_CRC32: Final = 0xBF
_LONGEST_HEAD: Final = 12


@dataclass(frozen=True, slots=True)
class Element:
    """Where one element lies in a buffer.

    Attributes:
        id: With its length marker, as specifications print it.
        start: Offset of its first byte.
        body: Offset of its content.
        end: Offset behind its content; -1 where the size is unknown.
    """

    id: int
    start: int
    body: int
    end: int


def element(element_id: int, content: bytes) -> bytes:
    """An element with content of any kind."""
    return element_head(element_id, len(content)) + content


def element_head(element_id: int, length: int) -> bytes:
    """The id and size that stand before `length` bytes of content."""
    return _id_bytes(element_id) + size_bytes(length)


def unsigned(element_id: int, value: int) -> bytes:
    """An element that holds an unsigned integer."""
    return element(element_id, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def signed(element_id: int, value: int) -> bytes:
    """An element that holds a signed integer of eight bytes."""
    return element(element_id, struct.pack(">q", value))


def floating(element_id: int, value: float) -> bytes:
    """An element that holds a float of eight bytes."""
    return element(element_id, struct.pack(">d", value))


def text(element_id: int, value: str) -> bytes:
    """An element that holds UTF-8."""
    return element(element_id, value.encode())


def checked(element_id: int, *content: bytes) -> bytes:
    """A master element whose first child is the CRC-32 of the others (RFC 8794, section 11.3.1).

    Args:
        element_id: Its id.
        content: The other children in any pieces: each byte is copied once.
    """
    crc = 0
    for piece in content:
        crc = zlib.crc32(piece, crc)
    first = element(_CRC32, struct.pack("<I", crc))
    head = element_head(element_id, len(first) + sum(map(len, content)))
    return b"".join((head, first, *content))


def void(length: int) -> bytes:
    """An element of exactly `length` bytes (at least 9) that readers pass over."""
    return b"\xec" + b"\x01" + (length - 9).to_bytes(7, "big") + bytes(length - 9)


def size_bytes(length: int) -> bytes:
    """A data size, in as few bytes as it takes; all ones means unknown and is avoided."""
    for width in range(1, 9):
        if length < (1 << (7 * width)) - 1:
            return (length | 1 << (7 * width)).to_bytes(width, "big")
    raise ValueError(f"{length} is too long for one element")


def read_head(buffer: bytes, at: int) -> Element | None:
    """The element that begins at `at`, or None where no whole head stands there."""
    id_width = _width(buffer, at, 4)
    size_width = _width(buffer, at + id_width, 8) if id_width else 0
    if not size_width:
        return None
    body = at + id_width + size_width
    size = int.from_bytes(buffer[at + id_width : body], "big") & ((1 << (7 * size_width)) - 1)
    unknown = size == (1 << (7 * size_width)) - 1
    end = _UNKNOWN if unknown else body + size
    return Element(int.from_bytes(buffer[at : at + id_width], "big"), at, body, end)


def children(buffer: bytes, start: int, end: int) -> Iterator[Element]:
    """The elements that fill ``buffer[start:end]``; stops before one that does not fit."""
    at = start
    while at < end:
        child = read_head(buffer, at)
        if child is None or child.end == _UNKNOWN or child.end > end:
            return
        yield child
        at = child.end


def crc_holds(buffer: bytes, master: Element) -> bool:
    """Whether a `checked` element still has the content that it was written with."""
    first = read_head(buffer, master.body)
    if first is None or first.id != _CRC32 or first.end > master.end:
        return False
    want = int.from_bytes(buffer[first.body : first.end], "little")
    return zlib.crc32(memoryview(buffer)[first.end : master.end]) == want


def _id_bytes(element_id: int) -> bytes:
    return element_id.to_bytes((element_id.bit_length() + 7) // 8, "big")


def _width(buffer: bytes, at: int, most: int) -> int:
    """Bytes of the variable-length integer at `at`; 0 where there is none or it is cut off."""
    if at >= len(buffer):
        return 0
    width = 9 - buffer[at].bit_length()
    return width if width <= most and at + width <= len(buffer) else 0
