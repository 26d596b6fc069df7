"""What becomes of a capture when the thing at the other end is no good camera: small stand-ins."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from smartrec.errors import (
    CameraError,
    CameraForbidden,
    CameraGone,
    CameraSilent,
    CameraUnusable,
)
from smartrec.media.gst import launch
from smartrec.media.rtsp_address import address_of
from smartrec.media.rtsp_probe import probe_rtsp, why_unreached
from smartrec.media.rtsp_redirect import MOST_REQUESTS, Redirection
from smartrec.units import SECOND, Ns

PATIENCE = Ns(2 * SECOND)
SECRET = "s3cret"
OPTIONS = "Public: OPTIONS, DESCRIBE, SETUP, PLAY\r\n"
Conversation = Callable[[socket.socket], None]


@contextmanager
def stand_in(talk: Conversation, host: str = "127.0.0.1") -> Iterator[str]:
    """A server that treats each connection by `talk`; yields its address."""

    def meet(client: socket.socket) -> None:
        with client:
            try:
                talk(client)
            except ConnectionError:  # the capture has hung up
                return

    def accept() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:  # closed
                return
            threading.Thread(target=meet, args=(client,), daemon=True).start()

    with socket.create_server((host, 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield f"rtsp://me:{SECRET}@{host}:{server.getsockname()[1]}/main"
        server.shutdown(socket.SHUT_RDWR)


def says_nothing(client: socket.socket) -> None:
    while client.recv(4096):
        pass


def closes_at_once(_: socket.socket) -> None: ...


def speaks_garbage(client: socket.socket) -> None:
    client.recv(4096)
    client.sendall(bytes(range(256)) * 40)
    says_nothing(client)


def is_a_web_server(client: socket.socket) -> None:
    client.recv(4096)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    says_nothing(client)


def answers(describe: str | None) -> Conversation:
    """OPTIONS as it should be; DESCRIBE by a status line, headers and body, or never."""

    def talk(client: socket.socket) -> None:
        while request := client.recv(4096).decode():
            number = re.search(r"CSeq: \d+\r\n", request)
            assert number is not None
            if request.startswith("OPTIONS"):
                client.sendall(f"RTSP/1.0 200 OK\r\n{number[0]}{OPTIONS}\r\n".encode())
            elif describe is not None:
                line, _, rest = describe.partition("\r\n")
                client.sendall(f"RTSP/1.0 {line}\r\n{number[0]}{rest}\r\n".encode())

    return talk


@pytest.mark.parametrize(
    ("talk", "kind", "said"),
    [
        (says_nothing, CameraGone, "does not answer"),
        (answers(None), CameraGone, "does not answer"),
        (closes_at_once, CameraGone, "does not answer"),
        (speaks_garbage, CameraUnusable, "not by RTSP"),
        (is_a_web_server, CameraUnusable, "not by RTSP"),
        (answers("404 Not Found\r\n"), CameraGone, "the path is wrong"),
        (answers("403 Forbidden\r\n"), CameraForbidden, "refuses this user"),
        (answers("503 Service Unavailable\r\n"), CameraError, "status 503"),
        (answers("455 Method Not Valid\r\n"), CameraError, "status 455"),
        (answers("301 Moved\r\n"), CameraSilent, "no picture"),
        (
            answers("200 OK\r\nContent-Type: application/sdp\r\nContent-Length: 2\r\n\r\n\xff"),
            CameraUnusable,
            "no H.264 and no H.265",
        ),
    ],
    ids=[
        *("silence", "no-describe", "closed", "garbage", "web"),
        *("404", "403", "503", "455", "moved", "no-sdp"),
    ],
)
def test_what_is_no_camera_is_told_and_let_go_of(
    talk: Conversation, kind: type[CameraError], said: str
) -> None:
    with stand_in(talk) as address, pytest.raises(kind) as caught:
        probe_rtsp(address, patience=PATIENCE)
    error = caught.value
    assert type(error) is kind
    assert said in str(error)
    told = [
        str(error),
        error.hint or "",
        repr(error.__cause__),
        getattr(error.__cause__, "debug", ""),
    ]
    assert not any(SECRET in text for text in told)


def test_nobody_there_is_told(unused_port: int) -> None:
    with pytest.raises(CameraGone):
        probe_rtsp(f"rtsp://127.0.0.1:{unused_port}/main", patience=PATIENCE)


@pytest.mark.parametrize("scheme", ['Basic realm="x"', 'Digest realm="x", nonce="y"'])
def test_another_host_that_a_camera_sends_us_on_to_is_told_no_password(scheme: str) -> None:
    asked: list[str] = []

    def wants_a_password(client: socket.socket) -> None:
        while request := client.recv(4096).decode():
            asked.append(request)
            number = re.search(r"CSeq: \d+\r\n", request)
            assert number is not None
            wants = f"WWW-Authenticate: {scheme}\r\n"
            client.sendall(f"RTSP/1.0 401 No\r\n{number[0]}{wants}\r\n".encode())

    with stand_in(wants_a_password, "127.0.0.2") as other:
        there = f"rtsp://{other.rpartition('@')[2]}"
        with (
            stand_in(answers(f"302 Moved\r\nLocation: {there}\r\n")) as address,
            pytest.raises(CameraForbidden, match="redirects us to") as caught,
        ):
            probe_rtsp(address, patience=PATIENCE)
    assert asked
    assert not any("Authorization" in request for request in asked)
    assert there in str(caught.value)


@pytest.mark.parametrize("where", ["file:///etc/passwd", "http://127.0.0.1/"])
def test_a_camera_that_redirects_us_for_ever_is_left(where: str) -> None:
    count = 0

    def counted(client: socket.socket) -> None:
        nonlocal count
        count += 1
        answers(f"301 Moved\r\nLocation: {where}\r\n")(client)

    with stand_in(counted) as address, pytest.raises(CameraUnusable, match="again and again"):
        probe_rtsp(address, patience=PATIENCE)
    assert count < MOST_REQUESTS


def test_where_a_camera_redirects_us_to_is_shown_without_login_and_escapes() -> None:
    redirection = Redirection(address_of("rtsp://cam/main"))
    source = launch("rtspsrc name=source").get_by_name("source")
    assert source is not None
    source.set_property("location", f"rtsp://me:{SECRET}@other/\x1b[31m\n")
    assert redirection.before_send(source, None)
    assert redirection.to == r"rtsp://other/\x1b[31m\n"


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_why_nobody_answers_is_told() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # taken, and not listening
        port = closed.getsockname()[1]
        said = why_unreached(f"rtsp://me:{SECRET}@127.0.0.1:{port}/main")
        assert said == f"127.0.0.1 is there, but nothing answers at its port {port}."
    said = why_unreached(f"rtsp://me:{SECRET}@nowhere.invalid/main")
    assert said == "No machine is known by the name nowhere.invalid."
    with stand_in(says_nothing) as uri:
        assert why_unreached(uri) == ""


@pytest.mark.parametrize(
    ("uri", "port"),
    [("rtsp://h/x", 554), ("rtsps://h/x", 322), ("rtsp://h:8554/x", 8554)],
)
def test_a_port_need_not_be_written(uri: str, port: int) -> None:
    assert address_of(uri).port == port
