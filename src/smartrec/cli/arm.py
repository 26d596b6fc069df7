"""`smartrec arm` and `smartrec disarm`: whether persons begin clips."""

from pathlib import Path

import click

from smartrec.cli.options import configured_clips
from smartrec.cli.trigger import asked, recorder_options, told
from smartrec.model import Action, Command, new_id


@click.command()
@click.argument("camera", required=False)
@recorder_options
def arm(
    camera: str | None,
    clips: Path | None,
    for_programs: bool,
    command_id: str | None,
    settings: Path | None,
) -> None:
    """Let persons begin clips again, of one CAMERA or of all.

    Holds until the schedule of the settings changes next, or for good where there is none; a new
    start of the recorder changes nothing. One answer for each camera. Exit status: 0 when all
    obeyed, 1 when one refused, 7 when no recorder answers.
    """
    command = Command(command_id or new_id(), camera, Action.ARM)
    told(asked(clips or configured_clips(settings), command), for_programs=for_programs)


@click.command()
@click.argument("camera", required=False)
@recorder_options
def disarm(
    camera: str | None,
    clips: Path | None,
    for_programs: bool,
    command_id: str | None,
    settings: Path | None,
) -> None:
    """Let persons begin no clips, of one CAMERA or of all.

    They are still seen and boxed, and counted; what is being recorded goes on to its end; keys and
    commands record as ever. Holds as long as `smartrec arm` does.
    """
    command = Command(command_id or new_id(), camera, Action.DISARM)
    told(asked(clips or configured_clips(settings), command), for_programs=for_programs)
