"""`smartrec share`: links that show one clip, for a while."""

import os
import socket
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import click

from smartrec.app.wire import ask_status, find_socket
from smartrec.cli.options import GivenPath
from smartrec.cli.vault import desk, iso, lasting, moment, now_ns, told
from smartrec.errors import ControlError, UsageError
from smartrec.store.catalog import Catalog
from smartrec.terminal import printable
from smartrec.units import Ns, duration

if TYPE_CHECKING:
    from smartrec.config.schema import Config

# Settings need pydantic, half a second on a small board: imported where they are used.

_MOST: Final = duration("365d")
_PAGE: Final = "#share/"


@click.group()
def share() -> None:
    """Show one clip to somebody who has no password, for a while.

    Whoever has the link sees that clip, may save it, and gets to see nothing else.
    """


@share.command()
@click.argument("clip")
@click.option(
    "--for",
    "how_long",
    callback=lasting(_MOST),
    metavar="TIME",
    default="1d",
    show_default=True,
    help="For how long, such as 1h or 30d.",
)
@click.option(
    "--page",
    metavar="URL",
    help="The page's address as others reach it, such as https://recorder.example; by default "
    "where the recorder serves it.",
)
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
def add(
    clip: str, how_long: Ns, page: str | None, clips_dir: Path | None, settings: Path | None
) -> None:
    """Make a link that shows CLIP ("last", its file name, or the beginning of name or id)."""
    base = None if page is None else _given(page)
    directory = clips_dir or _config(settings).recording.directory
    with Catalog.open(directory, create=False) as catalog:
        record = catalog.clip(clip)
    base = base or _served(directory) or _configured(_config(settings))
    with desk() as at:
        made = at.vault.add_share(record.clip_id, at.who, now_ns() + how_long)
        at.note_down("share.add", record.clip_id)
    click.echo(f"{base}{_PAGE}{made.token}")
    click.echo(f"{printable(record.file_name)}, until {moment(made.expires_ns)}", err=True)


@share.command("list")
@click.option("--json", "for_programs", is_flag=True, help="For programs: a list of objects.")
def list_shares(for_programs: bool) -> None:
    """List links, oldest first.

    With --json each has its token: whoever knows that sees the clip.
    """
    with desk() as at:
        shares = at.vault.shares()
    now = now_ns()
    told(
        ("KEY", "CLIP", "BY", "MADE", "UNTIL"),
        [
            (
                *(each.key, each.clip_id, each.by, moment(each.added_ns)),
                f"{moment(each.expires_ns)}{' (over)' if each.over(now) else ''}",
            )
            for each in shares
        ],
        [
            {
                "key": each.key,
                "clip_id": each.clip_id,
                "by": each.by,
                "added": iso(each.added_ns),
                "expires": iso(each.expires_ns),
                "token": each.token,
            }
            for each in shares
        ],
        for_programs=for_programs,
    )
    if not shares:
        click.echo("there are no links", err=True)


@share.command()
@click.argument("key")
def remove(key: str) -> None:
    """Make the link with this KEY (see smartrec share list) worth nothing, at once."""
    with desk() as at:
        if not at.vault.remove_share(key):
            raise UsageError(f"there is no link {key!r}", hint="List them: smartrec share list")
        at.note_down("share.remove", key)
    click.echo(f"removed {printable(key)}")


def _given(page: str) -> str:
    parts = urlsplit(page)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            f"{page!r} is no address of a page", hint="Write it like https://recorder.example"
        )
    return f"{parts.scheme}://{parts.netloc}/"


def _served(directory: Path) -> str | None:
    """Where the recorder says that it serves the page; None where it does not, or none runs."""
    clips = directory.absolute()
    try:
        page = ask_status(find_socket(clips), clip_dir=clips).get("page")
    except ControlError:
        return None
    address = page.get("address") if isinstance(page, dict) else None
    return address if isinstance(address, str) else None


def _configured(config: "Config") -> str:
    """Where it will be served, by the settings."""
    web = config.web
    if not web.enabled or not web.port:
        raise UsageError(
            "nobody knows the page's address: it is not served now",
            hint="Start the recorder, or say where others reach it: --page https://NAME",
        )
    where = ip_address(web.address)
    host = socket.gethostname() if where.is_unspecified else web.address
    scheme = "https" if web.encrypted else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{web.port}/"


def _config(settings: Path | None) -> "Config":
    from smartrec.config.load import load

    return load(path=settings, environ=os.environ, overrides={}).config
