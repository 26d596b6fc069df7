"""`smartrec replay`: which of the clips that there are other settings would have made."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from smartrec.cli.options import GivenPath, moment
from smartrec.cli.show import local_time
from smartrec.cli.timeline import percent
from smartrec.errors import UsageError
from smartrec.store.catalog import Catalog, exists
from smartrec.terminal import printable
from smartrec.units import MILLISECOND, SECOND, Ns

# Settings need pydantic, half a second on a small board: imported where they are used.
if TYPE_CHECKING:
    from smartrec.app.replay_outcome import Answer, Kind, Outcome, Progress
    from smartrec.app.replay_question import Question
    from smartrec.app.settings_question import Change
    from smartrec.config.schema import Config

_VIDEOS: Final = (".mp4", ".mkv")
_TOLD: Final = Ns(100 * MILLISECOND)
"""A clip that begins so much earlier or later is another one to whoever looks through them."""
_SEE: Final = "See what clips there are: smartrec clips list"
_LONG: Final = 100
_IN_SUM: Final = {
    "stays": "stay",
    "vanishes": "vanish",
    "appears": "appear",
    "neither": "with nobody either way",
    "manual": "by key or command alone",
    "unknown": "unknown",
}


@click.command()
@click.argument("what", nargs=-1, metavar="[CLIP|DIR|FILE]...")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Try this setting; as `smartrec config set` takes it. Any number of times.",
)
@click.option("--camera", metavar="ID", help="Only clips of this camera; of a FILE: its camera.")
@click.option("--from", "since", metavar="TIME", callback=moment, help="1h ago, or a date.")
@click.option("--to", "until", metavar="TIME", callback=moment, help="The same.")
@click.option("--last", metavar="TIME", callback=moment, help="The same as --from: --last 24h.")
@click.option("--again", is_flag=True, help="Look at all pictures again with the detector.")
@click.option("--json", "for_programs", is_flag=True, help="For programs: an object a line.")
@click.option("--clips", type=GivenPath(), metavar="DIR", help="Where the clips are.")
@click.option("--config", "path", type=GivenPath(), metavar="FILE", help="The settings that hold.")
def replay(
    what: tuple[str, ...],
    changes: tuple[str, ...],
    camera: str | None,
    since: int | None,
    until: int | None,
    last: int | None,
    again: bool,
    for_programs: bool,
    clips: Path | None,
    path: Path | None,
) -> None:
    """Try other settings on what was recorded: which clips would vanish, or appear?

    CLIP is "last", or the beginning of a clip's name or id; DIR holds clips, FILE is one, or any
    other video. Without any: all clips of the settings' directory. What can be tried are
    [detector], [trigger] and the zones of cameras.

    What was seen live is kept beside each clip, and is enough for trigger.*, zones and
    detector.min_confidence. For other settings of the detector, and for clips in which nobody was
    looked for, the pictures are decoded and looked at again, which takes its time. Nothing is
    changed.
    """
    from dataclasses import replace

    from smartrec.app.children import give_way
    from smartrec.app.replay_question import Question, sides
    from smartrec.config.load import flat, load

    loaded = load(path=path, environ=os.environ, overrides={}, found="demo")
    now, then = sides(flat(loaded.config), list(_changes(changes)), Path())
    plain = Question(
        now,
        then,
        camera=None if camera is None else _id_of(loaded.config, camera),
        since=last if since is None else since,
        until=until,
        again=again,
        most=sys.maxsize,
        oldest_first=True,
    )
    own = clips or loaded.config.recording.directory
    clip_dir, only, files = meant(what, own, given=clips is not None)
    give_way()
    run(replace(plain, clips=clip_dir, only=only, files=files), for_programs=for_programs)


def meant(
    what: Sequence[str], own: Path, *, given: bool
) -> tuple[Path | None, tuple[str, ...] | None, tuple[Path, ...]]:
    """Which clips are meant: directory of the catalogue, ids in it (None: all), other files.

    Args:
        what: As it was typed.
        own: Directory of the clips.
        given: Whether that was asked for; else one that is named in `what` comes first.

    Raises:
        UsageError: There is no such clip, or it cannot be looked for; or clips of several
            catalogues are meant.
    """
    if not what:
        return own, None, ()
    if "" in what:
        raise UsageError("a clip without a name; is a variable unset?", hint=_SEE)
    try:
        return _found(what, own, given=given)
    except OSError as error:
        where = printable(str(error.filename)[:_LONG])
        raise UsageError(f"{where}: {error.strerror}", hint=_SEE) from error


def _found(
    what: Sequence[str], own: Path, *, given: bool
) -> tuple[Path | None, tuple[str, ...] | None, tuple[Path, ...]]:
    named = [Path(each) for each in what]
    folders = [each for each in named if each.is_dir() and exists(each)]
    if folders:
        if len(what) > 1:
            raise UsageError(
                f"{folders[0]} is all of its clips", hint="Name one directory, or single clips"
            )
        return folders[0], None, ()
    near = [each.parent for each in named if each.is_file() and exists(each.parent)]
    directory = own if given or not near else near[0]
    ids: list[str] = []
    files: list[Path] = []
    for text, each in zip(what, named, strict=True):
        if each.is_dir():
            videos = sorted(one for one in each.iterdir() if one.suffix.lower() in _VIDEOS)
            if not videos:
                raise UsageError(f"there are no videos in {printable(str(each))}", hint=_SEE)
            files += videos
        elif not each.is_file():
            ids.append(_id_in(directory, text))
        elif (clip := _listed(directory, each)) is not None:
            ids.append(clip)
        else:
            files.append(each)
    return directory if ids else None, tuple(ids), tuple(files)


def _id_in(directory: Path, name: str) -> str:
    with Catalog.open(directory, create=False) as catalog:
        return catalog.clip(name).clip_id


def _listed(directory: Path, file: Path) -> str | None:
    """The id of the clip that a file is."""
    if not exists(directory):
        return None
    with Catalog.open(directory, create=False) as catalog:
        try:
            clip = catalog.clip(file.name)
        except UsageError:
            return None
    same = clip.path is not None and clip.path.exists() and clip.path.samefile(file)
    return clip.clip_id if same else None


def _changes(changes: Sequence[str]) -> "Iterator[Change]":
    from smartrec.app.settings_question import Change
    from smartrec.cli.saving import known_place
    from smartrec.config.typed import spoken

    for each in changes:
        key, equals, value = each.partition("=")
        if not equals:
            raise UsageError(
                f"--set {each!r} has no value", hint="Write --set detector.min_confidence=0.6"
            )
        yield Change(key.strip(), spoken(known_place(key.strip()), [value.strip()]))


def _id_of(config: "Config", camera: str) -> str:
    """Its id, where it is a name of one in the settings."""
    named = (each.id for each in config.camera if camera in (each.id, each.name))
    return next(named, camera)


def run(question: "Question", *, for_programs: bool) -> None:
    """Ask, and print what comes."""
    from smartrec.app.replay_outcome import Outcome, summed
    from smartrec.app.replaying import replay as replayed

    counted: Counter[Kind] = Counter()
    meter = _Meter()
    for each in replayed(question):
        if not isinstance(each, Outcome):
            meter.show(each)
            continue
        counted[each.kind] += 1
        said = [json.dumps(each.as_json())] if for_programs else list(lines(each))
        meter.clear()
        for line in said:
            click.echo(line)
        meter.more()
    meter.clear()
    sums = summed(counted)
    click.echo(json.dumps({"sum": sums}) if for_programs else in_sum(sums))


class _Meter:
    """How far it is, on a terminal only."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._done = self._of = 0

    def show(self, progress: "Progress") -> None:
        self._done, self._of = progress.done, progress.of
        self._say(f"clip {self._done + 1} of {self._of}, {progress.share:.0%}")

    def more(self) -> None:
        self._done += 1
        self._say(f"{self._done} of {self._of} clips")

    def clear(self) -> None:
        self._say("")

    def _say(self, text: str) -> None:
        if self._shown:
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)


def lines(outcome: "Outcome") -> Iterator[str]:
    """What to say of a clip; nothing where nothing changes."""
    words = _words(outcome)
    if words is None:
        return
    when = "-" * 19 if outcome.start_ns is None else local_time(outcome.start_ns)
    name = outcome.clip or "" if outcome.path is None else outcome.path.name
    camera = printable(outcome.camera_name or "-")
    yield f"{when}  {camera}  {outcome.kind.value:<8}  {words}  {printable(name)}"


def _words(outcome: "Outcome") -> str | None:
    now, then = outcome.now, outcome.then
    if now is None or then is None:
        return printable(outcome.why or "")
    shift = outcome.shift or 0
    if outcome.kind.value in ("neither", "manual"):
        return None
    if outcome.kind.value == "stays" and abs(shift) < _TOLD and not outcome.other_zone:
        return None
    return f"now {_answer(now)}, then {_answer(then)}"


def _answer(answer: "Answer") -> str:
    if not answer.hits:
        return "nobody"
    first, best = answer.hits[0], max(hit.score for hit in answer.hits)
    zone = f" in {printable(first.zone)}" if first.zone else ""
    return f"{percent(best)} at {first.at / SECOND:+.1f} s{zone}"


def in_sum(sums: dict[str, int]) -> str:
    """All of it in a line."""
    clips = "1 clip" if sums["clips"] == 1 else f"{sums['clips']} clips"
    parts = [
        f"{sums[kind]} {words}"
        for kind, words in _IN_SUM.items()
        if sums[kind] or kind in ("stays", "vanishes", "appears")
    ]
    return f"{clips}: {', '.join(parts)}"
