"""What a test in the virtual machine does to its cameras.

    python -m tests.usb.guest.plug 0 unplug

Every call returns when the host has done it; the guest's kernel takes notice a little later.
"""

import fcntl
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

PLACE: Final = Path("/run/smartrec-vm")
_BY_ID: Final = Path("/dev/v4l/by-id")
TIMEOUT: Final = 150.0
"""Seconds that anything may take in an emulated machine whose host is busy."""


class Plug:
    """One of the machine's cameras.

    Attributes:
        number: From 0.
        serial: Its serial number.
    """

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.serial = f"CAM{number:04d}"

    def plug(self) -> dict[str, Any]:
        """Put it into its port; see `wait_node`."""
        return self._ask("plug")

    def unplug(self) -> dict[str, Any]:
        """Pull it out."""
        return self._ask("unplug")

    def stall(self) -> dict[str, Any]:
        """It stays on the bus and sends no more pictures."""
        return self._ask("stall")

    def resume(self) -> dict[str, Any]:
        """It sends pictures again."""
        return self._ask("resume")

    def spoil(self, fault: str, count: int) -> dict[str, Any]:
        """The next `count` pictures have a fault of `tests.usb.pictures.Fault`."""
        return self._ask("spoil", fault, str(count))

    def stat(self) -> dict[str, Any]:
        """What it sent so far."""
        return self._ask("stat")

    @property
    def node(self) -> Path | None:
        """Its video node, when it has one."""
        for link in _BY_ID.glob(f"*{self.serial}-video-index0"):
            try:
                return link.resolve(strict=True)
            except FileNotFoundError:  # udev takes the link away this moment
                continue
        return None

    def wait_node(self) -> Path:
        """Until udev has made its video node."""
        wait_for(lambda: self.node is not None, f"no node of {self.serial}")
        node = self.node
        assert node is not None
        return node

    def wait_no_node(self) -> None:
        """Until its video node has gone."""
        wait_for(lambda: self.node is None, f"{self.serial} keeps its node")

    def _ask(self, *words: str) -> dict[str, Any]:
        with (PLACE / "cameras.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            port = os.open(PLACE / "port" / "cameras", os.O_RDWR)
            try:
                os.write(port, f"{self.number} {' '.join(words)}\n".encode())
                answer = b""
                while not answer.endswith(b"\n"):
                    answer += os.read(port, 1 << 16)
            finally:
                os.close(port)
        told: dict[str, Any] = json.loads(answer)
        assert "error" not in told, told["error"]
        return told


def wait_for(holds: Callable[[], bool], otherwise: str) -> None:
    """Look until something holds."""
    deadline = time.monotonic() + TIMEOUT
    while not holds():
        assert time.monotonic() < deadline, otherwise
        threading.Event().wait(0.01)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(Plug(int(sys.argv[1]))._ask(*sys.argv[2:])) + "\n")
