"""How a child of the recorder begins, and how it ends whatever happens in it."""

import signal
import socket
import subprocess
import sys

import pytest

from smartrec.media.child import EXIT_BUG

BEGUN = "import sys, threading; from smartrec.media import child; end = child.begin(sys.argv);"
IN_A_THREAD = (
    "thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join(); child.leave(0)"
)


def run(then: str) -> subprocess.CompletedProcess[str]:
    """A process that begins as a child does."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        return subprocess.run(
            [sys.executable, "-c", BEGUN + then, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )


@pytest.mark.parametrize("then", ["1 / 0", IN_A_THREAD], ids=["main", "thread"])
def test_a_bug_in_any_thread_ends_it_and_is_told(then: str) -> None:
    ended = run(then)
    assert ended.returncode == EXIT_BUG
    assert "ZeroDivisionError" in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_of_the_recorder_does_not_end_it(number: signal.Signals) -> None:
    ended = run(f"import os; os.kill(os.getpid(), {int(number)}); child.leave(0)")
    assert ended.returncode == 0


def test_what_it_prints_is_none_of_the_recorders_output() -> None:
    ended = run("print('a driver', flush=True); child.leave(3)")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "a driver" in ended.stderr
