"""Capture and ring only, 720p30 MJPEG: what a camera costs while nothing happens.

Ours is the whole recorder (station, capture, ring) without an event. What makes the pictures is
counted apart, in all three: a camera would do that. The thread that paces them stays counted; it
stands for the driver's.

    .venv/bin/python -m benchmarks.capture [--runs 5]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from benchmarks import measure
from benchmarks.native import by_thread
from smartrec.app.bus import Bus
from smartrec.app.station import Places, Station
from smartrec.clock import SystemClock
from smartrec.config.schema import Config

WARM_S, WINDOW_S = 12.5, 15.0


def ours(path: Path) -> str:
    """The recorder plays the file once, in this process."""
    clock = SystemClock()
    config = Config.model_validate({"camera": [{"source": f"file:{path}"}], **measure.NO_WATCH})
    used: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        clips = Path(place)
        station = Station(config, Places(clips, clips, clips, clips), "", clock, Bus(clock))
        watch = threading.Thread(
            target=lambda: used.update(by_thread(WARM_S, WINDOW_S)), name="benchmark"
        )
        watch.start()
        station.run()
        watch.join()
    return json.dumps({"frames": station.cameras[0].pictures, "cpu": used})


def is_feed(name: str) -> bool:
    """Whether a thread makes pictures: the feeder, and the demuxer and its queues."""
    return name in ("feeder", "benchmark") or name.startswith(
        ("feed:", "matroskademux", "multiqueue", "typefind")
    )


def percent(cpu: dict[str, float]) -> tuple[float, float]:
    """Of a core: the design's own, and the feed's."""
    feed = sum(used for name, used in cpu.items() if is_feed(name))
    return 100 * (sum(cpu.values()) - feed), 100 * feed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", action="store_true", help="show each thread of ours")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ours:
        print(ours(given.ours))
        return
    path = measure.pictures()
    designs = {
        "ours": ["benchmarks.capture", "--ours", str(path)],
        "limit": ["benchmarks.limit", str(path)],
        "usual design": ["benchmarks.usual_design", str(path)],
    }
    own: dict[str, list[float]] = {name: [] for name in designs}
    feed: dict[str, list[float]] = {name: [] for name in designs}
    frames: dict[str, set[int]] = {name: set() for name in designs}
    for run in range(given.runs):
        for name, command in designs.items():
            done = subprocess.run(
                [sys.executable, "-m", *command], stdout=subprocess.PIPE, check=True
            )
            said = json.loads(done.stdout.splitlines()[-1])
            mine, made = percent(said["cpu"])
            own[name].append(mine)
            feed[name].append(made)
            frames[name].add(said["frames"])
            print(f"run {run + 1}  {name}: {mine:.2f} %  (feed {made:.2f} %)", flush=True)
            if given.threads:
                print({key: f"{100 * value:.2f}" for key, value in said["cpu"].items() if value})
    measure.void_unless_equal(frames)
    print("% of a core for one camera")
    for name in designs:
        print(f"  {name:13} {measure.spread(own[name])}   feed {measure.spread(feed[name])}")
    ratios = [a / b for a, b in zip(own["usual design"], own["ours"], strict=True)]
    print(f"  usual design / ours, run by run: {measure.spread(ratios, 1)}")


if __name__ == "__main__":
    main()
