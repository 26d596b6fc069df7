"""The command line of the virtual machine; see `tests/usb/machine.py`."""

import argparse
import sys
from pathlib import Path

from tests.usb.camera import KINDS, Plan
from tests.usb.machine import DISK, Machine
from tests.usb.needs import make_disk, unusable


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.usb.machine",
        description="Run a command in a virtual machine that has USB cameras.",
    )
    add = parser.add_argument
    add("--camera", action="append", choices=KINDS, help="one; may be given often (mjpeg)")
    add("--unplugged", action="store_true", help="the cameras are not plugged in yet")
    add("--writable", action="append", type=Path, default=[], metavar="DIR")
    add("--disk", type=Path, metavar="IMAGE", help=f"an ext4 disk, at {DISK}; made if missing")
    add("--memory", type=int, default=2048, metavar="MIB")
    add("--files", choices=("virtiofs", "9p"), help="how the guest sees this machine's files")
    add("--timeout", type=float, default=3600.0, metavar="SECONDS")
    add("--shell", action="store_true", help="a shell in the guest, on this terminal")
    add("command", nargs="*", help="what to run, behind --")
    return parser.parse_args()


def main() -> int:
    """Run a command in a guest; returns its exit status."""
    options = _options()
    if (reason := unusable()) is not None:
        sys.exit(f"no virtual machine: {reason}")
    if options.disk is not None and not options.disk.exists():
        make_disk(options.disk, 1 << 30)
    cameras = [Plan(kind, plugged=not options.unplugged) for kind in options.camera or ["mjpeg"]]
    with Machine(
        cameras,
        writable=options.writable,
        disk=options.disk,
        memory=options.memory,
        files=options.files,
        shell=options.shell,
    ) as machine:
        if options.shell:
            return machine.wait()
        done = machine.start(options.command).end(options.timeout, _show)
        machine.shut_down()
        return done.status


def _show(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.flush()
