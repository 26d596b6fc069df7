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
    """Show, check and explain the settings."""
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
