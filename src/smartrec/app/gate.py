"""The one function that every command passes, whichever way it came in.

Keys, the control socket and whatever comes later make a `Command` and hand it to `Gate.handle`.
So a repeat, a late arrival and nonsense are treated alike everywhere.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from smartrec.clock import Clock, Instant
from smartrec.errors import SmartrecError
from smartrec.model import Action, Answer, Command, Verdict
from smartrec.units import SECOND, Ns, in_words

REMEMBERED: Final = 1_000
LONGEST: Final = Ns(3_600 * SECOND)
# Two programs on one machine read one clock, but an event may be stamped by another core's read.
_AHEAD: Final = Ns(SECOND)
_TEXT_LIMITS: Final = {"id": 128, "camera": 300, "reason": 200, "reply_to": 300}


class Gate:
    """Commands in, answers out; each command id is obeyed at most once.

    The last 1,000 ids are remembered with their answers, refusals included; an id counts as used
    when it last came in. Station thread only; pure but for the clock and what `obey` does.

    Args:
        obey: Does what a well-formed command asks; one answer for each camera it concerns.
        clock: For `Command.expires` and for moments that are not given.
        longest: The longest interval that a command may ask for.
    """

    def __init__(
        self,
        obey: Callable[[Command], tuple[Answer, ...]],
        clock: Clock,
        *,
        longest: Ns = LONGEST,
    ) -> None:
        self._obey = obey
        self._clock = clock
        self._longest = longest
        self._answers: OrderedDict[str, tuple[Answer, ...]] = OrderedDict()

    def handle(self, command: Command) -> tuple[Answer, ...]:
        """Obey a command once, or say why not.

        A repeat of an id gets the same answers, whatever else the repeat says. A refusal of the
        gate itself is one answer; its camera is empty where the command meant all of them.
        """
        if known := self._answers.get(command.id):
            self._answers.move_to_end(command.id)
            return known
        if fault := _text_fault(command):
            return refused(command, fault)  # not remembered: its id may be what is wrong
        answers = self._answer(command)
        self._answers[command.id] = answers
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        return answers

    def _answer(self, command: Command) -> tuple[Answer, ...]:
        now = self._clock.now()
        fault = _expiry_fault(command, now) or _moment_fault(command, now)
        if fault := fault or _interval_fault(command, now, self._longest):
            return refused(command, fault)
        try:
            answers = self._obey(command)
        except SmartrecError as error:
            return refused(command, str(error))
        return answers or refused(command, "there is no camera")


def refused(command: Command, reason: str) -> tuple[Answer]:
    """The answer to a command that nobody obeyed."""
    return (Answer(command.id, command.camera or "", Verdict.REFUSED, reason),)


def _text_fault(command: Command) -> str | None:
    """Texts end up in logs, file names and on terminals: short, and nothing but print."""
    for name, limit in _TEXT_LIMITS.items():
        text: str | None = getattr(command, name)
        if text is None:
            continue
        if len(text) > limit:
            return f"its {name} is longer than {limit} characters"
        if not text.isprintable():
            return f"its {name} has characters that cannot be printed"
        if not text and name in ("id", "camera"):
            return f"its {name} is empty"
    return None


def _expiry_fault(command: Command, now: Instant) -> str | None:
    if command.expires is None or now.wall_ns <= command.expires:
        return None
    return f"it expired {_span(now.wall_ns - command.expires)} ago"


def _moment_fault(command: Command, now: Instant) -> str | None:
    if command.pts is None:
        return None
    if command.pts < 0:
        return "its moment is before this machine was started"
    if command.pts > now.mono_ns + _AHEAD:
        return f"its moment is {_span(command.pts - now.mono_ns)} in the future"
    return None


def _interval_fault(command: Command, now: Instant, longest: Ns) -> str | None:
    """An interval must have a length, not reach far from its moment, nor begin in the future."""
    start, end = command.start, command.end
    if start is None and end is None:
        return None
    if command.action is not Action.START:
        return f"to {command.action.value} has no interval"
    moment = now.wall_ns if command.pts is None else now.wall_at(command.pts)
    if start is not None and start > moment + _AHEAD:
        return f"its interval begins {_span(start - moment)} after its moment"
    begin = moment if start is None else start
    if end is not None and end <= begin:
        return "its interval ends before it begins"
    if (length := (moment if end is None else end) - begin) > longest:
        return f"its interval is {_span(length)} long, more than {in_words(longest)}"
    if moment - begin > longest:  # no ring reaches so far, and it may be no time at all
        early = f"begins {_span(moment - begin)} before its moment"
        return f"its interval {early}, more than {in_words(longest)}"
    return None


def _span(length: int) -> str:
    """A span in words, to the millisecond: finer is noise to a reader."""
    return in_words(Ns(max(1, length // 1_000_000) * 1_000_000))
