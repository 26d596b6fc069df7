"""What the recorder and the process of its page say to each other.

recorder -> page   Setup, once and first; Cameras, when these are others, or shown otherwise; Format
before a camera's first Unit and whenever it changes; Unit, of wanted cameras only; Looked, of the
same; Happened, whatever is watched; Wall once a second. The end of the link is the end of the
recorder: the page ends too
page -> recorder   Serving, when it listens; NotServing, when it cannot; Wanted, whenever the set of
cameras changes that somebody looks at, and every few seconds to say that its loop is well: a page
that says nothing for half a minute hangs, and is ended
"""

import socket
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Final, NamedTuple

from smartrec.media import framing
from smartrec.media.framing import Hangup as Hangup
from smartrec.media.framing import Link as Link
from smartrec.media.watch import link as watch_link
from smartrec.media.watch.messages import Format as Format
from smartrec.media.watch.messages import Looked as Looked
from smartrec.media.watch.messages import Unit as Unit
from smartrec.units import Ns

_AT_ONCE: Final = Ns(0)
MOST_SAID: Final = 64 * 1024
"""Bytes of a message of the page; it is not trusted with the recorder's memory."""


class ShownCamera(NamedTuple):
    """What people are shown of a camera's settings.

    Attributes:
        id: Stable.
        name: For people.
        zones: ``name``, ``kind`` and ``polygon`` of each, as in the settings.
    """

    id: str
    name: str
    zones: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Setup:
    """The first message.

    Attributes:
        cameras: In the order of the settings.
        clips: Directory of the clips and of their catalogue.
        station_id: This machine.
        socket: Path of the recorder's control socket; empty where there is none.
        settings: The settings' table ``[web]`` as plain values, and ``encrypted``: whether the page
            speaks TLS.
        journals: Directory of the journals of clips that are not finished; empty: unknown.
        trash: How long a clip can be taken out of the trash.
        state: Directory of what must survive: users and the page's own certificate; empty: none.
    """

    kind: ClassVar[str] = "setup"
    cameras: tuple[ShownCamera, ...]
    clips: str
    station_id: str
    socket: str
    settings: dict[str, Any] = field(default_factory=dict)
    journals: str = ""
    trash: Ns = _AT_ONCE
    state: str = ""


@dataclass(frozen=True, slots=True)
class Cameras:
    """What of `Setup` may change while the recorder runs; cameras mostly."""

    kind: ClassVar[str] = "cameras"
    cameras: tuple[ShownCamera, ...]
    trash: Ns = _AT_ONCE


@dataclass(frozen=True, slots=True)
class Happened:
    """Something on the bus, as a CloudEvents envelope: each fact, in order; the newest states."""

    kind: ClassVar[str] = "happened"
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wall:
    """One moment on both clocks.

    Attributes:
        mono_ns: CLOCK_MONOTONIC.
        wall_ns: Nanoseconds since 1970-01-01 UTC.
    """

    kind: ClassVar[str] = "wall"
    mono_ns: Ns
    wall_ns: int


@dataclass(frozen=True, slots=True)
class Serving:
    """The page listens.

    Attributes:
        address: What a browser is given, such as ``http://127.0.0.1:8787/``.
        fingerprint: SHA-256 of a certificate that was made here, by which people know it.
        warning: What is dangerous about that; empty where nothing is.
    """

    kind: ClassVar[str] = "serving"
    address: str
    fingerprint: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class NotServing:
    """The page cannot listen now and tries again; `hint` is what mends it."""

    kind: ClassVar[str] = "not-serving"
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Ids of the cameras that somebody looks at now; unknown ones are passed over."""

    kind: ClassVar[str] = "wanted"
    cameras: tuple[str, ...]


ToPage = Setup | Cameras | Format | Unit | Looked | Happened | Wall
ToRecorder = Serving | NotServing | Wanted


def recorder_end(end: socket.socket) -> Link[ToPage, ToRecorder]:
    """The recorder's end of a link; `end` is a connected stream socket, blocking."""
    return Link(end, encode, _decode_said, MOST_SAID)


def page_end(end: socket.socket) -> Link[ToRecorder, ToPage]:
    """The page's end of a link; `end` is a connected stream socket, blocking."""
    return Link(end, encode, _decode_told)


def encode(message: ToPage | ToRecorder) -> tuple[bytes, bytes]:
    """Header and payload of a message."""
    if isinstance(message, (Format, Unit, Looked)):
        return watch_link.encode(message)
    return framing.header_of(message.kind, asdict(message)), b""


def _decode_told(header: bytes, payload: bytes) -> ToPage:
    kind, body = framing.said_in(header)
    if kind in watch_link.PICTURES:
        return watch_link.picture(kind, body, payload)
    if kind in (Setup.kind, Cameras.kind):
        body["cameras"] = tuple(ShownCamera(*each) for each in body["cameras"])
        return Setup(**body) if kind == Setup.kind else Cameras(**body)
    if kind == Happened.kind:
        return Happened(**body)
    if kind == Wall.kind:
        return Wall(**body)
    raise ValueError(f"no message to the page: {kind}")


def _decode_said(header: bytes, payload: bytes) -> ToRecorder:
    """What a page says; of a process that browsers talk to, nothing is believed."""
    kind, body = framing.said_in(header)
    if kind == Wanted.kind:
        cameras = body.pop("cameras")
        if not isinstance(cameras, list):
            raise TypeError("no list of cameras")
        said: ToRecorder = Wanted(tuple(_text(camera) for camera in cameras), **body)
    elif kind == Serving.kind:
        said = Serving(**{name: _text(value) for name, value in body.items()})
    elif kind == NotServing.kind:
        said = NotServing(**{name: _text(value) for name, value in body.items()})
    else:
        raise ValueError(f"no message of a page: {kind}")
    return said


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
