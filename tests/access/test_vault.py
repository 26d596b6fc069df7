"""The vault: what is kept, for whom, and until when."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from smartrec.access.model import ABSOLUTE, DAY, IDLE, Kind, Scope
from smartrec.access.rows import SESSIONS_MOST
from smartrec.access.vault import TOUCH_EVERY, Vault
from smartrec.clock import ClockQuality, Instant, SystemClock
from smartrec.errors import StoreError, UsageError
from smartrec.units import SECOND, Ns

NOW = 1_795_000_000 * SECOND
PASSWORD = "correct horse"
OTHER = "battery staple"


class StandInClock(SystemClock):
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.wall_ns = int(NOW)

    def now(self) -> Instant:
        return Instant(self.wall_ns, Ns(0), "", ClockQuality("unknown", False, None))


@pytest.fixture
def clock() -> StandInClock:
    return StandInClock()


@pytest.fixture
def vault(tmp_path: Path, clock: StandInClock) -> Iterator[Vault]:
    with Vault.open(tmp_path / "state", create=True, clock=clock) as made:
        yield made


@pytest.fixture
def other(vault: Vault) -> Iterator[Vault]:
    """As another process has it."""
    with Vault.open(vault.path.parent, create=False) as opened:
        yield opened


def test_where_there_is_none_there_are_no_users_and_nothing_is_made(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Vault.open(state, create=False) as vault:
        assert vault.absent
        assert vault.changed()
        assert not vault.roster().login_needed
        assert not vault.changed()
        everything = (vault.users(), vault.tokens(), vault.shares(), vault.sessions())
        assert everything == ([], [], [], [])
        assert vault.entries(1) == []
        assert vault.check("ann", PASSWORD) is None
        assert not vault.end_session("0")
        assert not vault.remove_share("0")
    assert not state.exists()


def test_the_first_thing_written_makes_it_and_who_looks_sees_that(tmp_path: Path) -> None:
    with (
        Vault.open(tmp_path / "state", create=False) as page,
        Vault.open(tmp_path / "state", create=False) as line,
    ):
        page.roster()
        line.add_user("ann", PASSWORD)
        assert page.changed()
        assert page.roster().login_needed
        assert not page.absent


def test_the_first_user_is_an_admin_and_all_others_view(vault: Vault) -> None:
    assert vault.add_user("Ann", PASSWORD).scope is Scope.ADMIN
    assert vault.add_user("bob", PASSWORD).scope is Scope.VIEW
    assert vault.add_user("carl", PASSWORD, Scope.RECORD).scope is Scope.RECORD
    assert [(user.name, user.scope) for user in vault.users()] == [
        *(("Ann", Scope.ADMIN), ("bob", Scope.VIEW), ("carl", Scope.RECORD))
    ]
    assert vault.users()[0].added_ns == NOW


def test_a_name_is_taken_once_however_it_is_written(vault: Vault) -> None:
    vault.add_user("Józef", PASSWORD)
    with pytest.raises(UsageError, match="already"):
        vault.add_user("JO\u0301ZEF", PASSWORD)
    with pytest.raises(UsageError, match="characters"):
        vault.add_user("bob", "short")


def test_a_password_opens_for_its_user_alone(vault: Vault) -> None:
    vault.add_user("Ann", PASSWORD)
    vault.add_user("bob", OTHER)
    ann = vault.check("ANN", PASSWORD)
    assert ann is not None
    assert ann.name == "Ann"
    for name, password in (
        *(("ann", OTHER), ("bob", PASSWORD), ("zoe", PASSWORD), ("", ""), ("ann", "")),
        *(("ann" * 9999, PASSWORD), ("\ud800", PASSWORD), ("ann", "x" * 10_000), ("a\x00nn", "x")),
    ):
        assert vault.check(name, password) is None


def test_no_secret_is_on_the_disk(vault: Vault) -> None:
    vault.add_user("ann", PASSWORD)
    session = vault.begin_session("ann", "192.0.2.1", "browser", NOW)
    token = vault.add_token("ha", Scope.VIEW, None)
    share = vault.add_share("clip-1", "ann", NOW + DAY)
    kept = vault.path.read_bytes()
    assert b"192.0.2.1" in kept
    for secret in (PASSWORD, session, token, token[4:], share.token):
        assert secret.encode() not in kept


def test_another_password_ends_sessions_and_is_the_only_one(vault: Vault) -> None:
    vault.add_user("ann", PASSWORD)
    vault.add_user("bob", PASSWORD)
    secrets = [vault.begin_session(name, "", "", NOW) for name in ("ann", "bob")]
    vault.set_password("ANN", OTHER)
    assert vault.check("ann", PASSWORD) is None
    assert vault.check("ann", OTHER) is not None
    assert vault.roster().session(secrets[0], NOW) is None
    assert vault.roster().session(secrets[1], NOW) is not None


def test_a_password_that_was_changed_begins_no_session_though_it_was_right(
    vault: Vault, clock: StandInClock
) -> None:
    vault.add_user("ann", "correct horse")
    checked = vault.check("ann", "correct horse")
    assert checked is not None
    assert vault.begin_session("ann", "", "", NOW, checked.password_ns)
    clock.wall_ns += 1
    vault.set_password("ann", "battery staple")
    with pytest.raises(UsageError, match="changed"):
        vault.begin_session("ann", "", "", NOW, checked.password_ns)
    assert vault.sessions() == []


def test_another_role_holds_at_once_and_ends_sessions(vault: Vault) -> None:
    vault.add_user("ann", PASSWORD)
    secret = vault.begin_session("ann", "", "", NOW)
    who = vault.roster().session(secret, NOW)
    assert who is not None
    assert vault.set_scope("ann", Scope.VIEW).scope is Scope.VIEW
    roster = vault.roster()
    assert roster.session(secret, NOW) is None
    assert not roster.still(who, NOW)


def test_who_is_removed_is_out(vault: Vault, other: Vault) -> None:
    vault.add_user("ann", PASSWORD)
    secret = vault.begin_session("ann", "", "", NOW)
    who = vault.roster().session(secret, NOW)
    assert who is not None
    other.remove_user("ann")
    assert vault.changed()
    assert not vault.roster().still(who, NOW)
    assert vault.check("ann", PASSWORD) is None
    assert vault.sessions() == []
    vault.add_user("ann", PASSWORD)
    assert vault.roster().session(secret, NOW) is None


def test_what_there_is_not_is_said(vault: Vault) -> None:
    for ask in (
        lambda: vault.remove_user("ann"),
        lambda: vault.set_scope("ann", Scope.VIEW),
        lambda: vault.set_password("ann", PASSWORD),
        lambda: vault.begin_session("ann", "", "", NOW),
        lambda: vault.remove_token("ann"),
    ):
        with pytest.raises(UsageError, match="there is no"):
            ask()


def test_weak_digests_become_strong_when_their_password_is_seen(vault: Vault) -> None:
    vault.add_user("ann", PASSWORD)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with closing(sqlite3.connect(vault.path)) as database, database:
        database.execute("UPDATE users SET password = ?", (weak,))
    assert vault.check("ann", OTHER) is None
    assert weak.encode() in vault.path.read_bytes()
    assert vault.check("ann", PASSWORD) is not None
    with closing(sqlite3.connect(vault.path)) as database:
        (kept,) = database.execute("SELECT password FROM users").fetchone()
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert vault.check("ann", PASSWORD) is not None


def test_a_session_says_where_it_began_and_when_it_was_used(vault: Vault) -> None:
    vault.add_user("Ann", PASSWORD)
    secret = vault.begin_session("ann", "192.0.2.1", "browser" * 100, NOW)
    (session,) = vault.sessions()
    assert (session.user, session.address, session.begun_ns) == ("Ann", "192.0.2.1", NOW)
    assert len(session.agent) == 200
    vault.roster()
    vault.touch([session.key, "no such"], NOW + TOUCH_EVERY - 1)
    assert not vault.changed()
    vault.touch([session.key], NOW + TOUCH_EVERY)
    assert vault.changed()
    assert vault.sessions()[0].used_ns == NOW + TOUCH_EVERY
    assert vault.roster().session(secret, NOW + TOUCH_EVERY + IDLE) is not None


def test_sessions_that_are_over_are_forgotten_with_the_next_login(vault: Vault) -> None:
    vault.add_user("ann", PASSWORD)
    vault.begin_session("ann", "", "", NOW)
    later = NOW + ABSOLUTE + 1
    vault.begin_session("ann", "", "", later)
    assert [session.begun_ns for session in vault.sessions()] == [later]


def test_a_user_has_only_so_many_sessions_and_others_keep_theirs(vault: Vault) -> None:
    vault.add_user("ann", PASSWORD)
    vault.add_user("bob", PASSWORD)
    bobs = vault.begin_session("bob", "", "", NOW)
    anns = [vault.begin_session("ann", "", "", NOW + n) for n in range(SESSIONS_MOST + 2)]
    roster = vault.roster()
    assert roster.session(bobs, NOW) is not None
    valid = [roster.session(secret, NOW) is not None for secret in anns]
    assert valid == [False, False, *([True] * SESSIONS_MOST)]


def test_one_session_or_all_of_a_user_are_ended(vault: Vault) -> None:
    vault.add_user("ann", PASSWORD)
    for _ in range(3):
        vault.begin_session("ann", "", "", NOW)
    key = vault.sessions()[0].key
    assert vault.end_session(key)
    assert not vault.end_session(key)
    assert len(vault.sessions()) == 2
    assert vault.end_sessions("ANN")
    assert not vault.end_sessions("ann")
    assert vault.sessions() == []


def test_a_token_is_found_by_its_secret_until_it_is_removed(vault: Vault, other: Vault) -> None:
    secret = vault.add_token("Home Assistant", Scope.RECORD, None)
    who = vault.roster().token(secret, NOW)
    assert who is not None
    assert (who.kind, who.name, who.scope) == (Kind.TOKEN, "Home Assistant", Scope.RECORD)
    assert [token.key for token in vault.tokens()] == [who.key]
    with pytest.raises(UsageError, match="already"):
        vault.add_token("home assistant", Scope.VIEW, None)
    other.remove_token("HOME ASSISTANT")
    assert vault.changed()
    assert vault.roster().token(secret, NOW) is None


def test_the_name_of_a_token_that_is_over_can_be_had_again(
    vault: Vault, clock: StandInClock
) -> None:
    vault.add_token("ha", Scope.VIEW, NOW + DAY)
    clock.wall_ns += DAY
    vault.add_token("ha", Scope.VIEW, None)
    assert [token.expires_ns for token in vault.tokens()] == [None]


def test_a_link_is_the_same_wherever_it_is_listed(vault: Vault, other: Vault) -> None:
    made = vault.add_share("clip-1", "ann", NOW + DAY)
    assert other.shares() == [made]
    who = other.roster().share(made.token, NOW)
    assert who is not None
    assert (who.clip_id, who.scope, who.key) == ("clip-1", Scope.VIEW, made.key)
    assert other.remove_share(made.key)
    assert not other.remove_share(made.key)
    assert vault.changed()
    assert vault.roster().share(made.token, NOW) is None


def test_links_are_listed_for_a_month_after_their_time(vault: Vault, clock: StandInClock) -> None:
    old = vault.add_share("clip-1", "ann", NOW + DAY)
    clock.wall_ns += 31 * DAY
    vault.add_share("clip-2", "ann", clock.wall_ns + DAY)
    assert old in vault.shares()
    clock.wall_ns += 1
    vault.add_share("clip-3", "ann", clock.wall_ns + DAY)
    assert old not in vault.shares()


def test_only_what_changes_who_is_let_in_is_a_change_of_ones_own(vault: Vault) -> None:
    vault.add_user("ann", PASSWORD)
    assert vault.changed()
    vault.roster()
    assert not vault.changed()
    assert vault.check("ann", PASSWORD) is not None
    assert not vault.changed()
    vault.begin_session("ann", "", "", NOW)
    assert vault.changed()


def test_a_refused_change_leaves_all_as_it_was(vault: Vault) -> None:
    vault.add_user("ann", PASSWORD)
    before = vault.users()
    with pytest.raises(UsageError):
        vault.add_user("ann", OTHER, Scope.VIEW)
    assert vault.users() == before
    assert vault.check("ann", PASSWORD) is not None


def test_to_move_it_away_under_a_running_page_lets_nobody_in(vault: Vault) -> None:
    vault.add_user("ann", PASSWORD)
    vault.roster()
    aside = vault.path.with_name("aside")
    vault.path.rename(aside)
    for _ in range(2):
        assert vault.changed()
        with pytest.raises(StoreError, match="is gone"):
            vault.roster()
    aside.rename(vault.path)
    assert vault.roster().login_needed


def test_a_copy_that_is_put_into_a_damaged_one_counts(vault: Vault) -> None:
    vault.add_user("ann", PASSWORD)
    vault.roster()
    content = vault.path.read_bytes()
    for damaged in (b"", bytes(9000), content[:5000]):
        vault.path.write_bytes(damaged)
        for _ in range(2):
            with pytest.raises(StoreError):
                vault.roster()
        vault.path.write_bytes(content)
        assert vault.roster().login_needed


def test_a_damaged_one_that_is_moved_away_lets_nobody_in(vault: Vault) -> None:
    damaged = vault.path.with_name("damaged")
    damaged.write_bytes(b"no database" * 1000)
    damaged.replace(vault.path)
    with pytest.raises(StoreError):
        vault.roster()
    vault.path.unlink()
    with pytest.raises(StoreError, match="is gone"):
        vault.roster()


def test_another_file_in_its_place_is_the_one_that_counts(vault: Vault, tmp_path: Path) -> None:
    vault.add_user("ann", PASSWORD)
    vault.roster()
    with Vault.open(tmp_path / "copy", create=True) as copy:
        copy.add_user("bob", PASSWORD)
        made = copy.path
    made.replace(vault.path)
    assert vault.changed()
    roster = vault.roster()
    assert roster.user("ann") is None
    assert roster.user("bob") is not None
    assert not vault.changed()
