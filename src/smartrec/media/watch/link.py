"""What the recorder and its watching process say to each other, over a pair of sockets.

A message is a header of one JSON object and, for a picture, its bytes behind it; both lengths
stand in front (two unsigned 32-bit numbers, little endian). The recorder never waits for the
watch: it sends from a thread of its own and drops what is not taken in time.

    recorder -> watch   Setup, once and first; Format before a camera's first Unit and whenever it
                        changes; Unit; CameraView; StationView
    watch -> recorder   Hello, when it is ready; Ready, each time it would look at a picture;
                        Looked; Key; Note; Health once a second; Refused, when it cannot detect
"""

import base64
import json
import math
import socket
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Final, cast

from smartrec.model import AccessUnit, Box, Codec, Look, StreamFormat, Track
from smartrec.units import SECOND, Ns

_LENGTHS: Final = struct.Struct("<II")
_TWO_SECONDS: Final = Ns(2 * SECOND)
_MOST: Final = 256 * 1024 * 1024
"""A message longer than this is no message of ours."""


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
class Setup:
    """The first message.

    Attributes:
        cameras: Id and name of each, in the order of the keys 1 to 9.
        detector: None to detect nothing.
        screen: None to show nothing.
    """

    kind: ClassVar[str] = "setup"
    cameras: tuple[tuple[str, str], ...]
    detector: DetectorSetup | None
    screen: ScreenSetup | None


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
        show: It is to be decoded: for the screen, or because later ones need it.
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
        phase: ``"starting"``, ``"live"``, ``"lost"`` or ``"ended"``.
        text: Why it is lost, for people.
        recording_since: Pts at which the oldest open clip's event began (its first trigger); None
            while nothing is recorded.
        pre_roll_s: Seconds before that moment which are secured.
    """

    kind: ClassVar[str] = "camera"
    camera: str
    phase: str
    text: str = ""
    recording_since: Ns | None = None
    pre_roll_s: float | None = None


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
class Hello:
    """The watch is ready; said again when what it says has changed.

    Attributes:
        screen: How it shows: name of the recipe, or ``""`` when it does not.
        screen_note: For people: which screen, where keys come from; or why there is none.
        screen_missing: There ought to be a screen and may be one later: start again to look.
        keys: Whether keys pressed at the screen come as `Key`.
        engine: ``"onnx"``, or ``"none"``.
        model: Name for people; empty without detector.
        model_digest: SHA-256 of the model's file; empty without detector.
        min_confidence: In force: the setting or the model's own.
    """

    kind: ClassVar[str] = "hello"
    screen: str = ""
    screen_note: str = ""
    screen_missing: bool = False
    keys: bool = False
    engine: str = "none"
    model: str = ""
    model_digest: str = ""
    min_confidence: float = 0.5


@dataclass(frozen=True, slots=True)
class Ready:
    """One more picture would be looked at now."""

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
    | Hello
    | Ready
    | Looked
    | Key
    | Note
    | Health
    | Refused
)


class Hangup(Exception):  # noqa: N818 - a condition, not an error
    """The other side is gone."""


class Link:
    """One end. One thread may send while another receives.

    Args:
        end: A connected stream socket, blocking.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end

    def send(self, message: Message) -> None:
        """Send; waits while the other side does not read.

        Raises:
            Hangup: It is gone.
        """
        header, payload = encode(message)
        front = _LENGTHS.pack(len(header), len(payload)) + header
        try:
            if len(payload) < 1 << 14:
                self._socket.sendall(front + payload)
            else:
                self._socket.sendall(front)
                self._socket.sendall(payload)
        except OSError as error:
            raise Hangup(str(error)) from error

    def receive(self) -> Message:
        """Wait for a message.

        Raises:
            Hangup: The other side is gone, or says what is no message.
        """
        header_length, payload_length = _LENGTHS.unpack(self._exactly(_LENGTHS.size))
        if header_length + payload_length > _MOST:
            raise Hangup("not a message")
        header = self._exactly(header_length)
        payload = self._exactly(payload_length)
        try:
            return decode(header, payload)
        except (LookupError, RecursionError, TypeError, ValueError) as error:
            raise Hangup(f"not a message: {error}") from error

    def close(self) -> None:
        """Wake both sides. Idempotent."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it was closed
        finally:
            self._socket.close()

    def _exactly(self, length: int) -> bytes:
        parts = bytearray(length)
        view, got = memoryview(parts), 0
        while got < length:
            try:
                count = self._socket.recv_into(view[got:])
            except OSError as error:
                raise Hangup(str(error)) from error
            if not count:
                raise Hangup("closed")
            got += count
        return bytes(parts)


def encode(message: Message) -> tuple[bytes, bytes]:
    """Header and payload of a message."""
    body: dict[str, Any]
    payload = b""
    if isinstance(message, Unit):
        unit = message.unit
        body = {name: getattr(unit, name) for name in _UNIT}
        body |= {"camera": message.camera, "show": message.show, "look": message.look}
        payload = unit.data
    else:
        body = asdict(message)
        if isinstance(message, Format):
            private = base64.b64encode(message.format.codec_private).decode()
            body["format"]["codec_private"] = private
    return json.dumps({"kind": message.kind, **body}).encode(), payload


def decode(header: bytes, payload: bytes) -> Message:
    """The message of a header and its payload.

    Raises:
        LookupError, RecursionError, TypeError, ValueError: They are none.
    """
    body: dict[str, Any] = json.loads(header)
    if not isinstance(body, dict):
        raise TypeError("no object")
    kind = body.pop("kind")
    if kind == Unit.kind:
        unit = AccessUnit(**{name: body[name] for name in _UNIT}, data=payload)
        return Unit(body["camera"], unit, body["show"], body["look"])
    if kind == Looked.kind:
        times = _number(body["decode_ms"]), _number(body["infer_ms"])
        return Looked(_look(body["look"]), *times)
    if kind == Format.kind:
        return Format(body["camera"], _format(body["format"]))
    if kind == Setup.kind:
        return _setup(body)
    return cast("Message", _PLAIN[kind](**body))


_UNIT: Final = ("epoch", "seq", "pts", "dts", "duration", "keyframe", "lost_before")
_PLAIN: Final[Mapping[str, type]] = {
    each.kind: each for each in (CameraView, StationView, Hello, Ready, Key, Note, Health, Refused)
}


def _setup(body: dict[str, Any]) -> Setup:
    detector, screen = body["detector"], body["screen"]
    if detector is not None and detector["person_class_ids"] is not None:
        detector["person_class_ids"] = tuple(detector["person_class_ids"])
    return Setup(
        tuple((camera_id, name) for camera_id, name in body["cameras"]),
        None if detector is None else DetectorSetup(**detector),
        None if screen is None else ScreenSetup(**screen),
    )


def _format(body: dict[str, Any]) -> StreamFormat:
    body["codec"] = Codec(body["codec"])
    body["codec_private"] = base64.b64decode(body["codec_private"])
    return StreamFormat(**body)


def _look(body: dict[str, Any]) -> Look:
    tracks = tuple(
        Track(
            int(each["track_id"]),
            Box(*(_number(each["box"][f.name]) for f in fields(Box))),
            _number(each["score"]),
            (_number(each["speed"][0]), _number(each["speed"][1])),
        )
        for each in body["tracks"]
    )
    epoch, pts = int(body["epoch"]), Ns(int(body["pts"]))
    return Look(str(body["camera"]), epoch, pts, tracks, bool(body["inferred"]))


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a number")
    return number
