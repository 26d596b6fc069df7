"""The finisher as a child: following a live journal, dying recorders, full disks, taken names."""

import hashlib
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from smartrec.media.journal import JournalWriter
from smartrec.media.publish import publish
from smartrec.model import AccessUnit, ClipState, Codec
from smartrec.units import Ns
from tests.media import clips
from tests.media.clips import Shop


def jpeg_shop(where: Path, count: int = 30, **changes: object) -> tuple[Shop, list[AccessUnit]]:
    units = clips.jpeg_units(clips.jpegs(count))
    return Shop(where, clips.head(clips.jpeg_format(), units, **changes)), units


def test_it_encodes_while_the_event_still_lasts(tmp_path: Path) -> None:
    shop, units = jpeg_shop(tmp_path, 90)
    writer = JournalWriter(shop.journal, replace(shop.head, state=ClipState.RECORDING))
    finisher = shop.start()
    finisher.say(readable=writer.write(units[:40]))
    assert finisher.heard()["progress"] >= 1
    finisher.say(readable=writer.write(units[40:60]))
    writer.write(units[60:])
    finisher.say(closed=writer.close(replace(shop.head, end=units[80].pts)))
    finisher.wait()
    assert finisher.finished["frames_written"] == 80
    assert clips.numbers(clips.gst_frames(Path(finisher.finished["path"]))) == list(range(80))


def test_what_is_not_yet_readable_is_not_read(tmp_path: Path) -> None:
    shop, units = jpeg_shop(tmp_path)
    writer = JournalWriter(shop.journal, shop.head)
    readable = writer.write(units[:10])
    writer.write(units[10:20])
    finisher = shop.start()
    finisher.say(closed=readable)
    finisher.wait()
    writer.abandon()
    assert finisher.finished["frames_written"] == 10


def test_without_a_recorder_it_leaves_nothing_but_the_journal(tmp_path: Path) -> None:
    shop, units = jpeg_shop(tmp_path)
    writer = JournalWriter(shop.journal, shop.head)
    finisher = shop.start()
    finisher.say(readable=writer.write(units))
    finisher.heard()
    finisher.wait()
    writer.abandon()
    assert finisher.status == 3
    assert shop.files() == {".open/journal.mkv"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_a_signal_that_ends_the_recorder_leaves_it_to_finish(
    tmp_path: Path, number: signal.Signals
) -> None:
    shop, units = jpeg_shop(tmp_path)
    writer = JournalWriter(shop.journal, shop.head)
    finisher = shop.start()
    finisher.say(readable=writer.write(units))
    finisher.heard()
    finisher.process.send_signal(number)
    finisher.say(closed=writer.close(shop.head))
    finisher.wait()
    assert finisher.finished["frames_written"] == 30


def test_recovery_finishes_what_was_abandoned(tmp_path: Path) -> None:
    shop, units = jpeg_shop(tmp_path)
    shop.write(units)
    with shop.journal.open("ab") as journal:
        journal.write(b"\x1f\x43\xb6\x75 torn off in the middle of a cluster")
    finisher = shop.finish()
    assert finisher.finished["frames_written"] == 30
    path = Path(finisher.finished["path"])
    assert finisher.finished["bytes"] == path.stat().st_size
    assert finisher.finished["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_a_killed_finisher_left_is_written_over(tmp_path: Path) -> None:
    shop, units = jpeg_shop(tmp_path)
    shop.write(units)
    left = shop.journal.with_name("cam0_key-R.mp4.part")
    left.write_bytes(b"half a clip" * 1_000_000)
    told = shop.finish().finished
    assert told["bytes"] < 1_000_000
    assert shop.files() == {".open/journal.mkv", "cam0_key-R.mp4", "cam0_key-R.jpg"}


def test_a_torn_copy_is_cut_to_whole_pictures(tmp_path: Path) -> None:
    shop, units = jpeg_shop(tmp_path)
    shop.write(units)
    with shop.journal.open("ab") as journal:
        journal.write(b"\x1f\x43\xb6\x75 torn off in the middle of a cluster")
    path = Path(shop.finish(format="copy").finished["path"])
    assert clips.numbers(clips.gst_frames(path, Codec.JPEG)) == list(range(30))


def test_another_clip_of_the_same_name_is_never_touched(tmp_path: Path) -> None:
    first, units = jpeg_shop(tmp_path)
    first.write(units)
    kept = Path(first.finish().finished["path"])
    before = kept.read_bytes()
    second = Shop(tmp_path, replace(first.head, clip_id="clip-2"), "other")
    second.write(units)
    third = Shop(tmp_path, replace(first.head, clip_id="clip-3"), "third")
    third.write(units)
    names = [Path(shop.finish().finished["path"]).name for shop in (second, third)]
    assert names == ["cam0_key-R-2.mp4", "cam0_key-R-3.mp4"]
    assert kept.read_bytes() == before
    assert (tmp_path / "cam0_key-R-2.jpg").exists()


@pytest.mark.parametrize("format_", ["mp4", "copy"])
def test_a_clip_that_is_finished_twice_is_there_once(tmp_path: Path, format_: str) -> None:
    shop, units = jpeg_shop(tmp_path)
    shop.write(units)
    once = shop.finish(format=format_).finished["path"]
    if format_ == "copy":
        shop.write(units)
    assert shop.finish(format=format_).finished["path"] == once
    assert len([name for name in shop.files() if not name.startswith(".open")]) == 2


def test_a_copy_that_has_its_name_but_no_row_yet_is_finished_where_it_is(tmp_path: Path) -> None:
    """Its recorder was killed right after the journal had become the clip."""
    shop, units = jpeg_shop(tmp_path)
    shop.write(units)
    once = shop.finish(format="copy").finished
    shop.journal = Path(once["path"])
    again = shop.finish(format="copy").finished
    assert again == once
    assert shop.files() == {"cam0_key-R.mkv", "cam0_key-R.jpg"}


def test_a_file_that_says_no_clip_keeps_its_name(tmp_path: Path) -> None:
    taken = tmp_path / "a.mp4"
    taken.write_bytes(b"mine")
    written = tmp_path / "new.part"
    written.write_bytes(b"new")
    assert publish(written, taken, "clip") == tmp_path / "a-2.mp4"
    assert (taken.read_bytes(), (tmp_path / "a-2.mp4").read_bytes()) == (b"mine", b"new")


def test_a_full_disk_is_told_and_leaves_the_journal(small_disk: Path) -> None:
    units = clips.jpeg_units(clips.jpegs(30))
    shop = Shop(small_disk, clips.head(clips.jpeg_format(), units))
    size = shop.write(units)
    rest = small_disk / "rest"
    with rest.open("wb") as file:
        file.truncate(0)
        file.write(bytes((1 << 20) - size - 32_768))
    finisher = shop.finish(quality=1)
    assert finisher.failed["error"] == "DiskFull"
    assert not str(finisher.failed["message"]).endswith(".")
    assert shop.files() == {".open/journal.mkv", "rest"}
    assert shop.journal.stat().st_size == size
    rest.unlink()
    assert shop.finish(quality=40).finished["frames_written"] == 30


def test_a_clip_directory_that_is_gone_is_told(tmp_path: Path) -> None:
    shop, units = jpeg_shop(tmp_path)
    shop.write(units)
    failed = shop.finish(clips=str(tmp_path / "gone")).failed
    assert failed["error"] == "StoreError"
    assert shop.files() == {".open/journal.mkv"}


def test_a_file_that_is_no_journal_is_told(tmp_path: Path) -> None:
    shop, _ = jpeg_shop(tmp_path)
    shop.journal.write_bytes(b"no journal at all" * 100)
    assert shop.finish().failed["error"] == "StoreError"


def test_an_unknown_encoder_is_told_with_the_names(tmp_path: Path) -> None:
    shop, units = jpeg_shop(tmp_path)
    shop.write(units)
    failed = shop.finish(encoder="best").failed
    assert failed["error"] == "MissingElement"
    assert "x264" in failed["hint"]


def test_the_trigger_may_lie_behind_the_last_picture(tmp_path: Path) -> None:
    shop, units = jpeg_shop(tmp_path)
    late = replace(shop.head.triggers[0], pts=Ns(units[-1].pts + clips.FRAME))
    shop.head = replace(shop.head, triggers=(late,), end=Ns(late.pts + 1))
    shop.write(units)
    thumbnail = clips.thumbnail(Path(shop.finish().finished["thumbnail"]))
    assert clips.numbers([(0, thumbnail)]) == [29]


@pytest.mark.parametrize("format_", ["mp4", "copy"])
def test_a_journal_on_another_file_system_becomes_a_clip(
    tmp_path: Path, small_disk: Path, format_: str
) -> None:
    shop, units = jpeg_shop(tmp_path)
    shop.journal = small_disk / "journal.mkv"
    shop.write(units)
    told = shop.finish(format=format_).finished
    assert told["frames_written"] == 30
    suffix = {"mp4": "mp4", "copy": "mkv"}[format_]
    assert shop.files() - {"small/journal.mkv"} == {f"cam0_key-R.{suffix}", "cam0_key-R.jpg"}
