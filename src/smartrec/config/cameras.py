"""The settings of a camera: what it is, how it is set up, and what is kept of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, StrictBool, StrictInt, field_validator, model_validator
from pydantic_core import PydanticCustomError

from smartrec.config.table import AT_ONCE, RESTARTS_CAPTURE, Table
from smartrec.config.watching import Zone
from smartrec.config.written import (
    AUDIO,
    AUTO_OR_NUMBER,
    FREQUENCY,
    PICTURE,
    SOURCE,
    duration,
    read_text,
    size,
    slug,
)
from smartrec.masking import masked
from smartrec.units import SECOND, Ns

ALIKE: Final = "cameras_alike"
"""Type of the validation error for two cameras, or two zones of one, that share a name."""
HOUR: Final = Ns(3600 * SECOND)
TEN_YEARS: Final = Ns(87_600 * HOUR)

Slug = Annotated[str, slug("a-z0-9_-", 32)]
ControlName = Annotated[str, slug("a-z0-9_", 64)]
ControlValue = Annotated[StrictInt, Field(ge=-(2**31), lt=2**31)]
MaxBytes = Annotated[int, size(1_000_000, 10**15)]
MaxAge = Annotated[Ns, duration(HOUR, TEN_YEARS)]


class Keep(Table):
    """How much is kept of one camera; what `[retention]` says of all holds besides."""

    max_bytes: MaxBytes | None = Field(
        default=None,
        description="Most that this camera's finished clips may take; the oldest go first.",
        examples=["50GB"],
        json_schema_extra=AT_ONCE,
    )
    max_age: MaxAge | None = Field(
        default=None,
        description="This camera's finished clips are deleted when they are older.",
        examples=["7d"],
        json_schema_extra=AT_ONCE,
    )


class Controls(Table):
    """Set on the camera before it starts; what is left out stays as the camera has it."""

    power_line_frequency: Annotated[Literal["off", "50", "60", "auto"], FREQUENCY] | None = Field(
        default=None,
        description="Frequency of the mains, in hertz, against flicker under lamps.",
        examples=["50"],
        json_schema_extra=RESTARTS_CAPTURE,
    )
    focus: Annotated[Literal["auto"] | int, AUTO_OR_NUMBER] | None = Field(
        default=None,
        description="A fixed position in the camera's own units, or autofocus. A fixed one avoids "
        "blurred moments when someone walks in.",
        examples=["auto"],
        json_schema_extra=RESTARTS_CAPTURE,
    )
    exposure: Annotated[Literal["auto"] | int, AUTO_OR_NUMBER] | None = Field(
        default=None,
        description="A fixed time in units of 100 µs (312 is 1/32 s), or automatic.",
        examples=["auto"],
        json_schema_extra=RESTARTS_CAPTURE,
    )
    exposure_dynamic_framerate: StrictBool | None = Field(
        default=None,
        description="Whether the camera may lower its rate in the dark; many halve it, silently.",
        examples=[False],
        json_schema_extra=RESTARTS_CAPTURE,
    )
    extra: dict[ControlName, ControlValue] = Field(
        default_factory=dict,
        description="Any other V4L2 controls by name; `v4l2-ctl --list-ctrls` lists them.",
        examples=[{"gain": 32}],
        json_schema_extra=RESTARTS_CAPTURE,
    )

    def wanted(self) -> dict[str, int | str | bool]:
        """All that is set, by name; the four named keys win over `extra`."""
        named = self.model_dump(mode="json", exclude={"extra"}, exclude_none=True)
        return {**self.extra, **named}


class Camera(Table):
    """One camera; write the table once for each."""

    id: Slug = Field(
        default="cam0",
        description="Short and stable: file names and the catalogue use it. Left out: "
        "`cam0`, `cam1` … by order.",
        json_schema_extra=RESTARTS_CAPTURE,
    )
    name: str = Field(
        default="",
        max_length=100,
        description="What people call it. Left out: the id.",
        examples=["Front door"],
        json_schema_extra=AT_ONCE,
    )
    source: Annotated[str, SOURCE] = Field(
        default="usb",
        repr=False,
        description='"usb" is the first USB camera that gives video; "usb:/dev/v4l/by-id/…" names '
        'one; "rtsp://USER:PASSWORD@HOST:554/PATH" is a camera on the network, H.264 or H.265 '
        '("rtsps:" encrypts); "file:PATH" plays a video as if live; "demo" is built in. A password '
        "is never shown.",
        json_schema_extra=RESTARTS_CAPTURE,
    )
    size: Annotated[tuple[int, int], PICTURE] = Field(
        default=(1280, 720),
        description="Picture size to ask for; the nearest that the camera offers is taken.",
        json_schema_extra=RESTARTS_CAPTURE,
    )
    fps: Annotated[float, Field(strict=True)] = Field(
        default=30.0,
        ge=1,
        le=240,
        description="Pictures a second to ask for; the nearest that the camera offers is taken.",
        json_schema_extra=RESTARTS_CAPTURE,
    )
    rotate: Literal[0, 90, 180, 270] = Field(
        default=0,
        description="Degrees clockwise to turn the picture so that it stands upright.",
        json_schema_extra=RESTARTS_CAPTURE,
    )
    flip: StrictBool = Field(
        default=False,
        description="Mirror the picture left to right, after turning.",
        json_schema_extra=RESTARTS_CAPTURE,
    )
    loop: StrictBool = Field(
        default=False,
        description='Start a "file:" again at its end; other sources have none.',
        json_schema_extra=RESTARTS_CAPTURE,
    )
    audio: Annotated[bool | str, AUDIO] = Field(
        default=False,
        description="Sound in the clips. true takes the microphone in a USB camera; "
        '"alsa:DEVICE", "pulse:NAME" or "pipewire:NAME" takes another one, for any source. A '
        "microphone that is lost never stops the video.",
        examples=["alsa:hw:1,0"],
        json_schema_extra=RESTARTS_CAPTURE,
    )
    transport: Literal["tcp", "udp", "auto"] = Field(
        default="tcp",
        description='How the pictures of an "rtsp:" source travel. TCP loses none; UDP suits '
        'cameras that know no other; "auto" tries UDP, then TCP.',
        json_schema_extra=RESTARTS_CAPTURE,
    )
    power_cycle: StrictBool = Field(
        default=False,
        description="Switch the power of a USB camera's port off and on when it comes back by "
        "nothing else; few hubs can, and it needs the right to (`smartrec doctor`).",
        json_schema_extra=AT_ONCE,
    )
    controls: Controls = Field(
        default_factory=Controls,
        description="Settings of the camera itself.",
        json_schema_extra=RESTARTS_CAPTURE,
    )

    retention: Keep = Field(
        default_factory=Keep,
        description="How long, and how much of, this camera's clips are kept.",
        json_schema_extra=AT_ONCE,
    )
    detect: StrictBool = Field(
        default=True,
        description="Whether persons are looked for in its pictures.",
        json_schema_extra=AT_ONCE,
    )
    armed: StrictBool = Field(
        default=True,
        description="Whether a person begins a clip; false: only while it is armed by command or "
        "on the page, whatever `[arming]` says.",
        json_schema_extra=AT_ONCE,
    )
    zone: tuple[Zone, ...] = Field(
        default=(),
        max_length=64,
        description="Where persons count. Without any: everywhere.",
        json_schema_extra=AT_ONCE,
    )

    @field_validator("zone")
    @classmethod
    def _zones_differ(cls, zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
        for number, why in zones_alike([dict(zone) for zone in zones]):
            raise PydanticCustomError(ALIKE, f"zone[{number}].name: {why}")
        return zones

    @field_validator("name")
    @classmethod
    def _name_fits_one_line(cls, name: str) -> str:
        return read_text(name, "text of one line")

    @model_validator(mode="before")
    @classmethod
    def _named_by_id(cls, table: object) -> object:
        if isinstance(table, Mapping) and "name" not in table:
            return {**table, "name": table.get("id", "cam0")}
        return table

    @property
    def kind(self) -> Literal["usb", "file", "rtsp", "demo"]:
        """What sort of source it is; ``"rtsp"`` encrypted or not."""
        kinds: dict[str, Literal["usb", "file", "rtsp"]]
        kinds = {"usb": "usb", "file": "file", "rtsp": "rtsp", "rtsps": "rtsp"}
        return kinds.get(self.source.partition(":")[0], "demo")

    @property
    def shown_source(self) -> str:
        """The source as people may see it: with no password."""
        return masked(self.source)

    @property
    def path(self) -> Path | None:
        """The device or the file; None for the first USB camera, for the network and the demo."""
        path = self.source.partition(":")[2]
        return Path(path).expanduser() if path and self.kind != "rtsp" else None


def zones_alike(zones: Sequence[object]) -> list[tuple[int, str]]:
    """Zones of one camera that have the same name, which a trigger would tell: (number, why)."""
    seen: dict[str, int] = {}
    mistakes: list[tuple[int, str]] = []
    for number, zone in enumerate(zones):
        name = zone.get("name") if isinstance(zone, Mapping) else None
        if isinstance(name, str) and (first := seen.setdefault(name, number)) != number:
            mistakes.append((number, f"{name[:64]!r} is taken by zone[{first}]"))
    return mistakes
