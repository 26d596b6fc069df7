"""The settings as a form asks for them: described by the schema, and by nothing else."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from smartrec.config.reference import allowed, json_schema
from smartrec.config.tables import LISTS, SCHEMA

_ORDER: Final = ("camera", "recording", "ring", "retention", "detector", "trigger", "arming")
"""What people look for first; then all others."""
_SECRET: Final = ("camera.source",)
"""May hold a password: shown without it, and never asked for what it was."""
_BY_ORDER: Final = ("camera.id", "camera.name")
"""What is taken where these are left out depends on the camera."""


def tables() -> list[dict[str, object]]:
    """Every table with its settings; JSON values only.

    Of a table: ``key`` (``"camera.zone"``), ``path`` (``["camera", "*", "zone", "*"]``, where ``*``
    is any number), ``help``, ``settings``. Of a setting:

    - ``key``: its own, such as ``"fps"``; its place is the table's path and this.
    - ``kind``: ``boolean``, ``choice``, ``integer``, ``number``, ``duration``, ``size``, ``text``,
      ``path``, ``picture``, ``list`` (of text), ``numbers`` (a list), ``table`` (of free names and
      whole numbers), ``source``, ``polygons`` (a list of corners), ``schedule`` (a list of times).
    - ``choices``: the values of a choice; of a number, words that may stand in its place.
    - ``minimum``, ``maximum``: of numbers; None where there is none.
    - ``allowed``: in words.
    - ``default``: as people write it; None where there is none, or it is not the same everywhere.
    - ``example``: one, or None.
    - ``help``: what it is, with Markdown's ````code````.
    - ``change``: what a change touches in a running recorder.
    - ``file_only``: only whoever edits the file may change it.
    - ``optional``: it may be left out, which is no value that could be written.
    - ``needed``: it must be given.
    - ``secret``: it may hold a password, which is shown as ``***``.
    - ``text_file_only``: of a boolean that may be text as well, which is changed in the file only.
    """
    schema = json_schema()
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    places = sorted((place for place in SCHEMA if place), key=_rank)
    return [_table(place, definitions[SCHEMA[place].__name__]) for place in places]


def _rank(place: tuple[str, ...]) -> tuple[int, int]:
    """Tables of a camera behind the camera."""
    known = _ORDER.index(place[0]) if place[0] in _ORDER else len(_ORDER)
    return known, list(SCHEMA).index(place)


def _table(place: tuple[str, ...], schema: Mapping[str, Any]) -> dict[str, object]:
    model = SCHEMA[place]
    path = [part for n, key in enumerate(place) for part in _steps(place[: n + 1], key)]
    needed = schema.get("required", ())
    properties: Mapping[str, Mapping[str, Any]] = schema["properties"]
    return {
        "key": ".".join(place),
        "path": path,
        "help": model.__doc__,
        "settings": [
            _setting(f"{'.'.join(place)}.{key}", key, properties[key], needed=key in needed)
            for key in _settings(place, model)
        ],
    }


def _steps(table: tuple[str, ...], key: str) -> tuple[str, ...]:
    return (key, "*") if table in LISTS else (key,)


def _settings(place: tuple[str, ...], model: type[BaseModel]) -> Iterator[str]:
    """The keys of a table that are no tables of their own."""
    return (key for key in model.model_fields if (*place, key) not in SCHEMA)


def _setting(whole: str, key: str, schema: Mapping[str, Any], *, needed: bool) -> dict[str, object]:
    branches = schema.get("anyOf", [schema])
    written = branches[0]
    return {
        "key": key,
        "kind": _kind(written),
        "choices": written.get("enum", written.get("x-words")),
        "minimum": written.get("minimum"),
        "maximum": written.get("maximum"),
        "allowed": allowed(schema),
        "default": None if whole in _BY_ORDER else schema.get("default"),
        "example": next(iter(schema.get("examples", ())), None),
        "help": schema["description"],
        "change": schema["x-change"],
        "file_only": schema.get("x-file-only", False),
        "optional": {"type": "null"} in branches,
        "needed": needed,
        "secret": whole in _SECRET,
        "text_file_only": written.get("type") == ["boolean", "string"],
    }


def _kind(schema: Mapping[str, Any]) -> str:
    if "x-kind" in schema:
        return str(schema["x-kind"])
    if "enum" in schema:
        return "choice"
    kinds = {"string": "text", "object": "table", "array": "list"}
    return kinds.get(schema["type"], str(schema["type"]))
