"""What pydantic finds wrong, in the words of somebody who writes TOML."""

from typing import Final

from pydantic_core import ErrorDetails

from smartrec.config.suggest import Place, dotted, nearest, said_here, shown
from smartrec.config.tables import SCHEMA, keys

_OURS: Final = {
    "Input should be": "must be",
    "String should have": "must have",
    "Field required": "is missing",
    "a valid boolean": "true or false",
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "a valid string": "text",
    "greater than or equal to": "at least",
    "less than or equal to": "at most",
}
"""Pydantic's words for programmers, and ours."""


def place_in(details: ErrorDetails) -> Place:
    """Where it is."""
    return tuple(part for part in details["loc"] if part != "[key]")


def words_of(details: ErrorDetails) -> str:
    """What is wrong, in the words of somebody who writes TOML."""
    place, kind = place_in(details), details["type"]
    if kind == "extra_forbidden":
        return unknown(place)
    if kind == "value_error":
        return str(details["ctx"]["error"])
    if kind in ("tuple_type", "model_type", "dict_type"):
        return _misshapen(place, kind, details["input"])
    message = details["msg"]
    for theirs, ours in _OURS.items():
        message = message.replace(theirs, ours)
    if kind == "missing":
        return message
    return f"{message}, not {shown(details['input'])}"


def _misshapen(place: Place, kind: str, value: object) -> str:
    if kind == "tuple_type":
        return f"must be written [[{'.'.join(keys(place))}]], once for each {place[-1]}"
    shape = "a table" if kind == "model_type" else "a table of names and numbers"
    return f"must be {shape}, not {shown(value)}"


def unknown(place: Place) -> str:
    """Of a key that there is not; with the one that was meant, perhaps."""
    word = str(place[-1])
    table = tuple(part for part in place[:-1] if isinstance(part, str))
    if (here := said_here(table, word)) is not None:
        return f"unknown; {here}"
    meant = nearest(word, SCHEMA[table].model_fields) if table in SCHEMA else None
    if meant is None:
        meant = next(
            (dotted((*t, word)) for t, m in SCHEMA.items() if word in m.model_fields), None
        )
    return f"unknown; did you mean '{meant}'?" if meant else "unknown"
