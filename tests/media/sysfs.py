"""A stand-in for the kernel's sysfs with USB cameras, laid out as Linux does."""

from pathlib import Path


class Sysfs:
    """Cameras are plugged into it and pulled out.

    Args:
        root: An empty directory.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.classes = root / "class/video4linux"
        self.devices = root / "bus/usb/devices"
        self._real = root / "devices"
        for path in (self.classes, self.devices, self._real):
            path.mkdir(parents=True)

    def plug(
        self,
        node: str,
        port: str,
        *,
        model: str = "1209:0001",
        serial: str | None = None,
        speed: str = "480",
        packets: str = "0000",
    ) -> None:
        """A camera with one node; its isochronous endpoint has reserved `packets`, hexadecimal."""
        device = self._real / port
        about = device / f"{port}:1.0" / "video4linux" / node
        about.mkdir(parents=True)
        vendor, product = model.split(":")
        bus = port.partition("-")[0]
        written = {
            "idVendor": vendor,
            "idProduct": product,
            "serial": serial,
            "busnum": bus,
            "speed": speed,
        }
        for name, value in written.items():
            if value is not None:
                (device / name).write_text(value + "\n")
        streaming = device / f"{port}:1.1"
        endpoint = streaming / "ep_81"
        endpoint.mkdir(parents=True)
        (streaming / "bInterfaceClass").write_text("0e\n")
        (streaming / "bInterfaceSubClass").write_text("02\n")
        (endpoint / "wMaxPacketSize").write_text(f"{packets}\n")
        (endpoint / "type").write_text("Isoc\n")
        (about / "index").write_text("0\n")
        (about / "device").symlink_to("../..")
        (self.classes / node).symlink_to(about)

    def unplug(self, node: str) -> None:
        """Its node is gone."""
        (self.classes / node).unlink()

    def hub(self, interface: str, port: str, *, switch: bool = True) -> Path:
        """A port of a hub, with the file that switches it."""
        place = self.devices / interface / port
        place.mkdir(parents=True)
        if switch:
            (place / "disable").write_text("0\n")
        return place
