"""`smartrec config`: what the settings are, where they come from, whether they are right."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

# Settings need pydantic, half a second on a small board: imported where they are used.

Command = TypeVar("Command", bound=Callable[..., None])


def _config_option(command: Command) -> Command:
    return click.option(
        "--config",
        "path",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Read this file instead of looking in the usual places.",
    )(command)


@click.group()
@_config_option
@click.pass_context
def config(context: click.Context, path: Path | None) -> None:
    """Show, check, explain and change the settings."""
    context.obj = path


@config.command()
@_config_option
@click.option("--json", "as_json", is_flag=True, help="For programs: value and origin of each.")
@click.pass_obj
def show(above: Path | None, path: Path | None, as_json: bool) -> None:
    """Print the settings in force and where each comes from."""
    from smartrec.config.load import flat, load

    loaded = load(path=path or above, environ=os.environ, overrides={})
    if as_json:
        settings = {
            key: {"value": value, "origin": loaded.origins[key]}
            for key, value in flat(loaded.config).items()
        }
        found = str(loaded.path) if loaded.path else None
        answer = {"path": found, "digest": loaded.config.digest(), "settings": settings}
        click.echo(json.dumps(answer, indent=2))
        return
    from smartrec.config.reference import as_toml

    click.echo(as_toml(loaded), nl=False)
    from smartrec.app.smart_setup import notices

    for _, notice in notices(loaded.config):
        click.echo(notice, err=True)


@config.command()
@_config_option
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def check(above: Path | None, path: Path | None, file: Path | None) -> None:
    """Say "ok", or print every mistake with its place (exit status 2)."""
    from smartrec.config.load import load

    loaded = load(path=file or path or above, environ=os.environ, overrides={})
    click.echo("ok")
    click.echo(f"checked: {loaded.path or 'no file, defaults only'}", err=True)


@config.command(name="path")
@_config_option
@click.pass_obj
def path_(above: Path | None, path: Path | None) -> None:
    """Print which file is read; where there is none, the one that `config set` makes."""
    from smartrec.config.load import Given

    given = Given(path or above, os.environ, {})
    file, other = given.file(), given.unread()
    click.echo(file)
    if other is not None:
        click.echo(f"nothing of {other} is read here", err=True)
    if not os.access(file, os.F_OK):
        click.echo("it is not there: the first setting that is saved makes it", err=True)


def _recorder_options(command: Command) -> Command:
    clips = click.option(
        "--clips",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Tell the recorder that keeps its clips there, instead of where the settings say.",
    )
    return clips(command)


@config.command(name="set")
@_config_option
@click.option("--no-reload", is_flag=True, help="Tell no running recorder.")
@_recorder_options
@click.argument("key")
@click.argument("values", nargs=-1, required=True, metavar="VALUE...")
@click.pass_obj
def set_(
    above: Path | None,
    path: Path | None,
    no_reload: bool,
    clips: Path | None,
    key: str,
    values: tuple[str, ...],
) -> None:
    """Change a setting in the file and in the running recorder.

    KEY is written as `config show --json` has it: recording.pre_roll, 'camera[0].fps'. Lists take a
    VALUE for each part; tables are written as TOML: 'camera[1]' '{ source = "demo" }' adds a
    camera. All settings are checked first: a mistake changes nothing. Comments in the file stay.
    """
    from smartrec.cli.saving import known_place, save

    save(path or above, known_place(key), values, clips=clips, told=not no_reload)


@config.command()
@_config_option
@click.option("--no-reload", is_flag=True, help="Tell no running recorder.")
@_recorder_options
@click.argument("key")
@click.pass_obj
def unset(
    above: Path | None, path: Path | None, no_reload: bool, clips: Path | None, key: str
) -> None:
    """Take a setting out of the file, so that its default holds; a table: all that it says.

    'camera[1]' takes a camera away; the others keep their ids.
    """
    from smartrec.cli.saving import known_place, save

    save(path or above, known_place(key), (), clips=clips, told=not no_reload)


@config.command()
@_config_option
@_recorder_options
@click.pass_obj
def reload(above: Path | None, path: Path | None, clips: Path | None) -> None:
    """Have the running recorder take the file as it is now.

    Cameras whose settings did not change lose no picture. Exit status: 2 when the settings are
    wrong (the recorder goes on with those it has), 7 when no recorder answers.
    """
    from smartrec.cli.options import configured_clips
    from smartrec.cli.saving import reload as reloaded

    reloaded(clips or configured_clips(path or above))


@config.command()
def schema() -> None:
    """Print the JSON Schema of a settings file."""
    from smartrec.config.reference import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@config.command()
def example() -> None:
    """Print a commented smartrec.toml with every setting."""
    from smartrec.config import reference

    click.echo(reference.example(), nl=False)
