"""What doctor finds while the recorder runs, for a browser. The loop's thread only.

It is asked about the settings that are in force, without passwords: it opens no camera that the
recorder has, and asks none on the network while a recorder runs.
"""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import tomlkit

from smartrec.app.replay_question import nested
from smartrec.clock import Clock
from smartrec.config.load import FILE_NAME
from smartrec.errors import ControlError, SmartrecError
from smartrec.web.errand import Done, Errands

State = Literal["never", "running", "done", "failed"]
Values = Mapping[str, object]
_MS: Final = 1_000_000
_MOST_FINDINGS: Final = 500


@dataclass(frozen=True, slots=True)
class Found:
    """What it found.

    Attributes:
        at_ms: When it was done.
        exit: Of ``smartrec doctor``.
        status: The gravest of all findings.
        findings: As ``smartrec doctor --json`` has them.
    """

    at_ms: int
    exit: int
    status: str
    findings: list[dict[str, str]]


class Examination:
    """See the module.

    Args:
        errands: Run it.
        clips: Directory of the clips.
        clock: Of the wall.

    Attributes:
        state: How the newest stands.
        begun_ms: When it began.
        found: What the newest found that was done.
        error: Why the newest failed, if it did.
    """

    def __init__(self, errands: Errands, clips: Path, clock: Clock) -> None:
        self._errands = errands
        self._clips = clips
        self._clock = clock
        self.state: State = "never"
        self.begun_ms: int | None = None
        self.found: Found | None = None
        self.error: SmartrecError | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, values: Callable[[], Awaitable[Values | None]]) -> None:
        """Begin one where none is running.

        Args:
            values: Gives the settings in force; None: those of the file will do.
        """
        if self.state == "running":
            return
        self.state, self.begun_ms, self.error = "running", self._now(), None
        self._task = asyncio.create_task(self._run(values))

    async def _run(self, values: Callable[[], Awaitable[Values | None]]) -> None:
        try:
            done = await self._examined(await values())
            self.found = found_in(done, self._now())
            self.state = "done"
        except SmartrecError as error:
            self.state, self.error = "failed", error
        except OSError as error:
            self.state = "failed"
            self.error = ControlError(f"doctor cannot be asked: {error.strerror}")

    async def _examined(self, values: Values | None) -> Done:
        words = ("doctor", "--json", "--clips", str(self._clips))
        if values is None:
            return await self._errands.run(*words)
        with tempfile.TemporaryDirectory(prefix="smartrec-") as name:
            file = Path(name) / FILE_NAME
            await asyncio.to_thread(file.write_text, tomlkit.dumps(nested(values)), "utf-8")
            return await self._errands.run(*words, "--config", str(file))

    def _now(self) -> int:
        return self._clock.now().wall_ns // _MS


def found_in(done: Done, at_ms: int) -> Found:
    """What a run of doctor says.

    Raises:
        ControlError: Nothing of use.
    """
    try:
        said: Any = json.loads(done.said)
        findings = [
            {name: str(each[name]) for name in ("check", "status", "what", "why", "mend")}
            for each in said["findings"][:_MOST_FINDINGS]
        ]
        return Found(at_ms, done.status, said["status"], findings)
    except (ValueError, LookupError, TypeError) as error:
        why = done.complained or f"it ended with status {done.status}"
        raise ControlError(f"doctor found nothing out: {why}") from error
