"""A coded camera on its way to browsers: what a late one gets, and what a slow one goes without.

A picture that others are coded from cannot be left out alone, so both begin at a keyframe. Pure:
no socket, no clock.
"""

import logging
from collections import deque
from dataclasses import replace
from typing import Final, NamedTuple

from smartrec.errors import CameraError
from smartrec.model import AccessUnit, StreamFormat
from smartrec.web import frames
from smartrec.web.fmp4 import FragmentedMp4
from smartrec.web.frames import Kind

MOST_PICTURES: Final = 300
"""From the newest keyframe on, that a late browser gets, or that wait for one: ten seconds."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of the same."""
LATE: Final = 15
"""Where so many pictures wait for a browser, it goes on with the next keyframe instead."""

log = logging.getLogger(__name__)


class Part(NamedTuple):
    """A binary message of a coded camera.

    Attributes:
        frame: As it goes to the browser.
        kind: `Kind.INIT` or `Kind.FRAGMENT`.
        keyframe: Whether a decoder that has the newest init segment can start here.
    """

    frame: bytes
    kind: Kind
    keyframe: bool


class CodedCamera:
    """Makes one camera's messages. One thread.

    Args:
        index: The camera's, as in the greeting.
        stream: Of its units.

    Attributes:
        mime: For ``MediaSource.isTypeSupported``.

    Raises:
        CameraError: Browsers cannot show it.
    """

    def __init__(self, index: int, stream: StreamFormat) -> None:
        self._index = index
        self._stream = stream
        self._movie: FragmentedMp4 | None = None
        self._last = (-1, -1)
        self.mime = FragmentedMp4(stream).mime

    def take(self, unit: AccessUnit) -> list[Part]:
        """The next unit: what goes to all who look at it, in order.

        Nothing until a keyframe, at the beginning and where a unit cannot be shown.
        """
        if unit.epoch != self._last[0] or unit.seq <= self._last[1]:
            self._movie = None  # it began anew, or what was sent before is sent once more
        self._last = unit.epoch, unit.seq
        if self._movie is not None:
            return self._fragments(self._movie, unit)
        if not unit.keyframe:
            return []
        self._movie = movie = FragmentedMp4(self._stream)
        fragments = self._fragments(movie, unit)
        begin = replace(unit, pts=movie.zero)
        opening = frames.picture(Kind.INIT, self._index, begin, movie.opening)
        return [Part(opening, Kind.INIT, keyframe=False), *fragments] if fragments else []

    def _fragments(self, movie: FragmentedMp4, unit: AccessUnit) -> list[Part]:
        try:
            data = movie.fragment(unit)
        except CameraError as error:
            log.debug("camera %d: a picture is passed over: %s", self._index, error)
            self._movie = None
            return []
        frame = frames.picture(Kind.FRAGMENT, self._index, unit, data)
        return [Part(frame, Kind.FRAGMENT, unit.keyframe)]


class Gop:
    """What a browser gets that begins to look at a camera."""

    def __init__(self) -> None:
        self._opening: Part | None = None
        self._parts: list[Part] = []
        self._bytes = 0

    def take(self, part: Part) -> None:
        """The next of the camera's messages."""
        if part.kind is Kind.INIT:
            self._opening = part
            self.forget()
        elif part.keyframe or self._parts:
            if part.keyframe:
                self.forget()
            self._parts.append(part)
            self._bytes += len(part.frame)
            if len(self._parts) > MOST_PICTURES or self._bytes > MOST_BYTES:
                self.forget()

    def forget(self) -> None:
        """Pictures are or may be left out: begin with the next keyframe."""
        self._parts, self._bytes = [], 0

    def joining(self) -> list[Part]:
        """The init segment, and all from the newest keyframe on.

        Of a GOP that is too long only the former: it waits for the next keyframe.
        """
        return [] if self._opening is None else [self._opening, *self._parts]


class Line:
    """What waits for one browser of one camera: whole, from an init segment and a keyframe on."""

    def __init__(self) -> None:
        self._waiting: deque[Part] = deque()
        self._bytes = 0
        self._broken = True

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, part: Part) -> None:
        """The next of the camera's messages."""
        if part.kind is Kind.INIT:
            self._waiting.clear()
            self._bytes, self._broken = 0, True
        elif part.keyframe:
            if len(self._waiting) >= LATE:
                self._drop()
            self._broken = False
        elif self._broken:
            return
        self._waiting.append(part)
        self._bytes += len(part.frame)
        if len(self._waiting) > 1 + MOST_PICTURES or self._bytes > MOST_BYTES:
            self._drop()

    def take(self) -> bytes:
        """The next message to send; there must be one."""
        part = self._waiting.popleft()
        self._bytes -= len(part.frame)
        return part.frame

    def _drop(self) -> None:
        """Leave out all up to the next keyframe, but never an init segment."""
        kept = [part for part in self._waiting if part.kind is Kind.INIT]
        self._waiting = deque(kept)
        self._bytes = sum(len(part.frame) for part in kept)
        self._broken = True
