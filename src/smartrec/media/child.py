"""How a child process that talks to the recorder over a socket begins and ends."""

import os
import signal
import socket
import sys
import threading
import traceback
from types import TracebackType
from typing import Final, NoReturn

EXIT_BUG: Final = 70
"""EX_SOFTWARE of sysexits.h; 1 is what Xlib ends a process with whose server is gone."""


def begin(argv: list[str]) -> socket.socket:
    """Make this process such a child; its end of the socket. Main thread, first of all.

    Args:
        argv: The program's name, and the number of the socket's descriptor.
    """
    # Ctrl-C in a terminal, its end and a service's stop reach every process of the recorder, which
    # then says when to end.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.dup2(2, 1)  # what drivers print is none of the recorder's output
    threading.excepthook = lambda args: _die(args.exc_type, args.exc_value, args.exc_traceback)
    sys.excepthook = _die  # also of what GStreamer's threads call
    end = socket.socket(fileno=int(argv[1]))
    end.set_inheritable(False)
    return end


def leave(status: int) -> NoReturn:
    """End at once, without clearing up: threads of drivers and decoders may be anywhere."""
    sys.stderr.flush()
    os._exit(status)


def _die(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> NoReturn:
    """A bug in any thread ends the process, and the recorder starts a new one."""
    traceback.print_exception(kind, error, trace)
    leave(EXIT_BUG)
