"""A real X server without a monitor, and what it shows."""

import itertools
import os
import select
import subprocess
from dataclasses import dataclass
from shutil import which

import numpy as np
import numpy.typing as npt
import pytest
from Xlib import X
from Xlib.display import Display

Pixels = npt.NDArray[np.uint8]
WIDTH, HEIGHT = 1280, 720
NOBODY = ":59000"
"""A display where no server is: the number of one that was killed may be another test's soon."""
_STARTS_S = 20
_TRIES = 5
_NUMBERS = itertools.count(100 + 1000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]))
"""Each is used once: a free one may be that of a server which was killed and shall be back."""


@dataclass
class XServer:
    """An Xvfb of 1280x720 without a window manager.

    Attributes:
        display: What DISPLAY says to reach it.
    """

    display: str
    process: "subprocess.Popen[bytes]"

    def kill(self) -> None:
        """As a crash would: every client loses its connection."""
        self.process.kill()
        self.process.wait(_STARTS_S)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(_STARTS_S)

    def picture(self) -> Pixels:
        """The whole screen, shape (720, 1280, 3), RGB."""
        display = Display(self.display)
        try:
            return picture_of(display)
        finally:
            display.close()


def picture_of(display: Display) -> Pixels:
    """All that a connection's screen shows, shape (height, width, 3), RGB."""
    root = display.screen().root
    size = root.get_geometry()
    image = root.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF)
    data = image.data if isinstance(image.data, bytes) else image.data.encode("latin-1")
    return np.frombuffer(data, np.uint8).reshape(size.height, size.width, 4)[..., 2::-1].copy()


def run(*command: str) -> str:
    """A program on the screen that DISPLAY names, such as xdotool; what it prints."""
    if which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    done = subprocess.run(command, timeout=_STARTS_S, check=True, capture_output=True, text=True)
    return done.stdout


def start(display: str = "", *options: str, reset: bool = False) -> XServer:
    """A server on `display`, or a new one; with `reset`, it resets when its last client goes."""
    if which("Xvfb") is None:
        pytest.skip("needs Xvfb")
    for _ in range(_TRIES):
        server = _start(display or f":{next(_NUMBERS)}", *options, reset=reset)
        if server is not None:
            return server
    pytest.fail("Xvfb did not start")


def _start(display: str, *options: str, reset: bool) -> "XServer | None":
    """None if it ends at once, as where another has that number."""
    reads, writes = os.pipe()
    command = ["Xvfb", display, "-displayfd", str(writes)]
    command += ["-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp", *options]
    command += [] if reset else ["-noreset"]
    process = subprocess.Popen(
        command, pass_fds=[writes], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writes)
    number = b""
    # It ends if nobody reads the line's end, which comes in a write of its own.
    with os.fdopen(reads, "rb", buffering=0) as told:
        while not number.endswith(b"\n") and select.select([told], [], [], _STARTS_S)[0]:
            if not (part := told.read(16)):
                break
            number += part
    if not number.endswith(b"\n"):
        process.kill()
        process.wait()
        return None
    return XServer(display, process)
