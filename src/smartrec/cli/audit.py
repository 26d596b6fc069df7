"""`smartrec audit`: who did what."""

import click

from smartrec.access.model import Entry
from smartrec.cli.vault import desk, iso, moment, told


@click.command()
@click.option("--json", "for_programs", is_flag=True, help="For programs: a list of objects.")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    metavar="N",
    help="Only the newest N.",
)
def audit(for_programs: bool, limit: int) -> None:
    """Show who did what, oldest first: logins that failed too.

    The newest 80,000 of what was done are kept, and 20,000 of what was refused.
    """
    with desk() as at:
        entries = at.vault.entries(limit)[::-1]
    told(
        ("TIME", "WHO", "FROM", "ACTION", "OBJECT", "OUTCOME"),
        [_row(each) for each in entries],
        [_object(each) for each in entries],
        for_programs=for_programs,
    )
    if not entries:
        click.echo("nothing was written down yet", err=True)


def _row(entry: Entry) -> tuple[str, ...]:
    whence = f"{entry.address} {f'({entry.kind})' if entry.kind else ''}".strip() or "-"
    return (moment(entry.wall_ns), entry.who, whence, entry.action, entry.object, entry.outcome)


def _object(entry: Entry) -> dict[str, object]:
    return {
        "number": entry.number,
        "time": iso(entry.wall_ns),
        "who": entry.who,
        "kind": entry.kind,
        "address": entry.address,
        "action": entry.action,
        "object": entry.object,
        "outcome": entry.outcome,
    }
