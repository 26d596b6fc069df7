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
from pathlib import Path

from tests.web.browser.numbers import clock_ahead

from benchmarks import measure
from benchmarks.measure import Recorder, say
from benchmarks.page import (
    Eye,
    chromium,
    clicks,
    first_pictures,
    lateness,
    show_costs,
    show_more,
    tab,
    use,
    with_page,
)

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
SHOWN = Eye(WATCH, "window.shown.frames")


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


def in_chromium(running: Recorder, port: int, trials: int, seconds: float) -> None:
    """From the click to the first picture, how late, how many, what for."""
    with chromium() as browser:
        say("click -> first picture shown in Chromium", clicks(browser, port, trials, SHOWN))
        without = use(running, seconds)
        with tab(browser, port, SHOWN) as page:
            time.sleep(3)
            page.evaluate(f"{SHOWN.seen}.length = 0")
            used = use(running, seconds)
            ahead, frames = clock_ahead(page), page.evaluate(SHOWN.seen)
        say("pts -> shown in Chromium", [(at * 1e6 + ahead - pts) / 1e6 for at, pts in frames])
        print(f"  pictures a second shown: {len(frames) / seconds:.1f} of {measure.FPS}")
        show_more("one tab", used, without)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15, help="of each window")
    parser.add_argument("--viewers", type=int, default=10)
    parser.add_argument("--trials", type=int, default=10, help="of the first picture")
    given = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    show_costs(given, film())
    with with_page(film()) as (running, port):
        say("connect -> first picture at a client", first_pictures(port, given.trials))
        say("pts -> whole picture at a client", lateness(port, given.seconds))
        in_chromium(running, port, given.trials, given.seconds)
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
