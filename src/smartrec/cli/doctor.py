"""`smartrec doctor`: what is wrong on this machine, and the command that mends it."""

import json
import os
import sys
from pathlib import Path
from typing import Final

import click

from smartrec.app.doctor.checks import Check, examine, worst
from smartrec.app.doctor.explaining import Match, explain
from smartrec.app.doctor.finding import Finding, Status, plain
from smartrec.app.doctor.subject import Subject
from smartrec.app.housekeeping import limits_of
from smartrec.app.watch_setup import detector_of
from smartrec.cli.options import GivenPath
from smartrec.config.cameras import Camera
from smartrec.config.load import load
from smartrec.config.schema import Config
from smartrec.errors import ConfigError
from smartrec.terminal import printable

VERSION: Final = 1
"""Of what `--json` gives; new keys may come within it."""
_MARKS: Final = {Status.OK: "ok  ", Status.WARN: "warn", Status.BAD: "BAD "}
_COLOURS: Final = {Status.OK: "green", Status.WARN: "yellow", Status.BAD: "red"}
_BROKEN: Final = 1
_WARNED: Final = 10
_FROM_STDIN: Final = "-"


@click.command()
@click.option(
    "--config",
    "path",
    type=GivenPath(),
    metavar="FILE",
    help="Read this file instead of looking in the usual places.",
)
@click.option(
    "--clips",
    type=GivenPath(looked_at=False),
    metavar="DIR",
    help="Look at this clip directory.",
)
@click.option(
    "--measure",
    is_flag=True,
    help="Stream each camera that is free for 3 s, all at once, and count what comes.",
)
@click.option(
    "--explain",
    "message",
    metavar="TEXT",
    help="Look up an error message, also of another program; - reads it from stdin.",
)
@click.option("--strict", is_flag=True, help="Exit status 10 where there are warnings only.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def doctor(
    context: click.Context,
    path: Path | None,
    clips: Path | None,
    measure: bool,
    message: str | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Check everything that a recording needs, and say how to mend what is wrong.

    Exit status: 0 when it can record; 1 when something needed is broken, or --explain knows
    nothing; 10 with --strict when there are warnings only.
    """
    if message is not None:
        context.exit(_explained(message, as_json=as_json))
    found: list[tuple[Check, Finding]] = []
    for check, finding in examine(subject_of(path, clips, measure=measure)):
        found.append((check, finding))
        if not as_json:
            _show(check, finding, repeated=len(found) > 1 and found[-2][0] is check)
    if as_json:
        click.echo(json.dumps(answer_of(found), indent=2))
    gravest = worst(finding for _, finding in found)
    if gravest is Status.BAD:
        context.exit(_BROKEN)
    context.exit(_WARNED if strict and gravest is Status.WARN else 0)


def answer_of(found: list[tuple[Check, Finding]]) -> dict[str, object]:
    """What `--json` prints."""
    gravest = worst(finding for _, finding in found)
    return {
        "v": VERSION,
        "status": gravest.value,
        "broken": gravest is Status.BAD,
        "findings": [
            {
                "check": check.name,
                "status": finding.status.value,
                "what": finding.what,
                "why": finding.why,
                "mend": finding.mend,
            }
            for check, finding in found
        ],
    }


def subject_of(path: Path | None, clips: Path | None, *, measure: bool = False) -> Subject:
    """What is looked at, by the settings; wrong ones are a finding, and the defaults are taken."""
    mistakes = ""
    try:
        config = load(path=path, environ=os.environ, overrides={}).config
    except ConfigError as error:
        config, mistakes = Config(), str(error)
    recording = config.recording
    cameras = config.camera or (Camera(),)
    watched = any(camera.detect for camera in cameras)
    return Subject(
        directory=clips or recording.directory,
        journal_dir=recording.journal_dir,
        encoder=None if recording.encoder == "auto" else recording.encoder,
        cameras=cameras,
        pre_roll=recording.pre_roll,
        ring_bytes=config.ring.max_bytes,
        detector=detector_of(config.detector) if watched else None,
        smart_record=recording.recorder == "nvdssr",
        smart_record_library=Path(recording.smart_record_library)
        if recording.smart_record_library
        else None,
        sink=None if config.screen.show == "off" else config.screen.sink,
        environ=os.environ,
        mistakes=mistakes,
        limits=limits_of(config),
        schedule=config.arming.schedule,
        web=config.web,
        measure=measure,
    )


def _show(check: Check, finding: Finding, *, repeated: bool) -> None:
    mark = click.style(_MARKS[finding.status], fg=_COLOURS[finding.status])
    name = "" if repeated else check.name
    click.echo(f"{mark}  {name:<10}  {printable(finding.what)}")
    for line in (finding.why, finding.mend):
        if line:
            click.echo(f"{'':18}{line}")


def _explained(message: str, *, as_json: bool) -> int:
    """Print the rows that know a message; the exit status."""
    matches = explain(sys.stdin.read() if message == _FROM_STDIN else message)
    if as_json:
        click.echo(json.dumps([_match_as_json(match) for match in matches], indent=2))
    elif not matches:
        click.echo("This message is not known. Look at the whole machine: smartrec doctor")
        click.echo("If it is a bug: smartrec report makes a file to send along.")
    for match in () if as_json else matches:
        row = match.trouble
        click.echo(f"{click.style(match.said, bold=True)}  ({match.section})")
        for text in (row.symptom, row.why, row.mend):
            click.echo(f"  {plain(text)}")
    return 0 if matches else _BROKEN


def _match_as_json(match: Match) -> dict[str, str]:
    row = match.trouble
    return {
        "check": match.section,
        "trouble": match.key,
        "said": match.said,
        "symptom": plain(row.symptom),
        "why": plain(row.why),
        "mend": plain(row.mend),
    }
