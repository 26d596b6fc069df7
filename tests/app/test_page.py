"""The page's process: started beside the cameras, fed with what is wanted, and never waited for.

The process is a stand-in that does as it is told (`stand_in_page`); the web's own child has its
tests with the web.
"""

import json
import os
import select
import signal
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from smartrec.app.bus import Bus
from smartrec.app.events import CameraLost, CameraStarted, CameraState, Event, SettingsChanged
from smartrec.app.feed import MOST_WAITING
from smartrec.app.layout import Places
from smartrec.app.listening import TURN
from smartrec.app.page import Life, Page, setup_of
from smartrec.app.page_child import GOP_MOST
from smartrec.app.page_events import PageLost, PageServing
from smartrec.app.page_messages import Setup, ShownCamera
from smartrec.clock import SystemClock
from smartrec.config.schema import Config
from smartrec.model import AccessUnit, Codec, Look, StreamFormat
from smartrec.recording.ring import Ring
from smartrec.units import SECOND, Ns
from tests.app.stand_in_page import ADDRESS, DEATH
from tests.e2e.recorder import TIMEOUT, wait_gone

FRAME = SECOND // 30
GOP = 10
JPEG = StreamFormat(Codec.JPEG, 64, 48, 30, "image/jpeg")
H264 = StreamFormat(Codec.H264, 64, 48, 30, "video/x-h264")
CAMERAS = (ShownCamera("cam0", "Door", []), ShownCamera("cam1", "Yard", []))
SETUP = Setup(CAMERAS, "/clips", "a station", "/run/control")


class Camera:
    """What one sends, and its ring."""

    def __init__(self, name: str = "cam0", stream: StreamFormat = JPEG, gop: int = GOP) -> None:
        self.name = name
        self.stream = stream
        self.ring = Ring(Ns(60 * SECOND), 1 << 30)
        self._gop = gop
        self._seq = count()

    def unit(self) -> AccessUnit:
        """The next, in the ring."""
        n = next(self._seq)
        keyframe = self.stream.codec is Codec.JPEG or n % self._gop == 0
        unit = AccessUnit(1, n, Ns(n * FRAME), Ns(n * FRAME), Ns(FRAME), keyframe, 0, b"%d" % n)
        self.ring.push(unit)
        return unit

    def sends(self, page: Page, units: int = 1) -> None:
        for _ in range(units):
            page.came(self.name, [self.unit()], self.stream, self.ring)


class Stage:
    """A page whose process is a stand-in, and all that it hears and makes the recorder tell.

    Attributes:
        order: Kinds of what it has noted so far, as it came.
    """

    def __init__(self, folder: Path, manner: str, silent: int = 1000) -> None:
        self.bus = Bus(SystemClock())
        self.told: Queue[Event] = Queue()
        heard, wanted = folder / "heard", folder / "wanted"
        for pipe in (heard, wanted):
            os.mkfifo(pipe)
        # Of both we hold the other end too: no process has to wait for us.
        self._heard = heard.open("rb+", buffering=0)
        self._wanted = wanted.open("rb+", buffering=0)
        self._rest = b""
        self._noted: defaultdict[str, deque[Any]] = defaultdict(deque)
        self.order: list[str] = []
        where = (str(heard), str(wanted))
        command = (sys.executable, "-m", "tests.app.stand_in_page", manner, *where)
        life = Life(command, behind=0.0, within=TIMEOUT, silent=silent)
        self.page = Page(SETUP, self.bus, SystemClock(), self.told.put, life)

    def begin(self) -> "Stage":
        """As the recorder does, and its first camera comes."""
        self.page.start()
        self.bus.publish(CameraStarted("cam0", "64x48"))
        return self

    def hear(self, kind: str) -> Any:
        """The next of a kind that the process has noted."""
        deadline = time.monotonic() + TIMEOUT
        while not self._noted[kind]:
            left = max(0.0, deadline - time.monotonic())
            assert select.select([self._heard], [], [], left)[0], f"no {kind} came"
            *lines, self._rest = (self._rest + self._heard.read(1 << 16)).split(b"\n")
            for noted, what in map(json.loads, lines):
                self._noted[noted].append(what)
                self.order.append(noted)
        return self._noted[kind].popleft()

    def want(self, *cameras: str) -> None:
        """Somebody looks at these cameras now."""
        self._wanted.write(" ".join(cameras).encode() + b"\n")
        until(lambda: self.page.status()["watched"] == sorted(cameras))

    def close(self) -> None:
        self.page.close()
        self._heard.close()
        self._wanted.close()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not holds():
        assert time.monotonic() < deadline, "it never came about"
        threading.Event().wait(0.01)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    made: list[Stage] = []

    def make(manner: str = "watches", silent: int = 1000) -> Stage:
        made.append(Stage(tmp_path, manner, silent))
        return made[-1].begin()

    yield make
    for each in made:
        each.close()


def test_it_begins_when_a_camera_is_there_and_hears_first_what_it_is_about(
    stage: Callable[..., Stage],
) -> None:
    one = stage()
    assert one.hear("started")["nice"] == min(19, os.nice(0) + 5)
    assert Setup(**one.hear("setup")).station_id == SETUP.station_id
    assert one.told.get(timeout=TIMEOUT) == PageServing(ADDRESS)
    assert one.page.status()["address"] == ADDRESS


def test_a_recorder_that_ends_before_any_camera_came_has_no_page(tmp_path: Path) -> None:
    one = Stage(tmp_path, "watches")
    one.page.start()
    one.close()
    assert not one.page.is_alive()
    assert one.page.status()["starts"] == 0


def test_it_begins_without_a_camera_too() -> None:
    told: Queue[Event] = Queue()
    life = Life(("false",), within=0.0)
    page = Page(SETUP, Bus(SystemClock()), SystemClock(), told.put, life)
    page.start()
    assert isinstance(told.get(timeout=TIMEOUT), PageLost)
    page.close()


def test_one_that_cannot_be_started_ends_nothing(tmp_path: Path) -> None:
    life = Life((str(tmp_path / "nowhere"),), within=0.0)
    page = Page(SETUP, Bus(SystemClock()), SystemClock(), Queue[Event]().put, life)
    page.start()
    page.came("cam0", [], JPEG, Ring(Ns(0), 0))
    page.close()
    assert not page.is_alive()


def test_it_hears_what_happens_in_order_and_what_time_it_is(stage: Callable[..., Stage]) -> None:
    one = stage()
    one.hear("setup")
    for n in range(50):
        one.bus.publish(CameraLost("cam0", str(n)))
    one.bus.publish(CameraState("cam1", 30.0, 20.0, 1, 2, 0, 0))
    heard = [one.hear("happened") for _ in range(51)]
    assert [each["data"]["reason"] for each in heard[:50]] == [str(n) for n in range(50)]
    assert heard[50]["subject"] == "cam1"
    assert heard[50]["source"] == "/stations/a station"
    wall = one.hear("wall")
    assert abs(time.time_ns() - time.monotonic_ns() - wall["wall_ns"] + wall["mono_ns"]) < SECOND


def test_it_is_sent_no_picture_at_which_nobody_looks(stage: Callable[..., Stage]) -> None:
    one, door, yard = stage(), Camera(), Camera("cam1")
    one.hear("setup")
    door.sends(one.page, 5)
    one.want("cam1")
    door.sends(one.page, 5)
    yard.sends(one.page)
    one.page.looked(Look("cam0", 1, Ns(1), ()))
    one.page.looked(Look("cam1", 1, Ns(2), ()))
    assert one.hear("unit") == ["cam1", 1, 0, "0"]
    assert one.hear("looked") == ["cam1", 2]
    one.want()
    yard.sends(one.page, 5)
    one.want("cam0")
    door.sends(one.page)
    assert one.hear("unit") == ["cam0", 1, 10, "10"]


def test_who_begins_to_look_sees_the_newest_picture_or_all_since_its_keyframe(
    stage: Callable[..., Stage],
) -> None:
    one, door, yard = stage(), Camera(), Camera("cam1", H264)
    one.hear("setup")
    door.sends(one.page, GOP + 3)
    yard.sends(one.page, GOP + 3)
    one.want("cam0", "cam1")
    door.sends(one.page)
    assert one.hear("unit")[2] == GOP + 3
    yard.sends(one.page)
    assert [one.hear("unit")[2] for _ in range(4)] == [GOP, GOP + 1, GOP + 2, GOP + 3]


def test_where_keyframes_are_too_far_apart_it_waits_for_the_next(
    stage: Callable[..., Stage],
) -> None:
    one, camera = stage(), Camera(stream=H264, gop=GOP_MOST + 3)
    one.hear("setup")
    camera.sends(one.page, GOP_MOST)
    one.want("cam0")
    camera.sends(one.page, 4)
    assert one.hear("unit")[2] == GOP_MOST + 3


def test_behind_a_camera_s_new_start_it_is_sent_whole_groups_again(
    stage: Callable[..., Stage],
) -> None:
    one, camera = stage(), Camera(stream=H264)
    one.hear("setup")
    one.want("cam0")
    camera.sends(one.page, 2)
    assert [one.hear("unit")[2] for _ in range(2)] == [0, 1]
    one.page.gone("cam0")
    camera.sends(one.page)
    assert [one.hear("unit")[2] for _ in range(3)] == [0, 1, 2]


def test_one_that_dies_is_started_again_ever_less_eagerly(stage: Callable[..., Stage]) -> None:
    one = stage("dies")
    losses = [one.told.get(timeout=TIMEOUT) for _ in range(3)]
    assert {loss.reason for loss in losses if isinstance(loss, PageLost)} == {
        f"the page's process ended with status {DEATH}"
    }
    waits = [loss.retry_s for loss in losses if isinstance(loss, PageLost)]
    assert waits == sorted(waits)
    assert waits[0] < 1 < waits[2] < 3


@pytest.mark.parametrize("manner", ["lies", "hangs"])
def test_one_that_lies_or_hangs_is_ended_and_started_again(
    stage: Callable[..., Stage], manner: str
) -> None:
    one = stage(manner, silent=1)
    first = one.hear("started")["pid"]
    assert isinstance(one.told.get(timeout=TIMEOUT), PageLost)
    assert one.hear("started")["pid"] != first
    wait_gone(first)


def test_one_that_floods_is_told_of_no_more_than_it_may_say(stage: Callable[..., Stage]) -> None:
    one, camera = stage("floods"), Camera()
    one.hear("setup")
    for _ in range(3):
        one.hear("wall")
        camera.sends(one.page)
    assert one.page.turn == TURN  # nobody looks at cameras that there are not
    told = [one.told.get_nowait() for _ in range(one.told.qsize())]
    assert 0 < len(told) <= 100
    assert all(isinstance(each, PageServing) and "\x1b" not in each.address for each in told)


def test_one_that_reads_nothing_costs_the_recorder_two_pictures(
    stage: Callable[..., Stage],
) -> None:
    one, camera = stage("hangs"), Camera()
    one.hear("started")
    child = one.page._child
    assert child is not None
    child.wanted = frozenset({"cam0"})  # it cannot say so itself
    units = 20_000  # no pair of sockets holds that
    camera.sends(one.page, units)
    waiting = sum(child.feed._queued.values())
    assert waiting <= MOST_WAITING
    assert child.feed.skipped["cam0"] > units // 2
    for n in range(2000):
        one.bus.publish(CameraLost("cam0", str(n)))
    one.page.close()
    assert not one.page.is_alive()
    wait_gone(child.pid)


def test_one_that_is_closed_hears_what_happened_until_then(stage: Callable[..., Stage]) -> None:
    one = stage()
    pid = one.hear("started")["pid"]
    one.hear("setup")
    one.bus.publish(CameraLost("cam0", "the last"))
    one.page.close()
    assert one.hear("happened")["data"]["reason"] == "the last"
    one.hear("hangup")
    wait_gone(pid)
    assert one.page.status()["pid"] is None


def test_it_is_told_no_address_of_a_camera_and_no_setting_of_the_environment(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMARTREC_CAMERA__SOURCE", "rtsp://me:s3cret@camera/main")
    monkeypatch.setenv("SMARTREC_STATE_DIR", "/state")
    started = stage().hear("started")
    assert "s3cret" not in json.dumps(started)
    assert started["environ"]["SMARTREC_STATE_DIR"] == "/state"
    config = Config.model_validate({"camera": [{"source": "rtsp://me:s3cret@camera/main"}]})
    places = Places(Path("/clips"), Path("/journals"), Path("/cache"), Path("/state"))
    setup = setup_of(config, places, "a station", "")
    assert (setup.clips, setup.journals) == ("/clips", "/journals")
    assert setup.trash == config.retention.trash > 0
    assert setup.cameras == (ShownCamera("cam0", "cam0", []),)
    assert "rtsp" not in repr(setup)
    assert setup.settings["port"] == config.web.port


def test_other_settings_are_told_before_what_happens_afterwards_and_to_a_page_that_comes_later(
    stage: Callable[..., Stage],
) -> None:
    one = stage("watches")
    pid = one.hear("setup") and one.page.status()["pid"]
    door = {"id": "door", "name": "Door", "source": "rtsp://me:s3cret@camera/main"}
    corners = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
    zone = {"name": "step", "kind": "exclude", "polygon": corners}
    config = Config.model_validate(
        {"camera": [{**door, "zone": [zone]}], "retention": {"trash": "2h"}}
    )
    one.page.show(config)
    one.bus.publish(SettingsChanged("test", ("camera[0]",)))
    told = one.hear("cameras")
    assert told == {"cameras": [["door", "Door", [zone]]], "trash": 7200 * SECOND}
    assert "s3cret" not in json.dumps(told)
    while one.hear("happened")["type"] != SettingsChanged.type:
        pass
    assert "happened" in one.order[one.order.index("cameras") :]
    assert "happened" not in one.order[: one.order.index("cameras")]
    one._wanted.write(b"cam0 door\n")
    until(lambda: one.page.status()["watched"] == ["door"])
    Camera("door").sends(one.page, GOP)
    assert one.hear("unit")[0] == "door"
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    assert one.hear("setup")["cameras"] == told["cameras"]
