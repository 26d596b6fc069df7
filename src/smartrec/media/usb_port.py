"""Power of a USB port, by the kernel: what helps a camera that answers to nothing else.

A hub's ports can be switched through sysfs since Linux 6.0 (``…/<hub>-port<N>/disable``, see
``sysfs-bus-usb`` in https://docs.kernel.org/admin-guide/abi.html). Few hubs switch the power
itself; with all others the device is at least enumerated anew.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from smartrec.errors import CameraError
from smartrec.units import SECOND, Ns

OFF_FOR: Final = Ns(3 * SECOND)
"""Long enough for a camera's capacitors to run empty."""
_DEVICES: Final = Path("/sys/bus/usb/devices")
_RULE: Final = (
    'SUBSYSTEM=="usb", DRIVER=="hub", RUN+="/bin/sh -c '
    "'chgrp video /sys$devpath/*-port*/disable; chmod g+w /sys$devpath/*-port*/disable'\""
)


def switches_of(port: str, devices: Path = _DEVICES) -> tuple[Path, ...]:
    """The files that switch a port: its own and, of a USB 3 socket, that of its other half.

    Args:
        port: The kernel's name of it, such as ``"1-1.4"``; the camera may be gone.
        devices: All USB devices in sysfs.

    Returns:
        Nothing where the kernel or the hub has no such switch.
    """
    hub, _, number = port.rpartition("." if "." in port else "-")
    root = "." not in port
    interfaces = f"{hub}-0:*" if root else f"{hub}:*"
    name = f"usb{hub}-port{number}" if root else f"{hub}-port{number}"
    for place in sorted(devices.glob(f"{interfaces}/{name}")):
        halves = (place / "disable", place / "peer" / "disable")
        return tuple(half for half in halves if half.exists())
    return ()


def cycle(
    port: str,
    devices: Path = _DEVICES,
    *,
    pause: Callable[[float], object] = time.sleep,
) -> None:
    """Switch a port off and, after `OFF_FOR`, on again. Blocks for as long; any thread.

    Raises:
        CameraError: It has no switch, or this user may not use it; the hint says what helps.
    """
    switches = switches_of(port, devices)
    if not switches:
        raise CameraError(
            f"USB port {port} has no switch (it needs Linux 6.0 and a hub of its own)",
            hint="Leave power_cycle off, or plug the camera into another hub",
        )
    try:
        try:
            for switch in switches:
                switch.write_text("1")
            pause(OFF_FOR / SECOND)
        finally:
            for switch in switches:
                switch.write_text("0")
    except PermissionError as error:
        raise CameraError(
            f"this user may not switch USB port {port}",
            hint="Allow it to group video: write into /etc/udev/rules.d/60-usb-power.rules: "
            f"{_RULE}, then run: sudo udevadm trigger --subsystem-match=usb",
        ) from error
    except OSError as error:
        raise CameraError(
            f"USB port {port} cannot be switched ({error.strerror})",
            hint="Plug the camera in again by hand, or into another hub",
        ) from error
