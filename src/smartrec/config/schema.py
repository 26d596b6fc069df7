"""The settings: one class for every TOML table, checked as a whole and frozen once made.

Quantities are written as text (``"10s"``, ``"512MB"``, ``"1280x720"``) and held as numbers. To
make one by hand takes the text too: ``Recording.model_validate({"pre_roll": "5s"})``.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import (
    Field,
    StrictBool,
    StrictInt,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from smartrec.config.table import (
    AT_ONCE,
    NEEDS_NEW_START,
    RESTARTS_CAPTURE,
    Table,
)
from smartrec.config.watching import AutoTrigger, Detector, Screen, Zone
from smartrec.config.written import (
    AUTO_OR_NUMBER,
    DIRECTORY,
    FILE,
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

MINUTE: Final = Ns(60 * SECOND)
HOUR: Final = Ns(60 * MINUTE)


Slug = Annotated[str, slug("a-z0-9_-", 32)]
ControlName = Annotated[str, slug("a-z0-9_", 64)]
ControlValue = Annotated[StrictInt, Field(ge=-(2**31), lt=2**31)]


class Recording(Table):
    """What a clip holds, where it goes and how it is made."""

    pre_roll: Annotated[Ns, duration(Ns(0), Ns(10 * MINUTE))] = Field(
        default=Ns(10 * SECOND),
        description="How much of the time before a trigger the clip holds.",
        json_schema_extra=AT_ONCE,
    )
    post_roll: Annotated[Ns, duration(Ns(0), HOUR)] = Field(
        default=Ns(10 * SECOND),
        description="How much of the time after the last trigger the clip holds.",
        json_schema_extra=AT_ONCE,
    )
    max_length: Annotated[Ns, duration(SECOND, Ns(24 * HOUR))] = Field(
        default=Ns(5 * MINUTE),
        description="An event longer than this goes on in a new clip, with no frame missing and "
        "none twice.",
        json_schema_extra=AT_ONCE,
    )
    directory: Annotated[Path, DIRECTORY] = Field(
        default=Path("SmartRecDir"),
        description="Where clips, thumbnails and the catalogue are kept; a relative path starts at "
        "the directory that smartrec was started in.",
        json_schema_extra=NEEDS_NEW_START,
    )
    journal_dir: Annotated[Path, DIRECTORY] | None = Field(
        default=None,
        description="Where the crash-safe copy of an event is kept until its clip is finished. "
        "Without it: `.open` beside the clips. In memory (tmpfs) it spares a flash card, but a "
        "power cut loses the event.",
        examples=["/var/lib/smartrec/journal"],
        json_schema_extra=NEEDS_NEW_START,
    )
    recorder: Literal["ring", "nvdssr"] = Field(
        default="ring",
        description='"ring" is smartrec\'s own, exact to the frame. "nvdssr" is the Smart Record '
        "of NVIDIA DeepStream: an encoder runs all the time, clips begin at one of its keyframes; "
        "what it fails to record, the ring does.",
        json_schema_extra=NEEDS_NEW_START,
    )
    smart_record_library: Annotated[str, FILE] | None = Field(
        default=None,
        description='Path of libnvdsgst_smartrecord.so, for "nvdssr" only. Without it: where '
        "DeepStream puts it.",
        examples=["/opt/nvidia/deepstream/deepstream/lib/libnvdsgst_smartrecord.so"],
        json_schema_extra=NEEDS_NEW_START,
    )
    format: Literal["mp4", "copy"] = Field(
        default="mp4",
        description='"mp4" is H.264 that plays everywhere; "copy" keeps the camera\'s own bits, '
        "in Matroska.",
        json_schema_extra=AT_ONCE,
    )
    encoder: Slug = Field(
        default="auto",
        description='Recipe that makes H.264. "auto" takes the first that works here, hardware '
        "before software; `smartrec doctor` lists them.",
        examples=["x264"],
        json_schema_extra=AT_ONCE,
    )
    quality: StrictInt = Field(
        default=23,
        ge=0,
        le=51,
        description="Constant quality of H.264: smaller is better and larger in bytes; 18 is hard "
        "to tell from the original, 28 looks soft.",
        json_schema_extra=AT_ONCE,
    )
    finishers: StrictInt = Field(
        default=4,
        ge=1,
        le=64,
        description="How many clips are finished at the same time; others wait, safe in their "
        "journals.",
        json_schema_extra=AT_ONCE,
    )

    @model_validator(mode="after")
    def _hold_something(self) -> "Recording":
        if not self.pre_roll and not self.post_roll:
            raise ValueError("pre_roll and post_roll are both 0: a clip would hold nothing")
        return self


class Ring(Table):
    """The memory that holds the pre-roll."""

    max_bytes: Annotated[int, size(1_000_000, 1_000_000_000_000)] = Field(
        default=512_000_000,
        description="Most memory a camera's pre-roll may take. Where it does not reach for the "
        "whole pre-roll, clips begin later and say so.",
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
    controls: Controls = Field(
        default_factory=Controls,
        description="Settings of the camera itself.",
        json_schema_extra=RESTARTS_CAPTURE,
    )

    detect: StrictBool = Field(
        default=True,
        description="Whether persons are looked for in its pictures.",
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


class Log(Table):
    """What is said on the terminal and in the log."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="The least important message that is still shown.",
        json_schema_extra=AT_ONCE,
    )


class Config(Table):
    """All settings."""

    recording: Recording = Field(default_factory=Recording)
    ring: Ring = Field(default_factory=Ring)
    camera: tuple[Camera, ...] = Field(
        default=(),
        description="Without any: the first USB camera that gives video.",
    )
    detector: Detector = Field(default_factory=Detector)
    trigger: AutoTrigger = Field(default_factory=AutoTrigger)
    screen: Screen = Field(default_factory=Screen)
    log: Log = Field(default_factory=Log)

    @field_validator("camera", mode="before")
    @classmethod
    def _numbered(cls, cameras: object) -> object:
        return numbered(cameras) if isinstance(cameras, (list, tuple)) else cameras

    @model_validator(mode="after")
    def _cameras_differ(self) -> "Config":
        for number, key, why in alike([dict(camera) for camera in self.camera]):
            raise PydanticCustomError(ALIKE, f"camera[{number}].{key}: {why}")
        return self

    def digest(self) -> str:
        """SHA-256 of all settings in one canonical form, as 64 hex digits; goes into each proof."""
        settings = self.model_dump(mode="json")
        canonical = json.dumps(settings, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def numbered(cameras: Sequence[object]) -> list[object]:
    """The same tables with ids by order where they have none; what is no table stays as it is."""
    return [
        {"id": f"cam{number}", **camera} if isinstance(camera, Mapping) else camera
        for number, camera in enumerate(cameras)
    ]


def alike(cameras: Sequence[object]) -> list[tuple[int, str, str]]:
    """Cameras that get in each other's way: (number, key, why).

    A command names a camera by id or name, so that no camera may be called like another's id; and
    a device gives its pictures to one.
    """
    seen: dict[str, int] = {}
    mistakes: list[tuple[int, str, str]] = []
    for number, camera in enumerate(cameras):
        for word, key in _claims(camera).items():
            if (first := seen.setdefault(word, number)) != number:
                mistakes.append((number, key, f"{word[:64]!r} is taken by camera[{first}]"))
    return mistakes


def zones_alike(zones: Sequence[object]) -> list[tuple[int, str]]:
    """Zones of one camera that have the same name, which a trigger would tell: (number, why)."""
    seen: dict[str, int] = {}
    mistakes: list[tuple[int, str]] = []
    for number, zone in enumerate(zones):
        name = zone.get("name") if isinstance(zone, Mapping) else None
        if isinstance(name, str) and (first := seen.setdefault(name, number)) != number:
            mistakes.append((number, f"{name[:64]!r} is taken by zone[{first}]"))
    return mistakes


def _claims(camera: object) -> dict[str, str]:
    """What a camera has for itself, and under which key."""
    if not isinstance(camera, Mapping):
        return {}
    keys = ("name", "id", "source")
    words = {word: key for key in keys if isinstance(word := camera.get(key), str)}
    return {word: key for word, key in words.items() if key != "source" or word.startswith("usb:")}
