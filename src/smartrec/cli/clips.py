"""`smartrec clips`: list, show, play, verify, pin, note and delete what was recorded."""

import functools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate, Final, ParamSpec

import click

from smartrec.app import deleting
from smartrec.app.mounts import check_mounted
from smartrec.cli import show as text
from smartrec.cli.options import GivenPath, configured_clips, moment
from smartrec.cli.timeline import BLOCKS, DIGITS
from smartrec.errors import ClipDamaged, NoSuchClip, StoreError, UsageError
from smartrec.model import ClipState
from smartrec.places import state_dir
from smartrec.store import files, keeping
from smartrec.store.catalog import Catalog, exists
from smartrec.store.record import ClipRecord
from smartrec.terminal import printable

# Settings need pydantic, half a second on a small board: imported where they are used.

_P = ParamSpec("_P")

PLAYERS: Final = (
    ("xdg-open",),
    ("mpv", "--"),
    ("ffplay", "-loglevel", "error", "-autoexit"),
    ("gst-play-1.0",),
)
"""What opens a clip, in order of preference; each gets the path as its last argument."""


def _in_directory(command: Callable[Concatenate[Path, _P], None]) -> Callable[..., None]:
    """Give a command the options that say which clips are meant."""

    @click.option(
        "--clips",
        "clips_dir",
        type=GivenPath(),
        metavar="DIR",
        help="Where the clips are, instead of where the settings say.",
    )
    @click.option(
        "--config",
        "settings",
        type=GivenPath(),
        metavar="FILE",
        help="Read the settings from this file.",
    )
    @functools.wraps(command)
    def in_directory(
        clips_dir: Path | None, settings: Path | None, *args: _P.args, **kwargs: _P.kwargs
    ) -> None:
        directory = clips_dir or configured_clips(settings)
        if not exists(directory):
            check_mounted(directory, state_dir())
        command(directory, *args, **kwargs)

    return in_directory


@click.group()
def clips() -> None:
    """List, show, play, verify, pin, note and delete clips.

    A CLIP is "last", its file name, or the beginning of its name or id.
    """


@clips.command("list")
@click.option("--camera", metavar="NAME", help="Only of this camera, by name or id.")
@click.option("--since", metavar="TIME", callback=moment, help="Only since then: 1h, or a date.")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), metavar="N", help="Only the newest N clips."
)
@click.option("--trash", is_flag=True, help="What is in the trash, instead of all else.")
@click.option("--json", "for_programs", is_flag=True, help="For programs: a list of objects.")
@_in_directory
def list_clips(
    directory: Path,
    camera: str | None,
    since: int | None,
    limit: int | None,
    trash: bool,
    for_programs: bool,
) -> None:
    """List clips, oldest first."""
    if for_programs and not exists(directory):
        click.echo("[]")
        return
    with Catalog.open(directory, create=False) as catalog:
        found = catalog.clips(camera=camera, since=since, limit=limit, trash=trash)
    if for_programs:
        click.echo(json.dumps([clip.as_json() for clip in found], indent=2))
    elif found:
        click.echo("\n".join(text.table(found)))
    elif trash:
        click.echo(f"the trash of {printable(str(directory))} is empty", err=True)
    else:
        click.echo(f"no such clips in {printable(str(directory))}", err=True)


@clips.command()
@click.argument("clip")
@click.option("--json", "for_programs", is_flag=True, help="For programs: one object.")
@_in_directory
def show(directory: Path, clip: str, for_programs: bool) -> None:
    """Show everything about CLIP: what was asked, what is there, what led to it."""
    with Catalog.open(directory, create=False) as catalog:
        found = catalog.clip(clip, trash=None)
        looks = catalog.looks(found.clip_id)
    if for_programs:
        tracks = [found.look_as_json(look) for look in looks]
        click.echo(json.dumps({**found.as_json(), "tracks": tracks}, indent=2))
    else:
        heights = BLOCKS if _can_print(BLOCKS) else DIGITS
        click.echo("\n".join(text.description(found, looks, heights)))


def _can_print(characters: str) -> bool:
    try:
        characters.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


@clips.command()
@click.argument("clip", default="last")
@_in_directory
def play(directory: Path, clip: str) -> None:
    """Open CLIP (the newest without one) in a player."""
    with Catalog.open(directory, create=False) as catalog:
        record = catalog.clip(clip)
    path = record.path
    if path is not None:
        _refuse_foreign(record, path, catalog.directory)
    if path is None or not path.is_file():
        raise UsageError(
            f"the file of {clip} is not there: {path}", hint="Check them all: smartrec clips verify"
        )
    installed = [player for player in PLAYERS if shutil.which(player[0])]
    for player in installed:  # xdg-open fails where no program is chosen for videos
        if subprocess.run([*player, str(path)], check=False).returncode == 0:
            return
    tried = ", ".join(player[0] for player in installed or PLAYERS)
    raise UsageError(
        f"no player could open {path} ({'tried' if installed else 'looked for'} {tried})",
        hint="Install one: sudo apt install mpv",
    )


@clips.command()
@click.argument("clip", nargs=-1)
@click.option("--json", "for_programs", is_flag=True, help="For programs: a list of objects.")
@_in_directory
def verify(directory: Path, clip: tuple[str, ...], for_programs: bool) -> None:
    """Read every CLIP again (all without one) and compare it with the catalogue.

    Exit status 8 if one is damaged, with what is wrong with each.
    """
    with Catalog.open(directory, create=False) as catalog:
        chosen = _chosen(catalog, clip) if clip else catalog.clips()
        unlisted = [] if clip else unknown(catalog, chosen)
        with _progress(chosen) as each:
            verdicts = list(verified(catalog, each))
    if for_programs:
        click.echo(json.dumps([_verdict(*verdict) for verdict in verdicts], indent=2))
    else:
        for line in _verdict_lines(verdicts, unlisted):
            click.echo(line)
    damaged = [f"\n  {printable(c.file_name)}: {why}" for c, why in verdicts if why]
    if damaged:
        raise ClipDamaged(
            f"{len(damaged)} of {len(verdicts)} clips are not what they were:{''.join(damaged)}",
            hint="Restore them from a copy, or remove them: smartrec clips delete CLIP",
        )


@clips.command()
@click.argument("clip", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@_in_directory
def delete(directory: Path, clip: tuple[str, ...], yes: bool) -> None:
    """Delete every CLIP, at once: file, thumbnail and entry."""
    with Catalog.open(directory, create=False) as catalog:
        chosen = _chosen(catalog, clip, trash=None)
        for record in chosen:
            if record.open or record.pinned:
                raise keeping.kept(record.file_name, record.state.value, pinned=record.pinned)
        if not yes:
            click.echo("\n".join(text.table(chosen)))
            click.confirm(f"Delete {_count(len(chosen))} permanently?", abort=True)
        outcome = deleting.delete(catalog, [record.clip_id for record in chosen])
    click.echo(f"deleted {_count(len(outcome.gone))}")
    for _, error in outcome.left:
        raise error


@clips.command()
@click.argument("clip", nargs=-1, required=True)
@_in_directory
def pin(directory: Path, clip: tuple[str, ...]) -> None:
    """Keep every CLIP, however old it gets and however little room there is."""
    click.echo(f"pinned {_count(_pin(directory, clip, pinned=True))}")


@clips.command()
@click.argument("clip", nargs=-1, required=True)
@_in_directory
def unpin(directory: Path, clip: tuple[str, ...]) -> None:
    """Let every CLIP be deleted again when its turn comes."""
    click.echo(f"unpinned {_count(_pin(directory, clip, pinned=False))}")


@clips.command()
@click.argument("clip")
@click.argument("text", metavar="TEXT")
@_in_directory
def note(directory: Path, clip: str, text: str) -> None:
    """Write TEXT beside CLIP, instead of what stands there; "" takes it away.

    The page shows it, and finds the clip by it.
    """
    with Catalog.open(directory, create=False) as catalog:
        record = catalog.clip(clip)
        keeping.note(catalog, record.clip_id, text)
    click.echo(
        f"noted beside {printable(record.file_name)}" if text.strip() else "the note is gone"
    )


@clips.command()
@click.argument("clip", nargs=-1, required=True)
@_in_directory
def restore(directory: Path, clip: tuple[str, ...]) -> None:
    """Take every CLIP back that was put into the trash on the page."""
    with Catalog.open(directory, create=False) as catalog:
        chosen = _chosen(catalog, clip, trash=True)
        keeping.restore(catalog, [record.clip_id for record in chosen])
    click.echo(f"restored {_count(len(chosen))}")


def _pin(directory: Path, wanted: Sequence[str], *, pinned: bool) -> int:
    with Catalog.open(directory, create=False) as catalog:
        chosen = _chosen(catalog, wanted)
        for record in chosen:
            keeping.pin(catalog, record.clip_id, pinned=pinned)
    return len(chosen)


def trouble_of(clip: ClipRecord, directory: Path) -> str | None:
    """What is wrong with a clip's file; None if nothing is, or it is not finished yet."""
    if clip.open:
        return None
    if clip.state is ClipState.FAILED or clip.sha256 is None or clip.path is None:
        return f"was never finished ({printable(clip.error or 'no reason known')})"
    if not files.lies_in(clip.path, directory):
        return f"lies outside the clip directory: {printable(str(clip.path))}"
    try:
        if not clip.path.is_file():
            return "the file is not there"
        if (size := files.identity(clip.path)[1]) != clip.bytes:
            return f"has {size} bytes instead of {clip.bytes}"
        return None if files.sha256(clip.path) == clip.sha256 else "its content has changed"
    except StoreError as error:
        return printable(str(error))


def verified(
    catalog: Catalog, chosen: Iterable[ClipRecord]
) -> Iterator[tuple[ClipRecord, str | None]]:
    """Clips, and what is wrong with each; without those that were deleted meanwhile."""
    for clip in chosen:
        trouble = trouble_of(clip, catalog.directory)
        if trouble is None or _is_kept(catalog, clip):
            yield clip, trouble


def unknown(catalog: Catalog, known: Iterable[ClipRecord]) -> list[Path]:
    """Files that are no clip's; of one that is being finished the row says so a moment later."""
    begun = {clip.file_name for clip in known if clip.open}
    return [
        path
        for path in catalog.unlisted()
        if begun.isdisjoint((path.stem, re.sub("-[0-9]+$", "", path.stem)))
    ]


def _is_kept(catalog: Catalog, clip: ClipRecord) -> bool:
    try:
        catalog.clip(clip.clip_id, trash=None)
    except NoSuchClip:
        return False
    return True


def _chosen(
    catalog: Catalog, wanted: Sequence[str], *, trash: bool | None = False
) -> list[ClipRecord]:
    """The clips that were named, each once."""
    found = (catalog.clip(each, trash=trash) for each in wanted)
    return list({clip.clip_id: clip for clip in found}.values())


@contextmanager
def _progress(chosen: Sequence[ClipRecord]) -> Iterator[Iterator[ClipRecord]]:
    if not sys.stderr.isatty():
        yield iter(chosen)
        return
    with click.progressbar(chosen, label="verifying", file=sys.stderr) as bar:
        yield iter(bar)


def _verdict(clip: ClipRecord, trouble: str | None) -> dict[str, object]:
    return {
        "clip_id": clip.clip_id,
        "path": None if clip.path is None else str(clip.path),
        "state": clip.state.value,
        "verified": trouble is None and not clip.open,
        "trouble": trouble,
    }


def _verdict_lines(
    verdicts: Sequence[tuple[ClipRecord, str | None]], unlisted: Sequence[Path]
) -> Iterator[str]:
    for clip, trouble in verdicts:
        word = f"still {clip.state.value}" if clip.open else "damaged" if trouble else "ok"
        yield f"{word:<15}  {printable(clip.file_name)}"
    for path in unlisted:
        yield f"{'unlisted':<15}  {printable(path.name)}"


def _refuse_foreign(clip: ClipRecord, path: Path, directory: Path) -> None:
    """Journals may be elsewhere; nothing else of a clip is."""
    if not files.lies_in(path, directory) and not deleting.is_journal_of(clip, path):
        raise UsageError(
            f"will not open {path}: it is not below {directory}",
            hint="The catalogue names a file that is no clip of it: smartrec clips verify",
        )


def _count(clips_: int) -> str:
    return "1 clip" if clips_ == 1 else f"{clips_} clips"
