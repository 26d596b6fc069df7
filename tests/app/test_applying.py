"""Other settings for a station that runs: whoever did not change loses nothing, nothing is left.

Cameras are stand-ins that send a picture when its time has come, and hold their device like real
ones; all else is the program's own, its finishers too.
"""

import io
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from smartrec.app.applying import Applied
from smartrec.app.arming_events import ArmingChanged
from smartrec.app.bus import Bus
from smartrec.app.console import line
from smartrec.app.events import (
    CameraLost,
    CameraStarted,
    ClipReady,
    Event,
    SettingsChanged,
    StationStopped,
)
from smartrec.app.sources import Sources
from smartrec.app.station import Places, Station
from smartrec.clock import SystemClock
from smartrec.config.cameras import Camera as Settings
from smartrec.config.schema import Config
from smartrec.errors import CameraBusy, SourceError, UsageError
from smartrec.graph.plan import Graph
from smartrec.media.capture import Capture
from smartrec.model import (
    AccessUnit,
    Action,
    Answer,
    ClipState,
    Codec,
    Command,
    StreamFormat,
    new_id,
)
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.units import SECOND, Ns

TIMEOUT = 50.0
GONE = {"id": "door", "source": "file:/gone"}
NEVER = Graph((("videotestsrc", "jpegenc", "appsink name=units sync=false"),))


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (64, 48), "gray").save(made, "JPEG")
    return made.getvalue()


PICTURE = picture()


class Devices:
    """What is plugged in: each can be opened once at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held: set[str] = set()
        self.opened = Counter[str]()


class Steady(Capture):
    """Sends a picture when its time has come, numbered from 0."""

    def __init__(self, settings: Settings, epoch: int, devices: Devices) -> None:
        super().__init__(NEVER, epoch=epoch)
        self._devices, self._device, fps = devices, settings.source, settings.fps
        with devices.lock:
            if self._device in devices.held:
                raise CameraBusy(f"{self._device} is held")
            devices.held.add(self._device)
            devices.opened[self._device] += 1
        self.format = StreamFormat(Codec.JPEG, 64, 48, fps, "image/jpeg,width=64,height=48")
        self._frame = Ns(round(SECOND / fps))
        self._zero = SystemClock().monotonic()
        self._seq = 0

    def drain(self, *, at_most: int = 600) -> list[AccessUnit]:
        """See `Capture`."""
        units = []
        while (pts := Ns(self._zero + self._seq * self._frame)) <= SystemClock().monotonic():
            unit = AccessUnit(self.epoch, self._seq, pts, pts, self._frame, True, 0, PICTURE, False)
            units.append(unit)
            self._seq += 1
        return units

    def ended(self) -> bool:
        """See `Capture`."""
        return False

    def stop(self) -> None:
        """See `Capture`; a driver takes its time."""
        threading.Event().wait(0.1)
        with self._devices.lock:
            self._devices.held.discard(self._device)


class Bench(Sources):
    """A stand-in for a machine's cameras."""

    def __init__(self, directory: Path) -> None:
        super().__init__((), directory)
        self.devices = Devices()

    def start(self, camera: Settings, *, epoch: int, note: Callable[[str], None]) -> Capture:
        """See `Sources`."""
        if camera.source == GONE["source"]:
            raise SourceError("there is no such file")
        return Steady(camera, epoch, self.devices)


def config(*cameras: dict[str, Any], **tables: Any) -> Config:
    how = {"pre_roll": "500ms", "post_roll": "1s", "format": "copy", **tables.pop("recording", {})}
    return Config.model_validate(
        {
            "recording": how,
            "detector": {"enabled": False},
            "screen": {"show": "off"},
            **tables,
            "camera": [{"source": f"file:/{each['id']}", **each} for each in cameras],
        }
    )


@dataclass
class Hall:
    """A station while it runs, and what it tells."""

    directory: Path
    config: Config
    told: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        clips = self.directory / "clips"
        (clips / ".open").mkdir(parents=True)
        clock = SystemClock()
        self.bus = Bus(clock)
        self.bench = Bench(self.directory)
        self._heard = self.bus.subscribe(durable_only=True)
        places = Places(clips, clips / ".open", self.directory, self.directory / "state")
        self.station = Station(self.config, places, "station", clock, self.bus, sources=self.bench)
        self._thread = threading.Thread(target=self.station.run, name="station")
        self._thread.start()

    def wait(self, kind: type[Event], camera: str | None = None) -> Any:
        """The next of a kind."""
        while (published := self._heard.get(TIMEOUT)) is not None:
            self.told.append(published.event)
            if isinstance(published.event, kind) and camera in (None, published.event.subject):
                return published.event
        raise AssertionError(f"no {kind.__name__} came: {self.told}")

    def apply(self, config: Config) -> Applied:
        self.config = config
        return self.station.apply(config, "test").result(TIMEOUT)

    def command(self, action: Action, camera: str | None = None) -> tuple[Answer, ...]:
        return self.station.submit(Command(new_id(), camera, action)).result(TIMEOUT)

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not holds():
            assert time.monotonic() < deadline, "it never came about"
            threading.Event().wait(0.01)

    def live(self, *cameras: str) -> None:
        """Until these have sent for so long as the pre-roll is."""
        here = {camera.id: camera for camera in self.station.cameras}
        pre = self.config.recording.pre_roll
        self.until(lambda: all(here[each].clips.ring.span >= pre for each in cameras))

    def close(self) -> None:
        self.station.stop("test")
        self._thread.join(TIMEOUT)
        assert not self._thread.is_alive()
        self.wait(StationStopped)
        self.bus.close()

    def clips(self) -> list[ClipRecord]:
        with Catalog.open(self.directory / "clips", create=False) as catalog:
            return list(catalog.clips())

    def clip(self, clip_id: str | None) -> ClipRecord:
        return next(clip for clip in self.clips() if clip.clip_id == clip_id)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Callable[..., Hall]]:
    made: list[Hall] = []

    def make(*cameras: dict[str, Any], **tables: Any) -> Hall:
        made.append(Hall(tmp_path, config(*cameras, **tables)))
        return made[-1]

    yield make
    for each in made:
        each.station.stop("test")
        each._thread.join(TIMEOUT)


def descriptors_now() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@contextmanager
def nothing_left() -> Iterator[None]:
    """No thread, and no descriptor, outlives what is done here."""
    threads, descriptors = set(threading.enumerate()), descriptors_now()
    yield
    deadline = time.monotonic() + TIMEOUT
    while left := [each for each in threading.enumerate() if each not in threads]:
        assert time.monotonic() < deadline, left
        threading.Event().wait(0.01)
    assert descriptors_now() <= descriptors


DOOR, YARD = {"id": "door"}, {"id": "yard"}


def test_the_same_settings_change_nothing_and_tell_nothing(hall: Callable[..., Hall]) -> None:
    one = hall(DOOR)
    one.live("door")
    assert one.apply(one.config) == Applied()
    one.close()
    assert not any(isinstance(each, SettingsChanged) for each in one.told)
    assert one.bench.devices.opened == {"file:/door": 1}


def test_a_camera_that_starts_anew_ends_its_clip_in_order_and_costs_the_other_nothing(
    hall: Callable[..., Hall],
) -> None:
    one = hall(DOOR, YARD)
    one.live("door", "yard")
    door, yard = one.command(Action.START)
    applied = one.apply(config(DOOR, {**YARD, "fps": 15.0}))
    assert applied == Applied(restarted=("yard",))
    one.wait(ClipReady, "door")
    one.close()
    assert [each.camera for each in one.told if isinstance(each, CameraStarted)].count("yard") == 2
    whole, cut = one.clip(door.clip_id), one.clip(yard.clip_id)
    assert (whole.state, cut.state) == (ClipState.COMPLETE, ClipState.STOPPED)
    for clip in (whole, cut):
        assert clip.written == clip.expected
        assert not clip.lost
    assert whole.written in (45, 46), "1.5 s of 30 a second"
    assert not any(isinstance(each, CameraLost) for each in one.told)
    told = next(each for each in one.told if isinstance(each, SettingsChanged))
    assert (told.by, told.keys, told.restarted) == ("test", ("camera[1].fps",), ("yard",))
    assert line(told) == "settings changed (test): camera[1].fps; yard starts anew"


def test_a_clip_that_is_open_keeps_its_timing_and_digest_and_the_next_has_the_new(
    hall: Callable[..., Hall],
) -> None:
    one = hall(DOOR)
    one.live("door")
    (old,) = one.command(Action.START)
    before = one.config
    after = config(DOOR, recording={"pre_roll": "200ms", "post_roll": "300ms"})
    assert one.apply(after) == Applied()
    one.wait(ClipReady)
    (new,) = one.command(Action.START)
    one.wait(ClipReady)
    one.close()
    for answer, settings in ((old, before), (new, after)):
        clip = one.clip(answer.clip_id)
        how = settings.recording
        assert (clip.asked_pre, clip.asked_post) == (how.pre_roll, how.post_roll)
        assert clip.config_digest == settings.digest()
        wanted = round((how.pre_roll + how.post_roll) * 30 / SECOND)
        assert abs((clip.written or 0) - wanted) <= 1


def test_a_clip_that_is_being_finished_goes_on_as_it_began_and_the_next_is_of_the_new_form(
    hall: Callable[..., Hall],
) -> None:
    one = hall(DOOR, recording={"post_roll": "300ms"})
    one.live("door")
    (old,) = one.command(Action.START)
    one.until(lambda: any(job.child for job in list(one.station._finishers._jobs.values())))
    one.apply(config(DOOR, recording={"post_roll": "300ms", "format": "mp4"}))
    one.wait(ClipReady)
    (new,) = one.command(Action.START)
    one.wait(ClipReady)
    one.close()
    suffixes = [path.suffix for each in (old, new) if (path := one.clip(each.clip_id).path)]
    assert suffixes == [".mkv", ".mp4"]


def test_cameras_come_and_go_and_the_clips_of_those_that_went_are_finished(
    hall: Callable[..., Hall],
) -> None:
    one = hall(DOOR, YARD)
    one.live("door", "yard")
    (answer,) = one.command(Action.START, "yard")
    assert one.apply(config({"id": "hall"}, DOOR)) == Applied(added=("hall",), removed=("yard",))
    assert [camera.id for camera in one.station.cameras] == ["hall", "door"]
    one.wait(ClipReady, "yard")
    one.live("hall", "door")
    one.until(lambda: one.bench.devices.held == {"file:/door", "file:/hall"})
    one.until(lambda: len(one.station._all.all) == 2)
    assert {each.camera for each in one.command(Action.START)} == {"door", "hall"}
    one.wait(ClipReady, "hall")
    one.close()
    clip = one.clip(answer.clip_id)
    assert (clip.state, clip.written) == (ClipState.STOPPED, clip.expected)


def test_a_device_that_gets_another_id_is_waited_for_and_none_is_told_lost(
    hall: Callable[..., Hall],
) -> None:
    one = hall(DOOR, YARD)
    one.live("door", "yard")
    swapped = config({"id": "door", "source": "file:/yard"}, {"id": "yard", "source": "file:/door"})
    assert one.apply(swapped) == Applied(restarted=("door", "yard"))
    one.live("door", "yard")
    other = config({"id": "gate", "source": "file:/yard"}, {"id": "yard", "source": "file:/door"})
    assert one.apply(other) == Applied(added=("gate",), removed=("door",))
    one.live("gate", "yard")
    one.close()
    assert not any(isinstance(each, CameraLost) for each in one.told)


def test_what_needs_a_new_start_is_told_and_left_alone(hall: Callable[..., Hall]) -> None:
    one = hall(DOOR)
    applied = one.apply(config(DOOR, web={"port": 1}, recording={"directory": "/elsewhere"}))
    assert applied.pending == ("recording.directory", "web.port")
    assert one.apply(config(DOOR)).pending == ()
    one.close()


def test_who_is_armed_by_other_settings_is_told(hall: Callable[..., Hall]) -> None:
    one = hall(DOOR)
    one.live("door")
    one.apply(config({**DOOR, "armed": False, "name": "Front door"}))
    assert one.wait(ArmingChanged) == ArmingChanged("door", False, "settings")
    (camera,) = one.station.cameras
    assert (camera.name, camera.armed) == ("Front door", False)
    one.apply(config(DOOR))
    assert one.wait(ArmingChanged) == ArmingChanged("door", True, "settings")
    one.close()


def test_a_file_that_is_not_there_does_not_end_a_recorder_whose_settings_it_came_by(
    hall: Callable[..., Hall],
) -> None:
    one = hall(DOOR)
    one.live("door")
    one.apply(config(GONE))
    one.wait(CameraLost, "door")
    assert one.apply(config(DOOR)) == Applied(restarted=("door",))
    one.live("door")
    one.close()


def test_settings_without_a_camera_or_for_a_station_that_ends_are_refused(
    hall: Callable[..., Hall],
) -> None:
    one = hall(DOOR)
    with pytest.raises(UsageError, match="no camera"):
        one.apply(config())
    one.live("door")
    one.command(Action.START)
    one.station.stop("test")
    with pytest.raises(UsageError, match="ending"):
        one.apply(config(YARD))
    one.close()


CAMERAS = ("door", "yard", "hall")
ZONE = {"name": "step", "polygon": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]}


def some_settings(chance: random.Random) -> Config:
    """Any of those that a running recorder takes; the capture of the gate is always the same."""
    gate = {"id": "gate", "armed": chance.random() < 0.5, "zone": chance.choice([[], [ZONE]])}
    cameras = [
        {
            "id": each,
            "source": f"file:/{chance.choice('abc')}{each}",
            "fps": chance.choice([20.0, 30.0]),
            "name": chance.choice(["", "Name "]) + each,
            "armed": chance.random() < 0.5,
        }
        for each in chance.sample(CAMERAS, chance.randint(1, 3))
    ]
    how = {"pre_roll": chance.choice(["200ms", "800ms"]), "post_roll": chance.choice(["0s", "1s"])}
    ring = {"max_bytes": chance.choice(["1MB", "512MB"])}
    limits = {"max_bytes": chance.choice(["100MB", "200GB"])}
    cameras.insert(chance.randint(0, len(cameras)), gate)
    return config(*cameras, recording=how, ring=ring, retention=limits)


@pytest.mark.parametrize(
    ("seed", "times"),
    [(1, 8), *(pytest.param(seed, 12, marks=pytest.mark.long) for seed in range(2, 5))],
)
def test_any_settings_one_after_another_break_no_promise(
    hall: Callable[..., Hall], seed: int, times: int
) -> None:
    chance = random.Random(seed)
    begun: dict[str, Config] = {}
    with nothing_left():
        one = hall(*({"id": each} for each in (*CAMERAS, "gate")))
        for _ in range(times):
            camera = chance.choice(one.station.cameras)
            for each in {camera.id, "gate"}:
                (answer,) = one.command(Action.START, each)
                if answer.clip_id is not None:
                    begun.setdefault(answer.clip_id, one.config)
            one.apply(some_settings(chance))
            threading.Event().wait(chance.choice([0.0, 0.05, 0.4]))
        one.close()
    assert not one.bench.devices.held
    assert one.bench.devices.opened["file:/gate"] == 1
    assert not any(isinstance(each, CameraLost) for each in one.told)
    clips = one.clips()
    assert len(clips) > 2
    for clip in clips:
        assert clip.state in (ClipState.COMPLETE, ClipState.STOPPED), clip
        if clip.state is ClipState.COMPLETE:
            assert clip.actual_post is not None
            assert clip.actual_post > clip.asked_post - SECOND // 15
        assert clip.written == clip.expected, clip
        assert not clip.lost
        settings = begun[clip.clip_id]
        assert clip.config_digest == settings.digest()
        assert (clip.asked_pre, clip.asked_post) == (
            settings.recording.pre_roll,
            settings.recording.post_roll,
        )
