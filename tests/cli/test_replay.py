"""`smartrec replay`: which clips are meant, and what is said of each. What comes of them: e2e."""

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from smartrec.app.replay_outcome import Answer, Hit, Kind, Outcome
from smartrec.cli.replay import in_sum, lines, meant, replay
from smartrec.errors import ConfigError, NoSuchClip, SmartrecError, UsageError
from smartrec.store.catalog import Catalog
from smartrec.units import MILLISECOND, Ns
from tests.store.clips import closed, done, head

NOBODY = Answer((), None)
UNKNOWN = Outcome("clip-1", Path("/clips/a.mp4"), "cam0", "Front", None, False, Kind.UNKNOWN)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, list[str]]:
    """A directory with two clips, and their ids."""
    directory = tmp_path / "clips"
    with Catalog.open(directory, create=True) as catalog:
        for each in (head(0), head(1)):
            catalog.finished(closed(each), done(directory, each))
        return directory, [clip.clip_id for clip in catalog.clips()]


def somebody(at_ms: int, score: float = 0.617, zone: str | None = None) -> Answer:
    at = Ns(at_ms * MILLISECOND)
    return Answer((Hit(at, at, score, zone),), score)


def refused(*arguments: str) -> SmartrecError:
    error = CliRunner().invoke(replay, arguments).exception
    assert isinstance(error, SmartrecError)
    return error


def test_without_a_name_all_clips_are_meant(two: tuple[Path, list[str]]) -> None:
    assert meant((), two[0], given=False) == (two[0], None, ())


def test_clips_are_meant_by_id_name_and_path(two: tuple[Path, list[str]], tmp_path: Path) -> None:
    directory, ids = two
    file = directory / f"{head(1).file_name}.mp4"
    assert meant(("last", ids[0]), directory, given=False) == (directory, (ids[1], ids[0]), ())
    assert meant((str(file),), directory, given=False) == (directory, (ids[1],), ())
    assert meant((str(file),), tmp_path / "others", given=False) == (directory, (ids[1],), ())
    assert meant((str(directory),), tmp_path / "others", given=False) == (directory, None, ())
    with pytest.raises(NoSuchClip):
        meant(("nope",), directory, given=False)


def test_files_that_are_no_clips_are_meant_as_they_are(
    two: tuple[Path, list[str]], tmp_path: Path
) -> None:
    directory, ids = two
    other = tmp_path / "other"
    other.mkdir()
    videos = [other / "a.mp4", other / "b.MKV"]
    for path in (*videos, other / "a.jpg"):
        path.touch()
    assert meant((str(other),), directory, given=False) == (None, (), tuple(videos))
    assert meant((str(videos[0]), "last"), directory, given=True) == (
        directory,
        (ids[1],),
        (videos[0],),
    )
    copy = other / f"{head(0).file_name}.mp4"
    copy.touch()
    assert meant((str(copy),), directory, given=True)[1:] == ((), (copy,)), "only its namesake"


def test_one_directory_at_a_time(two: tuple[Path, list[str]]) -> None:
    with pytest.raises(UsageError, match="all of its clips"):
        meant((str(two[0]), "last"), two[0], given=False)


def test_what_cannot_be_looked_for_is_a_mistake(
    two: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="a: File name too long"):
        meant(("a" * 5000,), two[0], given=True)
    with pytest.raises(UsageError, match=f"no videos in {tmp_path}"):
        meant([str(tmp_path)], two[0], given=False)
    with pytest.raises(UsageError, match="unset"):
        meant(("",), two[0], given=True)

    def closed(self: Path) -> Iterator[Path]:  # root may read whatever there is
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setattr(Path, "iterdir", closed)
    with pytest.raises(UsageError, match=f"{tmp_path}: Permission denied"):
        meant((str(tmp_path),), two[0], given=True)


def test_a_clip_that_changes_is_a_line() -> None:
    of = replace(UNKNOWN, evidence="looks")
    gone = replace(of, kind=Kind.VANISHES, now=somebody(400, zone="door"), then=NOBODY)
    come = replace(of, kind=Kind.APPEARS, now=NOBODY, then=somebody(-100))
    later = replace(of, kind=Kind.STAYS, now=somebody(400), then=somebody(1600))
    (line,) = lines(gone)
    assert line.split("  ")[1:] == [
        "Front",
        "vanishes",
        "now 62 % at +0.4 s in door, then nobody",
        "a.mp4",
    ]
    (line,) = lines(come)
    assert "appears   now nobody, then 62 % at -0.1 s" in line
    (line,) = lines(later)
    assert "stays     now 62 % at +0.4 s, then 62 % at +1.6 s" in line


def test_a_clip_that_does_not_change_is_none() -> None:
    same = somebody(400)
    for kind, now, then in (
        (Kind.STAYS, same, somebody(450)),
        (Kind.NEITHER, NOBODY, NOBODY),
        (Kind.MANUAL, NOBODY, NOBODY),
    ):
        assert not list(lines(replace(UNKNOWN, kind=kind, now=now, then=then)))
    moved = replace(UNKNOWN, kind=Kind.STAYS, now=same, then=somebody(400, zone="hall"))
    assert list(lines(moved)), "another zone is another reason"


def test_what_is_not_known_says_why_on_one_line() -> None:
    (line,) = lines(replace(UNKNOWN, camera_name="\x1b[31m", why="broken\nfile"))
    assert "unknown   broken\\nfile" in line
    assert "\x1b" not in line


def test_the_sum_says_what_there_is() -> None:
    sums = dict.fromkeys(("stays", "vanishes", "appears", "neither", "manual", "unknown"), 0)
    assert in_sum({**sums, "clips": 0}) == "0 clips: 0 stay, 0 vanish, 0 appear"
    assert (
        in_sum({**sums, "clips": 23, "stays": 14, "vanishes": 6, "appears": 2, "unknown": 1})
        == "23 clips: 14 stay, 6 vanish, 2 appear, 1 unknown"
    )


def test_what_cannot_be_tried_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMARTREC_CONFIG", str(tmp_path / "smartrec.toml"))
    (tmp_path / "smartrec.toml").write_text("")
    error = refused("--set", "camera[0].size=640x480")
    assert isinstance(error, ConfigError)
    assert str(error) == "camera[0].size: cannot be replayed: the pictures are as they are"
    assert "framez" in str(refused("--set", "trigger.framez=1"))
    assert "no value" in str(refused("--set", "trigger.frames"))
    assert "at most 1" in str(refused("--set", "detector.min_confidence=3"))
