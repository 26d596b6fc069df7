"""Whether a camera's JPEG is whole, told from its markers alone (ITU-T T.81, annex B)."""

from typing import Final

_SOI: Final = b"\xff\xd8"
_EOI: Final = b"\xff\xd9"
_SOS: Final = 0xDA
_FRAME_HEADERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_NO_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_TAIL: Final = 4096
"""Cameras may pad behind the end by up to so many bytes."""


def whole(data: bytes) -> bool:
    """Whether `data` has a start, a sound chain of headers with a frame and a scan, and an end."""
    return data[:2] == _SOI and data.rfind(_EOI, -_TAIL) > 0 and _headers_hold(data)


def _headers_hold(data: bytes) -> bool:
    at, frame = 2, False
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in _NO_LENGTH:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SOS:
            return frame and length >= 6 and at + 2 + length < len(data)
        frame = frame or marker in _FRAME_HEADERS
        at += 2 + length
    return False
