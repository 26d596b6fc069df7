"""Which cameras are armed: by settings, schedule and command, over new starts and wrong clocks.

Times are of a week of November 2026 in Central Europe; a test's clock is what it says it is.
"""

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartrec.app.answering import SECURING, Answers
from smartrec.app.arming import Arming, Standing, in_time, standing
from smartrec.app.arming_events import ArmingChanged
from smartrec.app.arming_file import ArmingFile, Order, place_of
from smartrec.app.bus import Bus, Subscription
from smartrec.app.camera import Camera
from smartrec.app.console import line
from smartrec.app.station import Places, Station
from smartrec.clock import ClockQuality, Instant, SystemClock
from smartrec.config.cameras import Camera as Settings
from smartrec.config.schema import Config
from smartrec.errors import CameraError
from smartrec.model import Action, Answer, Command, Verdict, new_id
from smartrec.recording.schedule import Schedule
from smartrec.units import SECOND, Ns
from tests.app.test_camera import camera

NIGHTS = ("mon-fri 18:00-07:00", "sat-sun 00:00-24:00")
HOUR = 3600 * SECOND
TIMEOUT = 30.0


@pytest.fixture(autouse=True)
def central_europe(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str, *, synced: bool = True) -> Instant:
    """A moment, such as ``"Mon 12:00"``; that Monday is the 23rd of November 2026."""
    day, clock = text.split()
    date = 23 + ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].index(day)
    wall = datetime.fromisoformat(f"2026-11-{date}T{clock}:00+01:00").timestamp()
    quality = ClockQuality("adjtimex", synced, 1)
    return Instant(int(wall) * SECOND, Ns(0), "boot", quality)


def until(text: str) -> str:
    """As it is told."""
    return datetime.fromtimestamp(at(text).wall_ns // SECOND).astimezone().isoformat()


@dataclass
class Hall:
    """Two cameras, of which the second is not armed by its settings, and what is told of them."""

    directory: Path
    schedule: tuple[str, ...] = NIGHTS

    def __post_init__(self) -> None:
        bus = Bus(SystemClock())
        self.told: Subscription = bus.subscribe()
        self.hall, self.cellar = camera(self.directory), camera(self.directory)
        self.cellar.id = "cam1"
        self.cellar.settings = Settings(id="cam1", source="demo", armed=False)
        config = Config.model_validate({"arming": {"schedule": self.schedule}})
        self.arming = Arming(
            config, (self.hall, self.cellar), self.directory / "state", self.directory, bus
        )

    def command(self, action: Action, of: Camera, now: Instant) -> Answer:
        answer = self.arming.obey(Command("id", of.id, action), of, now)
        self.arming.close()  # what was commanded is on the disk
        assert self.arming.kept
        return answer

    def facts(self) -> list[ArmingChanged]:
        facts = []
        while (published := self.told.get(0)) is not None:
            assert isinstance(published.event, ArmingChanged)
            facts.append(published.event)
        return facts


def test_without_a_schedule_cameras_are_as_their_settings_say_and_only_the_odd_one_is_told(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path, ())
    hall.arming.turn(at("Mon 12:00"))
    assert (hall.hall.armed, hall.cellar.armed) == (True, False)
    assert hall.facts() == [ArmingChanged("cam1", False, "start")]


def test_the_schedule_arms_and_disarms_and_tells_each_change_once(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    for moment in ("Mon 12:00", "Mon 17:59", "Mon 18:00", "Mon 18:01", "Tue 06:59", "Tue 07:00"):
        hall.arming.turn(at(moment))
    of_hall = [fact for fact in hall.facts() if fact.camera == "cam0"]
    assert of_hall == [
        ArmingChanged("cam0", False, "start", until("Mon 18:00")),
        ArmingChanged("cam0", True, "schedule", until("Tue 07:00")),
        ArmingChanged("cam0", False, "schedule", until("Tue 18:00")),
    ]
    assert not hall.cellar.armed, "what its settings do not arm knows no schedule"


def test_a_command_holds_until_the_schedule_changes_next(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.arming.turn(at("Mon 20:00"))
    answer = hall.command(Action.DISARM, hall.hall, at("Mon 21:00"))
    assert (answer.verdict, answer.until) == (Verdict.DISARMED, until("Tue 07:00"))
    hall.arming.turn(at("Tue 06:59"))
    assert not hall.hall.armed
    assert hall.arming.status(hall.hall)["armed_by"] == "command"
    hall.arming.turn(at("Tue 07:00"))
    assert hall.arming.status(hall.hall)["armed_by"] == "schedule"
    hall.arming.turn(at("Tue 18:00"))
    assert hall.hall.armed


def test_a_command_to_a_camera_without_schedule_holds_until_the_other(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    answer = hall.command(Action.ARM, hall.cellar, at("Mon 12:00"))
    assert (answer.verdict, answer.until) == (Verdict.ARMED, None)
    hall.arming.turn(at("Sun 12:00"))
    assert hall.cellar.armed
    hall.arming.obey(Command("id", "cam1", Action.DISARM), hall.cellar, at("Sun 13:00"))
    assert not hall.cellar.armed


def test_a_command_survives_a_new_start(tmp_path: Path) -> None:
    Hall(tmp_path).command(Action.ARM, Hall(tmp_path).hall, at("Mon 12:00"))
    again = Hall(tmp_path)
    again.arming.turn(at("Mon 12:30"))
    assert again.facts()[0] == ArmingChanged("cam0", True, "start", until("Mon 18:00"))
    assert Hall(tmp_path / "other").arming._orders == {}, "of another clip directory"


def test_a_command_from_before_the_schedules_change_is_over_at_a_new_start(tmp_path: Path) -> None:
    Hall(tmp_path).command(Action.DISARM, Hall(tmp_path).hall, at("Mon 12:00"))
    again = Hall(tmp_path)
    again.arming.turn(at("Mon 18:00"))
    assert again.hall.armed


def test_persons_who_came_while_it_was_disarmed_are_told_when_it_is_armed(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.arming.turn(at("Mon 12:00"))
    hall.hall.unrecorded = 3
    assert hall.arming.status(hall.hall)["unrecorded"] == 3
    hall.arming.turn(at("Mon 18:00"))
    told = hall.facts()[-1]
    assert told.unrecorded == 3
    assert hall.hall.unrecorded == 0
    words = "cam0: armed (schedule) until 2026-11-24 07:00; 3 persons not recorded meanwhile"
    assert line(told) == words


@pytest.mark.parametrize(
    "table", [{"detector": {"enabled": False}}, {"trigger": {"person": False}}]
)
def test_who_arms_what_looks_for_nobody_is_told_so(
    tmp_path: Path, table: dict[str, object]
) -> None:
    hall = camera(tmp_path)
    arming = Arming(
        Config.model_validate(table), (hall,), tmp_path / "state", tmp_path, Bus(SystemClock())
    )
    answer = arming.obey(Command("id", None, Action.ARM), hall, at("Mon 12:00"))
    assert answer.reason == "no persons are looked for: keys and commands record"


def test_a_clock_that_was_ahead_when_the_command_came_does_not_make_it_hold_longer() -> None:
    orders = {"cam0": Order(False, at("Sun 12:00").wall_ns)}
    now = at("Mon 12:00")
    assert in_time(orders, now)["cam0"].wall_ns == now.wall_ns
    assert in_time(orders, at("Mon 12:00", synced=False)) == orders, (
        "this clock may be the wrong one"
    )


orders = st.none() | st.builds(
    Order, st.booleans(), st.integers(at("Mon 00:00").wall_ns, at("Sun 23:59").wall_ns)
)
moments = st.integers(at("Mon 00:00").wall_ns, at("Sun 23:59").wall_ns)


@settings(max_examples=60)
@given(st.booleans(), st.sampled_from([(), NIGHTS, ("00:00-24:00",)]), orders, moments)
def test_how_a_camera_stands_holds_exactly_until_it_says_so(
    own: bool, entries: tuple[str, ...], order: Order | None, now: int
) -> None:
    times = Schedule.of(entries)
    if order is not None:
        order = replace(order, wall_ns=min(order.wall_ns, now))
    stands = standing(own, times, order, now)
    behind = now + 10 * 24 * HOUR if stands.until is None else stands.until
    assert behind > now
    for moment in range(now, behind, max(HOUR, (behind - now) // 20)):
        assert standing(own, times, order, moment) == stands
    if stands.until is not None:
        assert standing(own, times, order, stands.until) != stands
    if order is not None and (not own or not entries):
        assert stands == Standing(order.armed, "command")


class SetClock(SystemClock):
    """The machine's clocks, with a wall time that a test sets."""

    def __init__(self, text: str) -> None:
        self.wall_ns = at(text).wall_ns

    def now(self) -> Instant:
        return replace(super().now(), wall_ns=self.wall_ns)


@contextmanager
def running(directory: Path, clock: SetClock) -> Iterator[tuple[Station, Subscription]]:
    """A whole station whose camera gives nothing, which arming does not mind; what it tells."""
    bus = Bus(clock)
    config = Config.model_validate(
        {
            "camera": [{"source": "rtsp://127.0.0.1:1/"}],
            "detector": {"enabled": False},
            "screen": {"show": "off"},
            "arming": {"schedule": NIGHTS},
        }
    )
    (directory / "journals").mkdir()
    places = Places(directory, directory / "journals", directory / "cache", directory / "state")
    station = Station(config, places, "station", clock, bus)

    def run() -> None:
        with suppress(CameraError):  # never gave a picture
            station.run()

    runner = threading.Thread(target=run)
    with closing(bus.subscribe(durable_only=True)) as told:
        runner.start()
        try:
            yield station, told
        finally:
            station.stop("test")
            runner.join()


def changed(told: Subscription) -> ArmingChanged:
    while (published := told.get(TIMEOUT)) is not None:
        if isinstance(published.event, ArmingChanged):
            return published.event
    raise AssertionError("nothing was told")


def test_a_station_obeys_arm_and_disarm_and_its_clock(tmp_path: Path) -> None:
    clock = SetClock("Mon 12:00")
    with running(tmp_path, clock) as (station, told):

        def command(action: Action, camera: str | None) -> Answer:
            (answer,) = station.submit(Command(new_id(), camera, action)).result(TIMEOUT)
            return answer

        assert changed(told) == ArmingChanged("cam0", False, "start", until("Mon 18:00"))
        answer = command(Action.ARM, None)
        assert (answer.verdict, answer.until) == (Verdict.ARMED, until("Mon 18:00"))
        assert changed(told) == ArmingChanged("cam0", True, "command", until("Mon 18:00"))
        (status,) = cast("list[dict[str, object]]", station.status()["cameras"])
        assert (status["armed"], status["armed_by"]) == (True, "command")
        clock.wall_ns = at("Tue 07:00").wall_ns
        assert changed(told) == ArmingChanged("cam0", False, "schedule", until("Tue 18:00"))
        assert command(Action.ARM, "cellar").verdict is Verdict.REFUSED
    assert ArmingFile(place_of(tmp_path / "state", tmp_path)).read()["cam0"].armed


# ------------------------------------------------------------------------------------ the file


def test_what_is_written_is_read_again_by_the_same_recorder_only(tmp_path: Path) -> None:
    path = place_of(tmp_path, tmp_path / "clips")
    assert path != place_of(tmp_path, tmp_path / "other")
    file = ArmingFile(path)
    orders = {"cam0": Order(True, 7), "Küche": Order(False, 2**62)}
    for number in range(20):
        file.put({"cam0": Order(False, number)})
    file.put(orders)
    file.close(TIMEOUT)
    assert file.kept
    assert ArmingFile(path).read() == orders
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\x00",
        b"[]",
        b'{"v": 2, "cameras": {}}',
        b'{"v": 1}',
        b'{"v": 1, "cameras": []}',
        b'{"v": 1, "cameras": {"cam0": {"armed": "no", "wall_ns": 1}}}',
        b'{"v": 1, "cameras": {"cam0": {"armed": false}}}',
        b'{"v": 1, "cameras": {"cam0": 7}}',
        b'{"v": 1, "cameras": {"cam0": {"armed": true, "wall_ns": 1e3}}}',
        b'{"v": 1, "cameras": {"cam0": {"armed": true, "wall_ns": 9223372036854775808}}}',
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_a_damaged_file_arms_as_the_settings_say_and_is_told(
    tmp_path: Path, text: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "arming.json"
    path.write_bytes(text)
    assert ArmingFile(path).read() == {}
    assert "cameras are armed as the settings say" in caplog.text


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(os.mkfifo, id="pipe"),
        pytest.param(Path.mkdir, id="directory"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), id="device"),
        pytest.param(lambda path: path.symlink_to(path), id="circle"),
        pytest.param(lambda path: path.write_text(" " * 2_000_000 + "{}"), id="long"),
    ],
)
def test_what_is_no_file_holds_up_no_start_and_is_told(
    tmp_path: Path, make: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "arming.json"
    make(path)
    assert ArmingFile(path).read() == {}
    assert "cameras are armed as the settings say" in caplog.text


def test_a_pipe_in_the_way_of_writing_holds_up_nothing(tmp_path: Path) -> None:
    path = tmp_path / "arming.json"
    for each in (path, tmp_path / "arming.json.new"):
        os.mkfifo(each)
    file = ArmingFile(path)
    file.put({"cam0": Order(False, 1)})
    file.close(TIMEOUT)
    assert file.kept
    assert file.read() == {"cam0": Order(False, 1)}


def test_a_disk_that_takes_nothing_is_told_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "arming").write_text("a file where the directory should be")
    file = ArmingFile(tmp_path / "arming" / "0.json")
    file.put({"cam0": Order(False, 1)})
    file.put({"cam0": Order(False, 2)})
    file.close(TIMEOUT)
    assert not file.kept
    assert caplog.text.count("is not kept") == 1
    assert os.strerror(errno.EEXIST) in caplog.text or os.strerror(errno.ENOTDIR) in caplog.text


def test_the_answer_waits_for_the_disk_and_says_when_it_does_not_come() -> None:
    kept = False
    answers = Answers(lambda camera, clip: True, lambda: kept)
    first, second = Future[tuple[Answer, ...]](), Future[tuple[Answer, ...]]()
    answers.hold((Answer("a", "cam0", Verdict.DISARMED),), first, Ns(0))
    answers.turn(Ns(SECURING - 1))
    assert not first.done()
    answers.turn(SECURING)
    assert first.result()[0].reason == "in memory until the disk takes it"
    answers.hold((Answer("b", "cam0", Verdict.ARMED, "all is well"),), second, Ns(0))
    kept = True
    answers.turn(Ns(1))
    assert second.result()[0].reason == "all is well"
