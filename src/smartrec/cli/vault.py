"""What all commands do alike that are about who may see and do what."""

import json
import os
import pwd
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone

import click

from smartrec.access.model import Entry
from smartrec.access.vault import Vault
from smartrec.cli.show import aligned
from smartrec.clock import SystemClock
from smartrec.places import state_dir
from smartrec.terminal import printable
from smartrec.units import SECOND, Ns, duration, in_words


@dataclass(frozen=True, slots=True)
class Desk:
    """The vault of this machine, and who sits before it.

    Attributes:
        vault: Open, for this command.
        who: For the audit log.
    """

    vault: Vault
    who: str

    def note_down(self, action: str, what: str) -> None:
        """That it was done."""
        self.vault.audit(Entry(now_ns(), self.who, "command line", "", action, what))


@contextmanager
def desk() -> Iterator[Desk]:
    """The vault of this machine; its file is made when something is written."""
    with Vault.open(state_dir(), create=False) as vault:
        yield Desk(vault, f"command line ({_login()})")


def now_ns() -> int:
    """Nanoseconds since 1970-01-01 UTC."""
    return SystemClock().now().wall_ns


def moment(wall_ns: int) -> str:
    """For people, in their time."""
    local = datetime.fromtimestamp(wall_ns // SECOND).astimezone()
    return local.strftime("%Y-%m-%d %H:%M:%S")


def iso(wall_ns: int | None) -> str | None:
    """For programs: UTC, whole seconds."""
    if wall_ns is None:
        return None
    utc = datetime.fromtimestamp(wall_ns // SECOND, timezone.utc)
    return utc.isoformat().replace("+00:00", "Z")


def told(
    headings: Sequence[str], rows: Sequence[Sequence[str]], objects: object, *, for_programs: bool
) -> None:
    """Print a list, as a table or as JSON; names in it may be anybody's."""
    if for_programs:
        click.echo(json.dumps(objects, indent=2))
    elif rows:
        shown = [[printable(cell) for cell in row] for row in rows]
        click.echo("\n".join(aligned([headings, *shown])))


def lasting(most: Ns) -> Callable[[click.Context, click.Parameter, str | None], Ns | None]:
    """A callback for options that say how long something is worth anything, at most `most`."""

    def read(_context: click.Context, _param: click.Parameter, value: str | None) -> Ns | None:
        if value is None:
            return None
        try:
            given = duration(value)
        except ValueError:
            given = Ns(0)
        if not 0 < given <= most:
            raise click.BadParameter(f"write it like 1h, 7d or 90d; at most {in_words(most)}")
        return given

    return read


def _login() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # such as in a container
        return str(os.getuid())
