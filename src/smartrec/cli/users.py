"""`smartrec user`: who may log in on the page, and what they may do there."""

import sys
from collections.abc import Sequence

import click

from smartrec.access.model import Scope, Session, User
from smartrec.access.naming import PASSWORD_MOST, check_password, folded, normal
from smartrec.cli.vault import desk, iso, moment, now_ns, told
from smartrec.errors import UsageError
from smartrec.terminal import printable

_ROLES = click.Choice([scope.value for scope in Scope])
_BYTES_MOST = 4 * PASSWORD_MOST + 2

_OPEN = "at 127.0.0.1 nobody has to log in, at any other address nobody is let in"

_from_stdin = click.option(
    "--password-stdin",
    "from_stdin",
    is_flag=True,
    help="Read the password from standard input, for scripts: one line.",
)


@click.group()
def user() -> None:
    """Say who may log in on the page, and what they may do there.

    As long as there is no user, nobody has to log in, and the page is served on this machine
    alone. What is changed here holds within a second; the recorder need not be started again.
    Run this as the user that the recorder runs as: each has users of their own.

    Roles: "view" sees cameras, clips and the state of all; "record" also records, arms, disarms,
    pins and writes notes; "admin" also deletes, restores, shares links, changes settings, and reads
    the recorder's log and the audit log.
    """


@user.command()
@click.argument("name")
@click.option(
    "--role", type=_ROLES, help="What they may do: the first may do all (admin), others view."
)
@_from_stdin
def add(name: str, role: str | None, from_stdin: bool) -> None:
    """Add user NAME, and ask for a password, of 8 characters or more.

    Large and small letters of a NAME are the same.
    """
    with desk() as at:
        known = at.vault.users()
        if any(folded(each.name) == folded(normal(name)) for each in known):
            raise UsageError(
                f"there is a user {name!r} already",
                hint=f"Set another password: smartrec user password '{name}'",
            )
        password = _password(from_stdin)
        added = at.vault.add_user(name, password, Scope(role) if role else None)
        at.note_down("user.add", f"{added.name} ({added.scope.value})")
        path = at.vault.path
    click.echo(f"added {printable(added.name)} ({added.scope.value})")
    if not known:
        click.echo("from now on the page asks for name and password", err=True)
        click.echo(f"  all users are kept in {printable(str(path))}", err=True)


@user.command("list")
@click.option("--json", "for_programs", is_flag=True, help="For programs: a list of objects.")
def list_users(for_programs: bool) -> None:
    """List users, their roles, and when they were here."""
    with desk() as at:
        users, sessions = at.vault.users(), at.vault.sessions()
    now = now_ns()
    theirs = [
        (each, [s for s in sessions if s.user == each.name and not s.over(now)]) for each in users
    ]
    told(
        ("NAME", "ROLE", "ADDED", "PASSWORD SET", "SESSIONS", "LAST HERE"),
        [_row(*each) for each in theirs],
        [_object(*each) for each in theirs],
        for_programs=for_programs,
    )
    if not users:
        click.echo(f"there are no users: {_OPEN}", err=True)


@user.command()
@click.argument("name")
@_from_stdin
def password(name: str, from_stdin: bool) -> None:
    """Set another password for user NAME, whose sessions all end."""
    with desk() as at:
        _known(at.vault.users(), name)
        changed = at.vault.set_password(name, _password(from_stdin))
        at.note_down("user.password", changed.name)
    click.echo(f"{printable(changed.name)} has another password")


@user.command()
@click.argument("name")
@click.argument("role", type=_ROLES)
def role(name: str, role: str) -> None:
    """Let user NAME do more or less; their sessions all end.

    A ROLE is "view", "record" or "admin".
    """
    with desk() as at:
        changed = at.vault.set_scope(name, Scope(role))
        at.note_down("user.role", f"{changed.name} ({changed.scope.value})")
        users = at.vault.users()
    click.echo(f"{printable(changed.name)} ({changed.scope.value})")
    _without_admin(users)


@user.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove user NAME, whose sessions all end.

    Links that they made stay: see smartrec share. Without any user nobody has to log in at
    127.0.0.1, and at any other address nobody is let in.
    """
    with desk() as at:
        removed = at.vault.remove_user(name)
        at.note_down("user.remove", removed.name)
        users = at.vault.users()
    click.echo(f"removed {printable(removed.name)}")
    if not users:
        click.echo(f"there are no users any more: {_OPEN}", err=True)
    _without_admin(users)


def _known(users: Sequence[User], name: str) -> None:
    """Before somebody thinks of a password."""
    if not any(folded(each.name) == folded(name) for each in users):
        raise UsageError(f"there is no user {name!r}", hint="List them: smartrec user list")


def _without_admin(users: Sequence[User]) -> None:
    if users and not any(each.scope is Scope.ADMIN for each in users):
        click.echo(
            "nobody is an admin now: deleting, sharing and settings are for the command line alone"
            "\n  Make somebody one: smartrec user role NAME admin",
            err=True,
        )


def _password(from_stdin: bool) -> str:
    given = _line() if from_stdin else _typed()
    check_password(given)
    return given


def _typed() -> str:
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask for the password", hint="Use --password-stdin."
        )
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _line() -> str:
    raw = sys.stdin.buffer.read(_BYTES_MOST)
    try:
        text = raw.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise UsageError("the password is no UTF-8") from error
    if not text.isprintable():
        raise UsageError("the password is more than one line, or has control characters")
    return text


def _row(each: User, sessions: Sequence[Session]) -> tuple[str, ...]:
    used = max((session.used_ns for session in sessions), default=None)
    return (
        *(each.name, each.scope.value, moment(each.added_ns), moment(each.password_ns)),
        *(str(len(sessions)), "-" if used is None else moment(used)),
    )


def _object(each: User, sessions: Sequence[Session]) -> dict[str, object]:
    return {
        "name": each.name,
        "role": each.scope.value,
        "added": iso(each.added_ns),
        "password_set": iso(each.password_ns),
        "sessions": len(sessions),
        "last_here": iso(max((session.used_ns for session in sessions), default=None)),
    }
