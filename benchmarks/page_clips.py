"""The page's clips: a day among 100,000, a new clip on an open page, and what the page weighs.

    .venv/bin/python -m benchmarks.page_clips [--clips 100000] [--requests 100] [--trials 10]

The catalogue is that of tests/store/large.py: three cameras, 90 days, more by day than by night. A
day view is what the page asks for when it shows a day: its timeline, the newest clips of it, and
what there is to filter by; one request after another, on one connection, over loopback. Each day is
drawn anew by lot, the first answer counts like the others. In the browser a clip is visible when
its card says that it is finished, and has its picture.
"""

import argparse
import gzip
import http.client
import json
import os
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page
from tests.store import large
from tests.web.browser.numbers import clock_ahead
from tests.web.child import Child, setup

from benchmarks import measure
from benchmarks.measure import say
from benchmarks.page import chromium, with_page
from smartrec.clock import SystemClock
from smartrec.web.assets import load

DAY_MS = 86_400_000
BINS = 288
"""Five minutes each, of a day."""


class Client:
    """One connection that stays, as a browser's; times every answer.

    Attributes:
        took: Milliseconds until the whole answer was there, by name.
    """

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.took: dict[str, list[float]] = {}
        self.bytes: dict[str, list[int]] = {}

    def get(self, name: str, path: str, **query: object) -> dict[str, Any]:
        asked = f"/api/v1/{path}?{urlencode(query)}" if query else f"/api/v1/{path}"
        begin = time.perf_counter_ns()
        self._connection.request("GET", asked, headers={"Accept-Encoding": "gzip"})
        answer = self._connection.getresponse()
        body = answer.read()
        self.took.setdefault(name, []).append((time.perf_counter_ns() - begin) / 1e6)
        self.bytes.setdefault(name, []).append(len(body))
        plain = gzip.decompress(body) if answer.getheader("content-encoding") == "gzip" else body
        assert answer.status == 200, plain
        told: dict[str, Any] = json.loads(plain)
        return told


@contextmanager
def served(directory: Path) -> Iterator[Child]:
    """The page's own process, on a directory of clips."""
    with Child(setup(directory)) as child:
        yield child


def day_view(client: Client, from_ms: int, to_ms: int, **filters: object) -> float:
    """What the page asks for a day; milliseconds in all."""
    begin = time.perf_counter_ns()
    times = {"from_ms": from_ms, "to_ms": to_ms}
    client.get("timeline of a day", "timeline", bins=BINS, **times, **filters)
    client.get("50 clips of a day", "clips", limit=50, **times, **filters)
    client.get("what to filter by", "facets")
    return (time.perf_counter_ns() - begin) / 1e6


def at_the_server(child: Child, newest_ms: int, requests: int) -> None:
    """Day views of days by lot, with and without filters, a month, and far down the list."""
    chance, client = random.Random(5), Client(child.port)
    days = [newest_ms - chance.randrange(1, large.DAYS) * DAY_MS for _ in range(requests)]
    spent = measure.cpu_ns(child.process.pid)
    say("day view", [day_view(client, day, day + DAY_MS) for day in days])
    spent = measure.cpu_ns(child.process.pid) - spent
    print(f"  CPU of the page's process: {spent / requests / 1e6:.0f} ms a day view, on average")
    for name, took in client.took.items():
        size = statistics.median(client.bytes[name]) / 1000
        say(f"  {name} ({size:.1f} kB)", took)
    one = {"camera": "door", "reason": "person", "min_score": 0.8}
    say("day view, filtered", [day_view(client, day, day + DAY_MS, **one) for day in days])
    client.took.clear()
    for day in days[: requests // 2]:
        times = {"from_ms": day - 30 * DAY_MS, "to_ms": day}
        client.get("timeline of 30 days", "timeline", bins=720, **times)
        client.get("50 clips by a word in notes", "clips", limit=50, text="courier")
    far_down(client, requests)
    for name, took in client.took.items():
        say(name, took)


def far_down(client: Client, pages: int) -> None:
    """Whoever scrolls on and on."""
    cursor: dict[str, object] = {}
    for _ in range(pages):
        told = client.get("the next 200 clips", "clips", limit=200, **cursor)
        if told["older"] is None:
            break
        cursor = {"before": told["older"]}


def weight() -> None:
    """Of all files of the page as a browser gets them, and of those of the first look."""
    assets = load()
    kept = [path for path, asset in assets.items() if "immutable" in asset.caching]
    sizes = {path: len(assets[path].packed or assets[path].data) for path in kept}
    print(f"the page: {len(kept)} files, {sum(sizes.values()) / 1000:.1f} kB compressed (gzip)")
    later = sum(size for path, size in sizes.items() if re.search("/js/(clip|events)/", path))
    print(f"  of it only with events and clips: {later / 1000:.1f} kB, but for their CSS")


WATCH = """
(() => {
  const seen = (window.smartrecClips = { told: {}, shown: {} });
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        if (typeof data !== "string") return;
        const { event } = JSON.parse(data);
        if (event?.type !== "smartrec.clip.ready.v1") return;
        seen.told[event.data.clip_id] = [performance.now(), Number(event.data.at.mono_ns)];
      });
    }
  };
  const look = () => {
    requestAnimationFrame(look);
    for (const card of document.querySelectorAll("main article[data-clip]")) {
      const { clip, state } = card.dataset, image = card.querySelector("img");
      if (state === "recording" || state === "finishing") continue;
      if (image.complete && image.naturalWidth) seen.shown[clip] ??= performance.now();
    }
  };
  requestAnimationFrame(look);
})();
"""
"""When each clip is told to be ready, and when it is first shown so, with its picture."""


def in_chromium(trials: int) -> None:
    """From the moment that the recorder tells of a clip until an open page shows it."""
    with with_page(post_roll="1s") as (running, port), chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/#events")
        found: list[float] = []
        for _ in range(trials):
            running.trigger()
            found.append(wait_for_clip(page, len(found) + 1))
        say("clip ready -> its picture painted on an open page", found)
        context.close()


def wait_for_clip(page: Page, count: int) -> float:
    """Milliseconds of the newest, once so many were told and shown."""
    while True:
        seen = page.evaluate("window.smartrecClips")
        both = seen["told"].keys() & seen["shown"].keys()
        if len(both) == count:
            newest = max(both)  # ids sort by time
            ready = (seen["told"][newest][1] - clock_ahead(page)) / 1e6
            return float(seen["shown"][newest] - ready)
        page.wait_for_timeout(50)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=100, help="day views, and pages far down")
    parser.add_argument("--trials", type=int, default=10, help="clips that become ready")
    given = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    weight()
    with tempfile.TemporaryDirectory(prefix="smartrec-clips-") as name:
        newest = SystemClock().now().wall_ns
        large.fill(Path(name), given.clips, newest_ns=newest)
        print(f"{given.clips} clips")
        with served(Path(name)) as child:
            at_the_server(child, newest // 1_000_000, given.requests)
            print(f"  the page's process: {measure.pss_mb(child.process.pid):.0f} MB")
    if given.trials:
        in_chromium(given.trials)
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
