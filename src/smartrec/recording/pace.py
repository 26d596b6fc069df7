"""Keeps a network camera's clock and ours together, without bending what its network delays.

Pure. A camera spaces its pictures by a clock of its own, whose time is given an origin on our
timeline when the first picture comes. From then on its clock drifts, by some 0.2 s an hour. When a
picture comes says little, for the network delays it by nothing, or by seconds that end in a burst;
but the one that was delayed least in the last seconds says how far the two clocks are apart.
"""

from collections import deque
from typing import Final

from smartrec.units import MILLISECOND, SECOND, Ns

WINDOW: Final = 12
"""Seconds over which the least delay is looked for; longer than a camera may be silent."""
ALLOWED: Final = Ns(60 * MILLISECOND)
"""Delay of the least delayed that is not corrected: the station looks 20 times a second."""
_STRANGE: Final = Ns(20 * SECOND)
"""So far apart the camera has begun to count anew."""
_BACK: Final = Ns(SECOND)
"""So far back no picture is that was reordered: the camera has set its clock."""


class Pace:
    """Moves times of a camera's clock onto ours, one after another.

    Two times stay in order, and at least a tenth as far apart as the camera has them; none stays
    in the future. What came within `ALLOWED` of its time keeps its time.

    Attributes:
        shift: What is added now.
    """

    def __init__(self) -> None:
        self.shift = 0
        self._least: deque[tuple[int, int]] = deque(maxlen=WINDOW)
        self._last: int | None = None

    def take(self, time: Ns, now: Ns) -> Ns:
        """A picture's time on our timeline.

        Args:
            time: By the camera's clock.
            now: When it came to us.
        """
        late = now - time
        last, self._last = self._last, int(time)
        back = last is not None and time < last - _BACK
        if last is None or back or abs(late - self.shift) > _STRANGE:
            self._least.clear()
            self.shift = 0 if last is None else late
        self._see(late, now)
        if last is not None:
            least = min(delay for _, delay in self._least)
            wanted = min(max(self.shift, least - ALLOWED), least)
            most = abs(time - last) * 9 // 10
            self.shift += min(max(wanted - self.shift, -most), most)
        return Ns(time + self.shift)

    def _see(self, late: int, now: Ns) -> None:
        """Remember the least delay of each second."""
        second = now // SECOND
        while self._least and self._least[0][0] <= second - WINDOW:
            self._least.popleft()
        if self._least and self._least[-1][0] == second:
            late = min(late, self._least.pop()[1])
        self._least.append((second, late))
