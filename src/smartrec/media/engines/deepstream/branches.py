"""The cameras' branches: made when a picture comes, made anew when they break."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

from smartrec.errors import MissingElement, PipelineError
from smartrec.graph.deepstream import HARDWARE_CHROMA, branch, rtsp_branch
from smartrec.graph.platforms import Platform
from smartrec.masking import masked
from smartrec.media.engines.deepstream.pipeline import Pipeline
from smartrec.media.engines.deepstream.recording import Recorders
from smartrec.media.watch.messages import Message, Note
from smartrec.model import AccessUnit, Codec, StreamFormat
from smartrec.recording.jpeg import chroma
from smartrec.units import SECOND, Ns

_AGAIN_AFTER: Final = Ns(2 * SECOND)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Camera:
    index: int
    stream: StreamFormat | None = None
    flows: bool = False
    broken_at: Ns | None = None
    told: bool = False


class Branches:
    """Where units go in; `stream` and `push` on one thread, `broke` on any.

    Args:
        platform: The machine.
        cameras: Ids by number of the mux's pad.
        say: Sends to the recorder.
        recorders: Get what each branch encodes; None where nobody records here.
        uris: Addresses of cameras that the pipeline fetches pictures from by itself; with
            `recorders` only.
    """

    def __init__(
        self,
        platform: Platform,
        cameras: tuple[str, ...],
        say: Callable[[Message], None],
        recorders: Recorders | None = None,
        uris: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._platform = platform
        self._names = cameras
        self._cameras = {name: _Camera(index) for index, name in enumerate(cameras)}
        self._say = say
        self._recorders = recorders
        self._uris = uris if recorders is not None else {}
        self._lock = threading.Lock()
        self._pipeline: Pipeline | None = None

    def join(self, pipeline: Pipeline) -> None:
        """It plays: from now on units go in."""
        self._pipeline = pipeline

    def stream(self, camera: str, stream: StreamFormat) -> None:
        """What the next units of a camera are."""
        known = self._cameras.get(camera)
        if known is not None and known.stream != stream:
            known.stream, known.flows, known.broken_at = stream, False, None
            known.told = False

    def push(self, camera: str, unit: AccessUnit) -> bool:
        """The next unit of a camera; whether it goes in."""
        known, pipeline = self._cameras.get(camera), self._pipeline
        if known is None or pipeline is None or known.stream is None:
            return False
        if not self._flows(known, known.stream, unit, pipeline):
            return False
        if camera in self._uris or pipeline.push(known.index, unit):
            return True
        if known.stream.codec is not Codec.JPEG:
            self.broke(known.index, "the decoder takes no more")
        return False

    def broke(self, index: int, why: str) -> None:
        """A branch posted an error: after a while another is made."""
        camera = self._cameras[self._names[index]]
        with self._lock:
            camera.broken_at = camera.broken_at or Ns(time.monotonic_ns())
        self._tell(camera, why)

    def _flows(
        self, camera: _Camera, stream: StreamFormat, unit: AccessUnit, pipeline: Pipeline
    ) -> bool:
        """Whether there is a branch that takes this unit; it is made where it can be."""
        with self._lock:
            broken = camera.broken_at
        if broken is not None:
            if time.monotonic_ns() - broken < _AGAIN_AFTER:
                return False
            camera.flows = False
        if not camera.flows and unit.keyframe:
            camera.broken_at = None
            camera.flows = self._make(camera, stream, unit, pipeline)
        return camera.flows

    def _make(
        self, camera: _Camera, stream: StreamFormat, unit: AccessUnit, pipeline: Pipeline
    ) -> bool:
        sampling = chroma(unit.data) if stream.codec is Codec.JPEG else "4:2:0"
        if stream.codec is Codec.JPEG and sampling not in HARDWARE_CHROMA:
            log.info("%s sends JPEGs of %s: the processor decodes them", camera.index, sampling)
        recorders, name = self._recorders, self._names[camera.index]
        try:
            if recorders is not None and name in self._uris:
                uri = self._uris[name]
                text = rtsp_branch(camera.index, masked(uri), stream, None)
                pipeline.fetch(camera.index, text, partial(recorders.within, name, uri))
                return True
            leg = None if recorders is None else recorders.leg
            text = branch(camera.index, stream, self._platform, chroma=sampling, recorder=leg)
            into = None if recorders is None else recorders.bin_of(name)
            pipeline.branch(camera.index, text, stream, into)
        except (MissingElement, PipelineError) as error:
            camera.broken_at = Ns(time.monotonic_ns())
            self._tell(camera, str(error), error.hint or "")
            return False
        return True

    def _tell(self, camera: _Camera, why: str, hint: str = "") -> None:
        if not camera.told:
            camera.told = True
            text = f"pictures cannot be decoded now: {why}"
            self._say(Note(text, hint, self._names[camera.index]))
