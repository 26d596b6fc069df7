"""`smartrec trigger`: tell the running recorder to record, or to stop."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from smartrec.app.arming_events import until_in_words
from smartrec.app.identity import holder
from smartrec.app.wire import ask, find_socket
from smartrec.cli.options import GivenPath, configured_clips
from smartrec.errors import ControlError
from smartrec.model import Action, Answer, Command, Verdict, new_id

# Settings need pydantic, half a second on a small board: imported where they are used.


def recorder_options(command: Callable[..., None]) -> Callable[..., None]:
    """Options of all commands that a running recorder obeys: which one, and how it answers."""
    for option in (
        click.option(
            "--config",
            "settings",
            type=GivenPath(),
            metavar="FILE",
            help="Read the settings from this file.",
        ),
        click.option(
            "--id",
            "command_id",
            help="Your own id for this command: sent again, it gets the same answer and does "
            "nothing.",
        ),
        click.option(
            "--json", "for_programs", is_flag=True, help="For programs: a list of answers."
        ),
        click.option(
            "--clips",
            type=GivenPath(),
            metavar="DIR",
            help="The recorder that keeps its clips there, instead of where the settings say.",
        ),
    ):
        command = option(command)
    return command


@click.command()
@click.option("--camera", metavar="NAME", help="This camera only; all of them by default.")
@click.option("--stop", is_flag=True, help="Close the clip that is being recorded.")
@click.option("--reason", default="cli", show_default=True, help="Is kept with the clip.")
@recorder_options
def trigger(
    camera: str | None,
    stop: bool,
    clips: Path | None,
    reason: str,
    for_programs: bool,
    command_id: str | None,
    settings: Path | None,
) -> None:
    """Record now: the clip begins before this moment.

    One answer for each camera. Exit status: 0 when all obeyed, 1 when one refused, 7 when no
    recorder answers.
    """
    action = Action.STOP if stop else Action.START
    command = Command(command_id or new_id(), camera, action, reason=reason)
    told(asked(clips or configured_clips(settings), command), for_programs=for_programs)


def told(answers: Sequence[Answer], *, for_programs: bool) -> None:
    """Print answers; the exit status is 1 where one is a refusal."""
    if for_programs:
        click.echo(json.dumps([asdict(answer) for answer in answers], indent=2))
    for answer in () if for_programs else answers:
        click.echo(in_words(answer))
    if any(answer.verdict is Verdict.REFUSED for answer in answers):
        click.get_current_context().exit(1)


def in_words(answer: Answer) -> str:
    """One answer in one line."""
    until = until_in_words(answer.until)
    parts = [answer.verdict.value + until + f": {answer.reason}" * bool(answer.reason)]
    if answer.pre_roll_s is not None:
        parts.append(f"{answer.pre_roll_s:.1f} s before are secured")
    if answer.clip_id is not None:
        parts.append(f"clip {answer.clip_id}")
    return f"{answer.camera or 'all cameras'}: {', '.join(parts)}"


def asked(clips: Path, command: Command) -> tuple[Answer, ...]:
    """What the recorder that keeps its clips there answers.

    Raises:
        ControlError: It does not.
    """
    clip_dir = clips.absolute()
    path = find_socket(clip_dir)
    try:
        return ask(path, command, clip_dir=clip_dir)
    except ControlError as error:
        if path.exists() or not (pid := holder(clip_dir)):
            raise
        raise ControlError(
            f"the recorder for clips in {clip_dir} (process {pid}) has no control socket for you",
            hint="Run this as its user, with the XDG_RUNTIME_DIR that it was started with.",
        ) from error
