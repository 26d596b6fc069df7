"""The page and a camera that sends H.264, 720p30 of 4 Mbit/s: what a viewer costs, how late it is.

    .venv/bin/python -m benchmarks.page_h264 [--runs 5] [--seconds 15] [--viewers 10] [--trials 10]

The same recorder, viewers and ways of counting as `benchmarks.page`; nothing is decoded but in the
browser. How late a picture is there counts from its pts until the browser says that it shows it
(requestVideoFrameCallback); that it tells the right picture is for the tests to prove.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import Recorder, recorder, say
from benchmarks.page import (
    PARTS,
    UNWATCHED_S,
    chromium,
    cost,
    first_pictures,
    free_port,
    lateness,
    page_pid,
    show_cost,
    use,
)
from playwright.sync_api import Browser, Page
from tests.web.browser.numbers import clock_ahead

SECONDS = 10
ENCODER = "-c:v libx264 -preset veryfast -tune zerolatency -b:v 4M -g 60 -sc_threshold 0"
INIT = 1
WATCH = f"""
window.shown = {{ zero: null, frames: [] }};
window.WebSocket = class extends WebSocket {{
  constructor(...given) {{
    super(...given);
    this.addEventListener("message", ({{ data }}) => {{
      if (!(data instanceof ArrayBuffer)) return;
      const view = new DataView(data);
      if (view.getUint8(1) === {INIT}) shown.zero = Number(view.getBigInt64(16, true));
    }});
  }}
}};
const ask = HTMLVideoElement.prototype.requestVideoFrameCallback;
HTMLVideoElement.prototype.requestVideoFrameCallback = function (told) {{
  return ask.call(this, (now, frame) => {{
    shown.frames.push([performance.now(), shown.zero + frame.mediaTime * 1e9]);
    told(now, frame);
  }});
}};
"""


def film() -> Path:
    """The demo camera's first pictures in H.264, a keyframe every two seconds; made once."""
    path = Path(tempfile.gettempdir()) / "smartrec-benchmark-h264.mkv"
    if not path.exists():
        part = path.with_suffix(".part.mkv")
        given = ["-i", str(measure.pictures()), "-t", str(SECONDS), "-pix_fmt", "yuv420p"]
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", *given, *ENCODER.split(), str(part)], check=True
        )
        part.rename(path)
    return path


@contextmanager
def with_page() -> Iterator[tuple[Recorder, int]]:
    """A recorder of that camera, its ring full, and the port of its page."""
    port = free_port()
    tables: dict[str, Mapping[str, object]] = {
        **measure.NO_WATCH,
        "web": {"enabled": True, "port": port},
    }
    with recorder([f"file:{film()}"], tables=tables) as running:
        running.wait_for_ring(11.9)
        page_pid(running)
        yield running, port


@contextmanager
def tab(browser: Browser, port: int) -> Iterator[Page]:
    """A new visitor's, with a first picture."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
    while not page.evaluate("window.shown.frames.length"):
        page.wait_for_timeout(20)
    yield page
    context.close()


def in_chromium(running: Recorder, port: int, trials: int, seconds: float) -> None:
    """From the click to the first picture, how late, how many, what for."""
    with chromium() as browser:
        first = []
        for _ in range(trials):
            with tab(browser, port) as page:
                first.append(page.evaluate("window.shown.frames[0][0]"))
            time.sleep(UNWATCHED_S)
        say("click -> first picture shown in Chromium", first)
        without = use(running, seconds)
        with tab(browser, port) as page:
            time.sleep(3)
            page.evaluate("window.shown.frames.length = 0")
            used = use(running, seconds)
            ahead, frames = clock_ahead(page), page.evaluate("window.shown.frames")
        say("pts -> shown in Chromium", [(at * 1e6 + ahead - pts) / 1e6 for at, pts in frames])
        print(f"  pictures a second shown: {len(frames) / seconds:.1f} of {measure.FPS}")
        for part in PARTS:
            print(f"  {part}, one tab: {used.cpu[part] - without.cpu[part]:+.2f} % of a core")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15, help="of each window")
    parser.add_argument("--viewers", type=int, default=10)
    parser.add_argument("--trials", type=int, default=10, help="of the first picture")
    given = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    runs = []
    for run in range(given.runs):
        with with_page() as (running, port):
            runs.append(cost(running, port, given.viewers, given.seconds))
        rounded = {n: {part: round(u.cpu[part], 2) for part in PARTS} for n, u in runs[-1].items()}
        print(f"run {run + 1}: % of a core by viewers: {rounded}", flush=True)
    show_cost(runs, given.viewers)
    with with_page() as (running, port):
        say("connect -> first picture at a client", first_pictures(port, given.trials))
        say("pts -> whole picture at a client", lateness(port, given.seconds))
        in_chromium(running, port, given.trials, given.seconds)
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
