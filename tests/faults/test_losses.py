"""A picture lost at any place shows up under its cause wherever a user looks.

All of it is in the default run, but for a disk that is too slow. A full disk is in
`tests/faults/test_disks.py`.
"""

import re
import time
from pathlib import Path

import pytest

from smartrec.media.demo import open_demo
from smartrec.units import SECOND
from tests.e2e.hardships import slow_disk
from tests.e2e.pictures import FPS, Grid, numbers
from tests.e2e.recorder import Home, Recorder, pause_until, settings
from tests.faults.stand_in import BadCamera, Sent, station

PRE, POST = SECOND, SECOND
MISSING = {12, 13, 30}
TORN = {20, 45}
GARBAGE = {25, 26}


@pytest.fixture
def jpegs(home: Home) -> list[bytes]:
    feed = open_demo(Path(home.environ["SMARTREC_CACHE_DIR"]))
    pictures = [feed.jpeg(n) for n in range(4 * FPS)]
    feed.close()
    return pictures


def garbled(jpeg: bytes) -> bytes:
    """Sound to look at from outside, but its colours name a table that is not there."""
    tables = [jpeg.index(b"\xff\xc0") + 12 + 3 * component for component in range(3)]
    return bytes(3 if at in tables else byte for at, byte in enumerate(jpeg))


def after(number: int) -> int:
    return number * SECOND // FPS


def test_what_driver_cable_and_decoder_lose_is_told_by_cause(
    home: Home, jpegs: list[bytes]
) -> None:
    sent = []
    for n, jpeg in enumerate(jpegs):
        if n in TORN:
            sent.append(Sent(n, after(n), jpeg[: len(jpeg) // 2]))
        elif n in GARBAGE:
            sent.append(Sent(n, after(n), garbled(jpeg)))
        elif n not in MISSING:
            sent.append(Sent(n, after(n), jpeg))
    camera = BadCamera(sent)
    with station(home, camera, pre=PRE, post=POST) as running:
        at = camera.zero + after(35) + 1
        pause_until(at)
        running.trigger(at)
        pause_until(at + POST + SECOND // 5)
    (row,) = home.rows()
    grid = Grid(camera.zero)
    inside = grid.within(at - PRE, at + POST)
    assert set(inside) > MISSING | TORN | GARBAGE
    drawn = numbers(Path(row["path"]))
    assert drawn == [n for n in inside if n not in MISSING | TORN | GARBAGE]
    assert row["frames_expected"] == len(inside)
    assert row["lost"] == {"driver": 3, "damaged": 2, "decoder": 2}
    told = home.run("clips", "show", "last")
    for words in (
        f"{len(inside)} frames expected, {len(drawn)} written, 7 lost",
        "3 lost: between camera and driver",
        "2 lost: arrived damaged",
        "2 lost: the decoder could not read",
    ):
        assert words in told
    assert running.said[-1] == "stopped (the test is over): 1 clip, 7 pictures lost"
    (ready,) = (line for line in running.said if "clip ready" in line)
    assert all(words in ready for words in ("3 driver", "2 damaged", "2 decoder"))


def test_a_thousand_damaged_pictures_in_a_row_only_count(home: Home, jpegs: list[bytes]) -> None:
    torn = [Sent(n, n * SECOND // 1000, jpegs[0][:5000]) for n in range(1000)]
    good = [Sent(1000 + n, SECOND + after(n), jpeg) for n, jpeg in enumerate(jpegs)]
    camera = BadCamera([*torn, *good])
    first = camera.zero + SECOND
    with station(home, camera, pre=SECOND // 2, post=SECOND // 2) as running:
        at = first + after(20) - 1
        pause_until(at)
        running.trigger(at)
        pause_until(at + SECOND)
        assert running.station.cameras[0].phase.value == "live"
    assert (camera.damaged, camera.lost) == (1000, 0)
    (row,) = home.rows()
    inside = Grid(first).within(at - SECOND // 2, at + SECOND // 2)
    assert numbers(Path(row["path"])) == inside
    assert row["lost"] == {}
    assert running.said[-1] == "stopped (the test is over): 1 clip"


@pytest.mark.long
def test_what_the_ring_could_not_keep_for_a_slow_disk_is_told(home: Home) -> None:
    """A ring of a third of a second in front of a disk that takes a tenth of the pictures."""
    config = settings(
        home.clips.parent / "tiny.toml",
        ["demo"],
        ring={"max_bytes": "1MB"},
        recording={"pre_roll": "0.1s", "post_roll": "2s"},
    )
    arguments = ("run", "--config", str(config))
    with Recorder(home, arguments, environ=slow_disk(home, 300_000)) as running:
        running.wait_live()
        at = time.monotonic_ns()
        running.trigger(pts=at)
        running.wait_ready()
        told = running.stop()
    (row,) = home.rows()
    drawn = numbers(Path(row["path"]))
    inside = Grid.of(row, drawn[0]).within(at - SECOND // 10, at + 2 * SECOND)
    assert set(drawn) < set(inside)
    assert row["lost"] == {"ring": len(inside) - len(drawn)}
    assert row["frames_expected"] == len(inside)
    assert f"{row['frames_lost']} lost: no longer in the ring" in home.run("clips", "show", "last")
    assert re.fullmatch(rf"stopped \(SIGTERM\): 1 clip, {row['frames_lost']} pictures lost", told)
