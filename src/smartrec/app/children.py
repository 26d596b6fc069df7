"""Child processes that begin where a stop of the recorder does not reach them."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Final

STOPS: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
"""What a terminal or a service manager sends to all processes of a recorder at once."""
_NICE: Final = 5
"""Behind the recorder, before its finishers."""
_OOM_FIRST: Final = b"500"
_LAST: Final = 19
_OOM_ERRAND: Final = b"1000"
EXIT_UNWANTED: Final = 3
"""Of an errand that nobody waits for any more."""

log = logging.getLogger(__name__)


@contextmanager
def shielded() -> Iterator[None]:
    """What is started within gets none of `STOPS`; of the recorder that then says when to end.

    A child that ignores them itself can do so only when Python has started, a tenth of a second
    too late. Signals blocked in the thread that starts it stay blocked in the child.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def command_of(module: str) -> tuple[str, ...]:
    """What runs the `main` of a module of ours; it gets ``sys.argv`` and returns the status."""
    return (
        sys.executable,
        "-c",
        # Unlike -m, without the directory where the user happens to stand and what lies there.
        "import sys; sys.path[:] = filter(None, sys.path);"
        f"from {module} import main; sys.exit(main(sys.argv))",
    )


def linked(
    command: Sequence[str], environ: Mapping[str, str] | None = None
) -> tuple["subprocess.Popen[bytes]", socket.socket]:
    """A child that stands back for the recorder, and our end of a pair of sockets to it.

    Args:
        command: Gets the number of its own end's descriptor as one more argument.
        environ: Its environment; None for ours.

    Raises:
        OSError: Out of descriptors, memory or processes: it may pass.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            with shielded():
                process = subprocess.Popen(
                    [*command, str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    env=environ,
                )
        except OSError:
            ours.close()
            raise
    own = os.getpriority(os.PRIO_PROCESS, 0)
    _stand_back(process.pid, min(_LAST, own + _NICE), _OOM_FIRST)
    return process, ours


def errand(
    command: Sequence[str], complaints: IO[bytes] | None = None
) -> "subprocess.Popen[bytes]":
    """A child that everything else on the machine comes before, and that memory costs first.

    It is asked over stdin, whose end ends it (`end_with_stdin`), and answers over stdout; it leads
    a process group of its own.

    Args:
        command: Starts it.
        complaints: Its stderr; None for ours.

    Raises:
        OSError: Out of descriptors, memory or processes: it may pass.
    """
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=complaints, start_new_session=True
    )
    _stand_back(process.pid, _LAST, _OOM_ERRAND)
    return process


def give_way() -> None:
    """Let everything else on this machine come first; it is also the first that memory costs."""
    _stand_back(os.getpid(), _LAST, _OOM_ERRAND)


def end_with_stdin() -> None:
    """From now on the end of stdin ends this process: whoever wants to know holds it open."""
    threading.Thread(target=_await_end_of_stdin, name="stdin", daemon=True).start()


def _await_end_of_stdin() -> None:
    while os.read(sys.stdin.fileno(), 1 << 12):
        pass
    os._exit(EXIT_UNWANTED)


def ending(status: int) -> str:
    """How a process ended, by its exit status (negative: a signal): ``"ended by SIGKILL"``."""
    if status >= 0:
        return f"ended with status {status}"
    known = -status in signal.Signals.__members__.values()  # of the real-time ones two have names
    return f"ended by {signal.Signals(-status).name if known else f'signal {-status}'}"


def _stand_back(pid: int, nice: int, oom: bytes) -> None:
    """Let others have the processor first, and memory last."""
    try:
        os.setpriority(os.PRIO_PROCESS, pid, nice)
        with open(f"/proc/{pid}/oom_score_adj", "wb") as file:  # noqa: PTH123
            file.write(oom)
    except OSError as error:  # it has ended, or /proc is not there
        log.debug("process %d keeps its priority: %s", pid, error)
