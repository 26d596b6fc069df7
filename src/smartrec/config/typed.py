"""What somebody typed, in the environment or behind a command, as a value of a setting."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from smartrec.config.document import loads
from smartrec.config.suggest import Place, mistaken
from smartrec.config.tables import LISTS, SCHEMA, keys
from smartrec.errors import Mistake

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,18}\.[0-9]{1,18}")


def typed(text: str, schema: Mapping[str, Any]) -> object:
    """A text as the type of its setting, where TOML would not write it as text.

    Args:
        text: As it was typed; parts of a list stand between commas.
        schema: JSON Schema of the setting.
    """
    kind = schema.get("anyOf", [schema])[0].get("type")
    if text in ("true", "false") and (kind == "boolean" or "boolean" in (kind or ())):
        return text == "true"
    if kind == "array":
        return [typed(part.strip(), {"type": "integer"}) for part in text.split(",")]
    if kind in ("integer", "number") and _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if kind == "number" and _DECIMAL.fullmatch(text) else text


def known(place: Place) -> bool:
    """Whether a setting, a table or a list of tables stands there by the schema."""
    named = keys(place)
    if named in SCHEMA:
        return bool(named)
    above = SCHEMA.get(named[:-2])
    free = above is not None and named[-2:-1] == ("extra",) and "extra" in above.model_fields
    return free or _schema(named) is not None


def spoken(place: Place, words: Sequence[str]) -> object:
    """The value of a setting from the words behind a command.

    Lists take a word for each part, or one with commas; tables, and all that is nested, are written
    as TOML: ``{ gain = 3 }``.

    Args:
        place: Of the setting, which is `known`.
        words: At least one.

    Raises:
        ConfigError: These are too many words, or no TOML where it takes TOML.
    """
    schema = _schema(keys(place)) or {"type": "integer"}  # a free key's
    written = schema.get("anyOf", [schema])[0]
    nested = _is_table(place) or written.get("type") == "object" or "array" in _parts(written)
    if len(words) == 1 and (nested or (words[0].startswith("[") and written["type"] == "array")):
        return _toml(place, words[0])
    if written.get("type") == "array" and len(words) > 1:
        return [typed(word, {"type": "integer"}) for word in words]
    if len(words) > 1:
        raise mistaken([Mistake(place, f"takes one value, not {len(words)}; are quotes missing?")])
    both = written.get("type")
    if isinstance(both, list) and _INTEGER.fullmatch(words[0]):
        return int(words[0])
    return typed(words[0], schema)


def _is_table(place: Place) -> bool:
    return keys(place) in SCHEMA or keys(place) in LISTS


def _parts(schema: Mapping[str, Any]) -> str:
    """What a list's parts are."""
    return str(schema.get("items", {}).get("type"))


def _schema(named: tuple[str, ...]) -> Mapping[str, Any] | None:
    table = SCHEMA.get(named[:-1])
    if table is None or named[-1] not in table.model_fields or named in SCHEMA:
        return None
    properties: Mapping[str, Mapping[str, Any]] = table.model_json_schema()["properties"]
    return properties[named[-1]]


def _toml(place: Place, text: str) -> object:
    try:
        return loads(f"v = {text}")["v"]
    except (ValueError, RecursionError) as error:
        raise mistaken([Mistake(place, f"takes TOML, such as {{ key = 1 }}: {error}")]) from error
