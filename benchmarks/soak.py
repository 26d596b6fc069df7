"""Hours of cameras to which everything happens: does memory grow, does anything leak or get lost?

    make soak SOAK="--minutes 20 --seed 7"      or     .venv/bin/python -m benchmarks.soak

Films that play as cameras and an RTSP server's, many at once: an hour of eight is eight hours of
camera. Pictures come at their own pace, for the pace is what a recorder lives by. Each is drawn
with its number. Meanwhile, at random: triggers, finishers and watches that are killed or stopped,
a disk that is full for some seconds, an RTSP server that goes away. Every clip is decoded by
ffmpeg as soon as it is ready, and must account for every picture of its interval; the recorder
itself deletes old clips to keep within its bytes.

Prints what was done, what was checked, what was broken, and the slope of the recorder's memory less
its rings: Theil-Sen, without the first quarter and without the first half, for what is bounded
needs its time to fill (answers to 1,000 commands: an hour). Exit status 1 if anything is broken.
"""

import argparse
import itertools
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.pictures import FPS, film, numbers
from tests.e2e.recorder import READY, Home, Recorder, environment, settings
from tests.faults.leaks import held, is_idle
from tests.media.rtsp_server import HEIGHT, WIDTH, Server, played

from smartrec.errors import SmartrecError
from smartrec.model import Loss, Verdict
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.units import SECOND

PRE, POST = 2 * SECOND, 2 * SECOND
LOOP = 1200
"""Pictures of a film; then it begins again."""
DISK = 400_000_000
KEPT = 150_000_000
FRAME = SECOND // FPS


@dataclass
class Tally:
    """What happened, what was looked at, what was not as promised."""

    done: Counter[str] = field(default_factory=Counter)
    checked: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def fail(self, what: str) -> None:
        self.broken.append(what)
        print(f"BROKEN: {what}", flush=True)


@dataclass(frozen=True)
class Sample:
    """What the recorder holds at a moment: hours, MiB, threads and descriptors."""

    at: float
    memory: float
    threads: int
    descriptors: int


@contextmanager
def small_disk(at: Path) -> Iterator[Path]:
    """A file system of `DISK` bytes for root; for others a directory that never is full."""
    at.mkdir()
    mounted = os.geteuid() == 0
    if mounted:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "smartrec", str(at)], check=True
        )
    try:
        yield at
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(at)], check=True)


def shape(path: Path, lost: dict[str, int]) -> str | None:
    """Decode a clip; why it is not as it should be, if it is not."""
    drawn = [number for number in numbers(path, WIDTH, HEIGHT) if number is not None]
    steps = [(b - a) % LOOP for a, b in itertools.pairwise(drawn)]
    missing = sum(steps) - len(steps)
    if not drawn or (missing and missing != sum(lost.values())):
        return f"pictures {drawn[:3]}...{drawn[-3:]}: {missing} missing, {lost} told"
    return None


class Checker(threading.Thread):
    """Looks at every clip as soon as it is ready."""

    def __init__(self, running: Recorder, home: Home, tally: Tally) -> None:
        super().__init__(daemon=True)
        self.running, self.home, self.tally = running, home, tally
        self.promised: dict[str, int] = {}
        self.ready: set[str] = set()
        self.over = threading.Event()
        self._read = 0

    def run(self) -> None:
        while True:
            last = self.over.is_set()
            lines = self.running.said[self._read :]
            self._read += len(lines)
            for line in lines:
                self.hear(line)
            if last and not lines:
                return
            if not lines:
                self.over.wait(0.2)

    def hear(self, line: str) -> None:
        if "Traceback" in line:
            self.tally.fail(f"the recorder said: {line}")
        elif " failed: " in line and "clip" in line:
            if "no whole picture" not in line or any(clip in line for clip in self.promised):
                self.tally.fail(line)
        elif found := re.search(READY, line):
            try:
                self.look(found[1])
            except (OSError, SmartrecError, AssertionError) as error:
                self.tally.fail(f"{found[1]}: {error!r}")

    def look(self, file: str) -> None:
        with Catalog.open(self.home.clips, create=False) as catalog:
            row = catalog.clip(Path(file).stem)
        self.ready.add(row.clip_id)
        self.tally.checked["clips"] += 1
        self.tally.checked[f"clips {row.state.value}"] += 1
        self.tally.checked["pictures"] += row.written or 0
        for cause, count in row.lost.items():
            self.tally.checked[f"pictures lost: {cause}"] += count
        if wrong := shape(Path(file), row.lost) or self.account(row):
            self.tally.fail(f"{file}: {wrong}")

    def account(self, row: ClipRecord) -> str | None:
        """Why a catalogue's row does not add up, if it does not."""
        if row.lost.get(Loss.UNKNOWN.value):
            return f"{row.lost} of {row.expected}"
        if (row.written or 0) + sum(row.lost.values()) != row.expected:
            return f"{row.written} written and {row.lost} lost of {row.expected}"
        moment = self.promised.get(row.clip_id)
        begun = row.first_pts
        if moment is None or begun is None or row.part > 1 or row.lost:
            return None
        if begun - (moment - PRE) > 2 * FRAME:
            return f"begins {(begun - moment + PRE) / SECOND:.3f} s late"
        return None


class Trouble:
    """Everything that is done to a recorder, one thing at a time."""

    def __init__(
        self, running: Recorder, disk: Path, server: Server, choice: random.Random, tally: Tally
    ) -> None:
        self.running, self.disk, self.server = running, disk, server
        self.choice, self.tally = choice, tally
        self.kinds: dict[str, Callable[[], bool]] = {
            "finisher killed": lambda: self.signalled(self.finisher(), signal.SIGKILL),
            "finisher stopped for a while": lambda: self.paused(self.finisher()),
            "watch killed": lambda: self.signalled(self.running.watch(), signal.SIGKILL),
            "watch stopped for a while": lambda: self.paused(self.running.watch()),
            "RTSP server killed and started again": self.unplugged,
        }
        if os.geteuid() == 0:
            self.kinds["disk full for a while"] = self.filled

    def happen(self) -> None:
        kind = self.choice.choice(sorted(self.kinds))
        if self.kinds[kind]():
            self.tally.done[kind] += 1

    def wait(self, least: float, most: float) -> None:
        threading.Event().wait(self.choice.uniform(least, most))

    def finisher(self) -> int | None:
        finishers = self.running.finishers()
        return self.choice.choice(finishers) if finishers else None

    def signalled(self, pid: int | None, number: int) -> bool:
        try:
            if pid is not None:
                os.kill(pid, number)
        except ProcessLookupError:
            return False
        return pid is not None

    def paused(self, pid: int | None) -> bool:
        if not self.signalled(pid, signal.SIGSTOP):
            return False
        self.wait(0.5, 6)
        return self.signalled(pid, signal.SIGCONT)

    def unplugged(self) -> bool:
        self.server.kill()
        self.wait(0.5, 6)
        self.server.start()
        return True

    def filled(self) -> bool:
        ballast = self.disk / "ballast"
        free = os.statvfs(self.disk)
        try:
            with ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)
                self.wait(1, 5)
        except OSError:  # somebody was faster
            return False
        finally:
            ballast.unlink(missing_ok=True)
        return True


def events(running: Recorder, checker: Checker, until: float, every: float, seed: int) -> None:
    """Triggers at random, some of a moment ago, some that stop."""
    choice = random.Random(f"events {seed}")
    cameras = [camera["id"] for camera in running.status()["cameras"]]
    while time.monotonic() < until:
        threading.Event().wait(choice.expovariate(len(cameras) / every))
        camera = choice.choice(cameras)
        pts = time.monotonic_ns() - choice.choice((0, 0, choice.randrange(SECOND)))
        stop = choice.random() < 0.1
        (answer,) = running.command(camera, pts=pts, stop=stop)
        checker.tally.done[f"command {answer.verdict.value}"] += 1
        if answer.verdict is Verdict.ACCEPTED and answer.clip_id and not stop:
            checker.tally.done["events"] += 1
            if answer.pre_roll_s is not None and answer.pre_roll_s >= PRE / SECOND - 0.05:
                checker.promised[answer.clip_id] = pts


def sample(running: Recorder, begun: float) -> Sample:
    """Memory of its own, the rings left out."""
    status = Path(f"/proc/{running.pid}/status").read_text().splitlines()
    anonymous = next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon"))
    rings = sum(camera["ring_bytes"] for camera in running.status()["cameras"])
    names, files = held(running.pid)
    at = (time.monotonic() - begun) / 3600
    return Sample(at, (anonymous - rings) / 2**20, len(names), len(files))


def slope(samples: list[Sample]) -> float:
    """MiB an hour: the median of the slopes of all pairs (Theil 1950, Sen 1968)."""
    thin = samples[:: max(1, len(samples) // 500)]
    pairs = itertools.combinations(thin, 2)
    return statistics.median((b.memory - a.memory) / (b.at - a.at) for a, b in pairs)


def tenths(samples: list[Sample]) -> list[float]:
    """Medians of the memory over a run: whether it comes to rest."""
    memory, tenth = [each.memory for each in samples], -(-len(samples) // 10)
    return [statistics.median(memory[i : i + tenth]) for i in range(0, len(memory), tenth)]


def soak(arguments: argparse.Namespace, place: Path, disk: Path, tally: Tally) -> list[Sample]:
    """The whole run; what the recorder held meanwhile."""
    clips = disk / "clips"
    home = Home(clips, environment(place / "run", place / "state", place / "cache"))
    mjpeg = ("-c:v", "mjpeg", "-q:v", "4", "-pix_fmt", "yuvj420p")
    h264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "15", "-sc_threshold", "0")
    loop = film(place / "film.avi", LOOP, *mjpeg, width=WIDTH, height=HEIGHT)
    sent = film(place / "film.mp4", LOOP, *h264, width=WIDTH, height=HEIGHT)
    with Server({"/film": played(sent, "h264")}) as server:
        sources = [f"file:{loop}"] * (arguments.cameras - 2) + [server.address("/film")] * 2
        config = settings(
            place / "smartrec.toml",
            sources,
            recording={"pre_roll": f"{PRE / SECOND}s", "post_roll": f"{POST / SECOND}s"},
            retention={"max_bytes": KEPT, "min_free": 0},
            detector={"enabled": True, "fps": 0.5},
            trigger={"person": False},
        )
        config.write_text(config.read_text().replace('.avi"', '.avi"\nloop = true'))
        kept = {k: v for k, v in home.environ.items() if k != "SMARTREC_DETECTOR__ENABLED"}
        home = Home(clips, kept)
        with Recorder(home, ("run", "--config", str(config))) as running:
            running.wait_live(arguments.cameras)
            running.wait_ring(PRE / SECOND)
            return happening(arguments, running, Checker(running, home, tally), disk, server)


def happening(
    arguments: argparse.Namespace, running: Recorder, checker: Checker, disk: Path, server: Server
) -> list[Sample]:
    """Let everything happen for as long as asked, then look whether it is all in order."""
    tally, samples = checker.tally, []
    choice = random.Random(arguments.seed)
    trouble = Trouble(running, disk, server, choice, tally)
    begun = time.monotonic()
    until = begun + 60 * arguments.minutes
    checker.start()
    triggering = threading.Thread(
        target=events, args=(running, checker, until, arguments.every, arguments.seed)
    )
    triggering.start()
    while time.monotonic() < until:
        samples.append(sample(running, begun))
        threading.Event().wait(min(5.0, until - time.monotonic()))
        if choice.random() < 5 / arguments.trouble:
            trouble.happen()
        if len(samples) % 60 == 0:
            now = samples[-1]
            print(f"{now.at * 60:.0f} min: {now.memory:.1f} MiB, {dict(tally.checked)}", flush=True)
    triggering.join()
    try:
        running.wait_until(is_idle)
        running.wait_until(lambda s: all(c["phase"] == "live" for c in s["cameras"]))
    except AssertionError as error:
        tally.fail(f"at the end: {str(error).splitlines()[0]}")
    samples.append(sample(running, begun))
    told = running.stop()
    checker.over.set()
    checker.join()
    print(told)
    at_the_end(checker)
    return samples


def at_the_end(checker: Checker) -> None:
    """Catalogue and disk agree, and every event that was promised is there."""
    home, tally = checker.home, checker.tally
    with Catalog.open(home.clips, create=False) as catalog:
        rows = catalog.clips()
    if unfinished := [row.file_name for row in rows if row.path is None]:
        tally.fail(f"not finished: {unfinished}")
    if missing := checker.promised.keys() - checker.ready:
        tally.fail(f"promised and never ready: {sorted(missing)}")
    if left := home.left_over():
        tally.fail(f"left over: {left}")
    files = {str(path) for path in home.clips.glob("*.m*")}
    if differing := files ^ {str(row.path) for row in rows}:
        tally.fail(f"catalogue and disk differ: {sorted(differing)}")


def report(arguments: argparse.Namespace, tally: Tally, samples: list[Sample]) -> None:
    """All numbers, for people and as one line of JSON."""
    warm = samples[len(samples) // 4 :]
    hours = samples[-1].at * arguments.cameras
    growth, latest = slope(warm), slope(samples[len(samples) // 2 :])
    for name, counter in (("done", tally.done), ("checked", tally.checked)):
        print(f"{name}: " + ", ".join(f"{count} {what}" for what, count in sorted(counter.items())))
    print(f"{arguments.cameras} cameras, {hours:.1f} hours of camera, seed {arguments.seed}")
    print(f"memory without rings: slope {growth:+.2f} MiB/h, of the second half {latest:+.2f}")
    print(f"in each tenth of the run: {', '.join(f'{mib:.1f}' for mib in tenths(samples))} MiB")
    for what in ("threads", "descriptors"):
        print(f"{what}: {getattr(warm[0], what)} -> {getattr(warm[-1], what)}")
    print(f"promises broken: {len(tally.broken)}")
    print(
        json.dumps(
            {
                "camera_hours": round(hours, 2),
                "slope_mib_per_hour": round(growth, 3),
                "slope_of_second_half": round(latest, 3),
                "broken": len(tally.broken),
                "done": tally.done,
                "checked": tally.checked,
            }
        )
    )


def main() -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--hours", type=float, help="instead of --minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cameras", type=int, default=8, help="two of them are RTSP's")
    parser.add_argument("--every", type=float, default=20, help="seconds between a camera's events")
    parser.add_argument("--trouble", type=float, default=20, help="seconds between two troubles")
    arguments = parser.parse_args()
    if arguments.hours:
        arguments.minutes = 60 * arguments.hours
    tally = Tally()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smartrec-soak-")))
        disk = stack.enter_context(small_disk(place / "disk"))
        samples = soak(arguments, place, disk, tally)
    report(arguments, tally, samples)
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
