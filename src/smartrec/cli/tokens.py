"""`smartrec token`: what programs show the page instead of a password."""

from typing import Final

import click

from smartrec.access.model import Scope, Token
from smartrec.cli.vault import desk, iso, lasting, moment, now_ns, told
from smartrec.terminal import printable
from smartrec.units import Ns, duration

_MOST: Final = duration("3650d")


@click.group()
def token() -> None:
    """Let programs use the page's API without a password.

    They send "Authorization: Bearer TOKEN" with each request.
    """


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice([each.value for each in Scope]),
    default=Scope.VIEW.value,
    show_default=True,
    help="What the program may do; see smartrec user.",
)
@click.option(
    "--for",
    "how_long",
    callback=lasting(_MOST),
    metavar="TIME",
    help="For how long, such as 90d; without it until it is removed.",
)
def add(name: str, scope: str, how_long: Ns | None) -> None:
    """Make a token, called NAME, and print it: it is shown this once only."""
    with desk() as at:
        expires_ns = None if how_long is None else now_ns() + how_long
        secret = at.vault.add_token(name, Scope(scope), expires_ns)
        at.note_down("token.add", f"{name} ({scope})")
    click.echo(secret)
    until = "it is removed" if expires_ns is None else moment(expires_ns)
    click.echo(f"keep it well: it is not shown again; {scope} until {until}", err=True)


@token.command("list")
@click.option("--json", "for_programs", is_flag=True, help="For programs: a list of objects.")
def list_tokens(for_programs: bool) -> None:
    """List tokens by name; not the secrets, which nobody knows."""
    with desk() as at:
        tokens = at.vault.tokens()
    now = now_ns()
    told(
        ("NAME", "SCOPE", "ADDED", "UNTIL"),
        [
            (each.name, each.scope.value, moment(each.added_ns), _until(each, now))
            for each in tokens
        ],
        [
            {
                "name": each.name,
                "scope": each.scope.value,
                "added": iso(each.added_ns),
                "expires": iso(each.expires_ns),
            }
            for each in tokens
        ],
        for_programs=for_programs,
    )
    if not tokens:
        click.echo("there are no tokens", err=True)


@token.command()
@click.argument("name")
def remove(name: str) -> None:
    """Make the token called NAME worth nothing, at once."""
    with desk() as at:
        at.vault.remove_token(name)
        at.note_down("token.remove", name)
    click.echo(f"removed {printable(name)}")


def _until(each: Token, now: int) -> str:
    if each.expires_ns is None:
        return "for good"
    return f"{moment(each.expires_ns)}{' (over)' if each.over(now) else ''}"
