"""Hears the recorder, on a thread of its own, and makes of what it says what browsers are sent.

What is made once for all browsers is made here, beside the loop.
"""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Final

from smartrec.app.page_messages import (
    Cameras,
    Format,
    Hangup,
    Happened,
    Looked,
    ToPage,
    ToRecorder,
    Unit,
    Wall,
)
from smartrec.errors import CameraError
from smartrec.media.framing import Link
from smartrec.model import Codec
from smartrec.units import MILLISECOND
from smartrec.web import frames
from smartrec.web.coded import CodedCamera
from smartrec.web.hub import Hub, placed

_UNDER_WAY: Final = 8
"""Messages that the loop may be behind; then the recorder is not heard, and sends the newest
pictures later instead of all of them now."""
HANGS_AFTER: Final = 60.0
"""Seconds in which the loop must take something. The recorder ends a page whose loop hangs sooner,
so it is gone itself; who waits for room does not hear that."""
_JUMP: Final = 20 * MILLISECOND
"""A change of the wall clock against the steady one that is worth telling."""


class Ear(threading.Thread):
    """See the module.

    Args:
        link: To the recorder.
        hub: Told on the loop's thread.
        loop: Runs.
        gone: Called on this thread when the recorder is gone.
        hangs_after: See `HANGS_AFTER`.
    """

    def __init__(
        self,
        link: Link[ToRecorder, ToPage],
        hub: Hub,
        loop: asyncio.AbstractEventLoop,
        gone: Callable[[], None],
        hangs_after: float = HANGS_AFTER,
    ) -> None:
        super().__init__(name="ear", daemon=True)
        self._link = link
        self._hub = hub
        self._loop = loop
        self._gone = gone
        self._hangs_after = hangs_after
        self._room = threading.Semaphore(_UNDER_WAY)
        self._offset: int | None = None
        self._index = hub.indexes
        self._codecs: dict[str, Codec] = {}
        self._coded: dict[str, CodedCamera] = {}

    def run(self) -> None:
        """See the class."""
        try:
            while True:
                deliver = self._made(self._link.receive())
                if deliver is not None:
                    if not self._room.acquire(timeout=self._hangs_after):
                        break
                    self._loop.call_soon_threadsafe(self._deliver, deliver)
        except Hangup:
            pass
        self._gone()

    def _deliver(self, deliver: Callable[[], None]) -> None:
        self._room.release()
        deliver()

    def _made(self, message: ToPage) -> Callable[[], None] | None:
        if isinstance(message, Unit):
            return self._picture(message)
        if isinstance(message, Looked):
            look = message.look
            return partial(self._hub.look, look.camera, frames.look(look))
        if isinstance(message, Happened):
            frame = frames.text({"type": "event", "event": message.event})
            return partial(self._hub.event, message.event, frame)
        if isinstance(message, Format):
            return partial(self._hub.format, message.camera, self._format(message))
        if isinstance(message, Cameras):
            self._index = placed(message.cameras, self._index)
            return partial(self._hub.cameras, message, self._index)
        return self._clock(message) if isinstance(message, Wall) else None

    def _clock(self, wall: Wall) -> Callable[[], None] | None:
        """The wall clock was set: what browsers made of its time so far is wrong."""
        offset, before = wall.wall_ns - wall.mono_ns, self._offset
        if before is not None and abs(offset - before) < _JUMP:
            return None
        self._offset = offset
        if before is None:
            return None
        now = frames.moment(wall.mono_ns, wall.wall_ns)
        return partial(self._hub.tell, frames.text({"type": "clock", "now": now}))

    def _picture(self, message: Unit) -> Callable[[], None] | None:
        camera, unit = message.camera, message.unit
        index, coded = self._index.get(camera), self._coded.get(camera)
        if coded is not None:
            return partial(self._hub.coded, camera, coded.take(unit))
        if index is None or self._codecs.get(camera) is not Codec.JPEG:
            return None
        frame = frames.picture(frames.Kind.JPEG, index, unit, unit.data)
        return partial(self._hub.picture, camera, frame)

    def _format(self, message: Format) -> dict[str, object]:
        """What browsers are told of it; a codec by its name, or why it cannot be shown."""
        camera, stream = message.camera, message.format
        index, told = self._index.get(camera), _told(message)
        self._codecs[camera] = stream.codec
        self._coded.pop(camera, None)
        if index is None or stream.codec is Codec.JPEG:
            return told
        try:
            coded = self._coded[camera] = CodedCamera(index, stream)
        except CameraError as error:
            return {**told, "problem": {"message": str(error), "hint": error.hint}}
        return {**told, "mime": coded.mime}


def _told(message: Format) -> dict[str, object]:
    stream = message.format
    return {
        "type": "format",
        "camera": message.camera,
        "codec": stream.codec.value,
        "width": stream.width,
        "height": stream.height,
        "fps": stream.fps,
        "rotate": stream.rotate,
        "flip": stream.flip,
    }
