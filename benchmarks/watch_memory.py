"""Memory with the watch: PSS of recorder and watch less the ring, 720p30 MJPEG, model built in.

    .venv/bin/python -m benchmarks.watch_memory [--runs 3] [--minutes 2] [--screen]

Somebody walks all the time and nothing is recorded. With --screen the pictures are shown on an Xvfb
as well. The file's share is what memory.py says of it.
"""

import argparse
import os
import statistics
import time

from benchmarks import measure
from benchmarks.measure import Recorder, recorder
from benchmarks.memory import without_ring
from benchmarks.watch_latency import x_server

QUIET: measure.Tables = {"trigger": {"person": False}}
HEADLESS: measure.Tables = {**QUIET, "screen": {"show": "off"}}


def looked(running: Recorder, minutes: float) -> tuple[float, float, float]:
    """MB of all and of the watch alone, and what the file holds ready, after a while."""
    running.wait_for_ring(11.9)
    time.sleep(60 * minutes)
    found = []
    for _ in range(5):
        status = running.status()
        assert status["watch"]["starts"] == 1, "VOID: the watch was started again"
        assert status["watch"]["engine"] == "onnx", "VOID: nobody is looked for"
        found.append((*without_ring(running), measure.pss_mb(status["watch"]["pid"])))
        time.sleep(0.5)
    whole, ready, watch = (statistics.median(each) for each in zip(*found, strict=True))
    return whole, watch, ready


def run_all(runs: int, minutes: float, tables: measure.Tables) -> None:
    """As often, and say it."""
    results = []
    for run in range(runs):
        with recorder([f"file:{measure.walking()}"], tables=tables) as running:
            results.append(looked(running, minutes))
        print(f"run {run + 1}:", " ".join(f"{mb:.1f}" for mb in results[-1]), flush=True)
    for name, values in zip(
        ("whole", "of it the watch", "of it made ready by the file"),
        zip(*results, strict=True),
        strict=True,
    ):
        print(f"  {name:30} {measure.spread(values, 1)} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--screen", action="store_true")
    given = parser.parse_args()
    if not given.screen:
        run_all(given.runs, given.minutes, HEADLESS)
        return
    with x_server() as name:
        os.environ.update(DISPLAY=name, WAYLAND_DISPLAY="", XAUTHORITY="")
        run_all(given.runs, given.minutes, QUIET)


if __name__ == "__main__":
    main()
