"""Find the settings, merge them and explain what is wrong with them.

Each value comes from the first of: the command line, the environment (such as
``SMARTREC_RING__MAX_BYTES``), one file. The file is the first of: ``--config``,
``SMARTREC_CONFIG``, ``./smartrec.toml``, the user's own ``smartrec/smartrec.toml``; files are not
merged with each other.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import platformdirs
from pydantic import ValidationError

from smartrec.config.cameras import ALIKE, zones_alike
from smartrec.config.document import Document, parsed, read
from smartrec.config.findings import place_in, words_of
from smartrec.config.located import located, located_in
from smartrec.config.schema import Config, alike, numbered
from smartrec.config.suggest import Place, Told, config_error, dotted, nearest
from smartrec.config.tables import SCHEMA, TABLES, keys
from smartrec.config.typed import typed
from smartrec.errors import ConfigError

FILE_NAME: Final = "smartrec.toml"
FOUND: Final = "found at the start"
"""Where a camera comes from that nobody named."""
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
    text: str | None = None,
    found: str | None = None,
) -> Loaded:
    """Make the settings in force.

    Args:
        path: The file asked for by ``--config``; None looks in the usual places.
        environ: The environment, normally `os.environ`.
        overrides: By dotted key (``"recording.pre_roll"``). ``"camera"`` is a list of tables that
            are laid over those of the file, first over first, and there are as many as it has;
            ``"camera.size"`` is set in every camera, and makes one where there is none. None as a
            value means not given.
        origin: What to call the source of `overrides`.
        text: Taken for what stands in the file, which is not read: to check it before it is saved.
        found: Source of the first camera if nobody says what it is; its origin is `FOUND`.

    Raises:
        ConfigError: With every mistake at once, one a line, each with its place.
    """
    sources = _Sources(origin)
    sources.add_file(path, environ, text)
    sources.add_environment(environ)
    sources.add_overrides(overrides)
    if found is not None:
        sources.add_found(found)
    config = sources.checked()
    origins = {dotted(place): sources.origin(place) for place, _ in _leaves(_plain(config))}
    return Loaded(config, origins, sources.document.path if sources.document else None)


@dataclass(frozen=True, slots=True)
class Given:
    """What settings are made of, to make them again when the file has changed.

    Attributes:
        path: The file asked for; None looks in the usual places.
        environ: The environment as it was at the start.
        overrides: As in `load`.
        origin: What to call their source.
        found: As in `load`.
    """

    path: Path | None
    environ: Mapping[str, str]
    overrides: Mapping[str, object]
    origin: str = "command line"
    found: str | None = None

    def load(self, text: str | None = None) -> Loaded:
        """The settings as they are now, or as they would be with another text in the file.

        Raises:
            ConfigError: With every mistake at once.
        """
        return load(
            path=self.path,
            environ=self.environ,
            overrides=self.overrides,
            origin=self.origin,
            text=text,
            found=self.found,
        )

    def file(self) -> Path:
        """The file that is read; where there is none, the one that saving makes."""
        return self.path or find(self.environ) or user_file(self.environ)

    def unread(self) -> Path | None:
        """The user's own file, where it is there and another one that is here comes before it."""
        own = user_file(self.environ)
        here = self.path is None and find(self.environ) == Path(FILE_NAME)
        other = here and own.is_file() and os.path.realpath(own) != os.path.realpath(FILE_NAME)
        return own if other else None


def find(environ: Mapping[str, str]) -> Path | None:
    """The file that is read where none is asked for; it may turn out to be unreadable."""
    if named := environ.get("SMARTREC_CONFIG"):
        return Path(named)
    usual = (Path(FILE_NAME), user_file(environ))
    return next((path for path in usual if os.path.lexists(path)), None)


def user_file(environ: Mapping[str, str]) -> Path:
    """The user's own file, which is made where there is none and a setting is saved."""
    home = environ.get("XDG_CONFIG_HOME")
    user = Path(home) / "smartrec" if home else platformdirs.user_config_path("smartrec")
    return user / FILE_NAME


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
    mistakes: list[Told] = field(default_factory=list)
    found: bool = False

    def add_file(self, path: Path | None, environ: Mapping[str, str], text: str | None) -> None:
        found = path if path is not None else find(environ)
        if found is None and text is not None:
            found = user_file(environ)
        if found is None:
            return
        try:
            self.document = read(found) if text is None else parsed(found, text)
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
                self._set(place, typed(environ[name], schema))
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
                if place == ("camera",) and isinstance(value, (list, tuple)):
                    self._lay_cameras(value)
                    continue
                self.overridden.add(place)
                self._set(place, value)

    def add_found(self, source: str) -> None:
        """Let the first camera be this one if nobody says what it is."""
        cameras = self.values.get("camera") or [{}]
        if not isinstance(cameras, (list, tuple)):
            return
        if isinstance(first := cameras[0], Mapping) and "source" not in first:
            self.values = {**self.values, "camera": [{**first, "source": source}, *cameras[1:]]}
            self.found = True

    def _lay_cameras(self, cameras: Sequence[object]) -> None:
        """Over those of the file, first over first; there are as many as are laid."""
        there = self.values.get("camera", [])
        if not isinstance(there, (list, tuple)):
            return  # and is told as the file's mistake
        laid = []
        for number, camera in enumerate(cameras):
            laid.append(_merged(there[number] if number < len(there) else None, camera))
            self.overridden |= {("camera", number, *place) for place in _said(camera)}
        self.values = {**self.values, "camera": laid}

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
        config, wrong = None, list(self._twice())
        try:
            config = Config.model_validate(self.values)
        except ValidationError as error:
            wrong += [
                (place_in(details), words_of(details))
                for details in error.errors(include_url=False)
                if details["type"] != ALIKE and not self._follows(place_in(details))
            ]
        wrong.sort(key=lambda mistake: self._line(mistake[0]))
        self.mistakes += [(place, self._where(place), words) for place, words in wrong]
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
        named = keys(place)
        return any(over in (place[: len(over)], named[: len(over)]) for over in self.overridden)

    def _variable(self, place: Place) -> str | None:
        """The variable that gave a setting, or the list that it stands in."""
        return self.variables.get(place[:2])

    def _within(self, table: Place) -> str:
        """Who says something in a table that the file does not have."""
        named = keys(table)
        if any(keys(over)[: len(named)] == named for over in self.overridden):
            return self.own_name
        names = (name for at, name in self.variables.items() if at[: len(named)] == named)
        return next(names, "default")

    def _where(self, place: Place) -> str:
        source = self.origin(place, whole=False)
        return source if source in self.variables.values() else f"{source}: {dotted(place)}"

    def origin(self, place: Place, *, whole: bool = True) -> str:
        """Who says what stands at a place.

        Args:
            place: Of a setting.
            whole: The place itself must be said; else what it stands in will do.
        """
        if self.found and place == ("camera", 0, "source"):
            return FOUND
        if self._overridden(place):
            return self.own_name if not whole or _holds(self.values, place) else "default"
        if (name := self._variable(place)) is not None:
            return name
        if self.document and _holds(self.document.values, place if whole else place[:1]):
            return f"{self.document.path}:{self.document.line(place)}"
        return "default" if whole else self._within(place)


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


def _merged(below: object, above: object) -> object:
    """Tables laid over tables; a value where a table belongs stays, to be reported."""
    if below is None or not isinstance(above, Mapping):
        return above
    if not isinstance(below, Mapping):
        return below
    return {**below, **{key: _merged(below.get(key), each) for key, each in above.items()}}


def _said(table: object) -> Iterator[Place]:
    """The places of all that a table says."""
    if not isinstance(table, Mapping):
        yield ()
        return
    for key, value in table.items():
        for below in _said(value):
            yield (key, *below)


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
    elif isinstance(values, list) and keys(place) in SCHEMA:
        for number, value in enumerate(values):
            yield from _leaves(value, (*place, number))
    else:
        yield place, values
