"""What all benchmarks share: the pictures, CPU time by thread, memory, and a running recorder.

CPU time is the scheduler's own count (``/proc/PID/task/TID/schedstat``, nanoseconds), so that what
else the machine does changes it little. Wall time is used only where waiting is the question.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from smartrec.app.wire import ask, ask_status, find_socket
from smartrec.errors import ControlError
from smartrec.media import demo_scene
from smartrec.media.demo import encode, open_demo
from smartrec.media.gst import Gst, GstApp, launch
from smartrec.model import Action, Command, new_id
from smartrec.places import cache_dir

FPS = 30
Tables = Mapping[str, Mapping[str, object]]
"""Of the settings, by name."""

NO_PAGE: Final[Tables] = {"web": {"enabled": False}}
NO_WATCH: Final[Tables] = {"detector": {"enabled": False}, "screen": {"show": "off"}}


WALKING = (*range(240, 300), *range(420, 480))
"""The demo camera's pictures in which the person walks in or out."""


def pictures() -> Path:
    """The demo camera's first 900 pictures as a Matroska file; made once."""
    return movie("demo", range(900))


def walking() -> Path:
    """900 in which somebody walks."""
    return movie("walking", [WALKING[at % len(WALKING)] for at in range(900)])


def empty() -> Path:
    """900 of the empty hall, without numbers: all the same but for a sensor's noise."""
    scene = demo_scene.Scene()
    drawn = [encode(scene.draw(at)) for at in range(demo_scene.EMPTY_PICTURES)]
    return movie("empty", (drawn[at % len(drawn)] for at in range(900)))


def movie(name: str, shown: Iterable[int | bytes]) -> Path:
    """JPEGs, or pictures of the demo camera by their number, as a Matroska file; made once."""
    path = Path(tempfile.gettempdir()) / f"smartrec-benchmark-{name}.mkv"
    if path.exists():
        return path
    feed = open_demo(cache_dir())
    part = path.with_suffix(".part")
    pipeline = launch("appsrc name=source format=time ! matroskamux ! filesink name=file")
    source, file = pipeline.get_by_name("source"), pipeline.get_by_name("file")
    assert isinstance(source, GstApp.AppSrc)
    assert file is not None
    file.set_property("location", str(part))
    source.set_caps(Gst.Caps.from_string(feed.format.caps))
    pipeline.set_state(Gst.State.PLAYING)
    for at, each in enumerate(shown):
        buffer = Gst.Buffer.new_wrapped(each if isinstance(each, bytes) else feed.jpeg(each))
        buffer.pts, buffer.duration = at * Gst.SECOND // FPS, Gst.SECOND // FPS
        source.push_buffer(buffer)
    source.end_of_stream()
    pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS)
    pipeline.set_state(Gst.State.NULL)
    part.rename(path)
    return path


def threads(pid: int | str = "self") -> dict[int, tuple[str, int]]:
    """Name and CPU time (ns) of every thread of a process."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            ns = int((task / "schedstat").read_text().split()[0])
            found[int(task.name)] = ((task / "comm").read_text().strip(), ns)
        except OSError:
            continue
    return found


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def pss_mb(pid: int) -> float:
    """Proportional set size, MB: shared pages are counted once over all who share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median, and the lowest and highest value."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f}, n={len(values)})"


def p95(values: Sequence[float]) -> float:
    """The value that 95 % do not exceed."""
    return sorted(values)[max(0, round(0.95 * len(values)) - 1)]


def say(what: str, values: Sequence[float]) -> None:
    """Print milliseconds as median, 95th percentile and range."""
    print(
        f"{what}: p50 {statistics.median(values):.0f} ms, p95 {p95(values):.0f} ms,"
        f" {min(values):.0f} to {max(values):.0f} ms, n={len(values)}",
        flush=True,
    )


def void_unless_equal(counts: dict[str, set[int]]) -> None:
    """End the benchmark where not everybody had the same frames."""
    print("frames:", {name: sorted(values) for name, values in counts.items()})
    if len(set().union(*counts.values())) != 1:
        sys.exit("VOID: frame counts are not equal")


class Recorder:
    """A `smartrec run` of its own; see `recorder`."""

    def __init__(self, process: "subprocess.Popen[bytes]", clips: Path) -> None:
        self.process, self.pid, self.clips = process, process.pid, clips

    def trigger(self, action: Action = Action.START) -> None:
        """Ask all cameras to record; every one must obey."""
        answers = ask(find_socket(self.clips), Command(new_id(), None, action))
        assert all(answer.verdict.value != "refused" for answer in answers), answers

    def status(self) -> dict[str, Any]:
        """What it says of itself."""
        return ask_status(find_socket(self.clips))

    def wait_for_ring(self, seconds: float) -> None:
        """Until every camera's ring goes back that far."""
        while True:
            time.sleep(0.2)
            try:
                if all(c["ring_s"] >= seconds for c in self.status()["cameras"]):
                    return
            except ControlError:
                if self.process.poll() is not None:
                    raise


def window(
    warm_s: float, window_s: float, counts: Callable[[], Mapping[str, object]]
) -> dict[str, Any]:
    """After a while, what is used and counted in this process within a window.

    Returns:
        CPU seconds a second by thread's name (``cpu``), and by how much each integer of `counts`
        has grown (``counts``).
    """
    time.sleep(warm_s)
    before, counted, at = threads(), _integers(counts()), time.monotonic()
    time.sleep(window_s)
    after, grown, spent = threads(), _integers(counts()), time.monotonic() - at
    names = {t.native_id: t.name for t in threading.enumerate()}
    used: dict[str, float] = {}
    for tid, (comm, ns) in after.items():
        name = names.get(tid, comm)
        used[name] = used.get(name, 0.0) + (ns - before.get(tid, ("", 0))[1]) / 1e9 / spent
    return {
        "cpu": used,
        "window_s": spent,
        "counts": {k: v - counted.get(k, 0) for k, v in grown.items()},
    }


def _integers(counts: Mapping[str, object]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if isinstance(count, int)}


def cpu_ns(pid: int) -> int:
    """CPU time of a process's threads, those that have ended left out."""
    return sum(ns for _, ns in threads(pid).values())


@contextmanager
def recorder(
    sources: Sequence[str],
    *,
    tables: Tables = NO_WATCH,
    **recording: object,
) -> Iterator[Recorder]:
    """A recorder of these cameras in a new directory, ended at the end of the ``with``.

    Args:
        sources: The cameras.
        tables: Of the settings; without, nobody is looked for. There is no page unless they say.
        recording: Of the table ``[recording]``.
    """
    with tempfile.TemporaryDirectory(prefix="smartrec-benchmark-") as place:
        clips, settings = Path(place) / "clips", Path(place) / "smartrec.toml"
        lines = []
        for name, table in {**NO_PAGE, **tables, "recording": recording}.items():
            lines += [
                f"[{name}]",
                *(f"{key} = {json.dumps(value)}" for key, value in table.items()),
            ]
        for source in sources:
            lines += ["[[camera]]", f'source = "{source}"']
            lines += ["loop = true"] if source.startswith("file:") else []
        settings.write_text("\n".join(lines) + "\n")
        command = [sys.executable, "-m", "smartrec", "run"]
        command += ["--config", str(settings), "--clips", str(clips)]
        with (Path(place) / "log").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield Recorder(process, clips)
        finally:
            process.terminate()
            process.wait(timeout=400)
