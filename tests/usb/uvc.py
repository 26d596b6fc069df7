"""A virtual USB Video Class camera: answers what a host asks, and has a stream of pictures.

Requests after the Universal Serial Bus Specification 2.0, 9.4, and the USB Device Class Definition
for Video Devices 1.1, chapter 4. Knows no wire: `tests/usb/usbredir.py` carries it to QEMU.
"""

import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.usb import descriptors
from tests.usb.descriptors import PROCESSING_UNIT, Mode, formats_of
from tests.usb.stream import Stream

PAYLOAD: Final = 32 * descriptors.PACKET
"""Bytes of a payload: what Linux's uvcvideo takes off a bulk endpoint at once."""

_GET_STATUS, _CLEAR_FEATURE, _SET_FEATURE, _GET_DESCRIPTOR = 0, 1, 3, 6
_GET_CONFIGURATION, _SET_CONFIGURATION, _GET_INTERFACE, _SET_INTERFACE = 8, 9, 10, 11
_SET_CUR, _GET_CUR, _GET_MIN, _GET_MAX, _GET_RES = 0x01, 0x81, 0x82, 0x83, 0x84
_GET_LEN, _GET_INFO, _GET_DEF = 0x85, 0x86, 0x87
_GET_AND_SET: Final = b"\x03"
_COMMIT: Final = 2
_PROBE_LENGTH: Final = 26
"""Bytes of the video probe and commit controls of UVC 1.0."""


@dataclass(frozen=True, slots=True)
class Setup:
    """The eight bytes that open a control transfer (USB 2.0, table 9-2)."""

    request_type: int
    request: int
    value: int
    index: int
    length: int

    @property
    def inwards(self) -> bool:
        """Whether the device is to send something."""
        return bool(self.request_type & 0x80)


@dataclass(slots=True)
class Control:
    """A signed 16-bit control of the processing unit."""

    value: int
    default: int
    least: int = 0
    most: int = 255

    def answer(self, request: int) -> bytes | None:
        """What a GET request is told."""
        if request == _GET_INFO:
            return _GET_AND_SET
        known = {
            _GET_CUR: self.value,
            _GET_MIN: self.least,
            _GET_MAX: self.most,
            _GET_RES: 1,
            _GET_DEF: self.default,
            _GET_LEN: 2,
        }
        return None if request not in known else known[request].to_bytes(2, "little", signed=True)


def _controls() -> dict[int, Control]:
    brightness, contrast = 2, 3
    return {brightness: Control(128, 128), contrast: Control(32, 32)}


@dataclass(slots=True)
class UvcCamera:
    """One camera.

    Attributes:
        modes: What it offers.
        product: Its name.
        serial: Its serial number.
        product_id: Tells one product of a vendor from another.
        stream: Its pictures.
        configuration: Which one the host chose; 0 before.
    """

    modes: Sequence[Mode]
    product: str
    serial: str
    product_id: int = descriptors.PRODUCT_ID
    stream: Stream = field(init=False)
    configuration: int = 0
    _probe: bytes = b""
    _controls: dict[int, Control] = field(default_factory=_controls)

    def __post_init__(self) -> None:
        self.stream = Stream(self.serial)
        self.reset()

    def reset(self) -> None:
        """As after a reset of the bus, or when it is plugged in."""
        self.configuration = 0
        self.stream.stop()
        self._probe = self._nearest(1, 1, self.modes[0].intervals[0])

    def control(self, setup: Setup, data: bytes = b"") -> bytes | None:
        """Obey a control transfer.

        Returns:
            What it sends, empty where the transfer goes outwards; None for a STALL.
        """
        if setup.request_type & 0x7F == 0x21:
            answer = self._of_class(setup, data)
        else:
            answer = self._standard(setup)
        return None if answer is None else answer[: setup.length if setup.inwards else 0]

    def _standard(self, setup: Setup) -> bytes | None:
        request = setup.request
        if setup.inwards:
            if request == _GET_DESCRIPTOR:
                return self._descriptor(setup.value >> 8, setup.value & 0xFF)
            known = {_GET_STATUS: b"\0\0", _GET_INTERFACE: b"\0"}
            known[_GET_CONFIGURATION] = bytes([self.configuration])
            return known.get(request)
        if request == _SET_CONFIGURATION:
            self.configuration = setup.value
        elif request == _SET_INTERFACE:
            return b"" if setup.value == 0 and setup.index <= 1 else None
        elif request == _CLEAR_FEATURE and setup.request_type == 0x02:
            self.stream.stop()  # how Linux ends a bulk stream
        elif request not in {_CLEAR_FEATURE, _SET_FEATURE}:
            return None
        return b""

    def _descriptor(self, kind: int, index: int) -> bytes | None:
        if kind == 3:
            return descriptors.string(index, ("smartrec", self.product, self.serial))
        if kind == 2:
            return descriptors.configuration(self.modes) if index == 0 else None
        known = {1: descriptors.device(self.product_id), 6: descriptors.qualifier()}
        return known.get(kind)

    def _of_class(self, setup: Setup, data: bytes) -> bytes | None:
        interface, unit, selector = setup.index & 0xFF, setup.index >> 8, setup.value >> 8
        if interface == 1:
            return self._negotiate(setup.request, data, commit=selector == _COMMIT)
        control = self._controls.get(selector) if unit == PROCESSING_UNIT else None
        if control is None:
            return None
        if setup.request == _SET_CUR:
            control.value = int.from_bytes(data[:2], "little", signed=True)
            return b""
        return control.answer(setup.request)

    def _negotiate(self, request: int, data: bytes, *, commit: bool) -> bytes | None:
        """The video probe and commit controls (UVC 1.1, 4.3.1.1)."""
        if request == _GET_INFO:
            return _GET_AND_SET
        if request == _GET_LEN:
            return _PROBE_LENGTH.to_bytes(2, "little")
        if request != _SET_CUR:
            return self._probe
        self._probe = self._nearest(*struct.unpack_from("<BBI", data, 2))
        if commit:
            mode, interval = self._chosen()
            self.stream.start(mode, interval, time.monotonic())
        return b""

    def _chosen(self) -> tuple[Mode, int]:
        format_number, mode_number, interval = struct.unpack_from("<BBI", self._probe, 2)
        modes = list(formats_of(self.modes).values())[format_number - 1]
        return modes[mode_number - 1], interval

    def _nearest(self, format_number: int, mode_number: int, interval: int) -> bytes:
        """A probe with what comes nearest to what was asked."""
        formats = list(formats_of(self.modes).values())
        format_number = min(max(1, format_number), len(formats))
        modes = formats[format_number - 1]
        mode_number = min(max(1, mode_number), len(modes))
        mode = modes[mode_number - 1]
        near = min(mode.intervals, key=lambda offered: abs(offered - interval))
        choice = (1, format_number, mode_number, near)
        return struct.pack("<HBBIHHHHHII", *choice, *(0,) * 5, mode.largest, PAYLOAD)
