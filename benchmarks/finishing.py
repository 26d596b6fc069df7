"""How soon a clip is there: from its last picture until it is listed, and until it is an MP4.

    .venv/bin/python -m benchmarks.finishing [--clips 20]

With one and with four cameras that record at once. Listed means: with a file that already holds
all pictures, which is counted at that moment.
"""

import argparse
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.measure import Recorder, recorder
from smartrec.errors import StoreError
from smartrec.media.journal import JournalReader
from smartrec.model import ClipState
from smartrec.store.catalog import Catalog


def clips_of_one_event(running: Recorder) -> list[tuple[float, float, int]]:
    """After one trigger for all cameras: ms until listed, ms until finished, pictures lost."""
    known = {record["clip_id"] for record in listed(running)}
    running.trigger()
    shown: dict[str, tuple[float, int]] = {}
    done: dict[str, float] = {}
    while True:
        time.sleep(0.01)
        records, now = [r for r in listed(running) if r["clip_id"] not in known], mono_ms()
        for record in records:
            state, name = ClipState(record["state"]), record["clip_id"]
            if state is not ClipState.RECORDING and name not in shown:
                with suppress(StoreError):  # finished since; the next look shows it
                    shown[name] = (now, playable(record))
            if state not in (ClipState.RECORDING, ClipState.FINISHING):
                done.setdefault(name, now)
        if records and len(done) == len(shown) == len(records):
            return [clip_times(r, shown[r["clip_id"]], done[r["clip_id"]]) for r in records]


def playable(record: dict[str, Any]) -> int:
    """How many pictures the listed file has now."""
    path = Path(record["path"])
    if path.suffix == ".mp4":
        return int(record["frames_written"])
    reader = JournalReader(path)
    head = reader.head
    return sum(head.start <= unit.pts < head.end for unit in reader.read())


def clip_times(
    record: dict[str, Any], shown: tuple[float, int], done: float
) -> tuple[float, float, int]:
    last = record["last_pts"] / 1e6
    assert record["state"] == "complete", record
    assert Path(record["path"]).stat().st_size == record["bytes"]
    assert record["frames_written"] == shown[1], "VOID: it was listed before it was whole"
    return shown[0] - last, done - last, record["frames_lost"]


def listed(running: Recorder) -> list[dict[str, Any]]:
    with Catalog.open(running.clips, create=False) as catalog:
        return [record.as_json() for record in catalog.clips()]


def mono_ms() -> float:
    return time.monotonic_ns() / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=20)
    given = parser.parse_args()
    source = f"file:{measure.pictures()}"
    for cameras in (1, 4):
        with recorder([source] * cameras) as running:
            running.wait_for_ring(10.5)
            times: list[tuple[float, float, int]] = []
            while len(times) < given.clips:
                times += clips_of_one_event(running)
        print(f"{cameras} camera(s): {sum(lost for *_, lost in times)} pictures lost")
        measure.say("  last picture -> listed and playable", [shown for shown, *_ in times])
        measure.say("  last picture -> finished MP4", [done for _, done, _ in times])


if __name__ == "__main__":
    main()
