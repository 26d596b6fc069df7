"""What a recorder tells: versioned events.

Two kinds: a *fact* happened and is told to every subscriber, in order, none missing; a *state* is
how things stand, and only the newest of each subject is worth telling. Both have a versioned type
such as ``smartrec.clip.ready.v1``; a field may be added within a version, none removed or changed.

`smartrec.app.envelope` is the form in which they leave the process.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final

from smartrec.app.arming_events import ArmingChanged as ArmingChanged
from smartrec.app.disk_events import DiskBack as DiskBack
from smartrec.app.disk_events import DiskHasRoom as DiskHasRoom
from smartrec.app.disk_events import DiskLost as DiskLost
from smartrec.app.disk_events import DiskLow as DiskLow
from smartrec.app.disk_events import DiskRanFull as DiskRanFull
from smartrec.app.event import Event as Event
from smartrec.app.event import Fact as Fact
from smartrec.app.event import State as State
from smartrec.app.page_events import PageLost as PageLost
from smartrec.app.page_events import PageRefused as PageRefused
from smartrec.app.page_events import PageServing as PageServing
from smartrec.app.settings_events import SettingsChanged as SettingsChanged


@dataclass(frozen=True, slots=True)
class StationStarted(Fact):
    """The recorder is up."""

    type: ClassVar[str] = "smartrec.station.started.v1"
    clip_dir: str
    cameras: tuple[str, ...]
    software_version: str
    config_digest: str = ""


@dataclass(frozen=True, slots=True)
class StationStopped(Fact):
    """The recorder ends in order; `reason` such as ``"SIGTERM"``, ``"ESC"``, ``"--for"``."""

    type: ClassVar[str] = "smartrec.station.stopped.v1"
    reason: str
    clips: int = 0
    frames_lost: int = 0


@dataclass(frozen=True, slots=True)
class CameraStarted(Fact):
    """A camera delivers for the first time; `notice` says what differs from what was asked."""

    type: ClassVar[str] = "smartrec.camera.started.v1"
    camera: str
    description: str
    notice: str = ""


@dataclass(frozen=True, slots=True)
class CameraLost(Fact):
    """A camera does not deliver; the others go on. `seen_before`: whether it ever did."""

    type: ClassVar[str] = "smartrec.camera.lost.v1"
    camera: str
    reason: str
    hint: str = ""
    retry_s: float | None = None
    seen_before: bool = True


@dataclass(frozen=True, slots=True)
class CameraSilent(Fact):
    """No picture comes, for `quiet_s` so far; the camera is there and was not given up yet."""

    type: ClassVar[str] = "smartrec.camera.silent.v1"
    camera: str
    quiet_s: float


@dataclass(frozen=True, slots=True)
class CameraPowerCycled(Fact):
    """Nothing else helped: the power of the camera's USB port is switched off and on."""

    type: ClassVar[str] = "smartrec.camera.powercycled.v1"
    camera: str
    port: str


@dataclass(frozen=True, slots=True)
class CameraBack(Fact):
    """A lost or silent camera delivers again."""

    type: ClassVar[str] = "smartrec.camera.back.v1"
    camera: str
    away_s: float


@dataclass(frozen=True, slots=True)
class MicrophoneLost(Fact):
    """A camera's pictures go on without sound; `retry_s` is None where it is not tried again."""

    type: ClassVar[str] = "smartrec.microphone.lost.v1"
    camera: str
    reason: str
    hint: str = ""
    retry_s: float | None = None


@dataclass(frozen=True, slots=True)
class MicrophoneBack(Fact):
    """A camera has sound again."""

    type: ClassVar[str] = "smartrec.microphone.back.v1"
    camera: str
    away_s: float


@dataclass(frozen=True, slots=True)
class PicturesLost(Fact):
    """Pictures are missing; `cause` is a `smartrec.model.Loss`; `clip_id`: a clip lacks them."""

    type: ClassVar[str] = "smartrec.pictures.lost.v1"
    camera: str
    cause: str
    count: int
    clip_id: str | None = None


@dataclass(frozen=True, slots=True)
class CommandRefused(Fact):
    """A command was not obeyed; an empty `camera` means all."""

    type: ClassVar[str] = "smartrec.command.refused.v1"
    command_id: str
    camera: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClipOpened(Fact):
    """Recording began; `reason` is the trigger's, `pre_roll_s` what is held from before it."""

    type: ClassVar[str] = "smartrec.clip.opened.v1"
    camera: str
    clip_id: str
    event_id: str
    trigger_id: str
    reason: str
    pre_roll_s: float
    asked_pre_s: float
    part: int = 1


@dataclass(frozen=True, slots=True)
class ClipExtended(Fact):
    """A trigger came while its clip was open; `remaining_s` until it will end now."""

    type: ClassVar[str] = "smartrec.clip.extended.v1"
    camera: str
    clip_id: str
    event_id: str
    trigger_id: str
    reason: str
    remaining_s: float


@dataclass(frozen=True, slots=True)
class ClipClosed(Fact):
    """Its last picture is in the journal; `state` is a `smartrec.model.ClipState`."""

    type: ClassVar[str] = "smartrec.clip.closed.v1"
    camera: str
    clip_id: str
    event_id: str
    state: str
    duration_s: float
    part: int = 1


@dataclass(frozen=True, slots=True)
class ClipReady(Fact):
    """The finished file is in place and in the catalogue; its counts were read back from it."""

    type: ClassVar[str] = "smartrec.clip.ready.v1"
    camera: str
    clip_id: str
    event_id: str
    path: str
    state: str
    duration_s: float
    frames_expected: int
    frames_written: int
    lost: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class ClipFailed(Fact):
    """A clip could not be finished; what there is of it stays in `kept`, if anything."""

    type: ClassVar[str] = "smartrec.clip.failed.v1"
    camera: str
    clip_id: str
    event_id: str
    reason: str
    hint: str = ""
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class ClipDeleted(Fact):
    """A clip was deleted; `reason`: age, bytes (a limit), room (for others), trash (by hand)."""

    type: ClassVar[str] = "smartrec.clip.deleted.v1"
    camera: str
    clip_id: str
    event_id: str
    path: str
    reason: str
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class WatchStarted(Fact):
    """Pictures are watched; `screen` is empty where none are shown, `note` says where and why.

    `engine_note` says what the engine runs on, or why it is not the one that was hoped for.
    """

    type: ClassVar[str] = "smartrec.watch.started.v1"
    engine: str
    model: str
    min_confidence: float
    screen: str = ""
    note: str = ""
    engine_note: str = ""


@dataclass(frozen=True, slots=True)
class WatchPreparing(Fact):
    """The watch will be ready later; recording by key and command goes on meanwhile."""

    type: ClassVar[str] = "smartrec.watch.preparing.v1"
    what: str
    elapsed_s: int


@dataclass(frozen=True, slots=True)
class WatchLost(Fact):
    """The watching process ended; recording goes on without boxes until it is back."""

    type: ClassVar[str] = "smartrec.watch.lost.v1"
    reason: str
    retry_s: float


@dataclass(frozen=True, slots=True)
class DetectorRefused(Fact):
    """No persons are looked for; keys still record. `WatchStarted` tells when they are again."""

    type: ClassVar[str] = "smartrec.detector.refused.v1"
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Overrun(Fact):
    """This subscriber was too slow: `lost` facts before this one were dropped, for it alone."""

    type: ClassVar[str] = "smartrec.bus.overrun.v1"
    lost: int


@dataclass(frozen=True, slots=True)
class CameraState(State):
    """How a camera is doing."""

    type: ClassVar[str] = "smartrec.camera.state.v1"
    camera: str
    fps: float
    ring_s: float
    ring_bytes: int
    pictures: int
    damaged: int
    lost: int
    capturing: bool = True


@dataclass(frozen=True, slots=True)
class RecordingState(State):
    """The oldest open clip, each second; `clip_id` is None, once, when there is none any more.

    `elapsed_s` is since its event's first trigger, `remaining_s` until its end as far as known.
    """

    type: ClassVar[str] = "smartrec.recording.state.v1"
    camera: str
    clip_id: str | None
    elapsed_s: float = 0.0
    remaining_s: float = 0.0
    frames: int = 0


@dataclass(frozen=True, slots=True)
class DetectionState(State):
    """How a camera is watched; rates are of the time since the state before.

    `unrecorded`: persons who came and began no clip since the camera was disarmed.
    """

    type: ClassVar[str] = "smartrec.detection.state.v1"
    camera: str
    looks: int
    inferred: int
    infer_ms: float
    persons: int
    unrecorded: int = 0


FACTS: Final[tuple[type[Fact], ...]] = (
    StationStarted,
    StationStopped,
    CameraStarted,
    CameraLost,
    CameraSilent,
    CameraPowerCycled,
    CameraBack,
    MicrophoneLost,
    MicrophoneBack,
    PicturesLost,
    CommandRefused,
    ClipOpened,
    ClipExtended,
    ClipClosed,
    ClipReady,
    ClipFailed,
    ClipDeleted,
    DiskRanFull,
    DiskHasRoom,
    DiskLow,
    DiskLost,
    DiskBack,
    WatchStarted,
    WatchPreparing,
    WatchLost,
    DetectorRefused,
    ArmingChanged,
    SettingsChanged,
    PageServing,
    PageRefused,
    PageLost,
    Overrun,
)
STATES: Final[tuple[type[State], ...]] = (CameraState, RecordingState, DetectionState)
