"""The catalogue as the page asks it: there or not, another, damaged, and asked by many."""

import asyncio
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from smartrec.app import mounts
from smartrec.errors import DiskGone, StoreError
from smartrec.places import state_dir
from smartrec.store import browsing
from smartrec.store.catalog import Catalog
from smartrec.store.database import FILE_NAME
from smartrec.web.library import Library
from tests.store.clips import closed, done, head

_Told = TypeVar("_Told")


def ask(asked: Library, question: Callable[[Catalog], _Told], otherwise: _Told) -> _Told:
    return asyncio.run(asked.ask(question, otherwise))


def count(catalog: Catalog) -> int:
    return browsing.facets(catalog).clips


def fill(directory: Path, clips: int) -> None:
    with Catalog.open(directory, create=True) as catalog:
        for n in range(clips):
            catalog.finished(closed(head(n)), done(directory, head(n)))


def test_without_a_catalogue_there_is_nothing_until_there_is_one(tmp_path: Path) -> None:
    asked = Library(tmp_path)
    assert ask(asked, count, -1) == -1
    assert not list(tmp_path.iterdir())
    fill(tmp_path, 2)
    assert ask(asked, count, -1) == 2


def test_another_catalogue_in_its_place_is_read(tmp_path: Path) -> None:
    asked = Library(tmp_path)
    fill(tmp_path, 2)
    assert [ask(asked, count, -1) for _ in range(4)] == [2] * 4
    for path in tmp_path.glob(f"{FILE_NAME}*"):
        path.unlink()
    assert [ask(asked, count, -1) for _ in range(4)] == [-1] * 4
    fill(tmp_path, 3)
    assert [ask(asked, count, -1) for _ in range(4)] == [3] * 4


@pytest.mark.parametrize("older", [0, 1])
def test_clips_whose_disk_is_gone_are_not_said_to_be_none(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, older: int
) -> None:
    """Nor is what lies below its mount point taken for it, whatever asked before."""
    monkeypatch.setenv("SMARTREC_STATE_DIR", str(tmp_path / "state"))
    clips = small_disk / "clips"
    mounts.settle(clips, state_dir(), new_disk=False)
    fill(clips, 2)
    asked = Library(clips)
    assert ask(asked, count, -1) == 2
    away = tmp_path / "away"
    away.mkdir()
    subprocess.run(["mount", "--bind", small_disk, away], check=True)
    try:
        subprocess.run(["umount", "-l", small_disk], check=True)
        if older:
            fill(clips, older)
        for each in (asked, Library(clips)):
            with pytest.raises(DiskGone, match="is not mounted") as caught:
                ask(each, count, -1)
            assert "mount" in (caught.value.hint or "")
    finally:
        subprocess.run(["mount", "--bind", away, small_disk], check=True)
        subprocess.run(["umount", "-l", away], check=True)
    assert ask(asked, count, -1) == 2


def test_a_damaged_catalogue_is_an_error_until_it_is_mended(tmp_path: Path) -> None:
    asked = Library(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(b"SQLite format 3\0" + bytes(4096))
    for _ in range(3):
        with pytest.raises(StoreError):
            ask(asked, count, -1)
    (tmp_path / FILE_NAME).unlink()
    fill(tmp_path, 1)
    assert ask(asked, count, -1) == 1


def test_who_asks_while_too_many_wait_is_told_so(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    asked, free = Library(tmp_path, most_waiting=3), threading.Event()

    def slow(catalog: Catalog) -> int:
        assert free.wait(50.0)
        return count(catalog)

    async def many() -> list[int]:
        waiting = [asyncio.create_task(asked.ask(slow, -1)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(StoreError, match="too many"):
            await asked.ask(count, -1)
        free.set()
        return [*await asyncio.gather(*waiting), await asked.ask(count, -1)]

    assert asyncio.run(many()) == [1] * 4
