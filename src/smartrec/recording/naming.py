"""File names of clips: sortable, and safe on any file system whatever a camera is called."""

import re
import unicodedata
from datetime import datetime, timedelta, timezone
from typing import Final

LONGEST: Final = 120
"""Bytes, which leaves room for a suffix such as ``.thumbnail.jpg`` on every file system."""

_PIECE_MAX: Final = 40
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.]+")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LATEST: Final = 253_402_300_799_999
"""The last millisecond that four digits of year can say."""


def clip_name(camera_id: str, wall_ns: int, label: str, part: int) -> str:
    """Name a clip, without directory or suffix, as ``cam0_20261122T141500.123Z_key-R``.

    The name is ASCII, at most 112 bytes long, holds nothing that FAT forbids and begins with a
    letter or digit. Two clips can get the same name: see `numbered`.

    Args:
        camera_id: Which camera; what a file name cannot hold becomes ``-``.
        wall_ns: UTC of the event's first trigger.
        label: The first trigger's reason.
        part: Counts from 1; later parts of a rolled-over event end in ``_p2``, ``_p3``.
    """
    name = f"{_piece(camera_id, 'camera')}_{_stamp(wall_ns)}_{_piece(label, 'event')}"
    return name if part <= 1 else f"{name}_p{part % 1_000_000}"


def numbered(name: str, n: int) -> str:
    """The `n`-th choice where `name` is taken; the first choice is `name` itself."""
    return name if n <= 1 else f"{name}-{n}"


def _piece(text: str, otherwise: str) -> str:
    """The safe part of `text`; accents are dropped from letters rather than letters from words."""
    plain = unicodedata.normalize("NFKD", text[: 8 * _PIECE_MAX]).encode("ascii", "ignore").decode()
    return _UNSAFE.sub("-", plain).strip(".-")[:_PIECE_MAX].rstrip(".-") or otherwise


def _stamp(wall_ns: int) -> str:
    ms = min(max(wall_ns // 1_000_000, 0), _LATEST)
    when = _EPOCH + timedelta(milliseconds=ms)
    return f"{when:%Y%m%dT%H%M%S}.{ms % 1000:03d}Z"
