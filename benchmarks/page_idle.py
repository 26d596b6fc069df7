"""What a page costs at which nobody looks, and whether cameras come later for it.

    .venv/bin/python -m benchmarks.page_idle [--runs 5] [--seconds 30] [--starts 10]

A recorder of two 720p30 MJPEG cameras with the page and one without follow each other. The station
is the recorder's main thread, which owns all cameras. A start is timed from the program's until the
recorder says that a camera sends pictures.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import recorder, say, spread

CAMERAS = 2
LIVE = re.compile(rb"cam\d+: \d+x\d+")
SERVED_S = 5.0
"""By then the page is there, and asks for nothing more."""


def tables(*, page: bool) -> measure.Tables:
    return {**measure.NO_WATCH, "web": {"enabled": page, "port": 0}}


def costs(*, page: bool, seconds: float) -> dict[str, float]:
    """Percent of a core by part, and the page's memory in MB."""
    source = f"file:{measure.pictures()}"
    with recorder([source] * CAMERAS, tables=tables(page=page)) as running:
        running.wait_for_ring(11.9)
        time.sleep(SERVED_S)
        children = measure.tree(running.pid)[1:]
        before, at = used(running.pid, children), time.monotonic()
        time.sleep(seconds)
        after, spent = used(running.pid, children), time.monotonic() - at
        found = {name: (after[name] - before[name]) / spent / 1e7 for name in before}
        found["page's memory, MB"] = sum(measure.pss_mb(child) for child in children)
        return found


def used(pid: int, children: list[int]) -> dict[str, int]:
    """CPU time by part, in ns."""
    own = {tid: ns for tid, (_, ns) in measure.threads(pid).items()}
    return {
        "station": own[pid],
        "recorder": sum(own.values()),
        "page": sum(measure.cpu_ns(child) for child in children),
    }


def begun(*, page: bool) -> list[float]:
    """Milliseconds until each camera is there."""
    with tempfile.TemporaryDirectory(prefix="smartrec-benchmark-") as place:
        settings = Path(place) / "smartrec.toml"
        served = "true" if page else "false"
        camera = '[[camera]]\nsource = "demo"\n' * CAMERAS
        settings.write_text(f"[web]\nenabled = {served}\nport = 0\n{camera}")
        command = [sys.executable, "-m", "smartrec", "run", "--headless", "--config", str(settings)]
        at = time.monotonic()
        with subprocess.Popen(
            [*command, "--clips", str(Path(place) / "clips")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            came: list[float] = []
            while len(came) < CAMERAS and (line := process.stdout.readline()):
                if LIVE.match(line):
                    came.append(1000 * (time.monotonic() - at))
            process.terminate()
            process.stdout.read()
        return came


def time_starts(times: int) -> None:
    """Say when cameras come, with a page and without."""
    for page in (True, False):
        begun(page=page)  # files are read once before they are timed
    starts: dict[str, list[list[float]]] = {"without": [], "with": []}
    for _ in range(times):
        for name, found in starts.items():
            found.append(begun(page=name == "with"))
    for at, which in enumerate(("first", "second")):
        for name, found in starts.items():
            say(f"{which} camera, {name} page", [came[at] for came in found])


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--starts", type=int, default=10)
    given = options.parse_args()
    time_starts(given.starts)
    without: list[dict[str, float]] = []
    beside: list[dict[str, float]] = []
    for _ in range(given.runs):
        without.append(costs(page=False, seconds=given.seconds))
        beside.append(costs(page=True, seconds=given.seconds))
    for name, runs in (("without", without), ("with", beside)):
        for part in runs[0]:
            unit = "" if part.endswith("MB") else " % of a core"
            print(f"{name} page, {part}{unit}: {spread([run[part] for run in runs])}")
    more = [w["station"] - o["station"] for w, o in zip(beside, without, strict=True)]
    print(f"the station needs more by % of a core: {spread(more)}")


if __name__ == "__main__":
    main()
