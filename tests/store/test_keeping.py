"""What may go is known, pins hold against whoever deletes, and no half of a clip is shown."""

from dataclasses import replace
from pathlib import Path

import pytest

from smartrec.clock import ClockQuality
from smartrec.errors import UsageError
from smartrec.recording.retention import Held
from smartrec.store import keeping
from smartrec.store.catalog import Catalog
from smartrec.units import SECOND
from tests.store.clips import INSTANT, WALL, closed, done, head

UNDATED = replace(INSTANT, clock=ClockQuality("adjtimex", False, None))


def test_only_finished_clips_are_held_with_what_decides_about_them(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        catalog.finished(closed(head(0)), done(tmp_path, head(0)))
        catalog.opened(head(1), tmp_path / "journal.mkv")
        catalog.opened(head(2), tmp_path / "other.mkv")
        catalog.failed(head(2).clip_id, "no encoder")
        keeping.pin(catalog, head(0).clip_id, pinned=True)
        record = catalog.clip(head(0).clip_id)
        end = record.start_wall_ns + (record.duration or 0)
        assert keeping.held(catalog) == [
            Held(head(0).clip_id, "cam0", record.bytes or 0, end, record.start_wall_ns, pinned=True)
        ]


def test_a_clip_of_a_clock_that_was_wrong_is_dated_by_the_first_that_is_right(
    tmp_path: Path,
) -> None:
    clip = head(0, instant=UNDATED)
    with Catalog.open(tmp_path, create=True) as catalog:
        catalog.finished(closed(clip), done(tmp_path, clip))
        assert [each.dated for each in keeping.held(catalog)] == [None]
        for moment in (WALL, WALL + 5 * SECOND):
            keeping.date(catalog, moment)
            assert [each.dated for each in keeping.held(catalog)] == [WALL]


def test_a_pin_stays_however_often_a_clip_changes(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        catalog.opened(head(), tmp_path / "journal.mkv")
        with Catalog.open(tmp_path, create=False) as other:
            keeping.pin(other, head().clip_id, pinned=True)
        catalog.changed(closed(head()))
        catalog.finished(closed(head()), done(tmp_path, head()))
        assert catalog.clip("last").pinned
        keeping.pin(catalog, head().clip_id, pinned=False)
        assert not catalog.clip("last").pinned


def test_a_pin_comes_before_a_deletion_or_is_refused(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        for n in (0, 1):
            catalog.finished(closed(head(n)), done(tmp_path, head(n)))
        ids = [head(0).clip_id, head(1).clip_id]
        keeping.pin(catalog, ids[0], pinned=True)
        assert keeping.mark(catalog, ids) == ids[1:]
        with pytest.raises(UsageError, match="deleted meanwhile"):
            keeping.pin(catalog, ids[1], pinned=True)


def test_a_clip_that_is_being_deleted_is_shown_to_nobody(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        catalog.finished(closed(head()), done(tmp_path, head()))
        keeping.mark(catalog, [head().clip_id])
        assert [*catalog.clips(), *keeping.held(catalog), *catalog.unlisted()] == []
        with pytest.raises(UsageError, match="no clip"):
            catalog.clip(head().clip_id)
        assert [clip.clip_id for clip in catalog.marked()] == [head().clip_id]
        keeping.unmark(catalog, head().clip_id)
        assert catalog.clip("last").clip_id == head().clip_id
        keeping.forget(catalog, [head().clip_id])
        assert len(catalog.clips()) == 1


def test_a_clip_that_is_finished_again_is_not_deleted_any_more(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        catalog.finished(closed(head()), done(tmp_path, head()))
        keeping.mark(catalog, [head().clip_id])
        catalog.finished(closed(head()), done(tmp_path, head()))
        assert len(catalog.clips()) == 1
