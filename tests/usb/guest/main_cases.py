"""The six main camera cases, in the virtual machine: a real driver, the real program.

One recorder serves all but the first. Clips are copies, so each holds the camera's own JPEGs, and
the numbers in them tell what was lost between the camera and the clip.
"""

import os
import time
from collections.abc import Iterator

import pytest

from smartrec.model import ClipState, Verdict
from smartrec.store.record import ClipRecord
from smartrec.units import SECOND
from tests.e2e.recorder import READY, Home, Recorder, environment, pause_until
from tests.usb.guest.clips import (
    LIVE,
    PRE,
    Asked,
    exact,
    finished,
    record,
    started,
    wait_live,
    wait_lost,
    wait_ready,
    wait_ring,
    whole,
)
from tests.usb.guest.plug import TIMEOUT, Plug
from tests.usb.pictures import numbers_in


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    """One recorder, started with the camera in its port."""
    place = tmp_path_factory.mktemp("recorder")
    environ = environment(place / "run", place / "state", place / "cache")
    Plug().wait_node()
    with started(Home(place / "clips", environ)) as recorder:
        yield recorder


def test_a_recorder_started_without_a_camera_takes_the_one_that_is_plugged_in_later(
    home: Home, plug: Plug
) -> None:
    plug.unplug()
    plug.wait_no_node()
    with started(home, "--source", "usb") as alone:
        wait_lost(alone)
        plug.plug()
        wait_live(alone)
        exact(alone)


def test_first_start_picks_the_camera_and_its_best_format(running: Recorder, plug: Plug) -> None:
    assert "1280x720 at 30 pictures a second, JPEG" in running.wait_for(LIVE, TIMEOUT).string
    wait_ring(running)
    exact(running)


def test_a_clip_whose_camera_is_unplugged_is_finished_and_whole(
    running: Recorder, plug: Plug
) -> None:
    row, sent = unplugged(running, plug)
    if row.state is ClipState.COMPLETE:  # in a starved guest it may be over before the plug is out
        plug.plug()
        wait_live(running)
        row, sent = unplugged(running, plug)
    assert row.state is ClipState.CAMERA_LOST, running.everything
    last = whole(row)[-1]
    assert sent - last <= 5, f"the clip ends with picture {last} of {sent}"


def unplugged(running: Recorder, plug: Plug) -> tuple[ClipRecord, int]:
    """A clip in whose middle the plug was pulled out, and how many pictures were sent by then."""
    asked = record(running)
    pause_until(asked.pts + SECOND // 2)
    sent = int(plug.unplug()["sent"])
    wait_lost(running)
    wait_ready(running)
    return finished(running.home, asked), sent


def test_a_camera_that_comes_back_under_another_number_is_recorded_again(
    running: Recorder, plug: Plug
) -> None:
    before = plug.wait_node()
    wait_live(running)
    held = os.open(before, os.O_RDWR)  # keeps the number taken
    try:
        plug.unplug()
        wait_lost(running)
        plug.wait_no_node()
        plug.plug()
        assert plug.wait_node() != before
        wait_live(running)
    finally:
        os.close(held)
    exact(running)


def test_pictures_from_before_it_was_unplugged_are_in_no_later_clip(
    running: Recorder, plug: Plug
) -> None:
    wait_ring(running)
    unplugged = time.monotonic_ns()
    sent = plug.unplug()["begun"]
    wait_lost(running)
    (refused,) = running.command(pts=unplugged + 60 * SECOND)
    assert refused.verdict is Verdict.REFUSED
    (kept,) = running.command(pts=unplugged)
    assert kept.clip_id is not None, kept
    running.wait_for(rf"{READY}.*\[camera-lost\]", TIMEOUT)
    assert whole(finished(running.home, Asked(kept.clip_id, unplugged)))[-1] <= sent
    plug.plug()
    wait_live(running, held=PRE // 4)
    asked = record(running)
    wait_ready(running)
    row = finished(running.home, asked)
    assert row.state is ClipState.COMPLETE
    assert row.path is not None
    assert min(numbers_in(row.path.read_bytes())) >= sent


def test_a_camera_that_falls_silent_is_told_and_recorded_again_when_it_sends(
    running: Recorder, plug: Plug
) -> None:
    plug.stall()
    wait_lost(running)
    plug.resume()
    wait_live(running)
    exact(running)
