"""What hostile and broken clients send: each gets a refusal or nothing, and harms nobody."""

import contextlib
import re
import socket
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.web.guard import HEADERS
from tests.web.child import TIMEOUT, Child
from tests.web.http import Answer, ask, say, until_closed

EVIL = {"Host": "evil.example"}
JSON = {"Content-Type": "application/json"}
START = b'{"action": "start"}'
TRAVERSALS = (
    *("/../../../etc/passwd", "/..", "/./../child.py", "/js/../../child.py", "//etc/passwd"),
    *("/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fchild.py", "/js/%2e%2e%2f%2e%2e%2fchild.py"),
    *("/..%5c..%5cchild.py", "/..\\..\\child.py", "/%252e%252e/child.py", "/..;/child.py"),
    *("/%c0%ae%c0%ae/child.py", "/\xc0\xae\xc0\xae/child.py", "/index.html%00.js", "/js%2fapp.js"),
    *("/child.py", "/smartrec/web/child.py", "/api/v1/../../child.py", "/js", "/js/", "/css/"),
    *("http://127.0.0.1/../child.py", "file:///etc/passwd", "*", "?"),
)


def must_be_well(page: Child) -> None:
    assert ask(page.port, "/").status == 200


def statuses(heard: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", heard)]


def header_of(answer: Answer) -> dict[str, str | None]:
    return {name: answer.headers.get(name.lower()) for name, _ in HEADERS}


@pytest.mark.parametrize("path", ["/", "/api/v1/status", "/healthz", "/metrics", "/nothing"])
def test_a_name_that_is_not_ours_is_refused_everywhere(page: Child, path: str) -> None:
    assert ask(page.port, path, headers=EVIL).status == 421


@pytest.mark.parametrize(
    ("path", "method", "headers", "body", "status"),
    [
        ("/", "GET", {}, None, 200),
        ("/", "HEAD", {}, None, 200),
        ("/", "POST", {}, b"", 405),
        ("/api/v1/openapi.json", "GET", {}, None, 200),
        ("/api/v1/openapi.json", "HEAD", {}, None, 200),
        ("/nothing", "GET", {}, None, 404),
        ("/api/v1/status", "DELETE", {}, None, 405),
        ("/api/v1/status", "GET", {"Origin": "http://evil.example"}, None, 403),
        ("/api/v1/status", "GET", {"Sec-Fetch-Site": "cross-site"}, None, 403),
        ("/api/v1/commands", "POST", {**JSON, "Origin": "null"}, START, 403),
        ("/api/v1/commands", "POST", {"Content-Type": "text/plain"}, START, 415),
        ("/api/v1/commands", "POST", {}, START, 415),
        ("/api/v1/commands", "POST", JSON, b"x" * 64_001, 413),
        ("/api/v1/commands", "POST", JSON, b"{", 422),
        ("/api/v1/commands", "POST", JSON, b'"\xff"', 400),
        ("/api/v1/commands", "POST", JSON, b"[" * 60_000, 400),
        ("/api/v1/commands", "POST", JSON, START, 503),
        ("/healthz", "GET", {}, None, 503),
        ("/metrics", "GET", {}, None, 200),
        ("/", "GET", EVIL, None, 421),
    ],
    ids=lambda value: value if isinstance(value, (str, int)) else "",
)
def test_every_answer_says_how_safe_it_is_to_be_treated(
    page: Child, path: str, method: str, headers: dict[str, str], body: bytes | None, status: int
) -> None:
    answer = ask(page.port, path, method, headers=headers, body=body)
    assert answer.status == status, answer.body
    assert header_of(answer) == dict(HEADERS)
    assert "server" not in answer.headers
    if status >= 400 and path != "/healthz":
        assert b'"error"' in answer.body


def test_a_body_that_says_no_length_is_bounded_too(page: Child) -> None:
    chunk = b"ff\r\n" + b"x" * 255 + b"\r\n"
    head = f"POST /api/v1/commands HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\n".encode()
    head += b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert statuses(say(page.port, head + 300 * chunk)) == [413]


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_path_leads_out_of_the_page(page: Child, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nConnection: close\r\n\r\n"
    heard = say(page.port, request.encode("latin-1"))
    assert b"root:" not in heard
    assert b"import" not in heard
    assert statuses(heard) in ([404], [400])


@pytest.mark.parametrize("path", ["/", "/index.html", "/api/v1/status", "/healthz", "/nothing"])
@pytest.mark.parametrize(
    "method",
    ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "X", "get", "G-E-T"],
)
def test_methods_that_are_not_meant_do_nothing(page: Child, path: str, method: str) -> None:
    answer = ask(page.port, path, method, headers=JSON, body=b"{}")
    assert answer.status in (404, 405)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "garbage",
    [
        *(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\0" * 4000, b"\r\n" * 4000, b"GET"),
        *(b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET /\r\n\r\n", b" \r\n\r\n"),
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 60_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=range(18),
)
def test_what_is_not_http_is_answered_so_or_not_at_all(impatient: Child, garbage: bytes) -> None:
    heard = say(impatient.port, garbage)
    assert 200 not in statuses(heard)
    must_be_well(impatient)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.binary(max_size=300), max_size=4))
def test_any_bytes_at_all_do_no_harm(page: Child, pieces: Sequence[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", page.port), TIMEOUT) as connection:
        with contextlib.suppress(OSError):  # it may not want to hear all of it
            for piece in pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
        until_closed(connection)
    must_be_well(page)


@pytest.mark.parametrize(
    "beginning",
    [
        *(b"", b"G", b"GET / HTTP/1.1\r\nHost: local"),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nxyz",
    ],
)
def test_who_does_not_come_to_the_point_is_hung_up_on(impatient: Child, beginning: bytes) -> None:
    must_be_well(impatient)
    with socket.create_connection(("127.0.0.1", impatient.port), TIMEOUT) as connection:
        connection.sendall(beginning)
        until_closed(connection)  # or it times out


def test_who_drips_a_request_is_hung_up_on(impatient: Child) -> None:
    must_be_well(impatient)
    with socket.create_connection(("127.0.0.1", impatient.port), 0.05) as connection:
        drops = 0
        while drops < 1000:
            try:
                connection.sendall(b"X" if drops else b"GET / HTTP/1.1\r\nX")
                if not connection.recv(1):
                    break
            except TimeoutError:
                drops += 1
            except OSError:
                break
    assert drops < 1000


def test_a_body_that_never_comes_is_told_so(impatient: Child) -> None:
    head = f"POST /api/v1/commands HTTP/1.1\r\nHost: 127.0.0.1:{impatient.port}\r\n".encode()
    head += b"Content-Type: application/json\r\nContent-Length: 19\r\n\r\n{"
    assert statuses(say(impatient.port, head)) == [408]


def test_more_connections_than_any_browser_needs_are_closed(impatient: Child) -> None:
    port = impatient.port
    connections = [socket.create_connection(("127.0.0.1", port), TIMEOUT) for _ in range(300)]
    for connection in connections:
        until_closed(connection)
        connection.close()
    must_be_well(impatient)
