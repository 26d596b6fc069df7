"""The page's process: where it listens, what it brings along, and when it ends."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from smartrec.app.page_messages import NotServing, Serving
from tests.web.child import IMPATIENT, TIMEOUT, Child, setup
from tests.web.http import ask


def test_a_port_that_is_taken_is_told_once_and_tried_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        child = Child(setup(tmp_path, port=port), IMPATIENT)
        with child:
            said = child.said.get(timeout=TIMEOUT)
            assert isinstance(said, NotServing)
            assert f"port {port}" in said.message
            assert f"ss -ltnp 'sport = :{port}'" in said.hint
            other.close()
            assert child.said.get(timeout=TIMEOUT) == Serving(f"http://127.0.0.1:{port}/")
            assert ask(port).status == 200


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::"])
def test_an_address_that_others_reach_is_refused(tmp_path: Path, address: str) -> None:
    with Child(setup(tmp_path, address=address)) as child:
        said = child.said.get(timeout=TIMEOUT)
    assert isinstance(said, NotServing)
    assert address in said.message
    assert "127.0.0.1" in said.hint


def test_it_serves_at_the_loopback_address_of_ipv6(tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    with Child(setup(tmp_path, address="::1")) as child:
        assert child.address == f"http://[::1]:{child.port}/"
        with socket.create_connection(("::1", child.port), TIMEOUT) as connection:
            connection.sendall(f"GET / HTTP/1.0\r\nHost: [::1]:{child.port}\r\n\r\n".encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_what_ends_the_recorder_does_not_end_it_first(page: Child) -> None:
    assert ask(page.port).status == 200
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        page.process.send_signal(number)
    assert ask(page.port).status == 200


def test_it_ends_with_a_recorder_that_dies_before_it_said_anything() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = subprocess.Popen(
            [*IMPATIENT, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )
    assert child.wait(TIMEOUT) == 0


def test_the_first_picture_waits_for_nothing_that_it_does_not_need() -> None:
    slow = ("fastapi", "pydantic", "prometheus_client", "numpy", "gi", "PIL", "onnxruntime")
    program = f"import sys, smartrec.web.child; print([n for n in {slow!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=TIMEOUT
    )
    assert done.stdout == "[]\n"
