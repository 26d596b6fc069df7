"""Single keys from the terminal, without Enter.

Never a reason for the recorder to stop or to hang: in the background (``smartrec run &``) the
terminal is the shell's and is not touched; after Ctrl-Z and ``fg`` keys work again; and however
the block is left, the terminal is as it was.
"""

import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final

ESC: Final = 0x1B
# An arrow key's bytes come in one piece; over a slow line they come within this time.
_SEQUENCE_S: Final = 0.05
# How soon a return to the foreground is noticed.
_LOOK_S: Final = 0.5
_LOCAL: Final = 3  # index of c_lflag in what tcgetattr returns
_SPECIAL: Final = 6  # index of c_cc


class TerminalKeys:
    """Calls `on_key` for each key while the block lasts; without a terminal does nothing.

    Keys are ``"r"``, ``"s"``, ``"q"`` and so on (letters in lower case), ``"esc"`` and
    ``"enter"``; arrow and function keys are none. Ctrl-C stays SIGINT.

    Args:
        on_key: Called on a thread of this object.
        fd: The terminal; standard input by default.
    """

    def __init__(self, on_key: Callable[[str], None], fd: int | None = None) -> None:
        self._on_key = on_key
        self._fd = _stdin() if fd is None else fd
        self.active = self._fd >= 0 and os.isatty(self._fd)
        self._before: list[object] | None = None
        self._thread: threading.Thread | None = None
        self._wake = (-1, -1)

    def explain(self) -> str:
        """Which way commands come in, for the first lines on the screen."""
        if self.active:
            return "keys: R records, S stops the clip, ESC ends"
        return "no terminal for keys; use: smartrec trigger"

    def __enter__(self) -> "TerminalKeys":
        if self.active:
            self._before = termios.tcgetattr(self._fd)
            self._wake = os.pipe()
            self._thread = threading.Thread(target=self._read, name="keys", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread is None:
            return
        os.write(self._wake[1], b"x")
        if self._thread is not threading.current_thread():
            self._thread.join()
        for end in self._wake:
            os.close(end)
        self._thread = None

    def _read(self) -> None:
        with _job_control_spares_this_thread():
            while not self._ended():
                pass
            self._restore()

    def _ended(self) -> bool:
        """Read until told to end; False when it was moved into the background right at a read."""
        try:
            self._loop()
        except (OSError, termios.error):
            return _in_front(
                self._fd
            )  # the terminal was closed; SIGHUP tells the rest of the program
        return True

    def _loop(self) -> None:
        pending = b""
        while True:
            front = _in_front(self._fd)
            if front:
                self._without_enter()
            wait = _SEQUENCE_S if pending else _LOOK_S
            watched = [self._wake[0], self._fd] if front else [self._wake[0]]
            ready, _, _ = select.select(watched, [], [], wait)
            if self._wake[0] in ready:
                return
            if self._fd in ready and _in_front(self._fd):
                read = os.read(self._fd, 256)
                if not read:
                    return
                pending += read
            keys, pending = decode(pending, ended=not ready)
            for key in keys:
                self._on_key(key)

    def _without_enter(self) -> None:
        """Keys at once and not echoed; again after each `fg`, since the shell set it otherwise."""
        mode = termios.tcgetattr(self._fd)
        wanted = mode[_LOCAL] & ~(termios.ICANON | termios.ECHO)
        if mode[_LOCAL] != wanted:
            mode[_LOCAL] = wanted
            mode[_SPECIAL][termios.VMIN] = 1
            mode[_SPECIAL][termios.VTIME] = 0
            termios.tcsetattr(self._fd, termios.TCSANOW, mode)

    def _restore(self) -> None:
        if self._before is None or not _in_front(self._fd):
            return
        try:
            termios.tcsetattr(self._fd, termios.TCSANOW, self._before)  # type: ignore[arg-type]
        except termios.error:
            return  # the terminal was closed


def has_terminal() -> bool:
    """Whether standard input is a terminal and ours now, so that it gives keys."""
    fd = _stdin()
    return fd >= 0 and os.isatty(fd) and _in_front(fd)


def _in_front(fd: int) -> bool:
    """Whether the terminal is ours to read and set; without job control it always is."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return True


def decode(pending: bytes, *, ended: bool) -> tuple[list[str], bytes]:
    """The keys in what the terminal sent, and what may still become one. Pure.

    Args:
        pending: Bytes in the order they came.
        ended: Whether nothing followed in time: then a lone escape is the ESC key.
    """
    keys: list[str] = []
    at = 0
    while at < len(pending):
        if pending[at] != ESC:
            keys += _plain(pending[at])
            at += 1
            continue
        end = _sequence_end(pending, at)
        if end is None:
            if not ended:
                return keys, pending[at:]
            if at + 1 == len(pending):
                keys.append("esc")
            return keys, b""
        keys += ["esc"] if end == at + 1 else []
        at = end
    return keys, b""


def _plain(byte: int) -> list[str]:
    if byte in b"\r\n":
        return ["enter"]
    return [chr(byte).lower()] if 0x20 <= byte < 0x7F else []


def _sequence_end(pending: bytes, at: int) -> int | None:
    """Where the escape sequence that begins at `at` ends (ECMA-48); None when more must come."""
    if at + 1 == len(pending):
        return None
    kind = pending[at + 1]
    if kind == ESC:  # pressed twice: the first is a key
        return at + 1
    if kind == ord("O"):
        return at + 3 if at + 2 < len(pending) else None
    if kind != ord("["):
        return at + 2  # Alt and a key
    for end in range(at + 2, len(pending)):
        if 0x40 <= pending[end] <= 0x7E:
            return end + 1
    return None


def _stdin() -> int:
    """Its descriptor; -1 where there is none, as under some service managers."""
    try:
        return sys.stdin.fileno() if sys.stdin is not None else -1
    except (OSError, ValueError):
        return -1


@contextmanager
def _job_control_spares_this_thread() -> Iterator[None]:
    """A read or a setting in the background then fails instead of stopping the whole process."""
    spared = {signal.SIGTTIN, signal.SIGTTOU}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, spared)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
