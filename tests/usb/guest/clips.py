"""A recorder of the virtual machine's camera, and what its clips must be."""

import itertools
import time
from dataclasses import dataclass
from typing import Final

from smartrec.model import ClipState, Loss
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.units import SECOND
from tests.e2e.recorder import READY, Home, Recorder
from tests.usb.guest.plug import TIMEOUT, wait_for
from tests.usb.pictures import numbers_in

PRE: Final = 1 * SECOND
POST: Final = 1 * SECOND
LIVE: Final = r"^\w+: \d+x\d+ at"
LOST: Final = r"^\w+: (?:lost|no picture yet): "
_EDGE: Final = SECOND // 2
"""A clip's ends are as far from what was asked as pictures are apart, which varies in here."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A clip that was asked for: its id, and when (CLOCK_MONOTONIC, ns)."""

    clip_id: str
    pts: int


def started(home: Home, *more: str) -> Recorder:
    """A recorder that keeps the camera's own bits; it looks for nobody."""
    lengths = (f"--pre-roll={PRE / SECOND}s", f"--post-roll={POST / SECOND}s")
    running = Recorder(home, ("run", "--format", "copy", *lengths, *more))
    running.wait_for(r"^watching ", TIMEOUT)
    return running


def wait_lost(running: Recorder) -> None:
    """Until every camera is lost; lines that the recorder said a moment ago it holds back."""
    wait_for(lambda: _phases(running) == {"lost"}, f"not lost:\n{running.everything}")


def wait_live(running: Recorder, held: int = PRE) -> None:
    """Until every camera sends, and its ring holds so much (ns)."""
    wait_for(lambda: _phases(running) == {"live"}, f"not live:\n{running.everything}")
    wait_ring(running, held)


def wait_ring(running: Recorder, held: int = PRE) -> None:
    """Until every camera's ring holds so much (ns)."""

    def holds() -> bool:
        return all(camera["ring_s"] * SECOND >= held for camera in running.status()["cameras"])

    wait_for(holds, "a ring does not fill")


def wait_ready(running: Recorder, clips: int = 1) -> None:
    """Until that many further clips are finished and catalogued."""
    for _ in range(clips):
        running.wait_for(READY, TIMEOUT)


def _phases(running: Recorder) -> set[str]:
    return {camera["phase"] for camera in running.status()["cameras"]}


def record(running: Recorder, camera: str | None = None) -> Asked:
    """Have one camera record around this moment."""
    pts = time.monotonic_ns()
    (answer,) = running.command(camera, pts=pts)
    assert answer.clip_id is not None, answer
    return Asked(answer.clip_id, pts)


def finished(home: Home, asked: Asked) -> ClipRecord:
    """What the catalogue says of it."""
    with Catalog.open(home.clips, create=False) as catalog:
        return next(row for row in catalog.clips() if row.clip_id == asked.clip_id)


def exact(running: Recorder, camera: str | None = None) -> ClipRecord:
    """Record now; the clip holds all pictures of its time and no other."""
    asked = record(running, camera)
    wait_ready(running)
    row = finished(running.home, asked)
    assert row.state is ClipState.COMPLETE, row
    whole(row)
    begin, end = asked.pts - PRE, asked.pts + POST
    assert row.first_pts is not None
    assert row.last_pts is not None
    assert begin <= row.first_pts < begin + _EDGE, (row.first_pts - begin) / SECOND
    assert end - _EDGE <= row.last_pts < end, (end - row.last_pts) / SECOND
    return row


def whole(row: ClipRecord) -> list[int]:
    """The camera's numbers of a clip's pictures: each is there, or known to be lost by the driver.

    A guest that is starved loses some in its driver, or parts of them; that must be told to the
    picture.
    """
    assert row.path is not None
    numbers = numbers_in(row.path.read_bytes())
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    assert all(step > 0 for step in steps), numbers
    missing = sum(steps) - len(steps)
    told = row.lost.get(Loss.DRIVER.value, 0) + row.lost.get(Loss.DAMAGED.value, 0)
    assert told == sum(row.lost.values()) >= missing, (row.lost, numbers)  # more: at its edges
    assert (row.expected, row.written) == (len(numbers) + told, len(numbers)), row
    return numbers
