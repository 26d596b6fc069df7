"""Runs in a process of its own, whose disk is faulty: deletions that fail or end at every call.

    python -m tests.faults.deletion_points '{"where": ..., "state": ..., "kills": true, "every": 1}'

Six clips are there, the oldest pinned, and three go. A child does it, and its K-th call of a kind
fails (once, or from then on) or is its last: it is killed there. Then another child starts on what
is left, with a disk that is well. Prints a line of JSON for each fault.
"""

import errno
import hashlib
import json
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from smartrec.app.housekeeping import Housekeeping
from smartrec.app.mounts import Disk
from smartrec.cli.clips import trouble_of
from smartrec.clock import SystemClock
from smartrec.errors import StoreError
from smartrec.recording.retention import Limit, Limits
from smartrec.store import keeping
from smartrec.store.catalog import Catalog
from smartrec.store.database import FILE_NAME
from tests.faults.faulty_disk import CHANGING, FOR_EVER, Call, FaultyDisk
from tests.store.clips import closed, done, head

CLIPS: Final = 6
SIZE: Final = 1000
CONTENT: Final = bytes(SIZE)
LIMITS: Final = Limits(Limit(max_bytes=3 * SIZE))
KEPT: Final = ["event-0", "event-4", "event-5"]
ERRORS: Final = {
    Call.WRITE: (errno.ENOSPC, errno.EIO),
    Call.SYNC: (errno.EIO, errno.ENOSPC),
    Call.CREATE: (errno.ENOSPC, errno.EROFS),
    Call.TRUNCATE: (errno.EIO,),
    Call.UNLINK: (errno.EIO, errno.EROFS, errno.EPERM),
    Call.LOOK: (errno.EIO,),
    Call.READ: (errno.EIO,),
}
LONGEST: Final = 60.0


def furnish(directory: Path) -> None:
    """Clips as an earlier run left them, and a film that somebody put beside them."""
    with Catalog.open(directory, create=True) as catalog:
        for n in range(CLIPS):
            made = done(directory, head(n), bytes=SIZE, sha256=hashlib.sha256(CONTENT).hexdigest())
            Path(made.path).write_bytes(CONTENT)
            catalog.finished(closed(head(n)), made)
        keeping.pin(catalog, head(0).clip_id, pinned=True)
    (directory / "holiday.mp4").write_bytes(bytes(SIZE))


def tidy(directory: Path) -> None:
    """What a recorder does of it: open, finish what was begun, look twice."""
    house = Housekeeping(LIMITS, [Disk(directory)], SystemClock(), lambda _: None)
    with suppress(StoreError, OSError), Catalog.open(directory, create=True) as catalog:
        house.begin(catalog)
        for _ in range(2):
            house.changed()
            with suppress(StoreError, OSError):
                while house.look(catalog):
                    pass


def broken(directory: Path, *, at_rest: bool) -> list[str]:
    """What is not as promised: at any moment, and when a recorder has started again."""
    with Catalog.open(directory, create=False) as catalog:
        clips = catalog.clips()
        wrong = [f"{c.event_id}: {why}" for c in clips if (why := trouble_of(c, directory))]
        events = [clip.event_id for clip in clips]
        wrong += [f"lost: {event}" for event in KEPT if event not in events]
        if not at_rest:
            return wrong
        rows = {path.name for c in clips for path in (c.path, c.thumbnail) if path is not None}
    there = {path.name for path in directory.iterdir() if not path.name.startswith(FILE_NAME)}
    if events != KEPT:
        wrong.append(f"kept: {events}")
    if there != rows | {"holiday.mp4"}:
        wrong.append(f"files without rows: {sorted(there - rows)}")
    return wrong


@dataclass(frozen=True)
class Scene:
    """What is done in a clip directory, and what is looked at then."""

    furnish: Callable[[Path], None]
    work: Callable[[Path], None]
    broken: Callable[..., list[str]]


class Show:
    """One fault after another, each in a copy of the same directory."""

    def __init__(self, where: Path, state: Path, scene: Scene) -> None:
        self._template = where.with_name(f"{where.name}-whole")
        self._where = where
        self._disk = FaultyDisk(state)
        self._scene = scene
        scene.furnish(self._template)

    def count(self) -> dict[Call, int]:
        """How many calls of each kind all of it takes."""
        self._begin_anew()
        self._disk.heal()
        self._work()
        calls = self._disk.calls
        if wrong := self._scene.broken(self._where, at_rest=True):
            raise AssertionError(wrong)
        return calls

    def fail(self, kind: Call, at: int, error: int, times: int) -> list[str]:
        """A call fails, and perhaps all of its kind behind it."""
        self._begin_anew()
        self._disk.fail((kind,), at, error, times=times)
        self._work()
        return self._aftermath(unmarked=error == errno.ENOSPC)

    def kill(self, at: int) -> list[str]:
        """A call that changes something is the last."""
        self._begin_anew()
        self._disk.hang(CHANGING, at)
        self._work()
        return self._aftermath(unmarked=False)

    def _aftermath(self, *, unmarked: bool) -> list[str]:
        self._disk.heal()
        wrong = self._scene.broken(self._where, at_rest=False)
        if unmarked:  # a full disk that stays full: a file may go before its row
            wrong = [each for each in wrong if "file is not there" not in each]
        self._work()
        later = self._scene.broken(self._where, at_rest=True)
        return [*wrong, *(f"later: {each}" for each in later)]

    def _begin_anew(self) -> None:
        self._disk.heal()
        shutil.rmtree(self._where, ignore_errors=True)
        shutil.copytree(self._template, self._where)

    def _work(self) -> None:
        """Do it in a child; kill that where it hangs."""
        hanging = self._disk.hanging
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                self._scene.work(self._where)
                status = 0
            finally:
                sys.stderr.flush()
                os._exit(status)
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                assert status in (0, signal.SIGKILL), f"the child ended with status {status}"
                return
            if self._disk.hanging > hanging:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.001)
        os.kill(pid, signal.SIGKILL)
        raise AssertionError("it takes too long")


def faults(show: Show, *, kills: bool) -> Iterator[tuple[str, Callable[[], list[str]]]]:
    """Each fault in words, and how to learn what it breaks."""
    calls = show.count()
    if kills:
        for at in range(1, sum(calls[kind] for kind in CHANGING) + 1):
            yield f"killed at call {at}", partial(show.kill, at)
        return
    for kind, errors in ERRORS.items():
        for error in errors:
            for times in (1, FOR_EVER):
                for at in range(1, calls[kind] + 1):
                    what = f"{kind.name} {at} {errno.errorcode[error]}{' on' * (times > 1)}"
                    yield what, partial(show.fail, kind, at, error, times)


def main(scene: Scene) -> None:
    """Print what became of every fault."""
    logging.lastResort = None
    plan = json.loads(sys.argv[1])
    show = Show(Path(plan["where"]), Path(plan["state"]), scene)
    for what, tried in islice(faults(show, kills=plan["kills"]), 0, None, plan["every"]):
        sys.stdout.write(json.dumps({"fault": what, "broken": tried()}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Scene(furnish, tidy, broken))
