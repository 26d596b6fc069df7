"""One camera's picture in one cell, whatever becomes of the pipeline that shows it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from smartrec.errors import PipelineError, ScreenLost
from smartrec.graph.plan import direction
from smartrec.media.gst import Gst
from smartrec.media.screen.mark import Mark, marks
from smartrec.media.screen.pipeline import Cell, Pipeline, slate
from smartrec.media.screen.scene import Scene
from smartrec.model import StreamFormat
from smartrec.units import MILLISECOND, SECOND, Ns

log = logging.getLogger(__name__)

_REBUILT_EVERY: Final = Ns(SECOND)
_AGAIN: Final = Ns(SECOND)
_FLOWS: Final = Ns(300 * MILLISECOND)
"""Pictures that come at least so often draw all there is to be said by themselves."""
_MOST_UNDER_WAY: Final = 8
"""More than appsrc and a pipeline can hold at once: older pictures were overtaken."""
_WHOLE: Final = Gst.BufferCopyFlags.FLAGS | Gst.BufferCopyFlags.META | Gst.BufferCopyFlags.MEMORY


class Show:
    """A camera's picture in a cell; its pipeline is built anew when it fails.

    Args:
        cell: Where.
        size: Of the cell, pixels.
        scene: What to say upon the picture of a pts, or without a picture (None); called from the
            pipeline's streaming thread.

    Raises:
        MissingElement, PipelineError: The pipeline cannot be built or started.
    """

    def __init__(
        self, cell: Cell, size: tuple[int, int], scene: Callable[[Ns | None], Scene]
    ) -> None:
        self._cell = cell
        self._scene = scene
        self._size = size
        self._last: Gst.Sample | None = None
        self._turn: str | None = None
        self._told: Scene | None = None
        self._visible = False
        self._pushed_at = Ns(0)
        self._build_at = Ns(0)
        self._tally = _Tally()
        self._life: Pipeline | None = self._live()

    @property
    def shown(self) -> int:
        """Pictures that reached the sink."""
        return self._tally.shown

    @property
    def skipped(self) -> int:
        """Pictures that did not, for a newer one was there."""
        return self._tally.skipped

    def picture(self, sample: Gst.Sample, pts: Ns, format_: StreamFormat) -> None:
        """Show it, or keep it for when the cell is seen. Any thread; never waits."""
        buffer, caps = sample.get_buffer(), sample.get_caps()
        assert buffer is not None
        assert caps is not None
        stamped = buffer.copy_region(_WHOLE, 0, buffer.get_size())
        assert stamped is not None
        stamped.pts = pts
        self._turn = direction(format_)
        self._last = Gst.Sample.new(stamped, caps, None, None)
        life = self._life
        if self._visible and life is not None:
            self._tally.handed(pts)
            if life.turn != self._turn:
                return  # another pipeline is needed first
            self._pushed_at = Ns(time.monotonic_ns())
            life.push(self._last)

    def forget(self) -> None:
        """The last picture is not to be shown again. Any thread."""
        self._last = None

    def place(self, size: tuple[int, int] | None) -> None:
        """The cell has that size now, or is not seen. Main thread."""
        self._visible = size is not None
        if size is None:
            return
        self._size = size
        self._told = None
        if (life := self._life) is not None:
            life.fit(size)

    def redraw(self, scene: Scene, now: Ns) -> None:
        """Show `scene` if no picture comes that will, and something else is shown. Main thread."""
        since = now - self._pushed_at
        flows = scene.slate is None and since < _FLOWS
        if not self._visible or flows or (life := self._life) is None:
            return
        # Whatever lay above the window may have left a hole: now and then all is drawn again.
        if scene == self._told and since < _AGAIN:
            return
        self._told, self._pushed_at = scene, now
        life.expose()
        last = self._last
        if scene.slate is not None or last is None:
            life.push(slate())
        else:
            life.push(last)

    def attend(self, now: Ns) -> None:
        """Build another pipeline if it has failed, or does not turn pictures. Main thread.

        Raises:
            ScreenLost: The display itself takes none any more.
        """
        life = self._life
        if life is not None and (error := life.error()) is not None:
            log.warning("a picture's pipeline failed: %s", error)
            self._end()
        elif life is not None and life.turn != self._turn:
            self._end()
            self._build_at = now
        elif life is not None:
            life.settle()
        if self._life is None and now >= self._build_at:
            self._build(now)

    def close(self) -> None:
        """Stop drawing; the window may go afterwards. Main thread."""
        self._visible = False
        self._end()

    def _build(self, now: Ns) -> None:
        self._build_at = Ns(now + _REBUILT_EVERY)
        self._told = None
        try:
            self._life = self._live()
        except PipelineError as error:
            if self._cell.xid is None:
                raise ScreenLost(f"The display is gone ({error})") from error
            log.warning("a picture's pipeline does not start: %s", error)

    def _end(self) -> None:
        life, self._life = self._life, None
        if life is not None:
            life.stop()

    def _live(self) -> Pipeline:
        return Pipeline(self._cell, self._size, self._turn, self._marks)

    def _marks(self, pts: Ns | None, canvas: tuple[int, int]) -> tuple[Mark, ...]:
        """What lies upon the frame that is to be shown. Streaming thread."""
        scene = self._scene(pts)
        if pts is not None:
            self._tally.drawn(pts)
            if scene.slate is not None:
                return ()  # the camera went while its last picture was under way
        return marks(scene, *canvas)


class _Tally:
    """Counts which pictures were drawn and which were overtaken. Any thread."""

    def __init__(self) -> None:
        self.shown = self.skipped = 0
        self._lock = threading.Lock()
        self._under_way: deque[Ns] = deque()

    def handed(self, pts: Ns) -> None:
        with self._lock:
            self._under_way.append(pts)
            if len(self._under_way) > _MOST_UNDER_WAY:
                self._under_way.popleft()
                self.skipped += 1

    def drawn(self, pts: Ns) -> None:
        with self._lock:
            if pts not in self._under_way:
                return  # drawn again
            while self._under_way.popleft() != pts:
                self.skipped += 1
            self.shown += 1
