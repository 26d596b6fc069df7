"""Replays of what was recorded, one at a time, each in a process of its own that gives way.

The loop's thread only; of each replay one more has the process (`smartrec.app.replay_child`), which
ends with the page, whose end of its stdin keeps it going. A replay that nobody asks about is ended;
one that has ended is forgotten after a while.
"""

import asyncio
import json
import logging
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any, Final, Literal

from smartrec.app.children import command_of, ending, errand
from smartrec.app.replay_outcome import Kind
from smartrec.app.replay_question import Question
from smartrec.model import new_id

UNASKED: Final = 120.0
"""Seconds after which nobody wants it any more: a page in the background asks once a minute."""
KEPT: Final = 600.0
"""Seconds that the end of one is known."""
_MOST_KEPT: Final = 4
"""Each may have three megabytes of results."""
_LINE_MOST: Final = 4 << 20
"""Bytes: a very long clip may have many triggers."""
_CHILD: Final = command_of("smartrec.app.replay_child")
_SEE_LOG: Final = "The recorder's log may say why: smartrec report."
_OF_ANSWER: Final = ("at_s", "last_s", "score", "zone")
_NOT_TOLD: Final = frozenset({"path"})
_LAST_WORDS: Final = frozenset({"sum", "failed"})

State = Literal["running", "done", "failed", "cancelled"]
_Said = Mapping[str, Any]

log = logging.getLogger(__name__)


@dataclass
class Replay:
    """One replay, and what is known of it so far.

    Attributes:
        key: By which it is asked for.
        state: Whether it goes on, and if not, why.
        done: Clips that were tried.
        of: All of them; 0 while that is not known.
        share: Of the clip that is looked at, 0 to 1.
        results: JSON, which is small; see `smartrec.app.replay_outcome.Outcome`, but without paths,
            and of answers one hit alone.
        counts: How many of each outcome.
        error: Why it failed, and what mends that.
    """

    key: str = field(default_factory=new_id)
    state: State = "running"
    done: int = 0
    of: int = 0
    share: float = 0.0
    results: list[str] = field(default_factory=list)
    counts: Counter[Kind] = field(default_factory=Counter)
    error: tuple[str, str | None] | None = None

    def hear(self, said: _Said) -> None:
        """What the process says."""
        if (progress := said.get("progress")) is not None:
            self.done, self.of, self.share = (progress[name] for name in ("done", "of", "share"))
        elif (outcome := said.get("outcome")) is not None:
            self.done, self.share = self.done + 1, 0.0
            self.results.append(json.dumps(_result(outcome)))
            self.counts[Kind(outcome["outcome"])] += 1
        elif (failed := said.get("failed")) is not None:
            self.end("failed", _utf8(failed["message"]), failed.get("hint"))
        elif "sum" in said:
            self.end("done")

    def end(self, state: State, why: str = "", hint: str | None = None) -> None:
        """It goes on no more; the first reason counts."""
        if self.state == "running":
            self.state = state
            self.error = (why, hint) if state == "failed" else None


class Replays:
    """See the module.

    Args:
        command: Starts the process.
        unasked: See `UNASKED`.
        kept: See `KEPT`.
    """

    def __init__(
        self, command: Sequence[str] = _CHILD, unasked: float = UNASKED, kept: float = KEPT
    ) -> None:
        self._command = command
        self._unasked, self._kept = unasked, kept
        self._all: dict[str, Replay] = {}
        self._running: tuple[Replay, _Process] | None = None
        self._patience: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        """Whether one goes on."""
        return self._running is not None

    def begin(self, question: Question) -> Replay:
        """Begin one, instead of any other."""
        if self._running is not None:
            self.cancel(self._running[0])
        replay, loop = Replay(), asyncio.get_running_loop()

        def said(what: _Said) -> None:
            loop.call_soon_threadsafe(self._hear, replay, what)

        process = _Process(self._command, question, said)
        process.start()
        self._running = replay, process
        self._wait_for_question(replay)
        for old in list(self._all)[: 1 - _MOST_KEPT]:
            del self._all[old]
        self._all[replay.key] = replay
        return replay

    def asked(self, key: str) -> Replay | None:
        """One that there is, or was a moment ago: somebody wants it."""
        replay = self._all.get(key)
        if replay is not None and replay.state == "running":
            self._wait_for_question(replay)
        return replay

    def cancel(self, replay: Replay) -> None:
        """End one; of what has ended nothing changes. Idempotent."""
        if replay.state == "running":
            replay.end("cancelled")
            self._ended(replay)

    def _wait_for_question(self, replay: Replay) -> None:
        if self._patience is not None:
            self._patience.cancel()
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(self._unasked, self.cancel, replay)

    def _hear(self, replay: Replay, said: _Said) -> None:
        if self._running is not None and self._running[0] is replay:
            replay.hear(said)
            if replay.state != "running":
                self._ended(replay)

    def _ended(self, replay: Replay) -> None:
        """It runs no more, and no other does yet."""
        assert self._running is not None
        assert self._patience is not None
        self._patience.cancel()
        self._running[1].kill()
        self._running = None
        asyncio.get_running_loop().call_later(self._kept, self._all.pop, replay.key, None)


class _Process(threading.Thread):
    """The process of a replay, which is started, asked, heard to its end and buried.

    Args:
        command: Starts it.
        question: What it is asked.
        said: Is told all that it says, and last of all its failure, if it said none; this thread.
    """

    def __init__(
        self, command: Sequence[str], question: Question, said: Callable[[_Said], None]
    ) -> None:
        super().__init__(name="replay", daemon=True)
        self._command, self._question, self._said = command, question, said
        self._process: subprocess.Popen[bytes] | None = None
        self._unwanted = threading.Event()
        self._over = False

    def kill(self) -> None:
        """End it at once: it writes nothing that could be left half done. Idempotent."""
        self._unwanted.set()
        if self._process is not None:
            self._process.kill()

    def run(self) -> None:
        """See the class."""
        try:
            process = errand(self._command)
        except OSError as error:  # out of descriptors, memory or processes
            self._fail(f"cannot start a replay: {error.strerror}", "Try again later.")
            return
        self._process = process
        if self._unwanted.is_set():
            process.kill()
        why = self._heard(process)
        status = process.wait()
        if not self._over and not self._unwanted.is_set():
            log.error("a replay's process %s %s", ending(status), why)
            self._fail(f"its process {why or ending(status)}", _SEE_LOG)

    def _heard(self, process: "subprocess.Popen[bytes]") -> str:
        """All that it says has been told; why that is not all, if so."""
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdout:
            with suppress(BrokenPipeError):  # how it ended says more
                process.stdin.write(json.dumps(self._question.as_json()).encode() + b"\n")
                process.stdin.flush()
            why = self._lines(process.stdout)
        if why:
            process.kill()
        with suppress(BrokenPipeError):  # what it did not read is still there
            process.stdin.close()
        return why

    def _lines(self, told: IO[bytes]) -> str:
        while line := told.readline(_LINE_MOST):
            try:
                said = json.loads(line)
                self._over = self._over or not said.keys().isdisjoint(_LAST_WORDS)
            except (ValueError, AttributeError):
                return "said something else"
            self._said(said)
        return ""

    def _fail(self, message: str, hint: str) -> None:
        self._said({"failed": {"message": message, "hint": hint}})


def _result(outcome: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in outcome.items() if name not in _NOT_TOLD}
    told["why"] = told["why"] and _utf8(told["why"])
    for side in ("now", "then"):
        if told[side] is not None:
            told[side] = {name: told[side][name] for name in _OF_ANSWER}
    return told


def _utf8(text: str) -> str:
    """What can be answered: it may name a file whose name is no UTF-8."""
    return text.encode(errors="backslashreplace").decode()
