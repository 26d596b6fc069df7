"""What is said over the way between the recorder and its watching process, as bytes."""

import base64
import math
import socket
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final, cast

from smartrec.media import framing
from smartrec.media.framing import Hangup as Hangup
from smartrec.media.watch.messages import (
    CameraView,
    DetectorSetup,
    Format,
    Health,
    Hello,
    Key,
    Leave,
    Looked,
    Message,
    Note,
    NotRecorded,
    Preparing,
    Ready,
    Record,
    Recorded,
    Refused,
    ScreenSetup,
    Setup,
    SmartRecordSetup,
    StationView,
    Unit,
)
from smartrec.model import AccessUnit, Box, Codec, Look, StreamFormat, Track
from smartrec.units import Ns


class Link(framing.Link[Message, Message]):
    """One end.

    Args:
        end: A connected stream socket, blocking.
    """

    def __init__(self, end: socket.socket) -> None:
        super().__init__(end, encode, decode)


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
    return framing.header_of(message.kind, body), payload


def decode(header: bytes, payload: bytes) -> Message:
    """The message of a header and its payload.

    Raises:
        LookupError, RecursionError, TypeError, ValueError: They are none.
    """
    kind, body = framing.said_in(header)
    if kind in PICTURES:
        return picture(kind, body, payload)
    if kind == Setup.kind:
        return _setup(body)
    return cast("Message", _PLAIN[kind](**body))


def picture(kind: str, body: dict[str, Any], payload: bytes) -> Format | Unit | Looked:
    """A message about pictures, of those that `PICTURES` names.

    Raises:
        LookupError, TypeError, ValueError: It is none.
    """
    if kind == Unit.kind:
        unit = AccessUnit(**{name: body[name] for name in _UNIT}, data=payload)
        return Unit(body["camera"], unit, body["show"], body["look"])
    if kind == Looked.kind:
        times = _number(body["decode_ms"]), _number(body["infer_ms"])
        return Looked(_look(body["look"]), *times)
    return Format(body["camera"], _format(body["format"]))


PICTURES: Final = (Unit.kind, Looked.kind, Format.kind)
_UNIT: Final = ("epoch", "seq", "pts", "dts", "duration", "keyframe", "lost_before")
_PLAIN: Final[Mapping[str, type]] = {
    each.kind: each
    for each in (
        *(CameraView, StationView, Hello, Ready, Key, Note, Health, Refused),
        *(Record, Leave, Recorded, NotRecorded, Preparing),
    )
}


def _setup(body: dict[str, Any]) -> Setup:
    detector, screen, recorder = body["detector"], body["screen"], body["recorder"]
    width, height = body["size"]
    if detector is not None and detector["person_class_ids"] is not None:
        detector["person_class_ids"] = tuple(detector["person_class_ids"])
    return Setup(
        tuple((camera_id, name) for camera_id, name in body["cameras"]),
        None if detector is None else DetectorSetup(**detector),
        None if screen is None else ScreenSetup(**screen),
        tuple(body["detected"]),
        (width, height),
        float(body["fps"]),
        None if recorder is None else SmartRecordSetup(**recorder),
        tuple((camera_id, uri) for camera_id, uri in body["uris"]),
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
