"""When a camera's USB port is switched off and on: seldom, and only after all else."""

from typing import Final

from smartrec.errors import CameraBusy, CameraForbidden, CameraUnusable, SmartrecError
from smartrec.units import SECOND, Ns

AFTER: Final = 5
"""Attempts in a row that failed: about 15 s."""
AT_MOST_EVERY: Final = Ns(300 * SECOND)
_NO_MATTER_OF_POWER: Final = (CameraBusy, CameraForbidden, CameraUnusable)


class PowerCycling:
    """Decides for one camera. Pure; station thread only.

    Args:
        wanted: Whether the settings allow it; may change.
    """

    def __init__(self, *, wanted: bool) -> None:
        self.wanted = wanted
        self._failures = 0
        self._done_at: Ns | None = None

    def failed(self, error: SmartrecError) -> None:
        """An attempt failed."""
        if not isinstance(error, _NO_MATTER_OF_POWER):
            self._failures += 1

    def worked(self) -> None:
        """Pictures come."""
        self._failures = 0

    def due(self, now: Ns) -> bool:
        """Whether to do it now; answers True once."""
        rested = self._done_at is None or now - self._done_at >= AT_MOST_EVERY
        if not self.wanted or self._failures < AFTER or not rested:
            return False
        self._done_at, self._failures = now, 0
        return True
