"""The watching process as the recorder sees it: started, fed, heard, and started again.

It decodes, detects and shows, so it is what crashes, hangs or waits for a driver. The recorder
loses boxes with it, never pictures. Station thread only.
"""

import logging
import random
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from smartrec.app.children import command_of, ending, linked
from smartrec.app.feed import Feed, Needs
from smartrec.app.watch_needs import needs_of, without_its_engine
from smartrec.media.engines.deepstream.installed import has_nvidia
from smartrec.media.watch.link import Hangup, Link
from smartrec.media.watch.messages import (
    CameraView,
    Hello,
    Leave,
    Looked,
    Message,
    Preparing,
    Ready,
    Record,
    Setup,
    StationView,
)
from smartrec.model import AccessUnit, StreamFormat
from smartrec.units import MILLISECOND, SECOND, Ns

SCREEN_LOST: Final = 3
"""Exit status of a watch whose window or display is gone."""
OTHER_ENGINE: Final = 4
"""Exit status of a watch that said why its engine does not work here: another shall be taken."""
FAILED: Final = 5
"""Exit status of a watch that said why its engine works no longer; it may in the next."""
_CAUSES: Final = {SCREEN_LOST: "the screen has gone or come", FAILED: "its engine has failed"}
_XLIB_ENDED: Final = 1
"""What Xlib ends a process with whose server is gone, when it comes first."""
SILENT_AFTER: Final = Ns(20 * SECOND)
"""A watch that said nothing for so long hangs."""
START_WITHIN: Final = Ns(90 * SECOND)
"""So does one that has not loaded its model by then, and does not say that it is about to."""
PREPARES_AT_MOST: Final = 45 * 60
"""Seconds; TensorRT takes some minutes on the smallest Jetson."""
DEATHS: Final = 3
"""When it ended so often in a row before it was ready, another engine is taken if any will do."""
STEADY_AFTER: Final = Ns(60 * SECOND)
"""A watch that lasted so long did not fail at its start."""
_BACKOFF_FIRST: Final = Ns(500 * MILLISECOND)
_BACKOFF_MOST: Final = Ns(30 * SECOND)
_STEP_MOST: Final = Ns(SECOND)
_END_WITHIN: Final = 3.0
_COMMAND: Final = command_of("smartrec.media.watch.child")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the watch numbered `generation`."""

    generation: int
    message: Message


@dataclass(frozen=True, slots=True)
class Ended:
    """The watch numbered `generation` has ended, with an exit status (negative: a signal)."""

    generation: int
    status: int


Report = Said | Ended


@dataclass(frozen=True, slots=True)
class Loss:
    """The watch has ended by itself.

    Attributes:
        reason: Why, for people.
        retry: How long until it is started again.
    """

    reason: str
    retry: Ns


class Watch:
    """Keeps one watching process running.

    Args:
        setup: What it shall do.
        report: Puts `Report` into the station's inbox; called on other threads.

    Attributes:
        hello: What the running one said of itself; None while it starts.
        starts: How often one was started.
    """

    def __init__(self, setup: Setup, report: Callable[[Report], None]) -> None:
        self._asked = self._setup = setup
        self._needs = needs_of(setup)
        self._report = report
        self._child: _Child | None = None
        self._leaving: threading.Thread | None = None
        self._views: dict[object, CameraView | StationView] = {}
        self._retry_at = Ns(0)
        self._backoff: int = _BACKOFF_FIRST
        self._started_at = Ns(0)
        self._turned_at = Ns(0)
        self._silence = Ns(0)
        self._next_track = 1
        self._deaths = 0
        self._closed = False
        self.hello: Hello | None = None
        self.starts = 0

    @property
    def wanted(self) -> bool:
        """Whether there is anything to watch for."""
        setup = self._setup
        return self._needs.interval is not None or bool(setup.screen or setup.recorder)

    @property
    def records(self) -> bool:
        """Whether the running one records what `order` says."""
        return self.hello is not None and self.hello.records

    @property
    def pid(self) -> int | None:
        """Of the running process. Any thread."""
        child = self._child
        return None if child is None else child.pid

    @property
    def skipped(self) -> dict[str, int]:
        """Pictures that the running one did not get, being late, by camera. Any thread."""
        child = self._child
        return {} if child is None else dict(child.feed.skipped)

    def apply(self, setup: Setup) -> bool:
        """Do another thing from now on; whether a watch is started or ended for it.

        The running one is ended in order first, on a thread for that: both may want one screen.
        """
        if setup == self._asked:
            return False
        self._asked = self._setup = setup
        self._needs = needs_of(setup)
        kept = {None, *(camera for camera, _ in setup.cameras)}
        self._views = {key: view for key, view in self._views.items() if _camera_of(view) in kept}
        self._deaths, self._retry_at, self._backoff = 0, Ns(0), _BACKOFF_FIRST
        child, self._child, self.hello = self._child, None, None
        if child is not None:
            close = partial(child.close, _END_WITHIN)
            self._leaving = threading.Thread(target=close, name="stop-watch", daemon=True)
            self._leaving.start()
        return child is not None or self.wanted

    @property
    def _leaves(self) -> bool:
        """Whether the one before has not ended yet."""
        return self._leaving is not None and self._leaving.is_alive()

    def turn(self, now: Ns) -> None:
        """Start it when it is time; end it when it hangs."""
        # Only time in which we ran ourselves counts: a machine may have slept.
        step, self._turned_at = min(now - self._turned_at, _STEP_MOST), now
        if self._closed or not self.wanted:
            return
        if self._child is None:
            if now >= self._retry_at and not self._leaves:
                self._start(now)
            return
        self._silence = Ns(self._silence + step)
        if self._silence > (START_WITHIN if self.hello is None else SILENT_AFTER):
            log.warning("the watch says nothing: it is started again")
            self._silence = Ns(0)
            self._child.kill()

    def offer(
        self, camera: str, unit: AccessUnit, stream: StreamFormat, now: Ns, *, detect: bool
    ) -> None:
        """The newest whole unit of a camera; see `Feed.offer`."""
        if self._child is not None:
            self._child.feed.offer(camera, unit, stream, now, detect=detect)

    def gone(self, camera: str) -> None:
        """A camera sends nothing any more."""
        if self._child is not None:
            self._child.feed.gone(camera)

    def order(self, order: Record | Leave) -> None:
        """What to record; nothing happens where none runs."""
        if self._child is not None:
            self._child.feed.order(order)

    def tell(self, view: CameraView | StationView) -> None:
        """How things stand, for the screen; nothing happens where they stood so before."""
        key: object = view.camera if isinstance(view, CameraView) else StationView
        if self._views.get(key) != view:
            self._views[key] = view
            if self._child is not None:
                self._child.feed.tell(view)

    def take(self, said: Said) -> Message | None:
        """What the watch said; None where an earlier one said it."""
        if self._child is None or said.generation != self.starts:
            return None
        message = said.message
        if isinstance(message, Hello):
            self.hello = message
            self._child.feed.show(message.screen != "")
            self._child.feed.record(message.records)
        elif isinstance(message, Preparing):
            self._silence = Ns(0) if message.seconds < PREPARES_AT_MOST else self._silence
        elif isinstance(message, Looked):
            numbers = (track.track_id for track in message.look.tracks)
            self._next_track = max(self._next_track, *(number + 1 for number in numbers), 1)
        if self.hello is not None:  # a model that never loads is silence, whatever else is said
            self._silence = Ns(0)
        return message

    def is_current(self, ended: Ended) -> bool:
        """Whether it is the running one that has ended."""
        return self._child is not None and ended.generation == self.starts

    def ended(self, ended: Ended, now: Ns) -> Loss | None:
        """It has ended; None where that was known, or need not be told."""
        if self._child is None or not self.is_current(ended):
            return None
        self._deaths = self._deaths + 1 if self.hello is None else 0
        shown = self.hello is not None and self.hello.screen != ""
        screen_lost = shown and ended.status in (SCREEN_LOST, _XLIB_ENDED)
        self._child.feed.close()
        self._child, self.hello = None, None
        if ended.status == OTHER_ENGINE:
            self._setup, self._needs = without_its_engine(self._setup)
            self._retry_at = now
            return None
        if self._deaths == DEATHS and self._may_be_deepstream():
            log.warning("the watch ended %d times before it was ready: portable engine", DEATHS)
            self._setup, self._needs = without_its_engine(self._setup)
        steady = now - self._started_at > STEADY_AFTER
        if steady or screen_lost:
            self._backoff = _BACKOFF_FIRST
        wait = Ns(round(self._backoff * random.uniform(0.8, 1.2)))
        self._backoff = min(2 * self._backoff, _BACKOFF_MOST)
        self._retry_at = Ns(now + wait)
        return Loss("the screen is gone" if screen_lost else _cause(ended.status), wait)

    def close(self) -> None:
        """End it, in order where it listens."""
        self._closed = True
        if self._child is not None:
            self._child.close(_END_WITHIN)
            self._child = None

    def _may_be_deepstream(self) -> bool:
        """Whether a driver or a plug-in of NVIDIA's may be what ended it."""
        detector = self._setup.detector
        return detector is not None and detector.engine == "auto" and has_nvidia()

    def _start(self, now: Ns) -> None:
        detector = self._setup.detector
        if detector is not None:
            detector = replace(detector, first_track=self._next_track)
        setup = replace(self._setup, detector=detector)
        try:
            child = _Child(self.starts + 1, setup, self._needs, self._report)
            child.start()
        except (
            OSError,
            RuntimeError,
        ) as error:  # out of descriptors, memory, processes: it may pass
            log.warning("no watch can be started now: %s", error)
            self._retry_at = Ns(now + _BACKOFF_MOST)
            return
        self.starts += 1
        self._started_at, self._silence = now, Ns(0)
        self._child = child
        for view in self._views.values():
            child.feed.tell(view)


class _Child(threading.Thread):
    """One watching process; the thread hears it."""

    def __init__(
        self, generation: int, setup: Setup, needs: Needs, report: Callable[[Report], None]
    ) -> None:
        super().__init__(name="watch", daemon=True)
        self._generation = generation
        self._report = report
        self._process, ours = linked(_COMMAND)
        self._link = Link(ours)
        self.feed = Feed(self._link, needs)
        self.feed.tell(setup)

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        """Feed it and hear it.

        Raises:
            RuntimeError: There is no thread left for that; it is ended.
        """
        try:
            self.feed.start()
            super().start()
        except RuntimeError:
            self.feed.close()
            self._process.kill()
            self._link.close()
            raise

    def kill(self) -> None:
        """End it at once; `Ended` follows."""
        self._process.kill()

    def close(self, timeout: float) -> None:
        """Ask it to end; end it when it does not."""
        self.feed.tell(StationView(0, closing=True))
        self.feed.close()
        self.feed.join(timeout / 3)
        self._link.close()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()  # one that a driver holds ends later; nobody waits for it

    def run(self) -> None:
        """See the class."""
        try:
            self._hear()
        except Hangup as hangup:
            log.debug("the watch: %s", hangup)
        finally:  # whatever it was: who is not told of the end starts no other
            self._end()

    def _end(self) -> None:
        try:
            status = self._process.wait(_END_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._link.close()
        self._report(Ended(self._generation, status))

    def _hear(self) -> None:
        while True:
            message = self._link.receive()
            if isinstance(message, Ready):  # answered here, where it waits for nothing
                self.feed.ready(Ns(time.monotonic_ns()))
            else:
                self._report(Said(self._generation, message))


def _camera_of(view: CameraView | StationView) -> str | None:
    return view.camera if isinstance(view, CameraView) else None


def _cause(status: int) -> str:
    return _CAUSES.get(status, f"the watching process {ending(status)}")
