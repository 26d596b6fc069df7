"""The nouns of the program: plain, frozen, and known to every layer.

All times named ``pts`` or ``dts`` are CLOCK_MONOTONIC nanoseconds (see `smartrec.clock`).
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import uuid6

from smartrec.clock import Instant
from smartrec.units import Ns


def new_id() -> str:
    """A UUIDv7 (RFC 9562): sorts by the time it was made."""
    return str(uuid6.uuid7())


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in a picture, as fractions of the picture; origin top left.

    Attributes:
        left: 0 is the picture's left edge, 1 its right.
        top: 0 is the picture's upper edge, 1 its lower.
        right: Greater than `left`.
        bottom: Greater than `top`.
    """

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Detection:
    """A person in one picture.

    Attributes:
        box: Where.
        score: The model's confidence, 0 to 1.
    """

    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Track:
    """A person over time, as last seen.

    Attributes:
        track_id: Counts up; never used again while the recorder runs.
        box: Where.
        score: Of the newest detection, 0 to 1.
        speed: How fast the box's centre moves to the right and down, in picture widths and heights
            a second.
    """

    track_id: int
    box: Box
    score: float
    speed: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Look:
    """What the detector found in one picture of a camera.

    Attributes:
        camera: Camera id.
        epoch: Of the access unit that was looked at.
        pts: Of the same.
        tracks: Persons, also those below every threshold.
        inferred: False where nothing had moved since the last inference, so that its tracks still
            hold and the model was not asked.
    """

    camera: str
    epoch: int
    pts: Ns
    tracks: tuple[Track, ...]
    inferred: bool = True


class Codec(str, Enum):
    """What one access unit is."""

    JPEG = "jpeg"
    H264 = "h264"
    H265 = "h265"


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """What a camera's access units are, for as long as one epoch lasts.

    Attributes:
        codec: How pictures are encoded.
        width: Pixels.
        height: Pixels.
        fps: Nominal pictures a second; 0 where the camera does not say.
        caps: The same as GStreamer writes it.
        codec_private: The decoder's set-up (avcC or hvcC); empty for JPEG.
        rotate: Degrees clockwise that the picture must be turned to stand upright: 0, 90, 180, 270.
        flip: Whether it must be mirrored left to right after turning.
    """

    codec: Codec
    width: int
    height: int
    fps: float
    caps: str
    codec_private: bytes = b""
    rotate: int = 0
    flip: bool = False


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """What a clip's sound is: 16-bit samples.

    Attributes:
        rate: Samples a second.
        channels: 1, mono.
    """

    rate: int
    channels: int


SOUND: Final = SoundFormat(48_000, 1)
"""Of all that is recorded: a clip's journal says at its start what it holds, and the microphone may
come later, or come back as another."""


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One encoded picture.

    Attributes:
        epoch: Counts up with every new start or new format of the camera; a clip never spans two.
        seq: The source's own sequence number, made to count up for ever within an epoch.
        pts: When it was taken.
        dts: When it is to be decoded; equal to `pts` where pictures are not reordered.
        duration: How long it is shown; nominal.
        keyframe: Whether a decoder can start here.
        lost_before: Pictures that the source numbered but did not deliver right before this one.
        data: The camera's own bits; empty when `damaged`.
        damaged: The bits were not a whole picture. It is counted, never written.
    """

    epoch: int
    seq: int
    pts: Ns
    dts: Ns
    duration: Ns
    keyframe: bool
    lost_before: int
    data: bytes = field(repr=False)
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    """A reason to record, at a moment.

    Attributes:
        trigger_id: UUIDv7.
        pts: The moment that the event happened, not that it became known.
        reason: Short and machine-made: ``"key-R"``, ``"cli"``, ``"person"``.
        why: What led to it, for people and replay; JSON values only.
        start: Where the clip shall begin, instead of `pts` less the pre-roll.
        end: Where the clip shall end, instead of the last moment plus the post-roll.
        last: The last moment that it was still so, for what lasts; None for what does not.
    """

    trigger_id: str
    pts: Ns
    reason: str
    why: dict[str, object] = field(default_factory=dict)
    start: Ns | None = None
    end: Ns | None = None
    last: Ns | None = None

    @property
    def until(self) -> Ns:
        """The last moment of it that is known."""
        return self.pts if self.last is None else self.last


class Action(str, Enum):
    """What a command asks for."""

    START = "start"
    STOP = "stop"
    ARM = "arm"
    DISARM = "disarm"


class Verdict(str, Enum):
    """What became of a command."""

    ACCEPTED = "accepted"
    EXTENDED = "extended"
    STOPPED = "stopped"
    ARMED = "armed"
    DISARMED = "disarmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Command:
    """A request from outside; every way in (key, command line, page, broker) makes one.

    Attributes:
        id: Chosen by the sender; a repeat of the same id gets the same answer and does nothing.
        camera: Camera id or name; None means every camera.
        action: What to do.
        reason: Becomes the trigger's reason.
        pts: When it happened; None means when it is received.
        start: Wall time (ns) where the clip shall begin; None means the pre-roll.
        end: Wall time (ns) where the clip shall end; None means the post-roll.
        expires: Wall time (ns) after which it must no longer be obeyed.
        reply_to: For the sender's own use.
    """

    id: str
    camera: str | None
    action: Action
    reason: str = "cli"
    pts: Ns | None = None
    start: int | None = None
    end: int | None = None
    expires: int | None = None
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command at one camera.

    Attributes:
        id: The command's.
        camera: Camera id.
        verdict: What was done.
        reason: Why it was refused, or what it did, in words.
        clip_id: The clip that holds the moment.
        pre_roll_s: Seconds before the moment that are held and will be in the clip.
        until: When the schedule ends what was armed or disarmed, ISO 8601 with the offset of this
            machine's zone; None where only another command does.
    """

    id: str
    camera: str
    verdict: Verdict
    reason: str = ""
    clip_id: str | None = None
    pre_roll_s: float | None = None
    until: str | None = None


class ClipState(str, Enum):
    """Where a clip stands in its life, and how its recording ended."""

    RECORDING = "recording"
    FINISHING = "finishing"
    COMPLETE = "complete"
    STOPPED = "stopped"
    CAMERA_LOST = "camera-lost"
    DISK_FULL = "disk-full"
    RECOVERED = "recovered"
    FAILED = "failed"


class Loss(str, Enum):
    """Where a picture that should be in a clip was lost."""

    DRIVER = "driver"
    DAMAGED = "damaged"
    RING = "ring"
    DECODER = "decoder"
    SMART_RECORD = "smart-record"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ClipHead:
    """What is known of a clip while it is recorded; written into its journal at every change.

    Everything the finisher and recovery need is here and in the journal's own frames.

    Attributes:
        clip_id: UUIDv7.
        event_id: UUIDv7; the parts of a rolled-over event share it.
        part: Counts from 1 within the event.
        station_id: Which machine.
        camera_id: Which camera, stable.
        camera_name: What people call it.
        format: Of the access units.
        epoch: Of the access units.
        instant: The map from pts to wall time.
        triggers: In order of arrival.
        asked_pre: The pre-roll wanted before the first trigger.
        asked_post: The post-roll wanted after the last.
        start: The interval is ``start <= pts < end``.
        end: May still move while `state` is recording.
        state: RECORDING until closed, then how it ended.
        file_name: Name of the finished clip, without directory or suffix.
        expected: Pictures the source numbered within the interval.
        lost: Of those, how many will be missing and why, as far as known before finishing.
        software_version: Of smartrec.
        engine: What detects; ``"none"`` without a detector.
        config_digest: SHA-256 of the settings in force.
        model_digest: SHA-256 of the detector's model, if any.
        sound: Of the sound beside the pictures; None where none is recorded.
    """

    clip_id: str
    event_id: str
    part: int
    station_id: str
    camera_id: str
    camera_name: str
    format: StreamFormat
    epoch: int
    instant: Instant
    triggers: tuple[Trigger, ...]
    asked_pre: Ns
    asked_post: Ns
    start: Ns
    end: Ns
    state: ClipState
    file_name: str
    expected: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    software_version: str = ""
    engine: str = "none"
    config_digest: str = ""
    model_digest: str | None = None
    sound: SoundFormat | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """What the finisher made and measured; read back from the finished file.

    Attributes:
        path: The clip.
        thumbnail: A JPEG, or None where the clip has no picture.
        frames_written: Pictures in the finished file that a player shows.
        first_pts: Of the first picture shown.
        last_pts: Of the last picture shown.
        lost: Pictures lost on the way from journal to file, by cause.
        bytes: Size of the clip.
        sha256: Of the clip.
        encoder: Recipe that made it; ``"copy"`` or ``"remux"`` where nothing was encoded,
            ``"nvdssr"`` where NVIDIA's Smart Record recorded it.
        duration: From the first picture to the end of the last.
        silent: How much of that is silence filled in, because the microphone gave no sound then;
            None where no sound is recorded.
    """

    path: str
    thumbnail: str | None
    frames_written: int
    first_pts: Ns | None
    last_pts: Ns | None
    lost: dict[str, int]
    bytes: int
    sha256: str
    encoder: str
    duration: Ns
    silent: Ns | None = None
