"""What is sent to a child and when: the newest pictures, never a queue of old ones."""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from smartrec.app.turns import Turns
from smartrec.media.framing import Hangup, Link
from smartrec.media.watch.messages import (
    CameraView,
    Format,
    Leave,
    Looked,
    Message,
    Record,
    Setup,
    StationView,
    Unit,
)
from smartrec.model import AccessUnit, Codec, StreamFormat
from smartrec.units import SECOND, Ns

MOST_WAITING: Final = 2
"""JPEGs of a camera that may wait to be sent; an older one gives way."""
MOST_CODED_WAITING: Final = 60
"""Units that are recorded or inter-coded; of the latter all up to the next keyframe give way."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a child wants.

    Attributes:
        interval: Between two looks at a camera; None when it does not look.
        keyframes_only: Whether of inter-coded cameras it looks at keyframes only.
        most_coded: How many units of an inter-coded camera may wait for it.
    """

    interval: Ns | None
    keyframes_only: bool
    most_coded: int = MOST_CODED_WAITING


@dataclass(slots=True)
class _Waiting:
    camera: str
    unit: AccessUnit
    stream: StreamFormat
    show: bool
    look: bool


class Feed(threading.Thread):
    """Sends to one child, the watch or the page, on its own thread; all methods return at once.

    Args:
        link: To it.
        needs: What it wants.
    """

    def __init__(self, link: Link[Any, object], needs: Needs) -> None:
        super().__init__(name="feed", daemon=True)
        self._link = link
        self._needs = needs
        self._screen = self._records = False
        self._change = threading.Condition()
        self._turns = Turns[str](needs.interval or Ns(SECOND))
        self._ready = 0
        self._newest: dict[str, _Waiting] = {}
        self._flag_next: set[str] = set()
        self._queue: deque[_Waiting] = deque()
        self._queued = Counter[str]()
        self._flowing: set[str] = set()
        self._news: dict[object, Message] = {}
        self._orders: deque[Record | Leave] = deque()
        self._told: dict[str, StreamFormat] = {}
        self._closing = False
        self.skipped = Counter[str]()

    def offer(
        self, camera: str, unit: AccessUnit, stream: StreamFormat, now: Ns, *, detect: bool
    ) -> None:
        """The newest whole unit of a camera.

        Args:
            camera: Its id.
            unit: Not damaged.
            stream: What it is.
            now: When it was taken from the camera.
            detect: Whether persons are looked for in this camera's pictures.
        """
        coded = stream.codec is not Codec.JPEG
        with self._change:
            show = self._decoded_all(coded=coded, detect=detect)
            waiting = _Waiting(camera, unit, stream, show, look=False)
            if waiting.show:
                self._enqueue(waiting, coded=coded)
            if detect and self._needs.interval is not None and self._may_be_looked_at(waiting):
                self._newest[camera] = waiting
                self._turns.came(camera, now)
                if camera in self._flag_next and self._in_queue(waiting):
                    waiting.look = True
                    self._flag_next.discard(camera)
                self._choose(now)
            if self._queue:  # mostly there is nothing to send: let the thread sleep
                self._change.notify()

    def ready(self, now: Ns) -> None:
        """The detector would take one more picture."""
        with self._change:
            self._ready += 1
            self._choose(now)
            self._change.notify()

    def show(self, screen: bool) -> None:
        """Whether there is a screen, which wants every picture."""
        with self._change:
            self._screen = screen

    def record(self, records: bool) -> None:
        """Whether the watch records, for which it needs every picture."""
        with self._change:
            self._records = records

    def order(self, order: Record | Leave) -> None:
        """What to record; all of them are sent, in order."""
        with self._change:
            self._orders.append(order)
            self._change.notify()

    def gone(self, camera: str) -> None:
        """A camera sends nothing any more."""
        with self._change:
            self._break(camera)

    def tell(self, news: Setup | CameraView | StationView | Looked) -> None:
        """First the setup; then the newest view of a camera or of the station, or look at one.

        What was not sent yet gives way.
        """
        camera = ""
        if isinstance(news, (CameraView, Looked)):
            camera = news.camera if isinstance(news, CameraView) else news.look.camera
        with self._change:
            self._news[type(news), camera] = news
            self._change.notify()

    def close(self) -> None:
        """Send what there is to tell, then end; does not wait for it."""
        with self._change:
            self._closing = True
            self._queue.clear()
            self._change.notify()

    def run(self) -> None:
        """See the class."""
        try:
            while (message := self._next()) is not None:
                if isinstance(message, _Waiting):
                    self._send(message)
                else:
                    self._link.send(message)
        except Hangup:
            log.debug("the child is gone")
        except BaseException:
            self._link.close()  # a child that is fed no more shall end, and the next be fed
            raise

    def _next(self) -> "Message | _Waiting | None":
        with self._change:
            while True:
                if self._news:
                    return self._news.pop(next(iter(self._news)))
                if self._orders:
                    return self._orders.popleft()
                if self._queue:
                    waiting = self._queue.popleft()
                    self._queued[waiting.camera] -= 1
                    return waiting
                if self._closing:
                    return None
                self._change.wait()

    def _send(self, waiting: _Waiting) -> None:
        camera, stream = waiting.camera, waiting.stream
        if self._told.get(camera) != stream:
            self._told[camera] = stream
            self._link.send(Format(camera, stream))
        self._link.send(Unit(camera, waiting.unit, waiting.show, waiting.look))

    def _choose(self, now: Ns) -> None:
        while self._ready > 0 and (camera := self._turns.take(now)) is not None:
            self._ready -= 1
            self._look_at(camera)

    def _look_at(self, camera: str) -> None:
        newest = self._newest[camera]
        alone = newest.stream.codec is Codec.JPEG or self._needs.keyframes_only
        if self._in_queue(newest):
            newest.look = True
        elif alone:
            self._queue.appendleft(_Waiting(camera, newest.unit, newest.stream, False, look=True))
            self._queued[camera] += 1
        else:
            # It was sent, and the decoder takes nothing twice.
            self._flag_next.add(camera)

    def _in_queue(self, waiting: _Waiting) -> bool:
        return any(each is waiting for each in self._queue)

    def _decoded_all(self, *, coded: bool, detect: bool) -> bool:
        """Whether every unit is sent: a picture that others are coded from cannot be left out."""
        looks = detect and self._needs.interval is not None and not self._needs.keyframes_only
        return self._screen or self._records or (looks and coded)

    def _may_be_looked_at(self, waiting: _Waiting) -> bool:
        """Whether it can be decoded: one that needs others can where these were sent."""
        if waiting.stream.codec is Codec.JPEG:
            return True
        if self._needs.keyframes_only:
            return waiting.unit.keyframe
        return waiting.camera in self._flowing

    def _break(self, camera: str) -> None:
        """It is not looked at until it sends on, an inter-coded one until its next keyframe."""
        self._flowing.discard(camera)
        self._turns.gone(camera)
        self._newest.pop(camera, None)
        if camera in self._flag_next:
            self._flag_next.discard(camera)
            self._ready += 1

    def _enqueue(self, waiting: _Waiting, *, coded: bool) -> None:
        camera = waiting.camera
        if waiting.unit.keyframe:
            self._flowing.add(camera)
        if camera not in self._flowing:
            self.skipped[camera] += 1
            return
        if not coded and self._queued[camera] >= self._most_jpegs:
            self._drop_oldest(camera)
        elif coded and self._queued[camera] >= self._needs.most_coded:
            self._drop(lambda each: each.camera == camera)
            if not waiting.unit.keyframe:
                self._break(camera)
                self.skipped[camera] += 1
                return
        self._queue.append(waiting)
        self._queued[camera] += 1

    @property
    def _most_jpegs(self) -> int:
        return MOST_CODED_WAITING if self._records else MOST_WAITING

    def _drop_oldest(self, camera: str) -> None:
        oldest = next(each for each in self._queue if each.camera == camera)
        self._drop(lambda each: each is oldest)

    def _drop(self, which: Callable[[_Waiting], bool]) -> None:
        kept: deque[_Waiting] = deque()
        for each in self._queue:
            if which(each):
                self._queued[each.camera] -= 1
                self.skipped[each.camera] += each.show
                self._ready += each.look
            else:
                kept.append(each)
        self._queue = kept
