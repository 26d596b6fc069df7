"""Settings as plain values: tables are dicts, lists are lists."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from smartrec.config.suggest import Place, place_of
from smartrec.errors import UsageError
from smartrec.masking import MASK


class Unset(Enum):
    """In place of a value: there shall be none."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
_DEEPEST: Final = 20
"""Of lists and tables in a value: those that mean something are six deep."""
_SOME: Final = "some"
"""In place of a password that is not shown."""


def got(values: object, place: Place) -> object:
    """What stands at a place, or UNSET."""
    for part in place:
        if isinstance(values, list):
            values = dict(enumerate(values))
        if not isinstance(values, Mapping) or part not in values:
            return UNSET
        values = values[part]
    return values


def put(values: object, place: Place, value: object) -> object:
    """The same values with another at a place; tables that are not there are made."""
    if not place:
        return value
    part, rest = place[0], place[1:]
    if isinstance(part, int):
        rows = list(values) if isinstance(values, list) else []
        rows += [{} for _ in range(part + 1 - len(rows))]
        rows[part] = put(rows[part], rest, value)
        return rows
    table = dict(values) if isinstance(values, Mapping) else {}
    return {**table, part: put(table.get(part), rest, value)}


def without(values: object, place: Place) -> object:
    """The same values but for what stands at a place."""
    if got(values, place) is UNSET:
        return values
    part, rest = place[0], place[1:]
    if rest:
        return put(values, (part,), without(got(values, (part,)), rest))
    if isinstance(values, list):
        return [each for number, each in enumerate(values) if number != part]
    assert isinstance(values, Mapping)
    return {key: each for key, each in values.items() if key != part}


def nested(values: Mapping[str, object]) -> dict[str, object]:
    """As tables, without what is not set; a password that is hidden is another one.

    Controls of a camera may have names that no key has; they are left out.

    Args:
        values: As `smartrec.config.load.flat` has them.
    """
    tables: object = {}
    for key, value in values.items():
        try:
            place = place_of(key)
        except UsageError:
            continue
        if isinstance(value, str) and place[-1] == "source":
            value = value.replace(MASK, _SOME)  # noqa: PLW2901 - a hidden password is refused
        if value is not None:
            tables = put(tables, place, value)
    assert isinstance(tables, dict)
    return tables


def alike(one: object, other: object) -> bool:
    """Whether both say the same: an empty table in a table, or no list of tables, says nothing."""
    return _bare(one) == _bare(other)


def _bare(values: object) -> object:
    if isinstance(values, Mapping):
        table = {key: _bare(each) for key, each in values.items()}
        return {key: each for key, each in table.items() if each not in ({}, [])}
    if isinstance(values, Sequence) and not isinstance(values, str):
        return [_bare(each) for each in values]
    if isinstance(values, bool):  # a truth is no number, though Python has them equal
        return "truth", values
    return "nan" if values != values else values  # itself, which Python denies


def clean(value: object, deep: int = 0) -> object:
    """A value that TOML can hold, with lists for tuples and without keys that have none.

    Args:
        value: Whatever somebody said.
        deep: In so many lists and tables.

    Raises:
        ValueError: There is no such thing in TOML; the message says what is.
    """
    if deep > _DEEPEST:
        raise ValueError(f"must not be nested more than {_DEEPEST} deep")
    if isinstance(value, Mapping):
        known = {key: each for key, each in value.items() if each is not None}
        return {_text(key): clean(each, deep + 1) for key, each in known.items()}
    if isinstance(value, (list, tuple)):
        return [clean(each, deep + 1) for each in value]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return value
    if isinstance(value, float) and abs(value) < float("inf"):
        return value
    raise ValueError("must be text, a number, true, false, a list or a table")


def _text(value: object) -> str:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            pass  # half a character of UTF-16
        else:
            return value
    raise ValueError("must be text of characters that UTF-8 has")
