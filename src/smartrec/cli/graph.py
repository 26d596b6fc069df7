"""`smartrec graph`: the pipelines as text, to read and to try with gst-launch-1.0."""

from pathlib import Path

import click

from smartrec.app.pipelines import pipelines
from smartrec.cli.run import settled


@click.command()
@click.option("--source", help="usb | usb:/dev/video0 | file:PATH | demo", metavar="SOURCE")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
def graph(source: str | None, config: Path | None) -> None:
    """Print this machine's pipelines: capture, decoding, screen, and what finishes clips."""
    for title, text in pipelines(settled(config, {"camera.source": source})):
        click.echo(f"# {title}\n{text}\n")
