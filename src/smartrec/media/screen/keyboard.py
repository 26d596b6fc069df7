"""Keys from the machine's keyboards, for screens that give none (waylandsink, kmssink).

Read from the kernel's event devices (linux/input.h), whichever program is in front: a key means
the same to us while somebody types elsewhere, but not while Ctrl, Alt or the logo key is held.
Keys count by their place on a US keyboard.
"""

import fcntl
import os
import select
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

INPUT: Final = Path("/dev/input")

_EVENT: Final = struct.Struct("@llHHi")
"""struct input_event: seconds, microseconds, type, code, value."""
_EV_KEY: Final = 1
_RELEASED, _PRESSED = 0, 1
_KEY_BYTES: Final = 0x300 // 8
_NAME_BYTES: Final = 256
_LOOK_AGAIN_S: Final = 3.0

_KEYS: Final[Mapping[int, str]] = {
    1: "esc",
    16: "q",
    19: "r",
    31: "s",
    33: "f",
    11: "0",
    **{1 + digit: str(digit) for digit in range(1, 10)},
    **dict(zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True)),  # keypad
}
_HELD: Final = frozenset({29, 97, 56, 100, 125, 126})
"""Ctrl, Alt and logo, left and right."""
_NEEDED: Final = (1, 19, 31)
"""A device without Escape, R and S is no keyboard of use: a power button, a remote."""


@dataclass
class _Device:
    fd: int
    name: str
    held: set[int] = field(default_factory=set)


class Keyboards:
    """All keyboards of the machine, those plugged in later too; one thread.

    Args:
        directory: Of the event devices.
        identify: The name of an open device that is a keyboard, else None.
    """

    def __init__(
        self,
        directory: Path = INPUT,
        identify: Callable[[int], str | None] | None = None,
    ) -> None:
        self._directory = directory
        self._identify = identify or keyboard_name
        self._epoll = select.epoll()
        self._devices: dict[int, _Device] = {}
        self._looked_at: dict[Path, int] = {}
        self._refused: set[Path] = set()
        self._look_at = 0.0

    def open(self) -> tuple[str, ...]:
        """Open those that are there, and say their names."""
        self._look()
        return tuple(each.name for each in self._devices.values())

    def trouble(self) -> tuple[str, str]:
        """Why no key can come, and what mends it; empty while there is a keyboard."""
        if self._devices:
            return "", ""
        if self._refused:
            what = f"this user may not read the keyboards in {self._directory}"
            return what, "Run: sudo usermod -aG input $USER, then log in again"
        return "no keyboard is connected", "Connect one; it is noticed within seconds"

    def fileno(self) -> int:
        """Readable when a key was pressed."""
        return self._epoll.fileno()

    def pressed(self) -> Iterator[str]:
        """Keys since the last call, as `Window` names them; never waits.

        A keyboard plugged in meanwhile is found here, within seconds.
        """
        if monotonic() >= self._look_at:
            self._look()
        for fd, _ in self._epoll.poll(0):
            yield from self._read(self._devices[fd])

    def close(self) -> None:
        """Let them go. Idempotent."""
        for device in tuple(self._devices.values()):
            self._drop(device)
        self._epoll.close()

    def _look(self) -> None:
        self._look_at = monotonic() + _LOOK_AGAIN_S
        self._refused.clear()
        paths = sorted(self._directory.glob("event*"))
        self._looked_at = {path: self._looked_at[path] for path in paths if path in self._looked_at}
        for path in paths:
            try:
                self._look_at_one(path)
            except PermissionError:
                self._refused.add(path)
            except OSError:
                continue  # unplugged while we looked

    def _look_at_one(self, path: Path) -> None:
        node = path.stat().st_ino
        if self._looked_at.get(path) == node:
            return
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._looked_at[path] = node
        name = self._identify(fd)
        if name is None:
            os.close(fd)
            return
        self._devices[fd] = _Device(fd, name)
        self._epoll.register(fd, select.EPOLLIN)

    def _read(self, device: _Device) -> Iterator[str]:
        try:
            data = os.read(device.fd, _EVENT.size * 64)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # unplugged
        if not data:
            self._drop(device)
            return
        for _, _, kind, code, value in _EVENT.iter_unpack(data):
            if kind == _EV_KEY and (key := _key(device.held, code, value)) is not None:
                yield key

    def _drop(self, device: _Device) -> None:
        self._epoll.unregister(device.fd)
        os.close(device.fd)
        del self._devices[device.fd]


def keyboard_name(fd: int) -> str | None:
    """What a device calls itself, if it has the keys that are needed; else None."""
    bits, name = bytearray(_KEY_BYTES), bytearray(_NAME_BYTES)
    try:
        fcntl.ioctl(fd, _ask(0x20 + _EV_KEY, len(bits)), bits)  # EVIOCGBIT
        fcntl.ioctl(fd, _ask(0x06, len(name)), name)  # EVIOCGNAME
    except OSError:
        return None  # no event device
    if not all(bits[code // 8] >> code % 8 & 1 for code in _NEEDED):
        return None
    return name.split(b"\0", 1)[0].decode(errors="replace") or "keyboard"


def _ask(number: int, length: int) -> int:
    """_IOC(_IOC_READ, 'E', number, length) of asm-generic/ioctl.h."""
    return 2 << 30 | length << 16 | ord("E") << 8 | number


def _key(held: set[int], code: int, value: int) -> str | None:
    """The key newly pressed, if it is one of ours; a key held down repeats with another value."""
    if code in _HELD:
        (held.discard if value == _RELEASED else held.add)(code)
    return _KEYS.get(code) if value == _PRESSED and not held else None
