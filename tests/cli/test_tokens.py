"""`smartrec token`: what programs show."""

import json
import re
from pathlib import Path

import pytest

from smartrec.access.model import DAY, Scope
from smartrec.access.vault import Vault
from smartrec.clock import SystemClock
from tests.cli.vaults import ask, misused, refused, said

pytestmark = pytest.mark.usefixtures("state")


def test_the_secret_alone_is_printed_for_programs_and_opens(state: Path) -> None:
    result = ask("token", "add", "Home Assistant")
    secret = result.stdout.removesuffix("\n")
    assert re.fullmatch(r"srt_[A-Za-z0-9_-]{43}", secret)
    assert "not shown again" in result.stderr
    with Vault.open(state, create=False) as vault:
        who = vault.roster().token(secret, 2**62)
    assert who is not None
    assert (who.name, who.scope) == ("Home Assistant", Scope.VIEW)


def test_scope_and_time_are_as_asked_for(state: Path) -> None:
    before = SystemClock().now().wall_ns
    said("token", "add", "ha", "--scope", "record", "--for", "90d")
    with Vault.open(state, create=False) as vault:
        (token,) = vault.tokens()
    assert token.scope is Scope.RECORD
    assert token.expires_ns is not None
    assert before + 90 * DAY <= token.expires_ns < before + 91 * DAY


@pytest.mark.parametrize("wrong", ["0s", "-1d", "soon", "", "100000d"])
def test_how_long_must_be_a_time(state: Path, wrong: str) -> None:
    assert "90d" in misused("token", "add", "ha", f"--for={wrong}")
    assert not state.exists()


def test_the_list_has_no_secret() -> None:
    secret = said("token", "add", "ha").strip()
    said("token", "add", "short", "--for", "1ns")
    table, listed = said("token", "list"), said("token", "list", "--json")
    assert secret not in table + listed
    assert [line.split()[0] for line in table.splitlines()] == ["NAME", "ha", "short"]
    assert "for good" in table.splitlines()[1]
    assert "(over)" in table.splitlines()[2]
    assert [set(each) for each in json.loads(listed)] == [{"name", "scope", "added", "expires"}] * 2
    assert json.loads(listed)[0]["expires"] is None


def test_one_that_is_removed_opens_no_more(state: Path) -> None:
    secret = said("token", "add", "ha").strip()
    assert said("token", "remove", "HA") == "removed HA\n"
    with Vault.open(state, create=False) as vault:
        assert vault.roster().token(secret, 0) is None
    assert "no token 'HA'" in str(refused("token", "remove", "HA"))


def test_a_name_is_taken_once() -> None:
    said("token", "add", "ha")
    assert "already" in str(refused("token", "add", "HA"))


def test_none_is_an_empty_list() -> None:
    assert said("token", "list", "--json") == "[]\n"
    assert "no tokens" in ask("token", "list").stderr
