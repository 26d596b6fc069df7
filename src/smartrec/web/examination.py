"""What doctor finds while the recorder runs, for a browser. The loop's thread only.

It is asked about the settings that are in force, without passwords: it opens no camera that the
recorder has, and asks none on the network while a recorder runs.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import tomlkit
from pydantic import BaseModel, ValidationError

from smartrec.clock import Clock
from smartrec.config.load import FILE_NAME
from smartrec.config.plain import nested
from smartrec.errors import ControlError, SmartrecError
from smartrec.web.errand import Done, Errands, scratch
from smartrec.web.health_models import Finding, Status

State = Literal["never", "running", "done", "failed"]
Values = Mapping[str, object]
_MS: Final = 1_000_000
_MOST_FINDINGS: Final = 500
_CANNOT: Final = "Run the same at the recorder: smartrec doctor"

log = logging.getLogger(__name__)


class _Said(BaseModel):
    """What ``smartrec doctor --json`` says, as far as it is told."""

    status: Status
    findings: list[Finding]


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
    status: Status
    findings: list[Finding]


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
        self._task.add_done_callback(self._ended)

    async def _run(self, values: Callable[[], Awaitable[Values | None]]) -> None:
        try:
            done = await self._examined(await values())
            self.found = found_in(done, self._now())
        except OSError as error:
            raise ControlError(f"doctor cannot be asked: {error.strerror}", hint=_CANNOT) from error

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """However it ended, another one may begin."""
        if task.cancelled():  # the page ends
            return
        error = task.exception()
        if error is None:
            self.state = "done"
            return
        if not isinstance(error, SmartrecError):
            log.error("doctor cannot be asked", exc_info=error)
            error = ControlError("doctor cannot be asked: see the recorder's log", hint=_CANNOT)
        self.state, self.error = "failed", error

    async def _examined(self, values: Values | None) -> Done:
        words = ("doctor", "--json", "--clips", str(self._clips))
        if values is None:
            return await self._errands.run(*words)
        async with scratch() as directory:
            file = directory / FILE_NAME
            await asyncio.to_thread(_write, file, values)
            return await self._errands.run(*words, "--config", str(file))

    def _now(self) -> int:
        return self._clock.now().wall_ns // _MS


def found_in(done: Done, at_ms: int) -> Found:
    """What a run of doctor says.

    Raises:
        ControlError: Nothing of use.
    """
    try:
        said = _Said.model_validate_json(done.said)
    except ValidationError as error:
        why = done.complained or f"it ended with status {done.status}"
        raise ControlError(f"doctor found nothing out: {why}", hint=_CANNOT) from error
    return Found(at_ms, done.status, said.status, said.findings[:_MOST_FINDINGS])


def _write(file: Path, values: Values) -> None:
    file.write_text(tomlkit.dumps(nested(values)), "utf-8")
