"""A real X server without a monitor, one for each test."""

import os
import select
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from shutil import which

import pytest

_STARTS_S = 20
NOBODY = ":59000"
"""A display where no server is: the number of one that was killed may be another test's soon."""


@dataclass
class XServer:
    """An Xvfb of 1280x720 without a window manager.

    Attributes:
        display: What DISPLAY says to reach it.
    """

    display: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """As a crash would: every client loses its connection."""
        self.process.kill()
        self.process.wait(_STARTS_S)


def start(*options: str) -> XServer:
    reads, writes = os.pipe()
    command = ["Xvfb", "-displayfd", str(writes), "-screen", "0", "1280x720x24"]
    command += ["-nolisten", "tcp", "-noreset", *options]
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
        pytest.fail("Xvfb did not start")
    return XServer(f":{number.decode().strip()}", process)


@pytest.fixture
def x_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[XServer]:
    """A server that can be killed; DISPLAY names it."""
    if which("Xvfb") is None:
        pytest.skip("needs Xvfb")
    server = start()
    monkeypatch.setenv("DISPLAY", server.display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("XAUTHORITY", raising=False)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(_STARTS_S)


@pytest.fixture
def x_display(x_server: XServer) -> str:
    """What DISPLAY says."""
    return x_server.display
