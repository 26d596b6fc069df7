"""Nothing leaks: what a recorder holds after any trouble is what it held before."""

from pathlib import Path
from typing import Any

from tests.e2e.recorder import Recorder


def is_idle(status: dict[str, Any]) -> bool:
    """Whether nothing is recorded or finished now."""
    return not status["finishing"] and not any(c["recording"] for c in status["cameras"])


def held(pid: int) -> tuple[list[str], list[str]]:
    """Names of a process's threads, and what its descriptors are of."""
    tasks = Path(f"/proc/{pid}/task").glob("*/comm")
    names = sorted(name for name in map(_read, tasks) if name)
    files = sorted(_file(path) for path in Path(f"/proc/{pid}/fd").glob("*"))
    return names, [file for file in files if file]


class Ledger:
    """What a recorder holds, to be compared later. It is warm then: it has made a clip before.

    Args:
        running: While nothing happens.
    """

    def __init__(self, running: Recorder) -> None:
        self._running = running
        running.wait_until(is_idle)
        self._before = self._count()

    def check(self) -> None:
        """Wait until it holds no more than before; a thread or a child may be on its way out."""
        try:
            self._running.wait_until(lambda s: is_idle(s) and self._count() <= self._before)
        except AssertionError as error:
            raise AssertionError(f"before {self._before}, now {held(self._running.pid)}") from error

    def _count(self) -> tuple[int, int]:
        threads, files = held(self._running.pid)
        return len(threads), len(files)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:  # it has ended
        return ""


def _file(path: Path) -> str:
    try:
        return str(path.readlink()).split(":[")[0]  # of a pipe or socket the number says nothing
    except OSError:  # it is closed
        return ""
