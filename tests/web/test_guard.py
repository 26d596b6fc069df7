"""What another site can make a browser send, and what it cannot: Host and Origin are not its."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.access.machine import host_names
from smartrec.web.guard import Guard
from smartrec.web.proxy import Proxies

GUARD = Guard("127.0.0.1", ["recorder.example"])
ENCRYPTED = Guard("0.0.0.0", ["recorder.example"], encrypted=True)
BEHIND = Guard("127.0.0.1", ["recorder.example"], proxies=Proxies(["127.0.0.1"]))
OURS = ("localhost", "localhost:8787", "127.0.0.1:8787", "[::1]:8787", "recorder.example")

STRANGE = (
    *("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "xrecorder.example"),
    *("127.0.0.2", "0.0.0.0", "[::2]", "[::1", "::1]", "::1", "[::1]x", "[localhost]", "[]"),
    *(
        "",
        ":8787",
        "localhost:x",
        "localhost:",
        "localhost:8787:1",
        "localhost:\u0661",
        "localhost\n",
    ),
    *("localhost@evil.example", "localhost, evil.example", "recorder.example.", "local host"),
)
FOREIGN = (
    *("http://evil.example", "http://localhost:3000", "http://localhost:8787.evil.example"),
    *("null", "", "file://", "http://127.0.0.1:8787", "localhost:8787", "ftp://localhost:8787"),
)


@pytest.mark.parametrize("host", [*OURS, "LOCALHOST:1", "Recorder.Example:443"])
def test_its_own_names_are_answered_at_any_port(host: str) -> None:
    assert GUARD.refusal([("Host", host)], origin=True) is None


@pytest.mark.parametrize("host", STRANGE)
def test_any_other_name_is_refused(host: str) -> None:
    refusal = GUARD.refusal([("host", host)], origin=False)
    assert refusal is not None
    assert refusal.status == 421
    assert "hosts" in refusal.hint


@given(st.text(max_size=40))
def test_no_text_is_taken_for_a_name_of_ours(host: str) -> None:
    if GUARD.refusal([("host", host)], origin=False) is None:
        name = host.lower().strip("[]").split("]")[0]
        assert name.startswith(("localhost", "127.0.0.1", "::1", "recorder.example"))


@pytest.mark.parametrize("headers", [[], [("host", "localhost"), ("host", "localhost")]])
def test_there_must_be_one_host(headers: list[tuple[str, str]]) -> None:
    assert GUARD.refusal(headers, origin=False) is not None


@pytest.mark.parametrize("host", OURS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_its_own_pages_ask_is_answered(host: str, scheme: str) -> None:
    headers = [("host", host), ("origin", f"{scheme}://{host}"), ("sec-fetch-site", "same-origin")]
    assert GUARD.refusal(headers, origin=True) is None


@pytest.mark.parametrize("origin", FOREIGN)
def test_what_a_page_of_another_origin_asks_is_refused(origin: str) -> None:
    headers = [("host", "localhost:8787"), ("origin", origin)]
    refusal = GUARD.refusal(headers, origin=True)
    assert refusal is not None
    assert refusal.status == 403
    assert GUARD.refusal(headers, origin=False) is None


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_request_without_origin_may_still_be_known_for_another_sites(site: str) -> None:
    headers = [("host", "localhost"), ("sec-fetch-site", site)]
    assert GUARD.refusal(headers, origin=True) is not None


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_who_types_the_address_is_answered(site: str) -> None:
    assert GUARD.refusal([("host", "localhost"), ("sec-fetch-site", site)], origin=True) is None


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::", "2001:db8::1"])
@pytest.mark.parametrize(
    "host", ["192.0.2.1", "192.0.2.7:8787", "[2001:db8::7]:8787", "[fe80::1]", *host_names()]
)
def test_what_others_reach_is_called_by_any_address_and_the_machines_names(
    address: str, host: str
) -> None:
    assert Guard(address).refusal([("host", host)], origin=False) is None
    assert GUARD.refusal([("host", host)], origin=False) is not None


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "192.0.2.1.evil.example", "1.2.3", "0x7f000001", "127.1", "2001:db8::7"),
        *("192.0.2.1@evil.example", "[::1%25eth0]", "192.0.2.300", "192.0.2.1.", "[evil.example]"),
    ],
)
def test_no_name_that_a_site_could_point_here_is_ever_ours(host: str) -> None:
    assert ENCRYPTED.refusal([("host", host)], origin=False) is not None


@pytest.mark.parametrize(
    ("guard", "said", "origin", "taken"),
    [
        (ENCRYPTED, None, "https", True),
        (ENCRYPTED, None, "http", False),
        (ENCRYPTED, "http", "http", False),
        (BEHIND, "https", "https", True),
        (BEHIND, "https", "http", False),
        (BEHIND, "http", "http", True),
        (BEHIND, "http", "https", False),
        (BEHIND, None, "https", True),
        (GUARD, "http", "https", True),
    ],
)
def test_a_page_that_came_unencrypted_asks_nothing_of_one_that_is_not(
    guard: Guard, said: str | None, origin: str, taken: bool
) -> None:
    headers = [("host", "recorder.example:8787"), ("origin", f"{origin}://recorder.example:8787")]
    headers += [("X-Forwarded-Proto", said)] if said else []
    assert (guard.refusal(headers, origin=True, peer="127.0.0.1") is None) is taken


@pytest.mark.parametrize(
    ("peer", "answered"),
    [
        ("10.0.0.2", True),
        ("::ffff:10.0.0.2", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("10.0.0.3", False),
        ("fe80::1", False),
        ("", False),
    ],
)
def test_nobody_comes_past_a_proxy_that_encrypts(peer: str, answered: bool) -> None:
    host = [("host", "127.0.0.1")]
    proxies = Proxies(["10.0.0.2"])
    refusal = Guard("0.0.0.0", proxies=proxies).refusal(host, origin=False, peer=peer)
    assert (refusal is None) == answered
    encrypted = Guard("0.0.0.0", proxies=proxies, encrypted=True)
    assert encrypted.refusal(host, origin=False, peer=peer) is None
