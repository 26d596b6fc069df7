"""Files are deleted only where clips are; what the file system refuses is told."""

import hashlib
from pathlib import Path

import pytest

from smartrec.errors import StoreError
from smartrec.store import files


def test_removing_says_whether_there_was_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert files.remove(tmp_path / "a", within=tmp_path)
    assert not files.remove(tmp_path / "a", within=tmp_path)


@pytest.mark.parametrize(
    "path", ["../outside", "/etc/hostname", "sub/../../outside", "out/outside"]
)
def test_nothing_outside_the_directory_is_removed(tmp_path: Path, path: str) -> None:
    inside = tmp_path / "clips"
    inside.mkdir()
    (tmp_path / "outside").touch()
    (inside / "sub").mkdir()
    (inside / "out").symlink_to(tmp_path)
    with pytest.raises(StoreError, match="will not delete"):
        files.remove(inside / path, within=inside)
    assert (tmp_path / "outside").exists()


def test_a_link_is_removed_and_not_its_target(tmp_path: Path) -> None:
    inside = tmp_path / "clips"
    inside.mkdir()
    (tmp_path / "outside").touch()
    (inside / "link").symlink_to(tmp_path / "outside")
    assert files.remove(inside / "link", within=inside)
    assert (tmp_path / "outside").exists()


def test_a_directory_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    with pytest.raises(StoreError, match="cannot delete"):
        files.remove(tmp_path / "d", within=tmp_path)


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 7])
def test_digests_are_of_the_whole_file(tmp_path: Path, size: int) -> None:
    content = bytes(n % 251 for n in range(size))
    (tmp_path / "a").write_bytes(content)
    assert files.sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()


def test_free_space_shrinks_by_what_is_written(small_disk: Path) -> None:
    before = files.free_bytes(small_disk)
    (small_disk / "a").write_bytes(bytes(100_000))
    assert before - files.free_bytes(small_disk) >= 100_000


@pytest.mark.parametrize("ask", [files.free_bytes, files.sync_directory])
def test_what_is_gone_is_a_clear_error(tmp_path: Path, ask: object) -> None:
    assert callable(ask)
    with pytest.raises(StoreError, match="No such file"):
        ask(tmp_path / "gone")
