"""Opening and closing a camera's captures, each on a thread of its own: a driver may hang in both.

A thread that hangs cannot be ended. So there is one at a time, however long it takes, and another
only where something new was plugged in, and only a few of these.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from smartrec.errors import CameraError, SmartrecError
from smartrec.media.capture import Capture
from smartrec.units import SECOND, Ns

HANGS_AFTER: Final = Ns(15 * SECOND)
"""A driver gives up on one question after 5 s, and there are a few of them."""
MOST_HANGING: Final = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """A capture runs, or does not (any more); then the error says why.

    Attributes:
        camera_id: Whose.
        capture: What runs.
        error: Why none does.
        attempt: Which attempt of this camera's it was.
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
        self._stopping: list[threading.Thread] = []

    @property
    def busy(self) -> bool:
        """Whether one goes on that was not given up."""
        return self._newest in self._since

    @property
    def clogged(self) -> bool:
        """Whether so many captures hang at their end that a further one must not be begun."""
        for thread in tuple(self._stopping):
            if not thread.is_alive():
                self._stopping.remove(thread)
        return len(self._stopping) >= MOST_HANGING

    def begin(self, work: Callable[[], Capture], now: Ns) -> None:
        """Do `work` on a thread of its own; what comes of it, or what it raises, is reported."""
        self._newest += 1
        self._since[self._newest] = now
        thread = threading.Thread(
            target=self._do,
            args=(work, self._newest),
            name=f"open-{self._camera_id}",
            daemon=True,
        )
        thread.start()

    def hangs(self, now: Ns) -> bool:
        """Whether the one that goes on takes longer than any that ends well."""
        return self.busy and now - self._since[self._newest] > HANGS_AFTER

    def give_up(self, now: Ns) -> None:
        """Wait no more for one that hangs, if not too many do."""
        if self.hangs(now) and len(self._since) < MOST_HANGING:
            self._newest += 1

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
        name = f"stop-{self._camera_id}"
        thread = threading.Thread(target=capture.stop, name=name, daemon=True)
        thread.start()
        self._stopping.append(thread)

    def _do(self, work: Callable[[], Capture], attempt: int) -> None:
        self._report(self._outcome(work, attempt))

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


def _without_frames(error: SmartrecError) -> SmartrecError:
    """An error is kept while its camera is lost; its frames would keep the capture and its device.

    A node that is held is not free for the camera that is plugged in again.
    """
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__cause__ or each.__context__
    return error
