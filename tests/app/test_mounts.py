"""A disk that vanished is told from a directory that was removed, at the start and later."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.app.mounts import Disk, filesystem, listed, mounted, point_of, settle
from smartrec.errors import DiskGone

TABLE = r"""
21 28 0:19 / /proc rw,nosuid shared:5 - proc proc rw
28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 28 8:1 / /mnt/clips rw shared:2 - ext4 /dev/sda1 rw
41 28 8:2 /part /media/My\040Disk rw - vfat /dev/sdb1 rw
"""
FSTAB = r"""
# /dev/sdz1 /old ext4 defaults 0 0
UUID=1234 / ext4 errors=remount-ro 0 1
UUID=5678 none swap sw 0 0
LABEL=USB /media/My\040Disk vfat nofail,x-systemd.device-timeout=5 0 0
"""


def test_what_is_mounted_and_what_shall_be_is_read_with_its_blanks() -> None:
    points = [Path("/proc"), Path("/"), Path("/mnt/clips"), Path("/media/My Disk")]
    assert [point for point, _ in mounted(TABLE)] == points
    assert [*listed(FSTAB)] == [Path("/"), Path("/media/My Disk")]
    assert point_of(Path("/mnt/clips/yard"), points) == Path("/mnt/clips")
    assert point_of(Path("/mnt/clips"), points) == Path("/mnt/clips")
    assert point_of(Path("/mnt/clips2"), points) == Path("/")


@given(st.text())
def test_any_table_is_read(text: str) -> None:
    assert all(isinstance(point, Path) for point in (*dict(mounted(text)), *listed(text)))


def test_the_file_system_is_that_of_the_nearest_and_latest_mount(tmp_path: Path) -> None:
    inner, table = tmp_path / "a b…", tmp_path / "mountinfo"
    inner.mkdir()
    escaped = str(inner).replace(" ", "\\040")
    table.write_text(
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
        f"2 1 8:2 / {escaped} rw shared:1 - vfat /dev/sdb1 rw\n"
        f"3 2 0:9 / {escaped} rw - tmpfs none rw\n",
        "utf-8",
    )
    assert filesystem(tmp_path, table) == "ext4"
    assert filesystem(inner, table) == "tmpfs"
    assert filesystem(inner, tmp_path / "none") == ""


def start(tmp_path: Path, table: str, fstab: str = "", *, new_disk: bool = False) -> None:
    """A start of a recorder whose clips go to /mnt/clips/yard."""
    tables = tmp_path / "mountinfo", tmp_path / "fstab"
    for path, text in zip(tables, (table, fstab), strict=True):
        path.write_text(text)
    settle(Path("/mnt/clips/yard"), tmp_path / "state", new_disk=new_disk, tables=tables)


WITHOUT = "\n".join(line for line in TABLE.splitlines() if "/mnt/clips" not in line)


def test_a_disk_that_is_not_mounted_any_more_is_asked_for(tmp_path: Path) -> None:
    start(tmp_path, WITHOUT)
    start(tmp_path, TABLE)
    for _ in range(2):
        with pytest.raises(DiskGone, match=r"not mounted now, on /mnt/clips") as caught:
            start(tmp_path, WITHOUT)
        assert caught.value.exit_code == 6
        assert "mount '/mnt/clips'" in (caught.value.hint or "")
        assert "--new-disk" in (caught.value.hint or "")
    start(tmp_path, TABLE)


def test_another_disk_can_be_chosen_for_good(tmp_path: Path) -> None:
    start(tmp_path, TABLE)
    start(tmp_path, WITHOUT, new_disk=True)
    start(tmp_path, WITHOUT)


def test_a_disk_of_fstab_that_is_not_mounted_is_asked_for_at_the_first_start(
    tmp_path: Path,
) -> None:
    fstab = "LABEL=CLIPS /mnt/clips ext4 nofail 0 2\n"
    with pytest.raises(DiskGone, match="fstab"):
        start(tmp_path, WITHOUT, fstab)
    start(tmp_path, WITHOUT, fstab, new_disk=True)
    shutil.rmtree(tmp_path / "state")
    start(tmp_path, TABLE, fstab)


@pytest.mark.parametrize(
    "spoilt",
    ["", "[]", "{}", '{"mount": 7}', "\x00", pytest.param("[" * 100_000, id="deep"), None],
)
def test_a_memory_that_is_spoilt_is_made_anew(tmp_path: Path, spoilt: str | None) -> None:
    start(tmp_path, TABLE)
    (memory,) = (tmp_path / "state" / "disks").iterdir()
    if spoilt is None:
        memory.unlink()
        os.mkfifo(memory)
    else:
        memory.write_text(spoilt)
    start(tmp_path, WITHOUT)
    start(tmp_path, TABLE)
    with pytest.raises(DiskGone):
        start(tmp_path, WITHOUT)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A mounted disk; what is mounted there at the end is unmounted."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small tmpfs")
    at = tmp_path / "disk"
    at.mkdir()
    mount(at)
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", at], check=False)


def mount(at: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "smartrec", at], check=True)


def test_a_directory_that_is_removed_is_no_disk_that_is_gone(tmp_path: Path, disk: Path) -> None:
    for directory in (tmp_path / "clips", disk / "clips"):
        directory.mkdir()
        watched = Disk(directory)
        shutil.rmtree(directory)
        watched.check()
        directory.mkdir()
        watched.check()
        assert watched.device == directory.stat().st_dev


@pytest.mark.parametrize("below", ["", "clips"])
def test_a_disk_that_is_unmounted_is_gone_until_one_is_mounted_there(
    disk: Path, below: str
) -> None:
    directory = disk / below
    directory.mkdir(exist_ok=True)
    watched = Disk(directory)
    subprocess.run(["umount", disk], check=True)
    directory.mkdir(exist_ok=True)  # on the wrong disk
    for _ in range(2):
        with pytest.raises(DiskGone, match="nothing is mounted on"):
            watched.check()
    mount(disk)
    watched.check()
    directory.mkdir(exist_ok=True)
    watched.check()
    assert watched.device == directory.stat().st_dev


def test_a_disk_is_missed_by_a_link_that_lies_on_it(disk: Path, tmp_path: Path) -> None:
    (disk / "2026").mkdir()
    (disk / "clips").symlink_to("2026")
    (tmp_path / "link").symlink_to("disk/clips")
    clips = disk / "clips", tmp_path / "link"
    for directory in clips:
        settle(directory, tmp_path / "state", new_disk=False)
    subprocess.run(["umount", disk], check=True)
    for directory in clips:
        with pytest.raises(DiskGone, match="is not mounted now"):
            settle(directory, tmp_path / "state", new_disk=False)


def test_a_disk_mounted_over_a_directory_may_go_again(disk: Path, tmp_path: Path) -> None:
    inside = tmp_path / "clips" / "inside"
    inside.mkdir(parents=True)
    watched = Disk(inside)
    mount(inside)
    watched.check()
    subprocess.run(["umount", inside], check=True)
    watched.check()
