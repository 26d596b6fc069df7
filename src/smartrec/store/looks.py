"""How a few seconds of looked-at pictures become the bytes of one row, and back. Pure.

Version 1: zlib-compressed (RFC 1950) JSON in ASCII,

    {"version": 1, "camera": "cam0", "epoch": 3, "first_pts": 5000000000,
     "looks": [[0, true, [[7, 0.125, 0.2, 0.25, 0.9, 0.871]]], [199998000, false, []]]}

where a look is its pts since ``first_pts`` (ns), whether the model was asked, and its tracks; a
track is its id, left, top, right and bottom (fractions of the picture, 4 digits) and its score (3
digits). The speed of a track follows from its boxes and is not kept.
"""

import json
import math
import zlib
from collections.abc import Sequence
from typing import Any, Final

from smartrec.model import Box, Look, Track
from smartrec.units import Ns

_VERSION: Final = 1
_BOX_DIGITS: Final = 4
_SCORE_DIGITS: Final = 3
_MAX_BYTES: Final = 1 << 24
"""Of JSON: some 300,000 tracks. What unpacks to more, we did not write."""


def pack(looks: Sequence[Look]) -> bytes:
    """The bytes that keep `looks`, by time.

    Raises:
        ValueError: There are none, or they are of several cameras or epochs.
    """
    if len({(look.camera, look.epoch) for look in looks}) != 1:
        raise ValueError("looks are kept together where they are of one camera and one epoch")
    ordered = sorted(looks, key=lambda look: look.pts)
    first = ordered[0]
    packed = {
        "version": _VERSION,
        "camera": first.camera,
        "epoch": first.epoch,
        "first_pts": first.pts,
        "looks": [
            [look.pts - first.pts, look.inferred, [_fields(track) for track in look.tracks]]
            for look in ordered
        ],
    }
    return zlib.compress(json.dumps(packed, separators=(",", ":")).encode("ascii"))


def unpack(data: bytes) -> tuple[Look, ...]:
    """The looks that `pack` kept, but for digits and speeds.

    Raises:
        ValueError: The bytes are damaged, or of a version that is not known.
    """
    try:
        packed = json.loads(_decompressed(data), parse_constant=float)
        if packed["version"] != _VERSION:
            raise ValueError(f"looks of version {packed['version']!r}")
        camera = str(packed["camera"])
        epoch, first = _whole(packed["epoch"]), _whole(packed["first_pts"])
        return tuple(
            Look(
                camera,
                epoch,
                Ns(first + _whole(since)),
                tuple(_track(*fields) for fields in tracks),
                bool(inferred),
            )
            for since, inferred, tracks in packed["looks"]
        )
    except (zlib.error, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"no looks: {error}") from error


def _fields(track: Track) -> list[float]:
    box = track.box
    sides = (round(side, _BOX_DIGITS) for side in (box.left, box.top, box.right, box.bottom))
    return [track.track_id, *sides, round(track.score, _SCORE_DIGITS)]


def _track(track_id: Any, *numbers: Any) -> Track:
    left, top, right, bottom, score = (_number(number) for number in numbers)
    return Track(_whole(track_id), Box(left, top, right, bottom), score)


def _decompressed(data: bytes) -> bytes:
    """Bounded, for few bytes may claim to be very many."""
    decompressor = zlib.decompressobj()
    text = decompressor.decompress(data, _MAX_BYTES)
    if not decompressor.eof:
        raise ValueError("looks that are cut off, or too many")
    return text


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is no whole number")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)
