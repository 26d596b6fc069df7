"""The first file system of the virtual machine: busybox, a few modules, and two scripts.

An archive of the "new ASCII" cpio format, as in Linux, Documentation/driver-api/early-userspace/
buffer-format.rst.
"""

import lzma
from pathlib import Path
from typing import Final

from tests.usb.kernel import Kernel

MODULES: Final = (
    *("virtio_pci", "virtio_console", "virtio_rng", "virtio_blk"),
    *("9pnet_virtio", "9p", "virtiofs", "overlay"),
)
"""Needed before the host's files can be seen; those that the kernel has built in are left out."""
_BOOT: Final = Path(__file__).parent / "boot"
_BUSYBOX: Final = Path("/bin/busybox")
_DIRECTORY, _PROGRAM, _FILE = 0o040755, 0o100755, 0o100644


def initramfs(kernel: Kernel) -> bytes:
    """The archive."""
    order = load_order(kernel, MODULES)
    archive = _Cpio()
    for folder in ("bin", "dev", "modules"):
        archive.add(folder, _DIRECTORY)
    archive.add("bin/busybox", _PROGRAM, _BUSYBOX.read_bytes())
    names = []
    for path in order:
        names.append(path.name.removesuffix(".xz"))
        archive.add(f"modules/{names[-1]}", _FILE, _module(path))
    archive.add("modules/order", _FILE, "".join(f"{name}\n" for name in names).encode())
    archive.add("init", _PROGRAM, (_BOOT / "init.sh").read_bytes())
    archive.add("system", _PROGRAM, (_BOOT / "system.sh").read_bytes())
    return archive.end()


def load_order(kernel: Kernel, names: tuple[str, ...]) -> list[Path]:
    """Modules in an order in which each finds what it needs."""
    needs = {}
    for line in (kernel.modules / "modules.dep").read_text().splitlines():
        path, _, others = line.partition(":")
        needs[path] = others.split()
    by_name = {path.rsplit("/", 1)[-1].split(".")[0].replace("-", "_"): path for path in needs}
    order: list[str] = []
    for name in names:
        if name in by_name:
            path = by_name[name]
            order += [needed for needed in (*reversed(needs[path]), path) if needed not in order]
    return [kernel.modules / path for path in order]


def _module(path: Path) -> bytes:
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


class _Cpio:
    """An archive that grows."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def add(self, name: str, mode: int, data: bytes = b"") -> None:
        path = name.encode() + b"\0"
        inode, links = len(self._parts) + 1, 1
        numbers = (inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(path), 0)
        head = b"070701" + "".join(f"{number:08X}" for number in numbers).encode() + path
        self._parts.append(_padded(head) + _padded(data))

    def end(self) -> bytes:
        self.add("TRAILER!!!", 0)
        return b"".join(self._parts)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
