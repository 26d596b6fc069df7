"""Identity and ownership, tried with real processes, real files and a full disk."""

import os
import signal
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from smartrec.app.identity import (
    LOCK_NAME,
    DirectoryLock,
    holder,
    station_id,
)
from smartrec.errors import RecorderRunning, StoreError
from smartrec.places import cache_dir, state_dir

HOLD = """
import sys
from pathlib import Path
from smartrec.app.identity import DirectoryLock
lock = DirectoryLock.acquire(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""
NAME = "import sys; from pathlib import Path; from smartrec.app.identity import station_id; "
NAME += "sys.stdin.readline(); print(station_id(Path(sys.argv[1])))"


def python(code: str, *args: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_environment_names_the_places(tmp_path: Path) -> None:
    environ = {"SMARTREC_STATE_DIR": str(tmp_path / "s"), "SMARTREC_CACHE_DIR": "c"}
    assert state_dir(environ) == tmp_path / "s"
    assert cache_dir(environ) == Path.cwd() / "c"


def test_without_it_they_are_xdgs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert state_dir({}) == tmp_path / "state/smartrec"
    assert cache_dir({}) == tmp_path / "cache/smartrec"


def test_a_station_keeps_its_id(tmp_path: Path) -> None:
    first = station_id(tmp_path / "new/state")
    assert uuid.UUID(first).version == 7
    assert station_id(tmp_path / "new/state") == first
    assert [path.name for path in (tmp_path / "new/state").iterdir()] == ["station-id"]


def test_threads_that_ask_first_at_once_agree(tmp_path: Path) -> None:
    for n in range(20):
        together = Barrier(4)

        def ask(n: int = n, together: Barrier = together) -> str:
            together.wait(10)
            return station_id(tmp_path / str(n))

        with ThreadPoolExecutor(4) as pool:
            ids = [pool.submit(ask) for _ in range(4)]
            assert len({each.result(10) for each in ids}) == 1


def test_processes_that_ask_first_at_once_agree(tmp_path: Path) -> None:
    asking = [python(NAME, str(tmp_path)) for _ in range(3)]
    for each in asking:
        assert each.stdin
        each.stdin.write("go\n")
        each.stdin.flush()
    assert len({each.communicate(timeout=50)[0] for each in asking}) == 1


@pytest.mark.parametrize("damage", [b"", b"not an id\n", b"\xff\xfe", b"0193"])
def test_a_damaged_id_is_named_and_left_alone(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "station-id").write_bytes(damage)
    with pytest.raises(StoreError, match="damaged") as caught:
        station_id(tmp_path)
    assert str(tmp_path / "station-id") in (caught.value.hint or "")
    assert (tmp_path / "station-id").read_bytes() == damage


def test_pipes_in_place_of_files_hold_up_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "station-id")
    with pytest.raises(StoreError, match="no regular file"):
        station_id(tmp_path)
    os.mkfifo(tmp_path / LOCK_NAME)
    assert holder(tmp_path) is None
    with pytest.raises(StoreError, match="cannot be kept"):
        DirectoryLock.acquire(tmp_path)


def test_a_state_directory_that_cannot_be_names_the_variable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="Not a directory") as caught:
        station_id(tmp_path / "file/state")
    assert "SMARTREC_STATE_DIR" in (caught.value.hint or "")


def test_a_second_recorder_is_refused_and_told_the_first(tmp_path: Path) -> None:
    clips = tmp_path / "a/b"
    with DirectoryLock.acquire(clips):
        assert holder(clips) == os.getpid()
        with pytest.raises(RecorderRunning, match=rf"process {os.getpid()}\b") as caught:
            DirectoryLock.acquire(clips)
        assert f"kill {os.getpid()}" in (caught.value.hint or "")
    assert holder(clips) is None
    DirectoryLock.acquire(clips).release()


def test_a_killed_recorder_owns_nothing(tmp_path: Path) -> None:
    first = python(HOLD, str(tmp_path))
    assert first.stdout
    assert first.stdout.readline() == "held\n"
    assert holder(tmp_path) == first.pid
    with pytest.raises(RecorderRunning, match=str(first.pid)):
        DirectoryLock.acquire(tmp_path)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=30)
    assert holder(tmp_path) is None
    with DirectoryLock.acquire(tmp_path):
        assert holder(tmp_path) == os.getpid()


def test_a_child_that_is_started_does_not_inherit_ownership(tmp_path: Path) -> None:
    lock = DirectoryLock.acquire(tmp_path)
    child = python("import sys; print('up', flush=True); sys.stdin.read()")
    assert child.stdout
    assert child.stdout.readline() == "up\n"
    lock.release()
    assert holder(tmp_path) is None
    child.communicate(timeout=30)


def test_removing_the_file_does_not_let_two_in_by_a_race(tmp_path: Path) -> None:
    with DirectoryLock.acquire(tmp_path):
        (tmp_path / LOCK_NAME).unlink()
        with DirectoryLock.acquire(tmp_path), pytest.raises(RecorderRunning):
            DirectoryLock.acquire(tmp_path)


def test_nobody_holds_what_is_not_there(tmp_path: Path) -> None:
    assert holder(tmp_path / "nowhere") is None


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "clips").touch()
    with pytest.raises(StoreError, match="clips") as caught:
        DirectoryLock.acquire(tmp_path / "clips")
    assert "move it away" in (caught.value.hint or "")


def test_a_directory_that_cannot_be_made_says_why() -> None:
    with pytest.raises(StoreError, match="cannot be kept in /proc/clips") as caught:
        DirectoryLock.acquire(Path("/proc/clips"))
    assert caught.value.hint


def test_a_name_that_no_disk_takes_says_why(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="name too long"):
        DirectoryLock.acquire(tmp_path / ("x" * 300))


def test_a_full_disk_does_not_keep_a_recorder_from_starting(small_disk: Path) -> None:
    room = os.statvfs(small_disk)
    (small_disk / "filler").write_bytes(bytes(room.f_bavail * room.f_bsize))
    with DirectoryLock.acquire(small_disk):
        assert holder(small_disk) == 0
        with pytest.raises(RecorderRunning, match="unknown"):
            DirectoryLock.acquire(small_disk)


@pytest.mark.parametrize("below", ["", "yard"])
def test_a_link_to_what_is_not_there_is_named(tmp_path: Path, below: str) -> None:
    (tmp_path / "clips").symlink_to("disk/clips")
    with pytest.raises(StoreError, match="clips is a link to what is not there") as caught:
        DirectoryLock.acquire(tmp_path / "clips" / below)
    assert f"mkdir -p '{tmp_path}/disk/clips'" in (caught.value.hint or "")


def test_no_umask_lets_others_replace_the_state_directory(tmp_path: Path) -> None:
    state = tmp_path / "share" / "state" / "smartrec"
    code = f"import os; os.umask(0); {NAME}"
    with python(code, str(state)) as made:
        made.communicate("\n", 30)
    assert made.returncode == 0
    for directory in (state, *state.parents[:2]):
        assert directory.stat().st_mode & 0o777 == 0o700
