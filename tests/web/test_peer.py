"""Whom a proxy asks for: believed of ours, and of nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.web.peer import Peer, Proxies, plain

PROXIES = Proxies(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"], "Remote-User")
OURS = Peer("127.0.0.1")
OTHER = Peer("192.0.2.7")
FOR = "X-Forwarded-For"


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ([], "127.0.0.1"),
        (["192.0.2.1"], "192.0.2.1"),
        (["198.51.100.1, 192.0.2.1"], "192.0.2.1"),
        (["198.51.100.1", "192.0.2.1"], "192.0.2.1"),
        (["192.0.2.1, 10.1.1.1, 2001:db8::5"], "192.0.2.1"),
        (["10.1.1.1"], "10.1.1.1"),
        (["192.0.2.1, nonsense, 10.1.1.1"], "10.1.1.1"),
        (["::ffff:192.0.2.1"], "192.0.2.1"),
        ([""], "127.0.0.1"),
    ],
)
def test_the_client_is_the_nearest_that_is_no_proxy_of_ours(said: list[str], client: str) -> None:
    assert PROXIES.client(OURS, [(FOR, each) for each in said]) == client


@given(st.text(max_size=30), st.sampled_from([FOR, "Remote-User", "X-Forwarded-Proto"]))
def test_a_stranger_is_believed_nothing(said: str, name: str) -> None:
    headers = [(name, said)]
    assert PROXIES.client(OTHER, headers) == OTHER.address
    assert PROXIES.user(OTHER, headers) is None
    assert PROXIES.tls(OTHER, headers) is False
    assert Proxies().user(OURS, headers) is None
    assert Proxies().client(OURS, headers) == OURS.address


@given(st.text(max_size=60))
def test_what_a_proxy_of_ours_says_is_an_address_or_nothing(said: str) -> None:
    assert plain(PROXIES.client(OURS, [(FOR, said)])) is not None


def test_a_user_is_named_once_or_not_at_all() -> None:
    assert PROXIES.user(OURS, [("remote-user", "anna")]) == "anna"
    assert PROXIES.user(OURS, [("remote-user", "Jürgen".encode().decode("latin-1"))]) == "Jürgen"
    assert PROXIES.user(OURS, [("Remote-User", "anna"), ("remote-user", "bert")]) is None
    assert PROXIES.user(OURS, [("Remote-User", " ")]) is None
    assert PROXIES.user(OURS, []) is None
    assert Proxies(["127.0.0.1"]).user(OURS, [("Remote-User", "anna"), ("", "anna")]) is None


@pytest.mark.parametrize(
    ("said", "tls"),
    [
        ([], False),
        (["https"], True),
        (["http"], False),
        (["https, http"], False),
        (["HTTPS"], True),
    ],
)
def test_a_proxy_says_whether_the_browser_came_by_https(said: list[str], tls: bool) -> None:
    assert PROXIES.tls(OURS, [("X-Forwarded-Proto", each) for each in said]) is tls


def test_without_a_word_of_the_proxy_its_own_connection_counts() -> None:
    assert PROXIES.tls(Peer("127.0.0.1", tls=True), []) is True
    assert PROXIES.tls(Peer("192.0.2.7", tls=True), [("x-forwarded-proto", "http")]) is True
