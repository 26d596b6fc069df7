"""The page by https: what it takes to come in, and what those meet who do not speak it well."""

import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartrec.access.certificate import made, place
from smartrec.access.vault import Vault
from smartrec.app.page_messages import Format, NotServing, Serving, Setup, Unit
from smartrec.clock import SystemClock
from smartrec.model import AccessUnit, Codec, StreamFormat
from smartrec.units import SECOND, Ns
from smartrec.web.assets import load
from smartrec.web.live import PATH
from tests.web.child import IMPATIENT, TIMEOUT, Child, setup
from tests.web.http import until_closed
from tests.web.live import opened

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
JPEG = StreamFormat(Codec.JPEG, 1280, 720, 30.0, "image/jpeg")


def encrypted(directory: Path, **web: object) -> Setup:
    return setup(directory, encrypted=True, **web)  # type: ignore[arg-type]


def trusting(child: Child) -> ssl.SSLContext:
    """A browser that was told to trust the page's own certificate."""
    assert child.address  # it is there: so is its certificate
    return ssl.create_default_context(cafile=place(Path(child.setup.state)))


@contextlib.contextmanager
def plain(child: Child) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", child.port), TIMEOUT) as connection:
        yield connection


@contextlib.contextmanager
def secure(child: Child, browser: ssl.SSLContext | None = None) -> Iterator[ssl.SSLSocket]:
    context = browser or trusting(child)
    with plain(child) as bare, context.wrap_socket(bare, server_hostname="localhost") as connection:
        yield connection


def answer(child: Child, request: bytes, browser: ssl.SSLContext | None = None) -> bytes:
    with secure(child, browser) as connection:
        connection.sendall(request)
        return until_closed(connection)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with Child(encrypted(tmp_path_factory.mktemp("tls")), IMPATIENT) as child:
        yield child


def must_be_well(page: Child) -> None:
    assert answer(page, GET).startswith(b"HTTP/1.1 200 ")


def test_who_trusts_the_certificate_that_was_told_is_served(page: Child) -> None:
    assert page.address == f"https://127.0.0.1:{page.port}/"
    with secure(page) as connection:
        connection.sendall(GET)
        assert until_closed(connection).startswith(b"HTTP/1.1 200 ")
        assert connection.version() in ("TLSv1.2", "TLSv1.3")
    made_here = made(Path(page.setup.state), ["localhost"], SystemClock().now().wall_ns)
    told = page.said.get(timeout=TIMEOUT)
    page.said.put(told)
    assert told == Serving(page.address, made_here.fingerprint)


def test_who_does_not_is_not(page: Child) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        answer(page, GET, ssl.create_default_context())
    must_be_well(page)


def test_one_connection_takes_many_requests(page: Child) -> None:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", page.port, timeout=TIMEOUT, context=trusting(page)
    )
    for _ in range(20):
        connection.request("GET", "/", headers={"Host": f"localhost:{page.port}"})
        response = connection.getresponse()
        assert response.status == 200
        assert response.read()
    connection.close()


def test_what_comes_with_the_end_of_the_handshake_is_not_lost(page: Child) -> None:
    """Of TLS 1.3: a client may send its request in the same packet as its Finished."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting(page).wrap_bio(incoming, outgoing, server_hostname="localhost")
    with plain(page) as connection:
        while True:
            with contextlib.suppress(ssl.SSLWantReadError):
                client.do_handshake()
                break
            connection.sendall(outgoing.read())
            incoming.write(connection.recv(65_536))
        client.write(GET)
        connection.sendall(outgoing.read())  # Finished and request
        heard = b""
        while not heard:
            incoming.write(connection.recv(65_536))
            with contextlib.suppress(ssl.SSLWantReadError):
                heard = client.read(65_536)
    assert heard.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "sent",
    [b"", b"\x16", b"\x16\x03\x01", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 600],
    ids=["nothing", "a byte", "the head of a record", "half a hello"],
)
def test_who_does_not_end_the_handshake_is_sent_away(page: Child, sent: bytes) -> None:
    with plain(page) as connection:
        connection.sendall(sent)
        assert b"HTTP" not in until_closed(connection)  # in its time, or this test would not end
    must_be_well(page)


def test_a_handshake_counts_as_a_connection_from_its_first_moment(tmp_path: Path) -> None:
    with Child(encrypted(tmp_path, viewers=1)) as page, contextlib.ExitStack() as open_:
        ends = [open_.enter_context(plain(page)) for _ in range(140)]
        # 101 may be there; the others are closed at once, long before a handshake has to end.
        closed = 0
        for end in ends[101:]:
            closed += until_closed(end) == b""
        assert closed == 39
        for end in ends[:101]:
            end.close()
        must_come_in(page)


def must_come_in(page: Child) -> None:
    """As soon as those before it are gone."""
    while True:
        with contextlib.suppress(OSError):
            assert answer(page, GET).startswith(b"HTTP/1.1 200 ")
            return


@pytest.mark.parametrize(
    ("request_", "status", "where"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost:1\r\n\r\n", b"308", b"https://localhost:1/"),
        (b"GET /a?b=c HTTP/1.1\r\nHost: localhost\r\n\r\n", b"308", b"https://localhost/a?b=c"),
        (b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"308", b"https://127.0.0.1/"),
        (
            b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"308",
            b"localhost/\r\n",
        ),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"421", b""),
        (b"GET / HTTP/1.1\r\n\r\n", b"400", b""),
        (b"GET / HTTP/1.0\r\n\r\n", b"421", b""),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", b"400", b""),
        (b"nonsense\r\n\r\n", b"400", b""),
    ],
)
def test_who_speaks_plain_http_is_told_where_to_go_and_nothing_else(
    page: Child, request_: bytes, status: bytes, where: bytes
) -> None:
    with plain(page) as connection:
        connection.sendall(request_)
        heard = until_closed(connection)
    assert heard.startswith(b"HTTP/1.1 " + status)
    assert where in heard
    assert b"evil" not in heard
    assert b"<html" not in heard


def test_no_live_picture_goes_out_unencrypted(page: Child) -> None:
    head = (
        f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with plain(page) as connection:
        connection.sendall(head.encode())
        assert until_closed(connection).startswith(b"HTTP/1.1 308 ")


def picture(seq: int) -> Unit:
    data = seq.to_bytes(4, "big") * 25_000
    pts = Ns(seq * SECOND // 30)
    return Unit("cam0", AccessUnit(1, seq, pts, pts, Ns(0), True, 0, data), True, False)


def test_a_live_page_gets_pictures_and_commands_both_ways(tmp_path: Path) -> None:
    with Child(encrypted(tmp_path)) as page, opened(page.port, ssl=trusting(page)) as tab:
        tab.text("hello")
        tab.watch("cam0")
        page.wait_wants(("cam0",))
        page.tell(Format("cam0", JPEG))
        for seq in range(1, 100):  # one by one: each must come without a push from the next
            page.tell(picture(seq))
            assert tab.picture().seq == seq
        tab.watch()
        page.wait_wants(())


def test_who_does_not_read_is_shown_what_is_new_and_not_what_was(tmp_path: Path) -> None:
    last = 200
    with Child(encrypted(tmp_path)) as page, contextlib.ExitStack() as tabs:
        tls = trusting(page)
        slow = tabs.enter_context(opened(page.port, buffer=4096, max_queue=1, ssl=tls))
        quick = tabs.enter_context(opened(page.port, ssl=tls))
        slow.watch("cam0")
        quick.watch("cam0")
        page.wait_wants(("cam0",))
        page.tell(Format("cam0", JPEG))
        for seq in range(1, last + 1):
            page.tell(picture(seq))
            assert quick.picture().seq == seq
        seen: list[int] = []
        while not seen or seen[-1] != last:
            seen.append(slow.picture().seq)
        assert seen == sorted(set(seen))
        assert len(seen) < last / 2


def test_a_large_file_comes_whole_to_who_is_slow(page: Child) -> None:
    """More than all buffers on the way hold, so that its end waits for the client."""
    name, file = max(load().items(), key=lambda item: len(item[1].data))
    request = f"GET {name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    times = 200
    with secure(page) as connection:
        heard = bytearray()
        sender = threading.Thread(target=connection.sendall, args=(request * times,), daemon=True)
        sender.start()
        while heard.count(b"HTTP/1.1 200 ") < times or not heard.endswith(file.data[-100:]):
            data = connection.recv(16_384)
            assert data, f"it ended after {len(heard)} bytes"
            heard += data
        sender.join(TIMEOUT)
    assert heard.count(file.data) == times


def authority(directory: Path) -> tuple[Path, Path]:
    """A certificate for browsers, and its authority's."""
    directory.mkdir()
    new: list[str | Path] = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
    ]
    ca, key, browser = (directory / name for name in ("ca.pem", "ca.key", "browser.pem"))
    subprocess.run(
        [*new, "-noenc", "-subj", "/CN=ca", "-keyout", key, "-out", ca],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        [
            *(*new, "-noenc", "-subj", "/CN=Ann", "-CA", ca, "-CAkey", key),
            *("-keyout", browser, "-out", directory / "own.pem"),
        ],
        check=True,
        capture_output=True,
    )
    browser.write_bytes(browser.read_bytes() + (directory / "own.pem").read_bytes())
    return browser, ca


def test_only_browsers_with_a_certificate_of_the_authority_come_in(tmp_path: Path) -> None:
    browser, ca = authority(tmp_path / "ours")
    stranger, _ = authority(tmp_path / "theirs")
    with Child(encrypted(tmp_path, client_ca=str(ca)), IMPATIENT) as page:
        for other in (None, stranger):
            context = trusting(page)
            if other is not None:
                context.load_cert_chain(other)
            heard = b""
            with contextlib.suppress(OSError):  # of TLS 1.3: the handshake ends before it is sent
                heard = answer(page, GET, context)
            assert heard == b""
        context = trusting(page)
        context.load_cert_chain(browser)
        assert answer(page, GET, context).startswith(b"HTTP/1.1 200 ")
        who = GET.replace(b"GET / ", b"GET /api/v1/session ")
        assert json.loads(answer(page, who, context).partition(b"\r\n\r\n")[2])["name"] == "Ann"


def own_pair(directory: Path) -> dict[str, object]:
    """A certificate of the user's own; another each time."""
    made_ = made(directory / "made", ["localhost"], SystemClock().now().wall_ns)
    pair = {"certificate": directory / "own.pem", "key": directory / "own.key"}
    for path in pair.values():
        path.with_suffix(".new").write_bytes(made_.path.read_bytes())
        path.with_suffix(".new").replace(path)
    made_.path.unlink()
    return {name: str(path) for name, path in pair.items()}


def test_a_certificate_that_its_owner_replaces_is_shown_without_a_new_start(tmp_path: Path) -> None:
    pair = own_pair(tmp_path)
    before = ssl.create_default_context(cafile=str(pair["certificate"]))
    with Child(encrypted(tmp_path, **pair), IMPATIENT) as page:
        told = Serving(page.address)  # without a fingerprint: others vouch for it
        assert page.said.get(timeout=TIMEOUT) == told
        with secure(page, before) as old:
            own_pair(tmp_path)
            assert page.said.get(timeout=TIMEOUT) == told
            after = ssl.create_default_context(cafile=str(pair["certificate"]))
            assert answer(page, GET, after).startswith(b"HTTP/1.1 200 ")
            with pytest.raises(ssl.SSLCertVerificationError):
                answer(page, GET, before)
            with contextlib.suppress(OSError):  # the old connection may have been idle too long
                old.sendall(GET)


def test_one_that_cannot_be_used_is_told_and_taken_when_it_can(tmp_path: Path) -> None:
    pair = own_pair(tmp_path)
    key = Path(str(pair["key"]))
    good = key.read_bytes()
    key.write_bytes(b"")
    with Child(encrypted(tmp_path, **pair), IMPATIENT) as page:
        said = page.said.get(timeout=TIMEOUT)
        assert isinstance(said, NotServing)
        assert str(key) in said.message
        assert said.hint
        key.write_bytes(good)
        assert page.address.startswith("https://")


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_others_come_in_when_there_is_a_user_and_not_before(tmp_path: Path, address: str) -> None:
    if address == "::" and not has_ipv6():
        pytest.skip("no IPv6 here")
    with Child(encrypted(tmp_path, address=address), IMPATIENT) as page:
        said = page.said.get(timeout=TIMEOUT)
        assert isinstance(said, NotServing)
        assert "smartrec user add" in said.hint
        with Vault.open(tmp_path / "state", create=True) as vault:
            vault.add_user("ann", "correct horse battery")
        assert page.address.startswith("https://")
        assert address not in page.address
        name = page.address.split("/")[2]
        asked = GET.replace(b"localhost", name.encode())
        assert answer(page, asked).startswith(b"HTTP/1.1 200 ")
        status = asked.replace(b"GET / ", b"GET /api/v1/status ")
        assert answer(page, status).startswith(b"HTTP/1.1 401 ")


def has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


@pytest.mark.parametrize(
    ("web", "warned"),
    [
        ({"encrypted": False, "proxy": ["127.0.0.1"], "proxy_user_header": "Remote-User"}, False),
        ({"encrypted": True, "proxy": ["127.0.0.1"], "proxy_user_header": "Remote-User"}, False),
        ({"encrypted": False}, True),
    ],
)
def test_unencrypted_passwords_are_warned_of_where_no_proxy_encrypts(
    tmp_path: Path, web: dict[str, object], warned: bool
) -> None:
    with Vault.open(tmp_path / "state", create=True) as vault:
        vault.add_user("ann", "correct horse battery")
    with Child(setup(tmp_path, address="0.0.0.0", **web)) as page:  # type: ignore[arg-type]
        assert page.address
        said = page.said.get(timeout=TIMEOUT)
    assert isinstance(said, Serving)
    assert ("not encrypted" in said.warning) is warned
    assert said.address.startswith("https:" if web["encrypted"] else "http:")


def test_what_a_foreign_page_asks_is_refused_also_if_only_its_scheme_differs(page: Child) -> None:
    asked = GET.replace(b"GET / ", b"GET /api/v1/session ")
    for origin, status in ((b"https://localhost", b"200"), (b"http://localhost", b"403")):
        with_origin = asked.replace(b"\r\n\r\n", b"\r\nOrigin: " + origin + b"\r\n\r\n")
        assert answer(page, with_origin).startswith(b"HTTP/1.1 " + status)
