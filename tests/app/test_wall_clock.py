"""A wall clock that jumps, forwards and back, changes nothing but what the clips are dated.

The station in this process, the demo camera, and a clock of which only the wall time is a
stand-in.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartrec.app.bus import Bus, Subscription
from smartrec.app.events import CameraStarted, ClipReady, Event
from smartrec.app.station import Places, Station
from smartrec.clock import Instant, SystemClock
from smartrec.config.schema import Config
from smartrec.model import Action, Command, new_id
from smartrec.units import SECOND, Ns

HOUR = 3600 * SECOND


class JumpingClock(SystemClock):
    """The machine's clocks, with a wall time that a test can set ahead or back."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> Instant:
        real = super().now()
        return Instant(real.wall_ns + self.ahead, real.mono_ns, real.boot_id, real.clock)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "clips" / ".open").mkdir(parents=True)
    return Places(
        tmp_path / "clips", tmp_path / "clips" / ".open", tmp_path / "cache", tmp_path / "state"
    )


def awaited(heard: Subscription, kind: type[Event]) -> Iterator[Event]:
    while (published := heard.get(timeout=50)) is not None:
        if isinstance(published.event, kind):
            yield published.event
    pytest.fail(f"no {kind.__name__} came")


@pytest.mark.parametrize(
    "jump",
    [pytest.param(HOUR, id="ahead", marks=pytest.mark.long), pytest.param(-HOUR, id="back")],
)
def test_a_jump_during_an_event_costs_no_picture(places: Places, jump: int) -> None:
    clock = JumpingClock()
    bus = Bus(clock)
    config = Config.model_validate(
        {
            "recording": {"pre_roll": "500ms", "post_roll": "1500ms"},
            "camera": [{"source": "demo"}],
        }
    )
    station = Station(config, places, "station", clock, bus)
    heard = bus.subscribe(durable_only=True)
    runner = threading.Thread(target=station.run)
    runner.start()
    try:
        next(awaited(heard, CameraStarted))
        station.submit(Command(new_id(), None, Action.START)).result(timeout=50)
        clock.ahead = jump
        ready = next(awaited(heard, ClipReady))
    finally:
        station.stop("test")
        runner.join()
    assert isinstance(ready, ClipReady)
    assert ready.frames_expected == ready.frames_written
    assert ready.lost == {}
    assert ready.duration_s == pytest.approx(Ns(2 * SECOND) / SECOND, abs=0.6)
