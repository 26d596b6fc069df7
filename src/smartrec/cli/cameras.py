"""`smartrec cameras`: which there are, what each would give, who holds it."""

import json
from fractions import Fraction
from typing import Final

import click

from smartrec.graph.formats import Choice, Format, choose, gst_caps, rate_in_words
from smartrec.media.alsa_cards import microphone_in
from smartrec.media.devices import Camera
from smartrec.media.devices import cameras as all_cameras
from smartrec.units import picture_size

_NONE: Final = """\
no camera found. What to check:
  is it on the bus?                lsusb   (package usbutils)
  does the kernel know it?         ls /dev/video*    sudo dmesg | tail
  in a container or VM             docker run --device /dev/video0 ...
  is it on the network?            name it in smartrec.toml: docs/guide/rtsp.md
  without a camera                 smartrec demo"""


def _size(_context: click.Context, _param: click.Parameter, value: str) -> tuple[int, int]:
    try:
        return picture_size(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.option(
    "--size",
    metavar="WIDTHxHEIGHT",
    callback=_size,
    default="1280x720",
    show_default=True,
    help="Picture size wanted.",
)
@click.option(
    "--fps",
    type=click.FloatRange(1, 240),
    default=30,
    show_default=True,
    help="Pictures a second wanted.",
)
@click.option("--formats", is_flag=True, help="List all that each camera offers.")
@click.option("--json", "for_programs", is_flag=True, help="For programs.")
def cameras(size: tuple[int, int], fps: float, formats: bool, for_programs: bool) -> None:
    """List the cameras, what each would give, and who holds it."""
    rate = Fraction(str(fps))
    found = [(camera, choose(camera.formats, size=size, fps=rate)) for camera in all_cameras()]
    if for_programs:
        click.echo(json.dumps([as_json(*each) for each in found], indent=2))
    for camera, choice in () if for_programs else found:
        click.echo("\n".join(as_lines(camera, choice, formats)))
    if not found:
        click.echo(_NONE, err=True)


def as_lines(camera: Camera, choice: Choice | None, formats: bool) -> list[str]:
    """One camera, for people."""
    lines = [f"{camera.path}  {camera.name}"]
    if camera.by_id is not None:
        lines.append(f"  lasting name  {camera.by_id}")
    if choice is not None:
        offered = choice.format.fourcc
        rate = f" at {rate_in_words(choice.rate)}" if choice.rate else ""
        lines.append(f"  would give    {offered} {choice.width}x{choice.height}{rate}")
        if choice.differs:
            lines.append(f"  but           {choice.differs}")
    if (card := microphone_in(camera.path)) is not None:
        lines.append(f"  microphone    alsa:hw:{card.id} ({card.name}); audio = true records it")
    if camera.trouble is not None:
        lines.append(f"  not now       {camera.trouble}")
        lines.append(f"                {camera.trouble.hint}")
    if formats:
        lines += [_format_line(offered) for offered in camera.formats]
    return lines


def _format_line(offered: Format) -> str:
    rates = " ".join(rate_in_words(rate) for rate in offered.rates)
    return f"  {offered.fourcc:<4}  {offered.width}x{offered.height}".ljust(20) + rates


def as_json(camera: Camera, choice: Choice | None) -> dict[str, object]:
    """One camera, for programs."""
    trouble, card = camera.trouble, microphone_in(camera.path)
    return {
        "path": str(camera.path),
        "by_id": None if camera.by_id is None else str(camera.by_id),
        "name": camera.name,
        "bus": camera.bus,
        "serial": camera.serial,
        "microphone": card and f"alsa:hw:{card.id}",
        "choice": choice
        and {
            "kind": choice.kind.value,
            **_format_as_json(choice.format),
            "fps": round(float(choice.rate), 3),
            "caps": gst_caps(choice),
            "differs": choice.differs,
        },
        "trouble": trouble
        and {"error": type(trouble).__name__, "message": str(trouble), "hint": trouble.hint},
        "formats": [_format_as_json(offered) for offered in camera.formats],
    }


def _format_as_json(offered: Format) -> dict[str, object]:
    return {
        "fourcc": offered.fourcc,
        "width": offered.width,
        "height": offered.height,
        "rates": [round(float(rate), 3) for rate in offered.rates],
    }
