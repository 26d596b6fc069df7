"""The vault's file: for its owner only, and never trusted when something is wrong with it."""

import os
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.access.database import FILE_NAME, make
from smartrec.access.model import DAY, Scope
from smartrec.access.vault import Vault
from smartrec.errors import AccessDamaged, AccessTooNew, DiskFull, StoreError

PASSWORD = "correct horse"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    with Vault.open(tmp_path / "state", create=True) as vault:
        vault.add_user("ann", PASSWORD)
        vault.add_token("ha", Scope.VIEW, None)
        vault.add_share("clip-1", "ann", 2 * 10**18 + DAY)
    return tmp_path / "state"


@pytest.fixture
def restored_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def change(state: Path, *statements: str) -> None:
    with closing(sqlite3.connect(state / FILE_NAME, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


@pytest.mark.usefixtures("restored_umask")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_it_is_for_its_owner_only_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    os.umask(umask)
    state = tmp_path / "above" / "state"
    with Vault.open(state, create=True) as vault:
        vault.add_user("ann", PASSWORD)
        files = {path.name: mode(path) for path in state.iterdir()}
    assert files == dict.fromkeys(files, 0o600)
    assert FILE_NAME in files
    assert mode(state) == mode(state.parent) == 0o700


def test_a_directory_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(0o755)
    Vault.open(tmp_path / "state", create=True).close()
    assert mode(tmp_path / "state") == 0o755


def test_rights_that_a_copy_gave_to_others_are_taken_away(state: Path) -> None:
    (state / FILE_NAME).chmod(0o644)
    Vault.open(state, create=False).close()
    assert mode(state / FILE_NAME) == 0o600


def test_where_everybody_may_write_anybody_could_put_users(state: Path) -> None:
    state.chmod(0o777)
    with pytest.raises(StoreError, match="every user of this machine"):
        Vault.open(state, create=False)
    state.chmod(0o1777)  # as /tmp: only the owner can put another in its place
    Vault.open(state, create=False).close()


def test_to_make_it_again_changes_nothing(state: Path) -> None:
    make(state / FILE_NAME)
    with Vault.open(state, create=True) as vault:
        assert [user.name for user in vault.users()] == ["ann"]
    assert [path.name for path in state.iterdir()] == [FILE_NAME]


def test_what_is_left_of_one_that_was_moved_away_does_not_spoil_the_next(state: Path) -> None:
    """As if somebody had been killed in the middle of writing to it."""
    with closing(sqlite3.connect(state / FILE_NAME, isolation_level=None)) as database:
        database.execute("PRAGMA cache_size = 1")
        database.execute("BEGIN IMMEDIATE")
        for number in range(300):
            database.execute("INSERT INTO shares VALUES (?, '', '', 0, 0)", (f"{number:0200}",))
        journal = state / f"{FILE_NAME}-journal"
        left = journal.read_bytes()
    (state / FILE_NAME).rename(state / "aside")
    journal.write_bytes(left)
    with Vault.open(state, create=True) as new:
        assert new.users() == []
        new.add_user("bob", PASSWORD)
        assert [user.name for user in new.users()] == ["bob"]


def test_one_that_a_newer_smartrec_wrote_lets_nobody_in_and_stays_as_it_is(state: Path) -> None:
    change(state, "PRAGMA user_version = 2")
    before = (state / FILE_NAME).read_bytes()
    for create in (False, True):
        with pytest.raises(AccessTooNew, match="version 2"):
            Vault.open(state, create=create)
    assert (state / FILE_NAME).read_bytes() == before


def _half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _empty(path: Path) -> None:
    os.truncate(path, 0)


def _noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 200)


def _other_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE users (name)")


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _lost_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("nowhere")


@pytest.mark.parametrize(
    "spoil", [_half, _empty, _noise, _other_program, _directory, _pipe, _lost_link]
)
def test_one_that_is_not_whole_lets_nobody_in_and_says_what_mends_it(
    state: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(state / FILE_NAME)
    for create in (False, True):
        with pytest.raises(StoreError) as error:
            Vault.open(state, create=create)
        assert error.value.hint


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE users",
        "DELETE FROM signing",
        "PRAGMA user_version = 0",
        "PRAGMA application_id = 0",
    ],
)
def test_one_that_lacks_something_lets_nobody_in(state: Path, statement: str) -> None:
    change(state, "PRAGMA foreign_keys = OFF", statement)
    with pytest.raises(AccessDamaged), Vault.open(state, create=False) as vault:
        vault.roster()


def test_a_value_that_cannot_be_lets_nobody_in(state: Path) -> None:
    with Vault.open(state, create=False) as vault:
        change(state, "PRAGMA ignore_check_constraints = ON", "UPDATE users SET scope = 'root'")
        with pytest.raises(AccessDamaged):
            vault.roster()
    with pytest.raises(AccessDamaged):
        Vault.open(state, create=False)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), noise=st.binary(min_size=1, max_size=64))
def test_no_damage_makes_it_open_to_everybody(state: Path, place: float, noise: bytes) -> None:
    path = state / FILE_NAME
    whole = path.read_bytes()
    at = int(place * len(whole))
    path.write_bytes((whole[:at] + noise + whole[at + len(noise) :])[: len(whole)])
    try:
        with Vault.open(state, create=False) as vault:
            assert vault.roster().login_needed
    except StoreError:
        pass
    finally:
        for suffix in ("-wal", "-shm", "-journal"):  # what it may have been taken for
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        path.write_bytes(whole)


def test_a_full_disk_is_said_and_changes_nothing(small_disk: Path) -> None:
    state = small_disk / "state"
    with Vault.open(state, create=True) as vault:
        vault.add_user("ann", PASSWORD)
        _fill(small_disk / "ballast")
        with pytest.raises(DiskFull):
            _share_many(vault)
        assert vault.roster().login_needed
        assert vault.check("ann", PASSWORD) is not None
        (small_disk / "ballast").unlink()
        vault.remove_user("ann")
        assert not vault.roster().login_needed


def test_on_a_full_disk_none_is_made(small_disk: Path) -> None:
    _fill(small_disk / "ballast")
    with pytest.raises(StoreError):
        Vault.open(small_disk / "state", create=True)
    with Vault.open(small_disk / "state", create=False) as vault:
        assert vault.absent


def test_a_disk_that_takes_nothing_still_lets_in_whom_it_knows(small_disk: Path) -> None:
    state = small_disk / "state"
    with Vault.open(state, create=True) as vault:
        vault.add_user("ann", PASSWORD)
        token = vault.add_token("ha", Scope.VIEW, None)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with Vault.open(state, create=False) as vault:
        assert vault.roster().token(token, 0) is not None
        assert vault.check("ann", PASSWORD) is not None
        assert not vault.changed()
        with pytest.raises(StoreError):
            vault.add_user("bob", PASSWORD)


def _share_many(vault: Vault) -> None:
    for number in range(1000):
        vault.add_share(f"clip-{number}", "ann", 2 * 10**18)


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return
