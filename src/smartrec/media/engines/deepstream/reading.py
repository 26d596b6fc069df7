"""Reads the metadata as it passes, on the streaming threads; nothing here raises."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from smartrec.errors import MetadataUnreadable
from smartrec.graph.tiles import tiles
from smartrec.media.engines.deepstream.annotations import UNTRACKED, Frame, Metadata
from smartrec.media.engines.deepstream.looking import Found
from smartrec.media.engines.deepstream.overlay import restyle, score_of, texts
from smartrec.media.engines.deepstream.panel import Panel, tile_of
from smartrec.media.gst import Gst
from smartrec.media.screen.layout import Rect
from smartrec.model import Box, Detection

_MOST_PENDING: Final = 64
_MOST_TRACKS: Final = 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sees:
    """What counts.

    Attributes:
        cameras: Ids by number of the mux's pad.
        detected: Those in whose pictures persons are looked for.
        persons: Classes that are persons.
        min_confidence: From which a person is shown.
    """

    cameras: tuple[str, ...]
    detected: frozenset[str]
    persons: tuple[int, ...]
    min_confidence: float


class Reading:
    """What is found, told to `found`; and what is drawn, changed.

    Attributes:
        failed: Why nothing is read any more; None while all is well.
        shown: Pictures that came by, by camera.

    Args:
        metadata: Reads it.
        sees: What counts.
        found: Called for each picture of a batch; must not wait.
        panel: Where pictures are shown; None for nowhere.
    """

    def __init__(
        self,
        metadata: Metadata,
        sees: Sees,
        found: Callable[[Found], None],
        panel: Panel | None,
    ) -> None:
        self.failed: MetadataUnreadable | None = None
        self.shown = dict.fromkeys(sees.cameras, 0)
        self._metadata = metadata
        self._sees = sees
        self._found = found
        self._panel = panel
        self._entered: dict[int, float] = {}
        self._sure: dict[tuple[int, int], float] = {}
        self._at = (0, 0) if panel is None else self._shown_at(panel.size)

    def batch_in(self, buffer: Gst.Buffer) -> None:
        """A batch is about to be looked at."""
        self._entered[buffer.pts] = time.perf_counter()
        for pts in list(self._entered)[:-_MOST_PENDING]:
            self._entered.pop(pts, None)  # on another thread its batch may come out just now

    def batch_out(self, buffer: Gst.Buffer) -> None:
        """A batch has been looked at."""
        entered = self._entered.pop(buffer.pts, None)
        took = 0.0 if entered is None else (time.perf_counter() - entered) * 1000
        self._guarded(buffer, lambda frames: self._read(frames, took))

    def drawn(self, buffer: Gst.Buffer) -> None:
        """A picture, of all cameras shown, is about to be drawn upon."""
        self._guarded(buffer, self._write)

    def _guarded(self, buffer: Gst.Buffer, work: Callable[[Sequence[Frame]], None]) -> None:
        if self.failed is not None:
            return
        try:
            with self._metadata.batch(buffer) as frames:
                work(frames)
        except MetadataUnreadable as error:
            self.failed = error

    def _read(self, frames: Sequence[Frame], took: float) -> None:
        sees = self._sees
        for frame in frames:
            if not 0 <= frame.source < len(sees.cameras):
                continue
            camera = sees.cameras[frame.source]
            self._remember(frame)
            self.shown[camera] += 1
            if frame.pts is not None:
                found = _persons(frame, sees)
                self._found(Found(camera, frame.pts, frame.inferred, found, took))
            if self._panel is not None:
                self._panel.arrived(frame.source)
                persons = sees.persons if camera in sees.detected else ()
                at = self._at if any(self._at) else frame.picture
                restyle(frame, persons, sees.min_confidence, at)

    def _remember(self, frame: Frame) -> None:
        """A tracker goes on with what nvinfer found, but not with how sure it was."""
        for found in frame.objects:
            if found.object_id == UNTRACKED:
                continue
            track = frame.source, found.object_id
            known = self._sure.pop(track, -1.0)
            if found.confidence < 0:
                found.confidence = known
            self._sure[track] = found.confidence
        while len(self._sure) > _MOST_TRACKS:
            del self._sure[next(iter(self._sure))]

    def _write(self, frames: Sequence[Frame]) -> None:
        panel = self._panel
        if panel is None or not frames:
            return
        frame = frames[0]
        whole = Rect(0, 0, *frame.picture)
        cameras = range(len(self._sees.cameras))
        if panel.alone is not None:
            lines = list(texts(panel.scene(panel.alone), whole))
        else:
            rows, columns, _ = tiles(len(cameras), panel.shape, panel.size)
            lines = [
                text
                for index in cameras
                for text in texts(panel.scene(index), tile_of(index, rows, columns, whole))
            ]
        frame.write(lines)

    def _shown_at(self, size: tuple[int, int]) -> tuple[int, int]:
        """Of one camera among several, pixels; unknown for one alone, which is drawn as it is."""
        count = len(self._sees.cameras)
        if count == 1 or self._panel is None:
            return 0, 0
        rows, columns, place = tiles(count, self._panel.shape, size)
        return place.width // columns, place.height // rows


def _persons(frame: Frame, sees: Sees) -> tuple[Detection, ...]:
    width, height = frame.picture
    return tuple(
        Detection(
            Box(
                each.left / width,
                each.top / height,
                (each.left + each.width) / width,
                (each.top + each.height) / height,
            ),
            score_of(each, sees.min_confidence),
        )
        for each in frame.objects
        if each.class_id in sees.persons and each.width > 0 and each.height > 0
    )
