"""`smartrec audit`: who did what."""

import json
from pathlib import Path

import pytest

from smartrec.access.model import Entry
from smartrec.access.vault import Vault
from tests.cli.vaults import PASSWORD, add_user, ask, said

pytestmark = pytest.mark.usefixtures("state")


def test_every_command_that_changes_something_is_in_it_and_says_by_whom() -> None:
    add_user("ann")
    said("user", "password", "ann", "--password-stdin", answer="battery staple")
    said("user", "role", "ann", "record")
    said("token", "add", "ha")
    said("token", "remove", "ha")
    said("user", "remove", "ann")
    said("user", "list")
    entries = json.loads(said("audit", "--json"))
    assert [(each["action"], each["object"]) for each in entries] == [
        ("user.add", "ann (admin)"),
        ("user.password", "ann"),
        ("user.role", "ann (record)"),
        ("token.add", "ha (view)"),
        ("token.remove", "ha"),
        ("user.remove", "ann"),
    ]
    assert {each["outcome"] for each in entries} == {"ok"}
    assert all(each["who"].startswith("command line (") for each in entries)


def test_no_secret_is_in_it() -> None:
    add_user("ann")
    secret = said("token", "add", "ha").strip()
    told = said("audit") + said("audit", "--json")
    assert PASSWORD not in told
    assert secret not in told


def test_the_newest_are_shown_oldest_first_and_nobody_else_commands_the_terminal(
    state: Path,
) -> None:
    with Vault.open(state, create=False) as vault:
        for number in range(5):
            who = f"\x1b[2Jmallory {number}\n"
            vault.audit(Entry(number, who, "user", "192.0.2.9", "login", "", "wrong"))
    table = said("audit", "--limit", "2")
    assert "\x1b" not in table
    heading, *rows = table.splitlines()
    assert heading.split() == ["TIME", "WHO", "FROM", "ACTION", "OBJECT", "OUTCOME"]
    assert [r"mallory 3\n" in rows[0], r"mallory 4\n" in rows[1], len(rows)] == [True, True, 2]
    assert "192.0.2.9 (user)" in rows[0]
    assert [each["number"] for each in json.loads(said("audit", "-n", "2", "--json"))] == [4, 5]


def test_nothing_is_an_empty_list_and_makes_nothing(state: Path) -> None:
    assert said("audit", "--json") == "[]\n"
    assert "nothing was written down yet" in ask("audit").stderr
    assert not state.exists()
