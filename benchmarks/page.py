"""The page, 720p30 MJPEG: what a viewer costs, how soon he sees something, how late it is.

    .venv/bin/python -m benchmarks.page [--runs 5] [--seconds 15] [--viewers 10] [--crowd 50]

Viewers are real WebSocket clients in a process of their own (tests/web/browser/viewers.py), and
one tab of the system's Chromium to see that it is real. The cost of a viewer is what the process of
the page and the recorder need more than without one, within the same minute. How late a picture is
counts from its pts, the moment at which the camera gives it. In the browser it is the number drawn
into the picture that tells which one stands on the canvas, looked at before each repaint.
"""

import argparse
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from tests.web.browser import numbers
from tests.web.browser.viewers import Crowd

from benchmarks import measure
from benchmarks.measure import Recorder, recorder, say, spread
from smartrec.media.frame_number import read_number
from smartrec.model import Action
from smartrec.store.catalog import Catalog

Counted = dict[str, Any]
PARTS = ("page", "recorder")
SETTLING_S = 2.0
FILM = 900
"""Pictures of the film, which is played again and again."""
UNWATCHED_S = 3.0
"""After that the page has told the recorder that nobody looks."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def with_page(film: Path | None = None, **recording: object) -> Iterator[tuple[Recorder, int]]:
    """A recorder of one camera, its ring full, and the port of its page.

    Args:
        film: What the camera sees; None: the demo's pictures.
        recording: Of the settings' table.
    """
    port = free_port()
    tables: dict[str, Mapping[str, object]] = {
        **measure.NO_WATCH,
        "web": {"enabled": True, "port": port},
    }
    source = f"file:{film or measure.pictures()}"
    with recorder([source], tables=tables, **recording) as running:
        running.wait_for_ring(11.9)
        page_pid(running)
        yield running, port


def page_pid(running: Recorder) -> int:
    """The process of its page."""
    while True:
        for pid in measure.tree(running.pid)[1:]:
            if b"smartrec.web" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        time.sleep(0.1)


@contextmanager
def viewers(port: int, count: int, seconds: float) -> Iterator["subprocess.Popen[str] | None"]:
    """So many in a process of their own, each with a first picture."""
    if not count:
        yield None
        return
    command = [sys.executable, "-m", "tests.web.browser.viewers", "--port", str(port)]
    command += ["--count", str(count), "--seconds", str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "watching\n":
            sys.exit("VOID: the viewers see nothing")
        try:
            yield process
        finally:
            process.terminate()


def counted(process: "subprocess.Popen[str]") -> list[Counted]:
    """What each saw."""
    assert process.stdout is not None
    return [json.loads(line) for line in process.stdout]


@dataclass(frozen=True)
class Use:
    """Of the two processes: % of a core within a window, PSS in MiB at its end."""

    cpu: dict[str, float]
    mib: dict[str, float]


def use(running: Recorder, seconds: float) -> Use:
    pids = {"page": page_pid(running), "recorder": running.pid}
    before, begin = {name: measure.cpu_ns(pid) for name, pid in pids.items()}, time.monotonic_ns()
    time.sleep(seconds)
    spent = time.monotonic_ns() - begin
    return Use(
        {name: 100 * (measure.cpu_ns(pid) - before[name]) / spent for name, pid in pids.items()},
        {name: measure.pss_mb(pid) * 1e6 / 2**20 for name, pid in pids.items()},
    )


def cost(running: Recorder, port: int, many: int, seconds: float) -> dict[int, Use]:
    """What is used with nobody, one, and many who look; the process of the page stays the same."""
    found = {}
    for count in (0, 1, many):
        with viewers(port, count, seconds + SETTLING_S + 1) as process:
            time.sleep(SETTLING_S)
            found[count] = use(running, seconds)
            if process is not None:
                seen = [each["pictures"] / (seconds + SETTLING_S + 1) for each in counted(process)]
                if min(seen) < 0.95 * measure.FPS:
                    print(f"  {count} viewers: the slowest saw only {min(seen):.1f} a second")
        time.sleep(UNWATCHED_S)
    return found


def show_costs(given: argparse.Namespace, film: Path | None = None) -> None:
    """Of `runs` recorders one after another, each with up to `viewers` for `seconds` a window."""
    runs = []
    for run in range(given.runs):
        with with_page(film) as (running, port):
            runs.append(cost(running, port, given.viewers, given.seconds))
        rounded = {n: {part: round(u.cpu[part], 2) for part in PARTS} for n, u in runs[-1].items()}
        print(f"run {run + 1}: % of a core by viewers: {rounded}", flush=True)
    _show(runs, given.viewers)


def _show(runs: Sequence[Mapping[int, Use]], many: int) -> None:
    print("a viewer's cost, % of a core; MiB")
    steps = (("the first", 0, 1), (f"each of {many - 1} further", 1, many))
    for name, before, after in steps:
        for part in PARTS:
            more = after - before
            cpu = [(run[after].cpu[part] - run[before].cpu[part]) / more for run in runs]
            mib = [(run[after].mib[part] - run[before].mib[part]) / more for run in runs]
            print(f"  {name:18} {part:9} {spread(cpu)} %   {spread(mib)} MiB")
    for part in PARTS:
        cpu, mib = ([getattr(run[0], of)[part] for run in runs] for of in ("cpu", "mib"))
        print(f"  nobody looks       {part:9} {spread(cpu)} %   {spread(mib)} MiB")


def first_pictures(port: int, count: int) -> list[float]:
    """From before a client connects until its first picture, ms; nobody else looks."""
    found = []
    for _ in range(count):
        with Crowd(port, 1) as crowd:
            crowd.wait_for_pictures()
            found.append(crowd.viewers[0].counted.first_ms)
        time.sleep(UNWATCHED_S)
    return found


def lateness(port: int, seconds: float) -> list[float]:
    """Of each picture at a client, ms."""
    with Crowd(port, 1) as crowd:
        crowd.wait_for_pictures()
        return crowd.count(seconds)[0].late_ms


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), chromium_sandbox=os.geteuid() != 0
        )
        yield browser
        browser.close()


@dataclass(frozen=True)
class Eye:
    """Notes in a tab when each picture was shown.

    Attributes:
        script: Runs there first.
        seen: What it keeps: a list of lists, the moment first, in ms since the click.
    """

    script: str
    seen: str


DRAWN = Eye(numbers.WATCH, "window.smartrecSeen")


@contextmanager
def tab(browser: Browser, port: int, eye: Eye = DRAWN) -> Iterator[Page]:
    """A new visitor's, with a first picture."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(eye.script)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
    while not page.evaluate(f"{eye.seen}.length"):
        page.wait_for_timeout(20)
    yield page
    context.close()


def clicks(browser: Browser, port: int, trials: int, eye: Eye = DRAWN) -> list[float]:
    """From each click to the first picture, ms; nobody else looks."""
    found = []
    for _ in range(trials):
        with tab(browser, port, eye) as page:
            found.append(page.evaluate(f"{eye.seen}[0][0]"))
        time.sleep(UNWATCHED_S)
    return found


def show_more(name: str, used: Use, without: Use) -> None:
    for part in PARTS:
        more = used.cpu[part] - without.cpu[part]
        print(f"  {part}, {name}: {more:+.2f} % of a core")


def in_chromium(running: Recorder, port: int, trials: int, seconds: float) -> None:
    """The same in a browser: from the click to the first picture, how late, how many, what for."""
    with chromium() as browser:
        say("click -> first picture on the canvas in Chromium", clicks(browser, port, trials))
        without = use(running, seconds)
        with tab(browser, port) as page, timetable(port) as pictures:
            time.sleep(2)
            numbers.drawn(page)
            used = use(running, seconds)
            drawn = numbers.drawn(page)
        say("pts -> on the canvas in Chromium", [lateness_of(each, pictures) for each in drawn])
        rate = (len(drawn) - 1) / (drawn[-1].mono_ns - drawn[0].mono_ns) * 1e9
        print(f"  pictures a second on the canvas: {rate:.1f} of {measure.FPS}")
        show_more("one tab and one client", used, without)


@contextmanager
def timetable(port: int) -> Iterator[dict[int, list[int]]]:
    """When pictures are taken, by the number drawn into them; heard by a client of its own."""
    found: dict[int, list[int]] = {}
    with Crowd(port, 1, keep=True) as crowd:
        crowd.wait_for_pictures()
        over = threading.Event()

        def hear() -> None:
            for _ in crowd.read(600):
                if over.is_set():
                    return

        listener = threading.Thread(target=hear)
        listener.start()
        yield found
        over.set()
        listener.join()
        viewer = crowd.viewers[0]
        assert viewer.picture is not None
        seq, jpeg = viewer.picture
    number = read_number(np.asarray(Image.open(io.BytesIO(jpeg)).convert("L")))
    assert number is not None
    for each, pts in viewer.moments.items():
        found.setdefault((each - seq + number) % FILM, []).append(pts)


def lateness_of(drawn: numbers.Drawn, pictures: Mapping[int, Sequence[int]]) -> float:
    """Milliseconds since it was taken."""
    return min(drawn.mono_ns - pts for pts in pictures[drawn.number] if pts < drawn.mono_ns) / 1e6


def crowd(running: Recorder, port: int, count: int, seconds: float) -> None:
    """Many viewers and a clip at the same time: what capture lost, and what they saw."""
    with viewers(port, count, seconds) as process:
        assert process is not None
        running.trigger()
        used = use(running, seconds - SETTLING_S)
        seen = counted(process)
    running.trigger(Action.STOP)
    while (status := running.status())["finishing"] or status["cameras"][0]["recording"]:
        time.sleep(0.1)
    with Catalog.open(running.clips, create=False) as catalog:
        (clip,) = catalog.clips()
    pictures = [each["pictures"] / seconds for each in seen]
    late = [ms for each in seen for ms in each["late_ms"]]
    print(f"{count} viewers for {seconds:.0f} s, and a clip that holds that time")
    print(f"  capture: {clip.expected} pictures, {clip.frames_lost} lost, {clip.written} written")
    print(f"  pictures a second and viewer: {spread(pictures, 1)} of {measure.FPS}")
    print(f"  bytes sent: {sum(each['bytes'] for each in seen) / seconds / 1e6:.0f} MB/s")
    for part in PARTS:
        print(f"  {part}: {used.cpu[part]:.1f} % of a core, {used.mib[part]:.0f} MiB")
    if late:
        say("  how late a picture is", late)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15, help="of each window")
    parser.add_argument("--viewers", type=int, default=10)
    parser.add_argument("--trials", type=int, default=20, help="of the first picture")
    parser.add_argument("--crowd", type=int, default=50)
    parser.add_argument("--crowd-seconds", type=float, default=60)
    given = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    show_costs(given)
    with with_page() as (running, port):
        say("connect -> first picture at a client", first_pictures(port, given.trials))
        say("pts -> whole picture at a client", lateness(port, given.seconds))
        in_chromium(running, port, given.trials, given.seconds)
    with with_page(format="copy", post_roll="1h") as (running, port):
        crowd(running, port, given.crowd, given.crowd_seconds)
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
