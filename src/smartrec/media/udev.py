"""News of video devices from the udev daemon, told when its rules ran.

Only then are permissions and links in place.
By libudev's own C interface (libudev(3), ABI ``libudev.so.1``), which every system with udev has.
"""

import ctypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from smartrec.errors import SmartrecError

RUNS: Final = Path("/run/udev/control")
"""There while a udev daemon runs that this process may see."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What the daemon tells.

    Attributes:
        action: ``"add"``, ``"remove"``, ``"change"`` and others.
        node: Of the device.
    """

    action: str
    node: Path


class Monitor:
    """Listens to the daemon. One thread.

    Raises:
        SmartrecError: There is no libudev here, or it cannot listen.
    """

    def __init__(self, subsystem: str = "video4linux") -> None:
        library = _library()
        self._library = library
        self._context = library.udev_new()
        self._monitor = library.udev_monitor_new_from_netlink(self._context, b"udev")
        listens = self._monitor and (
            library.udev_monitor_filter_add_match_subsystem_devtype(
                self._monitor, subsystem.encode(), None
            )
            >= 0
            and library.udev_monitor_enable_receiving(self._monitor) >= 0
        )
        if not listens:
            self.close()
            raise SmartrecError("udev cannot be listened to")

    def fileno(self) -> int:
        """Can be read when there is news."""
        return int(self._library.udev_monitor_get_fd(self._monitor))

    def take(self) -> Happened | None:
        """The next news, if any; never waits."""
        device = self._library.udev_monitor_receive_device(self._monitor)
        if not device:
            return None
        try:
            action = self._library.udev_device_get_action(device)
            node = self._library.udev_device_get_devnode(device)
        finally:
            self._library.udev_device_unref(device)
        return Happened((action or b"").decode(), Path((node or b"").decode()))

    def close(self) -> None:
        """Listen no more. Idempotent."""
        if self._monitor:
            self._library.udev_monitor_unref(self._monitor)
        if self._context:
            self._library.udev_unref(self._context)
        self._monitor = self._context = None


@cache
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libudev.so.1", use_errno=True)
    except OSError as error:
        raise SmartrecError(f"there is no libudev ({error})") from error
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("udev_new", pointer, ()),
        ("udev_unref", pointer, (pointer,)),
        ("udev_monitor_new_from_netlink", pointer, (pointer, text)),
        ("udev_monitor_filter_add_match_subsystem_devtype", number, (pointer, text, text)),
        ("udev_monitor_enable_receiving", number, (pointer,)),
        ("udev_monitor_get_fd", number, (pointer,)),
        ("udev_monitor_receive_device", pointer, (pointer,)),
        ("udev_monitor_unref", pointer, (pointer,)),
        ("udev_device_get_action", text, (pointer,)),
        ("udev_device_get_devnode", text, (pointer,)),
        ("udev_device_unref", pointer, (pointer,)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
