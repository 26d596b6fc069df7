"""A virtual camera in a process of its own, and the host's handle on it.

    python -m tests.usb.camera --socket PATH --kind mjpeg --serial CAM0001

waits for QEMU at the socket and obeys commands on its standard input, one a line: ``plug``,
``unplug``, ``stall``, ``resume``, ``spoil FAULT COUNT``, ``stat``. It answers each when it is done
with a line of JSON: what it sent so far.
"""

import argparse
import json
import os
import select
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.usb.descriptors import Mode
from tests.usb.pictures import DIFFERENT, Fault, picture
from tests.usb.qemu import before_others
from tests.usb.usbredir import Redirection
from tests.usb.uvc import UvcCamera

KINDS: Final = {
    "mjpeg": (Mode("MJPG", 1280, 720, (30, 15, 10, 5)), Mode("MJPG", 640, 480, (30, 15))),
    "yuy2": (Mode("YUY2", 640, 480, (15, 5)), Mode("YUY2", 320, 240, (15, 5))),
}
_ROOT: Final = Path(__file__).parents[2]
_IDLE: Final = 1.0

Stat = dict[str, Any]
_Readable = socket.socket | Redirection | int


@dataclass(frozen=True, slots=True)
class Plan:
    """A camera that a virtual machine is to have.

    Attributes:
        kind: One of `KINDS`.
        plugged: Whether it hangs in its port when the machine starts.
    """

    kind: str = "mjpeg"
    plugged: bool = True


class CameraProcess:
    """A camera's process, seen from the host. One thread at a time.

    Args:
        plan: What it is to be.
        number: Of the camera, from 0; its serial number ends in it.
        folder: Where its socket lies.
    """

    def __init__(self, plan: Plan, number: int, folder: Path) -> None:
        self.socket = folder / f"camera{number}.sock"
        self.serial = f"CAM{number:04d}"
        command = [sys.executable, "-m", "tests.usb.camera", "--socket", str(self.socket)]
        command += ["--kind", plan.kind, "--serial", self.serial]
        self._process = subprocess.Popen(
            command + ["--plugged"] * plan.plugged,
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        before_others(self._process.pid)

    def wait_ready(self) -> None:
        """Until it listens for QEMU."""
        self._answer()

    def command(self, *words: str) -> Stat:
        """Do something to it; what it sent until then."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> Stat:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the camera's process has ended"
        answer: Stat = json.loads(line)
        return answer


class _Server:
    """The camera's process itself: QEMU at one end, commands at the other."""

    def __init__(self, camera: UvcCamera, listener: socket.socket, *, plugged: bool) -> None:
        self._camera = camera
        self._listener = listener
        self._plugged = plugged
        self._wire: Redirection | None = None
        self._commands = b""

    def serve(self) -> None:
        """Until standard input ends."""
        self._say()
        while True:
            wire = self._wire
            reading: list[_Readable] = [self._listener, 0, *([wire] if wire else [])]
            writing: list[_Readable] = [wire] if wire and wire.writes else []
            readable, writable, _ = select.select(reading, writing, [], self._pause())
            if self._listener in readable:
                self._connect()
            if wire is not None and wire in readable and not wire.read():
                wire.close()
                self._wire = None
            if 0 in readable and not self._listen():
                return
            if wire is not None and wire in writable:
                wire.flush()
            if self._wire is not None:
                self._wire.pump()

    def _pause(self) -> float:
        due = self._wire.due if self._wire else None
        return _IDLE if due is None else min(_IDLE, max(0.0, due - time.monotonic()))

    def _connect(self) -> None:
        connection, _ = self._listener.accept()
        if self._wire is not None:  # another virtual machine takes over
            self._wire.close()
        self._wire = Redirection(connection, self._camera, plugged=self._plugged)

    def _listen(self) -> bool:
        data = os.read(0, 4096)
        *lines, self._commands = (self._commands + data).split(b"\n")
        for line in lines:
            self._obey(line.decode().split())
        return bool(data)

    def _obey(self, words: list[str]) -> None:
        match words:
            case ["plug" | "unplug" as word]:
                self._plug(plugged=word == "plug")
            case ["stall"]:
                self._camera.stream.stall()
            case ["resume"]:
                self._camera.stream.resume(time.monotonic())
            case ["spoil", fault, count]:
                self._camera.stream.spoil(Fault(fault), int(count))
            case ["stat"]:
                pass
            case _:
                self._say(error=f"no such command: {words}")
                return
        self._say()

    def _plug(self, *, plugged: bool) -> None:
        if plugged == self._plugged:
            return
        self._plugged = plugged
        if self._wire is not None:
            (self._wire.plug if plugged else self._wire.unplug)()

    def _say(self, **more: str) -> None:
        stream = self._camera.stream
        state = {"plugged": self._plugged, "streaming": stream.running, "spoilt": stream.spoilt}
        counts = {name: stream.counts[name] for name in ("begun", "sent", "late", "starts")}
        sys.stdout.write(json.dumps({**state, **counts, **more}) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Be a camera."""
    parser = argparse.ArgumentParser(description="A virtual USB camera for QEMU's usb-redir.")
    parser.add_argument("--socket", required=True, help="UNIX socket to listen at")
    parser.add_argument("--kind", choices=KINDS, default="mjpeg")
    parser.add_argument("--serial", default="CAM0000")
    parser.add_argument("--plugged", action="store_true")
    options = parser.parse_args()
    modes = KINDS[options.kind]
    for mode in modes:
        for number in range(DIFFERENT):
            picture(mode, number, options.serial)  # drawn now: later the clock runs
    camera = UvcCamera(modes, f"Virtual {options.kind.upper()} Camera", options.serial)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(options.socket)
        listener.listen()
        _Server(camera, listener, plugged=options.plugged).serve()


if __name__ == "__main__":
    main()
