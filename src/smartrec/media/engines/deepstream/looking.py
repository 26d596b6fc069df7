"""What the pipeline found becomes looks, at the rate that the recorder asked for."""

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from smartrec.detection.tracks import Tracker
from smartrec.media.engines.deepstream.asks import Asks
from smartrec.media.watch.messages import Looked, Message, Note, Ready
from smartrec.media.watch.numbers import Numbers
from smartrec.model import Detection, Look
from smartrec.units import SECOND, Ns

LOOK_WITHIN: Final = Ns(2 * SECOND)
"""A picture that has not come out by then is not waited for any longer."""
_UNDER_WAY: Final = 3
"""Pictures of a camera that may be: some decoder may keep one or two until others come."""
SILENT: Final = 20
"""When so many pictures in a row are not answered, it is told."""
_SILENT_NETWORK: Final = 3 * SILENT
"""Some 40 s: nvurisrcbin waits 10 s for a camera before it connects again."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What the detector found in one picture.

    Attributes:
        camera: Whose.
        pts: As the pipeline gives it.
        inferred: Whether the detector saw it.
        persons: All, however unsure.
        took_ms: The detector, with the pictures that it looked at together.
    """

    camera: str
    pts: Ns
    inferred: bool
    persons: tuple[Detection, ...]
    took_ms: float = 0.0


class Looking(threading.Thread):
    """Takes what is found from the streaming thread and tells it, on a thread of its own.

    Attributes:
        came: Whether any picture has come out yet.

    Args:
        say: Sends to the recorder.
        min_confidence: From which a person is one.
        first_track: Number of the first track.
        cameras: In how many cameras' pictures persons are looked for.
        own: See `Asks`.
    """

    def __init__(
        self,
        say: Callable[[Message], None],
        min_confidence: float,
        first_track: int,
        cameras: int,
        own: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(name="looking", daemon=True)
        self._say = say
        self._min_confidence = min_confidence
        self._numbers = itertools.count(first_track)
        self._cameras = cameras
        self._inbox: queue.SimpleQueue[Found] = queue.SimpleQueue()
        self._trackers: dict[str, tuple[int, Tracker, Numbers]] = {}
        self._asks = Asks(LOOK_WITHIN, own)
        self._lost = 0
        self.came = False
        self._passed = False
        self._unseen = 0
        self._patience = _SILENT_NETWORK if own else SILENT

    @property
    def silent(self) -> bool:
        """Whether pictures go in and none comes out, of no camera."""
        return self._unseen >= self._patience

    def pushed(self, camera: str, epoch: int, pts: Ns, *, look: bool) -> bool:
        """A picture goes into the pipeline; whether it was not there already. Any thread."""
        return self._asks.pushed(camera, epoch, pts, Ns(time.monotonic_ns()) if look else None)

    def found(self, found: Found) -> None:
        """From the streaming thread; does not wait."""
        self.came = self._passed = True
        self._inbox.put(found)

    def forget(self, camera: str) -> None:
        """Nothing of that camera comes any more. Any thread."""
        self._give(self._asks.forget(camera))

    def turn(self, now: Ns) -> None:
        """Now and then: give up what does not come."""
        late = self._asks.overdue(now)
        self._unseen = 0 if self._passed else self._unseen + late
        self._passed = False
        if late:
            before, self._lost = self._lost, self._lost + late
            if before < SILENT <= self._lost:
                self._say(Note(f"{self._lost} pictures in a row were not looked at by nvinfer"))
            self._give(late)

    def run(self) -> None:
        """See the class."""
        self._give(_UNDER_WAY * self._cameras)
        while True:
            self._take(self._inbox.get())

    def _give(self, count: int) -> None:
        for _ in range(count):
            self._say(Ready())

    def _take(self, found: Found) -> None:
        seen = self._asks.came(found.camera, found.pts, looked_at=found.inferred)
        if seen is None or not seen.answers:
            return
        self._lost = 0
        tracker, numbers = self._sight(found.camera, seen.epoch)
        tracks = numbers.give(tracker.update(seen.pts, found.persons))
        look = Look(found.camera, seen.epoch, seen.pts, tracks)
        self._say(Looked(look, infer_ms=found.took_ms))
        self._give(seen.answers)

    def _sight(self, camera: str, epoch: int) -> tuple[Tracker, Numbers]:
        """What is known of the camera; nothing, where it was started anew."""
        known = self._trackers.get(camera)
        if known is None or known[0] != epoch:
            known = epoch, Tracker(1, self._min_confidence), Numbers(self._numbers)
            self._trackers[camera] = known
        return known[1:]
