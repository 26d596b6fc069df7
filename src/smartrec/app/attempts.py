"""Opening and closing a camera's captures, each on a thread of its own: a driver may hang in both.

A thread that hangs cannot be ended. So there is one at a time, however long it takes, and another
only where something new was plugged in, and only a few of these.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from smartrec.errors import CameraError, SmartrecError
from smartrec.media.capture import Capture
from smartrec.units import SECOND, Ns

HANGS_AFTER: Final = Ns(15 * SECOND)
"""A driver gives up on one question after 5 s, and there are a few of them."""
MOST_HANGING: Final = 3
LEAVES_WITHIN: Final = 3.0
"""Seconds that an attempt waits for what may still hold its device."""
_NUMBERS: Final = count(1)
"""Of the attempts of all cameras: an id may be another camera's later."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """A capture runs, or does not (any more); then the error says why.

    Attributes:
        camera_id: Whose.
        capture: What runs.
        error: Why none does.
        attempt: Which attempt it was.
    """

    camera_id: str
    capture: Capture | None
    error: SmartrecError | None
    attempt: int = 0


class Attempts:
    """The attempts of one camera. Station thread only.

    Args:
        camera_id: Whose.
        report: Takes the end of each; any thread.
    """

    def __init__(self, camera_id: str, report: Callable[[Started], None]) -> None:
        self._camera_id = camera_id
        self._report = report
        self._newest = 0
        self._since: dict[int, Ns] = {}
        self._opening: list[threading.Thread] = []
        self._stopping: list[threading.Thread] = []

    @property
    def busy(self) -> bool:
        """Whether one goes on that was not given up."""
        return self._newest in self._since

    @property
    def crowded(self) -> bool:
        """Whether so many have not ended yet that a further one must wait for one of them."""
        return len(self._since) >= MOST_HANGING

    def clogged(self, now: Ns) -> bool:
        """Whether so many hang at their beginning or end that a further one must not be begun."""
        self._stopping = _alive(self._stopping)
        hanging = sum(now - since > HANGS_AFTER for since in self._since.values())
        return len(self._stopping) >= MOST_HANGING or hanging >= MOST_HANGING

    def begin(
        self, work: Callable[[], Capture], now: Ns, after: Iterable[threading.Thread] = ()
    ) -> None:
        """Do `work` on a thread of its own; what comes of it, or what it raises, is reported.

        Args:
            work: Opens the camera.
            now: The time.
            after: What may hold the device still; see `wait_for`.
        """
        self._newest = next(_NUMBERS)
        self._since[self._newest] = now
        thread = threading.Thread(
            target=self._do,
            args=(work, self._newest, tuple(after)),
            name=f"open-{self._camera_id}",
            daemon=True,
        )
        thread.start()
        self._opening = [*_alive(self._opening), thread]

    def hangs(self, now: Ns) -> bool:
        """Whether the one that goes on takes longer than any that ends well."""
        return self.busy and now - self._since[self._newest] > HANGS_AFTER

    def give_up(self, now: Ns) -> None:
        """Wait no more for one that hangs, if not too many do."""
        if self.hangs(now) and len(self._since) < MOST_HANGING:
            self.forsake()

    def forsake(self) -> list[threading.Thread]:
        """Want nothing any more of what goes on; returns the threads that may hold the device."""
        self._newest = next(_NUMBERS)
        self._opening, self._stopping = _alive(self._opening), _alive(self._stopping)
        return [*self._opening, *self._stopping]

    def knows(self, started: Started) -> bool:
        """Whether a report is of one of these attempts."""
        return started.attempt in self._since

    def take(self, started: Started) -> bool:
        """Whether a report is of the newest attempt; of any other its capture is let go."""
        self._since.pop(started.attempt, None)
        if started.attempt == self._newest:
            return True
        if started.capture is not None:
            self.let_go(started.capture)
        return False

    def let_go(self, capture: Capture) -> None:
        """Stop a capture that nobody wants any more. Any thread."""
        self._stopping.append(release(capture, self._camera_id))

    def _do(
        self, work: Callable[[], Capture], attempt: int, after: tuple[threading.Thread, ...]
    ) -> None:
        wait_for(after)
        started = self._outcome(work, attempt)
        if started.capture is not None and attempt != self._newest:
            # Forsaken meanwhile: who waits for this thread finds the device free.
            started.capture.stop()
            started = replace(started, capture=None)
        self._report(started)

    def _outcome(self, work: Callable[[], Capture], attempt: int) -> Started:
        try:
            return Started(self._camera_id, work(), None, attempt)
        except SmartrecError as error:
            why = _without_frames(error)
        except OSError as error:  # out of descriptors, memory or processes: it may pass
            why = CameraError(f"{self._camera_id}: {error}")
        except Exception as error:  # unreported, the camera would wait for ever
            log.error("opening %s failed", self._camera_id, exc_info=True)
            why = CameraError(f"{self._camera_id}: {error!r}", hint="This is a bug; the log has it")
        return Started(self._camera_id, None, why, attempt)


def release(capture: Capture, camera_id: str) -> threading.Thread:
    """Stop a capture on a thread of its own, for that may take as long as its driver likes."""
    thread = threading.Thread(target=capture.stop, name=f"stop-{camera_id}", daemon=True)
    thread.start()
    return thread


def wait_for(threads: Iterable[threading.Thread]) -> None:
    """Let those end that may hold a device still; no longer than `LEAVES_WITHIN` in all."""
    until = time.monotonic() + LEAVES_WITHIN
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


def _alive(threads: list[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in threads if thread.is_alive()]


def _without_frames(error: SmartrecError) -> SmartrecError:
    """An error is kept while its camera is lost; its frames would keep the capture and its device.

    A node that is held is not free for the camera that is plugged in again.
    """
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__cause__ or each.__context__
    return error
