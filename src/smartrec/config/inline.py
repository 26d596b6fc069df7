"""Values as TOML writes them in one statement: made anew, or changed within with comments kept."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

from smartrec.config.document import loads
from smartrec.config.plain import UNSET, got, put, without
from smartrec.config.suggest import Place

WIDTH: Final = 100
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def key(name: str) -> str:
    """A key, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else value(name)


def value(plain: object) -> str:
    """A value in one line."""
    if isinstance(plain, Mapping):
        if not plain:
            return "{}"
        return (
            "{ " + ", ".join(f"{key(name)} = {value(each)}" for name, each in plain.items()) + " }"
        )
    if isinstance(plain, (list, tuple)):
        return "[" + ", ".join(value(each) for each in plain) + "]"
    if isinstance(plain, float) and plain.is_integer() and abs(plain) < 1e15:
        return str(int(plain))
    return json.dumps(plain, ensure_ascii=False, allow_nan=False).replace("\x7f", "\\u007f")


def statement(name: str, plain: object, indent: str = "") -> str:
    """A key and its value; a long list in several lines."""
    head = f"{indent}{name} = "
    return head + wrapped(plain, indent, len(head))


def wrapped(plain: object, indent: str, column: int) -> str:
    """A value that begins in a column; a list that would be too long in several lines."""
    line = value(plain)
    if column + len(line) <= WIDTH or not isinstance(plain, (list, tuple)):
        return line
    rows = [f"{indent}  "]
    for each in map(value, plain):
        if len(rows[-1]) + len(each) >= WIDTH and rows[-1].strip():
            rows.append(f"{indent}  ")
        rows[-1] += f"{each}, "
    return "\n".join(("[", *(row.rstrip() for row in rows), f"{indent}]"))


def changed(text: str, place: Place, new: object) -> str:
    """A value's text with another value at a place in it, comments and all else as they were.

    Args:
        text: Of a list or a table, as it stands behind the equals sign.
        place: Within; empty for all of it.
        new: The value, or UNSET.
    """
    old = loads(f"v = {text}")["v"]
    wanted = without(old, place) if new is UNSET else put(old, place, new)
    if wanted == old:
        return text
    try:
        document = tomlkit.parse(f"v = {text}")
        above, last = _reached(document, ("v", *place))
        if new is UNSET:
            del above[last[0]]
        else:
            for part in reversed(last[1:]):
                new = [new] if isinstance(part, int) else {part: new}
            _lay(above, last[0], new)
        made = tomlkit.dumps(document).removeprefix("v = ").rstrip("\n")
        if loads(f"v = {made}")["v"] == wanted:
            return made
    except (TOMLKitError, ValueError, TypeError, LookupError, AttributeError):
        pass  # nobody writes so; it is written anew
    return value(wanted)


def _reached(document: object, place: Place) -> tuple[Any, Place]:
    """The innermost table or list that is there on the way to a place, and the way from it."""
    above: Any = document
    while len(place) > 1 and got(_plain(above), place[:1]) is not UNSET:
        above, place = above[place[0]], place[1:]
    return above, place


def _lay(above: Any, part: str | int, new: object) -> None:
    """Set what stands at a key or number; of tables and lists of tables what stays, stays."""
    old = got(_plain(above), (part,))
    if isinstance(part, int) and part == len(above):
        above.append(new)
    elif isinstance(old, dict) and isinstance(new, dict) and new:
        below = above[part]
        for name in old.keys() - new.keys():
            del below[name]
        for name, each in new.items():
            if got(old, (name,)) != each:
                _lay(below, name, each)
    elif _rows(old) and _rows(new):
        _lay_rows(above[part], cast("list[dict[str, object]]", new))
    else:
        above[part] = new


def _lay_rows(rows: Any, new: list[dict[str, object]]) -> None:
    """Tables that stay are known by their name, or their place where they have none."""
    names = {each.get("name") for each in new}
    for number in reversed(range(len(rows))):
        if rows[number].get("name") not in names:
            del rows[number]
    for number, each in enumerate(new):
        if number < len(rows) and rows[number].get("name") == each.get("name"):
            _lay(rows, number, each)
        else:
            rows.insert(number, each)


def _rows(plain: object) -> bool:
    return isinstance(plain, list) and all(isinstance(each, dict) for each in plain)


def _plain(item: Any) -> object:
    return item.unwrap() if hasattr(item, "unwrap") else item
