"""A command of smartrec that is run for a browser, in a process that gives way and may be killed.

The loop's thread asks, another waits. One at a time: who comes meanwhile waits, too.
"""

import asyncio
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.app.children import command_of, errand
from smartrec.errors import ControlError
from smartrec.terminal import one_line

WITHIN: Final = 120.0
"""Seconds: it has what processor time others leave, and waits for hardware that hangs."""
MOST: Final = 2_000_000
"""Bytes that it may say."""
_COMMAND: Final = command_of("smartrec.cli.aside")
_LET_GO_AFTER: Final = 10.0
"""Seconds: whoever waits for a disk that is gone cannot be killed either."""
_LAST_WORDS: Final = 300
_CANNOT: Final = "Run the same at the recorder: smartrec doctor; smartrec report."


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: its exit status, and what it said on stdout and stderr."""

    status: int
    said: bytes
    complained: str


class Errands:
    """See the module.

    Args:
        command: Starts the process; it gets the command and its options.
        within: See `WITHIN`.
        most: See `MOST`.
        let_go_after: See `_LET_GO_AFTER`.
    """

    def __init__(
        self,
        command: Sequence[str] = _COMMAND,
        within: float = WITHIN,
        most: int = MOST,
        let_go_after: float = _LET_GO_AFTER,
    ) -> None:
        self._command = command
        self._within = within
        self._most = most
        self._let_go_after = let_go_after
        self._turn = asyncio.Lock()
        self._stuck: asyncio.Future[Done] | None = None

    async def run(self, *words: str) -> Done:
        """Run a command to its end, be it good or bad.

        Raises:
            ControlError: It cannot be started, does not end in time or says too much; or one
                before it has still not ended.
        """
        async with self._turn:
            if self._stuck is not None and not self._stuck.done():
                raise _failed(words, "waits for another one, which hangs and cannot be killed")
            self._stuck = asyncio.get_running_loop().run_in_executor(None, self._run, words)
            ended, _ = await asyncio.wait([self._stuck], timeout=self._within + self._let_go_after)
            if not ended:
                self._stuck.add_done_callback(asyncio.Future.exception)  # nobody asks for it
                raise _failed(words, "hangs and cannot be killed: a disk or device may be gone")
            return self._stuck.result()

    def _run(self, words: Sequence[str]) -> Done:
        with tempfile.TemporaryFile() as complaints:
            try:
                process = errand([*self._command, *words], complaints)
            except OSError as error:  # out of descriptors, memory or processes
                raise _failed(words, f"cannot be started: {error.strerror}") from error
            with process:
                said, late = self._heard(process)
            complaints.seek(max(0, complaints.tell() - _LAST_WORDS))
            complained = one_line(complaints.read().decode(errors="replace")).strip()
        if late:
            raise _failed(words, f"did not end within {self._within:.0f} s")
        if len(said) > self._most:
            raise _failed(words, "said too much")
        return Done(process.returncode, said, complained)

    def _heard(self, process: "subprocess.Popen[bytes]") -> tuple[bytes, bool]:
        """What it said, and whether it was ended because it took too long."""
        late = threading.Event()

        def end() -> None:
            late.set()
            _kill(process)

        timer = threading.Timer(self._within, end)
        timer.start()
        assert process.stdout is not None
        try:
            said = process.stdout.read(self._most + 1)
            if len(said) <= self._most:
                # Not buried yet: until all is killed nothing else can have its number.
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        finally:
            timer.cancel()
            timer.join()
            _kill(process)
        return said, late.is_set()


@asynccontextmanager
async def scratch() -> AsyncIterator[Path]:
    """A directory for a moment; no disk is waited for by the loop."""
    made = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="smartrec-")
    try:
        yield Path(made.name)
    finally:
        await asyncio.to_thread(made.cleanup)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End it with all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _failed(words: Sequence[str], why: str) -> ControlError:
    return ControlError(f"smartrec {words[0]} {why}", hint=_CANNOT)
