"""The way between the recorder and its watching process: messages over a pair of sockets.

A message is a header of one JSON object and, for a picture, its bytes behind it; both lengths
stand in front (two unsigned 32-bit numbers, little endian). The recorder never waits for the
watch: it sends from a thread of its own and drops what is not taken in time.
"""

import base64
import json
import math
import socket
import struct
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final, cast

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

_LENGTHS: Final = struct.Struct("<II")
_MOST: Final = 256 * 1024 * 1024
"""A message longer than this is no message of ours."""


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
