"""Change single settings in the text of a settings file; all else stays as somebody wrote it.

Comments, order, blank lines and line ends of what is not changed are kept byte by byte: the text is
changed where a setting stands, and never written anew. Within one statement, such as
``controls = { focus = "auto" }``, tomlkit does it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from smartrec.config.plain import UNSET, Unset, alike, clean, got, put, without
from smartrec.config.revision import revised, said
from smartrec.config.suggest import Place, dotted, mistaken, place_of
from smartrec.config.tables import LISTS, SCHEMA, keys
from smartrec.errors import ConfigError, Mistake

__all__ = ["UNSET", "Edit", "Unset", "dotted", "edited", "place_of"]

_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Edit:
    """One change.

    Attributes:
        place: Of a setting, of a table, of one of a list of tables (``("camera", 1)``, behind the
            last: another one), or of the whole list (``("camera", 0, "zone")``).
        value: As TOML or JSON has it; a table's keys that are not in it go. UNSET, or None, takes
            away what is there.
    """

    place: Place
    value: object


def edited(text: str, edits: Sequence[Edit], *, cameras: int = 1) -> str:
    """The text of a settings file with changes, one after the other.

    Tables that stay in a list are known by their name (cameras: id), so that they keep their
    comments. A camera behind one that goes keeps the id that it had by its number. A camera that is
    in force without a table in the file gets one.

    Args:
        text: Of the file; empty begins a new one.
        edits: Each changes what those before it left. They are not checked: load the result.
        cameras: How many are in force, wherever they come from.

    Raises:
        ConfigError: The text is no TOML; a value cannot stand in TOML; there is no such place; or
            somebody wrote it in a way that only a person can change.
    """
    mark = _MARK if text.startswith(_MARK) else ""
    text = text.removeprefix(_MARK)
    for edit in edits:
        for step in _steps(said(text), _cleaned(edit), cameras):
            text = _changed(text, step)
    return mark + text


def _cleaned(edit: Edit) -> Edit:
    value = UNSET if edit.value is None else edit.value
    try:
        value = value if value is UNSET else clean(value)
    except ValueError as error:
        raise mistaken([Mistake(edit.place, str(error))]) from error
    if keys(edit.place) in SCHEMA and value is not UNSET:
        one = isinstance(edit.place[-1], int) or keys(edit.place) not in LISTS
        rows = [value] if one else value
        if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
            raise mistaken([Mistake(edit.place, "must be a table" if one else "must be tables")])
        value = value if rows else UNSET
    return Edit(edit.place, value)


def _steps(values: Mapping[str, object], edit: Edit, cameras: int) -> Iterator[Edit]:
    """What an edit takes: also what keeps other cameras as they are."""
    head, number = (*edit.place, None, None)[:2]
    if head != "camera" or not isinstance(number, int):
        yield edit
        return
    there = values.get("camera")
    tables = there if isinstance(there, list) else []
    count, whole = max(len(tables), cameras), len(edit.place) == 2
    if number >= count + whole:
        why = f"there is no such camera; the last is camera[{count - 1}]"
        raise mistaken([Mistake(edit.place[:2], why)])
    if edit.value is not UNSET:
        for missing in range(len(tables), number if whole else number + 1):
            yield Edit(("camera", missing), {})
        yield _with_id(edit, tables) if whole else edit
        return
    if whole:
        for behind in range(number + 1, len(tables)):
            if isinstance(tables[behind], Mapping) and "id" not in tables[behind]:
                yield Edit(("camera", behind, "id"), f"cam{behind}")
    yield edit


def _with_id(edit: Edit, tables: Sequence[object]) -> Edit:
    """A new camera; with an id where another has the one that it would get by its number."""
    named = [got(table, ("id",)) for table in tables]
    taken = [f"cam{n}" if each is UNSET else each for n, each in enumerate(named)]
    number = edit.place[1]
    assert isinstance(edit.value, dict)
    if number != len(tables) or "id" in edit.value or f"cam{number}" not in taken:
        return edit
    free = next(name for n in range(len(tables) + 1) if (name := f"cam{n}") not in taken)
    return Edit(edit.place, {"id": free, **edit.value})


def _changed(text: str, edit: Edit) -> str:
    old = said(text)
    unset = edit.value is UNSET
    wanted = without(old, edit.place) if unset else put(old, edit.place, edit.value)
    if wanted == old:
        return text
    if text and not text.endswith("\n"):
        text += "\r\n" if "\r\n" in text else "\n"
    try:
        new = revised(text, old, edit.place, edit.value)
        if alike(said(new), wanted):
            return new
    except ConfigError:
        pass  # it would be no TOML
    why = "stands where only a person can change it"
    raise mistaken([Mistake(edit.place, why)])
