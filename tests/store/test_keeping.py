"""What may go is known, pins hold against whoever deletes, and no half of a clip is shown."""

from dataclasses import replace
from pathlib import Path

import pytest

from smartrec.clock import ClockQuality
from smartrec.errors import ClipKept, NoSuchClip, UsageError
from smartrec.recording.forecast import Holding
from smartrec.recording.retention import Held
from smartrec.store import browsing, keeping
from smartrec.store.briefs import Filters
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


def test_what_is_held_is_counted_by_camera(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        for n, camera in enumerate(("cam0", "cam0", "yard")):
            clip = head(n, camera_id=camera)
            catalog.finished(closed(clip), done(tmp_path, clip, bytes=100 + n))
        catalog.opened(head(3), tmp_path / "journal.mkv")
        keeping.pin(catalog, head(0).clip_id, pinned=True)
        first, second, yard = sorted(keeping.held(catalog), key=lambda clip: clip.start)
        assert keeping.holdings(catalog, second.start, second.start) == {
            "cam0": Holding(2, 201, 101, first.start, second.dated),
            "yard": Holding(1, 102, 0, yard.start, yard.dated),
        }


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


def finished(catalog: Catalog, *numbers: int) -> list[str]:
    """Clips of these numbers; their ids."""
    for n in numbers:
        catalog.finished(closed(head(n)), done(catalog.directory, head(n)))
    return [head(n).clip_id for n in numbers]


def shown(catalog: Catalog, *, trash: bool = False) -> list[str]:
    """Events in a list of clips, or of the trash, by every way that there is."""
    clips = [clip.event_id for clip in catalog.clips(trash=trash)]
    page = browsing.page(catalog, Filters(trashed=trash), limit=99)
    assert [clip.event_id for clip in page] == clips[::-1]
    return clips


def test_what_is_in_the_trash_is_shown_there_alone_and_comes_back_as_it_was(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        ids = finished(catalog, 0, 1, 2)
        keeping.note(catalog, ids[1], "the courier")
        before = catalog.clip(ids[1])
        with Catalog.open(tmp_path, create=False) as other:
            keeping.trash(other, ids[:2], WALL)
        keeping.trash(catalog, ids[:1], WALL + SECOND)
        assert shown(catalog) == ["event-2"]
        assert shown(catalog, trash=True) == ["event-0", "event-1"]
        with pytest.raises(NoSuchClip):
            catalog.clip(ids[1])
        assert catalog.clip("last").event_id == "event-2"
        assert catalog.clip(ids[1], trash=None).trashed_ns == WALL
        assert catalog.clip("last", trash=True).event_id == "event-1"
        assert [clip.trashed for clip in keeping.trashed(catalog)] == [WALL, WALL]
        assert catalog.unlisted() == []
        keeping.restore(catalog, [ids[1], ids[2]])
        assert catalog.clip(ids[1]) == before
        assert shown(catalog) == ["event-1", "event-2"]


def test_last_never_means_a_clip_in_the_trash_when_it_may_be_any(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        keeping.trash(catalog, finished(catalog, 0), WALL)
        with pytest.raises(NoSuchClip):
            catalog.clip("last", trash=None)


@pytest.mark.parametrize("state", ["pinned", "recording", "finishing", "deleted"])
def test_all_that_is_named_goes_into_the_trash_or_nothing(tmp_path: Path, state: str) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        ids = finished(catalog, 0, 2)
        catalog.opened(head(1), tmp_path / "journal.mkv")
        if state != "recording":
            catalog.changed(closed(head(1)))
        if state in ("pinned", "deleted"):
            finished(catalog, 1)
        keeping.pin(catalog, head(1).clip_id, pinned=state == "pinned")
        if state == "deleted":
            keeping.mark(catalog, [head(1).clip_id])
        with pytest.raises(UsageError) as caught:
            keeping.trash(catalog, [ids[0], head(1).clip_id, ids[1]], WALL)
        assert isinstance(caught.value, NoSuchClip if state == "deleted" else ClipKept)
        assert caught.value.hint
        assert keeping.trashed(catalog) == []
        assert {"event-0", "event-2"} <= set(shown(catalog))


def test_a_failed_clip_may_go_into_the_trash_and_stays_there_when_it_is_finished(
    tmp_path: Path,
) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        catalog.opened(head(), tmp_path / "journal.mkv")
        catalog.failed(head().clip_id, "no encoder")
        keeping.trash(catalog, [head().clip_id], WALL)
        assert len(keeping.trashed(catalog)) == 1
        catalog.changed(closed(head()))
        assert keeping.trashed(catalog) == []  # worked on: not to be deleted now
        finished(catalog, 0)
        assert len(keeping.trashed(catalog)) == 1
        assert shown(catalog) == []


def test_nothing_in_the_trash_is_pinned_or_noted(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        (clip,) = finished(catalog, 0)
        keeping.trash(catalog, [clip], WALL)
        with pytest.raises(NoSuchClip):
            keeping.pin(catalog, clip, pinned=True)
        with pytest.raises(NoSuchClip):
            keeping.note(catalog, clip, "but wait")
        with pytest.raises(NoSuchClip):
            keeping.restore(catalog, [clip, "another"])
        assert shown(catalog) == []


def test_a_clip_that_was_restored_meanwhile_is_not_deleted_for_having_been_in_the_trash(
    tmp_path: Path,
) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        ids = finished(catalog, 0, 1, 2)
        keeping.trash(catalog, ids[:2], WALL)
        keeping.restore(catalog, ids[:1])
        assert keeping.mark(catalog, ids, still_trashed=ids[:2]) == ids[1:]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  courier ", "courier"),
        ("one\r\ntwo", "one\ntwo"),
        ("\U0001f431 \u05d0 <script>", "\U0001f431 \u05d0 <script>"),
        ("half \ud800", "half ?"),
        ("x" * keeping.NOTE_MAX, "x" * keeping.NOTE_MAX),
        ("", ""),
    ],
)
def test_a_note_is_kept_as_it_was_written_through_every_change(
    tmp_path: Path, written: str, kept: str
) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        catalog.opened(head(), tmp_path / "journal.mkv")
        keeping.note(catalog, head().clip_id, "earlier")
        keeping.note(catalog, head().clip_id, written)
        catalog.changed(closed(head()))
        finished(catalog, 0)
        assert catalog.clip("last").note == kept
        assert browsing.brief(catalog, head().clip_id).note == kept


@pytest.mark.parametrize("written", ["x" * 2001, "a\tb", "\x1b[2J", "\0", "\x85", "\r"])
def test_a_note_that_is_no_text_or_too_long_is_refused(tmp_path: Path, written: str) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        (clip,) = finished(catalog, 0)
        with pytest.raises(UsageError, match="a note"):
            keeping.note(catalog, clip, f"a{written}b")
        assert catalog.clip(clip).note == ""
