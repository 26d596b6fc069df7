"""What a recorder said, kept for who has no terminal of it."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.app.logbook import LETTERS, LINES, LONGEST, Logbook
from smartrec.app.wire import REPLY_MAX, log_line
from smartrec.clock import SystemClock

log = logging.getLogger("smartrec.tests.logbook")
PASSWORD = "s3cret"
ADDRESS = f"rtsp://me:{PASSWORD}@192.0.2.1/one"


def lines_of(book: Logbook, since: int = 0) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", book.since(since)["lines"])


def texts(book: Logbook, since: int = 0) -> list[str]:
    return [line["text"] for line in lines_of(book, since)]


@contextmanager
def kept() -> Iterator[Logbook]:
    """All that is logged meanwhile; the terminal's handler has other things to do."""
    book, level = Logbook(SystemClock()), logging.getLogger("smartrec").level
    logging.getLogger("smartrec").setLevel(logging.DEBUG)
    try:
        with book.listening():
            yield book
    finally:
        logging.getLogger("smartrec").setLevel(level)


def test_what_is_logged_is_kept_with_its_level_and_its_time() -> None:
    before = SystemClock().now().wall_ns // 1_000_000
    with kept() as book:
        for level in ("debug", "info", "warning", "error", "critical"):
            getattr(log, level)("it is %s", level)
    log.warning("after that nothing is")
    found = lines_of(book)
    assert [line["level"] for line in found] == ["debug", "info", "warning", "error", "error"]
    assert [line["n"] for line in found] == [1, 2, 3, 4, 5]
    assert found[2]["text"] == "it is warning"
    assert all(before <= line["at_ms"] <= before + 60_000 for line in found)


def test_a_traceback_is_one_line_and_no_password_is_in_it() -> None:
    with kept() as book:
        try:
            int(ADDRESS)
        except ValueError:
            log.exception("camera \x1b[2J%s", ADDRESS)
    (text,) = texts(book)
    assert "Traceback" in text
    assert PASSWORD not in text
    assert text.isprintable()


def test_what_cannot_be_formatted_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())  # where logging complains of it
    monkeypatch.setattr(logging, "raiseExceptions", False)
    with kept() as book:
        log.warning("%d", "seven")
        log.warning("it goes on")
    assert texts(book) == ["it goes on"]


def test_who_asks_gets_what_came_since() -> None:
    book = Logbook(SystemClock())
    assert book.since(0)["next"] == 0
    for n in range(3):
        book.take("info", str(n))
    assert texts(book) == ["0", "1", "2"]
    assert texts(book, 2) == ["2"]
    assert texts(book, 3) == texts(book, 99) == []
    assert book.since(2)["next"] == book.since(99)["next"] == 3


def test_lines_are_kept_also_where_nobody_reads_them_any_more() -> None:
    book, written = Logbook(SystemClock()), list[str]()

    def write(line: str) -> None:
        written.append(line)
        if line == "two":
            raise BrokenPipeError

    tell = book.beside(write)
    for line in ("one", "two", "three"):
        tell(line)
    assert texts(book) == ["one", "two", "three"]
    assert written == ["one", "two"]


def test_another_start_is_told_from_this_one() -> None:
    book, other = Logbook(SystemClock()), Logbook(SystemClock())
    assert book.since(0)["run"] == book.since(5)["run"] != other.since(0)["run"]


@given(st.lists(st.text(max_size=30), max_size=60), st.integers(1, 8), st.integers(1, 100))
def test_the_newest_are_kept_and_never_too_much(said: list[str], lines: int, letters: int) -> None:
    book = Logbook(SystemClock(), lines, letters)
    for text in said:
        book.take("info", text)
    found = lines_of(book)
    assert [line["n"] for line in found] == list(range(len(said) - len(found) + 1, len(said) + 1))
    assert len(found) <= lines
    assert sum(len(line["text"]) for line in found) <= letters


@pytest.mark.parametrize("letter", ['"', "\N{GRINNING FACE}"])
def test_all_of_it_is_one_answer(letter: str) -> None:
    book = Logbook(SystemClock())
    for _ in range(LINES):
        book.take("error", letter * LONGEST * 2)
    told = log_line(book.since(0))
    assert len(told) < REPLY_MAX
    assert all(len(each["text"]) <= LONGEST for each in json.loads(told)["log"]["lines"])
    assert LETTERS - LONGEST < sum(map(len, texts(book))) <= LETTERS


def test_threads_that_log_at_once_lose_nothing() -> None:
    book = Logbook(SystemClock())

    def speak() -> None:
        for n in range(100):
            book.take("info", str(n))

    threads = [threading.Thread(target=speak) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line["n"] for line in lines_of(book)] == list(range(1, 401))
