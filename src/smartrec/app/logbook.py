"""The newest of what a recorder said, kept for who has no terminal of it.

Like on the terminal, passwords are hidden and what cannot be printed is not there; but each stands
on one line, tracebacks too. What child processes print themselves is on the terminal alone.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from smartrec.clock import Clock
from smartrec.errors import ControlError
from smartrec.masking import masked
from smartrec.model import new_id
from smartrec.terminal import one_line

LINES: Final = 2000
LETTERS: Final = 500_000
"""Of all lines together: 2 MB at most."""
LONGEST: Final = 2000
"""Letters of a line; of a longer one the begin and the end are kept."""
_BEGIN: Final = 500
_MS: Final = 1_000_000

Level = Literal["debug", "info", "warning", "error"]
_LEVELS: Final[tuple[tuple[int, Level], ...]] = (
    (logging.ERROR, "error"),
    (logging.WARNING, "warning"),
    (logging.INFO, "info"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """What was said: the `n`-th, counted from 1, at a wall time in milliseconds."""

    n: int
    at_ms: int
    level: Level
    text: str


class Logbook(logging.Handler):
    """See the module. Any thread; who asks is never waited for.

    Args:
        clock: Of the wall.
        lines: How many are kept.
        letters: Of all lines together.
    """

    def __init__(self, clock: Clock, lines: int = LINES, letters: int = LETTERS) -> None:
        super().__init__()
        self._clock = clock
        self._most, self._most_letters = lines, letters
        self._guard = threading.Lock()
        self._lines: deque[Line] = deque()
        self._letters = 0
        self._said = 0
        self._run = new_id()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Meanwhile all that is logged is kept."""
        root = logging.getLogger()
        root.addHandler(self)
        try:
            yield
        finally:
            root.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        try:
            text = self.format(record)
        except (TypeError, ValueError, LookupError):  # the terminal's handler tells of that
            return
        level: Level = next((name for at, name in _LEVELS if record.levelno >= at), "debug")
        self.take(level, text)

    def take(self, level: Level, text: str) -> None:
        """Keep a line."""
        text = _short(one_line(masked(text)))
        with self._guard:
            self._said += 1
            self._lines.append(Line(self._said, self._clock.now().wall_ns // _MS, level, text))
            self._letters += len(text)
            while len(self._lines) > self._most or self._letters > self._most_letters:
                self._letters -= len(self._lines.popleft().text)

    def beside(self, write: Callable[[str], object]) -> Callable[[str], None]:
        """What keeps a line, then writes it; one that nobody reads any more (OSError) is kept."""
        read = True

        def tell(line: str) -> None:
            nonlocal read
            self.take("info", line)
            try:
                if read:
                    write(line)
            except OSError:
                read = False

        return tell

    def since(self, n: int) -> dict[str, object]:
        """The lines after the `n`-th, JSON values only; ``run`` is another one at each start."""
        with self._guard:
            lines, said = list(self._lines), self._said
        told: list[dict[str, object]] = [
            {"n": each.n, "at_ms": each.at_ms, "level": each.level, "text": each.text}
            for each in lines
            if each.n > n
        ]
        return {"run": self._run, "lines": told, "next": said}


def lines_of(told: Mapping[str, object]) -> list[Line]:
    """The lines that were told.

    Raises:
        ControlError: They are none.
    """
    try:
        return [Line(**each) for each in cast("list[dict[str, Any]]", told["lines"])]
    except (LookupError, TypeError) as error:
        raise ControlError(f"the recorder's log makes no sense: {error}") from error


def _short(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:_BEGIN]} … {text[-(LONGEST - _BEGIN - 3) :]}"
