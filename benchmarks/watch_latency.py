"""How soon a person is noticed and shown, 720p30 MJPEG, looked at five times a second.

    .venv/bin/python -m benchmarks.watch_latency [--runs 30] [--screen]

In the file a person stands there from one picture to the next, again and again. From the time at
which that picture was taken (its pts) until the recorder tells that a clip is opened. With --screen
a real window shows the pictures full screen on an Xvfb of 1280x720, and where her box must come is
looked at about every other millisecond: from the first picture looked at that has her, and from her
first picture, until the box is on the screen. All times are of CLOCK_MONOTONIC.

The period is no multiple of the time between two looks, so that every phase comes.
"""

import argparse
import io
import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from Xlib import X
from Xlib.display import Display

from benchmarks import measure
from smartrec.app.bus import Bus
from smartrec.app.camera import Camera
from smartrec.app.events import ClipOpened
from smartrec.app.station import Places, Station
from smartrec.clock import SystemClock
from smartrec.config.schema import Config
from smartrec.media.demo_scene import HEIGHT, WIDTH, person_box
from smartrec.media.frame_number import read_number
from smartrec.media.screen.paint import BOX
from smartrec.model import AccessUnit, Look, StreamFormat
from smartrec.store.catalog import Catalog

BEFORE, THERE, AFTER = 90, 36, 29
PERIOD = BEFORE + THERE + AFTER
STANDING = 360
"""The demo's pictures of a person who stands, and of nobody."""
REACH = 100
"""Pixels on either side of the person's edge within which the box's line is looked for."""
NEAR = 40
CONFIDENCE = 0.5


def appearing() -> Path:
    shown = [*range(BEFORE), *range(STANDING, STANDING + THERE), *range(AFTER)]
    return measure.movie("appearing", [each if each >= STANDING else each % 16 for each in shown])


class Noting(Station):
    """Notes when the person's first picture was taken, and ends after so many."""

    wanted = 0
    firsts: list[AccessUnit]

    def camera_units(
        self, camera: Camera, units: Sequence[AccessUnit], stream: StreamFormat
    ) -> None:
        """See `Station`."""
        self.firsts += [unit for unit in units if unit.seq % PERIOD == BEFORE]
        if len(self.firsts) > self.wanted:
            self.stop("enough")
        super().camera_units(camera, units, stream)


def ours(wanted: int, *, screen: bool) -> str:
    """The recorder in this process; what it noted."""
    clock = SystemClock()
    config = Config.model_validate(
        {
            "camera": [{"source": f"file:{appearing()}", "loop": True}],
            "recording": {"post_roll": "1s"},
            # She stands where she stood before: someone at rest, after a minute of it.
            "trigger": {"stationary_after": "0s"},
            "screen": {"show": "auto" if screen else "off"},
        }
    )
    with tempfile.TemporaryDirectory() as place:
        clips, bus = Path(place), Bus(clock)
        station = Noting(config, Places(clips, clips / ".open", clips, clips), "", clock, bus)
        (clips / ".open").mkdir()
        station.wanted, station.firsts = wanted, []
        opened: list[tuple[int, str]] = []
        subscription = bus.subscribe(durable_only=True)

        def listen() -> None:
            while (published := subscription.get()) is not None:
                if isinstance(published.event, ClipOpened):
                    opened.append((time.monotonic_ns(), published.event.clip_id))

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        station.run()
        bus.close()
        listener.join()
        for unit in station.firsts:
            luma = np.asarray(Image.open(io.BytesIO(unit.data)).convert("L"))
            assert read_number(luma) == STANDING, "VOID: not her first picture"
        with Catalog.open(clips, create=False) as catalog:
            looks = [look for _, clip in opened for look in catalog.looks(clip)]
        seen = sorted({look.pts for look in looks if sure(look)})
    firsts = [unit.pts for unit in station.firsts[:wanted]]
    return json.dumps({"firsts": firsts, "opened": [at for at, _ in opened], "seen": seen})


def sure(look: Look) -> bool:
    return any(track.score >= CONFIDENCE for track in look.tracks)


@contextmanager
def x_server() -> Iterator[str]:
    """An Xvfb; what DISPLAY says to reach it."""
    reads, writes = os.pipe()
    command = ["Xvfb", "-displayfd", str(writes), "-screen", "0", f"{WIDTH}x{HEIGHT}x24"]
    with subprocess.Popen([*command, "-nolisten", "tcp", "-noreset"], pass_fds=[writes]) as process:
        try:
            told = b""
            while not told.endswith(b"\n") and select.select([reads], [], [], 20)[0]:
                told += os.read(reads, 16)
            yield f":{int(told)}"
        finally:
            process.terminate()


def watch_pixels(display: Display, ended: threading.Event) -> tuple[list[int], int]:
    """When the box came, each time, and how often was looked; until `ended`."""
    box = person_box(STANDING)
    assert box is not None
    root = display.screen().root
    left, y = round(box.left * WIDTH) - REACH, round((box.top + box.bottom) / 2 * HEIGHT)
    wanted = np.array(BOX[::-1], np.int16)
    times: list[int] = []
    polls, there = 0, False
    while not ended.is_set():
        data = root.get_image(max(0, left), y, 2 * REACH, 1, X.ZPixmap, 0xFFFFFFFF).data
        line = np.frombuffer(data, np.uint8).reshape(-1, 4)[:, :3]
        now = time.monotonic_ns()
        before, there = there, bool((np.abs(line - wanted).max(axis=1) < NEAR).any())
        if there and not before:
            times.append(now)
        polls += 1
        time.sleep(0.001)
    return times, polls


def first_after(times: Sequence[int], begin: int) -> int | None:
    """Within one period."""
    return next((at for at in times if 0 <= at - begin < PERIOD / measure.FPS * 1e9), None)


def say(what: str, begins: Sequence[int | None], ends: Sequence[int]) -> None:
    """Each begin with the first end after it."""
    pairs = [(begin, first_after(ends, begin)) for begin in begins if begin is not None]
    missed = len(begins) - sum(1 for _, end in pairs if end is not None)
    measure.say(what, [(end - begin) / 1e6 for begin, end in pairs if end is not None])
    if missed:
        sys.exit(f"VOID: {missed} of {len(begins)} not seen")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30, help="how often she appears")
    parser.add_argument("--screen", action="store_true")
    parser.add_argument("--ours", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ours:
        print(ours(given.runs, screen=given.screen))
        return
    appearing()
    command = [sys.executable, __file__, "--ours", "--runs", str(given.runs)]
    if not given.screen:
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        report(json.loads(done.stdout.splitlines()[-1]))
        return
    with x_server() as name:
        environ = {**os.environ, "DISPLAY": name, "WAYLAND_DISPLAY": "", "XAUTHORITY": ""}
        ended, shown = threading.Event(), []
        polling = threading.Thread(
            target=lambda: shown.append(watch_pixels(Display(name), ended)), name="polling"
        )
        polling.start()
        try:
            command.append("--screen")
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environ)
        finally:
            ended.set()
            polling.join()
    said = json.loads(done.stdout.splitlines()[-1])
    report(said)
    ((times, polls),) = shown
    print(f"the screen was looked at {polls} times")
    say("first picture looked at -> box on screen", seen_first(said), times)
    say("person's first picture -> box on screen", said["firsts"], times)


def seen_first(said: dict[str, list[int]]) -> list[int | None]:
    """Of each appearance, the first picture looked at that has her."""
    return [first_after(said["seen"], begin) for begin in said["firsts"]]


def report(said: dict[str, list[int]]) -> None:
    say("person's first picture -> clip opened", said["firsts"], said["opened"])
    say("first picture looked at -> clip opened", seen_first(said), said["opened"])


if __name__ == "__main__":
    main()
