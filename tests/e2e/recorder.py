"""The real program as a child process: started, listened to, triggered, stopped, killed.

Nothing here sleeps: every wait is for something that the program says or does, with a timeout.
"""

import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import Any

from smartrec.app.wire import ask, ask_status, find_socket
from smartrec.clock import SystemClock
from smartrec.errors import ControlError
from smartrec.model import Action, Answer, Command, Verdict, new_id
from smartrec.store.catalog import Catalog, exists
from smartrec.units import SECOND, Ns

TIMEOUT = 50.0
"""Seconds that anything may take on a machine that is busy with other tests."""
LIVE = r"^(\w+): \d+x\d+"
READY = r"clip ready (\S+)"
DETECTING = {"SMARTREC_DETECTOR__ENABLED": "true"}
"""On top of a home's environment, for the tests that are about persons."""
SERVING = {"SMARTREC_WEB__ENABLED": "true", "SMARTREC_WEB__PORT": "0"}
"""The same, for those about the page: at any port that is free."""
PROGRAM = (sys.executable, "-m", "smartrec")

Row = dict[str, Any]


@dataclass
class Home:
    """Where a recorder lives: its clips, and what else it keeps on a machine.

    Attributes:
        clips: The clip directory.
        environ: Of every process that has to do with it.
    """

    clips: Path
    environ: dict[str, str]

    def rows(self) -> list[Row]:
        """What `smartrec clips list --json` says, without half a second for starting it."""
        if not exists(self.clips):
            return []
        with Catalog.open(self.clips, create=False) as catalog:
            clips = [clip.as_json() for clip in catalog.clips()]
        listed: list[Row] = json.loads(json.dumps(clips))
        return listed

    def run(self, *arguments: str, status: int = 0) -> str:
        """A command of the program on these clips, to its end; what it printed."""
        done = subprocess.run(
            [*PROGRAM, *arguments, "--clips", str(self.clips)],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
        assert done.returncode == status, done.stderr
        return done.stdout

    def left_over(self) -> list[str]:
        """What lies in the journal directory."""
        return sorted(path.name for path in (self.clips / ".open").glob("*"))


@dataclass
class Recorder:
    """A running `smartrec`; in a ``with`` it never outlives the test.

    Args:
        home: Where.
        arguments: Of the program, without ``--clips``.
        program: What is run.
        environ: Comes on top of the home's.
        headless: Without it a window is opened where DISPLAY says.
    """

    home: Home
    arguments: Sequence[str] = ("demo",)
    program: Sequence[str] = PROGRAM
    environ: Mapping[str, str] = field(default_factory=dict)
    headless: bool = True

    def __post_init__(self) -> None:
        self.said: list[str] = []
        self._news: Queue[str | None] = Queue()
        self._process = subprocess.Popen(
            [
                *(*self.program, *self.arguments, "--clips", str(self.home.clips)),
                *(["--headless"] if self.headless else []),
            ],
            env={**self.home.environ, **self.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(TIMEOUT)
        self._listener.join(TIMEOUT)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def everything(self) -> str:
        """All that it said so far."""
        return "\n".join(self.said)

    def wait_for(self, pattern: str, timeout: float = TIMEOUT) -> re.Match[str]:
        """The first line not yet waited for in which `pattern` is found."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self._news.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                line = None
            assert line is not None, f"waited for {pattern!r} in vain:\n{self.everything}"
            if found := re.search(pattern, line):
                return found

    def wait_live(self, cameras: int = 1) -> "Recorder":
        """Until that many cameras send pictures."""
        for _ in range(cameras):
            self.wait_for(LIVE)
        return self

    def wait_ready(self, clips: int = 1) -> None:
        """Until that many further clips are finished and catalogued."""
        for _ in range(clips):
            self.wait_for(READY)

    def wait_listed(self, clip_ids: Collection[str | None]) -> None:
        """Until these clips are finished and catalogued, in whatever order."""

        def listed(_: object) -> bool:
            rows = self.home.rows()
            whole = {row["clip_id"] for row in rows if row["state"] == "complete"}
            return whole.issuperset(clip_ids)

        self.wait_until(listed)

    def command(
        self, camera: str | None = None, *, pts: int | None = None, stop: bool = False
    ) -> tuple[Answer, ...]:
        """What the cameras answer to a command that happened at `pts`."""
        action = Action.STOP if stop else Action.START
        at = None if pts is None else Ns(pts)
        command = Command(new_id(), camera, action, reason="test", pts=at)
        place = find_socket(self.home.clips, self.home.environ)
        return ask(place, command, 20.0, clip_dir=self.home.clips)

    def trigger(self, camera: str | None = "cam0", *, pts: int | None = None) -> Answer:
        """One camera records; returns its answer."""
        (answer,) = self.command(camera, pts=pts)
        assert answer.verdict is not Verdict.REFUSED, answer
        return answer

    def status(self) -> dict[str, Any]:
        try:
            return ask_status(find_socket(self.home.clips, self.home.environ), 20.0)
        except ControlError as error:
            raise ControlError(f"{error}; it said:\n{self.everything}", hint=error.hint) from error

    def wait_until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask for its status until something holds."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            if holds(status := self.status()):
                return status
            pause_until(time.monotonic_ns() + SECOND // 50)
        raise AssertionError(f"it never came about: {self.status()}\n{self.everything}")

    def wait_ring(self, length: float) -> None:
        """Until every camera's ring holds that many seconds."""
        self.wait_until(lambda status: all(c["ring_s"] >= length for c in status["cameras"]))

    def send(self, number: int) -> None:
        """To the recorder alone."""
        self._process.send_signal(number)

    def stop(self, number: int = signal.SIGTERM) -> str:
        """End it in order; returns its last line."""
        self.send(number)
        return self.end()

    def end(self, timeout: float = TIMEOUT) -> str:
        """Wait for its own good end; returns its last line."""
        assert self.status_at_end(timeout) == 0, self.everything
        return self.said[-1]

    def status_at_end(self, timeout: float = TIMEOUT) -> int:
        """Wait for its own end; returns its exit status."""
        status = self._process.wait(timeout)
        self._listener.join(TIMEOUT)
        return status

    def kill(self) -> int:
        """SIGKILL to the recorder alone; returns a moment right before it."""
        before = time.monotonic_ns()
        self._process.kill()
        self._process.wait(TIMEOUT)
        self._listener.join(TIMEOUT)
        return before

    def finishers(self) -> list[int]:
        """Process ids of its finishers."""
        return [pid for pid in self.children() if "media.finish" in _command_of(pid)]

    def watch(self) -> int | None:
        """Process id of its watch, if one runs."""
        return next((p for p in self.children() if "media.watch" in _command_of(p)), None)

    def page(self) -> int | None:
        """Process id of its page, if there is one."""
        return next((p for p in self.children() if "web.child" in _command_of(p)), None)

    def children(self) -> list[int]:
        """Process ids of all that it has started and that still run."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/children")
        return sorted(int(pid) for path in threads for pid in path.read_text().split())

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line.rstrip("\n"))
            self._news.put(line)
        self._process.stdout.close()
        self._news.put(None)


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:  # it has ended
        return ""


def pause_until(mono_ns: int) -> None:
    """Until a moment of the one timeline; where the moment itself is what a test is about."""
    threading.Event().wait(max(0, mono_ns - SystemClock().monotonic()) / SECOND)


def wait_gone(pid: int) -> None:
    """Until a process that may be nobody's child has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], TIMEOUT)[0], f"process {pid} does not end"
    finally:
        os.close(handle)


def settings(path: Path, cameras: Sequence[str], **tables: Mapping[str, object]) -> Path:
    """A settings file: sources of the cameras, and other tables."""
    lines = []
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    for source in cameras:
        lines += ["[[camera]]", f"source = {json.dumps(source)}"]
    path.write_text("\n".join(lines) + "\n")
    return path


def environment(run: Path, state: Path, cache: Path) -> dict[str, str]:
    """Of a recorder that shares nothing with the user's own, but the demo camera's pictures."""
    own = {
        "XDG_RUNTIME_DIR": str(run),
        "SMARTREC_STATE_DIR": str(state),
        "SMARTREC_CACHE_DIR": str(cache),
        "XDG_CONFIG_HOME": str(state / "config"),
        # Most tests are about one clip for one command: the demo's person would add her own.
        "SMARTREC_DETECTOR__ENABLED": "false",
        # Nor does a page belong to them: `SERVING` is for those that are about it.
        "SMARTREC_WEB__ENABLED": "false",
    }
    for path in (run, state, cache):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SMARTREC_")}
    return {**kept, **own}
