"""A virtual machine with virtual USB cameras, in which the real drivers and the real program run.

    python -m tests.usb.machine [options] -- command

boots Debian's kernel in QEMU with this machine's files as its root: what the guest writes stays in
its memory, except below the folders named with ``--writable`` and on the disk. The guest sees
ordinary UVC cameras (xhci_hcd, uvcvideo, udev), and tells the host what to do to them through a
port: see `tests/usb/guest/plug.py`. Its own console is in the run's folder.
"""

import base64
import contextlib
import json
import os
import re
import secrets
import select
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import Final

from tests.usb import kernel, qemu
from tests.usb.camera import CameraProcess, Plan, Stat
from tests.usb.initramfs import initramfs
from tests.usb.needs import PATH

ROOT: Final = Path(__file__).parents[2]
DISK: Final = Path("/mnt/disk")
"""Where the guest has its disk."""
BOOT_TIMEOUT: Final = 150.0
"""Seconds until the guest takes commands; on two idle cores it is six."""


class MachineFailed(AssertionError):  # noqa: N818
    """The virtual machine did not do what it was to do; its console is in the message."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command's end.

    Attributes:
        status: Its exit status.
        output: What it wrote, both streams.
    """

    status: int
    output: str


class Machine:
    """A virtual machine, from its boot to its end; ended at the end of a ``with``.

    Args:
        cameras: It has them, numbered from 0.
        writable: Folders of the host that the guest may write.
        disk: Image of an ext4 disk, mounted at `DISK`.
        memory: MiB.
        files: ``"virtiofs"`` or ``"9p"``; None takes the faster one that can be had.
        shell: A shell on this terminal instead of commands.

    Attributes:
        booted_after: Seconds that it took.

    Raises:
        MachineFailed: It does not boot.
    """

    def __init__(
        self,
        cameras: Sequence[Plan] = (Plan(),),
        *,
        writable: Sequence[Path] = (),
        disk: Path | None = None,
        memory: int = 2048,
        files: str | None = None,
        shell: bool = False,
    ) -> None:
        self.booted_after = 0.0
        self._began = time.monotonic()
        self._folder = Path(tempfile.mkdtemp(prefix="smartrec-vm.", dir="/var/tmp"))
        self._close = contextlib.ExitStack()
        self._close.callback(shutil.rmtree, self._folder, ignore_errors=True)
        self._said: Queue[bytes] = Queue()
        self._output = b""
        self._server: threading.Thread | None = None
        self._cameras = [CameraProcess(p, n, self._folder) for n, p in enumerate(cameras)]
        for camera in self._cameras:
            self._close.callback(camera.close)
        self._guest = qemu.Guest(
            self._folder,
            kernel.ready(),
            tuple(camera.socket for camera in self._cameras),
            tuple(path.resolve() for path in writable),
            disk,
            memory,
            shell,
            files or ("virtiofs" if qemu.virtiofsd() else "9p"),
        )

    def __enter__(self) -> "Machine":
        with contextlib.ExitStack() as failed:
            failed.push(self.__exit__)
            self._start()
            if not self._guest.shell:
                self._wait_until(lambda output: b"ready\n" in output, BOOT_TIMEOUT)
                self._output = b""
                self._mount()
            failed.pop_all()
        self.booted_after = time.monotonic() - self._began
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close.close()

    def start(
        self,
        command: Sequence[str],
        *,
        environ: Mapping[str, str] | None = None,
        folder: Path = ROOT,
    ) -> "Running":
        """Begin a command; one at a time."""
        given = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", "SMARTREC_WEB__ENABLED": "false"}
        given |= {"PYTHONPATH": os.environ.get("PYTHONPATH", ""), **(environ or {})}
        exports = [f"export {name}={shlex.quote(value)}" for name, value in given.items()]
        script = [*exports, f"cd {shlex.quote(str(folder))}", f"exec {shlex.join(command)}"]
        mark = f"end-{secrets.token_hex(8)}"
        packed = base64.b64encode("\n".join(script).encode()).decode()
        self._output = b""
        self._commands.sendall(f"{mark} {packed}\n".encode())
        return Running(self, mark)

    def run(
        self,
        command: Sequence[str],
        *,
        timeout: float = 120.0,
        environ: Mapping[str, str] | None = None,
    ) -> Done:
        """A command to its end.

        Raises:
            MachineFailed: It takes longer than `timeout` seconds, or the machine ends.
        """
        return self.start(command, environ=environ).end(timeout)

    def camera(self, number: int, *words: str) -> Stat:
        """Do something to a camera from the host; see `tests/usb/camera.py`."""
        with self._camera_lock:
            return self._cameras[number].command(*words)

    def cut_power(self) -> str:
        """End it at once: what the guest had not written to its disk is gone.

        Returns:
            What its command had said until then.
        """
        self._qemu.kill()
        self._qemu.wait()
        if self._server is not None:
            self._server.join()
        while not self._said.empty():
            self._output += self._said.get()
        return self._output.decode(errors="replace")

    def shut_down(self) -> None:
        """End it in order, its disk unmounted."""
        if self._guest.disk is not None:
            self.run(["umount", str(DISK)])
        self.cut_power()

    def wait(self) -> int:
        """Until it ends by itself; QEMU's exit status."""
        return self._qemu.wait()

    def _start(self) -> None:
        (self._folder / "initramfs").write_bytes(initramfs(self._guest.kernel))
        listeners = [self._listen(name) for name in qemu.PORTS]
        for camera in self._cameras:
            camera.wait_ready()
        daemon = self._guest.share_files()
        if daemon is not None:
            self._close.callback(daemon.wait)
            self._close.callback(daemon.kill)
            self._wait_for_file(self._folder / "files", daemon)
        log = self._close.enter_context((self._folder / "qemu.log").open("wb"))
        shell = self._guest.shell
        self._qemu = subprocess.Popen(
            self._guest.command(),
            stdin=None if shell else subprocess.DEVNULL,
            stdout=None if shell else log,
            stderr=log,
            start_new_session=not shell,
        )
        qemu.before_others(self._qemu.pid)
        self._close.callback(self._qemu.wait)
        self._close.callback(self._qemu.kill)
        self._commands, self._asked = (self._accept(listener) for listener in listeners)
        self._camera_lock = threading.Lock()
        self._server = threading.Thread(target=self._serve, name="virtual machine", daemon=True)
        self._server.start()
        self._close.callback(self.cut_power)  # before the thread's sockets are closed

    def _listen(self, name: str) -> socket.socket:
        listener = self._close.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(self._folder / name))
        listener.listen(1)
        listener.settimeout(BOOT_TIMEOUT)
        return listener

    def _accept(self, listener: socket.socket) -> socket.socket:
        while not select.select([listener], [], [], 0.2)[0]:
            if self._qemu.poll() is not None:
                raise self._failed("QEMU did not start")
        return self._close.enter_context(listener.accept()[0])

    def _wait_for_file(self, path: Path, daemon: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + BOOT_TIMEOUT
        while not path.exists():
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise self._failed("virtiofsd did not start")
            threading.Event().wait(0.01)

    def _mount(self) -> None:
        steps = []
        for number, path in enumerate(self._guest.writable):
            options = "trans=virtio,version=9p2000.L,cache=none,msize=512000"
            at = shlex.quote(str(path))
            steps.append(f"mkdir -p {at} && mount -t 9p -o {options} writable{number} {at}")
        if self._guest.disk is not None:
            steps.append(f"mkdir -p {DISK} && mount -t ext4 /dev/vda {DISK}")
        if steps:
            done = self.run(["sh", "-c", " && ".join(steps)])
            if done.status != 0:
                raise self._failed(f"a mount failed: {done.output}")

    def _serve(self) -> None:
        """Take in what the guest says, and do what it asks of the cameras. Thread of its own."""
        ports, asked = [self._commands, self._asked], b""
        while ports:
            for port in select.select(ports, [], [])[0]:
                try:
                    data = port.recv(1 << 16)
                except OSError:
                    data = b""
                if not data:
                    ports.remove(port)
                if port is self._commands:
                    self._said.put(data)
                    continue
                *lines, asked = (asked + data).split(b"\n")
                for line in lines:
                    self._answer(self._obey(line.decode().split()) + b"\n")

    def _answer(self, answer: bytes) -> None:
        with contextlib.suppress(ConnectionError):  # a guest whose power was cut hears nothing
            self._asked.sendall(answer)

    def _obey(self, words: Sequence[str]) -> bytes:
        number, *command = words
        try:
            answer = self.camera(int(number), *command)
        except (IndexError, OSError) as error:
            answer = {"error": f"camera {number} cannot {' '.join(command)}: {error}"}
        return json.dumps(answer).encode()

    def _wait_until(
        self,
        holds: Callable[[bytes], bool],
        timeout: float,
    ) -> bytes:
        """Until something holds of the command's output."""
        deadline = time.monotonic() + timeout
        while not holds(self._output):
            try:
                data = self._said.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                raise self._failed(f"nothing came within {timeout:.0f} s") from None
            if not data:
                raise self._failed("the virtual machine has ended")
            self._output += data
        return self._output

    def _failed(self, what: str) -> MachineFailed:
        parts = [what]
        for name in ("qemu.log", "files.log", "serial.log"):
            path = self._folder / name
            if path.exists() and (text := path.read_text(errors="replace")[-3000:].strip()):
                parts.append(f"--- {name}\n{text}")
        if self._output:
            parts.append(f"--- output\n{self._output.decode(errors='replace')[-6000:]}")
        return MachineFailed("\n".join(parts))


class Running:
    """A command that runs in a guest.

    Args:
        machine: Where.
        mark: Comes with its exit status behind its output.
    """

    def __init__(self, machine: Machine, mark: str) -> None:
        self._machine = machine
        self._mark = mark.encode()
        self._end = re.compile(rb"\n%s ([0-9]+)\n" % mark.encode())

    def wait_for(self, pattern: str, timeout: float = 120.0) -> re.Match[bytes]:
        """Until its output holds a pattern."""
        wanted = re.compile(pattern.encode(), re.MULTILINE)

        def holds(output: bytes) -> bool:
            found = wanted.search(output) is not None
            if not found and self._end.search(output) is not None:
                raise self._machine._failed(f"the command ended without {pattern!r}")
            return found

        found = wanted.search(self._machine._wait_until(holds, timeout))
        assert found is not None
        return found

    def end(self, timeout: float = 120.0, echo: Callable[[bytes], None] | None = None) -> Done:
        """Wait for its end; `echo` gets what it writes, as it comes."""
        shown = 0

        def ended(output: bytes) -> bool:
            nonlocal shown
            if echo is not None:
                echo(output[shown : (upto := self._of_command(output))])
                shown = upto
            return self._end.search(output) is not None

        output = self._machine._wait_until(ended, timeout)
        found = self._end.search(output)
        assert found is not None
        return Done(int(found[1]), output[: found.start()].decode(errors="replace"))

    def _of_command(self, output: bytes) -> int:
        """How much of what came is the command's own for sure, and not the mark's beginning."""
        at = output.rfind(b"\n" + self._mark)
        if at < 0:
            at = output.rfind(b"\n")
            if not self._mark.startswith(output[at + 1 :]):
                at = len(output)
        return max(at, 0)


if __name__ == "__main__":
    from tests.usb.command import main

    sys.exit(main())
