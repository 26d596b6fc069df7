"""Descriptors of a USB Video Class camera: the bytes that tell a driver what it can do.

After the Universal Serial Bus Specification 2.0, chapter 9, and the USB Device Class Definition
for Video Devices 1.1 with its payload papers for MJPEG and uncompressed video. The
camera is a high-speed device with one configuration of two interfaces: VideoControl (a camera, a
processing unit with brightness and contrast, an output) and VideoStreaming with a bulk endpoint.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CLOCK: Final = 48_000_000
"""Hz of the clock in payload headers."""
ENDPOINT: Final = 0x81
"""The endpoint that pictures come from."""
PACKET: Final = 512
"""Bytes of a bulk packet of a high-speed device (USB 2.0, 5.8.3)."""
PRODUCT_ID: Final = 0x0001
VENDOR_ID: Final = 0x1209
VIDEO: Final = 0x0E
"""USB's class of video devices."""
PROCESSING_UNIT: Final = 2

_MISCELLANEOUS: Final = 0xEF  # with subclass 2, protocol 1: interfaces are associated
_INTERFACE: Final = 0x24  # a class-specific descriptor of an interface
_GUIDS: Final = {"YUY2": b"YUY2\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"}
_TICKS: Final = 10_000_000
"""Frame intervals are counted in units of 100 ns."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One size in one format.

    Attributes:
        fourcc: ``"MJPG"`` or ``"YUY2"``.
        width: Pixels.
        height: Pixels.
        rates: Pictures a second that can be chosen, the default first.
    """

    fourcc: str
    width: int
    height: int
    rates: tuple[int, ...]

    @property
    def intervals(self) -> tuple[int, ...]:
        """Time from one picture to the next, in units of 100 ns."""
        return tuple(_TICKS // rate for rate in self.rates)

    @property
    def largest(self) -> int:
        """Bytes that a picture may have."""
        return self.width * self.height * (2 if self.fourcc == "YUY2" else 1)


def formats_of(modes: Sequence[Mode]) -> dict[str, list[Mode]]:
    """Modes by format, in the order in which descriptors number them from 1."""
    formats: dict[str, list[Mode]] = {}
    for mode in modes:
        formats.setdefault(mode.fourcc, []).append(mode)
    return formats


def device(product_id: int = PRODUCT_ID) -> bytes:
    """The device descriptor; its strings are manufacturer, product and serial number."""
    version, strings, configurations = 0x0100, (1, 2, 3), 1
    return struct.pack(
        "<BBHBBBBHHHBBBB",
        *(18, 1, 0x0200, _MISCELLANEOUS, 2, 1, 64),
        *(VENDOR_ID, product_id, version, *strings, configurations),
    )


def qualifier() -> bytes:
    """The device qualifier: what would be different at full speed, which is nothing."""
    return struct.pack("<BBHBBBBBB", 10, 6, 0x0200, _MISCELLANEOUS, 2, 1, 64, 1, 0)


def string(index: int, texts: Sequence[str]) -> bytes | None:
    """A string descriptor; that of index 0 lists the languages: US English."""
    if index == 0:
        return b"\x04\x03\x09\x04"
    if index > len(texts):
        return None
    text = texts[index - 1].encode("utf-16-le")
    return bytes([2 + len(text), 3]) + text


def configuration(modes: Sequence[Mode]) -> bytes:
    """The configuration descriptor with all that belongs to it."""
    association = bytes([8, 0x0B, 0, 2, VIDEO, 3, 0, 2])
    parts = association + _control_interface() + _streaming_interface(modes)
    bus_powered, milliamperes = 0x80, 500
    head = struct.pack("<BBHBBBBB", 9, 2, 9 + len(parts), 2, 1, 0, bus_powered, milliamperes // 2)
    return head + parts


def _control_interface() -> bytes:
    camera = struct.pack("<BBBBHBBHHHB3s", 18, _INTERFACE, 2, 1, 0x0201, *(0,) * 5, 3, b"\0\0\0")
    brightness_and_contrast = 0b11
    processing = struct.pack(
        "<BBBBBHBHB", 11, _INTERFACE, 5, PROCESSING_UNIT, 1, 0, 2, brightness_and_contrast, 0
    )
    output = struct.pack("<BBBBHBBB", 9, _INTERFACE, 3, 3, 0x0101, 0, PROCESSING_UNIT, 0)
    units = camera + processing + output
    header = struct.pack("<BBBHHIBB", 13, _INTERFACE, 1, 0x0100, 13 + len(units), CLOCK, 1, 1)
    return bytes([9, 4, 0, 0, 0, VIDEO, 1, 0, 2]) + header + units


def _streaming_interface(modes: Sequence[Mode]) -> bytes:
    formats = formats_of(modes)
    described = b"".join(
        _format(number, fourcc, its) for number, (fourcc, its) in enumerate(formats.items(), 1)
    )
    length = 13 + len(formats)
    header = struct.pack(
        "<BBBBHBBBBBBB",
        *(length, _INTERFACE, 1, len(formats), length + len(described)),
        *(ENDPOINT, 0, 3, 0, 0, 0, 1),
    )
    interface = bytes([9, 4, 1, 0, 1, VIDEO, 2, 0, 0])
    bulk = struct.pack("<BBBBHB", 7, 5, ENDPOINT, 2, PACKET, 0)
    return interface + header + bytes(len(formats)) + described + bulk


def _format(number: int, fourcc: str, modes: Sequence[Mode]) -> bytes:
    count = len(modes)
    if fourcc == "MJPG":
        head, frame = bytes([11, _INTERFACE, 6, number, count, 1, 1, 0, 0, 0, 0]), 7
    else:
        bits = 16
        about = (bits, 1, 0, 0, 0, 0)
        head = struct.pack("<5B16s6B", 27, _INTERFACE, 4, number, count, _GUIDS[fourcc], *about)
        frame = 5
    colours = bytes([6, _INTERFACE, 0x0D, 1, 1, 4])
    return head + b"".join(_frame(n, frame, mode) for n, mode in enumerate(modes, 1)) + colours


def _frame(number: int, subtype: int, mode: Mode) -> bytes:
    intervals = mode.intervals
    bits = min(mode.largest * 8 * _TICKS // intervals[0], 2**32 - 1)
    return struct.pack(
        f"<BBBBBHHIIIIB{len(intervals)}I",
        *(26 + 4 * len(intervals), _INTERFACE, subtype, number, 0, mode.width, mode.height),
        *(bits, bits, mode.largest, intervals[0], len(intervals), *intervals),
    )
