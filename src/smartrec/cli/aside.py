"""A command as a process of its own, for who has no terminal: ``doctor --json`` for the page.

    argv    the command, its options and arguments
    stdin   held open by whoever wants to know; its end is the process's
    exit    the command's, or 3 where nobody wants to know any more

Whoever starts it has it give way to everything else; see `smartrec.app.children.errand`.
"""

from collections.abc import Sequence

from smartrec.app.children import end_with_stdin
from smartrec.cli.main import cli, status_of


def main(argv: Sequence[str]) -> int:
    """Do what a command line says.

    Args:
        argv: The program's name, then what would follow ``smartrec``.

    Returns:
        The exit status.
    """
    end_with_stdin()
    words = list(argv[1:])
    return status_of(lambda: cli.main(words, prog_name="smartrec", standalone_mode=False))
