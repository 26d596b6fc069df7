"""Paths in the settings that start at whoever wrote them: a file's at the file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from smartrec.config.watching import EMBEDDED_MODEL

_PATHS: Final = (
    ("detector", "model"),
    ("detector", "labels"),
    ("recording", "smart_record_library"),
    ("web", "certificate"),
    ("web", "key"),
    ("web", "client_ca"),
)


def located(place: tuple[str, ...], value: object, base: Path) -> object:
    """A value in force: a path is made absolute, anything else stays as it is.

    Args:
        place: Of the setting.
        value: As written; what is no path is left to be refused.
        base: The directory that a relative path starts at.
    """
    if place not in _PATHS or not isinstance(value, str) or value in ("", EMBEDDED_MODEL):
        return value
    try:
        return str((base / Path(value).expanduser()).absolute())
    except (OSError, RuntimeError):  # no current directory, or no such home: told later
        return value


def located_in(tables: Mapping[str, object], base: Path) -> dict[str, object]:
    """The same for all of a file's tables."""
    found = dict(tables)
    for table, key in _PATHS:
        values = found.get(table)
        if isinstance(values, Mapping) and key in values:
            found[table] = {**values, key: located((table, key), values[key], base)}
    return found
