"""The settings of what watches the cameras: detector, zones, automatic triggers, screen."""

from typing import Annotated, Final, Literal

from pydantic import Field, StrictBool, StrictInt, model_validator

from smartrec.config.table import AT_ONCE, REBUILDS_WATCH, Table
from smartrec.config.written import CLASS_IDS, FILE, POLYGON, duration, size, slug
from smartrec.units import MILLISECOND, SECOND, Ns

EMBEDDED_MODEL: Final = "nanodet"

Point = tuple[float, float]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]


class Detector(Table):
    """What looks for persons, and how often."""

    enabled: StrictBool = Field(
        default=True,
        description="Without it clips are recorded by key and command only.",
        json_schema_extra=REBUILDS_WATCH,
    )
    engine: Literal["auto", "deepstream", "portable"] = Field(
        default="auto",
        description='What decodes, detects and shows: "deepstream" is NVIDIA\'s, on a Jetson or a '
        'graphics card; "portable" is ONNX Runtime and runs anywhere; "auto" takes DeepStream '
        "where it is whole, and says what is missing where it is not.",
        json_schema_extra=REBUILDS_WATCH,
    )
    model: Annotated[str, FILE] = Field(
        default=EMBEDDED_MODEL,
        description='"nanodet" is built in. Or the path of an ONNX file whose kind is worked out '
        "from its inputs and outputs; or of a DeepStream configuration of nvinfer (.txt) that "
        "names one. A relative path in a settings file starts at that file, else where smartrec "
        "was started.",
        examples=["models/yolox_nano.onnx"],
        json_schema_extra=REBUILDS_WATCH,
    )
    labels: Annotated[str, FILE] | None = Field(
        default=None,
        description="File with one class name a line; a path like `model`. Without it the class "
        'of persons is the one that the model itself calls "person", else class 0.',
        examples=["models/labels.txt"],
        json_schema_extra=REBUILDS_WATCH,
    )
    person_class_ids: Annotated[tuple[int, ...], CLASS_IDS] | None = Field(
        default=None,
        description="Numbers of the classes that count as persons, instead of by name.",
        examples=[[0]],
        json_schema_extra=REBUILDS_WATCH,
    )
    min_confidence: Share | None = Field(
        default=None,
        description="Confidence from which a person is shown and triggers. Without it the model's "
        "own: 0.5 for the built-in one, 0.35 for a DeepStream configuration that says none.",
        examples=[0.5],
        json_schema_extra=REBUILDS_WATCH,
    )
    fps: Annotated[float, Field(strict=True, ge=0.2, le=60)] = Field(
        default=5.0,
        description="How many pictures a second of each camera are looked at.",
        json_schema_extra=REBUILDS_WATCH,
    )
    keyframes_only: StrictBool = Field(
        default=False,
        description="Of H.264 and H.265 cameras look at keyframes only. It saves decoding every "
        "picture; persons are then seen as rarely as the camera sends keyframes.",
        json_schema_extra=REBUILDS_WATCH,
    )
    threads: StrictInt = Field(
        default=1,
        ge=1,
        le=64,
        description="Processor threads that the model may use for one picture.",
        json_schema_extra=REBUILDS_WATCH,
    )
    motion_gate: StrictBool = Field(
        default=True,
        description="Ask the model only when something has moved.",
        json_schema_extra=REBUILDS_WATCH,
    )
    at_least_every: Annotated[Ns, duration(Ns(100 * MILLISECOND), Ns(60 * SECOND))] = Field(
        default=Ns(10 * SECOND),
        description="Ask the model this often even when nothing moves.",
        json_schema_extra=REBUILDS_WATCH,
    )


class AutoTrigger(Table):
    """When a person begins a clip, and what keeps it going."""

    person: StrictBool = Field(
        default=True,
        description="Record by itself when a person appears.",
        json_schema_extra=AT_ONCE,
    )
    frames: StrictInt = Field(
        default=2,
        ge=1,
        le=100,
        description="A person counts when seen in this many of the newest `of` pictures looked at.",
        json_schema_extra=AT_ONCE,
    )
    of: StrictInt = Field(
        default=3,
        ge=1,
        le=100,
        description="See `frames`.",
        json_schema_extra=AT_ONCE,
    )
    hysteresis: Share = Field(
        default=0.1,
        description="How far below `min_confidence` a person who counts may fall and still count.",
        json_schema_extra=AT_ONCE,
    )
    min_area: Share = Field(
        default=0.0,
        description="Smallest box that counts, as a share of the picture.",
        json_schema_extra=AT_ONCE,
    )
    cooldown: Annotated[Ns, duration(Ns(0), Ns(3600 * SECOND))] = Field(
        default=Ns(0),
        description="For so long after the last person has left, none begins another clip.",
        json_schema_extra=AT_ONCE,
    )
    stationary_after: Annotated[Ns, duration(Ns(0), Ns(86_400 * SECOND))] = Field(
        default=Ns(60 * SECOND),
        description="Someone who has not moved for so long no longer keeps a clip going, and "
        "triggers again when moving. 0 means never.",
        json_schema_extra=AT_ONCE,
    )

    @model_validator(mode="after")
    def _can_be_met(self) -> "AutoTrigger":
        if self.frames > self.of:
            raise ValueError(
                f"frames is {self.frames}, more than of, {self.of}: nobody would count"
            )
        return self


class Zone(Table):
    """Where persons count, or do not; write the table once for each."""

    name: Annotated[str, slug("a-z0-9_-", 32)] = Field(
        description="Short; the trigger names it.",
        examples=["door"],
        json_schema_extra=AT_ONCE,
    )
    polygon: Annotated[tuple[Point, ...], POLYGON] = Field(
        description="Corners [x, y] as shares of the upright picture: [0, 0] is its top left, "
        "[1, 1] its bottom right.",
        examples=[[[0.1, 0.4], [0.6, 0.4], [0.6, 1.0], [0.1, 1.0]]],
        json_schema_extra=AT_ONCE,
    )
    kind: Literal["include", "exclude"] = Field(
        default="include",
        description="With any zone to include, persons count there only; in one to exclude, never.",
        json_schema_extra=AT_ONCE,
    )
    anchor: Literal["bottom", "center", "any"] = Field(
        default="bottom",
        description="Which point of a person's box must lie inside: the middle of its lower edge, "
        "its centre, or any part of it.",
        json_schema_extra=AT_ONCE,
    )


class Screen(Table):
    """The picture on this machine's own screen."""

    show: Literal["auto", "off"] = Field(
        default="auto",
        description='"auto" shows the picture wherever there is a screen; "off" never.',
        json_schema_extra=REBUILDS_WATCH,
    )
    fullscreen: StrictBool = Field(
        default=True,
        description="Whether the window begins full screen; the key F changes it.",
        json_schema_extra=REBUILDS_WATCH,
    )
    sink: Annotated[str, slug("a-z0-9_-", 32)] = Field(
        default="auto",
        description='Recipe that shows pictures. "auto" takes the first that works here; '
        "`smartrec doctor` lists them.",
        examples=["ximage"],
        json_schema_extra=REBUILDS_WATCH,
    )
    low_disk: Annotated[int, size(0, 1_000_000_000_000_000)] = Field(
        default=2_000_000_000,
        description="The screen shows the free disk when it is less than this.",
        json_schema_extra=REBUILDS_WATCH,
    )
