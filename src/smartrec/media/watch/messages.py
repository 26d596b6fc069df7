"""What the recorder and its watching process say to each other.

recorder -> watch   Setup, once and first; Format before a camera's first Unit and whenever it
changes; Unit; CameraView; StationView; Record and Leave, where the watch has a recorder of its own
watch -> recorder   Preparing, while it gets ready and that takes long; Hello, when it is ready;
Ready, for each picture it would look at; Looked; Key; Note; Health once a second; Refused, when it
cannot detect; Recorded or NotRecorded, once for each Record
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final

from smartrec.model import AccessUnit, Look, StreamFormat
from smartrec.units import SECOND, Ns

_TWO_SECONDS: Final = Ns(2 * SECOND)


@dataclass(frozen=True, slots=True)
class DetectorSetup:
    """How to detect; the fields of the settings' table ``[detector]`` as plain values.

    Attributes:
        model: ``"nanodet"`` or the path of an ONNX file or of a DeepStream configuration.
        labels: Path of a file with one class name a line; None for the model's own.
        person_class_ids: None for the classes called "person".
        min_confidence: None for the model's own.
        fps: Pictures looked at a second and camera.
        keyframes_only: For inter-coded cameras, look at keyframes only.
        threads: For one inference.
        motion_gate: Whether to skip inference while nothing moves.
        at_least_every: Longest time without inference.
        first_track: Number of the first track: those before it were used.
        engine: ``"auto"``, ``"deepstream"`` or ``"portable"``.
    """

    model: str = "nanodet"
    labels: str | None = None
    person_class_ids: tuple[int, ...] | None = None
    min_confidence: float | None = None
    fps: float = 5.0
    keyframes_only: bool = False
    threads: int = 1
    motion_gate: bool = True
    at_least_every: Ns = _TWO_SECONDS
    first_track: int = 1
    engine: str = "auto"


@dataclass(frozen=True, slots=True)
class ScreenSetup:
    """How to show.

    Attributes:
        fullscreen: Whether the window begins full screen.
        sink: Name of the recipe, or ``"auto"``.
        low_disk: Bytes below which the free disk is shown.
        terminal_keys: Whether the recorder's own terminal gives keys, so that a screen without any
            need not look for an input device.
    """

    fullscreen: bool = True
    sink: str = "auto"
    low_disk: int = 2_000_000_000
    terminal_keys: bool = False


@dataclass(frozen=True, slots=True)
class SmartRecordSetup:
    """How NVIDIA's Smart Record shall record.

    Attributes:
        library: Path of libnvdsgst_smartrecord.so; None for where DeepStream puts it.
        directory: Where it writes; there when it starts.
        cache: How much it shall hold from before a trigger.
        container: ``"mp4"``: an edit list can then hide what lies before the pre-roll. That MP4
            cannot be read after a crash costs nothing, for there is a journal.
        quality: Constant quantizer of what it encodes, 0 (lossless) to 51 (worst).
    """

    library: str | None
    directory: str
    cache: Ns
    quality: int = 23
    container: str = "mp4"


@dataclass(frozen=True, slots=True)
class Setup:
    """The first message.

    Attributes:
        cameras: Id and name of each, in the order of the keys 1 to 9.
        detector: None to detect nothing.
        screen: None to show nothing.
        detected: Ids of the cameras in whose pictures persons are looked for.
        size: Largest picture that a camera is asked for, upright, in pixels.
        fps: Fewest pictures a second that a camera is asked for.
        recorder: None where the recorder alone records.
        uris: Id and address, password included, of each camera on the network whose branch shall
            be an nvurisrcbin; only with a `recorder`.
    """

    kind: ClassVar[str] = "setup"
    cameras: tuple[tuple[str, str], ...]
    detector: DetectorSetup | None
    screen: ScreenSetup | None
    detected: tuple[str, ...] = ()
    size: tuple[int, int] = (1280, 720)
    fps: float = 30.0
    recorder: SmartRecordSetup | None = None
    uris: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Format:
    """What the next units of a camera are."""

    kind: ClassVar[str] = "format"
    camera: str
    format: StreamFormat


@dataclass(frozen=True, slots=True)
class Unit:
    """One picture of a camera.

    Attributes:
        unit: Whole, never damaged.
        show: It is to be decoded: for the screen, for a recorder of the watch's own, or because
            later ones need it.
        look: Persons are to be looked for in it. At most one such unit is under way: the next
            comes after `Ready`.
    """

    kind: ClassVar[str] = "unit"
    camera: str
    unit: AccessUnit
    show: bool
    look: bool


@dataclass(frozen=True, slots=True)
class CameraView:
    """What the screen says of a camera beside its picture; sent when it changes.

    Attributes:
        phase: ``"starting"``, ``"live"``, ``"silent"`` (no picture comes, but it is not given up),
            ``"lost"``, ``"unseen"`` (it never sent a picture) or ``"ended"``.
        text: Why it is lost or unseen, for people.
        recording_since: Pts at which the oldest open clip's event began (its first trigger); None
            while nothing is recorded.
        pre_roll_s: Seconds before that moment which are secured.
        armed: Whether persons begin clips.
    """

    kind: ClassVar[str] = "camera"
    camera: str
    phase: str
    text: str = ""
    recording_since: Ns | None = None
    pre_roll_s: float | None = None
    armed: bool = True


@dataclass(frozen=True, slots=True)
class StationView:
    """What the screen says of the whole.

    Attributes:
        free_bytes: On the disk of the clips.
        closing: The recorder ends; the watch shall too.
    """

    kind: ClassVar[str] = "station"
    free_bytes: int
    closing: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Record a clip; never refused, and answered once by `Recorded` or `NotRecorded`.

    Attributes:
        camera: Whose.
        clip: Its id.
        since: Pts of the first picture wanted, as far as the cache reaches.
    """

    kind: ClassVar[str] = "record"
    camera: str
    clip: str
    since: Ns


@dataclass(frozen=True, slots=True)
class Leave:
    """Record that clip no longer; it was told by `Record`.

    Attributes:
        camera: Whose.
        clip: Its id.
        until: Pts of the first picture that is not wanted any more, of which the camera has sent
            one; None to end it with what came, for none will.
    """

    kind: ClassVar[str] = "leave"
    camera: str
    clip: str
    until: Ns | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A clip lies there, finished.

    Attributes:
        camera: Whose.
        clip: Its id.
        path: Of the file.
        began: Pts of its first picture.
        ended: Pts of its last picture.
        frames: How many it holds.
    """

    kind: ClassVar[str] = "recorded"
    camera: str
    clip: str
    path: str
    began: Ns
    ended: Ns
    frames: int


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """A clip was not recorded, or not whole."""

    kind: ClassVar[str] = "not-recorded"
    camera: str
    clip: str
    why: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Preparing:
    """It is not ready yet, and well; said now and then until `Hello`.

    Attributes:
        text: What takes so long, for people.
        seconds: For how long by now.
    """

    kind: ClassVar[str] = "preparing"
    text: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Hello:
    """The watch is ready; said again when what it says has changed.

    Attributes:
        screen: How it shows: name of the recipe, or ``""`` when it does not.
        screen_note: For people: which screen, where keys come from; or why there is none.
        screen_missing: There ought to be a screen and may be one later; the watch looks again.
        keys: Whether keys pressed at the screen come as `Key`.
        engine: ``"onnx"``, ``"deepstream"`` or ``"none"``.
        engine_note: For people: what it runs on, or why it is not the one that was hoped for.
        model: Name for people; empty without detector.
        model_digest: SHA-256 of the model's file; empty without detector.
        min_confidence: In force: the setting or the model's own.
        records: Whether it answers `Record` by clips; all pictures are then sent to be decoded.
        records_note: For people: why it does not, where `Setup` asks for it.
    """

    kind: ClassVar[str] = "hello"
    screen: str = ""
    screen_note: str = ""
    screen_missing: bool = False
    keys: bool = False
    engine: str = "none"
    engine_note: str = ""
    model: str = ""
    model_digest: str = ""
    min_confidence: float = 0.5
    records: bool = False
    records_note: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """One more picture would be looked at now; an engine that takes several says so for each."""

    kind: ClassVar[str] = "ready"


@dataclass(frozen=True, slots=True)
class Looked:
    """A picture was looked at.

    Attributes:
        look: What was found; for a picture that could not be decoded, nothing is sent but `Ready`.
        decode_ms: Time to get the picture.
        infer_ms: Time of the model, 0 where it was not asked.
    """

    kind: ClassVar[str] = "looked"
    look: Look
    decode_ms: float = 0.0
    infer_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Key:
    """A key at the screen.

    Attributes:
        key: ``"r"``, ``"s"``, ``"q"`` or ``"esc"``; others are the screen's own.
        camera: The one shown; None while all are.
    """

    kind: ClassVar[str] = "key"
    key: str
    camera: str | None


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the user to know, once."""

    kind: ClassVar[str] = "note"
    text: str
    hint: str = ""
    camera: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """Counts since the start.

    Attributes:
        shown: Pictures that reached the screen, by camera.
        skipped: Pictures the watch was given to show and did not, being late, by camera.
        undecodable: Pictures that could not be decoded, by camera.
    """

    kind: ClassVar[str] = "health"
    shown: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    undecodable: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot detect; screen and keys go on. If it can later, another `Hello` says so.

    Attributes:
        error: Name of the error class.
        message: What is wrong and why.
        hint: What mends it.
    """

    kind: ClassVar[str] = "refused"
    error: str
    message: str
    hint: str = ""


Message = (
    Setup
    | Format
    | Unit
    | CameraView
    | StationView
    | Record
    | Leave
    | Recorded
    | NotRecorded
    | Preparing
    | Hello
    | Ready
    | Looked
    | Key
    | Note
    | Health
    | Refused
)
