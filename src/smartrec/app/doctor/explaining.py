"""From a pasted error message to its row in the table of troubles."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from smartrec.app.doctor.troubles.errors import ERRORS
from smartrec.app.doctor.troubles.table import TROUBLES
from smartrec.app.doctor.troubles.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Match:
    """A row that knows a message.

    Attributes:
        section: Its section of the page; ``"errors"`` for an error's name.
        key: Its key there.
        trouble: The row.
        said: What of the message it was known by.
    """

    section: str
    key: str
    trouble: Trouble
    said: str


def explain(text: str) -> list[Match]:
    """The rows that know a message of this or another program, the surest first.

    Surest is which knows the longest piece of it: ``STREAMON: No space left on device`` is the
    USB's room, not the disk's. A row that knows only a piece of another row's piece is left out.
    """
    said = " ".join(text.split())
    found = sorted((*_heard(said), *_named(said)), key=lambda each: -len(each.said))
    surest: list[Match] = []
    for match in found:
        if not any(match.said in other.said for other in surest):
            surest.append(match)
    return surest


def _heard(said: str) -> Iterator[Match]:
    for section, rows in TROUBLES.items():
        for key, row in rows.items():
            pieces = [m[0] for h in row.heard for m in re.finditer(h, said, re.IGNORECASE)]
            if pieces:
                yield Match(section, key, row, max(pieces, key=len))


def _named(said: str) -> Iterator[Match]:
    for error, row in ERRORS.items():
        if re.search(rf"\b{error.__name__}\b", said):
            yield Match("errors", error.__name__, row, error.__name__)
