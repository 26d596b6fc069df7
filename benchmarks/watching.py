"""Detection while nothing is recorded, 720p30 MJPEG, no window: beside the limit and the usual.

    .venv/bin/python -m benchmarks.watching [--runs 5] [--still]

Ours is the whole recorder and its watch. Somebody walks all the time, so that every look asks the
model; with --still the hall is empty and the motion gate shut (ours only). Triggers are off. What
makes the pictures is counted apart, as in capture.py. The model's own time is the CPU time of the
thread that runs it, measured around the run in all three; ours by watch_child.py.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.capture import is_feed
from benchmarks.watch_child import COUNTS
from smartrec.app import watch
from smartrec.app.bus import Bus
from smartrec.app.station import Places, Station
from smartrec.clock import SystemClock
from smartrec.config.schema import Config

WARM_S, WINDOW_S = 12.5, 15.0

Runs = dict[str, list[dict[str, float]]]


def ours(path: Path) -> str:
    """The recorder plays the file once, in this process; its watch is a child as always."""
    clock = SystemClock()
    config = Config.model_validate(
        {
            "camera": [{"source": f"file:{path}"}],
            "trigger": {"person": False},
            "screen": {"show": "off"},
        }
    )
    said: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as place:
        clips = Path(place)
        told = clips / "told"
        os.environ["SMARTREC_BENCHMARK_TOLD"] = str(told)
        child = (sys.executable, "-m", "benchmarks.watch_child")
        setattr(watch, "_COMMAND", child)  # noqa: B010 - it is final to all others
        station = Station(config, Places(clips, clips, clips, clips), "", clock, Bus(clock))

        def counts() -> Mapping[str, int]:
            data = told.read_bytes()
            names = json.loads(data[COUNTS.size :])
            child = dict(zip(("looks", "model_ns"), COUNTS.unpack_from(data), strict=True))
            for tid, (_, ns) in measure.threads(int(str(station.watching.status()["pid"]))).items():
                name = "watch: " + names.get(str(tid), "others")
                child[name] = child.get(name, 0) + ns
            return child

        benchmark = threading.Thread(
            target=lambda: said.update(measure.window(WARM_S, WINDOW_S, counts)), name="benchmark"
        )
        benchmark.start()
        station.run()
        benchmark.join()
        said["frames"] = station.cameras[0].pictures
    for name in [name for name in said["counts"] if name.startswith("watch: ")]:
        said["cpu"][name] = said["counts"].pop(name) / 1e9 / said["window_s"]
    return json.dumps(said)


def percent(said: Mapping[str, Any]) -> dict[str, float]:
    """Of a core, of one run."""
    feed = sum(used for name, used in said["cpu"].items() if is_feed(name))
    whole = sum(said["cpu"].values()) - feed
    model = said["counts"]["model_ns"] / 1e9 / said["window_s"]
    return {"whole": 100 * whole, "model": 100 * model, "rest": 100 * (whole - model)}


def run_one(command: list[str]) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", *command], stdout=subprocess.PIPE, check=True)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def show(said: Mapping[str, Any]) -> None:
    """Each thread of a run."""
    print({k: f"{100 * v:.2f}" for k, v in sorted(said["cpu"].items()) if v > 1e-4})


def measure_all(designs: Mapping[str, list[str]], runs: int, *, threads: bool) -> Runs:
    """All designs in turn; ends the benchmark where they did not do the same."""
    found: Runs = {name: [] for name in designs}
    frames: dict[str, set[int]] = {name: set() for name in designs}
    for run in range(runs):
        looks = {}
        for name, command in designs.items():
            said = run_one(command)
            looks[name] = said["counts"]["looks"]
            found[name].append(percent(said))
            frames[name].add(said["frames"])
            rounded = {key: round(value, 2) for key, value in found[name][-1].items()}
            print(f"run {run + 1}  {name}: {rounded} % of a core, {looks[name]} looks", flush=True)
            if threads:
                show(said)
        if max(looks.values()) - min(looks.values()) > 1:
            sys.exit(f"VOID: looks are not equal: {looks}")
    measure.void_unless_equal(frames)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--still", action="store_true", help="an empty hall, ours only")
    parser.add_argument("--threads", action="store_true", help="show each thread")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ours:
        print(ours(given.ours))
        return
    path = str(measure.empty() if given.still else measure.walking())
    designs = {"ours": ["benchmarks.watching", "--ours", path]}
    if not given.still:
        designs["limit"] = ["benchmarks.watch_limit", path]
        designs["usual design"] = ["benchmarks.watch_usual", path]
    runs = measure_all(designs, given.runs, threads=given.threads)
    print("% of a core for one camera")
    for name, each in runs.items():
        for part in ("whole", "model", "rest"):
            print(f"  {name:13} {part:6} {measure.spread([one[part] for one in each])}")
    if not given.still:
        ratios(runs)


def ratios(runs: Runs) -> None:
    """Run by run."""
    mine, limit, usual = runs["ours"], runs["limit"], runs["usual design"]
    whole = [a["whole"] / b["whole"] for a, b in zip(mine, limit, strict=True)]
    rest = [a["rest"] / b["rest"] for a, b in zip(mine, usual, strict=True)]
    print(f"  ours / limit: {measure.spread(whole)}; target 1.25")
    print(f"  all but the model, ours / usual design: {measure.spread(rest)}; target 0.25")


if __name__ == "__main__":
    main()
