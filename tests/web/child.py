"""The page's own process, fed by whoever started it."""

import contextlib
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue

from smartrec.app.page_messages import (
    Hangup,
    Serving,
    Setup,
    ShownCamera,
    ToPage,
    ToRecorder,
    Wanted,
    recorder_end,
)

PROGRAM = (
    sys.executable,
    "-c",
    "import sys; from smartrec.web.child import main; main(sys.argv)",
)
IMPATIENT = (
    sys.executable,
    "-c",
    "import sys; from smartrec.web.child import main; from smartrec.web.server import Patience;"
    "main(sys.argv, Patience(request=0.3, body=0.3, ping=0.3, idle=1, linger=0.3, port=0.3, "
    "renewed=0.3))",
)
"""It gives browsers a third of a second for anything."""
STATION = "0190a6c1-0000-7000-8000-000000000001"
TIMEOUT = 50.0


def setup(
    directory: Path, cameras: int = 1, port: int = 0, viewers: int = 100, **web: object
) -> Setup:
    """The first message of a recorder whose socket and clips are in `directory`."""
    return Setup(
        cameras=tuple(
            ShownCamera(f"cam{n}", f"Demo {n}" if n else "Demo", []) for n in range(cameras)
        ),
        clips=str(directory),
        station_id=STATION,
        socket=str(directory / "control" / "control.sock"),
        state=str(directory / "state"),
        settings={
            "enabled": True,
            "address": "127.0.0.1",
            "port": port,
            "hosts": None,
            "viewers": viewers,
            **web,
        },
    )


@dataclass
class Child:
    """A running page and the recorder's end of its link; in a ``with`` it never outlives the test.

    Attributes:
        setup: Its first message.
        program: What is run, less the descriptor.
        said: All that it says but `Wanted`; None when it is gone.
        wants: What it said last that it wants, each time it changes.
        wanted: The newest of those.
    """

    setup: Setup
    program: tuple[str, ...] = PROGRAM
    said: "Queue[ToRecorder | None]" = field(default_factory=Queue)
    wants: "Queue[tuple[str, ...]]" = field(default_factory=Queue)
    wanted: tuple[str, ...] = ()
    _address: str = ""

    def __post_init__(self) -> None:
        self._serving = threading.Event()
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [*self.program, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._link = recorder_end(ours)
        self._link.send(self.setup)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close()
        try:
            self.process.wait(10.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10.0)
        self._listener.join(10.0)

    @property
    def address(self) -> str:
        """Where it is, once it is."""
        assert self._serving.wait(TIMEOUT), list(self.said.queue)
        return self._address

    @property
    def port(self) -> int:
        return int(self.address.rstrip("/").rpartition(":")[2])

    def wait_wants(self, cameras: tuple[str, ...]) -> None:
        """Until it wants exactly these."""
        while True:
            try:
                if self.wants.get(timeout=TIMEOUT) == cameras:
                    return
            except Empty:
                raise AssertionError(f"it never wanted {cameras}") from None

    def tell(self, message: ToPage) -> None:
        """As a recorder does; nothing happens where it is gone."""
        with contextlib.suppress(Hangup):
            self._link.send(message)

    def hang_up(self) -> None:
        """As a recorder's end does."""
        self._link.close()

    def _listen(self) -> None:
        with contextlib.suppress(Hangup):
            while True:
                message = self._link.receive()
                if isinstance(message, Wanted):
                    self.wanted = message.cameras
                    self.wants.put(message.cameras)
                    continue
                if isinstance(message, Serving):
                    self._address = message.address
                    self._serving.set()
                self.said.put(message)
        self.said.put(None)
