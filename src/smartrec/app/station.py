"""The running recorder: one thread that owns all cameras, clips and decisions.

Everything else (the control socket, keys, journals, finishers, the catalogue) puts values into its
inbox, so there is no lock order to know.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from smartrec import __version__
from smartrec.app import events, recovery
from smartrec.app.answering import SECURING, Asked
from smartrec.app.applying import Applied, InForce, Parts, Wanted, order_by, timing_of
from smartrec.app.arming import Arming
from smartrec.app.attempts import Started
from smartrec.app.bus import Bus
from smartrec.app.camera import Camera
from smartrec.app.camera_status import status_of
from smartrec.app.cameras import Cameras
from smartrec.app.clips import Recorder
from smartrec.app.commanding import Commands
from smartrec.app.finishing import Finishers, Made, Order
from smartrec.app.hotplug import Plugged
from smartrec.app.housekeeping import TOLD, Housekeeping, limits_of
from smartrec.app.journaling import Closed, Failed, Wrote
from smartrec.app.keeper import Free, Keeper, Kept, NotKept
from smartrec.app.layout import Places as Places
from smartrec.app.listening import Teller, Viewer
from smartrec.app.mounts import Disk
from smartrec.app.page_events import TOLD as OF_PAGE
from smartrec.app.patience import patiently
from smartrec.app.progress import Progress
from smartrec.app.smart_record import SmartRecord
from smartrec.app.sources import Sources
from smartrec.app.watch import Ended, Said, Watch
from smartrec.app.watching import Watching, latest_of, setup_of
from smartrec.clock import Clock
from smartrec.config.schema import Config
from smartrec.errors import UsageError
from smartrec.media.watch.messages import Looked
from smartrec.model import AccessUnit, Answer, Command, StreamFormat
from smartrec.recording.session import OpenClip
from smartrec.units import MILLISECOND, SECOND, Ns, seconds

TURN_SHOWN: Final = 0.01
"""Seconds between two looks at the cameras while they are on a screen, where each shall be soon."""
CLOSING: Final = Ns(15 * SECOND)
"""How long journals may take to close at the end, unless the disk is only slow."""
FINISHING: Final = Ns(300 * SECOND)
"""How long finishers may take at the end; whatever is left is done at the next start."""
_SECOND_THOUGHT: Final = Ns(SECOND)
_SAMPLE_EVERY: Final = Ns(SECOND)
_MEASURE_EVERY: Final = Ns(5 * SECOND)
_LAST_PICTURES: Final = Ns(150 * MILLISECOND)
"""At the end, how long pictures taken before it may be on their way."""

log = logging.getLogger(__name__)


class Station(Teller):
    """All cameras of this machine. `run` belongs to one thread; `submit` and `stop` to any.

    Args:
        config: The settings; ``config.camera`` names every camera.
        places: Where things are kept; the caller owns the clip directory's lock.
        station_id: This machine.
        clock: The machine's.
        bus: Where events go.
        terminal_keys: Whether a terminal gives keys, for a screen that gives none.
        sources: Opens the cameras; None: those of this machine.

    Attributes:
        viewer: Is given what people may look at; set before `run`.
        inform: Takes events of `page_events` from any thread, to be published.
        set_log_level: Called with the level that other settings want; set before `run`.
    """

    def __init__(  # noqa: PLR0913 - what a test stands in for comes last
        self,
        config: Config,
        places: Places,
        station_id: str,
        clock: Clock,
        bus: Bus,
        *,
        terminal_keys: bool = False,
        sources: Sources | None = None,
    ) -> None:
        super().__init__(bus, clock)
        self._places = places
        self._inbox: SimpleQueue[object] = SimpleQueue()
        self.inform = self._inbox.put
        self.viewer = Viewer()
        self.set_log_level: Callable[[str], object] = str
        self._instant = clock.now()
        self._stop_reason: str | None = None
        self._stopped_at = Ns(0)
        self._hurry = threading.Event()
        put, disks = self._inbox.put, (Disk(places.clips), Disk(places.journals))
        order = order_by(config, Order(places.clips, disks=disks))
        self._finishers = Finishers(order, config.recording.finishers, put)
        self._keeper = Keeper(places.clips, put, Housekeeping(limits_of(config), disks, clock, put))
        self._progress = Progress(bus, self._finishers, self._keeper, places.clips)
        recorder = Recorder(
            timing=timing_of(config),
            ring_bytes=config.ring.max_bytes,
            clips=places.clips,
            journals=places.journals,
            station_id=station_id,
            follower=self._progress,
            report=self._inbox.put,
            instant=lambda: self._instant,
            detector=lambda: self.watching.detector,
            late=latest_of(config),
            ground=disks[1].check,
        )
        opener = sources or Sources(config.camera, places.cache)
        self._all = Cameras(config.camera, opener, recorder, self, put, self._empty)
        self.arming = Arming(config, self.cameras, places.state, places.clips, bus)
        self._commands = Commands(self._all, self.arming, self._progress, clock, self.stop)
        setup = partial(setup_of, clips=places.clips, terminal_keys=terminal_keys)
        watch = Watch(setup(config), put)
        self._smart = SmartRecord(config, places.clips, watch, self._finishers)
        self.watching = Watching(
            config,
            self.cameras,
            watch,
            bus,
            self._keeper.looked,
            self._commands.person,
            self._commands.pressed,
            self._smart,
        )
        parts = Parts(
            self._finishers, self._keeper, self._all, self._smart, self.watching, self.arming, setup
        )
        self._settings = InForce(config, order, recorder, parts)
        self._handlers: dict[type, Callable[[Any, Ns], object]] = {
            **dict.fromkeys((*TOLD, *OF_PAGE), lambda event, _: bus.publish(event)),
            Asked: self._commands.asked,
            Wanted: self._apply,
            **dict.fromkeys((Wrote, Closed, Failed), self._all.journalled),
            Started: self._all.started,
            Plugged: self._all.plugged,
            Made: self._made,
            Kept: lambda kept, _: self._progress.kept(kept),
            NotKept: lambda not_kept, _: self._progress.not_kept(not_kept.error),
            recovery.Found: lambda found, _: self._progress.recovered(found),
            recovery.Gone: lambda gone, _: self._progress.gone(gone),
            Said: self._said,
            Ended: self.watching.ended,
            Free: self._free,
            recovery.Done: lambda *_: self._recovered.set(),
        }
        self._recovered = threading.Event()
        self._sampled_at = self._measured_at = Ns(0)

    @property
    def cameras(self) -> tuple[Camera, ...]:
        """Those of the settings, in their order; any thread."""
        return self._all.present

    def submit(self, command: Command) -> "Future[tuple[Answer, ...]]":
        """Hand in a command; the future has one answer for every camera concerned."""
        asked = Asked(command, Future())
        self._inbox.put(asked)
        return asked.answers

    def apply(self, config: Config, by: str) -> "Future[Applied]":
        """Go by other settings from now on, without losing a picture of a camera that is the same.

        What needs a new start stays as it is. Any thread; nothing is done, and the future never
        is, where the station does not run.

        Args:
            config: All of them, with a camera at least.
            by: Who wants that, for people.

        Returns:
            What came of it; UsageError where the station is about to end, or would have no camera.
        """
        wanted = Wanted(config, by)
        self._inbox.put(wanted)
        return wanted.applied

    def stop(self, reason: str) -> None:
        """End in order; a second call, later, leaves unfinished clips to the next start."""
        now = self._clock.monotonic()
        self._commands.ending = True
        if self._stop_reason is None:
            self._stop_reason, self._stopped_at = reason, now
        elif now - self._stopped_at >= _SECOND_THOUGHT:  # sooner, a key is held down
            self._hurry.set()
        self._inbox.put(None)

    def run(self, *, length: Ns | None = None) -> None:
        """Record until told to stop, until `length` is over, or until every source has ended.

        Raises:
            StoreError: The catalogue cannot be used; nothing was begun.
            SmartrecError: No camera ever gave a picture; this is why.
        """
        begun = self._clock.monotonic()
        for clip in self._patiently(self._keeper.open):
            log.warning("%s is not in the catalogue", clip)
        self._bus.publish(
            events.StationStarted(
                str(self._places.clips),
                tuple(camera.id for camera in self.cameras),
                __version__,
                self._settings.config.digest(),
            )
        )
        places = self._places
        left = self._patiently(lambda: recovery.left_behind(places.journals, places.clips))
        self._smart.prepare()
        self._all.begin()
        recovery.Recovery(left, self._places.clips, self._inbox.put).start()
        while self._stop_reason is None:
            self._turn()
            if length is not None and self._clock.monotonic() - begun >= length:
                self._stop_reason = "--for"
            elif self._all.ended:
                self._stop_reason = "every source has ended"
        self._close()

    def _patiently(self, job: Callable[[], list[Path]]) -> list[Path]:
        return patiently(job, self._places.clips, lambda: self._stop_reason is not None)

    def status(self) -> dict[str, object]:
        """How everything stands, for people and programs; any thread may call it."""
        return {
            "version": __version__,
            "clips": str(self._places.clips),
            "finishing": self._finishers.backlog,
            "disk": self._progress.trouble,
            "watch": self.watching.status(),
            "page": self.viewer.status(),
            "cameras": [{**status_of(c), **self.arming.status(c)} for c in self.cameras],
        }

    def camera_units(
        self, camera: Camera, units: Sequence[AccessUnit], stream: StreamFormat
    ) -> None:
        """See `Listener`."""
        self.watching.came(camera, units, stream)
        self.viewer.came(camera.id, units, stream, camera.clips.ring)

    def camera_gone(self, camera: Camera) -> None:
        """See `Listener`."""
        self.watching.gone(camera)
        self.viewer.gone(camera.id)

    def _turn(self) -> None:
        """Everything that is due; waits for the next picture's time at most."""
        try:
            turn = TURN_SHOWN if self.watching.shown else self.viewer.turn
            self._take(self._inbox.get(timeout=turn))
            while True:
                self._take(self._inbox.get_nowait())
        except Empty:
            pass
        now = self._clock.monotonic()
        if now - self._sampled_at >= _SAMPLE_EVERY:
            self._sampled_at = now
            self._instant = self._clock.now()
            self.arming.turn(self._instant)
            self._tell_states(now)
        if now - self._measured_at >= _MEASURE_EVERY:
            self._measured_at = now
            self._keeper.measure()
        self._all.turn(now)
        self.watching.turn(now, self._progress.knows)
        self._finishers.turn(now)
        self._commands.turn(now)

    def _tell_states(self, now: Ns) -> None:
        for camera in self.cameras:
            for state in (camera.state(now), *camera.clips.states(now)):
                self._bus.publish(state)
        self.watching.tell_states()

    def _take(self, item: object) -> None:
        """Handle one thing of the inbox; None only wakes the station."""
        if item is not None:
            self._handlers[type(item)](item, self._clock.monotonic())

    def _apply(self, wanted: Wanted, now: Ns) -> None:
        if not wanted.applied.set_running_or_notify_cancel():
            return
        if self._stop_reason is not None or not wanted.config.camera:
            why = "the recorder is ending" if self._stop_reason else "there would be no camera"
            wanted.applied.set_exception(UsageError(why))
            return
        try:
            applied, news = self._settings.apply(wanted, self._instant, now)
        except Exception as error:  # a bug may cost these settings, not what is being recorded
            log.exception("settings could not be put into force")
            wanted.applied.set_exception(error)
            return
        for camera in applied.removed:
            self.forget(camera)
        self.viewer.show(config := self._settings.config)
        self.set_log_level(config.log.level)
        if news is not None:
            self._bus.publish(news)
        wanted.applied.set_result(applied)

    def _said(self, said: Said, now: Ns) -> None:
        self.watching.said(said)
        if isinstance(said.message, Looked):
            self.viewer.looked(said.message.look)

    def _free(self, free: Free, now: Ns) -> None:
        self._progress.measured(free.bytes)
        self.watching.free(free.bytes)

    def _made(self, made: Made, now: Ns) -> None:
        if self._finishers.knows(made.clip_id):
            self._progress.made(made, settled=self._finishers.take(made, now))

    def _empty(self, camera_id: str, clip: OpenClip) -> None:
        self._bus.publish(
            events.ClipFailed(camera_id, clip.clip_id, clip.event_id, "no picture came in its time")
        )

    def _close(self) -> None:
        reason = self._stop_reason or ""
        self._commands.ending = True
        for camera in self.cameras:
            camera.clips.stop(self._clock.monotonic())
        self._turn_until(lambda: not any(c.clips.recording for c in self.cameras), _LAST_PICTURES)
        self._all.close()
        self._turn_until(lambda: self._smart.settled or self._hurry.is_set(), CLOSING)
        self.watching.close()
        self._turn_until(lambda: all(c.clips.idle for c in self._all.all), CLOSING)
        self._turn_until(
            lambda: self._hurry.is_set() or not any(c.clips.writing for c in self._all.all),
            FINISHING,
        )
        self._all.abandon()
        self._finishers.leave_open()
        if not self._settled:
            log.info("finishing clips; stop again to leave them to the next start")
        self._turn_until(lambda: self._settled or self._leaves, FINISHING)
        self.watching.finish(self._progress.knows)
        self._finishers.stop()
        self._keeper.stop(timeout=seconds(CLOSING))
        self.arming.close()
        self._commands.turn(Ns(self._clock.monotonic() + SECURING))
        self._bus.publish(
            events.StationStopped(reason, self._progress.clips, self._progress.frames_lost)
        )
        errors = [camera.error for camera in self.cameras if not camera.pictures]
        if len(errors) == len(self.cameras) and errors[0] is not None:
            raise errors[0]

    @property
    def _leaves(self) -> bool:
        """Whether what is not finished is left to the next start."""
        stuck = self._progress.stuck(self._clock.monotonic())
        return self._hurry.is_set() or self._finishers.out_of_room or stuck

    @property
    def _settled(self) -> bool:
        return self._progress.settled and self._recovered.is_set()

    def _turn_until(self, done: Callable[[], bool], longest: Ns) -> None:
        begun = self._clock.monotonic()
        while not done() and self._clock.monotonic() - begun < longest:
            self._turn()
