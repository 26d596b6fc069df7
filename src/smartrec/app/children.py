"""Child processes that begin where a stop of the recorder does not reach them."""

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

STOPS: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
"""What a terminal or a service manager sends to all processes of a recorder at once."""
_NICE: Final = 5
"""Behind the recorder, before its finishers."""
_OOM_FIRST: Final = b"500"

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
    _stand_back(process.pid)
    return process, ours


def ending(status: int) -> str:
    """How a process ended, by its exit status (negative: a signal): ``"ended by SIGKILL"``."""
    if status >= 0:
        return f"ended with status {status}"
    known = -status in signal.Signals.__members__.values()  # of the real-time ones two have names
    return f"ended by {signal.Signals(-status).name if known else f'signal {-status}'}"


def _stand_back(pid: int) -> None:
    """Let the recorder have the processor first, and memory last."""
    own = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, pid, min(19, own + _NICE))
        with open(f"/proc/{pid}/oom_score_adj", "wb") as file:  # noqa: PTH123
            file.write(_OOM_FIRST)
    except OSError as error:  # it has ended, or /proc is not there
        log.debug("a child keeps its priority: %s", error)
