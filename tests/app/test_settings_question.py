"""Questions about settings over a real control socket: understood, or refused, whatever is said."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.app.control import ControlServer, ask, ask_settings, ask_status
from smartrec.app.settings_question import Change, Do, Question, error_of, refusal
from smartrec.app.wire import LINE_MAX, read_request, request_line
from smartrec.errors import (
    ConfigChanged,
    ConfigError,
    ControlError,
    FileOnly,
    Mistake,
    SmartrecError,
    StoreError,
    UsageError,
)
from smartrec.model import Action, Answer, Command

READ = Question(Do.READ)
TEXTS = st.text(max_size=20)
SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
CHANGES = st.builds(Change, KEYS, VALUES) | st.builds(Change, KEYS, unset=st.just(True))
QUESTIONS = st.one_of(
    st.just(READ),
    st.builds(Question, st.just(Do.CHECK), TEXTS, st.lists(CHANGES, max_size=4).map(tuple)),
    st.builds(Question, st.just(Do.SAVE), TEXTS, st.lists(CHANGES, max_size=4).map(tuple), TEXTS),
    st.builds(Question, st.just(Do.RELOAD), by=TEXTS),
)


def obeyed(command: Command) -> "Future[tuple[Answer, ...]]":
    answers: Future[tuple[Answer, ...]] = Future()
    answers.set_result(())
    return answers


@contextmanager
def serving(path: Path, settings: Any, **patience: float) -> Iterator[Path]:
    """A server that asks `settings`."""
    server = ControlServer(path / "run" / "x.sock", obeyed, dict, settings, **patience)
    server.start()
    try:
        yield path / "run" / "x.sock"
    finally:
        server.close()


@given(QUESTIONS)
def test_what_is_asked_is_what_is_read(asked: Question) -> None:
    assert read_request(request_line(asked)) == asked


ANYTHING = st.recursive(
    st.none() | SCALARS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=9,
)
WORDS = st.sampled_from(["read", "check", "save", "reload"])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "do": WORDS | ANYTHING,
        "base": ANYTHING,
        "by": ANYTHING,
        "changes": st.lists(
            st.fixed_dictionaries({}, optional=dict.fromkeys(("key", "value", "unset"), ANYTHING))
            | ANYTHING,
            max_size=3,
        )
        | ANYTHING,
        "other": ANYTHING,
    },
)


@given(FIELDS | ANYTHING)
def test_anything_else_is_a_question_of_the_right_types_or_refused(said: object) -> None:
    line = json.dumps({"v": 1, "settings": said}).encode()
    try:
        asked = read_request(line)
    except UsageError:
        return
    assert isinstance(asked, Question)
    assert isinstance(asked.do, Do)
    assert isinstance(asked.base, str)
    assert isinstance(asked.by, str)
    for change in asked.changes:
        assert isinstance(change.key, str)
        assert type(change.unset) is bool
        json.dumps(change.value, ensure_ascii=False).encode()  # a file could hold it


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (7, "no object"),
        ({}, "do is missing"),
        ({"do": "delete"}, "none of read, check, save, reload"),
        ({"do": "read", "by": "me"}, "knows no 'by'"),
        ({"do": "save", "changes": []}, "base is missing; by is missing"),
        ({"do": "check", "base": ""}, "changes are missing"),
        ({"do": "check", "base": "", "changes": [7]}, "change 0 is no object"),
        ({"do": "check", "base": "", "changes": [{"value": 1}]}, "key is missing"),
        ({"do": "check", "base": "", "changes": [{"key": "a"}]}, "neither a value"),
        ({"do": "check", "base": "", "changes": [{"key": "a", "unset": 1}]}, "unset is true"),
        (
            {"do": "check", "base": "", "changes": [{"key": "a", "unset": True, "value": 1}]},
            "has no value",
        ),
        ({"do": "check", "base": "", "changes": [{"key": "a" * 301, "value": 1}]}, "1 to 300"),
        ({"do": "check", "base": "", "changes": [{"key": "a", "value": 1}] * 501}, "than 500"),
        ({"do": "check", "base": "", "changes": [{"key": "a", "value": "\ud800"}]}, "UTF-8"),
        (
            {"do": "check", "base": "", "changes": [{"key": "a", "value": [[[[[[[[[1]]]]]]]]]}]},
            "8 deep",
        ),
    ],
)
def test_what_is_no_question_is_refused_with_why(said: object, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read_request(json.dumps({"v": 1, "settings": said}).encode())


@pytest.mark.parametrize(
    "error",
    [
        ConfigChanged("it was changed", hint="read it again"),
        ConfigError("a: b\nc", mistakes=[Mistake(("camera", 0, "fps"), "b"), Mistake(None, "c")]),
        FileOnly("not here", hint="there"),
        UsageError("no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_refusal_is_the_same_error_on_the_other_side(
    tmp_path: Path, error: SmartrecError
) -> None:
    def refuse(_: Question) -> Mapping[str, object]:
        raise error

    with serving(tmp_path, refuse) as path, pytest.raises(SmartrecError) as caught:
        ask_settings(path, READ)
    assert type(caught.value) is type(error)
    assert (str(caught.value), caught.value.hint) == (str(error), error.hint)
    if isinstance(error, ConfigError):
        assert isinstance(caught.value, ConfigError)
        assert caught.value.mistakes == error.mistakes


def test_what_else_happens_to_the_recorder_is_its_own_affair() -> None:
    error = error_of(refusal(StoreError("the disk is gone", hint="plug it in")))
    assert type(error) is ControlError
    assert (str(error), error.hint) == ("the disk is gone", "plug it in")


def test_the_answer_is_what_the_recorder_says(tmp_path: Path) -> None:
    asked: list[Question] = []

    def answer(question: Question) -> Mapping[str, object]:
        asked.append(question)
        return {"é": [1, None]}

    wanted = Question(Do.SAVE, "base", (Change("a", "é"), Change("b", unset=True)), "me")
    with serving(tmp_path, answer) as path:
        assert ask_settings(path, wanted) == {"é": [1, None]}
    assert asked == [wanted]


def test_a_recorder_whose_settings_nobody_can_change_says_so(tmp_path: Path) -> None:
    server = ControlServer(tmp_path / "run" / "x.sock", obeyed)
    server.start()
    with pytest.raises(ControlError, match="no settings"):
        ask_settings(tmp_path / "run" / "x.sock", READ)
    server.close()


def test_a_bug_ends_neither_side(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Question) -> Mapping[str, object]:
        raise ZeroDivisionError("oops")

    with serving(tmp_path, fail) as path:
        with pytest.raises(ControlError, match="oops"):
            ask_settings(path, READ)
        assert ask_status(path) == {}
    assert "read failed" in caplog.text


def test_settings_that_take_long_hold_up_no_command_and_nobody_asks_two_at_once(
    tmp_path: Path,
) -> None:
    at_work, go_on, working = threading.Event(), threading.Event(), threading.Semaphore(1)

    def slowly(_: Question) -> Mapping[str, object]:
        assert working.acquire(blocking=False)
        at_work.set()
        assert go_on.wait(30)
        working.release()
        return {}

    with serving(tmp_path, slowly) as path, ThreadPoolExecutor(4) as clients:
        asked = [clients.submit(ask_settings, path, READ) for _ in range(4)]
        assert at_work.wait(30)
        assert ask(path, Command("a", None, Action.START)) == ()
        go_on.set()
        assert [each.result(30) for each in asked] == [{}] * 4


def test_more_questions_than_can_wait_are_refused(tmp_path: Path) -> None:
    go_on = threading.Event()

    def slowly(_: Question) -> Mapping[str, object]:
        assert go_on.wait(30)
        return {}

    refused, told = threading.Event(), list[str]()
    with serving(tmp_path, slowly) as path, ThreadPoolExecutor(20) as clients:

        def one() -> bool:
            try:
                ask_settings(path, READ)
            except ControlError as error:
                told.append(str(error))
                refused.set()
                return False
            return True

        asked = [clients.submit(one) for _ in range(20)]
        assert refused.wait(30)
        go_on.set()
        assert {each.result(30) for each in asked} == {True, False}
    assert all("too busy" in each for each in told)


def test_who_leaves_before_the_answer_harms_nobody_and_what_was_begun_is_done(
    tmp_path: Path,
) -> None:
    at_work, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def slowly(question: Question) -> Mapping[str, object]:
        if question.do is Do.RELOAD:
            at_work.set()
            assert go_on.wait(30)
            done.set()
        return {}

    with serving(tmp_path, slowly) as path:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(request_line(Question(Do.RELOAD, by="me")))
            assert at_work.wait(30)
        go_on.set()
        assert done.wait(30)
        assert ask_settings(path, READ) == {}


def test_closing_waits_for_no_settings(tmp_path: Path) -> None:
    at_work, go_on = threading.Event(), threading.Event()

    def slowly(_: Question) -> Mapping[str, object]:
        at_work.set()
        assert go_on.wait(30)
        return {}

    with serving(tmp_path, slowly) as path:
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(path))
        client.sendall(request_line(READ))
        assert at_work.wait(30)
    assert client.recv(1) == b""
    client.close()
    go_on.set()


def test_changes_too_large_for_a_line_are_refused_before_they_are_sent(tmp_path: Path) -> None:
    large = Question(Do.CHECK, "", (Change("a", "x" * LINE_MAX),))
    with pytest.raises(UsageError, match=f"takes {LINE_MAX} at once"):
        ask_settings(tmp_path / "nobody", large)


def test_a_line_as_long_as_may_be_is_taken(tmp_path: Path) -> None:
    with serving(tmp_path, lambda question: {"length": len(question.changes[0].value)}) as path:
        bare = len(request_line(Question(Do.CHECK, "", (Change("a", ""),))))
        value = "x" * (LINE_MAX - bare)
        assert ask_settings(path, Question(Do.CHECK, "", (Change("a", value),))) == {
            "length": len(value)
        }


def test_a_reply_without_settings_is_told(tmp_path: Path) -> None:
    place = tmp_path / "x.sock"
    with socket.socket(socket.AF_UNIX) as listening, ThreadPoolExecutor(1) as pool:
        listening.bind(str(place))
        listening.listen()
        asked = pool.submit(ask_settings, place, READ)
        talk, _ = listening.accept()
        with talk, suppress(OSError):
            talk.recv(1000)
            talk.sendall(b'{"v": 1, "status": {}}\n')
        with pytest.raises(ControlError, match="has no settings"):
            asked.result(30)
