"""`smartrec user`: who may log in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smartrec.access.model import Scope
from smartrec.access.vault import Vault
from smartrec.errors import AccessDamaged, UsageError
from tests.cli.vaults import PASSWORD, add_user, ask, misused, refused, said

pytestmark = pytest.mark.usefixtures("state")

ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


def names(state: Path) -> list[tuple[str, Scope]]:
    with Vault.open(state, create=False) as vault:
        return [(user.name, user.scope) for user in vault.users()]


def test_the_first_is_an_admin_and_the_others_view_unless_told_otherwise(state: Path) -> None:
    assert add_user("Ann") == "added Ann (admin)\n"
    assert add_user("bob") == "added bob (view)\n"
    assert add_user("carl", "--role", "record") == "added carl (record)\n"
    assert names(state) == [
        *(("Ann", Scope.ADMIN), ("bob", Scope.VIEW), ("carl", Scope.RECORD)),
    ]


def test_that_the_page_asks_from_now_on_is_said_once() -> None:
    first = ask("user", "add", "ann", "--password-stdin", answer=PASSWORD)
    assert "from now on the page asks for name and password" in first.stderr
    second = ask("user", "add", "bob", "--password-stdin", answer=PASSWORD)
    assert second.stderr == ""


def test_the_password_is_the_line_that_was_read(state: Path) -> None:
    add_user("ann", password="  mit Leerzeichen ü ")
    said("user", "add", "bob", "--password-stdin", answer="from windows\r\n")
    with Vault.open(state, create=False) as vault:
        assert vault.check("ann", "  mit Leerzeichen ü ") is not None
        assert vault.check("bob", "from windows") is not None


@pytest.mark.parametrize(
    ("password", "why"),
    [("", "8 to 1024"), ("short", "8 to 1024"), ("two lines\nof it", "line"), ("x" * 9999, "8 to")],
)
def test_what_can_be_no_password_is_refused(state: Path, password: str, why: str) -> None:
    error = refused("user", "add", "ann", "--password-stdin", answer=password)
    assert why in str(error)
    assert not state.exists()


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "a\x1b[2J", " a", "x" * 65])
def test_what_can_be_no_name_is_refused_before_a_password_is_asked_for(name: str) -> None:
    error = refused("user", "add", name, answer="never read")
    assert isinstance(error, UsageError)
    assert "\x1b" not in f"{error} {error.hint}"


def test_a_name_that_is_taken_is_refused_before_a_password_is_asked_for() -> None:
    add_user("Ann")
    assert "already" in str(refused("user", "add", "ANN"))


def test_without_a_terminal_the_other_way_is_said() -> None:
    error = refused("user", "add", "ann", answer=PASSWORD)
    assert "--password-stdin" in str(error.hint)


def test_on_a_terminal_the_password_is_asked_for_twice_and_never_shown(state: Path) -> None:
    program = [sys.executable, "-m", "smartrec", "user", "add", "ann"]
    process = subprocess.Popen(
        [sys.executable, "-c", ON_A_TERMINAL, *program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "SMARTREC_STATE_DIR": str(state)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    shown = b""
    for prompt in (b"Password: ", b"confirmation: "):
        while prompt not in shown:
            letter = process.stdout.read(1)
            assert letter, shown
            shown += letter
        process.stdin.write(f"{PASSWORD}\n".encode())
        process.stdin.flush()
    rest, _ = process.communicate(timeout=50)
    assert process.returncode == 0
    assert b"added ann (admin)" in rest
    assert PASSWORD.encode() not in shown + rest
    with Vault.open(state, create=False) as vault:
        assert vault.check("ann", PASSWORD) is not None


def test_the_list_says_who_there_is_and_when_they_were_here(state: Path) -> None:
    add_user("ann")
    with Vault.open(state, create=False) as vault:
        (added,) = vault.users()
        vault.begin_session("ann", "192.0.2.1", "browser", added.added_ns)
        vault.begin_session("ann", "192.0.2.1", "browser", 0)
    (listed,) = json.loads(said("user", "list", "--json"))
    assert set(listed) == {"name", "role", "added", "password_set", "sessions", "last_here"}
    assert (listed["name"], listed["role"], listed["sessions"]) == ("ann", "admin", 1)
    assert listed["last_here"] == listed["added"]
    heading, row = said("user", "list").splitlines()
    assert heading.split()[:2] == ["NAME", "ROLE"]
    assert row.split()[:2] == ["ann", "admin"]


def test_no_users_is_an_empty_list_and_makes_nothing(state: Path) -> None:
    assert said("user", "list", "--json") == "[]\n"
    result = ask("user", "list")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert "nobody has to log in" in result.stderr
    assert not state.exists()


def test_another_password_and_another_role_end_what_was_begun(state: Path) -> None:
    add_user("ann")
    with Vault.open(state, create=False) as vault:
        for command in (("password", "ANN", "--password-stdin"), ("role", "ANN", "record")):
            vault.begin_session("ann", "", "", 2 * 10**18)
            said("user", *command, answer="battery staple")
            assert vault.sessions() == []
        assert vault.check("ann", "battery staple") is not None
    assert names(state) == [("ann", Scope.RECORD)]


def test_it_is_said_when_nobody_is_an_admin_any_more_or_nobody_is_there(state: Path) -> None:
    add_user("ann")
    add_user("bob")
    assert "nobody is an admin now" in ask("user", "role", "ann", "view").stderr
    assert "nobody is an admin now" in ask("user", "remove", "ann").stderr
    assert ask("user", "remove", "bob").stderr == (
        "there are no users any more: at 127.0.0.1 nobody has to log in, at any other address"
        " nobody is let in\n"
    )
    assert names(state) == []


@pytest.mark.parametrize("command", [("remove",), ("password", "--password-stdin"), ("role",)])
def test_who_is_not_there_cannot_be_changed(command: tuple[str, ...]) -> None:
    role = ["view"] if command == ("role",) else []
    error = refused("user", *command, "zoe", *role, answer=PASSWORD)
    assert (str(error), error.exit_code) == ("there is no user 'zoe'", 2)


def test_there_are_three_roles() -> None:
    assert "'view', 'record', 'admin'" in misused("user", "role", "ann", "root")


def test_a_damaged_file_is_an_error_and_never_no_users(state: Path) -> None:
    add_user("ann")
    (state / "access.sqlite").write_bytes(b"")
    for command in (("list",), ("remove", "ann"), ("add", "bob", "--password-stdin")):
        error = refused("user", *command, answer=PASSWORD)
        assert isinstance(error, AccessDamaged)
        assert f"mv '{state}/access.sqlite'" in str(error.hint)


@pytest.mark.parametrize("module", ["users", "tokens", "shares", "audit"])
def test_a_command_starts_without_what_only_some_of_it_needs(module: str) -> None:
    heavy = ["argon2", "itsdangerous", "cryptography", "pydantic", "fastapi"]
    code = f"import sys, smartrec.cli.{module}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=50
    )
    assert done.stdout == "[]\n"
