"""`smartrec doctor`: what is amiss on this machine, and the command that mends it."""

import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Final

import click

from smartrec.app.doctor import Check, Subject, examine
from smartrec.app.finding import Finding, Status
from smartrec.app.watching import detector_of
from smartrec.cli.options import GivenPath
from smartrec.config.cameras import Camera
from smartrec.config.load import load
from smartrec.config.schema import Config
from smartrec.errors import ConfigError

_MARKS: Final = {Status.OK: "ok  ", Status.WARN: "warn", Status.BAD: "BAD "}
_COLOURS: Final = {Status.OK: "green", Status.WARN: "yellow", Status.BAD: "red"}


@click.command()
@click.option(
    "--config",
    "path",
    type=GivenPath(),
    metavar="FILE",
    help="Read this file instead of looking in the usual places.",
)
@click.option("--clips", type=GivenPath(), metavar="DIR", help="Look at this clip directory.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def doctor(context: click.Context, path: Path | None, clips: Path | None, as_json: bool) -> None:
    """Look at all that a recording needs; exit 1 if something needed is broken."""
    found: list[tuple[Check, Finding]] = []
    for check, finding in examine(_subject(path, clips)):
        found.append((check, finding))
        if not as_json:
            _show(check, finding, repeated=len(found) > 1 and found[-2][0] is check)
    broken = any(finding.status is Status.BAD for _, finding in found)
    if as_json:
        findings = [_as_json(check, finding) for check, finding in found]
        click.echo(json.dumps({"broken": broken, "findings": findings}, indent=2))
    context.exit(1 if broken else 0)


def _subject(path: Path | None, clips: Path | None) -> Subject:
    mistakes = ""
    try:
        config = load(path=path, environ=os.environ, overrides={}).config
    except ConfigError as error:
        config, mistakes = Config(), str(error)
    recording = config.recording
    cameras = config.camera or (Camera(),)
    watched = sum(camera.detect for camera in cameras)
    return Subject(
        directory=clips or recording.directory,
        journal_dir=recording.journal_dir,
        encoder=None if recording.encoder == "auto" else recording.encoder,
        size=cameras[0].size,
        fps=Fraction(str(cameras[0].fps)),
        detector=detector_of(config) if watched else None,
        watched=watched,
        shown=len(cameras),
        smart_record=recording.recorder == "nvdssr",
        smart_record_library=Path(recording.smart_record_library)
        if recording.smart_record_library
        else None,
        sink=None if config.screen.show == "off" else config.screen.sink,
        environ=os.environ,
        mistakes=mistakes,
    )


def _show(check: Check, finding: Finding, *, repeated: bool) -> None:
    mark = click.style(_MARKS[finding.status], fg=_COLOURS[finding.status])
    name = "" if repeated else check.name
    click.echo(f"{mark}  {name:<10}  {finding.what}")
    for line in (finding.why, finding.mend):
        if line:
            click.echo(f"{'':18}{line}")


def _as_json(check: Check, finding: Finding) -> dict[str, str]:
    return {
        "check": check.name,
        "status": finding.status.value,
        "what": finding.what,
        "why": finding.why,
        "mend": finding.mend,
    }
