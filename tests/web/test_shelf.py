"""Whatever the catalogue says, no other file than a clip's own is given away."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from smartrec.errors import NoSuchClip
from smartrec.model import ClipState
from smartrec.store import single
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.web.shelf import Shelf, opened
from tests.store.clips import closed, done, head


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    for name in ("clips", "journals", "elsewhere"):
        (tmp_path / name).mkdir()
    return Shelf(tmp_path / "clips", tmp_path / "journals")


@pytest.fixture
def clip(shelf: Shelf) -> ClipRecord:
    with Catalog.open(shelf.clips, create=True) as catalog:
        catalog.finished(closed(head()), done(shelf.clips, head()))
        return single.record(catalog, head().clip_id)


def test_a_clip_and_its_thumbnail_are_given(shelf: Shelf, clip: ClipRecord) -> None:
    assert shelf.footage(clip) == clip.path
    assert shelf.thumbnail(clip) == clip.thumbnail
    file, status = opened(shelf.footage(clip))
    with file:
        assert len(file.read()) == status.st_size == clip.bytes


def test_a_journal_may_be_in_its_own_directory(shelf: Shelf, clip: ClipRecord) -> None:
    journal = Path(f"{shelf.journals}/{clip.file_name}.mkv")
    beside = shelf.clips / ".open" / journal.name
    beside.parent.mkdir()
    for path in (journal, beside):
        path.write_bytes(b"pictures")
    for state in (ClipState.RECORDING, ClipState.FINISHING, ClipState.FAILED):
        assert shelf.footage(replace(clip, state=state, path=journal)) == journal
        assert shelf.footage(replace(clip, state=state, path=beside)) == beside
        with pytest.raises(NoSuchClip):
            shelf.footage(replace(clip, state=state))  # no journal is an MP4
    with pytest.raises(NoSuchClip):
        shelf.footage(replace(clip, path=journal))
    with pytest.raises(NoSuchClip):
        Shelf(shelf.clips, None).footage(replace(clip, state=ClipState.RECORDING, path=journal))


def test_a_journal_that_just_became_the_clip_is_given(shelf: Shelf, clip: ClipRecord) -> None:
    journal = shelf.clips / ".open" / f"{clip.file_name}.mkv"
    became = shelf.clips / journal.name
    became.touch()
    assert shelf.footage(replace(clip, state=ClipState.FINISHING, path=journal)) == became
    journal.parent.mkdir()
    journal.touch()
    assert shelf.footage(replace(clip, state=ClipState.FINISHING, path=journal)) == journal


@pytest.mark.parametrize(
    "named",
    [
        "/etc/passwd",
        "../elsewhere/NAME.mp4",
        "../clips2/NAME.mp4",
        "catalog.sqlite3",
        "NAME.sqlite3",
        "NAME.mp4.part",
        "NAME-x.mp4",
        "other.mp4",
        "NAME.jpg",
        "NAME.mp4/../../elsewhere/NAME.mp4",
        "link/NAME.mp4",
        "NAME.mp4\n",
        "NA\0ME.mp4",
        "",
        ".",
        "..",
    ],
)
def test_what_is_not_the_clips_is_not_given(shelf: Shelf, clip: ClipRecord, named: str) -> None:
    elsewhere = shelf.clips.parent / "elsewhere"
    (elsewhere / f"{clip.file_name}.mp4").write_text("secret")
    (shelf.clips / "link").symlink_to(elsewhere)
    path = shelf.clips / named.replace("NAME", clip.file_name)
    for state in (ClipState.COMPLETE, ClipState.RECORDING):
        with pytest.raises(NoSuchClip):
            shelf.footage(replace(clip, state=state, path=path))
    with pytest.raises(NoSuchClip):
        shelf.thumbnail(replace(clip, thumbnail=Path(str(path).replace("jpg", "png"))))


def test_a_journal_that_became_the_clip_is_found_before_the_catalogue_knows(
    shelf: Shelf, clip: ClipRecord
) -> None:
    path = shelf.clips / ".open" / f"{clip.file_name}.mkv"
    became = shelf.clips / path.name
    finishing = replace(clip, state=ClipState.FINISHING, path=path)
    assert shelf.footage(finishing) == path
    became.write_bytes(b"pictures")
    assert shelf.footage(finishing) == became


def test_a_name_is_not_a_pattern(shelf: Shelf, clip: ClipRecord) -> None:
    with pytest.raises(NoSuchClip):
        shelf.footage(replace(clip, file_name=".*", path=shelf.clips / "anything.mp4"))


@pytest.mark.parametrize("kind", ["link", "pipe", "directory", "nothing"])
def test_what_is_no_file_is_not_opened(shelf: Shelf, clip: ClipRecord, kind: str) -> None:
    path = shelf.footage(clip)
    path.unlink()
    if kind == "link":
        secret = shelf.clips.parent / "elsewhere" / "secret"
        secret.write_text("secret")
        path.symlink_to(secret)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    with pytest.raises(NoSuchClip, match="is gone"):
        opened(path)


def test_what_has_no_file_says_so(shelf: Shelf, clip: ClipRecord) -> None:
    with pytest.raises(NoSuchClip, match="no file"):
        shelf.footage(replace(clip, path=None))
    for state, hint in ((ClipState.FINISHING, "when it is finished"), (clip.state, "no room")):
        with pytest.raises(NoSuchClip, match="no thumbnail") as caught:
            shelf.thumbnail(replace(clip, state=state, thumbnail=None))
        assert hint in (caught.value.hint or "")
