"""A small upright picture of the moment a clip was recorded for."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from smartrec.errors import PipelineError
from smartrec.graph import plan
from smartrec.graph.decode import DECODES
from smartrec.graph.recipes import choose
from smartrec.media.gst import Gst, GstApp, reaches_ready
from smartrec.media.inlet import Inlet, stream_caps
from smartrec.model import AccessUnit, ClipHead, Codec
from smartrec.units import MILLISECOND, Ns

#: Beyond the moment: for pictures that come out of order, or do not decode.
_BEYOND: Final = 8
_PULL_TIMEOUT: Final = Ns(10 * MILLISECOND)


def make_thumbnail(units: Iterable[AccessUnit], head: ClipHead, path: Path) -> bool:
    """Write the picture at the first trigger, or the clip's last, as a JPEG 320 pixels wide.

    Returns:
        Whether there was one that decodes.

    Raises:
        MissingElement: Nothing here decodes the camera's format.
        SmartrecError: The decoder failed.
        OSError: The file cannot be written.
    """
    pts = head.triggers[0].pts if head.triggers else head.start
    moment = max(head.start, pts)
    wanted = [unit for unit in window(units, moment) if unit.pts < head.end]
    if not wanted:
        return False
    decoder = choose(DECODES[head.format.codec], usable=reaches_ready)
    caps = None if head.format.codec is Codec.JPEG else stream_caps(head.format)
    with Inlet(str(plan.thumbnail(head.format, decoder)), caps=caps) as inlet:
        for unit in wanted:
            inlet.push(unit)
        inlet.end()
        assert inlet.zero is not None
        picture = _nearest(inlet.pipeline, Ns(moment - inlet.zero))
    if picture is None:
        return False
    path.write_bytes(picture)
    return True


def window(units: Iterable[AccessUnit], moment: Ns) -> list[AccessUnit]:
    """What has to be decoded to see `moment`: from the keyframe before it to a little beyond it.

    Where the stream ends before `moment`, its last GOP.
    """
    kept: list[AccessUnit] = []
    beyond = 0
    for unit in units:
        if unit.keyframe and beyond == 0:
            kept = []
        beyond += unit.pts >= moment
        kept.append(unit)
        if beyond > _BEYOND:
            break
    return kept


def _nearest(pipeline: Gst.Pipeline, moment: Ns) -> bytes | None:
    """The first picture at or after `moment` that came out, else the last before it."""
    sink = pipeline.get_by_name("picture")
    if not isinstance(sink, GstApp.AppSink):
        raise PipelineError("picture", "is no appsink")
    best: bytes | None = None
    while (sample := sink.try_pull_sample(_PULL_TIMEOUT)) is not None:
        buffer = sample.get_buffer()
        assert buffer is not None
        best = buffer.extract_dup(0, buffer.get_size())
        # A millisecond of grace: a decoder may count in coarser ticks.
        if buffer.pts + MILLISECOND >= moment:
            break
    return best
