"""Memory of the recorder and its encoders: PSS of all processes less the ring, at 720p30 MJPEG.

    .venv/bin/python -m benchmarks.memory [--minutes 3] [--runs 5]

A file that plays as a camera holds 2.5 s of pictures ready, which a camera would not: they are
estimated from the ring's rate and shown apart. Flat: after each event, once its clip is finished.
"""

import argparse
import statistics
import time

from benchmarks import measure
from benchmarks.measure import Recorder, recorder
from smartrec.media.feed import LEAD
from smartrec.store.catalog import Catalog

FURTHER = 3


def without_ring(running: Recorder) -> tuple[float, float]:
    """MB of all processes less the rings, and what the feeds hold ready."""
    pss = sum(measure.pss_mb(pid) for pid in measure.tree(running.pid))
    cameras = running.status()["cameras"]
    ring = sum(camera["ring_bytes"] for camera in cameras) / 1e6
    ready = sum(c["ring_bytes"] / c["ring_s"] for c in cameras) / 1e6 * LEAD / 1e9
    return pss - ring, ready


def is_idle(running: Recorder) -> bool:
    status = running.status()
    return not status["finishing"] and not any(c["recording"] for c in status["cameras"])


def idle(running: Recorder) -> tuple[float, float]:
    """When nothing happens: the median of a few looks."""
    looks = []
    for _ in range(5):
        looks.append(without_ring(running))
        time.sleep(0.5)
    return statistics.median(mb for mb, _ in looks), statistics.median(mb for _, mb in looks)


def one_event(running: Recorder) -> float:
    """The most memory while one clip is recorded and encoded."""
    running.trigger()
    most = 0.0
    while True:
        most = max(most, without_ring(running)[0])
        if is_idle(running):
            return most
        time.sleep(0.1)


def flat(running: Recorder, minutes: float) -> None:
    """Events one after another; what is left after each."""
    begin, points = time.monotonic(), list[tuple[float, float]]()
    while (at := time.monotonic() - begin) < 60 * minutes or len(points) < 3:
        one_event(running)
        time.sleep(0.5)
        points.append((at / 60, without_ring(running)[0]))
    with Catalog.open(running.clips, create=False) as catalog:
        clips = catalog.clips()
        lost, written = sum(c.frames_lost or 0 for c in clips), sum(c.written or 0 for c in clips)
    print(f"{len(points)} events in {points[-1][0]:.1f} min: {written} frames, {lost} lost")
    for name, some in (("all", points), ("second half", points[len(points) // 2 :])):
        line = statistics.linear_regression(*zip(*some, strict=True))
        first, last = some[0][1], some[-1][1]
        print(f"  {name}: {line.slope:+.3f} MB a minute, {first:.1f} MB -> {last:.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=3)
    given = parser.parse_args()
    source = f"file:{measure.pictures()}"
    alone, ready, more, encoder = [], [], [], []
    for run in range(given.runs):
        with recorder([source], post_roll="3s") as running:
            running.wait_for_ring(11.9)
            mb, held = idle(running)
            alone.append(mb)
            ready.append(held)
            encoder.append(one_event(running) - mb)
        with recorder([source] * (1 + FURTHER)) as running:
            running.wait_for_ring(11.9)
            more.append((idle(running)[0] - mb) / FURTHER)
        print(f"run {run + 1}: {mb:.1f} + {more[-1]:.1f} + {encoder[-1]:.1f} MB", flush=True)
    print("MB, the ring not counted")
    print(f"  idle, one camera       {measure.spread(alone, 1)}")
    print(f"  per further camera     {measure.spread(more, 1)}")
    print(f"  per running encoder    {measure.spread(encoder, 1)}")
    print(f"  of a camera's, made ready by the file: {measure.spread(ready, 1)}")
    if given.minutes:
        with recorder([source], post_roll="2s") as running:
            running.wait_for_ring(11.9)
            flat(running, given.minutes)


if __name__ == "__main__":
    main()
