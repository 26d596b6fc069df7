"""The catalogue's file is locked, cut, spoilt or replaced while clips are recorded; a full disk.

The station is one of this process (see desk.py). All of it is in the default run.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest

from smartrec.app.events import ClipFailed, DiskHasRoom, DiskRanFull
from smartrec.cli.clips import trouble_of
from smartrec.model import AccessUnit, ClipState
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from tests.faults.desk import Desk
from tests.faults.totals import Totals
from tests.media import clips as media

FILE = "catalog.sqlite3"


def pictures(number: int = 0) -> Sequence[AccessUnit]:
    """45 pictures around an event, later for each number."""
    units = media.jpeg_units(media.jpegs(135))
    return units[45 * number : 45 * (number + 1)]


def begin(desk: Desk, number: int = 0) -> str:
    """An event; returns its clip."""
    units = pictures(number)
    desk.push(units[:17])
    clip = desk.trigger(units[16].pts)
    desk.push(units[17:])
    return clip


def finish(desk: Desk) -> None:
    assert desk.turn_until(lambda: desk.settled), desk.told


def told(desk: Desk) -> list[str]:
    return [f"{e.reason} - {e.hint}" for e in desk.told if isinstance(e, DiskRanFull)]


def rows(clips: Path) -> dict[str, ClipRecord]:
    with Catalog.open(clips, create=False) as catalog:
        return {row.clip_id: row for row in catalog.clips()}


def sound(clips: Path, *wanted: str) -> None:
    """Those clips are what the catalogue says, and nothing is left over."""
    known = rows(clips)
    assert set(wanted) <= set(known)
    for clip in wanted:
        assert trouble_of(known[clip], clips) is None
        assert known[clip].written == 31
    assert not [path.name for path in (clips / ".open").glob("*")]


def fill(ballast: Path) -> None:
    """Until no room is left."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


def half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def spoilt(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(b"this is no database " * (size // 20))


def removed(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    """By a copy from before, as from a backup."""
    other = path.with_name("other")
    shutil.copyfile(path, other)
    other.replace(path)


@pytest.mark.parametrize("damage", [half, emptied, spoilt, removed, replaced])
@pytest.mark.parametrize("log_too", [False, True], ids=["", "and its log"])
def test_a_catalogue_damaged_while_recording_costs_no_clip_that_follows(
    tmp_path: Path, totals: Totals, damage: Callable[[Path], None], log_too: bool
) -> None:
    clips = tmp_path / "clips"
    desk = Desk(clips, media.jpeg_format())
    desk.open()
    finished = [begin(desk)]
    finish(desk)
    damage(clips / FILE)
    if log_too and (log := clips / f"{FILE}-wal").exists():
        damage(log)
    finished.append(begin(desk, 1))
    finish(desk)
    desk.close()
    desk = Desk(clips, media.jpeg_format())
    desk.open()  # what could not be noticed before is noticed now
    finished.append(begin(desk, 2))
    finish(desk)
    desk.close()
    sound(clips, finished[-1])
    if damage is not spoilt:
        sound(clips, finished[-2])
    known = rows(clips)
    with Catalog.open(clips, create=False) as catalog:
        unlisted = catalog.unlisted()
    assert len([each for each in finished if each not in known]) == len(unlisted)
    assert len(list(clips.glob("*.mkv"))) == 3
    totals("catalogue damaged while recording", tried=1, held=1)


def test_a_catalogue_that_another_program_locks_for_long_loses_no_row(
    tmp_path: Path, totals: Totals
) -> None:
    clips = tmp_path / "clips"
    desk = Desk(clips, media.jpeg_format())
    desk.open()
    with closing(sqlite3.connect(clips / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        clip = begin(desk)
        assert desk.turn_until(lambda: bool(told(desk)))
        assert "locked" in told(desk)[0]
        assert "Another program is writing to it" in told(desk)[0]
    finish(desk)
    assert isinstance(desk.told[-2], DiskHasRoom)
    desk.close()
    sound(clips, clip)
    totals("catalogue locked by another program", tried=1, held=1)


def test_a_recorder_starts_on_a_full_disk_and_keeps_clips_when_there_is_room(
    small_disk: Path, totals: Totals
) -> None:
    clips = small_disk / "clips"
    Desk(clips, media.jpeg_format()).open()
    ballast = small_disk / "ballast"
    fill(ballast)
    desk = Desk(clips, media.jpeg_format())
    desk.open()
    clip = begin(desk)
    assert desk.turn_until(lambda: bool(told(desk)))
    assert "Make room" in told(desk)[0]
    ballast.unlink()
    finish(desk)
    desk.close()
    sound(clips, clip)
    totals("disk full at the start", tried=1, held=1)


def test_a_clip_of_damaged_pictures_only_is_none(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    desk = Desk(clips, media.jpeg_format())
    desk.open()
    units = [
        AccessUnit(u.epoch, u.seq, u.pts, u.dts, u.duration, True, 0, b"", damaged=True)
        for u in pictures()
    ]
    desk.push(units[:17])
    clip = desk.trigger(units[16].pts)
    desk.push(units[17:])
    finish(desk)
    (failed,) = (event for event in desk.told if isinstance(event, ClipFailed))
    assert failed.clip_id == clip
    assert "31 damaged" in failed.reason
    assert failed.kept is None
    later = begin(desk, 1)
    finish(desk)
    desk.close()
    assert set(rows(clips)) == {later}
    sound(clips, later)


def test_a_fault_of_ours_while_writing_is_told_as_one_and_tried_again_with_patience(
    tmp_path: Path,
) -> None:
    clips = tmp_path / "clips"
    desk = Desk(clips, media.jpeg_format(fps=object()))  # no JSON can hold this
    desk.open()
    clip = begin(desk)
    assert desk.turn_until(lambda: any(isinstance(event, ClipFailed) for event in desk.told))
    assert "fault of smartrec" in told(desk)[0]
    (failed,) = (event for event in desk.told if isinstance(event, ClipFailed))
    assert failed.clip_id == clip
    assert len([e for e in desk.told if isinstance(e, DiskRanFull)]) == 1
    desk.close()
    assert list((clips / ".open").glob("*")) == []


def test_a_row_that_failed_for_want_of_its_file_is_mended_at_the_next_start(
    tmp_path: Path,
) -> None:
    """The finisher died when it had renamed the journal, again and again."""
    clips = tmp_path / "clips"
    desk = Desk(clips, media.jpeg_format())
    desk.open()
    clip = begin(desk)
    assert desk.turn_until(lambda: desk.written and bool(list((clips / ".open").glob("*.mkv"))))
    finish(desk)
    desk.keeper.failed(clip, "nobody knows")
    desk.close()
    assert rows(clips)[clip].state is ClipState.FAILED
    desk = Desk(clips, media.jpeg_format())
    desk.open()
    finish(desk)
    desk.close()
    sound(clips, clip)


def test_a_clip_that_no_disk_took_is_told_at_the_end(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    desk = Desk(clips, media.jpeg_format())
    desk.open()
    (clips / ".open").write_text("no directory")
    clip = begin(desk)
    assert desk.turn_until(lambda: bool(told(desk)))
    assert not any(isinstance(event, ClipFailed) for event in desk.told)
    desk.close()
    desk.turn()
    (failed,) = (event for event in desk.told if isinstance(event, ClipFailed))
    assert failed.clip_id == clip
    assert f"{failed.reason} - {failed.hint}" == told(desk)[0]
