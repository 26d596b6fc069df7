"""What doctor says of the page: who reaches it, by which way, and who comes in."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from smartrec.access.certificate import Certificate, made, place
from smartrec.access.vault import Vault
from smartrec.app.doctor.finding import Finding, Status
from smartrec.app.doctor.page import check_page, judge_certificate, judge_reach, judge_way
from smartrec.app.doctor.subject import Subject
from smartrec.clock import SystemClock
from smartrec.config.web import Web

NOW = datetime(2026, 11, 23, tzinfo=timezone.utc)
DAY = timedelta(days=1)
ALL = {"address": "0.0.0.0"}
HEADER = {"proxy": ["127.0.0.1"], "proxy_user_header": "Remote-User"}


def web(settings: Mapping[str, object]) -> Web:
    return Web.model_validate(settings)


def findings(tmp_path: Path, settings: Mapping[str, object]) -> list[Finding]:
    environ = {"SMARTREC_STATE_DIR": str(tmp_path / "state")}
    return list(check_page(Subject(tmp_path, environ=environ, web=web(settings))))


def with_user(tmp_path: Path) -> Vault:
    vault = Vault.open(tmp_path / "state", create=True)
    vault.add_user("ann", "correct horse battery")
    return vault


@pytest.mark.parametrize(
    ("settings", "users", "status", "said"),
    [
        ({}, 0, Status.OK, "http://127.0.0.1:8787/ for this machine alone; nobody has to log in"),
        ({}, 1, Status.OK, "alone; 1 user"),
        (ALL, 2, Status.OK, "other machines too; 2 users"),
        (ALL, 0, Status.WARN, "there is no user"),
        (ALL, None, Status.OK, "https://"),
        ({**ALL, "client_ca": "/ca.pem"}, 0, Status.OK, "browsers need a certificate"),
        ({**ALL, **HEADER}, 0, Status.OK, "the proxy says who it is"),
        ({"proxy": ["127.0.0.1"]}, 0, Status.WARN, "there is no user"),
        ({"proxy": ["127.0.0.1"]}, 1, Status.OK, "whoever the proxy lets in; 1 user"),
        ({"address": "::1", "port": 0}, 0, Status.OK, "http://[::1]:PORT/"),
    ],
)
def test_who_reaches_it_and_what_is_asked_of_them_is_told(
    settings: dict[str, object], users: int | None, status: Status, said: str
) -> None:
    found = judge_reach(web(settings), users)
    assert found.status is status
    assert said in found.what
    assert "0.0.0.0" not in found.what
    assert found.status is Status.OK or "smartrec user add" in found.mend


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, []),
        (ALL, []),
        ({**ALL, "tls": "off"}, ["without https"]),
        ({**ALL, "tls": "off", "proxy": ["192.0.2.1"]}, []),
        ({"proxy": ["127.0.0.1"]}, ["[web] hosts"]),
        ({"proxy": ["127.0.0.1"], "hosts": ["recorder.example"]}, []),
    ],
)
def test_what_others_could_read_on_the_way_is_told(
    settings: dict[str, object], said: list[str]
) -> None:
    found = list(judge_way(web(settings)))
    assert len(found) == len(said)
    for finding, text in zip(found, said, strict=True):
        assert finding.status is Status.WARN
        assert text in finding.what


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [(-1, 60, ""), (-1, 10, "ends soon"), (-90, -1, "has ended"), (1, 90, "not good before")],
)
def test_the_end_of_a_certificate_is_told_before_it_comes(
    begins: int, ends: int, said: str
) -> None:
    path = Path("own.pem")
    own = Certificate(path, path, "AB:CD", NOW + begins * DAY, NOW + ends * DAY, ("localhost",))
    found = judge_certificate(own, NOW)
    assert (found.status is Status.WARN) is bool(said)
    assert said in found.what
    assert "AB:CD" in found.what


def test_the_fingerprint_is_that_of_the_certificate_that_is_shown(tmp_path: Path) -> None:
    with_user(tmp_path).close()
    assert any("made when it first starts" in each.what for each in findings(tmp_path, ALL))
    shown = made(tmp_path / "state", ["localhost"], SystemClock().now().wall_ns)
    found = findings(tmp_path, ALL)
    assert all(each.status is Status.OK for each in found)
    assert any(shown.fingerprint in each.what for each in found)


def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with_user(tmp_path).close()
    broken = tmp_path / "page.pem"
    broken.write_text("no PEM")
    broken.chmod(0o600)
    own = {**ALL, "certificate": str(broken), "key": str(broken)}
    (found,) = (each for each in findings(tmp_path, own) if each.status is Status.WARN)
    assert str(broken) in found.what
    made(tmp_path / "state", ["localhost"], SystemClock().now().wall_ns)
    place(tmp_path / "state").write_text("half of one")
    assert any("made anew" in each.what for each in findings(tmp_path, ALL))


def test_a_key_that_others_can_read_is_told_with_what_closes_it(tmp_path: Path) -> None:
    with_user(tmp_path).close()
    shown = made(tmp_path / "state", ["localhost"], SystemClock().now().wall_ns)
    shown.key.chmod(0o640)
    (found,) = (each for each in findings(tmp_path, ALL) if each.status is Status.WARN)
    assert found.mend == f"chmod 0600 '{shown.key}'"


def test_a_key_of_ones_own_may_be_read_by_a_group(tmp_path: Path) -> None:
    with_user(tmp_path).close()
    pem = made(tmp_path / "own", ["localhost"], SystemClock().now().wall_ns).path
    own = {**ALL, "certificate": str(pem), "key": str(pem)}
    pem.chmod(0o640)
    assert all(each.status is Status.OK for each in findings(tmp_path, own))
    pem.chmod(0o644)
    assert any("read or written by others" in each.what for each in findings(tmp_path, own))


def test_users_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with_user(tmp_path).close()
    (tmp_path / "state" / "access.sqlite").write_bytes(b"x" * 5000)
    found = [each for each in findings(tmp_path, {}) if each.status is Status.WARN]
    assert found
    assert "access.sqlite" in found[0].what
    assert found[0].mend


def test_a_page_that_is_switched_off_is_not_looked_at(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, {"enabled": False, **ALL})
    assert found.status is Status.OK
