"""Where on the USB a device is plugged in, by what the kernel says in sysfs; nothing is opened.

Names are those of the kernel's ``Documentation/ABI/testing/sysfs-bus-usb``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SYSFS: Final = Path("/sys")
_MULT_SHIFT: Final = 11  # wMaxPacketSize: bits 12..11 are further transactions a microframe
_SIZE_MASK: Final = 0x7FF
_VIDEO_STREAMING: Final = ("0e", "02")  # bInterfaceClass, bInterfaceSubClass (UVC 1.5, A.1 and A.2)
_HIGH_SPEED: Final = 480


@dataclass(frozen=True, slots=True)
class Plugged:
    """A USB device where it is plugged in.

    Attributes:
        directory: Its place in sysfs, such as ``…/usb1/1-2``.
        port: Bus and ports on the way, such as ``"1-2.4"``: the fourth of a hub in port 2.
        bus: Number of the bus; a controller has one for each generation of USB.
        mbits: The speed it is connected at, Mbit/s.
        hubs: The hubs on the way, the machine's own not counted.
        reserved: Bytes a second that its video stream has reserved now; 0 when it does not stream,
            None where that is not known or nothing is reserved (bulk transfers).
    """

    directory: Path
    port: str
    bus: int
    mbits: float
    hubs: int
    reserved: float | None


def plugged(node: Path, sysfs: Path = SYSFS) -> Plugged | None:
    """Where a video node's device is plugged in; None where it is not on USB.

    Args:
        node: Such as ``/dev/video0``.
        sysfs: Where that is mounted.
    """
    try:
        interface = (sysfs / "class/video4linux" / node.name / "device").resolve(strict=True)
    except OSError:
        return None
    device = usb_device(interface)
    if device is None:
        return None
    mbits, port = _number(device / "speed"), device.name
    bus, hubs = int(_number(device / "busnum")), port.count(".")
    return Plugged(device, port, bus, mbits, hubs, _reserved(device, mbits))


def usb_device(inside: Path) -> Path | None:
    """The USB device that a directory of sysfs belongs to; None where it belongs to none."""
    return next((each for each in (inside, *inside.parents) if (each / "busnum").exists()), None)


def _reserved(device: Path, mbits: float) -> float | None:
    streams = list(_streaming_endpoints(device))
    if any(kind != "Isoc" for kind, _ in streams) or mbits > _HIGH_SPEED:
        return None
    each_second = 8000 if mbits == _HIGH_SPEED else 1000
    return float(sum(size for _, size in streams) * each_second)


def _streaming_endpoints(device: Path) -> Iterator[tuple[str, int]]:
    """Kind and bytes an interval of the endpoints that carry pictures just now."""
    for interface in device.glob(f"{device.name}:*"):
        kind = line_of(interface / "bInterfaceClass"), line_of(interface / "bInterfaceSubClass")
        if kind != _VIDEO_STREAMING:
            continue
        for endpoint in interface.glob("ep_*"):
            size = int(line_of(endpoint / "wMaxPacketSize") or "0", 16)
            times = (size >> _MULT_SHIFT & 3) + 1
            yield line_of(endpoint / "type"), (size & _SIZE_MASK) * times


def _number(path: Path) -> float:
    try:
        return float(line_of(path))
    except ValueError:
        return 0.0


def line_of(path: Path) -> str:
    """What a file of the kernel's says; empty where it says nothing."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
