"""Wherever a deletion is interrupted, what is left is whole or goes at the next start."""

import subprocess
from pathlib import Path

import pytest

from smartrec.app import deleting
from smartrec.errors import DiskFull, StoreError
from smartrec.store import keeping
from smartrec.store.catalog import Catalog
from smartrec.store.database import FILE_NAME
from tests.store.clips import closed, done, head


def fill(directory: Path, clips: int = 3) -> list[str]:
    with Catalog.open(directory, create=True) as catalog:
        for n in range(clips):
            catalog.finished(closed(head(n)), done(directory, head(n)))
    return [head(n).clip_id for n in range(clips)]


def files_of(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir() if not path.name.startswith(FILE_NAME)}


def own(*numbers: int) -> set[str]:
    return {f"{head(n).file_name}{end}" for n in numbers for end in (".mp4", ".jpg")}


def test_clip_thumbnail_and_row_go_together_and_others_stay(tmp_path: Path) -> None:
    ids = fill(tmp_path)
    (tmp_path / "holiday.mp4").touch()
    with Catalog.open(tmp_path, create=True) as catalog:
        outcome = deleting.delete(catalog, ids[:2])
        assert [clip.clip_id for clip in outcome.gone] == ids[:2]
        assert outcome.left == []
        assert [clip.clip_id for clip in catalog.clips()] == ids[2:]
    assert files_of(tmp_path) == own(2) | {"holiday.mp4"}


@pytest.mark.parametrize("removed", [(), (".mp4",), (".mp4", ".jpg")])
def test_what_was_interrupted_is_finished_later(tmp_path: Path, removed: tuple[str, ...]) -> None:
    ids = fill(tmp_path)
    with Catalog.open(tmp_path, create=True) as catalog:
        keeping.mark(catalog, ids[:1])
    for suffix in removed:
        (tmp_path / f"{head(0).file_name}{suffix}").unlink()
    with Catalog.open(tmp_path, create=True) as catalog:
        assert [clip.clip_id for clip in catalog.clips()] == ids[1:]
        assert [clip.clip_id for clip in deleting.complete(catalog).gone] == ids[:1]
        assert catalog.marked() == []
    assert files_of(tmp_path) == own(1, 2)


def test_a_pinned_clip_stays_and_one_that_is_recorded_too(tmp_path: Path) -> None:
    ids = fill(tmp_path)
    with Catalog.open(tmp_path, create=True) as catalog:
        keeping.pin(catalog, ids[0], pinned=True)
        catalog.opened(head(3), tmp_path / "journal.mkv")
        assert deleting.delete(catalog, [ids[0], head(3).clip_id]) == deleting.Outcome()
    assert files_of(tmp_path) == own(0, 1, 2)


def test_a_file_that_cannot_be_deleted_keeps_its_row_and_costs_the_others_nothing(
    tmp_path: Path,
) -> None:
    ids = fill(tmp_path)
    stubborn = tmp_path / f"{head(0).file_name}.mp4"
    stubborn.unlink()
    (stubborn / "a directory").mkdir(parents=True)
    with Catalog.open(tmp_path, create=True) as catalog:
        outcome = deleting.delete(catalog, ids[:2])
        assert [clip.clip_id for clip in outcome.gone] == [ids[1]]
        ((clip, error),) = outcome.left
        assert (clip.clip_id, type(error)) == (ids[0], StoreError)
        assert [clip.clip_id for clip in catalog.clips()] == [ids[0], ids[2]]


def test_room_is_made_where_there_is_none_for_a_word(small_disk: Path) -> None:
    ids = fill(small_disk)
    large = small_disk / f"{head(0).file_name}.mp4"
    large.write_bytes(bytes(200_000))
    with Catalog.open(small_disk, create=True) as catalog:
        # Copied back, the log is as short as it can be, and the next word needs room of its own.
        catalog.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        ballast = small_disk / "ballast"
        subprocess.run(["dd", "if=/dev/zero", f"of={ballast}"], check=False, capture_output=True)
        with pytest.raises(StoreError):
            keeping.mark(catalog, ids[:1])
        outcome = deleting.delete(catalog, ids[:1])
        assert [clip.clip_id for clip in outcome.gone] == ids[:1]
        assert not large.exists()
        assert [clip.clip_id for clip in catalog.clips()] == ids[1:]


def test_clips_of_a_full_disk_are_listed_and_deleted_where_nobody_records(
    small_disk: Path,
) -> None:
    ids = fill(small_disk)
    (small_disk / f"{head(0).file_name}.mp4").write_bytes(bytes(200_000))
    ballast = small_disk / "ballast"
    subprocess.run(["dd", "if=/dev/zero", f"of={ballast}"], check=False, capture_output=True)
    with Catalog.open(small_disk, create=False) as catalog:
        assert [clip.clip_id for clip in catalog.clips()] == ids
        with pytest.raises(DiskFull):
            keeping.pin(catalog, ids[1], pinned=True)
        outcome = deleting.delete(catalog, ids[:1])
        assert [clip.clip_id for clip in outcome.gone] == ids[:1]
        keeping.pin(catalog, ids[1], pinned=True)
    with Catalog.open(small_disk, create=False) as catalog:
        assert [(clip.clip_id, clip.pinned) for clip in catalog.clips()] == [
            (ids[1], True),
            (ids[2], False),
        ]


@pytest.mark.parametrize(
    "uri", ["holiday.mp4", "catalog.sqlite3", "../holiday.mp4", "\0.mp4", "circle/a.mp4"]
)
@pytest.mark.parametrize("column", ["uri", "thumbnail"])
@pytest.mark.parametrize("state", ["complete", "failed"])
def test_a_spoilt_row_deletes_no_file_of_others(
    tmp_path: Path, uri: str, column: str, state: str
) -> None:
    directory = tmp_path / "clips"
    spoilt, *others = fill(directory)
    strange = [directory / "holiday.mp4", tmp_path / "holiday.mp4", directory / FILE_NAME]
    for path in strange[:2]:
        path.write_bytes(b"ours")
    (directory / "circle").symlink_to("circle")
    with Catalog.open(directory, create=False) as catalog:
        with catalog.transaction(durable=True) as db:
            db.execute(f"UPDATE locations SET {column} = ? WHERE clip_id = ?", (uri, spoilt))
            db.execute("UPDATE clips SET state = ? WHERE clip_id = ?", (state, spoilt))
        outcome = deleting.delete(catalog, [spoilt, *others])
        assert [clip.clip_id for clip in outcome.gone] == others
        assert [clip.clip_id for clip, _ in outcome.left] == [spoilt]
    assert all(path.exists() for path in strange)
