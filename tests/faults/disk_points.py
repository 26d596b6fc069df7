"""Runs in a process of its own, whose disk is faulty: every fault of a scenario, one after another.

    python -m tests.faults.disk_points '{"scenario": ..., "where": ..., "state": ..., ...}'

A scenario is run once to count its calls, then once for each fault: a kind of calls fails at the
K-th, with some errno, once or for as long as it takes. Prints a line of JSON for each.
"""

import contextlib
import errno
import faulthandler
import io
import json
import logging
import random
import shutil
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from smartrec.app.events import ClipFailed, DiskRanFull
from smartrec.app.finishing import SILENT
from smartrec.app.writing import STALLED_AFTER
from smartrec.cli.clips import trouble_of
from smartrec.errors import SmartrecError
from smartrec.media.journal import JournalReader
from smartrec.model import AccessUnit, ClipState, Codec, StreamFormat
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.units import Ns
from tests.faults.desk import POST, PRE, Desk
from tests.faults.faulty_disk import FOR_EVER, Call, FaultyDisk
from tests.media import clips as media
from tests.media import numbered

LONGEST: Final = 60
"""Seconds that one fault may take, on whatever machine, before all threads are dumped."""
SOON: Final = 1_000
"""Turns of a desk, four minutes of its time, within which a disk that keeps failing is told."""
ERRORS: Final = {
    Call.WRITE: ("ENOSPC", "EIO", "EROFS"),
    Call.SYNC: ("EIO", "ENOSPC"),
    Call.CREATE: ("ENOSPC", "EROFS", "EACCES"),
    Call.TRUNCATE: ("EIO", "EROFS"),
    Call.RENAME: ("ENOSPC", "EIO", "EROFS"),
    Call.UNLINK: ("EIO", "EROFS"),
    Call.LOOK: ("EIO", "EACCES"),
    Call.READ: ("EIO",),
}


@dataclass(frozen=True)
class Fault:
    """What fails.

    Attributes:
        kinds: Names of kinds of calls, counted together.
        at: The first that fails, from 1; 0 for none.
        error: Name of an errno; ``"hang"`` for calls that do not return.
        mode: ``"once"``; ``"while"``: from then on, until the user was told; ``"stop"``: from then
            on, until the recorder is stopped.
        torn: Half of a write gets through.
    """

    kinds: tuple[str, ...]
    at: int
    error: str
    mode: str = "once"
    torn: bool = False


@dataclass
class Outcome:
    """What became of one fault.

    Attributes:
        calls: How many there were of each kind.
        failed: How many failed, or hung.
        broken: Promises that were not kept.
    """

    calls: dict[Call, int] = field(default_factory=dict)
    failed: int = 0
    broken: list[str] = field(default_factory=list)


class Log(logging.Handler, io.TextIOBase):
    """What the log, or stderr, would tell the user."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def write(self, text: str) -> int:
        self.lines.append(text)
        return len(text)


class Scene:
    """One clip directory, one fault, and what became of it.

    Args:
        clips: The directory, fresh.
        disk: It is on.
        fault: What fails between `begin` and `end`.
        stream: What the camera sends.
        pictures: All that it ever sends.
        format_: Of the clips.
    """

    def __init__(
        self,
        clips: Path,
        disk: FaultyDisk,
        fault: Fault,
        stream: StreamFormat,
        pictures: Sequence[AccessUnit],
        format_: str,
    ) -> None:
        self.clips = clips
        self.disk = disk
        self.fault = fault
        self.stream = stream
        self.pictures = pictures
        self.format = format_
        self.log = Log()
        self.outcome = Outcome()

    def begin(self) -> None:
        kinds = [Call[name] for name in self.fault.kinds]
        times = 1 if self.fault.mode == "once" else FOR_EVER
        if self.fault.error == "hang":
            self.disk.hang(kinds, self.fault.at, times=times)
        else:
            error = getattr(errno, self.fault.error)
            self.disk.fail(kinds, self.fault.at, error, times=times, torn=self.fault.torn)

    def end(self) -> None:
        self.outcome.calls, self.outcome.failed = self.disk.calls, self.disk.failed
        self.disk.heal()

    def broken(self, *promises: str) -> None:
        self.outcome.broken += promises

    def desk(self, *cameras: str) -> Desk:
        measures = self.fault.error == "hang"
        return Desk(self.clips, self.stream, self.format, cameras or ("cam0",), measures)

    def part(self, number: int) -> Sequence[AccessUnit]:
        """The pictures around the `number`-th event: 45, the trigger with the 17th."""
        return self.pictures[45 * number : 45 * (number + 1)]

    def record(self, desk: Desk, number: int, camera: str = "cam0") -> None:
        """One event, with a second trigger in it; until its last picture is given."""
        units = self.part(number)
        desk.push(units[:17], camera)
        desk.trigger(units[16].pts, camera)
        for at in range(17, 45, 7):
            desk.push(units[at : at + 7], camera)
            self.written(desk)
            if at == 24:
                desk.trigger(units[20].pts, camera)

    def written(self, desk: Desk) -> None:
        """Until the journals have all, or something hangs."""
        desk.turn_until(lambda: desk.written or self.disk.hanging > 0)

    def wanted(self, number: int) -> list[int]:
        """Numbers of the pictures that belong to the `number`-th event."""
        units = self.part(number)
        start, end = units[16].pts - PRE, units[20].pts + POST
        return [unit.seq for unit in units if start <= unit.pts < end]


def shown(clip: ClipRecord) -> list[int]:
    """Numbers of the pictures in a finished clip."""
    assert clip.path is not None
    if clip.path.suffix == ".mp4":  # their times are the camera's
        frames = media.ffmpeg_frames(clip.path)
        return [numbered.read(luma) for _, luma in frames]
    reader = JournalReader(clip.path)
    try:
        return [unit.seq for unit in reader.read()]
    finally:
        reader.close()


def event(scene: Scene) -> None:
    """An event during the fault, one before, another when it is over; then the next start."""
    desk = scene.desk()
    desk.open()
    scene.record(desk, 0)
    desk.turn_until(lambda: desk.settled)
    before = rows(scene)
    scene.begin()
    scene.record(desk, 1)
    if scene.fault.mode == "stop":
        desk.turn_until(lambda: desk.settled, 200)
        close(scene, desk)
        scene.end()
        desk = start(scene)
    else:
        if scene.fault.mode == "while":
            if not desk.turn_until(lambda: desk.settled or bool(trouble(desk)), SOON):
                scene.broken("nobody was told")
        else:
            desk.turn_until(lambda: desk.settled)
        scene.end()
    scene.record(desk, 2)
    settle(scene, desk)
    close(scene, desk)
    after = rows(scene)
    settle(scene, desk := start(scene))
    close(scene, desk)
    sound = all(clip.state is ClipState.COMPLETE and clip.thumbnail for clip in after.values())
    if scene.outcome.failed and not scene.log.lines and not (sound and len(after) == 3):
        scene.broken("nobody was told")
    check(scene, before, (0, 2) if scene.fault.mode == "stop" else (0, 1, 2))


def recovery(scene: Scene) -> None:
    """The fault is there when a recorder starts, and finds two clips that another left."""
    desk = start(scene)
    scene.record(desk, 0)
    desk.turn_until(lambda: desk.settled)
    before = rows(scene)
    for number in (1, 2):
        scene.record(desk, number)
    close(scene, desk)
    scene.log.lines.clear()
    scene.begin()
    desk = scene.desk()
    try:
        desk.open()
    except SmartrecError as error:
        scene.log.lines.append(str(error))
        if not error.hint:
            scene.broken(f"nothing is said of how to mend it: {error}")
    else:
        if scene.fault.mode == "once":
            desk.turn_until(lambda: desk.settled)
        else:
            desk.turn_until(lambda: desk.settled or bool(trouble(desk)), 200)
    close(scene, desk)
    scene.end()
    after = rows(scene)
    settle(scene, desk := start(scene))
    close(scene, desk)
    sound = len(after) == 3 and all(clip.sha256 and clip.thumbnail for clip in after.values())
    if scene.outcome.failed and not scene.log.lines and not sound:
        scene.broken("nobody was told")
    check(scene, before, (0, 1, 2))


def hang(scene: Scene) -> None:
    """A call hangs while one camera records; then another does, and then the recorder stops."""
    desk = scene.desk("cam0", "cam1")
    desk.open()
    scene.record(desk, 0)
    desk.turn_until(lambda: desk.settled)
    before = rows(scene)
    scene.begin()
    scene.record(desk, 1)
    desk.wait(Ns(2 * STALLED_AFTER))  # for the one that hangs, time goes on
    scene.record(desk, 2, "cam1")
    desk.wait(Ns(2 * SILENT))
    hanging = scene.disk.hanging
    if hanging and not trouble(desk):  # it may have begun just now
        desk.wait(Ns(2 * SILENT))
    lone = scene.fault.mode == "once"
    if lone and desk.of["cam1"].recording:
        scene.broken("the other camera's clip is not written")
    threads = [t for t in threading.enumerate() if t.name.startswith(("journal", "catalogue"))]
    told = bool(trouble(desk))
    desk.close(timeout=0.2)
    scene.end()
    scene.disk.release()
    for thread in threads:
        thread.join(LONGEST)
    if hanging and not told and not scene.log.lines:
        scene.broken("nobody was told")
    settle(scene, desk := start(scene))
    close(scene, desk)
    # A write that came back late is in the next part of the event as well.
    check(scene, before, (0, 1, 2) if lone else (0,), twice=True)


def trouble(desk: Desk) -> list[str]:
    """What the user was told."""
    return [
        f"{event.reason} - {event.hint}"
        for event in desk.told
        if isinstance(event, ClipFailed | DiskRanFull)
    ]


def start(scene: Scene) -> Desk:
    """The next recorder."""
    desk = scene.desk()
    desk.open()
    return desk


def settle(scene: Scene, desk: Desk) -> None:
    if not desk.turn_until(lambda: desk.settled):
        scene.broken("it never settled")


def close(scene: Scene, desk: Desk) -> None:
    scene.log.lines += trouble(desk)
    if not desk.close():
        scene.broken("the catalogue's thread did not end")


def rows(scene: Scene) -> dict[str, ClipRecord]:
    with Catalog.open(scene.clips, create=False) as catalog:
        return {clip.clip_id: clip for clip in catalog.clips()}


def check(
    scene: Scene, before: Iterable[str], complete: Iterable[int], *, twice: bool = False
) -> None:
    """Catalogue and disk agree, every clip plays, nothing is lost of complete events."""
    with Catalog.open(scene.clips, create=False) as catalog:
        records = catalog.clips()
        scene.broken(*(f"unlisted: {path.name}" for path in catalog.unlisted()))
    known = {record.clip_id for record in records}
    scene.broken(*(f"finished clip lost: {id_}" for id_ in set(before) - known))
    for record in records:
        if record.open:
            scene.broken(f"{record.file_name} is still {record.state.value}")
        elif (why := trouble_of(record, scene.clips)) and not gone(record):
            scene.broken(f"{record.file_name} {why}")
    there = [record for record in records if not gone(record) and record.sha256]
    drawn = Counter(seq for record in there for seq in shown(record))
    if again := sorted(seq for seq, n in drawn.items() if n > 1 and not twice):
        scene.broken(f"pictures twice: {again}")
    for number in complete:
        if missing := [seq for seq in scene.wanted(number) if not drawn[seq]]:
            scene.broken(f"event {number} lacks {missing}")
    left = sorted(path.name for path in (scene.clips / ".open").glob("*"))
    scene.broken(*(f"left over: {name}" for name in left))
    scene.broken(*(f"descriptor leaked: {path}" for path in descriptors(scene.clips)))


def gone(record: ClipRecord) -> bool:
    """Whether nothing is left of a clip, and the catalogue says so."""
    return record.state is ClipState.FAILED and not (record.path and record.path.exists())


def descriptors(below: Path) -> list[str]:
    """Files below a directory that this process has open."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(link.readlink())
            if target.startswith(str(below)):
                found.append(target)
    return found


SCENARIOS: Final[dict[str, Callable[[Scene], None]]] = {
    "event": event,
    "recovery": recovery,
    "hang": hang,
}


@dataclass(frozen=True)
class Plan:
    """What to run.

    Attributes:
        scenario: A key of `SCENARIOS`.
        where: A directory; the faulty disk is ``clips`` in it.
        modes: Of the faults.
        format: Of the clips.
        codec: What the camera sends.
        most: Faults at most, drawn by chance; 0 for all.
        seed: Of the chance.
        only: Run just this fault.
    """

    scenario: str
    where: str
    modes: Sequence[str] = ("once", "while", "stop")
    format: str = "copy"
    codec: str = "jpeg"
    most: int = 0
    seed: int = 1
    only: dict[str, Any] | None = None


class Show:
    """Runs a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._where = Path(plan.where)
        self._disk = FaultyDisk(self._where / "state")
        if plan.codec == "jpeg":
            self._stream = media.jpeg_format()
            self._pictures = media.jpeg_units(media.jpegs(135))
        else:
            self._stream, units = media.stream_units(Codec(plan.codec), 135, 5, 0)
            self._pictures = list(units)

    def faults(self) -> list[Fault]:
        """All there are, or those that chance has drawn."""
        if self._plan.only is not None:
            return [Fault(**self._plan.only)]
        calls = self.run(Fault((), 0, "EIO")).calls
        faults = [
            Fault((kind.name,), at, error, mode, torn)
            for kind, errors in ERRORS.items()
            for at in range(1, calls[kind] + 1)
            for error in (errors if self._plan.scenario != "hang" else ("hang",))
            for mode in self._plan.modes
            for torn in ((False, True) if kind is Call.WRITE else (False,))
        ]
        if 0 < self._plan.most < len(faults):
            faults = random.Random(self._plan.seed).sample(faults, self._plan.most)
        return faults

    def run(self, fault: Fault) -> Outcome:
        """Let it happen, and see what comes of it."""
        faulthandler.dump_traceback_later(LONGEST, exit=True)
        threads = set(threading.enumerate())
        clips = self._where / "clips"
        shutil.rmtree(clips, ignore_errors=True)
        it = Scene(clips, self._disk, fault, self._stream, self._pictures, self._plan.format)
        log = logging.getLogger("smartrec")
        log.addHandler(it.log)
        try:
            with contextlib.redirect_stderr(it.log):
                SCENARIOS[self._plan.scenario](it)
        except Exception:  # noqa: BLE001 - whatever it is, this fault was not borne
            it.broken(traceback.format_exc())
        finally:
            self._disk.release()
            self._disk.heal()
            log.removeHandler(it.log)
            faulthandler.cancel_dump_traceback_later()
        for thread in set(threading.enumerate()) - threads:
            thread.join(10)
            if thread.is_alive():
                it.broken(f"thread leaked: {thread.name}")
        if it.outcome.broken:
            it.broken(*(f"(told: {line})" for line in it.log.lines[:8]))
        return it.outcome


def main() -> None:
    """Print what became of every fault."""
    logging.lastResort = None
    show = Show(Plan(**json.loads(sys.argv[1])))
    for fault in show.faults():
        outcome = show.run(fault)
        told = {"fault": asdict(fault), "failed": outcome.failed, "broken": outcome.broken}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
