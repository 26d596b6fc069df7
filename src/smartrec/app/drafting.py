"""What a settings file would be after some changes, and whether it may become that."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.app.settings_question import Change
from smartrec.config.document import parsed
from smartrec.config.edit import UNSET, Edit, edited
from smartrec.config.load import Given, Loaded, flat
from smartrec.config.suggest import Place, Told, config_error, dotted, place_of
from smartrec.config.tables import TABLES
from smartrec.config.watching import EMBEDDED_MODEL
from smartrec.errors import ConfigError, FileOnly, UsageError
from smartrec.masking import MASK

_NAME: Final = Path("smartrec.toml")
_BY_HAND: Final = "Change it in the file, then: smartrec config reload"


@dataclass(frozen=True, slots=True)
class Draft:
    """A settings file that nobody wrote yet.

    Attributes:
        text: All of it.
        loaded: What would be made of it.
    """

    text: str
    loaded: Loaded


def drafted(given: Given, text: str, changes: Iterable[Change], cameras: int) -> Draft:
    """A settings file after some changes.

    Args:
        given: What the settings are made of besides.
        text: The file as it is.
        changes: Made in their order.
        cameras: How many are in force now.

    Raises:
        ConfigError: It would be wrong, or something else says what a change wants to say; with
            every mistake.
        FileOnly: It would say something else that only whoever edits the file may say.
    """
    edits = list(_edits(given, text, changes))
    draft = edited(text, edits, cameras=cameras)
    _refuse_file_only(text, draft)
    loaded = given.load(text=draft)
    unheard = list(_unheard(edits, loaded))
    if unheard:
        raise config_error(unheard)
    if not loaded.config.camera:
        raise config_error([(("camera",), "camera", "there would be none: a recorder has one")])
    return Draft(draft, loaded)


def _edits(given: Given, text: str, changes: Iterable[Change]) -> Iterator[Edit]:
    mistakes: list[Told] = []
    for change in changes:
        try:
            place = place_of(change.key)
        except UsageError as error:
            mistakes.append(str(error))
            continue
        if not _masks_itself(given, text, change):
            yield Edit(place, UNSET if change.unset else change.value)
    if mistakes:
        raise config_error(mistakes)


def _masks_itself(given: Given, text: str, change: Change) -> bool:
    """Whether somebody hands back what he was shown, with a password that he was not shown."""
    if not isinstance(change.value, str) or MASK not in change.value:
        return False
    try:
        shown = flat(given.load(text=text).config)
    except ConfigError:
        return False
    return shown.get(change.key) == change.value


def _refuse_file_only(before: str, after: str) -> None:
    """Whatever was changed, by whatever key: the two files must say the same of it.

    Values are compared as they stand in the file, for what stands there may be covered now by the
    environment, and not at the next start.
    """
    old, new = (parsed(_NAME, text).values for text in (before, after))
    for table, key in _file_only():
        if _said(old, table, key) != _said(new, table, key):
            raise FileOnly(f"{table}.{key} can be changed in the settings file only", hint=_BY_HAND)
    refuse_other_model(*(_said(values, "detector", "model") for values in (old, new)))
    strange = _microphones(new) - _microphones(old)
    if strange:
        raise FileOnly(
            "a microphone can be named in the settings file only, not on the page", hint=_BY_HAND
        )


def refuse_other_model(before: object, after: object) -> None:
    """Of models only weights may be named by who cannot edit the file.

    A configuration of DeepStream may load code; and one that is none is told line by line, be it
    whatever text it may.

    Raises:
        FileOnly: Another one is named that is something else.
    """
    if after != before and not _only_weights(after):
        raise FileOnly(
            "a model that is no .onnx file can be named in the settings file only: a configuration"
            " of DeepStream may load code",
            hint=_BY_HAND,
        )


def _file_only() -> Iterator[tuple[str, str]]:
    for table, model in TABLES.items():
        for key, setting in model.model_fields.items():
            extra = setting.json_schema_extra
            if isinstance(extra, dict) and extra.get("x-file-only"):
                yield table, key


def _said(values: Mapping[str, object], table: str, key: str) -> object:
    found = values.get(table)
    return found.get(key) if isinstance(found, Mapping) else found


def _only_weights(model: object) -> bool:
    """Whether nothing is run for a model but what we know; what is no text is told elsewhere."""
    return not isinstance(model, str) or model == EMBEDDED_MODEL or model.lower().endswith(".onnx")


def _microphones(values: Mapping[str, object]) -> set[str]:
    """What the cameras of a file call their microphones."""
    cameras = values.get("camera")
    named = (
        camera.get("audio")
        for camera in (cameras if isinstance(cameras, list) else ())
        if isinstance(camera, Mapping)
    )
    return {name for name in named if isinstance(name, str)}


def _unheard(edits: Sequence[Edit], loaded: Loaded) -> Iterator[Told]:
    """Changes that would do nothing, for the environment or the command line says otherwise."""
    shown = flat(loaded.config)
    for number, edit in enumerate(edits):
        place = None if edit.value is UNSET else _at_last(edit.place, edits[number + 1 :])
        if place is None:
            continue
        ways: Iterable[Place] = [()]
        if _instead(place, loaded) is None:  # not of all of it, but of a part perhaps
            ways = (
                way
                for way, value in _leaves(edit.value)
                if shown.get(dotted((*place, *way)), value) != value
            )
        for way in ways:
            if (who := _instead((*place, *way), loaded)) is not None:
                said = (*edit.place, *way)
                yield said, dotted(said), f"{who} says what it is, whatever stands in the file"


def _leaves(value: object) -> Iterator[tuple[Place, object]]:
    """All that a value holds, with the way there."""
    parts: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    else:
        yield (), value
    for part, below in parts:
        for way, each in _leaves(below):
            yield (part, *way), each


def _at_last(place: Place, later: Sequence[Edit]) -> Place | None:
    """Where a place is after edits that follow; None where they put something else there."""
    for edit in later:
        above, last = edit.place[:-1], edit.place[-1]
        if edit.place == place[: len(edit.place)]:
            return None
        if edit.value is UNSET and isinstance(last, int) and above == place[: len(above)]:
            number = place[len(above)] if len(place) > len(above) else None
            if isinstance(number, int) and number > last:
                place = (*above, number - 1, *place[len(above) + 1 :])
    return place


def _instead(place: Place, loaded: Loaded) -> str | None:
    """Who says what stands at a place, if the file has no say there."""
    if place[0] == "camera" and len(place) > 1 and not _there(place, loaded):
        return loaded.origins.get("camera[0].source")
    key = dotted(place)
    within = {who for each, who in loaded.origins.items() if _lies_in(each, key)}
    by_file = any(who == "default" or who.startswith(f"{loaded.path}:") for who in within)
    return None if by_file or not within else next(iter(within))


def _there(place: Place, loaded: Loaded) -> bool:
    number = place[1]
    return isinstance(number, int) and number < len(loaded.config.camera)


def _lies_in(key: str, table: str) -> bool:
    return key == table or key.startswith((f"{table}.", f"{table}["))
