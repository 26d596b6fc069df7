"""The kernel's own interface to cameras: the few V4L2 calls that a recorder needs.

Structures and numbers are those of the kernel's userspace header ``include/uapi/linux/videodev2.h``
(https://docs.kernel.org/userspace-api/media/v4l/v4l2.html). Nothing is opened but by `Node`.
"""

import ctypes
import errno
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final

from smartrec.graph.formats import Format

_u8, _u32, _s32 = ctypes.c_uint8, ctypes.c_uint32, ctypes.c_int32


class Capability(ctypes.Structure):
    """struct v4l2_capability."""

    _fields_ = (
        ("driver", ctypes.c_char * 16),
        ("card", ctypes.c_char * 32),
        ("bus_info", ctypes.c_char * 32),
        ("version", _u32),
        ("capabilities", _u32),
        ("device_caps", _u32),
        ("reserved", _u32 * 3),
    )


class FormatDescription(ctypes.Structure):
    """struct v4l2_fmtdesc."""

    _fields_ = (
        ("index", _u32),
        ("type", _u32),
        ("flags", _u32),
        ("description", ctypes.c_char * 32),
        ("pixelformat", _u32),
        ("mbus_code", _u32),
        ("reserved", _u32 * 3),
    )


class FrameSize(ctypes.Structure):
    """struct v4l2_frmsizeenum; `sides` is the union: width, height, or the six of a range."""

    _fields_ = (
        ("index", _u32),
        ("pixel_format", _u32),
        ("type", _u32),
        ("sides", _u32 * 6),
        ("reserved", _u32 * 2),
    )


class FrameInterval(ctypes.Structure):
    """struct v4l2_frmivalenum; `fractions` is the union: one fraction, or min, max and step."""

    _fields_ = (
        ("index", _u32),
        ("pixel_format", _u32),
        ("width", _u32),
        ("height", _u32),
        ("type", _u32),
        ("fractions", _u32 * 6),
        ("reserved", _u32 * 2),
    )


class QueryControl(ctypes.Structure):
    """struct v4l2_queryctrl."""

    _fields_ = (
        ("id", _u32),
        ("type", _u32),
        ("name", ctypes.c_char * 32),
        ("minimum", _s32),
        ("maximum", _s32),
        ("step", _s32),
        ("default_value", _s32),
        ("flags", _u32),
        ("reserved", _u32 * 2),
    )


class ControlValue(ctypes.Structure):
    """struct v4l2_control."""

    _fields_ = (("id", _u32), ("value", _s32))


class RequestBuffers(ctypes.Structure):
    """struct v4l2_requestbuffers."""

    _fields_ = (
        ("count", _u32),
        ("type", _u32),
        ("memory", _u32),
        ("capabilities", _u32),
        ("flags", _u8),
        ("reserved", _u8 * 3),
    )


def _request(direction: int, number: int, of: type[ctypes.Structure]) -> int:
    """The number of an ioctl: _IOC of ``include/uapi/asm-generic/ioctl.h``."""
    return direction << 30 | ctypes.sizeof(of) << 16 | ord("V") << 8 | number


_READ, _READ_WRITE = 2, 3
QUERYCAP: Final = _request(_READ, 0, Capability)
ENUM_FMT: Final = _request(_READ_WRITE, 2, FormatDescription)
REQBUFS: Final = _request(_READ_WRITE, 8, RequestBuffers)
G_CTRL: Final = _request(_READ_WRITE, 27, ControlValue)
S_CTRL: Final = _request(_READ_WRITE, 28, ControlValue)
QUERYCTRL: Final = _request(_READ_WRITE, 36, QueryControl)
ENUM_FRAMESIZES: Final = _request(_READ_WRITE, 74, FrameSize)
ENUM_FRAMEINTERVALS: Final = _request(_READ_WRITE, 75, FrameInterval)

_DEVICE_CAPS: Final = 0x8000_0000
_VIDEO_CAPTURE: Final = 0x0000_0001
_VIDEO_CAPTURE_MPLANE: Final = 0x0000_1000
_BUF_CAPTURE: Final = 1
_BUF_CAPTURE_MPLANE: Final = 9
_MEMORY_MMAP: Final = 1
_DISCRETE: Final = 1
_NEXT_CONTROL: Final = 0x8000_0000
_LIMIT: Final = 512  # a driver that answers for ever must not hang the program

# Sizes and rates to name where a driver offers any within a range.
_SIZES: Final = (
    (320, 240), (640, 360), (640, 480), (800, 600), (960, 540), (1024, 768), (1280, 720),
    (1280, 960), (1600, 1200), (1920, 1080), (2560, 1440), (3840, 2160),
)  # fmt: skip
_RATES: Final = tuple(Fraction(rate) for rate in (120, 60, 50, 30, 25, 20, 15, 10, 5))


class ControlType(IntEnum):
    """Kinds of control whose value is one whole number (enum v4l2_ctrl_type)."""

    INTEGER = 1
    BOOLEAN = 2
    MENU = 3
    BUTTON = 4
    INTEGER_MENU = 9


class ControlFlag(IntFlag):
    """What a control does not let one do (V4L2_CTRL_FLAG_*)."""

    DISABLED = 0x0001
    GRABBED = 0x0002
    READ_ONLY = 0x0004
    INACTIVE = 0x0010


@dataclass(frozen=True, slots=True)
class Control:
    """One control of a camera, such as its focus.

    Attributes:
        id: The kernel's number of it (V4L2_CID_*).
        name: The kernel's name of it, as ``v4l2-ctl`` writes it: ``"focus_absolute"``.
        type: What its value means.
        minimum: Least value.
        maximum: Greatest value.
        step: Distance of values.
        default: What the camera starts with.
        flags: What it does not let one do now.
    """

    id: int
    name: str
    type: ControlType
    minimum: int
    maximum: int
    step: int
    default: int
    flags: ControlFlag


class Node:
    """One open video node; use it in a ``with``. Any one thread.

    Opening disturbs nobody: a camera may be looked at while another program records from it.

    Raises:
        OSError: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._capability: Capability | None = None

    def __enter__(self) -> "Node":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)

    def capability(self) -> Capability:
        """Names and abilities of the device.

        Raises:
            OSError: It is no video device.
        """
        if self._capability is None:
            self._capability = Capability()
            fcntl.ioctl(self._fd, QUERYCAP, self._capability)
        return self._capability

    def captures(self) -> bool:
        """Whether it gives pictures; a camera's second node gives only metadata."""
        return self._buffer_type() != 0

    def streams_elsewhere(self) -> bool:
        """Whether another program has taken the camera for itself.

        Asking for no buffers is refused then, and changes nothing otherwise.
        """
        nothing = RequestBuffers(count=0, type=self._buffer_type(), memory=_MEMORY_MMAP)
        try:
            fcntl.ioctl(self._fd, REQBUFS, nothing)
        except OSError as error:
            return error.errno == errno.EBUSY
        return False

    def formats(self) -> Iterator[Format]:
        """All it offers; of a range of sizes or rates the usual ones and the ends."""
        kind = self._buffer_type()
        for index in range(_LIMIT):
            description = FormatDescription(index=index, type=kind)
            if not self._asked(ENUM_FMT, description):
                return
            number = description.pixelformat
            for width, height in self._sizes(number):
                rates = tuple(sorted(set(self._rates(number, width, height)), reverse=True))
                yield Format(fourcc(number), width, height, rates)

    def controls(self) -> Iterator[Control]:
        """All controls that hold one number and are not disabled."""
        at = 0
        for _ in range(_LIMIT):
            query = QueryControl(id=at | _NEXT_CONTROL)
            if not self._asked(QUERYCTRL, query) or query.id <= at:
                return
            at = query.id
            flags = ControlFlag(query.flags & 0x17)
            if query.type in set(ControlType) and ControlFlag.DISABLED not in flags:
                yield Control(
                    id=query.id,
                    name=control_name(query.name.decode("latin-1")),
                    type=ControlType(query.type),
                    minimum=query.minimum,
                    maximum=query.maximum,
                    step=max(1, query.step),
                    default=query.default_value,
                    flags=flags,
                )

    def get(self, control: int) -> int:
        """Value of a control.

        Raises:
            OSError: It has none now.
        """
        held = ControlValue(id=control)
        fcntl.ioctl(self._fd, G_CTRL, held)
        return int(held.value)

    def set(self, control: int, value: int) -> None:
        """Change a control; the camera keeps it until it is unplugged.

        Raises:
            OSError: The camera refuses.
        """
        fcntl.ioctl(self._fd, S_CTRL, ControlValue(id=control, value=value))

    def _buffer_type(self) -> int:
        capability = self.capability()
        own = capability.capabilities & _DEVICE_CAPS
        can = capability.device_caps if own else capability.capabilities
        if can & _VIDEO_CAPTURE:
            return _BUF_CAPTURE
        return _BUF_CAPTURE_MPLANE if can & _VIDEO_CAPTURE_MPLANE else 0

    def _asked(self, request: int, answer: ctypes.Structure) -> bool:
        """Whether there was an answer; drivers end their lists, and lack calls, with an error."""
        try:
            fcntl.ioctl(self._fd, request, answer)
        except OSError as error:
            if error.errno in {errno.EINVAL, errno.ENOTTY, errno.ENODATA}:
                return False
            raise
        return True

    def _sizes(self, pixel_format: int) -> Iterator[tuple[int, int]]:
        for index in range(_LIMIT):
            size = FrameSize(index=index, pixel_format=pixel_format)
            if not self._asked(ENUM_FRAMESIZES, size):
                return
            sides = tuple(size.sides)
            if size.type != _DISCRETE:
                yield from sizes_of_range(sides)
                return
            yield sides[0], sides[1]

    def _rates(self, pixel_format: int, width: int, height: int) -> Iterator[Fraction]:
        for index in range(_LIMIT):
            asked = FrameInterval(
                index=index, pixel_format=pixel_format, width=width, height=height
            )
            if not self._asked(ENUM_FRAMEINTERVALS, asked):
                return
            numbers = tuple(asked.fractions)
            if asked.type != _DISCRETE:
                yield from rates_of_range(numbers)
                return
            if 0 not in numbers[:2]:
                yield Fraction(numbers[1], numbers[0])


def fourcc(number: int) -> str:
    """A pixel format's number as its four letters, without the blanks that fill them up."""
    return (number & 0x7FFF_FFFF).to_bytes(4, "little").decode("latin-1").rstrip(" \0")


def control_name(name: str) -> str:
    """``"Focus, Absolute"`` as ``v4l2-ctl`` writes it: ``"focus_absolute"``."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in name.lower())
    return "_".join(words.split())


def sizes_of_range(sides: tuple[int, ...]) -> list[tuple[int, int]]:
    """The usual sizes within min, max and step of width, then of height, and both ends."""
    wide = range(sides[0], sides[1] + 1, max(1, sides[2]))
    high = range(sides[3], sides[4] + 1, max(1, sides[5]))
    if not wide or not high:
        return []
    ends = {(wide[0], high[0]), (wide[-1], high[-1])}
    return sorted(ends | {(w, h) for w, h in _SIZES if w in wide and h in high})


def rates_of_range(numbers: tuple[int, ...]) -> list[Fraction]:
    """The usual rates within min and max of the interval (two fractions), and both ends."""
    if 0 in numbers[:4]:
        return []
    fast, slow = Fraction(numbers[1], numbers[0]), Fraction(numbers[3], numbers[2])
    ends = {fast, slow} if slow >= 1 else {fast}
    return sorted(ends | {rate for rate in _RATES if slow <= rate <= fast}, reverse=True)
