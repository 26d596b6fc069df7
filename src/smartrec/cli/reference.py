"""The page about the command line, made from the commands themselves."""

from collections.abc import Iterator
from pathlib import Path

import click

from smartrec.cli.main import cli

WIDTH = 100
_HEAD = """\
# Command line

Made from the program (`make docs`); `smartrec COMMAND --help` says the same. `--json` gives JSON
where a program reads the output. Exit codes: 0 done, 1 refused or something is broken, 2 wrong
settings or usage, 3 GStreamer lacks something, 4 camera, 5 pipeline, 6 disk, 7 no recorder answers,
8 a clip is damaged, 10 warnings (`doctor --strict`), 130 broken off.
"""


def page() -> str:
    """Markdown: the help of every command, in the order of the program's own list."""
    root = click.Context(
        cli,
        info_name="smartrec",
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        **cli.context_settings,  # as when it is run
    )
    return _HEAD + "".join(_sections(cli, root))


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"\n## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        if child is not None and not child.hidden:
            inner = click.Context(child, parent=context, info_name=name, terminal_width=WIDTH)
            yield from _sections(child, inner)


def main() -> None:
    """Write the page to its place in the checkout that this is run in."""
    Path("docs/reference/command-line.md").write_text(page())


if __name__ == "__main__":
    main()
