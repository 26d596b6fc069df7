"""Many cameras in which somebody walks, 720p30 MJPEG, five looks a second wanted of each.

    .venv/bin/python -m benchmarks.watch_many [--cameras 1 2 4 8 16]

Looks a second and camera before an event and within it, from what the catalogue keeps of each clip;
the watch's CPU before it. One trigger for all, 10 s before and 10 s after it: every clip must have
every picture. The pictures come from files, which the recorder's process plays too.
"""

import argparse
import os
import statistics
import sys
import time

from benchmarks import measure
from benchmarks.many import backlog
from benchmarks.measure import Recorder, recorder
from smartrec.model import ClipState
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.units import SECOND

IDLE_S, ROLL_S = 10, 10
LOOKS_KEPT_S = 5
"""After a clip's end, until the last of its looks is in the catalogue."""
WATCHED: measure.Tables = {
    "trigger": {"person": False},
    "screen": {"show": "off"},
}


def percent(pids: list[int], seconds: float) -> list[float]:
    """Of a core, of each process."""
    begin, before = time.monotonic(), [measure.cpu_ns(pid) for pid in pids]
    time.sleep(seconds)
    spent = time.monotonic() - begin
    return [
        100 * (measure.cpu_ns(pid) - ns) / 1e9 / spent for pid, ns in zip(pids, before, strict=True)
    ]


def clips_of(running: Recorder) -> list[tuple[ClipRecord, list[float]]]:
    """Each clip, and when it was looked at: seconds from its trigger."""
    with Catalog.open(running.clips, create=False) as catalog:
        clips = [(clip, catalog.looks(clip.clip_id)) for clip in catalog.clips()]
    return [
        (clip, [(look.pts - clip.triggers[0].pts) / SECOND for look in looks])
        for clip, looks in clips
    ]


def rates(clips: list[tuple[ClipRecord, list[float]]], begin: float, end: float) -> str:
    """Looks a second of the cameras between two times from the trigger."""
    each = [sum(begin <= at < end for at in looks) / (end - begin) for _, looks in clips]
    return f"{min(each):.2f} {statistics.median(each):.2f} {max(each):.2f}"


def event(cameras: int, source: str) -> None:
    """One size."""
    with recorder([source] * cameras, tables=WATCHED) as running:
        running.wait_for_ring(12)
        own, watch = percent([running.pid, running.status()["watch"]["pid"]], IDLE_S)
        begin = time.monotonic()
        running.trigger()
        finished = backlog(running, begin)[-1][0]
        time.sleep(LOOKS_KEPT_S)
        clips = clips_of(running)
    wrong = [clip for clip, _ in clips if clip.state is not ClipState.COMPLETE]
    if wrong or len(clips) != cameras:
        sys.exit(f"VOID: {len(clips)} clips, of which {len(wrong)} are not complete")
    expected = sum(clip.expected or 0 for clip, _ in clips)
    written = sum(clip.written or 0 for clip, _ in clips)
    print(
        f"{cameras:7}  {rates(clips, -ROLL_S, 0):>16}  {rates(clips, 0, ROLL_S):>16}"
        f"  {watch:7.0f} %  {own:7.0f} %  {written} of {expected}, {finished - ROLL_S:.0f} s",
        flush=True,
    )
    if written != expected:
        sys.exit("a picture was lost")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, nargs="*", default=[1, 2, 4, 8, 16])
    given = parser.parse_args()
    source = f"file:{measure.walking()}"
    print(f"{os.cpu_count()} cores; looks a second and camera: lowest, median, highest")
    print("cameras    before an event        within it     watch   recorder  pictures, last clip")
    for cameras in given.cameras:
        event(cameras, source)


if __name__ == "__main__":
    main()
