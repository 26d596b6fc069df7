"""What this machine must have to boot a virtual one."""

import platform
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.usb import kernel

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NEEDED: Final = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "udevadm": "udev",
    "modprobe": "kmod",
    "mkfs.ext4": "e2fsprogs",
}


def unusable() -> str | None:
    """Why no virtual machine can be booted here, or None."""
    if platform.machine() != "x86_64":
        return f"the virtual machine is an x86-64, and this is {platform.machine()}"
    for program, package in _NEEDED.items():
        if shutil.which(program, path=PATH) is None:
            return f"{program} is not installed: apt install {package}"
    try:
        kernel.ready()
    except kernel.KernelMissing as error:
        return f"no kernel to boot: {error}"
    return None


def make_disk(image: Path, size: int) -> Path:
    """An image of an ext4 disk of `size` bytes."""
    with image.open("wb") as file:
        file.truncate(size)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, env={"PATH": PATH})
    return image
