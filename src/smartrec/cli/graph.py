"""`smartrec graph`: the pipelines as text, to read and to try with gst-launch-1.0."""

import os
from pathlib import Path

import click

from smartrec.app.pipelines import pipelines, pipelines_on
from smartrec.cli.run import settled
from smartrec.config.load import load
from smartrec.config.schema import Config
from smartrec.errors import UsageError
from smartrec.graph.platforms import PLATFORMS, with_new_mux

_HERE = "here"


@click.command()
@click.option("--source", help="usb | usb:/dev/video0 | file:PATH | demo", metavar="SOURCE")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
@click.option(
    "--platform",
    type=click.Choice([_HERE, *PLATFORMS]),
    default=_HERE,
    help="Which machine: this one, or one with NVIDIA DeepStream.",
)
@click.option("--new-mux", is_flag=True, help="With DeepStream's new nvstreammux.")
@click.option(
    "--recorder",
    type=click.Choice(["ring", "nvdssr"]),
    help="smartrec's own, or NVIDIA's Smart Record.",
)
def graph(
    source: str | None, config: Path | None, platform: str, new_mux: bool, recorder: str | None
) -> None:
    """Print the pipelines: capture, decoding, screen, and what finishes clips.

    They are this machine's; with --platform those of a machine that need not be here, for cameras
    that need not be here either.
    """
    wanted: dict[str, object] = {"camera.source": source, "recording.recorder": recorder}
    if platform == _HERE:
        if new_mux:
            raise UsageError(
                "--new-mux is for a machine with DeepStream",
                hint=f"Write --platform, too: {', '.join(PLATFORMS)}",
            )
        if recorder == "nvdssr":
            raise UsageError(
                "--recorder nvdssr is for a machine with DeepStream",
                hint=f"Write --platform, too: {', '.join(PLATFORMS)}",
            )
        found = pipelines(settled(config, wanted).load().config)
    else:
        on = PLATFORMS[platform]
        found = pipelines_on(_assumed(config, wanted), with_new_mux(on) if new_mux else on)
    for title, text in found:
        click.echo(f"# {title}\n{text}\n")


def _assumed(path: Path | None, wanted: dict[str, object]) -> Config:
    """The settings, with a camera in them, whether or not one is plugged in."""
    return load(path=path, environ=os.environ, overrides=wanted, found="usb").config
