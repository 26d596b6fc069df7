"""The system packages: read from the one list that set-up, tests and doctor share."""

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

_TIMEOUT_S: Final = 10


@dataclass(frozen=True, slots=True)
class Package:
    """One system package.

    Attributes:
        name: As Debian and Ubuntu call it.
        when: ``"run"`` to record, ``"test"`` to run the tests as well, ``"extra"`` if one likes.
        why: What it is for.
    """

    name: str
    when: str
    why: str


def packages(text: str | None = None) -> tuple[Package, ...]:
    """The list, in its own order.

    Args:
        text: Of a list; None reads the one that is part of smartrec.

    Raises:
        ValueError: A line is not ``PACKAGE | WHEN | WHY``.
    """
    if text is None:
        text = (files("smartrec") / "packages.txt").read_text("utf-8")
    listed = (line.strip() for line in text.splitlines())
    return tuple(_read(line) for line in listed if line and not line.startswith("#"))


def _read(line: str) -> Package:
    parts = [part.strip() for part in line.split("|", maxsplit=2)]
    if len(parts) != 3 or parts[1] not in {"run", "test", "extra"} or not parts[0]:
        raise ValueError(f"{line!r} is not: PACKAGE | run, test or extra | WHY")
    return Package(*parts)


def missing(names: Iterable[str]) -> list[str] | None:
    """Which of the packages are not installed; None where dpkg cannot be asked.

    Only a package's own record counts: one that was removed and left its settings is missing.
    """
    wanted = list(names)
    if not wanted:
        return []
    query = shutil.which("dpkg-query")
    if query is None:
        return None
    asked = [query, "-W", "-f", "${Package}\t${db:Status-Status}\n", *wanted]
    try:
        answer = subprocess.run(  # it fails when one is unknown, and still answers for the others
            asked, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    there = {
        name for name, _, state in (line.partition("\t") for line in answer.stdout.splitlines())
        if state == "installed"
    }  # fmt: skip
    return [name for name in wanted if name not in there]
