"""A child that has only begun gets no signal that is meant for the recorder."""

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from smartrec.app.children import STOPS, command_of, ending, errand, linked, shielded


def test_a_child_is_shielded_from_its_first_moment_and_its_parent_only_meanwhile() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with shielded():
        child = subprocess.Popen(["sleep", "50"])
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    for number in STOPS:
        os.kill(child.pid, number)
    child.kill()
    assert child.wait(50) == -signal.SIGKILL


def test_a_linked_child_has_the_other_end_stands_back_and_goes_first_for_want_of_memory() -> None:
    answers = (
        "import socket, sys; end = socket.socket(fileno=int(sys.argv[1])); end.recv(1);"
        "end.sendall(open('/proc/self/oom_score_adj', 'rb').read()); end.recv(1)"
    )
    process, ours = linked((sys.executable, "-c", answers))
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(19, own + 5)
    ours.sendall(b"?")  # only now: it may have begun before that was said of it
    assert int(ours.recv(100)) == 500
    ours.close()
    assert process.wait(50) == 0


@pytest.mark.parametrize("itself", [False, True], ids=["by who starts it", "by itself"])
def test_an_errand_stands_behind_all_others_and_leads_its_own_group(itself: bool) -> None:
    gives = "from smartrec.app.children import give_way; give_way();" if itself else ""
    answers = (
        f"import os, sys; sys.stdin.readline(); {gives}"
        "print(os.nice(0), open('/proc/self/oom_score_adj').read().strip(), os.getpgid(0))"
    )
    command = (sys.executable, "-c", answers)
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe) if itself else errand(command)
    said, _ = process.communicate(b"only now: it may have begun before that was said of it\n", 50)
    group = os.getpgid(0) if itself else process.pid
    assert said.split() == [b"19", b"1000", str(group).encode()]


def test_a_child_that_cannot_be_started_leaves_nothing_open() -> None:
    gc.collect()  # else what other tests left may be closed meanwhile
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError, match="nowhere"):
        linked(("/nowhere/at/all",))
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_a_command_runs_main_with_its_arguments_and_not_what_lies_in_the_folder() -> None:
    command = command_of("smartrec.media.watch.child")
    assert command[:2] == (sys.executable, "-c")
    assert "filter(None, sys.path)" in command[2]
    assert command[2].endswith("import main; sys.exit(main(sys.argv))")


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "ended with status 0"), (-9, "ended by SIGKILL"), (-40, "ended by signal 40")],
)
def test_an_end_in_words(status: int, words: str) -> None:
    assert ending(status) == words
