"""The `smartrec` command: what it offers, how it fails.

Exit codes: 0 done; 1 refused, or something is broken; 2 wrong settings or usage; 3 GStreamer lacks
something; 4 camera; 5 pipeline; 6 disk; 7 no recorder answers; 8 a clip is damaged; 10 warnings
(doctor --strict); 130 broken off.
"""

import errno
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Final

import click

from smartrec import __version__
from smartrec.cli.log import set_log_level
from smartrec.errors import DiskFull, SmartrecError

_COMMANDS: Final = {
    "run": ("run", "Watch the cameras and record events (the main job)."),
    "demo": ("run", "The same with the built-in demo camera: nothing to plug in."),
    "trigger": ("trigger", "Tell the running recorder to record now, or to stop."),
    "arm": ("arm", "Let persons begin clips again."),
    "disarm": ("arm", "Let persons begin no clips; keys and commands still record."),
    "clips": ("clips", "List, show, play, verify and delete clips."),
    "replay": ("replay", "Try other settings on what was recorded; nothing is changed."),
    "user": ("users", "Who may log in on the page, and what they may do there."),
    "token": ("tokens", "What programs show the page instead of a password."),
    "share": ("shares", "Links that show one clip, for a while."),
    "audit": ("audit", "Who did what: logins, commands, deletions, links."),
    "cameras": ("cameras", "List cameras and what they offer."),
    "graph": ("graph", "Print the pipelines as gst-launch-1.0 accepts them."),
    "config": ("config", "Show, check, explain and change the settings."),
    "doctor": ("doctor", "Check this machine and say what mends it."),
    "report": ("report", "Make one file for a bug report, without secrets."),
}
"""Name -> (module under smartrec.cli, one line of help)."""
_STDERR: Final = 2


class _Commands(click.Group):
    """Imports a command when it is asked for: `trigger` must not wait for what `run` needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table: the main job first."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(f"smartrec.cli.{_COMMANDS[cmd_name][0]}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table: help of all commands needs none of their modules."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="smartrec")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    envvar="SMARTREC_LOG",
    help="How much is said on stderr; the settings' [log] level otherwise.",
)
@click.pass_context
def cli(ctx: click.Context, log_level: str | None) -> None:
    """Record camera events in clips that begin seconds before the event, exact to the frame."""
    set_log_level(log_level or "warning")
    ctx.obj = log_level


def main() -> None:
    """Run the command line; never returns."""
    _fill_standard_descriptors()
    status = status_of(lambda: cli.main(standalone_mode=False))
    _let_go_of_output()
    sys.exit(status)


def _fill_standard_descriptors() -> None:
    """Where one was closed, the next file opened would get its number, and libraries print to it.

    A journal must not become what GLib's warnings are written into.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        os.set_inheritable(handle, True)
    os.close(handle)


def _let_go_of_output() -> None:
    """What could not be written by now never can: Python would end with status 120 over it."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:  # whoever had to know was told when it was printed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def status_of(job: Callable[[], object]) -> int:
    """Do a job; print what a person can act on, without a traceback, and say the exit status."""
    try:
        result = job()
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.Abort:
        click.echo("smartrec: interrupted", err=True)
        return 130
    except KeyboardInterrupt:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except OSError as error:
        return _unwritten(error)
    except SmartrecError as error:
        click.echo(f"smartrec: {error}", err=True)
        if error.hint:
            click.echo(f"  {error.hint}", err=True)
        return error.exit_code
    return result if isinstance(result, int) else 0


def _unwritten(error: OSError) -> int:
    """The exit status where what was to be printed cannot be."""
    if isinstance(error, BrokenPipeError):
        # Whoever read us has left; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if error.errno != errno.ENOSPC or error.filename is not None:
        raise error
    click.echo(f"smartrec: cannot write: {error.strerror}", err=True)
    return DiskFull.exit_code


def run_with(overrides: dict[str, object]) -> None:
    """Do the main job with these settings, for `usb_cam.py`; never returns.

    Args:
        overrides: Dotted settings, such as ``{"recording.pre_roll": "5s"}``.
    """
    from smartrec.cli.run import record

    set_log_level("warning")
    sys.exit(status_of(lambda: record(overrides, origin="usb_cam.py")))
