"""The control socket with real sockets; the station is a stand-in that answers, waits or fails."""

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.app.control import CLIENTS, ControlServer, ask, ask_status, find_socket, socket_path
from smartrec.app.logbook import Logbook
from smartrec.app.wire import (
    LINE_MAX,
    answers_line,
    ask_log,
    check_private,
    read_request,
    request_line,
)
from smartrec.clock import SystemClock
from smartrec.errors import ControlError, StoreError, UsageError
from smartrec.model import Action, Answer, Command, Verdict
from smartrec.units import Ns

START = Command("a", None, Action.START)
Answers = tuple[Answer, ...]


def answers_to(command: Command) -> Answers:
    """What the stand-in station says."""
    return (
        Answer(command.id, "cam0", Verdict.ACCEPTED, "", "clip-é", 10.0),
        Answer(command.id, "cam1", Verdict.REFUSED, "its camera is lost"),
    )


def at_once(command: Command) -> "Future[Answers]":
    future: Future[Answers] = Future()
    future.set_result(answers_to(command))
    return future


Serve = Callable[..., Path]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start servers; each is closed, its thread ended and its socket gone afterwards."""
    servers: list[tuple[ControlServer, Path]] = []

    def start(submit: Callable[[Command], "Future[Answers]"] = at_once, **settings: Any) -> Path:
        path = tmp_path / "run" / f"{len(servers)}.sock"
        server = ControlServer(path, submit, lambda: {"cameras": ["cam0"]}, **settings)
        servers.append((server, path))
        server.start()
        return path

    yield start
    for server, path in servers:
        server.close()
        assert not server.is_alive()
        assert not path.exists()


def connect(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(path))
    client.settimeout(30)
    return client


def say(client: socket.socket, line: bytes) -> dict[str, object]:
    """Send a line, return the reply."""
    client.sendall(line)
    with client.makefile("rb") as replies:
        reply = json.loads(replies.readline())
    assert isinstance(reply, dict)
    return reply


def test_a_command_gets_its_answers(serve: Serve) -> None:
    assert ask(serve(), START) == answers_to(START)


def test_every_field_of_a_command_arrives(serve: Serve) -> None:
    got: list[Command] = []

    def submit(command: Command) -> "Future[Answers]":
        got.append(command)
        return at_once(command)

    whole = Command("b", "Küche", Action.STOP, "because", Ns(1), 2, 3, 4, "me")
    ask(serve(submit), whole)
    assert got == [whole]


def test_the_status_is_told(serve: Serve) -> None:
    assert ask_status(serve()) == {"cameras": ["cam0"]}


def test_the_log_is_told_where_one_is_kept(tmp_path: Path) -> None:
    server, book = ControlServer(tmp_path / "c" / "c.sock", at_once), Logbook(SystemClock())
    server.start()
    try:
        with pytest.raises(ControlError, match="keeps no log"):
            ask_log(tmp_path / "c" / "c.sock", 0)
        server.log = book.since
        book.take("info", "first")
        book.take("error", "second")
        (told,) = cast("list[Any]", ask_log(tmp_path / "c" / "c.sock", 1)["lines"])
        assert (told["n"], told["level"], told["text"]) == (2, "error", "second")
    finally:
        server.close()


def test_one_client_may_ask_many_times(serve: Serve) -> None:
    with connect(serve()) as client:
        for n in range(50):
            reply = say(client, request_line(Command(str(n), None, Action.START)))
            assert reply == json.loads(
                answers_line(answers_to(Command(str(n), None, Action.START)))
            )


def test_many_clients_are_served_at_once(serve: Serve) -> None:
    """All wait for the station together, so none can have waited for another."""
    together = threading.Barrier(8)
    pool = ThreadPoolExecutor(8)

    def slowly(command: Command) -> Answers:
        together.wait(30)
        return answers_to(command)

    path = serve(lambda command: pool.submit(slowly, command))
    with ThreadPoolExecutor(8) as clients:
        asked = [
            clients.submit(ask, path, Command(str(n), None, Action.START), 40) for n in range(8)
        ]
        assert [each.result(40)[0].id for each in asked] == [str(n) for n in range(8)]
    pool.shutdown()


def test_the_socket_is_ours_alone(serve: Serve) -> None:
    path = serve()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_silent_clients_keep_nobody_out(serve: Serve) -> None:
    path = serve()
    with ExitStack() as silent:
        first = silent.enter_context(connect(path))
        for _ in range(CLIENTS + 10):
            client = silent.enter_context(connect(path))
            client.sendall(b'{"v": 1, "comm')
        assert ask(path, START) == answers_to(START)
        assert first.recv(1) == b""


def test_a_full_queue_is_waited_for(tmp_path: Path) -> None:
    """Nobody is taken up while the server is not started; then everybody is."""
    server = ControlServer(tmp_path / "run/x.sock", at_once)
    waiting: list[socket.socket] = []
    with suppress(BlockingIOError):
        while True:
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].setblocking(False)
            waiting[-1].connect(str(tmp_path / "run/x.sock"))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, tmp_path / "run/x.sock", START, 50)
        server.start()
        assert asked.result(50) == answers_to(START)
    for client in waiting:
        client.close()
    server.close()


def test_a_silent_client_is_let_go(serve: Serve) -> None:
    with connect(serve(silence_s=0.05)) as client:
        assert client.recv(1) == b""


def test_a_client_that_never_reads_is_let_go(serve: Serve) -> None:
    questions = request_line(START) * 100_000
    with (
        connect(serve(silence_s=0.1)) as client,
        pytest.raises((BrokenPipeError, ConnectionResetError)),
    ):
        client.sendall(questions)


def test_a_client_that_leaves_before_its_answer_harms_nobody(serve: Serve) -> None:
    waiting: Future[Answers] = Future()
    came = threading.Event()

    def submit(command: Command) -> "Future[Answers]":
        if command.id == "gone":
            came.set()
            return waiting
        return at_once(command)

    path = serve(submit)
    with connect(path) as client:
        client.sendall(request_line(Command("gone", None, Action.START)))
        assert came.wait(30)
    waiting.set_result(())
    assert ask(path, START) == answers_to(START)


def test_a_line_without_end_is_refused(serve: Serve) -> None:
    path = serve()
    with connect(path) as client:
        with suppress(BrokenPipeError):  # it need not hear all of it
            client.sendall(b" " * (2 * LINE_MAX) + b"\n")
        with client.makefile("rb") as replies:
            assert b"at most" in replies.readline()
    assert ask(path, START) == answers_to(START)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"\n", "no JSON"),
        (b"\xff\n", "no JSON"),
        (b"[" * (LINE_MAX - 1) + b"\n", "no JSON"),
        (b"[1]\n", "no JSON object"),
        (b'{"v": 2, "status": true}\n', "protocol version 1"),
        (b'{"v": true, "status": true}\n', "protocol version 1"),
        (b'{"v": 1}\n', 'one of \\"command\\", \\"settings\\", \\"log\\" or'),
        (b'{"v": 1, "status": 1}\n', 'one of \\"command\\", \\"settings\\", \\"log\\" or'),
        (b'{"v": 1, "log": {}}\n', "since is missing"),
        (b'{"v": 1, "log": {"since": "all"}}\n', "since is no whole"),
        (b'{"v": 1, "command": 7}\n', "command is no object"),
        (b'{"v": 1, "command": {}}\n', "id is missing; action is missing"),
        (b'{"v": 1, "command": {"id": 1, "action": "go"}}\n', "id is no text"),
        (b'{"v": 1, "command": {"id": "a", "action": "go"}}\n', "none of start, stop, arm, disarm"),
        (b'{"v": 1, "command": {"id": "a", "action": "stop", "end": 1.5}}\n', "end is no whole"),
        (b'{"v": 1, "command": {"id": "a", "action": "stop", "pts": true}}\n', "pts is no whole"),
        (b'{"v": 1, "command": {"id": "a", "action": "stop", "pts": 1e3}}\n', "pts is no whole"),
        (
            b'{"v": 1, "command": {"id": "a", "action": "stop", "end": 9223372036854775808}}\n',
            "64 bits",
        ),
        (b'{"v": 1, "command": {"id": "a", "action": "stop", "camra": "x"}}\n', "knows no 'camra'"),
    ],
)
def test_nonsense_gets_a_clear_error_and_the_next_line_is_heard(
    serve: Serve, line: bytes, says: str
) -> None:
    with connect(serve()) as client:
        assert says in json.dumps(say(client, line))
        assert say(client, request_line(START)) == json.loads(answers_line(answers_to(START)))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_a_usage_error(line: bytes) -> None:
    with suppress(UsageError):
        asked = read_request(line)
        assert asked is None or any(word in line for word in (b"command", b"settings", b"log"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)
names = st.sampled_from([*Command.__dataclass_fields__, "other"])


@given(st.dictionaries(names, json_values | st.sampled_from(["start", "stop"])))
def test_a_command_is_of_the_right_types_or_refused(fields: dict[str, object]) -> None:
    line = json.dumps({"v": 1, "command": fields}).encode()
    try:
        command = read_request(line)
    except UsageError:
        return
    assert isinstance(command, Command)
    assert isinstance(command.id, str)
    assert isinstance(command.action, Action)
    for time in (command.pts, command.start, command.end, command.expires):
        assert time is None or (type(time) is int and abs(time) <= 2**63)


@given(
    st.builds(Command, id=st.text(), camera=st.none() | st.text(), action=st.sampled_from(Action))
)
def test_what_is_sent_is_what_is_read(command: Command) -> None:
    assert read_request(request_line(command)) == command


def test_a_station_that_does_not_answer_is_given_up_and_the_command_taken_back(
    serve: Serve,
) -> None:
    never: Future[Answers] = Future()
    path = serve(lambda _: never, patience_s=0.05)
    with pytest.raises(ControlError, match="too busy"):
        ask(path, START)
    with pytest.raises(CancelledError):
        never.result(timeout=30)


def test_a_condition_of_the_station_reaches_the_client_with_its_hint(serve: Serve) -> None:
    failed: Future[Answers] = Future()
    failed.set_exception(StoreError("the disk is gone", hint="plug it in"))
    with pytest.raises(ControlError, match="the disk is gone") as caught:
        ask(serve(lambda _: failed), START)
    assert caught.value.hint == "plug it in"


def test_a_bug_of_the_station_ends_neither_side(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    failed: Future[Answers] = Future()
    failed.set_exception(ZeroDivisionError("oops"))
    path = serve(lambda _: failed)
    with pytest.raises(ControlError, match="oops"):
        ask(path, START)
    assert ask_status(path)
    assert "command a failed" in caplog.text


def test_closing_lets_waiting_clients_go(tmp_path: Path) -> None:
    came = threading.Event()
    never: Future[Answers] = Future()

    def submit(_: Command) -> "Future[Answers]":
        came.set()
        return never

    server = ControlServer(tmp_path / "run/x.sock", submit)
    server.start()
    with connect(tmp_path / "run/x.sock") as client:
        client.sendall(request_line(START))
        assert came.wait(30)
        server.close()
        assert client.recv(1) == b""
    server.close()


def test_clients_that_ask_on_and_on_and_never_read_keep_no_server(tmp_path: Path) -> None:
    silence = 3600.0
    server = ControlServer(tmp_path / "run/x.sock", at_once, silence_s=silence)
    server.start()
    with ExitStack() as clients:
        for _ in range(40):
            client = clients.enter_context(connect(tmp_path / "run/x.sock"))
            client.setblocking(False)
            with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
                while True:  # until it takes no more, or has too many others and goes away
                    client.send(b"{}\n" * 2000)
        closing = threading.Thread(target=server.close, daemon=True)
        closing.start()
        closing.join(30)
        assert not closing.is_alive()


def test_a_server_that_never_started_closes_too(tmp_path: Path) -> None:
    ControlServer(tmp_path / "run/x.sock", at_once).close()
    assert not (tmp_path / "run/x.sock").exists()


def test_a_socket_that_a_killed_recorder_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run/x.sock"
    path.parent.mkdir(mode=0o700)
    left = f"import socket; s = socket.socket(socket.AF_UNIX); s.bind({str(path)!r}); s.listen()"
    subprocess.run([sys.executable, "-c", left], check=True, timeout=50)
    assert path.is_socket()
    server = ControlServer(path, at_once)
    server.start()
    assert ask(path, START) == answers_to(START)
    server.close()


def test_a_socket_that_answers_is_left_alone(serve: Serve) -> None:
    path = serve()
    with pytest.raises(ControlError, match="another recorder"):
        ControlServer(path, at_once)
    assert ask(path, START) == answers_to(START)


def test_what_is_no_socket_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "run/x.sock"
    path.parent.mkdir(mode=0o700)
    path.write_text("precious")
    with pytest.raises(ControlError, match="no socket"):
        ControlServer(path, at_once)
    assert path.read_text() == "precious"


def test_a_directory_open_to_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o755)
    with pytest.raises(ControlError, match="open to others") as caught:
        ControlServer(tmp_path / "run/x.sock", at_once)
    assert "chmod 700" in (caught.value.hint or "")


def test_a_link_to_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "run").symlink_to("real")
    with pytest.raises(ControlError, match="no directory"):
        ControlServer(tmp_path / "run/x.sock", at_once)


def test_another_users_directory_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to give a directory away")
    (tmp_path / "run").mkdir(mode=0o700)
    os.chown(tmp_path / "run", 12345, -1)
    with pytest.raises(ControlError, match="belongs to user 12345"):
        check_private(tmp_path / "run")


def test_a_place_where_nothing_can_be_made_is_named() -> None:
    with pytest.raises(ControlError, match="nobody can listen at /proc/no/"):
        ControlServer(Path("/proc/no/x.sock"), at_once)


def test_nobody_there_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="no recorder is running for clips in Clips") as caught:
        ask(tmp_path / "x.sock", START, clip_dir=Path("Clips"))
    assert caught.value.hint == "Start one: smartrec run --clips Clips"
    assert caught.value.exit_code == 7


def test_a_recorder_that_never_answers_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "x.sock"))
        mute.listen()
        with pytest.raises(ControlError, match="does not answer"):
            ask(tmp_path / "x.sock", START, 0.05)


def test_the_path_depends_on_the_real_directory_only(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "link").symlink_to("clips")
    environ = {"XDG_RUNTIME_DIR": "/run/user/7"}
    path = socket_path(tmp_path / "clips", environ)
    assert path.parent == Path("/run/user/7/smartrec")
    assert socket_path(tmp_path / "link", environ) == path
    assert socket_path(tmp_path / "clips/../clips/", environ) == path
    assert socket_path(tmp_path / "other", environ) != path


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200))
def test_the_path_always_fits_a_socket(runtime: str) -> None:
    environ = {"XDG_RUNTIME_DIR": f"/{runtime}"}
    if len(os.fsencode(Path(f"/{runtime}"))) > 107 - len("/smartrec/0123456789abcdef.sock"):
        with pytest.raises(ControlError, match="XDG_RUNTIME_DIR is too long"):
            socket_path(Path("/clips"), environ)
    else:
        assert len(os.fsencode(socket_path(Path("/clips"), environ))) <= 107


def test_without_a_usable_runtime_directory_there_is_still_a_place() -> None:
    for environ in ({}, {"XDG_RUNTIME_DIR": ""}, {"XDG_RUNTIME_DIR": "relative"}):
        path = socket_path(Path("clips"), environ)
        assert path.parent in (
            Path(f"/run/user/{os.geteuid()}/smartrec"),
            Path(f"/tmp/smartrec-{os.geteuid()}"),
        )


def test_a_recorder_with_another_environment_is_found(tmp_path: Path) -> None:
    path = socket_path(tmp_path, {})
    server = ControlServer(path, at_once)
    assert find_socket(tmp_path, {"XDG_RUNTIME_DIR": str(tmp_path)}) == path
    server.close()
    assert find_socket(tmp_path, {"XDG_RUNTIME_DIR": str(tmp_path)}).is_relative_to(tmp_path)
