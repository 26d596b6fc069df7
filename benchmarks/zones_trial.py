"""Zones tried on a day of clips: how long somebody who draws waits for what they would have kept.

    .venv/bin/python -m benchmarks.zones_trial [--clips 300] [--times 20]

The clips are those of tests/store/walks.py: 24 s each, looked at five times a second, a person in
most. Each time the zones are others, as while a corner is dragged. Said is how long the catalogue's
thread works (median, 95th percentile) and its own processor time (median): the first time, when
looks are read and unpacked, and again. Then over the API of a real page, all pages of the answer.
"""

import argparse
import json
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.store.clips import WALL
from tests.store.walks import fill_walks
from tests.web.child import Child, setup
from tests.web.recorder import Behind

from benchmarks.measure import p95
from smartrec.detection.presence import Rules
from smartrec.detection.zones import Zone
from smartrec.store.catalog import Catalog
from smartrec.units import SECOND, Ns
from smartrec.web.trials import Trials, Wanted

DAY_MS = 86_400_000
RULES = Rules(0.5, 2, 3, 0.1, 0.0, Ns(0), Ns(60 * SECOND))


def zones(number: int, corners: int) -> tuple[Zone, ...]:
    """Two that overlap, the first a little elsewhere each time."""
    around = [2 * math.pi * n / corners for n in range(corners)]
    x = 0.3 + 0.002 * number
    ring = tuple((x + 0.25 * math.cos(a), 0.7 + 0.25 * math.sin(a)) for a in around)
    street = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.6), (0.0, 0.6))
    return Zone("hall", ring), Zone("street", street, kind="exclude")


def timed(times: int, question: Callable[[int], object]) -> str:
    """How long it takes."""
    waited, worked = [], []
    for number in range(times):
        wall, own = time.perf_counter_ns(), time.thread_time_ns()
        question(number)
        waited.append((time.perf_counter_ns() - wall) / 1e6)
        worked.append((time.thread_time_ns() - own) / 1e6)
    median, own_time = statistics.median(waited), statistics.median(worked)
    return f"p50 {median:.0f} ms, p95 {p95(waited):.0f} ms, of the processor {own_time:.0f} ms"


def tried(directory: Path, times: int) -> None:
    """By the thread that does it."""
    with Catalog.open(directory, create=False) as catalog:

        def ask(trials: Trials, number: int, corners: int) -> None:
            wanted = Wanted("cam0", 0, 2**62, None, RULES, zones(number, corners))
            trials.tried(catalog, wanted)

        first = timed(times, lambda n: ask(Trials(directory, page=math.inf), n, 12))
        print(f"first time: {first}", flush=True)
        warm = Trials(directory, page=math.inf)
        ask(warm, 0, 12)
        for corners in (4, 12, 200):
            again = timed(times, lambda n, corners=corners: ask(warm, n, corners))  # type: ignore[misc]
            print(f"again, a zone of {corners} corners: {again}", flush=True)


def over_api(behind: Behind, times: int) -> str:
    """By a browser's request, and as many as it takes."""
    pages, size = 0, 0

    def ask(number: int) -> None:
        nonlocal pages, size
        drawn = [
            {"polygon": each.polygon, "kind": each.kind, "name": each.name}
            for each in zones(number, 12)
        ]
        now = WALL // 1_000_000
        asked = {"camera": "cam0", "zones": drawn, "from_ms": now - DAY_MS, "to_ms": now}
        cursor: str | None = None
        while True:
            reply = behind.send("zones/trial", {**asked, "cursor": cursor})
            assert reply.status == 200, reply
            pages, size = pages + 1, size + len(reply.body)
            cursor = json.loads(reply.body)["cursor"]
            if cursor is None:
                return

    ask(0)
    pages = size = 0
    told = timed(times, ask)
    return f"{told}, {pages / times:.1f} pages, {size / times / 1000:.0f} kB"


def main() -> None:
    """Ask all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        made = setup(Path(name))
        fill_walks(Path(made.clips), given.clips)
        tried(Path(made.clips), given.times)
        with Child(made) as page, Behind(page).listening() as behind:
            print(f"over the API: {over_api(behind, given.times)}")
    print("load average:", *os.getloadavg())


if __name__ == "__main__":
    main()
