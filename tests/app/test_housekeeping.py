"""Real files on small disks: what goes, what stays, what is told."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from smartrec.app.events import ClipDeleted, DiskBack, DiskLost, DiskLow, Event
from smartrec.app.housekeeping import AT_ONCE, EVERY, STUBBORN, Housekeeping, limits_of
from smartrec.app.keeper import Keeper
from smartrec.app.mounts import Disk
from smartrec.clock import Instant
from smartrec.config.schema import Config
from smartrec.errors import DiskFull, DiskGone, UsageError
from smartrec.model import ClipHead
from smartrec.recording.retention import Limit, Limits
from smartrec.store import keeping
from smartrec.store.catalog import Catalog
from smartrec.units import SECOND, Ns
from tests.store.clips import INSTANT, closed, done, head

SIZE = 100_000
DAY = 86_400 * SECOND


@dataclass
class Time:
    """A stand-in for the machine's clocks that goes as it is told."""

    instant: Instant = INSTANT

    def monotonic(self) -> Ns:
        return self.instant.mono_ns

    def now(self) -> Instant:
        return self.instant

    def passes(self, length: int) -> None:
        wall, mono = self.instant.wall_ns + length, Ns(self.instant.mono_ns + length)
        self.instant = replace(self.instant, wall_ns=wall, mono_ns=mono)


class House:
    """A clip directory, who looks after it, and what that tells."""

    def __init__(self, directory: Path, limits: Limits) -> None:
        self.time = Time()
        self.told: list[Event] = []
        self.directory = directory
        self.catalog = Catalog.open(directory, create=True)
        self.keeper = Housekeeping(limits, [Disk(directory)], self.time, self.told.append)

    def add(self, *clips: ClipHead, size: int = SIZE) -> None:
        for clip in clips:
            made = done(self.directory, clip, bytes=size)
            Path(made.path).write_bytes(bytes(size))
            self.catalog.finished(closed(clip), made)
        self.keeper.changed()

    def look(self) -> list[str]:
        """All that is to be done now; the events it led to, briefly."""
        self.told.clear()
        while self.keeper.look(self.catalog):
            pass
        return [
            f"{e.event_id} {e.reason}" if isinstance(e, ClipDeleted) else type(e).__name__
            for e in self.told
        ]

    @property
    def kept(self) -> list[str]:
        clips = self.catalog.clips()
        assert all(clip.path is not None and clip.path.exists() for clip in clips)
        assert self.catalog.unlisted() == []
        return [clip.event_id for clip in clips]


def heads(count: int) -> list[ClipHead]:
    return [head(n) for n in range(count)]


def test_the_settings_say_how_much_is_kept() -> None:
    config = Config.model_validate(
        {
            "retention": {"max_bytes": "2GB", "max_age": "30d", "trash": "2h"},
            "camera": [{"id": "door", "source": "demo", "retention": {"max_age": "1d"}}],
        }
    )
    limits = limits_of(config)
    assert limits.station == Limit(2_000_000_000, Ns(30 * DAY))
    assert limits.cameras == {"door": Limit(None, Ns(DAY))}
    assert limits.room(5_000_000_000) == 500_000_000
    assert limits.trash == 7200 * SECOND


def test_the_oldest_go_as_clips_come_and_each_is_told(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(Limit(max_bytes=3 * SIZE)))
    house.add(*heads(3))
    assert house.look() == []
    (tmp_path / "holiday.mp4").write_bytes(bytes(5 * SIZE))
    house.add(head(3), head(4))
    path = house.catalog.clip(head(0).clip_id).path
    assert house.look() == ["event-0 bytes", "event-1 bytes"]
    assert house.told[0] == ClipDeleted(
        "cam0", head(0).clip_id, "event-0", str(path), "bytes", SIZE
    )
    assert (tmp_path / "holiday.mp4").exists()
    (tmp_path / "holiday.mp4").unlink()
    assert house.kept == ["event-2", "event-3", "event-4"]
    assert sorted(p.suffix for p in tmp_path.iterdir() if p.name.startswith("cam0")) == [
        *([".jpg"] * 3 + [".mp4"] * 3),
    ]


def test_what_is_in_the_trash_goes_when_its_time_is_over(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(trash=Ns(600 * SECOND)))
    house.add(*heads(3))
    ids = [clip.clip_id for clip in heads(3)]
    keeping.trash(house.catalog, ids[:2], house.time.instant.wall_ns)
    assert house.look() == []
    house.time.passes(599 * SECOND)
    assert house.look() == []
    keeping.restore(house.catalog, ids[:1])
    house.time.passes(SECOND)
    assert house.look() == ["event-1 trash"]
    assert house.kept == ["event-0", "event-2"]
    assert sorted(path.suffix for path in tmp_path.glob("cam0*")) == [*[".jpg"] * 2, *[".mp4"] * 2]


def test_without_a_time_the_trash_is_emptied_at_the_next_look(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(trash=Ns(0)))
    house.add(*heads(AT_ONCE + 2), size=10)
    ids = [clip.clip_id for clip in heads(AT_ONCE + 1)]
    keeping.trash(house.catalog, ids, house.time.instant.wall_ns)
    assert house.keeper.look(house.catalog)
    assert not house.keeper.look(house.catalog)
    assert house.kept == [f"event-{AT_ONCE + 1}"]


def test_a_date_that_cannot_be_believed_takes_nobody_the_time_to_restore(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(trash=Ns(600 * SECOND)))
    house.add(*heads(1))
    lone = replace(house.time.instant, clock=replace(INSTANT.clock, synced=False))
    house.time.instant = lone
    keeping.trash(house.catalog, [head(0).clip_id], lone.wall_ns)
    assert house.look() == []
    house.time.instant = replace(lone, wall_ns=lone.wall_ns + 400 * DAY)
    assert house.look() == []
    house.time.passes(600 * SECOND)
    assert house.look() == ["event-0 trash"]


def test_the_trash_goes_first_where_room_is_needed(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(Limit(max_bytes=3 * SIZE)))
    house.add(*heads(3))
    keeping.trash(house.catalog, [head(2).clip_id], house.time.instant.wall_ns)
    house.add(head(3))
    assert house.look() == ["event-2 bytes"]
    house.add(head(4))
    assert house.look() == ["event-0 bytes"]


def test_a_clip_in_the_trash_that_cannot_be_deleted_is_left_alone_for_a_while(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, Limits(trash=Ns(0)))
    house.add(*heads(2))
    path = house.catalog.clip(head(0).clip_id).path
    assert path is not None
    path.unlink()
    path.mkdir()  # what no unlink(2) takes away
    keeping.trash(house.catalog, [head(0).clip_id, head(1).clip_id], house.time.instant.wall_ns)
    assert [*house.look(), *house.look(), *house.look(), *house.look()] == ["event-1 trash"]
    path.rmdir()
    path.touch()
    house.time.passes(STUBBORN)
    assert house.look() == ["event-0 trash"]


def test_many_go_a_few_at_a_time_so_that_rows_need_not_wait(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(Limit(max_bytes=1)))
    house.add(*heads(AT_ONCE + 2), size=10)
    assert house.keeper.look(house.catalog)
    assert len(house.kept) == 2
    assert not house.keeper.look(house.catalog)
    assert house.kept == []


def test_clips_that_are_too_old_go_when_their_time_comes(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(Limit(max_age=Ns(DAY))))
    house.add(*heads(2))
    house.time.passes(DAY - 60 * SECOND)
    assert house.look() == []
    house.time.passes(EVERY)
    house.time.passes(4 * SECOND)
    assert house.look() == ["event-0 age"]
    house.time.passes(EVERY)
    assert house.look() == ["event-1 age"]


def test_a_clock_that_was_set_ahead_deletes_nothing(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(Limit(max_age=Ns(DAY))))
    house.add(*heads(2))
    wrong = replace(INSTANT.clock, synced=False)
    house.look()
    house.time.instant = replace(
        house.time.instant, wall_ns=INSTANT.wall_ns + 900 * DAY, clock=wrong
    )
    for _ in range(3):
        house.time.passes(2 * 3600 * SECOND)
        assert house.look() == []
    assert len(house.kept) == 2


@pytest.mark.parametrize("date", [0, INSTANT.wall_ns + 73 * 365 * DAY])
def test_a_battery_that_was_dead_for_days_deletes_nothing_then_or_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, date: int
) -> None:
    """The clock begins in 1970, or in 2099, and runs evenly."""
    house = House(tmp_path, Limits(Limit(max_age=Ns(30 * DAY))))
    house.add(head(0))
    assert house.look() == []
    wrong = replace(INSTANT, wall_ns=date, clock=replace(INSTANT.clock, synced=False))
    house = House(tmp_path, Limits(Limit(max_age=Ns(30 * DAY))))
    house.time.instant = wrong
    house.add(head(1, instant=wrong))
    for _ in range(3):
        assert house.look() == []
        house.time.passes(DAY)
    assert caplog.text.count("the date cannot be right") == 1
    house.time.instant = replace(INSTANT, wall_ns=INSTANT.wall_ns + DAY)
    assert house.look() == []
    assert len(house.kept) == 2


def test_clips_of_a_clock_that_was_decades_behind_are_not_decades_old(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(Limit(max_age=Ns(DAY))))
    then = replace(INSTANT, wall_ns=0, clock=replace(INSTANT.clock, synced=False))
    house.add(head(0, instant=then))
    assert house.look() == []
    house.time.passes(DAY - SECOND)
    assert house.look() == []
    house.time.passes(EVERY)
    assert house.look() == ["event-0 age"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB, of which a tenth shall be free."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small tmpfs")
    at = tmp_path / "disk"
    at.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4000k", "smartrec", at], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", at], check=False)


ROOM = Limits(min_free=10**9)
TENTH = 409_600


def free(directory: Path) -> int:
    room = os.statvfs(directory)
    return room.f_bavail * room.f_frsize


def fill(disk: Path, left: int) -> Path:
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    ballast.write_bytes(bytes(free(disk) - left))
    return ballast


def test_room_is_made_before_there_is_none_and_no_more_than_needed(disk: Path) -> None:
    house = House(disk, ROOM)
    house.add(*heads(10))
    assert house.look() == []
    fill(disk, TENTH - SIZE - SIZE // 2)
    assert house.look() == ["event-0 room", "event-1 room"]
    assert free(disk) >= TENTH
    assert house.look() == []
    assert len(house.kept) == 8


def test_pinned_clips_are_told_once_and_again_after_there_was_room(disk: Path) -> None:
    house = House(disk, ROOM)
    house.add(*heads(2))
    for clip in heads(2):
        keeping.pin(house.catalog, clip.clip_id, pinned=True)
    (disk / "journal.mkv").touch()
    house.catalog.opened(head(2), disk / "journal.mkv")
    house.catalog.failed(head(2).clip_id, "no encoder")
    ballast = fill(disk, 50_000)
    assert house.look() == ["DiskLow"]
    (low,) = house.told
    assert isinstance(low, DiskLow)
    assert low.wanted_bytes == TENTH
    assert low.reason == "pinned clips: 2, journals of clips that failed: 1"
    assert "smartrec clips unpin" in low.hint
    house.time.passes(EVERY)
    assert house.look() == []
    ballast.unlink()
    assert house.look() == []
    fill(disk, 50_000)
    assert house.look() == ["DiskLow"]
    keeping.pin(house.catalog, head(0).clip_id, pinned=False)
    house.time.passes(EVERY)
    assert house.look() == ["event-0 room"]
    assert [clip.event_id for clip in house.catalog.clips()] == ["event-1", "event-2"]
    assert (disk / "journal.mkv").exists()


def test_a_player_that_holds_a_deleted_clip_costs_no_other(disk: Path) -> None:
    house = House(disk, ROOM)
    house.add(*heads(4))
    oldest = house.catalog.clip(head(0).clip_id).path
    assert oldest is not None
    with oldest.open("rb"):
        fill(disk, TENTH - SIZE // 2)
        assert house.look() == ["event-0 room"]
        for _ in range(3):
            house.time.passes(5 * SECOND)
            house.keeper.changed()
            assert house.look() == []
        house.time.passes(60 * SECOND)
        assert house.look() == ["event-1 room"]


def test_a_clip_that_cannot_be_deleted_is_left_and_the_next_goes(disk: Path) -> None:
    house = House(disk, Limits(Limit(max_bytes=2 * SIZE)))
    house.add(*heads(3))
    stubborn = disk / f"{head(0).file_name}.mp4"
    stubborn.unlink()
    (stubborn / "inside").mkdir(parents=True)
    assert [house.look() for _ in range(4)] == [[], [], ["event-1 bytes"], []]
    house.time.passes(11 * EVERY)
    house.add(head(3))
    assert [house.look() for _ in range(3)] == [[], [], ["event-2 bytes"]]


def test_a_row_that_cannot_be_deleted_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path, Limits(Limit(max_bytes=SIZE)))
    house.add(*heads(3))
    with house.catalog.transaction(durable=True) as db:
        where = ("/elsewhere/gone.mp4", head(0).clip_id)
        db.execute("UPDATE locations SET uri = ? WHERE clip_id = ?", where)
    for _ in range(20):
        house.look()
        house.time.passes(2 * SECOND)
    (told,) = caplog.messages
    assert "/elsewhere/gone.mp4" in told


def test_what_was_being_deleted_is_finished_at_the_start(tmp_path: Path) -> None:
    house = House(tmp_path, Limits())
    house.add(*heads(2))
    keeping.mark(house.catalog, [head(0).clip_id])
    house.keeper.begin(house.catalog)
    assert house.kept == ["event-1"]
    assert not list(tmp_path.glob(f"{head(0).file_name}*"))


def test_a_disk_that_is_gone_is_told_once_and_nothing_is_made_in_its_place(disk: Path) -> None:
    house = House(disk / "clips", ROOM)
    house.add(head())
    subprocess.run(["umount", "-l", disk], check=True)
    for _ in range(2):
        with pytest.raises(DiskGone):
            house.keeper.look(house.catalog)
    assert [type(event) for event in house.told] == [DiskLost]
    assert list(disk.iterdir()) == []
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4000k", "smartrec", disk], check=True)
    house.told.clear()
    house.keeper.ground()
    assert [type(event) for event in house.told] == [DiskBack]


def test_a_disk_of_journals_that_is_gone_is_told_too(disk: Path, tmp_path: Path) -> None:
    house = House(tmp_path / "clips", ROOM)
    disks = [Disk(tmp_path / "clips"), Disk(disk / "journals")]
    keeper = Housekeeping(ROOM, disks, house.time, house.told.append)
    assert not keeper.look(house.catalog)
    subprocess.run(["umount", "-l", disk], check=True)
    for _ in range(2):
        assert not keeper.look(house.catalog)
    assert [event.directory for event in house.told if isinstance(event, DiskLost)] == [
        str(disk / "journals")
    ]


def test_a_recorder_that_starts_on_a_disk_without_any_room_makes_some(disk: Path) -> None:
    house = House(disk, ROOM)
    house.add(*heads(10))
    house.catalog.close()
    ballast = disk / "ballast"
    subprocess.run(["dd", "if=/dev/zero", f"of={ballast}"], check=False, capture_output=True)
    with pytest.raises(DiskFull):
        Catalog.open(disk, create=True)
    tidied: Queue[Event] = Queue()
    keeper = Keeper(disk, lambda _: None, Housekeeping(ROOM, [Disk(disk)], house.time, tidied.put))
    keeper.open()
    keeper.measure()
    told = tidied.get(timeout=20)
    assert isinstance(told, ClipDeleted)
    assert (told.event_id, told.reason) == ("event-0", "room")
    assert keeper.stop(20)
    assert free(disk) > 3 * SIZE
    with Catalog.open(disk, create=False) as catalog:
        clips = catalog.clips()
        assert [clip.event_id for clip in clips] == [f"event-{n}" for n in range(5, 10)]
        assert all(clip.path is not None and clip.path.exists() for clip in clips)


def test_the_catalogues_thread_empties_the_trash_that_another_process_filled(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, Limits(trash=Ns(0)))
    house.add(*heads(2))
    house.catalog.close()
    told: Queue[Event] = Queue()
    keeper = Keeper(
        tmp_path,
        lambda _: None,
        Housekeeping(Limits(trash=Ns(0)), [Disk(tmp_path)], house.time, told.put),
    )
    keeper.open()
    with Catalog.open(tmp_path, create=False) as other:
        keeping.trash(other, [head(0).clip_id], house.time.instant.wall_ns)
    keeper.measure()
    event = told.get(timeout=20)
    assert isinstance(event, ClipDeleted)
    assert (event.event_id, event.reason) == ("event-0", "trash")
    assert keeper.stop(20)
    assert sorted(path.name for path in tmp_path.glob("*.mp4")) == [f"{head(1).file_name}.mp4"]


def test_no_clip_goes_that_somebody_was_told_is_pinned(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(Limit(max_bytes=1)))
    clips = heads(60)
    house.add(*clips, size=10)
    pinned = []

    def pin() -> None:
        with Catalog.open(tmp_path, create=False) as catalog:
            for clip in clips[::3]:
                with suppress(UsageError):
                    keeping.pin(catalog, clip.clip_id, pinned=True)
                    pinned.append(clip.event_id)

    somebody = Thread(target=pin)
    somebody.start()
    while somebody.is_alive():
        house.keeper.changed()
        house.look()
    house.keeper.changed()
    house.look()
    assert sorted(house.kept) == sorted(pinned)
    assert len(house.kept) <= len(clips[::3])


def test_other_limits_hold_at_once_on_the_catalogues_thread(tmp_path: Path) -> None:
    house = House(tmp_path, Limits())
    house.add(*heads(4))
    house.catalog.close()
    told: Queue[Event] = Queue()
    keeper = Keeper(
        tmp_path, lambda _: None, Housekeeping(Limits(), [Disk(tmp_path)], house.time, told.put)
    )
    keeper.open()
    keeper.limit(Limits(Limit(max_bytes=2 * SIZE)))
    gone = [told.get(timeout=20) for _ in range(2)]
    assert [(e.event_id, e.reason) for e in gone if isinstance(e, ClipDeleted)] == [
        ("event-0", "bytes"),
        ("event-1", "bytes"),
    ]
    keeper.limit(Limits(cameras={"cam0": Limit(max_bytes=SIZE)}))
    event = told.get(timeout=20)
    assert isinstance(event, ClipDeleted)
    assert event.event_id == "event-2"
    assert keeper.stop(20)


def test_other_limits_begin_no_time_in_the_trash_anew(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(trash=Ns(600 * SECOND)))
    house.add(*heads(2))
    keeping.trash(house.catalog, [head(0).clip_id], house.time.instant.wall_ns)
    assert house.look() == []
    house.time.passes(400 * SECOND)
    house.keeper.apply(Limits(Limit(max_bytes=100 * SIZE), trash=Ns(600 * SECOND)))
    house.time.passes(200 * SECOND)
    assert house.look() == ["event-0 trash"]
