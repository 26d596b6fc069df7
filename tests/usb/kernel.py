"""Debian's own kernel for the virtual machine: fetched once, unpacked, never installed."""

import lzma
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_META_PACKAGE: Final = "linux-image-amd64"
"""Depends on the newest kernel of the distribution."""
_ELF: Final = b"\x7fELF"


class KernelMissing(Exception):  # noqa: N818
    """There is no kernel to boot, and none could be fetched."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """An unpacked kernel package.

    Attributes:
        root: Holds ``boot`` and ``lib/modules``.
        version: Such as ``"6.1.0-56-amd64"``.
    """

    root: Path
    version: str

    @property
    def image(self) -> Path:
        """What QEMU boots: unpacked if it could be, which spares the guest the work."""
        plain = self.root / "vmlinux"
        return plain if plain.exists() else self.root / f"boot/vmlinuz-{self.version}"

    @property
    def modules(self) -> Path:
        """Its modules' folder."""
        return self.root / "lib/modules" / self.version


def cache() -> Path:
    """Where the tests keep what they fetch."""
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "smartrec-tests"


def ready(folder: Path | None = None) -> Kernel:
    """The kernel, fetched if it is not there yet.

    Raises:
        KernelMissing: With the reason.
    """
    root = (folder or cache()) / "kernel"
    if (found := _unpacked(root)) is not None:
        return found
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent) as made:
        new = Path(made) / "kernel"
        subprocess.run(["dpkg", "-x", str(_download(Path(made))), str(new)], check=True)
        if (new / "usr/lib/modules").exists() and not (new / "lib").exists():
            (new / "lib").symlink_to("usr/lib")  # Debian 13 has no /lib of its own
        version = next((new / "lib/modules").iterdir()).name
        subprocess.run(["/sbin/depmod", "-b", str(new), version], check=True)
        _unpack_image(new / f"boot/vmlinuz-{version}", new / "vmlinux")
        try:
            new.rename(root)
        except OSError:  # another test run was faster, or left half of one
            shutil.rmtree(root) if _unpacked(root) is None else None
            if not root.exists():
                new.rename(root)
    found = _unpacked(root)
    assert found is not None
    return found


def _unpacked(root: Path) -> Kernel | None:
    for image in sorted(root.glob("boot/vmlinuz-*")):
        kernel = Kernel(root, image.name.removeprefix("vmlinuz-"))
        if (kernel.modules / "modules.dep").exists():
            return kernel
    return None


def _download(folder: Path) -> Path:
    """The kernel's package, in a folder; package lists are renewed if there are none."""
    try:
        return _download_now(folder)
    except KernelMissing:
        if os.geteuid() != 0:
            raise
    _run("apt-get", "-q", "update", folder=folder)
    return _download_now(folder)


def _download_now(folder: Path) -> Path:
    known = _run("apt-cache", "depends", _META_PACKAGE, folder=folder)
    needs = [line.split()[1] for line in known.splitlines() if line.strip().startswith("Depends:")]
    if not needs:
        raise KernelMissing(f"this distribution has no package {_META_PACKAGE}")
    _run("apt-get", "-q", "-o", "Acquire::Retries=2", "download", needs[0], folder=folder)
    return next(folder.glob("*.deb"))


def _run(*command: str, folder: Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise KernelMissing(f"the kernel is fetched with {command[0]}: {error}") from error
    if done.returncode != 0:
        raise KernelMissing(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def _unpack_image(image: Path, plain: Path) -> None:
    """Write the ELF file inside a bzImage, if it is packed by xz.

    Its place is told by the boot protocol's header: Linux, Documentation/arch/x86/boot.rst.
    """
    data = image.read_bytes()
    setup = (data[0x1F1] + 1) * 512
    offset, length = (int.from_bytes(data[at : at + 4], "little") for at in (0x248, 0x24C))
    packed = data[setup + offset : setup + offset + length]
    try:
        unpacked = lzma.LZMADecompressor().decompress(packed)
    except lzma.LZMAError:
        return
    if unpacked.startswith(_ELF):
        plain.write_bytes(unpacked)
