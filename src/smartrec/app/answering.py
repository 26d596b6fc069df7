"""Answers to commands, held back until what they promise is true. Station thread only."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final

from smartrec.model import Answer, Command, Verdict
from smartrec.units import SECOND, Ns

SECURING: Final = Ns(2 * SECOND)
"""How long an answer waits for the disk to take the pre-roll."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command, and where its answers are waited for."""

    command: Command
    answers: "Future[tuple[Answer, ...]]"


@dataclass(frozen=True, slots=True)
class _Waiting:
    answers: tuple[Answer, ...]
    to: "Future[tuple[Answer, ...]]"
    until: Ns


class Answers:
    """Who hears that the pre-roll is secured may kill us: it is said when it is in a file.

    Args:
        secured: Whether a camera's clip is in its file, as far as it was held when it began.
        kept: Whether what is armed and disarmed outlives this process.
    """

    def __init__(self, secured: Callable[[str, str], bool], kept: Callable[[], bool]) -> None:
        self._holds = secured
        self._kept = kept
        self._waiting: list[_Waiting] = []

    def hold(self, answers: tuple[Answer, ...], to: "Future[tuple[Answer, ...]]", now: Ns) -> None:
        """Give these answers as soon as they are true, or say then that they are not yet."""
        self._waiting.append(_Waiting(answers, to, Ns(now + SECURING)))

    def turn(self, now: Ns) -> None:
        """Give what can be given."""
        still = []
        for one in self._waiting:
            late = [answer for answer in one.answers if not self._secured(answer)]
            if late and now < one.until:
                still.append(one)
            else:
                one.to.set_result(tuple(_not_yet(a) if a in late else a for a in one.answers))
        self._waiting = still

    def _secured(self, answer: Answer) -> bool:
        if answer.verdict in (Verdict.ARMED, Verdict.DISARMED):
            return self._kept()
        if answer.verdict not in (Verdict.ACCEPTED, Verdict.EXTENDED) or answer.clip_id is None:
            return True
        return self._holds(answer.camera, answer.clip_id)


def _not_yet(answer: Answer) -> Answer:
    return replace(answer, pre_roll_s=None, reason="in memory until the disk takes it")
