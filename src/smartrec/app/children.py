"""Child processes that begin where a stop of the recorder does not reach them."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

STOPS: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
"""What a terminal or a service manager sends to all processes of a recorder at once."""


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
