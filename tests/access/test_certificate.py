"""The page's certificate: made once, renewed in time, and refused where it cannot be used."""

import os
import socket
import ssl
import subprocess
import threading
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from smartrec.access.certificate import (
    LIFE,
    Certificate,
    context,
    load,
    made,
    place,
    read,
    wanted_names,
)
from smartrec.clock import SystemClock
from smartrec.errors import NoPage, StoreError

NAMES = ("recorder", "recorder.local", "localhost", "127.0.0.1", "::1")
NOW = SystemClock().now().wall_ns
DAY = 24 * 3600 * 10**9


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bytes:
    """The certificate that a client saw and trusted."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with ours, server.wrap_socket(ours, server_side=True) as secured:
            secured.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with theirs, client.wrap_socket(theirs, server_hostname=name) as secured:
        seen = secured.getpeercert(binary_form=True)
        secured.sendall(b"x")
    thread.join(10)
    assert seen is not None
    return seen


@pytest.mark.parametrize("name", ["recorder", "localhost", "127.0.0.1", "::1"])
def test_who_trusts_it_trusts_every_name_of_this_machine(tmp_path: Path, name: str) -> None:
    own = made(tmp_path, NAMES, NOW)
    client = ssl.create_default_context(cafile=own.path)
    seen = handshake(context(own.path, own.key), client, name)
    digest = sha256(seen).hexdigest().upper()
    assert own.fingerprint.replace(":", "") == digest
    assert own.fingerprint.count(":") == 31


def test_it_is_for_its_own_names_only_and_can_sign_nothing(tmp_path: Path) -> None:
    own = made(tmp_path, NAMES, NOW)
    assert own.names == NAMES
    said = subprocess.run(
        ["openssl", "x509", "-noout", "-text", "-in", own.path],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "CA:FALSE" in said
    assert "Certificate Sign" not in said
    assert own.ends - own.begins == LIFE


def test_nobody_else_reads_its_key_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        own = made(tmp_path / "state", NAMES, NOW)
    finally:
        os.umask(before)
    assert own.key.stat().st_mode & 0o777 == 0o600
    assert own.key.parent.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert [each.name for each in own.key.parent.iterdir()] == [own.key.name]


@pytest.mark.parametrize(
    ("days", "names", "same"),
    [
        (0, NAMES, True),
        (360, NAMES, True),
        (0, NAMES[2:], True),
        (0, NAMES[::-1], True),
        (368, NAMES, False),
        (5000, NAMES, False),
        (-400, NAMES, False),
        (0, (*NAMES, "192.0.2.9"), False),
    ],
)
def test_it_stays_until_it_nears_its_end_or_lacks_a_name(
    tmp_path: Path, days: int, names: tuple[str, ...], same: bool
) -> None:
    first = made(tmp_path, NAMES, NOW)
    again = made(tmp_path, names, NOW + days * DAY)
    assert (again == first) is same
    assert set(names) <= set(again.names)
    assert again.ends.timestamp() * 1e9 - (NOW + days * DAY) > 30 * DAY


def test_a_machine_between_two_networks_needs_one_certificate(tmp_path: Path) -> None:
    made(tmp_path, (*NAMES, "192.0.2.1"), NOW)
    both = made(tmp_path, (*NAMES, "198.51.100.1"), NOW)
    assert made(tmp_path, (*NAMES, "192.0.2.1"), NOW) == both


@pytest.mark.parametrize("content", [b"", b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_half_a_file_is_made_again(tmp_path: Path, content: bytes) -> None:
    path = place(tmp_path)
    path.parent.mkdir()
    path.write_bytes(content)
    context(path, made(tmp_path, NAMES, NOW).key)


def test_a_state_directory_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StoreError, match="certificate"):
        made(tmp_path / "state", NAMES, NOW)


@pytest.mark.parametrize(
    "names",
    [
        ("x" * 63 + "." + "y" * 63 + ".example", "localhost"),
        tuple(f"n{number}.example" for number in range(200)),
        ("localhost",),
    ],
    ids=["long", "many", "one"],
)
def test_any_names_make_one(tmp_path: Path, names: tuple[str, ...]) -> None:
    first = made(tmp_path, names, NOW)
    assert first.names[0] == names[0]
    assert made(tmp_path, names, NOW) == first


def other(directory: Path) -> Certificate:
    return made(directory / "other", NAMES, NOW)


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    own = made(tmp_path, NAMES, NOW)
    with pytest.raises(NoPage, match="cannot be used with the key") as told:
        context(own.path, other(tmp_path).key)
    assert "belong together" in (told.value.hint or "")


def test_a_key_with_a_passphrase_is_refused_and_asks_for_none(tmp_path: Path) -> None:
    own, locked = made(tmp_path, NAMES, NOW), tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", own.key, "-aes256", "-passout", "pass:x", "-out", locked],
        check=True,
    )
    with pytest.raises(NoPage, match="cannot be used"):
        context(own.path, locked)


@pytest.mark.parametrize("content", [None, b"", b"no PEM"])
def test_what_is_no_certificate_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "page.pem"
    if content is not None:
        path.write_bytes(content)
    own = made(tmp_path, NAMES, NOW)
    for doing in (
        lambda: read(path, path),
        lambda: context(path, path),
        lambda: context(own.path, own.key, path),
    ):
        with pytest.raises(NoPage, match=r"page\.pem") as told:
            doing()
        assert told.value.hint


def test_one_that_cannot_be_taken_leaves_the_one_in_use(tmp_path: Path) -> None:
    own = made(tmp_path, NAMES, NOW)
    server = context(own.path, own.key)
    with pytest.raises(NoPage):
        load(server, own.path, other(tmp_path).key)
    client = ssl.create_default_context(cafile=own.path)
    assert handshake(server, client, "localhost")


def test_a_browser_without_a_certificate_of_the_authority_is_sent_away(tmp_path: Path) -> None:
    own, known = made(tmp_path, NAMES, NOW), other(tmp_path)
    assert context(own.path, own.key, known.path).verify_mode is ssl.CERT_REQUIRED


def test_old_versions_of_tls_are_not_spoken(tmp_path: Path) -> None:
    own = made(tmp_path, NAMES, NOW)
    assert context(own.path, own.key).minimum_version is ssl.TLSVersion.TLSv1_2


def test_it_is_good_at_once_also_for_slow_clocks(tmp_path: Path) -> None:
    own = made(tmp_path, NAMES, NOW)
    assert own.begins.timestamp() * 1e9 <= NOW - timedelta(hours=12).total_seconds() * 1e9


def test_the_page_may_be_called_by_every_name_that_is_known() -> None:
    names = wanted_names("192.0.2.1", ["recorder.example"])
    assert {"localhost", "127.0.0.1", "::1", "recorder.example", "192.0.2.1"} <= set(names)
    assert "0.0.0.0" not in wanted_names("0.0.0.0", [])
    assert "::" not in wanted_names("::", [])
