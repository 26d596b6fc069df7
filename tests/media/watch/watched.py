"""The real watching process at one end of the real link; the test is the recorder."""

import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import TypeVar

from smartrec.media.watch import link, messages
from smartrec.model import AccessUnit
from smartrec.units import Ns

TIMEOUT = 50
COMMAND = (
    sys.executable,
    "-c",
    "import sys; from smartrec.media.watch.child import main; sys.exit(main(sys.argv))",
)
FRAME = Ns(33_333_333)
START = Ns(5_000_000_000_000)

log = logging.getLogger(__name__)
Kind = TypeVar("Kind", bound=messages.Message)


class Watched:
    """One watching process.

    Attributes:
        heard: What it has said so far, but for `Health`.
    """

    def __init__(self, setup: messages.Setup) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(TIMEOUT)
        with theirs:
            self.process = subprocess.Popen(
                [*COMMAND, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
            )
        self.link = link.Link(ours)
        self.heard: list[messages.Message] = []
        self.health: list[messages.Health] = []
        self.link.send(setup)

    def until(self, kind: type[Kind], wanted: Callable[[Kind], bool] = lambda _: True) -> Kind:
        """The next message of a kind."""
        while True:
            message = self.link.receive()
            if isinstance(message, messages.Health):
                self.health.append(message)
            else:
                self.heard.append(message)
            if isinstance(message, kind) and wanted(message):
                return message

    def look(self, camera: str, unit: AccessUnit) -> messages.Looked:
        """Answer `Ready` with a picture."""
        self.until(messages.Ready)
        self.link.send(messages.Unit(camera, unit, show=False, look=True))
        return self.until(messages.Looked)

    def end(self) -> tuple[int, str]:
        """Hang up; its exit status and what it printed."""
        self.link.close()
        out, noise = self.process.communicate(timeout=TIMEOUT)
        assert out == b""
        return self.process.returncode, noise.decode()

    def __enter__(self) -> "Watched":
        return self

    def __exit__(self, *_: object) -> None:
        self.link.close()
        try:
            said = self.process.communicate(timeout=TIMEOUT)[1]
            log.warning("it ended with %s and said: %s", self.process.returncode, said.decode())
        finally:
            self.process.kill()


def setup(
    detector: messages.DetectorSetup | None, cameras: Iterable[str] = ("cam0",)
) -> messages.Setup:
    return messages.Setup(tuple((camera, camera.title()) for camera in cameras), detector, None)
