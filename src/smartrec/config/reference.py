"""What the settings are, for people and programs: pages, an example and JSON Schema, all made here.

The files under ``docs/reference/`` are these texts; a test holds them in step.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from smartrec.config.cameras import Camera, Controls, Keep
from smartrec.config.load import Loaded
from smartrec.config.schema import Config
from smartrec.config.suggest import dotted
from smartrec.config.tables import TABLES
from smartrec.config.watching import Zone

_INTRO: Final = """\
# Settings

Made from `smartrec.config.schema` by `UPDATE_DOCS=1`; do not edit. A commented file with all of it
is printed by `smartrec config example`.

No setting is needed. Each value comes from the first of these that gives it:

1. the command line (`--size 1280x720`),
2. the environment: `SMARTREC_<TABLE>__<KEY>`, such as `SMARTREC_RECORDING__PRE_ROLL=5s` or
   `SMARTREC_DETECTOR__PERSON_CLASS_IDS=0,2`; cameras cannot be set this way,
3. one file: `--config FILE`, else the file that `SMARTREC_CONFIG` names, else `./smartrec.toml`,
   else `~/.config/smartrec/smartrec.toml`. Only the first that is there is read,
4. the default.

`smartrec config show` prints the values in force and where each comes from; `smartrec config check`
prints every mistake at once with its line.

Durations are written `"10s"`, `"500ms"`, `"1m30s"` or as a number of seconds; sizes `"512MB"`,
`"1.5GiB"` or as a number of bytes.

A running recorder takes changes: on the page, by `smartrec config set recording.pre_roll 5s`, or
after you edited the file by `smartrec config reload`. *A change* says what it touches then; cameras
and clips that it does not concern lose no picture. [How](../guide/settings.md), and what only the
file may say.
"""
_EXAMPLE_HEAD: Final = """\
# Settings of smartrec. Every key is optional; a commented one shows its default or an example.
# Where they are looked for: ./smartrec.toml, then ~/.config/smartrec/smartrec.toml.
# To look at the result: smartrec config show
"""
_HEADERS: Final[tuple[tuple[str, type[BaseModel]], ...]] = (
    ("[recording]", TABLES["recording"]),
    ("[ring]", TABLES["ring"]),
    ("[retention]", TABLES["retention"]),
    ("[[camera]]", Camera),
    ("[camera.controls]", Controls),
    ("[camera.retention]", Keep),
    ("[[camera.zone]]", Zone),
    ("[detector]", TABLES["detector"]),
    ("[trigger]", TABLES["trigger"]),
    ("[arming]", TABLES["arming"]),
    ("[screen]", TABLES["screen"]),
    ("[web]", TABLES["web"]),
    ("[log]", TABLES["log"]),
)


def settings_page() -> str:
    """The page of all settings, in Markdown."""
    return _INTRO + "".join(_section(header, table) for header, table in _HEADERS)


def example() -> str:
    """A TOML file that says everything and changes nothing."""
    return _EXAMPLE_HEAD + "".join(_table_example(header, table) for header, table in _HEADERS)


def json_schema() -> dict[str, object]:
    """JSON Schema of a settings file, defaults as people write them."""
    schema = Config.model_json_schema()
    _put_defaults(schema, Config)
    for _, table in _HEADERS:
        _put_defaults(schema["$defs"][table.__name__], table)
    del schema["$defs"]["Camera"]["properties"]["name"]["default"]  # the id, whatever it is
    return schema


def _put_defaults(schema: dict[str, Any], table: type[BaseModel]) -> None:
    for key, value in _defaults(table).items():
        schema["properties"][key]["default"] = value


def as_toml(loaded: Loaded) -> str:
    """Settings in force as a TOML file, each line with its origin as a comment."""
    settings = loaded.config.model_dump(mode="json")
    lines: list[str] = []
    for name in TABLES:
        lines += ["", f"[{name}]", *_lines(loaded, (name,), settings[name])]
    for number, camera in enumerate(settings["camera"]):
        tables = {name: camera.pop(name) for name in ("controls", "retention")}
        zones = camera.pop("zone")
        lines += ["", "[[camera]]", *_lines(loaded, ("camera", number), camera)]
        for name, table in tables.items():
            place = ("camera", number, name)
            lines += ["", f"[camera.{name}]", *_lines(loaded, place, table)]
        for each, zone in enumerate(zones):
            below = ("camera", number, "zone", each)
            lines += ["", "[[camera.zone]]", *_lines(loaded, below, zone)]
    return "\n".join(lines[1:]) + "\n"


def _lines(
    loaded: Loaded, place: tuple[str | int, ...], table: Mapping[str, object]
) -> Iterator[str]:
    for key, value in table.items():
        origin = loaded.origins.get(dotted((*place, key))) or _origin_below(loaded, (*place, key))
        said = f"# {key} is not set" if value is None else f"{key} = {toml(value)}"
        yield f"{said:<40}  # {origin}"


def _origin_below(loaded: Loaded, place: tuple[str | int, ...]) -> str:
    """Of a table of free keys, which stands in one line: where its first key comes from."""
    above = dotted(place)
    return next(origin for key, origin in loaded.origins.items() if key.startswith(above))


def toml(value: object) -> str:
    """A plain value as TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _defaults(table: type[BaseModel]) -> dict[str, object]:
    """As people write them; a key that must be given has none."""
    needed = {
        key: (field.examples or [None])[0]
        for key, field in table.model_fields.items()
        if field.is_required()
    }
    plain: dict[str, object] = table.model_validate(needed).model_dump(mode="json")
    return {key: value for key, value in plain.items() if key not in needed}


def _section(header: str, table: type[BaseModel]) -> str:
    schema, defaults = table.model_json_schema()["properties"], _defaults(table)
    rows = [
        f"| `{key}` | {_default(field, defaults.get(key))} | {allowed(schema[key])} "
        f"| {schema[key]['x-change']} | {field.description} |"
        for key, field in _settings(table)
    ]
    return "\n".join(
        [
            f"\n## `{header}`\n",
            f"{table.__doc__}\n",
            "| key | default | allowed | a change | what it is |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _settings(table: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The keys of a table that are no tables of their own."""
    for key, field in table.model_fields.items():
        if field.annotation not in (Controls, Keep, tuple[Zone, ...]):
            yield key, field


def _default(field: FieldInfo, value: object) -> str:
    if field.is_required():
        return "must be given"
    return f"`{toml(value)}`" if value not in (None, "", {}, []) else ""


def allowed(schema: Mapping[str, object]) -> str:
    """What may be written, in words."""
    branches = schema.get("anyOf")
    if isinstance(branches, list):
        return allowed(branches[0])
    if "x-allowed" in schema:
        return str(schema["x-allowed"])
    if isinstance(choices := schema.get("enum"), list):
        return ", ".join(toml(choice) for choice in choices)
    if "minimum" in schema:
        return f"{schema['minimum']} to {schema['maximum']}"
    words = {"boolean": "true, false", "string": "text", "object": "table of numbers"}
    return words[str(schema["type"])]


def _table_example(header: str, table: type[BaseModel]) -> str:
    """One table; that of a camera is commented out, since to write it is to have a camera."""
    schema, defaults = table.model_json_schema()["properties"], _defaults(table)
    shown = f"#{header}" if "camera" in header else header
    lines = ["", f"# {table.__doc__}", shown]
    for key, field in _settings(table):
        said = f"{field.description} ({allowed(schema[key])}; a change {schema[key]['x-change']})"
        lines += ["", *textwrap.wrap(said, 96, initial_indent="# ", subsequent_indent="# ")]
        value = defaults.get(key)
        if value in (None, "", {}, []):
            value = (field.examples or [value])[0]
        lines.append(f"#{key} = {toml(value)}")
    return "\n".join(lines) + "\n"


def pages() -> dict[Path, str]:
    """The generated files, by path within the project."""
    directory = Path("docs", "reference")
    return {
        directory / "settings.md": settings_page(),
        directory / "smartrec.example.toml": example(),
    }
