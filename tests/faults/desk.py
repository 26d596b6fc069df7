"""A station without cameras, in one thread and on a clock of its own: thousands of faults a minute.

Journals, catalogue and recovery are the program's; finishers are threads instead of processes, so
that a test need not start one for each of its faults.
"""

import json
import logging
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, cast

from smartrec.app import recovery
from smartrec.app.bus import Bus
from smartrec.app.clips import Clips, Recorder
from smartrec.app.events import Event
from smartrec.app.finishing import Finishers, Made, Order, _Child, _Job
from smartrec.app.journaling import Closed, Failed, Report, Wrote
from smartrec.app.keeper import Free, Keeper, Kept, NotKept
from smartrec.app.progress import Progress
from smartrec.clock import SystemClock
from smartrec.errors import SmartrecError
from smartrec.media.finish import finish
from smartrec.media.orders import Abandoned, Orders
from smartrec.model import AccessUnit, StreamFormat, Trigger, new_id
from smartrec.recording.session import OpenClip, Timing
from smartrec.units import SECOND, Ns

PRE, POST = Ns(SECOND // 2), Ns(SECOND // 2)
IDLE = 0.002
"""Seconds without news after which the desk's clock moves on."""
STEP = Ns(SECOND // 4)
AT_WORK = 100
"""Turns that a journal may take for anything, unless it hangs."""
MEASURE_EVERY = Ns(5 * SECOND)
PATIENCE = 4_000
"""Turns without an end after which something is wrong."""


class Worker(threading.Thread):
    """A finisher as a thread of this process."""

    def __init__(self, job: _Job, clips: Path, report: Callable[[Made], None]) -> None:
        super().__init__(name="finisher", daemon=True)
        self.heard = 0
        self._clip_id = job.clip_id
        self._files = job.journal, clips / job.journal.name
        self._report = report
        self._orders, self._say = os.pipe()

    def tell(self, line: dict[str, object]) -> bool:
        with suppress(BrokenPipeError):
            os.write(self._say, json.dumps(line).encode() + b"\n")
        return True

    def hang_up(self) -> None:
        if self._say >= 0:
            os.close(self._say)
            self._say = -1

    def kill(self) -> None:
        self.hang_up()

    def abandon(self) -> None:
        self.hang_up()

    def run(self) -> None:
        orders = Orders(self._orders)
        try:
            made = Made(self._clip_id, finish(orders.job(), orders, self._progress))
        except (Abandoned, SmartrecError) as error:
            made = Made(self._clip_id, None, type(error).__name__, str(error))
        except Exception as error:
            logging.getLogger(__name__).exception("a finisher died")
            made = Made(self._clip_id, None, "FinisherDied", repr(error))
        finally:
            os.close(self._orders)
        there = any(map(os.path.lexists, self._files))
        self._report(
            Made(self._clip_id, made.finished, made.error, made.message, made.declined, there)
        )

    def _progress(self, frames: int) -> None:
        self.heard = frames


class Workers(Finishers):
    """Finishers of which each is a `Worker`."""

    def __init__(self, clips: Path, format_: str, report: Callable[[Made], None]) -> None:
        super().__init__(Order(clips, format_, "auto", 23), 2, report)
        self._format = format_
        self._clips = clips
        self._to = report
        self.workers: list[Worker] = []

    def _start(self, job: _Job, now: Ns) -> None:
        worker = Worker(job, self._clips, self._to)
        job.child = cast("_Child", worker)
        line = {"journal": str(job.journal), "clips": str(self._clips), "format": self._format}
        worker.tell({**line})
        worker.start()
        self.workers.append(worker)
        job.heard_at = now


@dataclass
class Desk:
    """One station's life on a clip directory.

    Args:
        clips: The directory.
        stream: What every camera sends.
        format: Of the clips.
        cameras: Their ids.
        measures: Whether the disk is asked for its room every few seconds, and must answer in time.

    Attributes:
        told: What was published.
    """

    clips: Path
    stream: StreamFormat
    format: str = "copy"
    cameras: Sequence[str] = ("cam0",)
    measures: bool = False
    told: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._inbox: SimpleQueue[object] = SimpleQueue()
        self._clock = SystemClock()
        self._instant = self._clock.now()
        self._now = Ns(SECOND)
        self._measured_at = Ns(0)
        self._recovered = False
        bus = Bus(self._clock)
        self._events = bus.subscribe(durable_only=True)
        self.finishers = Workers(self.clips, self.format, self._inbox.put)
        self.keeper = Keeper(self.clips, self._inbox.put, retry_after=0.005)
        self.progress = Progress(bus, self.finishers, self.keeper, self.clips)
        self.empty: list[str] = []
        recorder = Recorder(
            timing=Timing(PRE, POST, Ns(1000 * SECOND)),
            ring_bytes=10**9,
            clips=self.clips,
            journals=self.clips / ".open",
            station_id="station",
            follower=self.progress,
            report=self._inbox.put,
            instant=lambda: self._instant,
            detector=lambda: ("none", None),
        )
        self._handlers: dict[Any, Callable[[Any], None]] = {
            (Wrote, Closed, Failed): self._journalled,
            Made: self._made,
            Kept: self.progress.kept,
            NotKept: lambda not_kept: self.progress.not_kept(not_kept.error),
            Free: lambda free: None,
            recovery.Found: self.progress.recovered,
            recovery.Gone: self.progress.gone,
            recovery.Done: self._done,
        }
        self.of = {id_: Clips(id_, id_, recorder, self._no_picture) for id_ in self.cameras}

    def open(self) -> None:
        """As a recorder starts.

        Raises:
            StoreError: The catalogue cannot be used.
        """
        self.keeper.open()
        left = recovery.left_behind(self.clips / ".open", self.clips)
        recovery.Recovery(left, self.clips, self._inbox.put).start()

    def push(self, units: Sequence[AccessUnit], *cameras: str) -> None:
        for unit in units:
            for camera in cameras or self.cameras:
                self.of[camera].push(unit, self.stream)
        self.turn()

    def trigger(self, pts: int, camera: str = "cam0") -> str:
        """Record; returns the clip that holds the moment."""
        answer = self.of[camera].trigger(new_id(), Trigger(new_id(), Ns(pts), "test"))
        assert answer.clip_id is not None
        self.turn()
        return answer.clip_id

    def turn(self) -> None:
        """All that has come; time goes on only where nothing is being written."""
        try:
            self._take(self._inbox.get(timeout=IDLE))
            while True:
                self._take(self._inbox.get_nowait())
        except Empty:
            pass
        if not any(clips.writing for clips in self.of.values()):
            self._now = Ns(self._now + STEP)
        if self.measures and self._now >= self._measured_at + MEASURE_EVERY:
            self._measured_at = self._now
            self.keeper.measure()
        for clips in self.of.values():
            clips.turn(self._now)
        self.finishers.turn(self._now)
        while (event := self._events.get(timeout=0)) is not None:
            self.told.append(event.event)

    def turn_until(self, done: Callable[[], bool], patience: int = PATIENCE) -> bool:
        for _ in range(patience):
            if done():
                return True
            self.turn()
        return done()

    def wait(self, length: Ns) -> None:
        """Let time go by although something is being written."""
        until = self._now + length
        while self._now < until:
            self.turn_until(lambda: self.written, AT_WORK)  # its threads, on a busy machine
            self._now = Ns(self._now + MEASURE_EVERY)
            self.turn()

    @property
    def written(self) -> bool:
        """Whether every journal has what was given so far."""
        return not any(clips.writing for clips in self.of.values())

    @property
    def settled(self) -> bool:
        idle = all(clips.idle for clips in self.of.values())
        return idle and self.progress.settled and self._recovered

    def close(self, timeout: float = 20.0) -> bool:
        """As a recorder stops; whether the catalogue's thread ended."""
        for clips in self.of.values():
            clips.abandon()
        self.finishers.leave_open()
        self.finishers.stop()
        for worker in self.finishers.workers:  # a process would be killed
            worker.join(timeout)
        return self.keeper.stop(timeout)

    def _take(self, item: object) -> None:
        for kind, handle in self._handlers.items():
            if isinstance(item, kind):
                handle(item)

    def _made(self, made: Made) -> None:
        if self.finishers.knows(made.clip_id):
            self.progress.made(made, settled=self.finishers.take(made, self._now))

    def _journalled(self, report: Report) -> None:
        for clips in self.of.values():
            clips.take(report, self._now)

    def _done(self, _: object) -> None:
        self._recovered = True

    def _no_picture(self, camera_id: str, clip: OpenClip) -> None:
        self.empty.append(clip.clip_id)
