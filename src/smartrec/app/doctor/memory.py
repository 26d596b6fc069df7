"""What `smartrec doctor` looks at of memory: whether the rings of all cameras fit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from smartrec.app.clips import LATE
from smartrec.app.doctor.finding import Finding, Status, amiss
from smartrec.app.doctor.flows import flows
from smartrec.app.doctor.subject import Subject
from smartrec.units import SECOND

_MEMINFO: Final = Path("/proc/meminfo")
_CGROUP: Final = Path("/sys/fs/cgroup")
_BUSY: Final = 2
"""A busy scene sends so many times the bytes of a usual one."""


def check_memory(subject: Subject) -> Iterator[Finding]:
    """Whether there is room for the rings: `pre_roll` and two seconds of every camera."""
    free = available()
    if free is None:
        yield Finding(Status.OK, "not known how much is free")
        return
    seconds = (subject.pre_roll + LATE) / SECOND
    rings = [min(subject.ring_bytes, flow.rate * seconds) for flow in flows(subject).values()]
    yield judge_memory(sum(rings), len(rings) * subject.ring_bytes, free)


def judge_memory(rings: float, most: float, free: int) -> Finding:
    """Whether rings fit into the memory that is free.

    Args:
        rings: Bytes that they come to in a usual scene.
        most: Bytes that the settings allow them.
        free: Bytes.
    """
    what = (
        f"the rings need about {rings / 1e6:.0f} MB, at most {most / 1e6:.0f} MB; "
        f"{free / 1e6:.0f} MB are free"
    )
    if min(rings * _BUSY, most) > free:
        return amiss("little-memory", what, status=Status.WARN)
    return Finding(Status.OK, what)


def available(meminfo: Path = _MEMINFO, cgroup: Path = _CGROUP) -> int | None:
    """Bytes that programs can still take, the limit of a container included; None if not told."""
    limits = [free for free in (_of_machine(meminfo), _of_container(cgroup)) if free is not None]
    return min(limits, default=None)


def _of_machine(meminfo: Path) -> int | None:
    for line in _text(meminfo).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _of_container(cgroup: Path) -> int | None:
    """By cgroups, version 2: files that were read count as used, and are given up at once."""
    most, used = _text(cgroup / "memory.max"), _text(cgroup / "memory.current")
    if not most.isdigit() or not used.isdigit():
        return None
    kept = dict(line.split() for line in _text(cgroup / "memory.stat").splitlines())
    return max(0, int(most) - int(used) + int(kept.get("inactive_file", 0)))


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
