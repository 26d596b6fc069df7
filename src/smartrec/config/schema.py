"""The settings: one class for every TOML table, checked as a whole and frozen once made.

Quantities are written as text (``"10s"``, ``"512MB"``, ``"1280x720"``) and held as numbers. To
make one by hand takes the text too: ``Recording.model_validate({"pre_roll": "5s"})``.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, StrictInt, field_validator, model_validator
from pydantic_core import PydanticCustomError

from smartrec.config.arming import Arming
from smartrec.config.cameras import ALIKE, HOUR, Camera, MaxAge, MaxBytes, Slug
from smartrec.config.table import AT_ONCE, FILE_ONLY, NEEDS_NEW_START, Table
from smartrec.config.watching import AutoTrigger, Detector, Screen
from smartrec.config.web import Web
from smartrec.config.written import DIRECTORY, FILE, duration, size
from smartrec.units import SECOND, Ns

MINUTE: Final = Ns(60 * SECOND)


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
        json_schema_extra=FILE_ONLY,
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


class Retention(Table):
    """How long, and how much of, clips are kept; the oldest go first, pinned ones never."""

    max_bytes: MaxBytes | None = Field(
        default=None,
        description="Most that all finished clips together may take.",
        examples=["200GB"],
        json_schema_extra=AT_ONCE,
    )
    max_age: MaxAge | None = Field(
        default=None,
        description="Finished clips are deleted when they are older.",
        examples=["30d"],
        json_schema_extra=AT_ONCE,
    )
    min_free: Annotated[int, size(0, 10**15)] = Field(
        default=1_000_000_000,
        description="Room that is kept free on the disk of the clips, at most a tenth of it, so "
        "that the next event finds some; 0 deletes nothing for room.",
        json_schema_extra=AT_ONCE,
    )
    trash: Annotated[Ns, duration(Ns(0), Ns(30 * 24 * HOUR))] = Field(
        default=HOUR,
        description="How long a clip that was deleted on the page can be taken back; where room is "
        "needed, less.",
        json_schema_extra=AT_ONCE,
    )


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
    retention: Retention = Field(default_factory=Retention)
    detector: Detector = Field(default_factory=Detector)
    trigger: AutoTrigger = Field(default_factory=AutoTrigger)
    arming: Arming = Field(default_factory=Arming)
    screen: Screen = Field(default_factory=Screen)
    web: Web = Field(default_factory=Web)
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


def _claims(camera: object) -> dict[str, str]:
    """What a camera has for itself, and under which key."""
    if not isinstance(camera, Mapping):
        return {}
    keys = ("name", "id", "source")
    words = {word: key for key in keys if isinstance(word := camera.get(key), str)}
    return {word: key for word, key in words.items() if key != "source" or word.startswith("usb:")}
