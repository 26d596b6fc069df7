"""Samples to AAC: packets without headers, and what a decoder needs to know beforehand."""

import time
from collections.abc import Iterable, Iterator
from typing import Final

from smartrec.errors import PipelineError
from smartrec.graph.recipes import Recipe
from smartrec.graph.sound import encode_sound
from smartrec.media.gst import Gst, GstApp, error_of, launch, running
from smartrec.recording.sound import time_of
from smartrec.recording.sound_line import Samples

PACKET: Final = 1024
"""Samples of one packet of AAC-LC."""
_PATIENCE: Final = 60 * Gst.SECOND
"""An encoder that gives nothing for so long hangs: the niced child of a busy machine never does."""
_WAITING: Final = 200_000
"""Bytes that may wait for the encoder."""
_LOOK: Final = 5 * Gst.MSECOND
_TAIL: Final = bytes(2 * 4 * PACKET)
"""Silence behind the last sample, so that all of it comes out of any encoder."""


class SoundEncoder:
    """Encodes sound once, as it is read.

    Args:
        recipe: Of `Role.ENCODE_SOUND`.

    Attributes:
        config: The decoder's set-up (AudioSpecificConfig); empty until the first packet.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.config = b""
        self.priming = recipe.priming
        self._text = str(encode_sound(recipe))

    def packets(self, pieces: Iterable[Samples]) -> Iterator[bytes]:
        """AAC of all pieces, and of a little silence behind them.

        Raises:
            SmartrecError: The encoder failed.
        """
        pipeline = launch(self._text)
        source, sink = pipeline.get_by_name("source"), pipeline.get_by_name("packets")
        assert isinstance(source, GstApp.AppSrc)
        assert isinstance(sink, GstApp.AppSink)
        with running(pipeline) as bus:
            done = 0
            for data in _with_tail(pieces):
                done = _push(source, data, done, bus)
                while (sample := sink.try_pull_sample(0)) is not None:
                    yield self._packet(sample)
            source.end_of_stream()
            deadline = time.monotonic_ns() + _PATIENCE
            while not sink.is_eos():
                if (sample := sink.try_pull_sample(20 * _LOOK)) is not None:
                    yield self._packet(sample)
                else:
                    _check(bus, deadline)
            _check(bus, deadline)  # appsrc ends what has failed

    def _packet(self, sample: Gst.Sample) -> bytes:
        buffer = sample.get_buffer()
        assert buffer is not None
        if not self.config:
            caps = sample.get_caps()
            assert caps is not None
            config = caps.get_structure(0).get_value("codec_data")
            assert config is not None
            self.config = config.extract_dup(0, config.get_size())
        return buffer.extract_dup(0, buffer.get_size())


def _with_tail(pieces: Iterable[Samples]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece.astype("<i2", copy=False).tobytes()
    yield _TAIL


def _push(source: GstApp.AppSrc, data: bytes, done: int, bus: Gst.Bus) -> int:
    """Hand over samples, once there is room; how many that makes."""
    # Not left to appsrc: behind a failed element it would block for ever.
    deadline = time.monotonic_ns() + _PATIENCE
    while source.get_current_level_bytes() > _WAITING:
        _check(bus, deadline)
    buffer = Gst.Buffer.new_wrapped(data)
    samples = len(data) // 2
    buffer.pts = time_of(done)
    buffer.duration = time_of(done + samples) - buffer.pts
    if source.push_buffer(buffer) != Gst.FlowReturn.OK:
        _check(bus, 0)
    return done + samples


def _check(bus: Gst.Bus, deadline: int) -> None:
    """Raise what has gone wrong; when it is so late, that nothing moves."""
    message = bus.timed_pop_filtered(_LOOK, Gst.MessageType.ERROR)
    if message is not None:
        raise error_of(message)
    if time.monotonic_ns() > deadline:
        raise PipelineError("source", "nothing moves any more")
