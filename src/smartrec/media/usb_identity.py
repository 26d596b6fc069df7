"""Who a camera is, whatever number its node has: read from sysfs, so that nothing is opened.

A node's number is given by the order of plugging, and udev's links in ``/dev/v4l/by-id`` are
missing without udev and are one for two cameras of a kind. The kernel tells both apart: every
node's ``device`` is the USB interface it belongs to, whose parent is the device with its vendor,
product and serial number, and whose name is the port it is plugged into
(https://docs.kernel.org/admin-guide/abi.html, ``sysfs-bus-usb``).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SYSFS: Final = Path("/sys/class/video4linux")
_NODES: Final = Path("/dev")


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one camera from another.

    Attributes:
        model: Vendor and product of a USB camera, such as ``"046d:0825"``; empty of any other.
        serial: None where it has none. Some makers give all their cameras the same one.
        port: Where it is plugged in, by the kernel's name of it such as ``"1-1.4"``: bus 1, port 1,
            there a hub, port 4. Of what is not on USB: its path in sysfs.
        part: Which node of the device, such as ``"1.0/0"``: interface and index of the node.
    """

    model: str
    serial: str | None
    port: str
    part: str

    def like(self, other: "Identity") -> bool:
        """Whether they are the same but for the port."""
        own, others = (self.model, self.serial, self.part), (other.model, other.serial, other.part)
        return own == others and (self.model != "" or self.port == other.port)


def identity_of(node: Path, sysfs: Path = _SYSFS) -> Identity | None:
    """Of a node or a link to one; None where the kernel knows no such camera."""
    about = sysfs / node.resolve().name
    try:
        place = about.resolve(strict=True)
    except OSError:
        return None
    index = _line(about / "index") or "0"
    try:
        interface = (about / "device").resolve(strict=True)
    except OSError:
        return Identity("", None, str(place), index)
    vendor, product = (_line(interface.parent / name) for name in ("idVendor", "idProduct"))
    if vendor is None or product is None:
        return Identity("", None, str(interface), index)
    device = interface.parent
    part = f"{interface.name.partition(':')[2]}/{index}"
    return Identity(f"{vendor}:{product}", _line(device / "serial"), device.name, part)


def present(sysfs: Path = _SYSFS, nodes: Path = _NODES) -> dict[Path, Identity]:
    """Every node that the kernel has now, in the order of their numbers, and who it is."""
    try:
        names = [path.name for path in sysfs.iterdir()]
    except OSError:
        return {}
    numbered = sorted((n for n in names if n[:5] == "video" and n[5:].isdigit()), key=_number)
    found = ((nodes / name, identity_of(nodes / name, sysfs)) for name in numbered)
    return {node: identity for node, identity in found if identity is not None}


def find_again(
    wanted: Identity,
    there: Mapping[Path, Identity],
    *,
    before: Collection[Identity] = (),
    taken: Collection[Identity] = (),
) -> Path | None:
    """Where a camera is now, if it is.

    At its own port it is known for sure. Elsewhere it is one that is like it, was not there before
    it was lost and is nobody else's, if there is exactly one such.

    Args:
        wanted: Who.
        there: The nodes of now.
        before: Who was there when it was lost.
        taken: Whom others follow.
    """
    for node, identity in there.items():
        if identity == wanted:
            return node
    new = [
        node
        for node, identity in there.items()
        if identity.like(wanted) and identity not in before and identity not in taken
    ]
    return new[0] if len(new) == 1 else None


def _number(name: str) -> int:
    return int(name[5:])


def _line(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip() or None
    except OSError:
        return None
