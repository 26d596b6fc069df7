"""The page's process as the recorder sees it: started, fed, heard, and started again.

Browsers talk to it, so whatever they do, the recorder loses a page by it and never pictures: the
station only puts the newest units of wanted cameras where the page's threads find them. What
happened is read off the bus on a thread of the page's own.
"""

import logging
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from smartrec.app.bus import Bus
from smartrec.app.children import command_of, ending
from smartrec.app.envelope import envelope
from smartrec.app.events import CameraStarted, Event
from smartrec.app.layout import Places
from smartrec.app.listening import TURN, Viewer
from smartrec.app.page_child import END_WITHIN, Child
from smartrec.app.page_events import PageLost, PageRefused, PageServing
from smartrec.app.page_messages import (
    Cameras,
    Hangup,
    Happened,
    Looked,
    NotServing,
    Serving,
    Setup,
    ShownCamera,
    Wall,
    Wanted,
)
from smartrec.clock import Clock
from smartrec.config.cameras import Camera
from smartrec.config.schema import Config
from smartrec.model import AccessUnit, Look, StreamFormat
from smartrec.recording.ring import Ring
from smartrec.terminal import one_line
from smartrec.units import SECOND, Ns, seconds

TURN_WATCHED: Final = 0.02
"""Seconds between two looks at the cameras while somebody watches: each picture by itself."""
BACKLOG: Final = 1000
"""Facts that may wait for it."""
STEADY: Final = Ns(60 * SECOND)
"""A page that lasted so long did not fail at its start."""
_PACE: Final = 0.02
"""Seconds between two things that it may say: one that floods its link waits, not the recorder."""
_STATES: Final = 100
"""How often one process may say that it serves or does not."""
_LONGEST: Final = 300
"""Letters of what it says that are told."""
_BACKOFF_FIRST: Final = 0.5
_BACKOFF_MOST: Final = 30.0
_SCHEMES: Final = ("http://", "https://")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Life:
    """How a page begins, and when it is ended.

    Attributes:
        command: Starts the process.
        behind: Seconds between the first camera's first picture and the page's start, which costs
            a processor.
        within: Seconds until it is started where no camera comes.
        silent: Seconds without a word after which it hangs, its start included.
    """

    command: Sequence[str] = command_of("smartrec.web.child")
    behind: float = 0.5
    within: float = 5.0
    silent: int = 30


def setup_of(config: Config, places: Places, station_id: str, control: str) -> Setup:
    """What the page is told: of the cameras nothing but what is shown of them.

    Args:
        config: The settings.
        places: Where the clips, their journals and what must survive are.
        station_id: This machine.
        control: Path of the recorder's control socket; empty where there is none.
    """
    return Setup(
        shown(config.camera),
        str(places.clips),
        station_id,
        control,
        {**config.web.model_dump(mode="json"), "encrypted": config.web.encrypted},
        journals=str(places.journals),
        trash=config.retention.trash,
        state=str(places.state),
    )


def shown(cameras: Sequence[Camera]) -> tuple[ShownCamera, ...]:
    """What the page is told of cameras."""
    return tuple(
        ShownCamera(
            camera.id,
            camera.name,
            [
                {"name": zone.name, "kind": zone.kind, "polygon": [list(p) for p in zone.polygon]}
                for zone in camera.zone
            ],
        )
        for camera in cameras
    )


class Page(threading.Thread, Viewer):
    """Keeps one process of the page running, on its own thread.

    The station's `Viewer`: `came`, `gone` and `looked` belong to its thread, all else to any.

    Args:
        setup: What it is told first.
        bus: What happens.
        clock: The recorder's.
        report: Puts events of `page_events` into the station's inbox; called on other threads.
        life: How it begins.
    """

    def __init__(
        self,
        setup: Setup,
        bus: Bus,
        clock: Clock,
        report: Callable[[Event], object],
        life: Life | None = None,
    ) -> None:
        super().__init__(name="page", daemon=True)
        self._setup = setup
        self._bus = bus
        self._clock = clock
        self._report = report
        self._life = life or Life()
        self._beginning = bus.subscribe(durable_only=True)
        self._closing = threading.Event()
        self._child: Child | None = None
        self._backoff = _BACKOFF_FIRST
        self._starts = 0

    @property
    def turn(self) -> float:
        """See `Viewer`."""
        child = self._child
        return TURN_WATCHED if child is not None and child.wanted else TURN

    def came(
        self, camera: str, units: Sequence[AccessUnit], stream: StreamFormat, ring: Ring
    ) -> None:
        """See `Viewer`; they go to the page where somebody looks at the camera."""
        child = self._child
        if child is not None:
            child.came(camera, units, stream, ring)

    def gone(self, camera: str) -> None:
        """See `Viewer`."""
        child = self._child
        if child is not None:
            child.gone(camera)

    def looked(self, look: Look) -> None:
        """See `Viewer`."""
        child = self._child
        if child is not None and look.camera in child.wanted:
            child.feed.tell(Looked(look))

    def show(self, config: Config) -> None:
        """See `Viewer`; the page is told before it is told of anything that happens afterwards."""
        cameras, trash = shown(config.camera), config.retention.trash
        self._setup = replace(self._setup, cameras=cameras, trash=trash)

    def status(self) -> dict[str, object]:
        """See `Viewer`."""
        child = self._child
        return {
            "pid": None if child is None else child.pid,
            "starts": self._starts,
            "address": None if child is None else child.address,
            "watched": [] if child is None else sorted(child.wanted),
            "skipped": {} if child is None else dict(child.feed.skipped),
        }

    def close(self) -> None:
        """End it; what was published before is told still, if it listens. Takes 3 s at most."""
        self._closing.set()
        self._beginning.close()
        child = self._child
        if child is not None:
            child.news.close()
        self.join(END_WITHIN)
        if self.is_alive() and child is not None:
            child.kill()
            self.join(1.0)

    def run(self) -> None:
        """See the class."""
        self._await_camera()
        while not self._closing.is_set():
            self._closing.wait(self._live())

    def _await_camera(self) -> None:
        """The start of the page shall cost no camera its first picture."""
        until = self._clock.monotonic() + self._life.within * SECOND
        while (left := until - self._clock.monotonic()) > 0 and not self._closing.is_set():
            published = self._beginning.get(left / SECOND)
            if published is not None and isinstance(published.event, CameraStarted):
                self._closing.wait(self._life.behind)
                break
        self._beginning.close()

    def _live(self) -> float:
        """One process, from its start to its end; how many seconds to wait for the next."""
        news = self._bus.subscribe(backlog=BACKLOG)
        try:
            child = Child(self._life.command, news)
            child.start(lambda: self._hear(child))
        except (OSError, RuntimeError) as error:  # out of descriptors, memory, processes
            news.close()
            log.warning("the page cannot be started now: %s", error)
            return _BACKOFF_MOST
        self._starts += 1
        begun = self._clock.monotonic()
        self._child = child
        try:
            if not self._closing.is_set():
                self._tell(child)
        except Hangup as hangup:
            log.debug("the page: %s", hangup)
        finally:
            self._child = None
            status = child.end()
        if self._closing.is_set():
            return 0.0
        if self._clock.monotonic() - begun > STEADY:
            self._backoff = _BACKOFF_FIRST
        wait = self._backoff * random.uniform(0.8, 1.2)
        self._backoff = min(2 * self._backoff, _BACKOFF_MOST)
        self._report(PageLost(f"the page's process {ending(status)}", round(wait, 1)))
        return wait

    def _tell(self, child: Child) -> None:
        """Its setup, then what happens and what time it is, until one side ends or hangs."""
        told = self._setup
        child.link.send(told)
        wall_at = self._clock.monotonic()
        while True:
            closed = child.news.closed  # asked first: then empty means for ever
            published = child.news.get(max(0.0, seconds(Ns(wall_at - self._clock.monotonic()))))
            if told is not self._setup:
                told = self._setup
                child.link.send(Cameras(told.cameras, told.trash))
            if published is not None:
                child.link.send(Happened(envelope(published, self._setup.station_id)))
            elif closed:
                return
            if self._clock.monotonic() >= wall_at:
                now = self._clock.now()
                wall_at = Ns(now.mono_ns + SECOND)
                child.link.send(Wall(now.mono_ns, now.wall_ns))
                child.silent += 1
                if child.silent > self._life.silent:
                    log.warning("the page says nothing: it is started again")
                    child.kill()

    def _hear(self, child: Child) -> None:
        """All that a page says, on a thread for that; what is no message ends it."""
        try:
            while True:
                message = child.link.receive()
                child.silent = 0
                if isinstance(message, Wanted):
                    known = {camera.id for camera in self._setup.cameras}
                    child.wanted = frozenset(known.intersection(message.cameras))
                else:
                    self._state(child, message)
                self._closing.wait(_PACE)
        except Hangup as hangup:
            log.debug("the page: %s", hangup)
        finally:
            child.news.close()  # wakes the thread that tells it what happens

    def _state(self, child: Child, message: Serving | NotServing) -> None:
        if message == child.state or child.states >= _STATES:
            return
        child.state = message
        child.states += 1
        if isinstance(message, NotServing):
            child.address = None
            self._report(PageRefused(_short(message.message), _short(message.hint)))
        elif message.address.startswith(_SCHEMES):
            child.address = _short(message.address)
            fingerprint, warning = _short(message.fingerprint), _short(message.warning)
            self._report(PageServing(child.address, fingerprint, warning))


def _short(text: str) -> str:
    return one_line(text)[:_LONGEST]
