"""Keys, typed into real pseudo-terminals; job control with a real session and real signals."""

import os
import pty
import queue
import subprocess
import sys
import termios
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.app.keys import TerminalKeys, decode

UP, F5, HOME, ALT_R = b"\x1b[A", b"\x1b[15~", b"\x1bOH", b"\x1br"


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a pseudo-terminal: the keyboard's and the program's."""
    keyboard, program = pty.openpty()
    yield keyboard, program
    for end in (keyboard, program):
        try:
            os.close(end)
        except OSError:
            continue


def mode(fd: int) -> list[object]:
    return list(termios.tcgetattr(fd))


def test_keys_arrive_without_enter(terminal: tuple[int, int]) -> None:
    keyboard, program = terminal
    got: queue.Queue[str] = queue.Queue()
    with TerminalKeys(got.put, program) as keys:
        assert keys.active
        assert "ESC" in keys.explain()
        os.write(keyboard, b"rS")
        assert [got.get(timeout=30), got.get(timeout=30)] == ["r", "s"]
        os.write(keyboard, b"\x1b")
        assert got.get(timeout=30) == "esc"
        os.write(keyboard, UP + F5 + HOME + ALT_R + b"q")
        assert got.get(timeout=30) == "q"


def test_the_terminal_is_as_before_however_the_block_ends(terminal: tuple[int, int]) -> None:
    keyboard, program = terminal
    before = mode(program)
    got: queue.Queue[str] = queue.Queue()
    during: list[object] = []

    def use_and_fail() -> None:
        with TerminalKeys(got.put, program):
            os.write(keyboard, b"r")
            got.get(timeout=30)
            during.extend(mode(program))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        use_and_fail()
    assert during != before
    assert mode(program) == before


def test_ctrl_c_stays_a_signal(terminal: tuple[int, int]) -> None:
    keyboard, program = terminal
    got: queue.Queue[str] = queue.Queue()
    with TerminalKeys(got.put, program):
        os.write(keyboard, b"r")
        got.get(timeout=30)
        assert termios.tcgetattr(program)[3] & termios.ISIG


def test_it_can_be_used_again(terminal: tuple[int, int]) -> None:
    keyboard, program = terminal
    got: queue.Queue[str] = queue.Queue()
    keys = TerminalKeys(got.put, program)
    for _ in range(2):
        with keys:
            os.write(keyboard, b"r")
            assert got.get(timeout=30) == "r"


def test_a_terminal_that_goes_away_harms_nothing(terminal: tuple[int, int]) -> None:
    keyboard, program = terminal
    with TerminalKeys(lambda _: None, program):
        os.close(keyboard)


def test_without_a_terminal_it_says_the_other_way() -> None:
    reading, writing = os.pipe()
    with TerminalKeys(lambda _: None, reading) as keys:
        assert not keys.active
        assert "smartrec trigger" in keys.explain()
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        (b"R", ["r"]),
        (b"\x1b", ["esc"]),
        (b"\x1b\x1b", ["esc", "esc"]),
        (b"\x1b" + UP, ["esc"]),
        (UP + b"r" + F5 + HOME + b"s" + ALT_R, ["r", "s"]),
        (b"\x1b[", []),
        (b"\r\n", ["enter", "enter"]),
        ("ü\t\x7f".encode(), []),
    ],
)
def test_bytes_become_keys(sent: bytes, keys: list[str]) -> None:
    assert decode(sent, ended=True) == (keys, b"")


@given(st.lists(st.sampled_from([UP, F5, HOME, ALT_R, b"r", b"s", b"\r"])), st.data())
def test_where_a_line_is_cut_changes_no_key(typed: list[bytes], data: st.DataObject) -> None:
    sent = b"".join(typed)
    whole, rest = decode(sent, ended=False)
    assert rest == b""
    cut = data.draw(st.integers(0, len(sent)))
    first, pending = decode(sent[:cut], ended=False)
    second, rest = decode(pending + sent[cut:], ended=False)
    assert (first + second, rest) == (whole, b"")


@given(st.binary())
def test_any_bytes_come_to_an_end(sent: bytes) -> None:
    keys, rest = decode(sent, ended=True)
    assert rest == b""
    assert len(keys) <= len(sent)


PROGRAM = """
import os
from smartrec.app.keys import TerminalKeys
end, ending = os.pipe()
def on_key(key):
    os.write(1, key.encode())
    if key == "q":
        os.write(ending, b"x")
with TerminalKeys(on_key):
    os.write(1, b"!")
    os.read(end, 1)
"""
# What a shell does for `program &`, `fg`, Ctrl-Z and `fg` again, without its prompt.
SHELL = """
import os, pty, select, signal, subprocess, sys, termios, time
keyboard, slave = pty.openpty()
os.dup2(os.open(os.ttyname(slave), os.O_RDWR), 0)  # a session's first terminal is its own
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
signal.alarm(50)
was = termios.tcgetattr(0)

def says(key):
    got = child.stdout.read(1)
    assert got == key, (got, key)

def looks_twice():
    def looks():
        switches = 0
        for thread in os.listdir(f"/proc/{child.pid}/task"):
            for line in open(f"/proc/{child.pid}/task/{thread}/status"):
                if line.startswith("voluntary_ctxt_switches"):
                    switches += int(line.split()[1])
        return switches
    before = looks()
    while looks() < before + 2:
        assert os.waitpid(child.pid, os.WNOHANG | os.WUNTRACED)[0] == 0, "it was stopped"
        select.select([], [], [], 0.01)

def in_front():
    os.tcsetpgrp(0, child.pid)
    os.kill(child.pid, signal.SIGCONT)

child = subprocess.Popen(
    [sys.executable, "-c", sys.argv[1]], preexec_fn=os.setpgrp, stdout=subprocess.PIPE, bufsize=0
)
says(b"!")
os.write(keyboard, b"r\\n")
looks_twice()
assert termios.tcgetattr(0) == was, "it changed the shell's terminal"
os.tcsetpgrp(0, child.pid)
says(b"r"), says(b"e")  # Enter, too
os.kill(child.pid, signal.SIGSTOP)
os.waitpid(child.pid, os.WUNTRACED)
os.tcsetpgrp(0, os.getpgrp())
termios.tcsetattr(0, termios.TCSANOW, was)
in_front()
os.write(keyboard, b"s")
child.stdout.read(4), says(b"s")
os.write(keyboard, b"q")
says(b"q")
assert child.wait() == 0
assert termios.tcgetattr(0) == was, "it left the terminal changed"
print("well")
"""


def test_background_foreground_and_suspension_are_survived() -> None:
    shell = subprocess.run(
        [sys.executable, "-c", SHELL, PROGRAM],
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert (shell.stdout, shell.stderr) == ("well\n", "")
