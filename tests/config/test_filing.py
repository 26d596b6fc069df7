"""Settings files are written whole, onto real files; what fails is told, and nothing is lost."""

import fcntl
import hashlib
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from smartrec.config.filing import read, why_not, write
from smartrec.errors import ConfigChanged, ConfigError

NOTHING = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my.toml"
    path.write_bytes(b"# old\n")
    path.chmod(0o640)
    return path


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_text_and_digest_are_those_of_the_bytes(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf# \xc3\xa9\r\n"
    (tmp_path / "x").write_bytes(data)
    text, digest = read(tmp_path / "x")
    assert (text.encode(), digest) == (data, hashlib.sha256(data).hexdigest())


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x")
    with pytest.raises(ConfigError, match="is a pipe"):
        read(tmp_path / "x")


def test_what_was_read_is_written_back_byte_by_byte(file: Path) -> None:
    data = b"\xef\xbb\xbfx = 1\r\ny = 2\n"
    file.write_bytes(data)
    text, digest = read(file)
    assert write(file, text, digest) == digest
    assert file.read_bytes() == data


def test_a_file_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    assert read(tmp_path / "none" / "x.toml") == ("", NOTHING)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\n\xff")
    for path, said in {
        tmp_path / "x": "x:2: is not UTF-8",
        tmp_path: "is a directory",
        Path("a\0b"): "cannot be read",
        Path("/dev/zero"): "larger than 1 MiB",
        tmp_path / "x" / "y": "cannot be read: not a directory",
    }.items():
        with pytest.raises(ConfigError, match=said):
            read(path)


def test_a_new_file_and_its_directories_are_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "x.toml"
    digest = write(path, "x = 1\n", NOTHING)
    assert read(path) == ("x = 1\n", digest)
    assert (mode(path), mode(path.parent), mode(path.parent.parent)) == (0o600, 0o700, 0o700)


def test_mode_and_owner_stay(file: Path) -> None:
    if os.geteuid() == 0:
        os.chown(file, 12345, 54321)
    before = file.stat()
    write(file, "# new\n", read(file)[1])
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )
    assert after.st_ino != before.st_ino
    assert names(file.parent) == [file.name]


def test_a_link_stays_and_what_it_points_to_is_written(file: Path, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    link = tmp_path / "etc" / "link.toml"
    link.symlink_to("../my.toml")
    write(link, "# new\n", read(link)[1])
    assert link.readlink() == Path("../my.toml")
    assert file.read_text() == "# new\n"
    assert names(link.parent) == ["link.toml"]


def test_a_link_to_nothing_yet_makes_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link", "# new\n", NOTHING)
    assert (tmp_path / "real").read_text() == "# new\n"


def test_a_file_that_was_changed_meanwhile_stays_as_it_is(file: Path) -> None:
    _, base = read(file)
    file.write_text("# by hand\n")
    with pytest.raises(ConfigChanged, match="changed meanwhile"):
        write(file, "# new\n", base)
    with pytest.raises(ConfigChanged):
        write(file, "# new\n", NOTHING)
    assert file.read_text() == "# by hand\n"
    file.unlink()
    with pytest.raises(ConfigChanged):
        write(file, "# new\n", base)
    assert not file.exists()


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "loop", Path("/dev/null")):
        with pytest.raises(ConfigError):
            write(path, "# new\n", NOTHING)
    assert names(tmp_path) == ["loop", "pipe"]


def test_what_the_system_refuses_is_told_in_words(file: Path) -> None:
    for path in (Path("/proc/none/x.toml"), file / "x.toml", Path("a\0b"), Path("x" * 300)):
        with pytest.raises(ConfigError, match="cannot be written"):
            write(path, "# new\n", NOTHING)


def test_more_than_any_settings_are_is_not_written(file: Path) -> None:
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        write(file, "#" * (1 << 20) + "\n", read(file)[1])
    assert file.read_text() == "# old\n"


def test_what_a_killed_one_left_is_in_nobodys_way(file: Path) -> None:
    file.with_name(".my.toml.new").write_text("half")
    write(file, "# new\n", read(file)[1])
    assert names(file.parent) == [file.name]


def test_of_many_at_once_one_is_written_and_the_others_are_told(file: Path) -> None:
    _, base = read(file)
    start = threading.Barrier(8)

    def attempt(number: int) -> bool:
        start.wait()
        try:
            write(file, f"# {number}\n", base)
        except ConfigChanged:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(attempt, range(8)))
    assert sum(done) == 1
    assert file.read_text() == f"# {done.index(True)}\n"


def test_whoever_writes_just_now_is_waited_for(file: Path) -> None:
    handle = os.open(file.parent, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write, file, "# new\n", read(file)[1])
        assert not written.done()
        os.close(handle)
        written.result()
    assert file.read_text() == "# new\n"


def test_whether_it_can_be_written_is_known_before(file: Path, tmp_path: Path) -> None:
    assert why_not(file) is None
    assert why_not(tmp_path / "not" / "there" / "yet.toml") is None
    assert why_not(tmp_path) == f"{tmp_path} is no regular file"
    assert why_not(file / "x" / "y") == f"{file} is no directory"
    assert why_not(Path("a\0b")) is not None
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        assert why_not(file) == f"this user may not write in {tmp_path}"
        tmp_path.chmod(0o700)
