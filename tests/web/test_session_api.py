"""Logging in and out, as a browser does it."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from smartrec.access.database import FILE_NAME
from smartrec.access.model import Scope
from smartrec.access.vault import Vault
from smartrec.clock import SystemClock
from smartrec.units import SECOND
from smartrec.web.gate import PASSWORDS
from smartrec.web.live import TURNED_OUT
from tests.web.child import TIMEOUT, Child, setup
from tests.web.guarded import API, PASSWORD, Guarded, cookie, given, guarded_in
from tests.web.http import ask
from tests.web.live import opened
from tests.web.test_tls import answer

VIEW, RECORD, ADMIN = Scope
NO_LINK = {"clip": None, "expires_ms": None}
AT_ONCE = PASSWORDS.at_once
NOBODY = {"login_needed": True, "name": None, "kind": None, "scope": None, **NO_LINK}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded_in(tmp_path_factory.mktemp("guarded")) as made:
        yield made


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Guarded]:
    """One that nobody tried to log in to."""
    with guarded_in(tmp_path) as made:
        yield made


def standing(guarded: Guarded, who: dict[str, str]) -> object:
    return json.loads(guarded.ask("session", who=who).body)


def until(guarded: Guarded, path: str, who: dict[str, str], status: int) -> None:
    """Asks until that is the answer; the page sees what others write twice a second."""
    begun = SystemClock().monotonic()
    while (found := guarded.ask(path, who=who).status) != status:
        assert SystemClock().monotonic() - begun < TIMEOUT * 1e9, found


def test_who_logs_in_is_known_by_a_cookie_that_scripts_and_other_sites_do_not_get(
    guarded: Guarded,
) -> None:
    answer = guarded.log_in("RECORD", PASSWORD)
    name, kind, scope = "record", "user", "record"
    known = {"login_needed": True, "name": name, "kind": kind, "scope": scope, **NO_LINK}
    assert (answer.status, json.loads(answer.body)) == (200, known)
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name == f"smartrec-{guarded.port}"
    attributes = {each.strip().lower() for each in rest.split(";")[1:]}
    assert attributes == {"httponly", "samesite=strict", "path=/", f"max-age={90 * 86400}"}
    assert standing(guarded, cookie(guarded.port, given(answer))) == known
    assert PASSWORD not in answer.body.decode()


def test_a_name_that_nobody_has_is_answered_as_a_wrong_password(fresh: Guarded) -> None:
    wrong, unknown = fresh.log_in("admin", "wrong"), fresh.log_in("nobody", PASSWORD)
    assert (wrong.status, wrong.body) == (unknown.status, unknown.body) == (401, wrong.body)
    assert "set-cookie" not in wrong.headers
    assert standing(fresh, {}) == NOBODY


@pytest.mark.parametrize(
    "said",
    [
        *({}, [], "x", {"name": "view"}, {"name": "view", "password": 7}),
        {"name": "view", "password": PASSWORD, "scope": "admin"},
        {"name": "view", "password": f"{PASSWORD}{'x' * 1024}"},
    ],
)
def test_what_is_no_login_is_refused_without_a_word_of_the_password(
    guarded: Guarded, said: object
) -> None:
    answer = guarded.ask("session", "POST", said=said)
    assert answer.status == 422
    assert PASSWORD not in answer.body.decode()


def test_who_tries_too_often_must_wait_and_is_told_how_long(fresh: Guarded) -> None:
    for _ in range(20):
        assert fresh.log_in("view", PASSWORD).status == 200  # which counts against nobody
    for _ in range(AT_ONCE):
        assert fresh.log_in("view", "wrong").status == 401
    answer = fresh.log_in("view", PASSWORD)
    assert answer.status == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 30
    assert "Try again in" in json.loads(answer.body)["error"]["hint"]
    assert standing(fresh, fresh.session(VIEW)) != NOBODY, "who is in stays in"
    outcomes = [each["outcome"] for each in entries(fresh) if each["action"] == "login"]
    assert outcomes == ["limited", *["wrong"] * AT_ONCE, *["ok"] * 20]


def entries(guarded: Guarded) -> list[dict[str, str]]:
    answer = guarded.ask("audit?limit=500", who=guarded.token(ADMIN))
    found: list[dict[str, str]] = json.loads(answer.body)["entries"]
    return found


def test_who_logs_out_is_out_with_all_that_was_open(guarded: Guarded) -> None:
    who = cookie(guarded.port, given(guarded.log_in("view", PASSWORD)))
    with opened(guarded.port, headers=who) as tab:
        assert tab.text("hello")
        answer = guarded.ask("session", "DELETE", who)
        assert answer.status == 204
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert tab.code() == TURNED_OUT
    assert guarded.ask("status", who=who).status == 401
    assert standing(guarded, who) == NOBODY
    assert guarded.ask("session", "DELETE", who).status == 204, "there is nothing to be asked for"


def test_another_login_ends_the_one_before_it_in_that_browser(guarded: Guarded) -> None:
    before = cookie(guarded.port, given(guarded.log_in("view", PASSWORD)))
    after = guarded.log_in("record", PASSWORD, **before)
    assert given(after) not in before["Cookie"]
    until(guarded, "status", before, 401)


@pytest.mark.parametrize("change", ["role", "password", "remove", "end"])
def test_what_the_command_line_changes_counts_at_once(fresh: Guarded, change: str) -> None:
    who = fresh.session(RECORD)
    with opened(fresh.port, headers=who) as tab, fresh.vault() as vault:
        assert tab.text("hello")
        if change == "role":
            vault.set_scope("record", VIEW)
        elif change == "password":
            vault.set_password("record", "another password")
        elif change == "remove":
            vault.remove_user("record")
        else:
            vault.end_sessions("record")
        assert tab.code() == TURNED_OUT
    assert fresh.ask("status", who=who).status == 401


def test_a_token_that_is_removed_is_worth_nothing(fresh: Guarded) -> None:
    with opened(fresh.port, headers=fresh.token(VIEW)) as tab, fresh.vault() as vault:
        assert tab.text("hello")
        vault.remove_token("view")
        assert tab.code() == TURNED_OUT
    assert fresh.ask("status", who=fresh.token(VIEW)).status == 401


@pytest.mark.long
def test_a_token_that_expires_turns_its_owner_out(fresh: Guarded) -> None:
    with fresh.vault() as vault:
        soon = SystemClock().now().wall_ns + 15 * SECOND
        who = {"Authorization": f"Bearer {vault.add_token('brief', VIEW, soon)}"}
    until(fresh, "facets", who, 200)
    with opened(fresh.port, headers=who) as tab:
        assert tab.text("hello")
        assert tab.code() == TURNED_OUT


def test_the_first_user_ends_it_that_anybody_may_come_in(tmp_path: Path) -> None:
    made = setup(tmp_path)
    with Child(made) as page, opened(page.port) as tab:
        assert tab.text("hello")
        assert not Path(made.state).exists(), "as long as nothing needs to be kept"
        with Vault.open(Path(made.state), create=False) as vault:
            vault.add_user("anna", PASSWORD)
        assert tab.code() == TURNED_OUT
        assert ask(page.port, f"{API}/facets").status == 401


def test_who_cannot_be_known_does_not_come_in(fresh: Guarded) -> None:
    who = fresh.session(ADMIN)
    file = Path(fresh.page.setup.state) / FILE_NAME
    content = file.with_name("copy")
    with opened(fresh.port, headers=who) as tab:
        assert tab.text("hello")
        file.rename(content)
        assert tab.code() == TURNED_OUT
    for path in ("session", "status", "/healthz", "/metrics"):
        for asking in ({}, who, fresh.token(ADMIN), fresh.shared()):
            answer = fresh.ask(path, who=asking)
            assert answer.status == 503
            assert "nobody can be let in" in json.loads(answer.body)["error"]["message"]
    assert fresh.log_in("admin", PASSWORD).status == 503
    assert fresh.ask("/").status == 200
    with pytest.raises(InvalidStatus), opened(fresh.port, headers=who):
        pass
    content.rename(file)
    until(fresh, "status", who, 200)


def test_a_file_that_is_damaged_lets_nobody_in_from_the_start(tmp_path: Path) -> None:
    made = setup(tmp_path)
    file = Path(made.state) / FILE_NAME
    file.parent.mkdir()
    file.write_bytes(b"no database" * 1000)
    with Child(made) as page:
        assert ask(page.port, "/").status == 200
        answer = ask(page.port, f"{API}/status")
        assert answer.status == 503
        assert "smartrec user add" in json.loads(answer.body)["error"]["hint"]
        file.unlink()
        while "is gone" not in (answer := ask(page.port, f"{API}/status")).body.decode():
            assert answer.status == 503, "not even for a moment"


def test_many_tries_at_once_are_looked_at_one_by_one_and_the_page_goes_on(fresh: Guarded) -> None:
    with ThreadPoolExecutor(30) as pool:
        tries = [pool.submit(fresh.log_in, "view", "wrong") for _ in range(30)]
        assert fresh.ask("facets", who=fresh.token(VIEW)).status == 200
        statuses = Counter(each.result().status for each in tries)
    assert statuses == {401: AT_ONCE, 429: 30 - AT_ONCE}


PROXY = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}


def test_behind_a_proxy_that_is_trusted_the_cookie_is_one_of_https(tmp_path: Path) -> None:
    with guarded_in(tmp_path, proxy=["127.0.0.1"]) as guarded:
        answer = guarded.log_in("admin", PASSWORD, **PROXY)
        made = answer.headers["set-cookie"]
        assert made.startswith(f"__Host-smartrec-{guarded.port}=")
        assert "; secure" in made.lower()
        who = {**PROXY, "Cookie": made.split(";")[0]}
        found = json.loads(guarded.ask("sessions", who=who).body)["sessions"]
        assert [each["address"] for each in found if each["own"]] == ["192.0.2.7"]


def test_by_https_the_cookie_is_one_that_nobody_in_between_can_plant(tmp_path: Path) -> None:
    with guarded_in(tmp_path, encrypted=True) as guarded:
        said = json.dumps({"name": "admin", "password": PASSWORD}).encode()
        head = (
            f"POST {API}/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(said)}\r\n\r\n"
        )
        heard = answer(guarded.page, head.encode() + said).decode()
        made = re.search("(?i)set-cookie: (.*)\r\n", heard)
        assert made is not None, heard
        value, _, attributes = made[1].partition(";")
        assert value.startswith(f"__Host-smartrec-{guarded.port}=")
        assert "; secure" in attributes.lower()
        ask = "GET {}/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {}\r\n\r\n"
        for cookie, status in ((value, 200), (value.removeprefix("__Host-"), 401)):
            asked = ask.format(API, cookie).encode()
            assert answer(guarded.page, asked).startswith(f"HTTP/1.1 {status} ".encode())


def test_each_address_behind_a_proxy_has_its_own_tries(tmp_path: Path) -> None:
    with guarded_in(tmp_path, proxy=["127.0.0.1"]) as guarded:
        for _ in range(AT_ONCE):
            assert guarded.log_in("view", "wrong", **PROXY).status == 401
        assert guarded.log_in("view", PASSWORD, **PROXY).status == 429
        assert guarded.log_in("view", PASSWORD, **{"X-Forwarded-For": "192.0.2.8"}).status == 200


def test_a_stranger_that_says_to_be_a_proxy_has_no_tries_more(fresh: Guarded) -> None:
    statuses = [
        fresh.log_in("view", "wrong", **{"X-Forwarded-For": f"192.0.2.{n}"}).status
        for n in range(AT_ONCE + 1)
    ]
    assert statuses == [*[401] * AT_ONCE, 429]


def test_whom_a_trusted_proxy_names_is_let_in(tmp_path: Path) -> None:
    proxy = {"proxy": ["127.0.0.1"], "proxy_user_header": "Remote-User", "proxy_role": "record"}
    with guarded_in(tmp_path, **proxy) as guarded:
        for name, role in (("Admin", "admin"), ("view", "view"), ("stranger", "record")):
            known = {"name": name, "kind": "proxy", "scope": role, **NO_LINK}
            found = standing(guarded, {"Remote-User": name})
            assert found == {**known, "login_needed": True}
        assert guarded.ask("status").status == 401
        with (
            opened(guarded.port, headers={"Remote-User": "record"}) as tab,
            guarded.vault() as all_,
        ):
            assert tab.text("hello")
            all_.set_scope("record", VIEW)
            assert tab.code() == TURNED_OUT
