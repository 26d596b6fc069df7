"""One event for 16 cameras at once, 720p30 MJPEG: frames lost, the finishers' backlog, CPU.

    .venv/bin/python -m benchmarks.many [--runs 5] [--cameras 16]

The pictures come from files, which the recorder's process plays too: that costs what capture.py
shows as the feed.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import Recorder, recorder
from smartrec.model import ClipState
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord

IDLE_S = 10


def cpu(pid: int) -> tuple[float, float]:
    """Seconds of the recorder itself, and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own, ended = (int(fields[at]) + int(fields[at + 1]) for at in (11, 13))
    return own / os.sysconf("SC_CLK_TCK"), ended / os.sysconf("SC_CLK_TCK")


def backlog(running: Recorder, begin: float) -> list[tuple[float, int]]:
    """Clips not finished yet, whenever their number changed, until there is none."""
    steps: list[tuple[float, int]] = []
    while not steps or steps[-1][1] or len(steps) < 2:
        time.sleep(0.1)
        waiting = running.status()["finishing"]
        if not steps or steps[-1][1] != waiting:
            steps.append((time.monotonic() - begin, waiting))
    return steps


def clips_of(running: Recorder) -> list[ClipRecord]:
    with Catalog.open(running.clips, create=False) as catalog:
        return catalog.clips()


def event(cameras: int, source: str) -> dict[str, float]:
    """One run: seconds after the trigger, CPU seconds, pictures."""
    with recorder([source] * cameras) as running:
        running.wait_for_ring(12)
        before = cpu(running.pid)
        time.sleep(IDLE_S)
        at_trigger, begin = cpu(running.pid), time.monotonic()
        running.trigger()
        steps = backlog(running, begin)
        after, took = cpu(running.pid), time.monotonic() - begin
        clips = clips_of(running)
    print("backlog:", " ".join(f"{at:.1f}s:{waiting}" for at, waiting in steps))
    wrong = [clip for clip in clips if clip.state is not ClipState.COMPLETE]
    if wrong or len(clips) != cameras:
        sys.exit(f"VOID: {len(clips)} clips, of which {len(wrong)} are not complete")
    return {
        "expected": sum(clip.expected or 0 for clip in clips),
        "written": sum(clip.written or 0 for clip in clips),
        "lost": sum(clip.frames_lost or 0 for clip in clips),
        "last clip finished, s after the last picture": took - 10,
        "idle, % of a core a camera, feed included": (
            100 * (at_trigger[0] - before[0]) / IDLE_S / cameras
        ),
        "recorder during the event, CPU s": after[0] - at_trigger[0],
        "finishers, CPU s": after[1] - at_trigger[1],
        "finishers, pictures a CPU second": (
            sum(clip.written or 0 for clip in clips) / (after[1] - at_trigger[1])
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cameras", type=int, default=16)
    given = parser.parse_args()
    source = f"file:{measure.pictures()}"
    results = []
    for run in range(given.runs):
        results.append(event(given.cameras, source))
        print(f"run {run + 1}:", {k: round(v, 1) for k, v in results[-1].items()}, flush=True)
        if results[-1]["expected"] != results[-1]["written"] + results[-1]["lost"]:
            sys.exit("VOID: pictures are unaccounted for")
    print(f"{given.cameras} cameras, one trigger, {os.cpu_count()} cores")
    for name in results[0]:
        print(f"  {name}: {measure.spread([result[name] for result in results], 1)}")


if __name__ == "__main__":
    main()
