"""Camera cases that take minutes, in the virtual machine: many rounds, and a whole minute."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartrec.units import SECOND
from tests.e2e.recorder import Home, Recorder, environment
from tests.usb.guest.clips import (
    PRE,
    exact,
    finished,
    record,
    started,
    wait_live,
    wait_lost,
    wait_ready,
    whole,
)
from tests.usb.guest.plug import Plug

ROUNDS = 20
MINUTE = 60
RATE = 30


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    place = tmp_path_factory.mktemp("recorder")
    environ = environment(place / "run", place / "state", place / "cache")
    Plug().wait_node()
    with started(Home(place / "clips", environ)) as recorder:
        yield recorder


def test_a_minute_of_720p30_is_whole_in_the_ring_and_in_the_clip(home: Home, plug: Plug) -> None:
    lengths = ("--pre-roll", f"{MINUTE + 1}s", "--max-length", "5m", "--post-roll", "1s")
    with started(home, *lengths) as alone:
        wait_live(alone, (MINUTE + 1) * SECOND)
        before = plug.stat()
        asked = record(alone)
        wait_ready(alone)
        after = plug.stat()
    row = finished(home, asked)
    numbers = whole(row)
    assert not row.lost, (row.lost, before, after)
    assert len(numbers) >= MINUTE * RATE, f"{len(numbers)}; {before} and then {after}"


def test_twenty_rounds_of_unplugging_leave_no_descriptor_and_no_number_behind(
    running: Recorder, plug: Plug
) -> None:
    nodes, descriptors = [], []
    for _ in range(ROUNDS):
        plug.unplug()
        wait_lost(running)
        plug.wait_no_node()
        plug.plug()
        nodes.append(plug.wait_node())
        wait_live(running, held=PRE // 2)
        descriptors.append(_descriptors(running.pid))
    exact(running)
    assert nodes[-1] == nodes[0], nodes
    # A look at the list of nodes may be under way: the last half's least is as the first half's.
    half = ROUNDS // 2
    assert min(descriptors[half:]) <= min(descriptors[:half]), descriptors


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
