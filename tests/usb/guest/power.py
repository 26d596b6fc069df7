"""Records to the virtual machine's disk until the power goes; says all the while what it did.

    python -m tests.usb.guest.power [--once]

First it says what the disk holds once the recorder has seen to it, as JSON behind ``found``. Then
it records events without end, or one: ``asked CLIP PTS``, what the recorder says behind ``said``,
and the time behind ``now`` every few milliseconds, so that the host knows when it cut.
"""

import json
import sys
import time
from typing import Any, Final

from smartrec.model import Loss
from smartrec.store.catalog import Catalog
from smartrec.store.files import sha256
from smartrec.store.record import ClipRecord
from smartrec.units import MILLISECOND, SECOND
from tests.e2e.recorder import Home, Recorder, environment, pause_until
from tests.usb.guest.clips import (
    record,
    started,
    wait_live,
    wait_ready,
    wait_ring,
)
from tests.usb.guest.plug import Plug, wait_for
from tests.usb.machine import DISK
from tests.usb.pictures import numbers_in

POST: Final = 2 * SECOND
BETWEEN: Final = 3 * SECOND
"""From the end of one event to the next: its clip is finished then, or nearly so."""
_BEAT: Final = 20 * MILLISECOND


class _Speaker:
    """Passes on what the recorder says, and tells the time."""

    def __init__(self, running: Recorder) -> None:
        self._running = running
        self._told = 0

    def until(self, mono_ns: int) -> None:
        while (now := time.monotonic_ns()) < mono_ns:
            new = self._running.said[self._told :]
            self._told += len(new)
            say(*(f"said {line}" for line in new), f"now {now}")
            pause_until(now + _BEAT)


def main() -> None:
    """Start, look, record."""
    once = "--once" in sys.argv
    environ = environment(DISK / "run", DISK / "state", DISK / "cache")
    home = Home(DISK / "clips", environ)
    Plug().wait_node()
    with started(home, "--post-roll", f"{POST / SECOND}s") as running:
        wait_live(running, held=0)
        wait_for(lambda: _settled(home), "what was left is not finished")
        say("found " + json.dumps(_found(home)))
        wait_ring(running)
        speaker = _Speaker(running)
        while True:
            asked = record(running)
            say(f"asked {asked.clip_id} {asked.pts}")
            speaker.until(asked.pts + POST + BETWEEN)
            if once:
                break
        wait_ready(running)
        running.stop()
    say("found " + json.dumps(_found(home)), home.run("clips", "verify"))


def say(*lines: str) -> None:
    """To the host, at once."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _settled(home: Home) -> bool:
    with Catalog.open(home.clips, create=False) as catalog:
        return not home.left_over() and not any(row.open for row in catalog.clips())


def _found(home: Home) -> dict[str, Any]:
    """The catalogue's clips with what their files hold, and all files."""
    with Catalog.open(home.clips, create=False) as catalog:
        rows = [_row(row) for row in catalog.clips()]
    files = sorted(str(path) for path in home.clips.glob("*.mkv"))
    return {"clips": rows, "files": files, "left": home.left_over()}


def _row(row: ClipRecord) -> dict[str, Any]:
    told: dict[str, Any] = {
        "clip": row.clip_id,
        "state": row.state.value,
        "path": row.path and str(row.path),
    }
    told |= {"first": row.first_pts, "last": row.last_pts, "written": row.written}
    told["lost"] = row.lost.get(Loss.DRIVER.value, 0) + row.lost.get(Loss.DAMAGED.value, 0)
    if row.path is None or not row.path.exists():
        return {**told, "numbers": [], "sha256": "", "proven": row.sha256}
    data = row.path.read_bytes()
    return {**told, "numbers": numbers_in(data), "sha256": sha256(row.path), "proven": row.sha256}


if __name__ == "__main__":
    main()
