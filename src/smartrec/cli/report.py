"""`smartrec report`: one file for a bug report, without secrets."""

import json
import os
import time
from fractions import Fraction
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Final

import click

from smartrec.app.doctor import report as parts
from smartrec.app.doctor.censor import SECRET_NAME, Censor, secrets_of
from smartrec.app.doctor.checks import examine
from smartrec.app.doctor.report import Part
from smartrec.app.doctor.subject import Subject
from smartrec.app.pipelines import pipelines
from smartrec.cli.cameras import as_json
from smartrec.cli.doctor import answer_of, subject_of
from smartrec.cli.options import GivenPath
from smartrec.cli.run import settled
from smartrec.config.load import Loaded, find, flat, load
from smartrec.errors import ConfigError, SmartrecError
from smartrec.graph.formats import choose
from smartrec.media.devices import cameras

_CHECKS_LIMIT_S: Final = 600.0
"""Each of doctor's checks has its own limit, far below."""


@click.command()
@click.option(
    "--output",
    type=GivenPath(),
    metavar="FILE",
    help="The file to make, a ZIP archive; smartrec-report-TIME.zip here otherwise.",
)
@click.option("--log", type=GivenPath(), metavar="FILE", help="Put the last lines of it in.")
@click.option(
    "--config",
    "path",
    type=GivenPath(),
    metavar="FILE",
    help="Read the settings from this file.",
)
@click.option(
    "--clips",
    type=GivenPath(looked_at=False),
    metavar="DIR",
    help="Look at this clip directory.",
)
@click.option("--measure", is_flag=True, help="Stream the cameras too, as doctor --measure does.")
def report(
    output: Path | None, log: Path | None, path: Path | None, clips: Path | None, measure: bool
) -> None:
    """Make one file for a bug report: what doctor finds, settings, versions, clips, pipelines.

    Passwords are replaced, pictures are not in it. Look at it before you send it.
    """
    output = output or Path(time.strftime("smartrec-report-%Y%m%d-%H%M%S.zip"))
    loaded, mistakes = _loaded(path)
    subject = subject_of(path, clips, measure=measure)
    where = subject.directory
    wanted = [
        Part("doctor.json", "what doctor finds", partial(_doctor, subject), _CHECKS_LIMIT_S),
        Part("settings.json", "the settings in force", lambda: mistakes or _settings(loaded)),
        Part("machine.json", "versions", lambda: _json(parts.machine(os.environ))),
        Part("cameras.json", "cameras and their formats", _cameras),
        Part("pipelines.txt", "the pipelines", partial(_pipelines, path)),
        Part("recorder.json", "the running recorder", partial(_recorder, where)),
        Part("recorder.txt", "what the running recorder said", partial(_said, where)),
        Part("clips.json", "how many clips, and the newest", partial(_clips, where)),
        Part("files.txt", "names and sizes where clips go", partial(parts.files, where)),
        Part("kernel.txt", "the kernel's log of cameras and disks", parts.kernel_log),
    ]
    if log is not None:
        wanted.append(Part("log.txt", f"the end of {log}", partial(parts.log_tail, log)))
    censor = Censor(_secrets(path, loaded), str(Path.home()))
    made = parts.bundle(output, wanted, censor)
    for name, about, size in made:
        click.echo(f"{name:<16}{size:>9} bytes  {about}")
    look = f"python3 -m zipfile -e {quote(str(output))} {quote(str(output.with_suffix('.d')))}"
    click.echo(f"made {output}. Look at it before you send it: {look}")


def _loaded(path: Path | None) -> tuple[Loaded | None, str]:
    """The settings, or what is wrong with them."""
    try:
        return load(path=path, environ=os.environ, overrides={}), ""
    except ConfigError as error:
        return None, f"{error}\n"


def _secrets(path: Path | None, loaded: Loaded | None) -> set[str]:
    """Of the file as it stands too: one with a mistake has its passwords all the same."""
    found, text = path or find(os.environ), ""
    if found is not None:
        try:
            text = found.read_text("utf-8", errors="replace")
        except OSError:
            text = ""
    if loaded is None:
        return secrets_of(text, (), os.environ)
    sources = [camera.source for camera in loaded.config.camera]
    named = {v for k, v in flat(loaded.config).items() if SECRET_NAME.search(k)}
    return secrets_of(text, sources, os.environ) | {v for v in named if isinstance(v, str) and v}


def _settings(loaded: Loaded | None) -> str:
    assert loaded is not None
    values = {
        key: {"value": value, "origin": loaded.origins[key]}
        for key, value in flat(loaded.config).items()
    }
    return _json({"path": str(loaded.path), "digest": loaded.config.digest(), "settings": values})


def _doctor(subject: Subject) -> str:
    return _json(answer_of(list(examine(subject))))


def _recorder(clips: Path) -> str:
    return _json(parts.recorder(clips, os.environ))


def _said(clips: Path) -> str:
    return parts.recorder_log(clips, os.environ)


def _clips(clips: Path) -> str:
    return _json(parts.catalogue(clips))


def _cameras() -> str:
    found = cameras()
    chosen = (choose(c.formats, size=(1280, 720), fps=Fraction(30)) for c in found)
    return _json([as_json(camera, choice) for camera, choice in zip(found, chosen, strict=True)])


def _pipelines(path: Path | None) -> str:
    """As far as they can be made: a camera that is not there ends the list with its error."""
    text = ""

    def told(warning: str) -> None:
        nonlocal text
        text += f"# {warning}\n"

    try:
        for title, graph in pipelines(settled(path, {}, told=told).load().config):
            text += f"# {title}\n{graph}\n\n"
    except SmartrecError as error:
        text += f"# {error}\n"
    return text


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"
