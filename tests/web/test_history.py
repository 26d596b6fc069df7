"""How cameras did, as the page's process keeps it."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.app.events import CameraStarted, CameraState, DetectionState
from smartrec.clock import ClockQuality, Instant
from smartrec.units import SECOND, Ns
from smartrec.web.history import COARSE, FINE, History

WALL = 1_790_000_000 * SECOND
DAY = 86_400
Row = list[float | None]


class StandInClock:
    """It stands until somebody moves it."""

    def __init__(self) -> None:
        self.at = 100_000.0
        self.set_by = 0.0

    def monotonic(self) -> Ns:
        return Ns(round(self.at * SECOND))

    def now(self) -> Instant:
        wall = WALL + round((self.at + self.set_by) * SECOND)
        return Instant(wall, self.monotonic(), "boot", ClockQuality("none", False, None))


def state(fps: float = 30.0, lost: int = 0, camera: str = "cam0") -> dict[str, Any]:
    data = {"camera": camera, "fps": fps, "ring_s": 12.0, "ring_bytes": 34_000_000}
    return {"type": CameraState.type, "data": {**data, "lost": lost, "damaged": 0}}


def looked(infer_ms: float, inferred: int = 5, persons: int = 0) -> dict[str, Any]:
    data = {"camera": "cam0", "looks": 6, "inferred": inferred}
    return {
        "type": DetectionState.type,
        "data": {**data, "infer_ms": infer_ms, "persons": persons},
    }


class Heard:
    """A history and the clock that it goes by."""

    def __init__(self) -> None:
        self.clock = StandInClock()
        self.history = History(self.clock)

    @property
    def now_ms(self) -> int:
        return self.clock.now().wall_ns // 1_000_000

    def hear(self, *events: dict[str, Any], after: float = 1.0) -> None:
        self.clock.at += after
        for event in events:
            self.history.take(event)

    def ask(self, length: float, points: int = 600, back: float = 0.0) -> tuple[Any, Any]:
        """What was asked, and the answer of the only camera."""
        self.clock.at += 1  # until then the last of it may still come
        end = self.now_ms - 1000 - round(back * 1000)
        asked = self.history.ask(None, end - round(length * 1000), end, points)
        return asked, asked.answer().get("cam0", {})


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_each_second_of_the_last_minutes_is_known(heard: Heard) -> None:
    for n in range(20):
        heard.hear(state(fps=n))
    asked, row = heard.ask(10, 20)
    assert asked.step == 1
    assert row["fps"] == [float(n) for n in range(9, 20)]
    assert asked.at_ms()[-1] == heard.now_ms - 1000
    assert [b - a for a, b in zip(asked.at_ms(), asked.at_ms()[1:], strict=False)] == [1000] * 10


def test_a_gap_is_no_value_and_none_is_made_up(heard: Heard) -> None:
    heard.hear(state())
    heard.hear(state(fps=10), after=4)
    _, row = heard.ask(4, 20)
    assert row["fps"] == [30.0, None, None, None, 10.0]
    assert row["looks"] == [None] * 5


def test_states_that_do_not_come_on_the_dot_tear_no_hole(heard: Heard) -> None:
    for n in range(200):
        heard.hear(state(), after=1.0 + (0.4, -0.4)[n % 2])
    _, row = heard.ask(150, 600)
    assert row["fps"].count(None) <= 1  # the second that has only begun


def test_several_seconds_become_the_worst_the_mean_or_the_sum(heard: Heard) -> None:
    heard.clock.at = 100_000.0
    for n in range(60):
        heard.hear(
            state(fps=30 - 20 * (n == 33), lost=n // 10),
            looked(20.0 + n % 2, persons=n % 3),
        )
    asked, row = heard.ask(35, 3)
    assert asked.step == 20
    at = next(n for n, fps in enumerate(row["fps"]) if fps == 10.0)
    assert row["fps_mean"][at] == 29.0
    assert row["lost"][at] == 2
    assert (row["looks"][at], row["persons"][at]) == (120, 2)
    assert row["infer_ms"][at] == 20.5
    assert row["ring_bytes"][at] == 34_000_000


def test_losses_are_those_of_the_time_also_where_a_camera_counts_anew(heard: Heard) -> None:
    for lost in (1000, 1000, 1003, 2, 2):
        heard.hear(state(lost=lost))
    _, row = heard.ask(4, 20)
    assert row["lost"] == [None, 0, 3, 2, 0]


def test_where_the_model_was_not_asked_its_time_is_not_known(heard: Heard) -> None:
    heard.hear(looked(20.0))
    heard.hear(looked(0.0, inferred=0))
    _, row = heard.ask(1, 20)
    assert row["infer_ms"] == [20.0, None]
    assert row["looks"] == [6, 6]


def test_a_whole_day_is_known_by_ten_seconds_and_no_more(heard: Heard) -> None:
    for n in range(DAY // 10 + 500):
        heard.hear(state(fps=n), after=10)
    asked, row = heard.ask(3 * DAY, 600)
    assert asked.step % 10 == 0
    assert None not in row["fps"]
    assert DAY - 2 * asked.step < len(asked.steps) * asked.step < DAY + 3 * asked.step
    hour, row = heard.ask(3600, 600, back=20_000)
    assert hour.step == 10
    assert None not in row["fps"]


def test_a_wall_clock_that_is_set_moves_all_and_tears_nothing(heard: Heard) -> None:
    for _ in range(10):
        heard.hear(state())
    heard.clock.set_by = 7200.0
    for _ in range(10):
        heard.hear(state())
    asked, row = heard.ask(19, 40)
    assert None not in row["fps"]
    assert asked.at_ms()[-1] == heard.now_ms - 1000
    assert heard.history.since_ms == heard.now_ms - 21_000


def test_nothing_is_known_of_the_future_nor_of_before_the_day(heard: Heard) -> None:
    heard.hear(state())
    for begin, end in ((5_000, 60_000), (-400_000_000, -300_000_000), (-1_000, -5_000)):
        asked = heard.history.ask(None, heard.now_ms + begin, heard.now_ms + end, 600)
        assert asked.at_ms() == []
        assert asked.answer() == {"cam0": {name: [] for name in asked.answer()["cam0"]}}


def test_one_camera_or_all_and_those_that_are_gone_are_forgotten(heard: Heard) -> None:
    heard.hear(state(), state(camera="cam1"), {"type": CameraStarted.type, "data": {}})
    heard.clock.at += 1
    now = heard.now_ms
    assert list(heard.history.ask(None, now - 5000, now, 9).answer()) == ["cam0", "cam1"]
    assert list(heard.history.ask("cam1", now - 5000, now, 9).answer()) == ["cam1"]
    heard.history.forget(["cam1"])
    assert list(heard.history.ask(None, now - 5000, now, 9).answer()) == ["cam0"]


def rows(heard: Heard) -> Iterator[Any]:
    for camera in heard.history._cameras.values():
        yield from (*camera.fine._columns.values(), *camera.coarse._columns.values())


def test_a_camera_takes_no_more_memory_than_it_says(heard: Heard) -> None:
    for _ in range(3):
        heard.hear(state(), looked(20.0), after=5 * DAY)
    assert sum(len(row) * row.itemsize for row in rows(heard)) == 9 * 4 * (FINE + COARSE) < 336_000


@given(
    st.lists(st.tuples(st.floats(0.2, 400.0), st.floats(0.0, 60.0)), max_size=80),
    st.floats(1.0, 200_000.0),
    st.integers(1, 600),
)
def test_whatever_came_the_answer_has_its_form(
    came: list[tuple[float, float]], length: float, points: int
) -> None:
    heard = Heard()
    for after, fps in came:
        heard.hear(state(fps=fps), after=after)
    asked, row = heard.ask(length, points)
    assert len(asked.at_ms()) <= points
    assert len({each % (asked.step * 1000) for each in asked.at_ms()}) <= 1
    for values in row.values():
        assert len(values) == len(asked.steps)
        assert not any(value is not None and math.isnan(value) for value in values)
    known = [value for value in row.get("fps", []) if value is not None]
    assert not known or min(known) >= min(fps for _, fps in came) - 0.01
