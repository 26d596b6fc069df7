"""Journals survive being cut off at any byte; ffprobe and GStreamer are not asked here."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.errors import DiskFull, StoreError
from smartrec.media.journal import JournalReader, JournalWriter
from smartrec.media.journal_index import finalise
from smartrec.model import AccessUnit, ClipState
from smartrec.recording import journal_layout
from smartrec.units import SECOND, Ns
from tests.streams import clip_head, stream


def write(path: Path, units: list[AccessUnit]) -> list[tuple[int, int]]:
    """Write one by one; return (readable bytes, pictures) after each."""
    writer = JournalWriter(path, clip_head())
    marks = [(writer.write([unit]), n + 1) for n, unit in enumerate(units)]
    writer.close(clip_head(state=ClipState.COMPLETE))
    return marks


def read(path: Path) -> list[AccessUnit]:
    reader = JournalReader(path)
    units = list(reader.read())
    reader.close()
    return units


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    units = list(stream(100, gop=10, lost=frozenset({4, 5, 50})))
    write(tmp_path / "j.mkv", units)
    assert read(tmp_path / "j.mkv") == units


def test_the_last_head_holds(tmp_path: Path) -> None:
    write(tmp_path / "j.mkv", list(stream(3)))
    reader = JournalReader(tmp_path / "j.mkv")
    assert reader.head == clip_head()
    list(reader.read())
    assert reader.head == clip_head(state=ClipState.COMPLETE)
    reader.close()


@given(cut=st.integers(0, 10_000), garbage=st.binary(max_size=64))
def test_cut_anywhere_it_keeps_every_whole_picture(
    tmp_path_factory: pytest.TempPathFactory, cut: int, garbage: bytes
) -> None:
    path = tmp_path_factory.mktemp("cut") / "j.mkv"
    units = list(stream(40, size=100))
    marks = write(path, units)
    os.truncate(path, min(cut, path.stat().st_size))
    with path.open("ab") as file:
        file.write(garbage)
    whole = max((n for size, n in marks if size <= cut), default=0)
    try:
        kept = read(path)
    except StoreError:
        kept = []
    assert kept == units[:whole]


def test_a_flipped_bit_ends_the_journal_there(tmp_path: Path) -> None:
    path = tmp_path / "j.mkv"
    marks = write(path, list(stream(40, size=100)))
    data = bytearray(path.read_bytes())
    data[marks[20][0] + 60] ^= 1
    path.write_bytes(data)
    assert len(read(path)) == 21


def test_a_size_that_would_fill_the_memory_ends_the_journal_there(tmp_path: Path) -> None:
    path = tmp_path / "j.mkv"
    units = list(stream(40, size=100))
    write(path, units)
    huge = 1 << 40
    with path.open("ab") as file:
        file.write(journal_layout.CLUSTER.to_bytes(4, "big") + b"\x01" + huge.to_bytes(7, "big"))
        file.truncate(path.stat().st_size + 2 * huge)  # it takes no room on the disk
    assert read(path) == units


def test_follows_a_growing_file(tmp_path: Path) -> None:
    units = list(stream(30))
    writer = JournalWriter(tmp_path / "j.mkv", clip_head())
    first = writer.write(units[:10])
    reader = JournalReader(tmp_path / "j.mkv")
    assert list(reader.read(first)) == units[:10]
    assert list(reader.read(writer.size)) == []
    writer.write(units[10:])
    assert list(reader.read(writer.size)) == units[10:]
    writer.abandon()
    reader.close()


@pytest.mark.parametrize("times", [1, 2])
def test_finalised_it_has_the_same_pictures_and_no_tail(tmp_path: Path, times: int) -> None:
    path = tmp_path / "j.mkv"
    units = list(stream(100))
    write(path, units)
    with path.open("ab") as file:
        file.write(b"torn" * 100)
    for _ in range(times):
        finalise(path)
    reader = JournalReader(path)
    assert list(reader.read()) == units
    assert not reader.torn
    assert reader.position == path.stat().st_size
    reader.close()


def test_no_journal_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "j.mkv"
    for content in (b"", b"RIFF" * 100, os.urandom(5000)):
        path.write_bytes(content)
        with pytest.raises(StoreError, match="is no journal"):
            JournalReader(path)


def test_full_disk_keeps_what_was_written(small_disk: Path) -> None:
    writer = JournalWriter(small_disk / "j.mkv", clip_head())
    units = list(stream(30, size=100_000))
    for unit in units[:9]:
        writer.write([unit])
    with pytest.raises(DiskFull, match="No space"):
        writer.write(units[9:])
    writer.abandon()
    assert read(small_disk / "j.mkv") == units[:9]


def test_times_before_the_first_picture_are_kept_exactly(tmp_path: Path) -> None:
    units = list(stream(3, start=Ns(7 * SECOND)))
    write(tmp_path / "j.mkv", units)
    assert [u.pts for u in read(tmp_path / "j.mkv")] == [u.pts for u in units]


def test_a_device_that_fails_altogether_is_told(tmp_path: Path) -> None:
    """Neither writing nor cutting back works, as on a disk that was pulled out."""
    path = tmp_path / "j.mkv"
    units = list(stream(2))
    writer = JournalWriter(path, clip_head())
    writer.write(units[:1])
    (number,) = (int(fd.name) for fd in Path("/proc/self/fd").iterdir() if _leads_to(fd, path))
    failing = os.open("/dev/full", os.O_WRONLY)
    os.dup2(failing, number)
    os.close(failing)
    with pytest.raises(DiskFull):
        writer.write(units[1:])
    writer.abandon()
    assert read(path) == units[:1]


def _leads_to(fd: Path, path: Path) -> bool:
    return os.path.lexists(fd) and fd.readlink() == path


@pytest.mark.parametrize("kind", ["pipe", "link", "directory"])
def test_what_is_no_file_is_no_journal(tmp_path: Path, kind: str) -> None:
    path, real = tmp_path / "j.mkv", tmp_path / "real.mkv"
    write(real, list(stream(3)))
    make: dict[str, Callable[[], None]] = {
        "pipe": lambda: os.mkfifo(path),
        "link": lambda: path.symlink_to(real),
        "directory": path.mkdir,
    }
    make[kind]()
    with pytest.raises(StoreError, match="cannot read"):
        JournalReader(path)
