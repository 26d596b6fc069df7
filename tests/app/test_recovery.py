"""What a killed recorder left is told apart from what the new one is doing meanwhile."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from smartrec.app.recovery import Found, Gone, examine, left_behind
from smartrec.media.journal import JournalWriter
from smartrec.model import ClipHead
from smartrec.store.catalog import Catalog
from smartrec.store.files import sha256
from tests.store.clips import closed, done, head
from tests.streams import stream


def journal(clips: Path, clip: ClipHead) -> Path:
    """A journal as a recorder leaves it that is killed."""
    path = clips / ".open" / f"{clip.file_name}.mkv"
    writer = JournalWriter(path, clip)
    writer.write(list(stream(10, start=clip.start)))
    writer.abandon()
    return path


def test_a_clip_begun_while_journals_are_examined_is_not_gone(tmp_path: Path) -> None:
    left, new = head(0), head(1)
    with Catalog.open(tmp_path, create=True) as catalog:
        path = journal(tmp_path, left)
        catalog.opened(left, path)
        findings = examine([path], tmp_path)
        found = next(findings)
        assert isinstance(found, Found)
        assert found.head.clip_id == left.clip_id
        catalog.opened(new, journal(tmp_path, new))
        assert list(findings) == []


def test_a_clip_of_which_nothing_is_left_is_gone(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        catalog.opened(head(), tmp_path / ".open" / "gone.mkv")
        assert list(examine([], tmp_path)) == [Gone(head().clip_id, "its journal is gone")]


def test_a_journal_that_cannot_be_read_is_not_called_gone(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        path = journal(tmp_path, head())
        path.write_bytes(b"spoilt")
        catalog.opened(head(), path)
        (gone,) = examine([path], tmp_path)
        assert isinstance(gone, Gone)
        assert "is no journal" in gone.why


def test_a_foreign_file_with_the_name_of_a_clip_stops_nothing(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        for n in (0, 1):
            catalog.opened(head(n), tmp_path / ".open" / "gone.mkv")
        (tmp_path / f"{head(0).file_name}.mkv").write_bytes(b"a film")
        gone = list(examine([], tmp_path))
        assert {g.clip_id for g in gone if isinstance(g, Gone)} == {
            head(0).clip_id,
            head(1).clip_id,
        }


def test_what_cannot_be_removed_stops_nothing(tmp_path: Path) -> None:
    path = journal(tmp_path, head())
    (path.parent / "a.part").mkdir()
    (path.parent / "b.part").touch()
    assert left_behind(path.parent, tmp_path) == [path]
    assert {p.name for p in path.parent.glob("*.part")} == {"a.part"}


def test_a_pipe_named_like_a_journal_is_left_alone(tmp_path: Path) -> None:
    pipe = tmp_path / "a.mkv"
    os.mkfifo(pipe)
    assert list(examine([pipe], tmp_path)) == []


def test_of_two_journals_of_one_clip_one_is_finished(tmp_path: Path) -> None:
    path = journal(tmp_path, head())
    copy = path.with_name("copy.mkv")
    shutil.copy(path, copy)
    (one,) = examine([path, copy], tmp_path)
    assert isinstance(one, Found)
    assert one.path == path
    assert copy.exists()


def test_a_finished_clip_is_not_replaced_by_less_of_it(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        path = journal(tmp_path, head())
        catalog.finished(closed(head(), expected=120), done(tmp_path, head()))
        assert list(examine([path], tmp_path)) == []
        catalog.finished(closed(head(), expected=9), done(tmp_path, head()))
        assert len(list(examine([path], tmp_path))) == 1


def test_a_finished_clip_is_not_made_again_where_only_its_journal_is_left(tmp_path: Path) -> None:
    finished = done(tmp_path, head())
    clip = Path(finished.path)
    with Catalog.open(tmp_path, create=True) as catalog:
        path = journal(tmp_path, head())
        whole = replace(finished, sha256=sha256(clip))
        catalog.finished(closed(head(), expected=10), whole)
        clip.write_bytes(b"spoilt since")
        assert len(list(examine([path], tmp_path))) == 1
        catalog.finished(closed(head(), expected=10), replace(finished, sha256=sha256(clip)))
        assert list(examine([path], tmp_path)) == []
    assert not path.exists()
    assert clip.read_bytes() == b"spoilt since"
