"""What goes to a browser over the live socket, as whole WebSocket frames.

Each is made once and the same bytes are sent to every browser. A binary message is a header of 32
bytes, little endian, and the camera's own bits behind it:

    u8 version = 1    u8 kind    u8 camera's index    u8 flags: bit 0 keyframe
    u32 epoch    u64 seq    i64 pts in ns    u64 reserved = 0

A text message is a JSON object with a ``type``; numbers of 64 bits are decimal strings there, for
JavaScript's own numbers end at 53 bits. An event is a CloudEvents envelope as it is everywhere.
"""

import json
import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from smartrec.model import AccessUnit, Look

VERSION: Final = 1
_HEADER: Final = struct.Struct("<BBBBIQqQ")
_KEYFRAME: Final = 1
# RFC 6455, 5.2: the last frame of a message; a server's are not masked.
_TEXT: Final = 0x81
_BINARY: Final = 0x82
_SHORT: Final = 126
_LONG: Final = 1 << 16
_BOX_DIGITS: Final = 4
_SCORE_DIGITS: Final = 3


class Kind(IntEnum):
    """What the bytes of a binary message are."""

    JPEG = 0
    INIT = 1
    FRAGMENT = 2


def picture(kind: Kind, index: int, unit: AccessUnit, data: bytes) -> bytes:
    """The frame of a binary message.

    Args:
        kind: Of `data`.
        index: The camera's, as in the greeting.
        unit: Whose data it is.
        data: Behind the header, untouched.
    """
    flags = _KEYFRAME if unit.keyframe else 0
    header = _HEADER.pack(VERSION, kind, index, flags, unit.epoch, unit.seq, unit.pts, 0)
    return b"".join((_front(_BINARY, len(header) + len(data)), header, data))


def text(message: Mapping[str, Any]) -> bytes:
    """The frame of a text message."""
    body = json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    return _front(_TEXT, len(body)) + body


def moment(mono_ns: int, wall_ns: int) -> dict[str, str]:
    """One moment on both clocks."""
    return {"mono_ns": str(mono_ns), "wall_ns": str(wall_ns)}


def look(found: Look) -> bytes:
    """The frame that says what was found in a picture."""
    tracks = [
        {
            "id": track.track_id,
            "box": [
                round(side, _BOX_DIGITS)
                for side in (track.box.left, track.box.top, track.box.right, track.box.bottom)
            ],
            "score": round(track.score, _SCORE_DIGITS),
        }
        for track in found.tracks
    ]
    return text(
        {
            "type": "look",
            "camera": found.camera,
            "epoch": found.epoch,
            "pts": str(found.pts),
            "tracks": tracks,
            "inferred": found.inferred,
        }
    )


def _front(first: int, length: int) -> bytes:
    if length < _SHORT:
        return struct.pack("!BB", first, length)
    if length < _LONG:
        return struct.pack("!BBH", first, 126, length)
    return struct.pack("!BBQ", first, 127, length)
