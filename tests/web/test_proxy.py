"""Whom a reverse proxy speaks for, and who only says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.web.proxy import Proxies, plain_address

PROXIES = Proxies(["127.0.0.1", "10.0.0.0/8", "fd00::/8"], "Remote-User")
NONE = Proxies()


def forwarded(*values: str) -> list[tuple[str, str]]:
    return [("X-Forwarded-For", value) for value in values]


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.2.3", "::ffff:10.1.2.3", "fd00::1%eth0"])
def test_an_address_of_the_settings_is_believed(peer: str) -> None:
    assert PROXIES.trusted(peer)
    assert not NONE.trusted(peer)


@pytest.mark.parametrize("peer", ["127.0.0.2", "11.0.0.1", "::1", "::ffff:11.0.0.1", "", "x", "10"])
def test_no_other_is(peer: str) -> None:
    assert not PROXIES.trusted(peer)
    headers = [*forwarded("192.0.2.1"), ("X-Forwarded-Proto", "https"), ("Remote-User", "ann")]
    assert PROXIES.client(peer, headers) == plain_address(peer)
    assert PROXIES.scheme(peer, headers, "http") == "http"
    assert PROXIES.user(peer, headers) is None


@pytest.mark.parametrize(
    ("said", "client"),
    [
        (["192.0.2.1"], "192.0.2.1"),
        (["198.51.100.9, 192.0.2.1"], "192.0.2.1"),  # the client itself may write the left end
        (["127.0.0.1, 192.0.2.1, 10.0.0.7"], "192.0.2.1"),
        (["198.51.100.9", "192.0.2.1, 10.0.0.7"], "192.0.2.1"),
        (["192.0.2.1:1234"], "192.0.2.1"),
        (["[2001:DB8::1]:1234"], "2001:db8::1"),
        (["::ffff:192.0.2.1"], "192.0.2.1"),
        (["192.0.2.1, unknown"], "10.0.0.1"),
        (["192.0.2.1, unknown, 10.0.0.7"], "10.0.0.7"),
        (["10.0.0.8, 10.0.0.7"], "10.0.0.8"),
        (["192.0.2.1,"], "10.0.0.1"),
        ([], "10.0.0.1"),
    ],
)
def test_what_trusted_proxies_added_tells_the_client(said: list[str], client: str) -> None:
    assert PROXIES.client("10.0.0.1", forwarded(*said)) == client


@given(st.lists(st.text(max_size=30), max_size=5), st.ip_addresses())
def test_whatever_a_client_writes_its_own_address_is_found(written: list[str], own: object) -> None:
    seen = [*written, str(own)]
    expected = plain_address(str(own))
    if not PROXIES.trusted(expected):
        assert PROXIES.client("10.0.0.1", forwarded(", ".join(seen))) == expected


@pytest.mark.parametrize(
    ("said", "scheme"),
    [
        (["https"], "https"),
        (["HTTPS"], "https"),
        (["wss"], "https"),
        (["https, http"], "http"),
        (["https", "http"], "http"),
        (["gopher"], "http"),
        ([""], "http"),
        ([], "http"),
    ],
)
def test_a_proxy_says_what_the_browser_speaks(said: list[str], scheme: str) -> None:
    headers = [("x-forwarded-proto", value) for value in said]
    assert PROXIES.scheme("127.0.0.1", headers, "http") == scheme


@pytest.mark.parametrize(
    ("said", "user"),
    [
        (["ann"], "ann"),
        ([" ann "], "ann"),
        (["J\xc3\xb6rg"], "Jörg"),
        (["J\xf6rg"], "Jörg"),
        ([""], None),
        ([" "], None),
        (["ann", "root"], None),
        ([], None),
    ],
)
def test_a_proxy_names_one_user_or_none(said: list[str], user: str | None) -> None:
    assert PROXIES.user("127.0.0.1", [("remote-user", value) for value in said]) == user
    assert NONE.user("127.0.0.1", [("remote-user", value) for value in said]) is None
    unnamed = Proxies(["127.0.0.1"])
    assert unnamed.user("127.0.0.1", [("remote-user", "ann"), ("", "ann")]) is None
