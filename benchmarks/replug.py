"""How soon a USB camera's going and coming is noticed, on the real driver in a virtual machine.

    .venv/bin/python -m benchmarks.replug [--rounds 20]

Each round waits a random while, unplugs the camera and plugs it in again. *Noticed*: from the
command to pull it until the recorder's status calls it lost. *Back*: from the node in /dev until
the first picture is in the ring. Times are the guest's, looked at every 5 ms; under software
emulation (TCG) all that a processor does takes many times as long as on a real machine.
"""

import argparse
import json
import random
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.recorder import Home, Recorder, environment
from tests.usb.guest.clips import started
from tests.usb.guest.plug import Plug
from tests.usb.machine import Machine
from tests.usb.needs import unusable

LOOK_EVERY = 0.005
TIMEOUT = 60.0


def until(holds: Callable[[], bool]) -> float:
    """When something was seen to hold (CLOCK_MONOTONIC, s)."""
    deadline = time.monotonic() + TIMEOUT
    while not holds():
        assert time.monotonic() < deadline, "VOID: it never came about"
        threading.Event().wait(LOOK_EVERY)
    return time.monotonic()


def one_round(running: Recorder, plug: Plug, chance: random.Random) -> dict[str, float]:
    """Seconds until it was noticed, and until it was back."""

    def camera() -> dict[str, Any]:
        found: dict[str, Any] = running.status()["cameras"][0]
        return found

    running.wait_ring(1.0)
    threading.Event().wait(chance.uniform(0, 1))
    begin = time.monotonic()
    plug.unplug()
    lost = until(lambda: camera()["phase"] == "lost")
    until(lambda: not list(Path("/dev").glob("video*")))
    threading.Event().wait(chance.uniform(0, 3))  # any moment between two tries
    plug.plug()
    node = until(lambda: bool(list(Path("/dev").glob("video*"))))
    back = until(lambda: camera()["phase"] == "live" and camera()["ring_bytes"] > 0)
    return {"noticed": lost - begin, "back": back - node}


def in_the_guest(rounds: int) -> None:
    """Say each round as JSON."""
    place = Path("/tmp/replug")
    home = Home(place / "clips", environment(place / "run", place / "state", place / "cache"))
    plug, chance = Plug(), random.Random(1)
    plug.wait_node()
    with started(home) as running:
        running.wait_live()
        for _ in range(rounds):
            print("round", json.dumps(one_round(running, plug, chance)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--guest", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.guest:
        return in_the_guest(options.rounds)
    from benchmarks.measure import say

    if (reason := unusable()) is not None:
        sys.exit(f"no virtual machine: {reason}")
    command = [sys.executable, __file__, "--guest", "--rounds", str(options.rounds)]
    with Machine() as machine:
        done = machine.run(command, timeout=60 + TIMEOUT * options.rounds)
    rounds = [json.loads(line) for line in re.findall(r"^round (.*)$", done.output, re.MULTILINE)]
    if done.status != 0 or len(rounds) < options.rounds:
        sys.exit(f"VOID: {done.output}")
    say("unplugged -> noticed", [1000 * each["noticed"] for each in rounds])
    say("node back -> first picture in the ring", [1000 * each["back"] for each in rounds])
    return None


if __name__ == "__main__":
    main()
