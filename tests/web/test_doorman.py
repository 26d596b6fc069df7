"""Who asks: by what each of them brings, and in which order."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.access.model import Kind, Principal, Scope
from smartrec.access.roster import Roster
from smartrec.access.vault import Vault
from smartrec.errors import StoreError
from smartrec.web.doorman import Caller, Doorman, Entrance
from smartrec.web.peer import Peer

NOW = 1_700_000_000 * 10**9
HERE, ELSEWHERE, OTHER = Peer("127.0.0.1"), Peer("192.0.2.1"), "192.0.2.9"
WITH_CERTIFICATE = Peer("192.0.2.1", tls=True, certificate="Anna's phone")
OPEN = Principal(Kind.OPEN, "", Scope.ADMIN)
CERTIFICATE = Principal(Kind.CERTIFICATE, "Anna's phone", Scope.ADMIN)
Headers = Sequence[tuple[str, str]]


class Known:
    """A roster with one of each, and what they bring."""

    def __init__(self, state: Path) -> None:
        with Vault.open(state, create=True) as vault:
            vault.add_user("anna", "a password", Scope.RECORD)
            self.session = vault.begin_session("anna", "192.0.2.1", "", NOW)
            self.token = vault.add_token("a program", Scope.VIEW, None)
            self.link = vault.add_share("clip", "anna", NOW + 10**18).token
            self.roster = vault.roster()


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    return Known(tmp_path_factory.mktemp("state"))


def doorman(
    roster: Roster | None = None, address: str = "127.0.0.1", **settings: object
) -> Doorman:
    return Doorman(Entrance.of(settings, address, 8787), lambda: NOW, roster or Roster())


def who(at: Doorman, headers: Headers, peer: Peer = HERE) -> Principal | None:
    return at.caller(headers, peer).principal


def kind(at: Doorman, headers: Headers, peer: Peer = HERE) -> Kind | None:
    found = who(at, headers, peer)
    return None if found is None else found.kind


def cookie(value: str, name: str = "smartrec-8787") -> tuple[str, str]:
    return ("Cookie", f"{name}={value}")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1"])
def test_without_users_only_a_page_of_this_machine_is_open(address: str) -> None:
    assert who(doorman(address=address), []) == OPEN


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.5"])
def test_without_users_one_that_others_reach_is_closed_to_all(address: str) -> None:
    for peer in (HERE, ELSEWHERE):
        assert who(doorman(address=address), [], peer) is None


def test_who_comes_through_a_proxy_may_be_anybody() -> None:
    at = doorman(proxy=["127.0.0.1"])
    assert who(at, []) is None
    assert who(at, [("X-Forwarded-For", "127.0.0.1")]) is None


def test_with_a_user_nobody_is_anybody(known: Known) -> None:
    assert who(doorman(known.roster), []) is None


def test_a_session_is_known_by_its_cookie_of_this_port(known: Known) -> None:
    at = doorman(known.roster)
    encrypted = Peer("192.0.2.1", tls=True)
    for name, peer in (("smartrec-8787", HERE), ("__Host-smartrec-8787", encrypted)):
        other = HERE if peer is encrypted else encrypted
        assert kind(at, [cookie(known.session, name)], peer) is Kind.USER
        assert kind(at, [cookie(known.session, name)], other) is None
        assert kind(at, [("cookie", f"a=b; {name}={known.session} ;c")], peer) is Kind.USER
        assert kind(at, [cookie("x", name), cookie(known.session, name)], peer) is Kind.USER
    for name in ("smartrec-8788", "smartrec-share-8787", "smartrec", "Smartrec-8787", ""):
        assert kind(at, [cookie(known.session, name)]) is None
    assert at.used() == {who(at, [cookie(known.session)]).key}  # type: ignore[union-attr]


def test_of_many_cookies_only_the_first_are_looked_at(known: Known) -> None:
    at = doorman(known.roster)
    wrong = [cookie("; ".join(["x", *["smartrec-8787=x"] * 6]))]
    assert kind(at, [*wrong, cookie(known.session)]) is Kind.USER
    assert kind(at, [*wrong, cookie("x"), cookie(known.session)]) is None


@given(st.text(max_size=80))
def test_no_cookie_at_all_is_a_session_by_accident(known: Known, text: str) -> None:
    at = doorman(known.roster)
    assert who(at, [("cookie", text), cookie(text)]) is None


def test_a_token_counts_before_all_else_be_it_valid_or_not(known: Known) -> None:
    at = doorman(known.roster, client_ca="/ca.pem")
    session = cookie(known.session)
    for scheme in ("Bearer", "bearer", "BEARER"):
        valid = ("Authorization", f"{scheme} {known.token}")
        assert kind(at, [session, valid], WITH_CERTIFICATE) is Kind.TOKEN
        for wrong in (known.token[:-1], "", known.session, f"{known.token} x"):
            unknown = ("authorization", f"{scheme} {wrong}")
            assert who(at, [session, unknown], WITH_CERTIFICATE) is None
        assert who(at, [valid, valid]) is None
    other = ("Authorization", "Basic YTpi")
    assert kind(at, [session, other]) is Kind.USER


def test_a_token_that_is_not_valid_is_refused_where_everybody_may_come_in() -> None:
    assert who(doorman(), [("Authorization", "Bearer srt_x")]) is None


def test_whom_the_proxy_names_has_his_own_scope_or_that_of_the_settings(known: Known) -> None:
    settings = {"proxy": ["192.0.2.1"], "proxy_user_header": "Remote-User"}
    at = doorman(known.roster, "0.0.0.0", **settings, proxy_role="view")
    named = [("Remote-User", "ANNA")]
    assert who(at, named, ELSEWHERE) == Principal(Kind.PROXY, "ANNA", Scope.RECORD, key="anna")
    stranger = [("Remote-User", "bert")]
    assert who(at, stranger, ELSEWHERE) == Principal(Kind.PROXY, "bert", Scope.VIEW)
    assert who(at, named, Peer(OTHER)) is None
    assert kind(at, [*named, cookie(known.session)], ELSEWHERE) is Kind.USER


def test_a_certificate_counts_where_it_was_asked_for(known: Known) -> None:
    at = doorman(known.roster, "0.0.0.0", client_ca="/ca.pem")
    assert who(at, [], WITH_CERTIFICATE) == CERTIFICATE
    session = cookie(known.session, "__Host-smartrec-8787")
    assert kind(at, [session], WITH_CERTIFICATE) is Kind.USER
    assert who(at, [], ELSEWHERE) is None
    assert who(doorman(known.roster, "0.0.0.0"), [], WITH_CERTIFICATE) is None


def test_a_link_counts_last(known: Known) -> None:
    at = doorman(known.roster)
    link = cookie(known.link, "smartrec-share-8787")
    found = who(at, [link])
    assert found is not None
    assert (found.kind, found.clip_id) == (Kind.SHARE, "clip")
    assert kind(at, [link, cookie(known.session)]) is Kind.USER
    assert who(at, [cookie(known.link)]) is None


def test_an_address_is_the_proxys_word_where_it_is_trusted() -> None:
    said = [("X-Forwarded-For", f"{OTHER}"), ("X-Forwarded-Proto", "https")]
    trusted = doorman(proxy=["192.0.2.1"]).caller(said, ELSEWHERE)
    assert (trusted.address, trusted.secure) == (OTHER, True)
    other = doorman().caller(said, ELSEWHERE)
    assert (other.address, other.secure) == ("192.0.2.1", False)
    assert doorman().caller([], WITH_CERTIFICATE).secure


class Visitor:
    """Of whom is known whether they were turned out."""

    inside = True

    def turn_out(self) -> None:
        assert self.inside, "once is enough"
        self.inside = False


def test_who_may_not_stay_is_turned_out_and_nobody_else(known: Known) -> None:
    at = doorman()
    anybody, gone = Visitor(), Visitor()
    at.let_in(anybody, OPEN)
    at.let_in(gone, OPEN)
    at.learn(Roster())
    at.leave(gone)
    at.leave(gone)
    assert anybody.inside
    at.learn(known.roster)
    assert (anybody.inside, gone.inside) == (False, True)
    anna, certified = Visitor(), Visitor()
    principal = who(at, [cookie(known.session)])
    assert principal is not None
    at.let_in(anna, principal)
    at.let_in(certified, CERTIFICATE)
    at.learn(known.roster)
    assert anna.inside
    assert at.used() == {principal.key}, "an open page is use"
    at.learn(Roster())
    assert (anna.inside, certified.inside) == (False, True)
    at.learn(Roster(), StoreError("nobody knows"))
    assert not certified.inside


def test_while_it_is_not_known_who_there_is_nobody_comes_in(known: Known) -> None:
    at = doorman(client_ca="/ca.pem")
    at.learn(known.roster, StoreError("the disk is gone", hint="Look at it."))
    for headers in ([], [cookie(known.session)], [("Authorization", f"Bearer {known.token}")]):
        caller = at.caller(headers, WITH_CERTIFICATE)
        assert caller.principal is None
        refusal = at.refusal(headers, caller)
        assert refusal is not None
        assert (refusal.status, refusal.hint) == (503, "Look at it.")
    elsewhere = doorman(address="0.0.0.0")
    elsewhere.learn(known.roster, StoreError("/home/anna is gone", hint="ls /home/anna"))
    told = elsewhere.refusal([], elsewhere.caller([], ELSEWHERE))
    assert told is not None
    assert told.status == 503
    assert "anna" not in told.json(), "strangers see that"
    at.learn(known.roster)
    assert at.refusal([], Caller(OPEN, "", False)) is None
