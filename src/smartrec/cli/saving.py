"""Settings changed from the command line: the file first, then the recorder that runs."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from smartrec.app.settings_question import Do, Question
from smartrec.app.wire import ask_settings, find_socket, listens
from smartrec.config import filing
from smartrec.config.changes import Changed, changed
from smartrec.config.edit import UNSET, Edit, edited
from smartrec.config.findings import unknown
from smartrec.config.load import Given, Loaded
from smartrec.config.reference import toml
from smartrec.config.suggest import Place, dotted, mistaken, place_of
from smartrec.config.typed import known, spoken
from smartrec.errors import ConfigError, ControlError, Mistake

_BY: Final = "smartrec config"


def known_place(key: str) -> Place:
    """The place of a setting that there is.

    Raises:
        UsageError: It is no key at all.
        ConfigError: There is no such setting.
    """
    place = place_of(key)
    if not known(place):
        raise mistaken([Mistake(place, unknown(place))])
    return place


def save(
    path: Path | None, place: Place, words: Sequence[str], *, clips: Path | None, told: bool
) -> None:
    """Change one setting in the file, if the settings are right with it, and say what that touches.

    Args:
        path: The file; None looks for one, or makes the user's own.
        place: Of the setting.
        words: Its value; none takes it out of the file.
        clips: Those of the recorder that shall take it; None: where the settings say.
        told: Whether one is told.

    Raises:
        ConfigError: The settings would be wrong, or the file cannot be written.
        ControlError: It is saved, and the recorder that runs did not take it.
    """
    given = Given(path, os.environ, {})
    file = given.file()
    text, digest = filing.read(file)
    before = _loaded(given, text)
    cameras = len(before.config.camera) if before else 0
    value = spoken(place, words) if words else UNSET
    new = edited(text, [Edit(place, value)], cameras=max(cameras, 1))
    after = given.load(new)
    if new == text:
        click.echo(f"{file} says so already" if words else f"{file} does not say it")
        return
    digest = filing.write(file, new, digest)
    click.echo(f"{file}: {dotted(place)} is {'set' if words else 'as without it'}")
    for line in (*_hidden(place, after), *(_touched(before, after) if before else ())):
        click.echo(f"  {line}")
    if told:
        directory = (before or after).config.recording.directory
        recorder = clips or directory
        if clips is None and not listens(find_socket(recorder.absolute())):
            click.echo("no recorder runs there: the next start takes it", err=True)
        else:
            _tell(recorder, digest, place)


def reload(clips: Path) -> str:
    """Have the running recorder take the settings as they are in its file now.

    Returns:
        The digest of that file.

    Raises:
        ConfigError: They are wrong; it goes on with those it has.
        ControlError: No recorder answers, or it did not take them.
    """
    told = _asked(clips, Question(Do.RELOAD, by=_BY))
    problem, applied = told.get("problem"), told.get("applied")
    if isinstance(problem, dict):
        raise ControlError(str(problem.get("message")), hint=str(problem.get("hint") or "") or None)
    click.echo("the recorder has taken them")
    for line in _outcome(applied if isinstance(applied, dict) else {}):
        click.echo(f"  {line}")
    return str(told.get("digest"))


def _tell(clips: Path, digest: str, place: Place) -> None:
    """Have a recorder take it, and say if that has it otherwise all the same."""
    if reload(clips) != digest:
        click.echo("but it reads another file: see its own --config", err=True)
        return
    there = _asked(clips, Question(Do.READ))
    origins = there.get("origins")
    origin = str(origins.get(dotted(place), "default")) if isinstance(origins, dict) else "default"
    if origin != "default" and not origin.startswith(f"{there.get('file')}:"):
        click.echo(f"but not this: its {origin} says otherwise", err=True)


def _asked(clips: Path, question: Question) -> dict[str, object]:
    clip_dir = clips.absolute()
    return ask_settings(find_socket(clip_dir), question, clip_dir=clip_dir)


def _loaded(given: Given, text: str) -> Loaded | None:
    """The settings as they were; None where they were wrong, which may be what is mended."""
    try:
        return given.load(text)
    except ConfigError:
        return None


def _hidden(place: Place, loaded: Loaded) -> Iterator[str]:
    """Who says otherwise, whatever the file says."""
    origin = loaded.origins.get(dotted(place), "")
    if origin.startswith("SMARTREC_"):
        yield f"not in force here: {origin} in the environment says otherwise"


def _touched(before: Loaded, after: Loaded) -> Iterator[str]:
    changes = changed(before.config, after.config)
    for each in changes[:10]:
        yield f"{each.key}: {_became(each)}; {_effect(each)}"
    if len(changes) > len(changes[:10]):
        yield f"and {len(changes) - 10} more"


def _effect(each: Changed) -> str:
    camera = f" of {dotted(each.place[:2])}" if each.place[0] == "camera" else ""
    return each.change + (camera if each.change.endswith("capture") else "")


def _became(each: Changed) -> str:
    if isinstance(each.after, dict) and each.before is None:
        return "added"
    if isinstance(each.before, dict) and each.after is None:
        return "removed"
    return f"{_shown(each.before)} -> {_shown(each.after)}"


def _shown(value: object) -> str:
    text = "nothing" if value is None else toml(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _outcome(applied: dict[str, object]) -> Iterator[str]:
    """What came of it, in words."""
    for key, words in (
        ("restarted", "capture started anew"),
        ("added", "cameras added"),
        ("removed", "cameras removed"),
        ("pending", "needs a new start of smartrec"),
    ):
        if names := applied.get(key):
            assert isinstance(names, Iterable)
            yield f"{words}: {', '.join(map(str, names))}"
