"""Each clip is told to the watch, and whatever it answers, each is finished exactly once."""

import logging
import threading
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

import pytest

from smartrec.app.finishing import Finishers, Made, Order
from smartrec.app.recovery import left_behind
from smartrec.app.smart_record import ANSWER_WITHIN, DRAINING, SmartRecord
from smartrec.app.smart_setup import LONGEST, longest_of, notices, setup_of
from smartrec.app.watch import Said, Watch
from smartrec.config.schema import Config
from smartrec.media.nvdssr_values import LONGEST as LIBRARYS_LONGEST
from smartrec.media.orders import Recording
from smartrec.media.watch.messages import (
    Hello,
    Leave,
    NotRecorded,
    Record,
    Recorded,
    Setup,
)
from smartrec.model import Trigger
from smartrec.recording.session import Timing
from smartrec.units import SECOND, Ns
from tests.app.test_camera import camera
from tests.app.test_watch import Gone
from tests.media import clips
from tests.media.test_adopt import pts as at
from tests.media.test_adopt import record as write_file
from tests.media.test_adopt import shop
from tests.streams import FRAME, JPEG_FORMAT, stream

TIMEOUT = 50


class Heard(Gone):
    """Stand-in for a watch: keeps its orders."""

    def __init__(self) -> None:
        self.orders: list[Record | Leave] = []
        self.feed = Orders(self.orders)  # type: ignore[assignment]


class Orders(Gone.feed):
    """Its way in."""

    def __init__(self, orders: list[Record | Leave]) -> None:
        self.order = orders.append  # type: ignore[method-assign,assignment]


def config(**recording: object) -> Config:
    wanted = {"recorder": "nvdssr", "pre_roll": "1s", "post_roll": "1s", **recording}
    return Config.model_validate({"recording": wanted, "camera": [{"source": "demo"}]})


class Hall:
    """One camera, its clips, and a watch that records."""

    def __init__(self, directory: Path, *, records: bool = True, **recording: object) -> None:
        self.directory = directory
        self.camera = camera(directory)
        self.watch = Watch(Setup((("cam0", "Door"),), None, None), print)
        self.child = Heard()
        self.watch._child = self.child  # type: ignore[assignment]
        self.made: SimpleQueue[Made] = SimpleQueue()
        self.finishers = Finishers(Order(directory, "mp4", "auto", 23), 1, self.made.put)
        self.smart = SmartRecord(config(**recording), directory, self.watch, self.finishers)
        self.smart.prepare()
        self.units = stream(100_000)
        self.say(Hello(records=records))

    @property
    def orders(self) -> list[Record | Leave]:
        return self.child.orders

    def say(self, hello: Hello) -> None:
        self.watch.take(Said(0, hello))
        self.smart.began(hello)

    def see(self, count: int) -> None:
        for unit in islice(self.units, count):
            self.camera.clips.push(unit, JPEG_FORMAT)
            self.turn(unit.pts)

    def turn(self, now: int) -> None:
        self.smart.turn(Ns(now), [self.camera])

    def trigger(self, n: int) -> str:
        answer = self.camera.record(f"t{n}", Trigger(f"t{n}", Ns(n * FRAME), "key-R"))
        assert answer.clip_id is not None
        return answer.clip_id

    def is_held(self, clip: str) -> bool:
        return clip in self.finishers._held


def record_of(clip: str, path: Path) -> Recorded:
    return Recorded("cam0", clip, str(path), Ns(0), Ns(FRAME), 2)


def test_a_clip_is_told_when_it_begins_and_when_it_has_ended(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.see(60)
    clip = hall.trigger(59)
    hall.see(1)
    since = Ns(59 * FRAME - SECOND)
    assert hall.orders == [Record("cam0", clip, since)]
    assert hall.is_held(clip)
    hall.see(60)
    assert hall.orders[1:] == [Leave("cam0", clip, Ns(59 * FRAME + SECOND))]


def test_an_extension_needs_nothing_of_the_watch(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.see(60)
    clip = hall.trigger(59)
    hall.see(20)
    hall.trigger(79)
    hall.see(100)
    assert hall.orders == [
        Record("cam0", clip, Ns(59 * FRAME - SECOND)),
        Leave("cam0", clip, Ns(79 * FRAME + SECOND)),
    ]


def test_a_clip_left_by_its_camera_is_ended_when_its_last_pictures_are_through(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path)
    hall.see(60)
    clip = hall.trigger(59)
    hall.see(3)
    hall.camera.close()
    gone = 63 * FRAME
    hall.turn(gone)
    hall.turn(gone + DRAINING - 1)
    assert len(hall.orders) == 1
    hall.turn(gone + DRAINING)
    assert hall.orders[1:] == [Leave("cam0", clip, None)]


def test_parts_of_one_event_follow_each_other(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.see(60)
    hall.camera.clips._current.session.timing = Timing(SECOND, SECOND, Ns(3 * SECOND // 2))
    first = hall.trigger(59)
    hall.see(101)
    kinds = [(type(order), order.clip == first) for order in hall.orders]
    assert kinds == [(Record, True), (Leave, True), (Record, False), (Leave, False)]


def test_a_watch_that_does_not_record_is_told_nothing_and_nothing_waits(tmp_path: Path) -> None:
    hall = Hall(tmp_path, records=False)
    hall.see(60)
    clip = hall.trigger(59)
    hall.see(100)
    assert hall.orders == []
    assert not hall.is_held(clip)
    assert hall.smart.settled


def test_a_clip_that_began_before_the_watch_was_ready_is_the_rings(tmp_path: Path) -> None:
    hall = Hall(tmp_path, records=False)
    hall.see(60)
    before = hall.trigger(59)
    hall.see(1)
    hall.say(Hello(records=True))
    hall.see(70)
    after = hall.trigger(130)
    hall.see(1)
    assert [order.clip for order in hall.orders] == [after]
    assert not hall.is_held(before)


def test_a_cameras_own_jpegs_are_kept_where_that_is_asked(tmp_path: Path) -> None:
    hall = Hall(tmp_path, format="copy")
    hall.see(60)
    hall.trigger(59)
    hall.see(100)
    assert hall.orders == []


def test_a_watch_that_does_not_answer_is_waited_for_no_longer_than_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path)
    hall.see(60)
    clip = hall.trigger(59)
    hall.see(100)
    (left,) = [asked.left_at for asked in hall.smart._asked.values()]
    assert left is not None
    hall.turn(left + ANSWER_WITHIN)
    assert hall.is_held(clip)
    hall.turn(left + ANSWER_WITHIN + 1)
    assert not hall.is_held(clip)
    assert hall.smart.settled
    assert f"clip {clip} is made from its journal" in caplog.text
    late = tmp_path / ".open" / "nvdssr" / "late.mp4"
    late.write_bytes(b"late")
    hall.smart.take(record_of(clip, late))
    assert not late.exists()


def test_why_a_clip_was_not_recorded_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path)
    hall.see(60)
    clip = hall.trigger(59)
    hall.see(1)
    for _ in range(2):
        hall.smart.take(NotRecorded("cam0", clip, "the disk\x1b[2J is full", "make room"))
    assert not hall.is_held(clip)
    (said,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert "the disk [2J is full" in said
    assert "make room" in said
    hall.see(100)
    assert len(hall.orders) == 1  # nothing to leave


def test_a_watch_that_ends_lets_every_clip_go_and_what_it_left_is_removed(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.see(60)
    first = hall.trigger(59)
    hall.see(100)
    second = hall.trigger(159)
    hall.see(1)
    directory = tmp_path / ".open" / "nvdssr"
    whole, half = directory / "whole.mp4", directory / "half.mp4"
    for path in (whole, half):
        path.write_bytes(b"H.264")
    hall.smart.take(record_of(first, whole))
    hall.smart.watch_ended()
    assert hall.smart.settled
    assert not hall.is_held(first)
    assert not hall.is_held(second)
    _join("nvdssr-clear")
    assert list(directory.iterdir()) == [whole]


def test_a_file_from_elsewhere_is_not_taken(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.see(60)
    clip = hall.trigger(59)
    hall.see(1)
    foreign = tmp_path / "holiday.mp4"
    foreign.write_bytes(b"mine")
    hall.smart.take(record_of(clip, foreign))
    assert foreign.exists()
    assert hall.finishers.recordings == set()
    assert not hall.is_held(clip)


@pytest.mark.parametrize("early", [False, True])
def test_what_was_recorded_becomes_the_clip(tmp_path: Path, early: bool) -> None:
    """The answer may come before the journal is there, on a disk that is slow."""
    here = shop(tmp_path)
    hall = Hall(tmp_path)
    file = write_file(tmp_path / ".open" / "nvdssr" / "file.mp4")
    hall.see(60)
    clip = hall.trigger(59)
    hall.see(1)

    def begin() -> None:
        hall.finishers.begin(clip, here.journal)
        hall.finishers.turn(Ns(0))
        hall.finishers.closed(clip, here.journal.stat().st_size)

    def answer() -> None:
        hall.smart.take(Recorded("cam0", clip, str(file), at(15), at(50), 36))

    for step in (answer, begin) if early else (begin, answer):
        step()
    hall.finishers.turn(Ns(SECOND))
    hall.finishers.turn(Ns(2 * SECOND))
    made = hall.made.get(timeout=TIMEOUT)
    assert made.declined == ""
    assert made.finished is not None
    assert made.finished.encoder == "nvdssr"
    assert clips.numbers(clips.gst_frames(Path(made.finished.path))) == list(range(20, 50))
    assert hall.finishers.take(made, Ns(0))


def test_why_a_file_is_not_taken_is_told_beside_the_clip(tmp_path: Path) -> None:
    here = shop(tmp_path)
    hall = Hall(tmp_path)
    garbage = tmp_path / ".open" / "nvdssr" / "file.mp4"
    garbage.write_bytes(b"no video" * 100)
    hall.see(60)
    clip = hall.trigger(59)
    hall.see(1)
    hall.finishers.begin(clip, here.journal)
    hall.finishers.closed(clip, here.journal.stat().st_size)
    hall.smart.take(Recorded("cam0", clip, str(garbage), at(15), at(50), 36))
    hall.finishers.turn(Ns(SECOND))
    hall.finishers.turn(Ns(2 * SECOND))
    made = hall.made.get(timeout=TIMEOUT)
    assert hall.finishers.take(made, Ns(0))
    assert made.declined
    assert made.finished is not None
    assert clips.numbers(clips.gst_frames(Path(made.finished.path))) == list(range(20, 50))


def test_a_finisher_that_died_is_not_offered_the_file_again(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.finishers.hold("clip")
    hall.finishers.begin("clip", tmp_path / "gone.mkv")
    hall.finishers.release("clip", Recording(tmp_path / "file.mp4", Ns(0), Ns(1), 1))
    assert hall.finishers.recordings == {tmp_path / "file.mp4"}
    assert not hall.finishers.take(Made("clip", None, "FinisherDied", "status -11"), Ns(0))
    assert hall.finishers.recordings == set()


def test_a_start_removes_what_another_recorder_had_begun(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    directory = tmp_path / ".open" / "nvdssr"
    (directory / "half.mp4").write_bytes(b"half")
    left_behind(tmp_path / "journals", tmp_path)
    assert not directory.exists()
    hall.smart.prepare()
    assert list(directory.iterdir()) == []


def test_what_the_watch_is_told_of_it(tmp_path: Path) -> None:
    wanted = config(pre_roll="4.5s", smart_record_library="/opt/libnvdsgst_smartrecord.so")
    setup = setup_of(wanted, tmp_path)
    assert setup is not None
    assert setup.library == "/opt/libnvdsgst_smartrecord.so"
    assert Path(setup.directory) == tmp_path / ".open" / "nvdssr"
    assert setup.cache == 7 * SECOND
    assert setup.container == "mp4"
    assert setup_of(config(recorder="ring"), tmp_path) is None


def test_clips_are_shorter_than_the_library_allows() -> None:
    assert LONGEST < LIBRARYS_LONGEST
    assert longest_of(config(max_length="1h")) == LONGEST
    assert longest_of(config(max_length="20s")) == 20 * SECOND
    assert longest_of(config(recorder="ring", max_length="1h")) == 3600 * SECOND
    ((level, said),) = notices(config(max_length="1h"))
    assert level == logging.INFO
    assert "3600 s is more than Smart Record can do" in said
    assert list(notices(config(max_length="20s"))) == []
    assert list(notices(config(recorder="ring", max_length="1h"))) == []


def test_the_portable_engine_records_by_our_own(tmp_path: Path) -> None:
    tables = {"recording": {"recorder": "nvdssr"}, "detector": {"engine": "portable"}}
    portable = Config.model_validate(tables)
    ((level, said),) = notices(portable)
    assert level == logging.WARNING
    assert 'the engine "portable" has none' in said
    assert setup_of(portable, tmp_path) is None


def test_why_a_watch_does_not_record_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path)
    caplog.clear()
    for _ in range(3):
        hall.say(Hello(records_note="there is no libnvdsgst_smartrecord.so"))
    assert [r.getMessage() for r in caplog.records] == [
        "recorder nvdssr: there is no libnvdsgst_smartrecord.so; smartrec's own recorder takes over"
    ]


def _join(name: str) -> None:
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(TIMEOUT)


def test_what_other_settings_copy_is_recorded_by_the_ring_alone(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.see(60)
    hall.smart.apply(config(format="copy"))
    clip = hall.trigger(59)
    hall.see(1)
    assert hall.orders == []
    assert not hall.is_held(clip)
    hall.smart.apply(config())
    hall.see(90)
    hall.trigger(150)
    hall.see(1)
    assert len(hall.orders) == 1
