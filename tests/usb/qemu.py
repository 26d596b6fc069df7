"""The command line of QEMU, and the daemon that shares the host's files with the guest."""

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.usb.kernel import Kernel

_ROOT: Final = Path(__file__).parents[2]
PORTS: Final = ("commands", "cameras")
"""Serial ports between host and guest: what to run, and what to do to the cameras."""
DIES_WITH_US: Final = ("setpriv", "--pdeathsig", "KILL")
"""Before a command: it ends when the thread that started it does, whatever ends that one."""
_VIRTIOFSD: Final = (Path("/usr/libexec/virtiofsd"), Path("/usr/lib/qemu/virtiofsd"))
"""Of Debian 13 (a package of its own) and of Debian 12 (in qemu-system-common)."""


def before_others(pid: int) -> None:
    """Its clocks are real ones: where it may, it comes before the tests that run beside it."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, pid, -5)


def virtiofsd() -> Path | None:
    """The daemon of virtiofs, where it can be used; 9p needs none, but is slower."""
    usable = (path for path in _VIRTIOFSD if os.access(path, os.X_OK) and os.geteuid() == 0)
    return next(usable, None)


def accelerated() -> bool:
    """Whether the processor runs the guest itself; else QEMU translates it (TCG)."""
    flags = Path("/proc/cpuinfo").read_text().split("flags", 1)[-1].split("\n", 1)[0].split()
    return bool({"vmx", "svm"} & set(flags)) and os.access("/dev/kvm", os.R_OK | os.W_OK)


@dataclass(frozen=True, slots=True)
class Guest:
    """What QEMU is to run.

    Attributes:
        folder: Of this run: sockets and logs.
        kernel: What boots.
        cameras: Sockets of the cameras.
        writable: Folders of the host that the guest may write.
        disk: Image of a disk, or None.
        memory: MiB.
        shell: A shell on this terminal instead of commands.
        files: ``"virtiofs"`` or ``"9p"``.
    """

    folder: Path
    kernel: Kernel
    cameras: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    disk: Path | None = None
    memory: int = 2048
    shell: bool = False
    files: str = "9p"

    def command(self) -> list[str]:
        """QEMU's arguments."""
        return [
            *DIES_WITH_US,
            *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot"),
            *("-display", "none", "-smp", "2", "-m", str(self.memory), "-cpu", "max"),
            *self._machine(),
            *("-kernel", str(self.kernel.image), "-initrd", str(self.folder / "initramfs")),
            *("-append", " ".join(self._kernel_arguments())),
            *("-serial", f"file:{self.folder / 'serial.log'}"),
            *(("-serial", "stdio") if self.shell else ()),
            *("-device", "virtio-rng-pci", "-device", "virtio-serial-pci"),
            *self._ports(),
            *self._cameras(),
            *self._shared(),
            *self._disk(),
        ]

    def _machine(self) -> list[str]:
        # A block of translated code as large as this keeps a whole Python in it.
        accel = "kvm" if accelerated() else "tcg,thread=multi,tb-size=1024"
        if self.files == "9p":
            return ["-accel", accel, "-machine", "q35,usb=off"]
        memory = f"memory-backend-memfd,id=memory,size={self.memory}M,share=on"
        machine = "q35,usb=off,memory-backend=memory"
        return ["-accel", accel, "-machine", machine, "-object", memory]

    def _kernel_arguments(self) -> list[str]:
        return [
            *("console=ttyS0", "quiet", "panic=-1", "mitigations=off", "tsc=reliable"),
            *("nowatchdog", "random.trust_cpu=on", "usbcore.autosuspend=-1"),
            f"smartrec.modules={self.kernel.modules.parent}",
            f"smartrec.files={self.files}",
            f"smartrec.folder={_ROOT}",
            *(["smartrec.shell=1"] if self.shell else []),
        ]

    def _ports(self) -> list[str]:
        words = []
        for name in PORTS:
            words += ["-chardev", f"socket,id={name},path={self.folder / name}"]
            words += ["-device", f"virtserialport,chardev={name},name={name}"]
        return words

    def _cameras(self) -> list[str]:
        words = ["-device", "qemu-xhci,id=xhci,p2=8,p3=8"]
        for number, path in enumerate(self.cameras):
            words += ["-chardev", f"socket,id=camera{number},path={path}"]
            words += ["-device", f"usb-redir,chardev=camera{number},bus=xhci.0,id=usb{number}"]
        return words

    def _shared(self) -> list[str]:
        words = []
        if self.files == "virtiofs":
            words += ["-chardev", f"socket,id=files,path={self.folder / 'files'}"]
            words += ["-device", "vhost-user-fs-pci,chardev=files,tag=root"]
        else:
            words += _plan9("root", Path("/"), ",readonly=on")
        for number, path in enumerate(self.writable):
            words += _plan9(f"writable{number}", path)
        return words

    def _disk(self) -> list[str]:
        if self.disk is None:
            return []
        drive = f"file={self.disk},format=raw,if=none,id=disk,cache=writeback"
        return ["-drive", drive, "-device", "virtio-blk-pci,drive=disk"]

    def share_files(self) -> "subprocess.Popen[bytes] | None":
        """The daemon of virtiofs, started and listening; None with 9p."""
        program = virtiofsd() if self.files == "virtiofs" else None
        if program is None:
            return None
        place = self.folder / "files"
        with (self.folder / "files.log").open("wb") as log:
            return subprocess.Popen(
                [
                    *(*DIES_WITH_US, str(program), f"--socket-path={place}", "-o", "source=/"),
                    *("-o", "cache=always", "-o", "sandbox=chroot"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def _plan9(tag: str, path: Path, more: str = "") -> list[str]:
    share = f"local,id={tag},path={path},security_model=none,multidevs=remap{more}"
    return ["-fsdev", share, "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
