"""Microphones: sound in chunks, each with the moment of its first sample on the one timeline.

As with cameras no Python runs in the pipeline's threads. A microphone is a pipeline of its own:
whatever becomes of it, pictures go on.
"""

import logging
import os
from typing import Final, Protocol

import numpy as np

from smartrec.clock import Clock, SystemClock
from smartrec.errors import (
    MicrophoneBusy,
    MicrophoneError,
    MicrophoneForbidden,
    MicrophoneGone,
    PipelineError,
    SmartrecError,
)
from smartrec.graph import sound
from smartrec.media.alsa_cards import Card, card_of, cards
from smartrec.media.gst import Gst, GstApp, error_of, launch, raise_first_error
from smartrec.recording.sound import RATE, SoundChunk, samples_before, time_of
from smartrec.units import Ns

_AT_MOST: Final = 300
_CHUNK: Final = RATE // 25

log = logging.getLogger(__name__)


class Source(Protocol):
    """Something that gives sound. One thread, but for `start`, which is called first and once."""

    def start(self) -> None:
        """Let it run; may wait for its device.

        Raises:
            SmartrecError: It does not.
        """
        ...

    def drain(self) -> list[SoundChunk]:
        """All that has come since the last call; never waits."""
        ...

    def problem(self) -> SmartrecError | None:
        """Why no more will come, if so."""
        ...

    def stop(self) -> None:
        """Let go of the device; may wait for it. Idempotent."""
        ...


class MicrophoneCapture:
    """A microphone by way of ALSA, PulseAudio or PipeWire; see `Source`.

    Args:
        kind: See `smartrec.graph.sound.microphone`.
        name: See there.
        card: Of the device, where that is known.
    """

    def __init__(self, kind: str, name: str, card: Card | None = None) -> None:
        self._what = f"{kind}:{name}"
        self._card = card_of(name) if card is None and kind == "alsa" else card
        self._pipeline = launch(str(sound.microphone(kind, name)))
        sink, bus = self._pipeline.get_by_name("samples"), self._pipeline.get_bus()
        assert isinstance(sink, GstApp.AppSink)
        assert bus is not None
        self._sink, self._bus = sink, bus

    def start(self) -> None:
        """See `Source`."""
        if self._pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            try:
                raise_first_error(self._bus)
            except PipelineError as error:
                raise self._explained(error) from error
            finally:
                self.stop()

    def drain(self) -> list[SoundChunk]:
        """See `Source`."""
        chunks: list[SoundChunk] = []
        while len(chunks) < _AT_MOST and (sample := self._sink.try_pull_sample(0)) is not None:
            buffer = sample.get_buffer()
            assert buffer is not None
            if buffer.pts != Gst.CLOCK_TIME_NONE and buffer.get_size():
                data = buffer.extract_dup(0, buffer.get_size())
                chunks.append(SoundChunk(Ns(buffer.pts), data))
        return chunks

    def problem(self) -> SmartrecError | None:
        """See `Source`."""
        message = self._bus.timed_pop_filtered(0, Gst.MessageType.ERROR | Gst.MessageType.EOS)
        if message is None:
            return None
        if message.type == Gst.MessageType.EOS:
            return MicrophoneGone(f"{self._what} has ended")
        error = error_of(message)
        if isinstance(error, PipelineError):
            log.debug("%s: %s", error, error.debug)
            return self._explained(error)
        return error

    def stop(self) -> None:
        """See `Source`."""
        self._pipeline.set_state(Gst.State.NULL)

    def _explained(self, error: PipelineError) -> MicrophoneError:
        """By what the kernel says of the card: the message's words are not always the same."""
        if self._card is None:
            return MicrophoneError(
                f"no sound from {self._what}: {error}",
                hint="See whether its server runs: smartrec doctor; and what it has: "
                "pactl list short sources",
            )
        return trouble_of(self._card, self._what, str(error))


class DemoMicrophone:
    """A click with each full second of the demo camera's scene; see `Source`.

    Args:
        origin: Pts of the camera's picture 0.
        clock: Says what has come.
    """

    def __init__(self, origin: Ns, clock: Clock | None = None) -> None:
        self._origin = origin
        self._clock = clock or SystemClock()
        self._next = samples_before(self._clock.monotonic() - origin) // _CHUNK
        click = np.zeros(_CHUNK, "<i2")
        click[:12] = 24_000 * np.cos(np.arange(12) / 2)
        self._click, self._silence = click.tobytes(), bytes(2 * _CHUNK)

    def start(self) -> None:
        """See `Source`."""

    def drain(self) -> list[SoundChunk]:
        """See `Source`."""
        chunks: list[SoundChunk] = []
        now = self._clock.monotonic()
        while self._origin + time_of((self._next + 1) * _CHUNK) <= now:
            first = self._next * _CHUNK
            data = self._silence if first % RATE else self._click
            chunks.append(SoundChunk(Ns(self._origin + time_of(first)), data))
            self._next += 1
        return chunks

    def problem(self) -> SmartrecError | None:
        """See `Source`."""
        return None

    def stop(self) -> None:
        """See `Source`."""


def trouble_of(card: Card, what: str, said: str) -> MicrophoneError:
    """Why a card gives no sound, by what is known of it now.

    Args:
        card: As it was found.
        what: How the settings call it.
        said: What GStreamer says.
    """
    now = next((each for each in cards() if each.id == card.id), None)
    if now is None or not now.node.exists():
        return MicrophoneGone(
            f"the microphone {what} is gone", hint="Plug it in; which there are: arecord -l"
        )
    if not os.access(now.node, os.R_OK | os.W_OK):
        return MicrophoneForbidden(
            f"{now.node} may not be opened by this user",
            hint="Run: sudo usermod -aG audio $USER, and log in anew",
        )
    if now.owner is not None and now.owner != os.getpid():
        return MicrophoneBusy(
            f"process {now.owner} records from {what}",
            hint='End it, or use what it gives: audio = "pulse:default" or "pipewire:NAME"',
        )
    return MicrophoneError(f"no sound from {what}: {said}", hint="Plug it in again")
