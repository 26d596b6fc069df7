"""What the virtual cameras see: pictures that say which they are, and faulty ones.

A JPEG carries its camera's serial number and its own in a comment behind its first marker, so what
was lost between camera and clip is counted in the clip's own bytes. A raw picture carries its
number drawn, as the demo's do.
"""

import io
import re
from enum import Enum
from functools import cache
from typing import Final

import numpy as np
from PIL import Image

from smartrec.media.frame_number import HEIGHT, cells
from tests.usb.descriptors import Mode

COUNTED: Final = re.compile(rb"\xff\xfe\x00.virtual camera ([A-Z0-9]+) ([0-9]{8})", re.DOTALL)
"""The comment with a camera's serial number and a picture's number."""
DIFFERENT: Final = 12
"""So many different pictures a JPEG camera shows, over and over; only their numbers differ."""
_SOI: Final = b"\xff\xd8"
_EOI: Final = b"\xff\xd9"
_HUFFMAN_TABLES: Final = 0xC4
_SCAN: Final = 0xDA


class Fault(str, Enum):
    """What can be wrong with a JPEG of a camera."""

    TRUNCATED = "truncated"
    """Its last half is missing, as when the bus was too slow."""
    NO_TABLES = "no-tables"
    """No Huffman tables: allowed; who decodes takes the standard's (T.81, annex K.3)."""
    NO_END = "no-end"
    """No EOI."""
    EMPTY = "empty"
    """A picture of no bytes."""


def picture(mode: Mode, number: int, serial: str) -> bytes:
    """Picture `number` of a camera in a mode's format."""
    if mode.fourcc == "MJPG":
        return _numbered(_jpeg(mode.width, mode.height, number % DIFFERENT), number, serial)
    return _yuy2(mode.width, mode.height, number)


def _numbered(jpeg: bytes, number: int, serial: str) -> bytes:
    comment = f"virtual camera {serial} {number:08}".encode()
    length = (2 + len(comment)).to_bytes(2, "big")
    return _SOI + b"\xff\xfe" + length + comment + jpeg[2:]


def numbers_in(data: bytes) -> list[int]:
    """The numbers of all JPEGs that lie in some bytes, such as a clip's."""
    return [int(number) for _, number in COUNTED.findall(data)]


def serials_in(data: bytes) -> set[str]:
    """The serial numbers of the cameras whose JPEGs lie in some bytes."""
    return {serial.decode() for serial, _ in COUNTED.findall(data)}


def spoilt(jpeg: bytes, fault: Fault) -> bytes:
    """A JPEG with a fault."""
    if fault is Fault.EMPTY:
        return b""
    if fault is Fault.NO_TABLES:
        return _without_tables(jpeg)
    return jpeg[: len(jpeg) // 2] if fault is Fault.TRUNCATED else jpeg.removesuffix(_EOI)


def _without_tables(jpeg: bytes) -> bytes:
    kept, at = bytearray(_SOI), 2
    while jpeg[at + 1] != _SCAN:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] != _HUFFMAN_TABLES:
            kept += jpeg[at:end]
        at = end
    return bytes(kept) + jpeg[at:]


@cache
def _jpeg(width: int, height: int, step: int) -> bytes:
    """A moving picture's `step`, baseline 4:2:2 with the standard's tables as UVC cameras send."""
    grain = np.random.default_rng(step).integers(-3, 4, (height, width, 1))
    across = np.arange(width)[None, :] + np.zeros((height, 1), np.int64)
    down = np.arange(height)[:, None] + np.zeros((1, width), np.int64)
    moved = across + step * width // DIFFERENT
    colours = [moved * 255 // width % 256, down * 255 // height, (across + down) // 4 % 256]
    pixels = (np.stack(colours, axis=2) + grain).clip(0, 255).astype(np.uint8)
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, "JPEG", quality=80, subsampling="4:2:2")
    return made.getvalue()


def _yuy2(width: int, height: int, number: int) -> bytes:
    """A grey ramp with its number in a band at the top."""
    pixels = np.full((height, width, 2), 128, np.uint8)
    pixels[:, :, 0] = (np.arange(width) + 5 * number) % 160 + 40
    band = round(height * HEIGHT)
    row = np.array(cells(number), np.uint8) * 195 + 20
    pixels[:band, :, 0] = np.repeat(row, width // len(row))
    return pixels.tobytes()
