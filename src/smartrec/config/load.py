"""Find the settings, merge them and explain what is wrong with them.

Each value comes from the first of: the command line, the environment (such as
``SMARTREC_RING__MAX_BYTES``), one file. The file is the first of: ``--config``,
``SMARTREC_CONFIG``, ``./smartrec.toml``, the user's own ``smartrec/smartrec.toml``; files are not
merged with each other.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import platformdirs
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from smartrec.config.arming import Arming
from smartrec.config.cameras import ALIKE, Camera, Controls, Keep, zones_alike
from smartrec.config.document import Document, read
from smartrec.config.located import located, located_in
from smartrec.config.schema import Config, Log, Recording, Retention, Ring, alike, numbered
from smartrec.config.suggest import Place, config_error, dotted, nearest, said_here, shown
from smartrec.config.watching import AutoTrigger, Detector, Screen, Zone
from smartrec.config.web import Web
from smartrec.errors import ConfigError

FILE_NAME: Final = "smartrec.toml"
PREFIX: Final = "SMARTREC_"
RESERVED: Final = frozenset(
    {
        "SMARTREC_CACHE_DIR",
        "SMARTREC_CONFIG",
        "SMARTREC_DEEPSTREAM",
        "SMARTREC_FRESH",
        "SMARTREC_LOG",
        "SMARTREC_PYTHON",
        "SMARTREC_STATE_DIR",
    }
)
"""Variables of ours that are no settings."""

TABLES: Final[dict[str, type[BaseModel]]] = {
    "recording": Recording,
    "ring": Ring,
    "retention": Retention,
    "detector": Detector,
    "trigger": AutoTrigger,
    "arming": Arming,
    "screen": Screen,
    "web": Web,
    "log": Log,
}
"""The tables that stand once, and so can be set by the environment."""

_SCHEMA: Final[dict[Place, type[BaseModel]]] = {
    (): Config,
    **{(name,): table for name, table in TABLES.items()},
    ("camera",): Camera,
    ("camera", "controls"): Controls,
    ("camera", "retention"): Keep,
    ("camera", "zone"): Zone,
}
_PLAIN_WORDS: Final = {
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
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,18}\.[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings in force.

    Attributes:
        config: The settings.
        origins: Where each comes from, by dotted key as in `flat`: ``"default"``,
            ``"smartrec.toml:3"``, ``"SMARTREC_RING__MAX_BYTES"``, ``"command line"``.
        path: The file that was read, if any.
    """

    config: Config
    origins: Mapping[str, str]
    path: Path | None


def load(
    *,
    path: Path | None,
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
    origin: str = "command line",
) -> Loaded:
    """Make the settings in force.

    Args:
        path: The file asked for by ``--config``; None looks in the usual places.
        environ: The environment, normally `os.environ`.
        overrides: By dotted key (``"recording.pre_roll"``). ``"camera"`` is a list of tables that
            replaces all others; ``"camera.size"`` is set in every camera, and makes one where there
            is none. None as a value means not given.
        origin: What to call the source of `overrides`.

    Raises:
        ConfigError: With every mistake at once, one a line, each with its place.
    """
    sources = _Sources(origin)
    sources.add_file(path, environ)
    sources.add_environment(environ)
    sources.add_overrides(overrides)
    config = sources.checked()
    origins = {dotted(place): sources.origin(place) for place, _ in _leaves(_plain(config))}
    return Loaded(config, origins, sources.document.path if sources.document else None)


def find(environ: Mapping[str, str]) -> Path | None:
    """The file that is read where none is asked for; it may turn out to be unreadable."""
    if named := environ.get("SMARTREC_CONFIG"):
        return Path(named)
    home = environ.get("XDG_CONFIG_HOME")
    user = Path(home) / "smartrec" if home else platformdirs.user_config_path("smartrec")
    usual = (Path(FILE_NAME), user / FILE_NAME)
    return next((path for path in usual if os.path.lexists(path)), None)


def flat(config: Config) -> dict[str, object]:
    """Every setting by its dotted key, in the form that people write."""
    return {dotted(place): value for place, value in _leaves(_plain(config))}


@dataclass(slots=True)
class _Sources:
    """The values of all sources, laid over each other, and the mistakes found on the way."""

    own_name: str
    values: dict[str, object] = field(default_factory=dict)
    document: Document | None = None
    variables: dict[Place, str] = field(default_factory=dict)
    overridden: set[Place] = field(default_factory=set)
    mistakes: list[str] = field(default_factory=list)

    def add_file(self, path: Path | None, environ: Mapping[str, str]) -> None:
        found = path if path is not None else find(environ)
        if found is None:
            return
        try:
            self.document = read(found)
        except ConfigError as error:
            self.mistakes.append(str(error))
        else:
            self.values = located_in(self.document.values, found.parent)

    def add_environment(self, environ: Mapping[str, str]) -> None:
        known = {
            f"{PREFIX}{table}__{key}".upper(): (table, key)
            for table, model in TABLES.items()
            for key in model.model_fields
        }
        for name in sorted(environ):
            if name in known:
                place = known[name]
                schema = TABLES[place[0]].model_json_schema()["properties"][place[1]]
                self.variables[place] = name
                self._set(place, _typed(environ[name], schema))
            elif name.startswith(PREFIX) and name not in RESERVED:
                meant = nearest(name.lower(), {each.lower(): each for each in known})
                guess = f"; did you mean {meant.upper()}?" if meant else ""
                if name.startswith(f"{PREFIX}CAMERA__"):
                    guess = "; cameras are set in a file, each in a table [[camera]]"
                self.mistakes.append(f"{name}: unknown variable{guess}")

    def add_overrides(self, overrides: Mapping[str, object]) -> None:
        for key in sorted(overrides):  # "camera" before "camera.size"
            if (value := overrides[key]) is not None:
                place = tuple(key.split("."))
                self.overridden.add(place)
                self._set(place, value)

    def _set(self, place: tuple[str, ...], value: object) -> None:
        """Put a value over what lies there; what the lower sources hold stays as it is."""
        if place[0] == "camera" and len(place) > 1:
            self.values.setdefault("camera", [{}])
        laid = _laid_over(self.values, place, located(place, value, Path()))
        assert isinstance(laid, dict)
        self.values = laid

    def checked(self) -> Config:
        """The settings.

        Raises:
            ConfigError: Any source has a mistake.
        """
        config, found = None, list(self._twice())
        try:
            config = Config.model_validate(self.values)
        except ValidationError as error:
            found += [
                (_place(details), _words(details))
                for details in error.errors(include_url=False)
                if details["type"] != ALIKE and not self._follows(_place(details))
            ]
        found.sort(key=lambda mistake: self._line(mistake[0]))
        self.mistakes += [f"{self._where(place)}: {words}" for place, words in found]
        if config is None or self.mistakes:
            raise config_error(self.mistakes)
        return config

    def _twice(self) -> Iterator[tuple[Place, str]]:
        cameras = self.values.get("camera")
        if not isinstance(cameras, (list, tuple)):
            return
        for number, key, why in alike(numbered(cameras)):
            yield ("camera", number, key), why
        for number, camera in enumerate(cameras):
            zones = camera.get("zone") if isinstance(camera, Mapping) else None
            for other, why in zones_alike(zones if isinstance(zones, (list, tuple)) else ()):
                yield ("camera", number, "zone", other, "name"), why

    def _follows(self, place: Place) -> bool:
        """Whether a mistake only repeats another: a name that was made from a wrong id."""
        return place[2:] == ("name",) and not _holds(self.values, place)

    def _line(self, place: Place) -> float:
        """For sorting: the file's mistakes as they stand there, all others after them."""
        if self.document is None or self._variable(place) or self._overridden(place):
            return float("inf")
        return self.document.line(place)

    def _overridden(self, place: Place) -> bool:
        keys = _keys(place)
        return any(keys[: len(over)] == over for over in self.overridden)

    def _variable(self, place: Place) -> str | None:
        """The variable that gave a setting, or the list that it stands in."""
        return self.variables.get(place[:2])

    def _within(self, table: Place) -> str:
        """Who says something in a table that the file does not have."""
        keys = _keys(table)
        if any(over[: len(keys)] == keys for over in self.overridden):
            return self.own_name
        named = (name for at, name in self.variables.items() if at[: len(keys)] == keys)
        return next(named, "default")

    def _where(self, place: Place) -> str:
        source = self.origin(place, whole=False)
        return source if source in self.variables.values() else f"{source}: {dotted(place)}"

    def origin(self, place: Place, *, whole: bool = True) -> str:
        """Who says what stands at a place.

        Args:
            place: Of a setting.
            whole: The place itself must be said; else what it stands in will do.
        """
        if self._overridden(place):
            return self.own_name if not whole or _holds(self.values, place) else "default"
        if (name := self._variable(place)) is not None:
            return name
        if self.document and _holds(self.document.values, place if whole else place[:1]):
            return f"{self.document.path}:{self.document.line(place)}"
        return "default" if whole else self._within(place)


def _typed(text: str, schema: Mapping[str, Any]) -> object:
    """A variable's text as the type of its setting, where TOML would not write it as text."""
    kind = schema.get("anyOf", [schema])[0].get("type")
    if text in ("true", "false") and (kind == "boolean" or "boolean" in (kind or ())):
        return text == "true"
    if kind == "array":
        return [_typed(part.strip(), {"type": "integer"}) for part in text.split(",")]
    if kind in ("integer", "number") and _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if kind == "number" and _DECIMAL.fullmatch(text) else text


def _keys(place: Place) -> tuple[str, ...]:
    return tuple(part for part in place if isinstance(part, str))


def _laid_over(below: object, place: tuple[str, ...], value: object) -> object:
    """The same tables with a value at a place; in every table where there is a list of them.

    A value where a table belongs stays: it is reported as its own source's mistake.
    """
    if not place:
        return value
    if isinstance(below, (list, tuple)):
        return [_laid_over(each, place, value) for each in below]
    if not isinstance(below, Mapping):
        return below
    return {**below, place[0]: _laid_over(below.get(place[0], {}), place[1:], value)}


def _holds(values: object, place: Place) -> bool:
    for part in place:
        if isinstance(values, (list, tuple)):
            values = dict(enumerate(values))
        if not isinstance(values, Mapping) or part not in values:
            return False
        values = values[part]
    return True


def _plain(config: Config) -> dict[str, object]:
    return config.model_dump(mode="json")


def _leaves(values: object, place: Place = ()) -> Iterator[tuple[Place, object]]:
    """Each setting; an empty table of free keys counts as one, a list of no tables as none."""
    if isinstance(values, dict) and values:
        for key, value in values.items():
            yield from _leaves(value, (*place, key))
    elif isinstance(values, list) and _keys(place) in _SCHEMA:
        for number, value in enumerate(values):
            yield from _leaves(value, (*place, number))
    else:
        yield place, values


def _place(details: ErrorDetails) -> Place:
    return tuple(part for part in details["loc"] if part != "[key]")


def _words(details: ErrorDetails) -> str:
    """What is wrong, in the words of somebody who writes TOML."""
    place, kind = _place(details), details["type"]
    if kind == "extra_forbidden":
        return _unknown(place)
    if kind == "value_error":
        return str(details["ctx"]["error"])
    if kind in ("tuple_type", "model_type", "dict_type"):
        return _misshapen(place, kind, details["input"])
    message = details["msg"]
    for theirs, ours in _PLAIN_WORDS.items():
        message = message.replace(theirs, ours)
    if kind == "missing":
        return message
    return f"{message}, not {shown(details['input'])}"


def _misshapen(place: Place, kind: str, value: object) -> str:
    if kind == "tuple_type":
        return f"must be written [[{'.'.join(_keys(place))}]], once for each {place[-1]}"
    shape = "a table" if kind == "model_type" else "a table of names and numbers"
    return f"must be {shape}, not {shown(value)}"


def _unknown(place: Place) -> str:
    word = str(place[-1])
    table = tuple(part for part in place[:-1] if isinstance(part, str))
    if (here := said_here(table, word)) is not None:
        return f"unknown; {here}"
    meant = nearest(word, _SCHEMA[table].model_fields) if table in _SCHEMA else None
    if meant is None:
        meant = next(
            (dotted((*t, word)) for t, m in _SCHEMA.items() if word in m.model_fields), None
        )
    return f"unknown; did you mean '{meant}'?" if meant else "unknown"
