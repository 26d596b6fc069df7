"""What a check of `smartrec doctor` found, in the words of the table of troubles."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from smartrec.app.doctor.troubles.table import TROUBLES

_LINK: Final = re.compile(r"\[([^\]]+)\]\(([\w.-]+)[^)]*\)")
_TROUBLES: Final = {key: row for rows in TROUBLES.values() for key, row in rows.items()}


class Status(str, Enum):
    """How a thing stands."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        status: BAD where a recording needs it, WARN where it may be meant so.
        what: What was seen, in one line.
        why: The cause; empty when all is well.
        mend: The command that mends it; empty when all is well.
    """

    status: Status
    what: str
    why: str = ""
    mend: str = ""


def amiss(trouble: str, what: str, *, mend: str = "", status: Status = Status.BAD) -> Finding:
    """A finding in the words of the table.

    Args:
        trouble: Its key.
        what: What was seen here.
        mend: The command for this very case; empty takes the table's.
        status: WARN where it may be meant so.
    """
    row = _TROUBLES[trouble]
    return Finding(status, what, plain(row.why), plain(mend or row.mend))


def plain(text: str) -> str:
    """A text of the tables for a terminal: without Markdown, pages by their place."""
    return _LINK.sub(r"\1 (docs/guide/\2)", text).replace("`", "")
