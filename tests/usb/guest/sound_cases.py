"""A real sound card of the kernel's beside the camera: in step, lost, found again.

Clicks are played into one end of ALSA's loopback card and recorded at the other.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartrec.store.record import ClipRecord
from smartrec.units import MILLISECOND, SECOND
from tests.e2e.recorder import Home, Recorder, pause_until
from tests.sounds import ffmpeg_heard
from tests.usb.guest import loopback
from tests.usb.guest.clips import (
    POST,
    PRE,
    finished,
    record,
    wait_live,
    wait_ready,
    whole,
)
from tests.usb.guest.plug import TIMEOUT, Plug, wait_for

TOGETHER = 40 * MILLISECOND


@pytest.fixture
def card() -> Iterator[None]:
    loopback.plug()
    yield
    loopback.plug()


def settings(path: Path) -> Path:
    path.write_text(
        '[recording]\nformat = "copy"\n'
        f'pre_roll = "{PRE / SECOND}s"\npost_roll = "{POST / SECOND}s"\n'
        f'[[camera]]\nsource = "usb"\naudio = "{loopback.HEARD}"\n'
    )
    return path


def heard(row: ClipRecord) -> list[int]:
    """When the clip clicks (CLOCK_MONOTONIC, ns)."""
    assert row.path is not None
    assert row.first_pts is not None
    return [row.first_pts + click for click in ffmpeg_heard(row.path)]


def away(clicks: list[int], played: list[int]) -> list[int]:
    return [min((click - each for each in played), key=abs) for click in clicks]


def sounding(running: Recorder) -> bool:
    return bool(running.status()["cameras"][0]["microphone"] == "live")


def listening(running: Recorder) -> None:
    """Until pictures and sound come, and a pre-roll of both is held."""
    running.wait_for(r"^watching ", TIMEOUT)
    wait_for(lambda: sounding(running), "no sound comes")
    pause_until(time.monotonic_ns() + PRE + SECOND // 2)
    wait_live(running)


def test_what_is_played_is_heard_in_step_with_the_pictures(
    home: Home, plug: Plug, card: None, tmp_path: Path
) -> None:
    file = settings(tmp_path / "s.toml")
    with loopback.Player() as player, Recorder(home, ("run", "--config", str(file))) as running:
        listening(running)
        found: list[int] = []
        for _ in range(4):
            asked = record(running)
            wait_ready(running)
            row = finished(home, asked)
            whole(row)
            assert row.silent is not None
            assert row.silent < 50 * MILLISECOND
            found += away(heard(row), player.clicks)
        running.stop()
    assert len(found) >= 4
    assert max(map(abs, found)) < TOGETHER


def test_a_card_that_is_lost_costs_no_picture_and_is_heard_again(
    home: Home, plug: Plug, card: None, tmp_path: Path
) -> None:
    with Recorder(home, ("run", "--config", str(settings(tmp_path / "s.toml")))) as running:
        with loopback.Player():
            listening(running)
            asked = record(running)
            pause_until(asked.pts + SECOND // 4)
            loopback.unplug()
            wait_for(lambda: not sounding(running), "a card that is gone is not missed")
        wait_ready(running)
        row = finished(home, asked)
        assert row.silent is not None
        assert 0 < row.silent < PRE + POST
        whole(row)
        loopback.plug()
        with loopback.Player() as player:
            wait_for(lambda: sounding(running), "a card that is back is not heard")
            wait_for(lambda: len(player.clicks) > 2, "nothing is played")
            again = record(running)
            wait_ready(running)
            row = finished(home, again)
            whole(row)
            found = away(heard(row), player.clicks)
            assert found
            assert max(map(abs, found)) < TOGETHER
        running.stop()
