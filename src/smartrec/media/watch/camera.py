"""One camera in the watching process: what becomes of each unit that the recorder sends of it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from smartrec.errors import SmartrecError
from smartrec.media.watch.eye import Fit, JpegPicture, Picture
from smartrec.media.watch.looking import Asked
from smartrec.media.watch.messages import Note, Unit
from smartrec.model import AccessUnit, Codec, StreamFormat
from smartrec.units import SECOND, Ns

if TYPE_CHECKING:
    from smartrec.media.gst import Gst
    from smartrec.media.watch.decoding import Decoder

LOOK_WITHIN: Final = Ns(2 * SECOND)
"""A picture that has not come out of the decoder by then is not waited for any longer."""
_DEAR: Final = 0.1
"""Share of a core from which decoding every picture of a camera is worth a word."""
_NAMES: Final = {Codec.H264: "H.264", Codec.H265: "H.265"}


class Shows(Protocol):
    """A screen, as far as pictures go to it."""

    def frame(self, camera: str, sample: "Gst.Sample", pts: Ns, stream: StreamFormat) -> None:
        """A decoded picture; does not wait. Any thread."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a camera's affairs go; any thread.

    Attributes:
        ask: A picture to look at; None where one that was to come does not.
        note: Something for the user.
        fps: How often the camera is looked at; None where it is not.
    """

    ask: Callable[[Asked | None], None]
    note: Callable[[Note], None]
    fps: float | None


@dataclass(frozen=True, slots=True)
class _Awaited:
    epoch: int
    pts: Ns
    until: Ns


class Camera:
    """Takes one camera's units; `stream`, `take` and `close` on one thread.

    JPEGs are decoded here for the screen only: the detector decodes its own, and less of them.

    Attributes:
        screen: Where pictures go; None while there is none.
        undecodable_jpegs: JPEGs the detector could not read.

    Args:
        name: The camera's id.
        desk: Where its affairs go.
    """

    def __init__(self, name: str, desk: Desk) -> None:
        self.screen: Shows | None = None
        self.undecodable_jpegs = 0
        self._name = name
        self._desk = desk
        self._stream: StreamFormat | None = None
        self._decoder: Decoder | None = None
        self._before = (0, 0)
        self._lock = threading.Lock()
        self._awaited: _Awaited | None = None
        self._mute = False
        self._told_failure = False
        self._told_cost = False

    @property
    def skipped(self) -> int:
        """Units that were to be decoded and were not."""
        return self._before[0] + (self._decoder.skipped if self._decoder else 0)

    @property
    def undecodable(self) -> int:
        """Units that were no pictures. Each JPEG of a shown camera passes the decoder anyway."""
        by_decoders = self._before[1] + (self._decoder.undecodable if self._decoder else 0)
        return max(by_decoders, self.undecodable_jpegs)

    def stream(self, stream: StreamFormat) -> None:
        """What the next units are."""
        if stream != self._stream:
            self.close()
            self._stream = stream
            self._mute = self._told_failure = self._told_cost = False

    def take(self, message: Unit, now: Ns) -> None:
        """The next unit; never waits."""
        unit, stream = message.unit, self._stream
        if stream is None:
            if message.look:
                self._desk.ask(None)
            return
        coded = stream.codec is not Codec.JPEG
        if message.look:
            self._look(message, stream, now)
        if message.show and (coded or self.screen is not None):
            self._decode(unit, stream)

    def turn(self, now: Ns) -> None:
        """Now and then: give up what does not come; say what it costs."""
        awaited = self._awaited
        if awaited is not None and now > awaited.until and self._awaits_no_more(awaited.pts):
            self._mute = True
            self._tell_failure("no picture comes out of the decoder in time")
            self._desk.ask(None)
        decoder = self._decoder
        if decoder is not None and decoder.cost is not None and not self._told_cost:
            self._told_cost = True
            if decoder.cost >= _DEAR:
                self._tell_cost(decoder.cost)

    def close(self) -> None:
        """Decode no more; does not wait."""
        decoder, self._decoder = self._decoder, None
        if decoder is not None:
            skipped, undecodable = self._before
            self._before = (skipped + decoder.skipped, undecodable + decoder.undecodable)
            decoder.stop()
        if self._awaited is not None:
            self._give_up(self._awaited.pts)

    def _look(self, message: Unit, stream: StreamFormat, now: Ns) -> None:
        unit = message.unit
        picture: Callable[[Fit], Picture]
        if stream.codec is Codec.JPEG:
            picture = partial(JpegPicture, unit.data, stream)
        elif message.show and self._mute:
            self._desk.ask(None)  # other cameras do not wait for one whose decoder gives nothing
            return
        elif message.show:
            with self._lock:
                self._awaited = _Awaited(unit.epoch, unit.pts, Ns(now + LOOK_WITHIN))
            return
        else:
            from smartrec.media.watch.planes import LonePicture

            picture = partial(LonePicture, unit, stream)
        self._desk.ask(Asked(self._name, unit.epoch, unit.pts, picture))

    def _decode(self, unit: AccessUnit, stream: StreamFormat) -> None:
        if self._decoder is None:
            # Most watches show nothing and look at JPEGs: they do without GStreamer, and are
            # smaller by its memory.
            from smartrec.media.watch.decoding import Decoder, Listener

            listener = Listener(partial(self._frame, stream), self._give_up, self._failed)
            self._decoder = Decoder(f"decoder of {self._name}", stream, listener)
            self._decoder.start()
        self._decoder.push(unit)

    def _frame(self, stream: StreamFormat, sample: "Gst.Sample", pts: Ns) -> None:
        """On a streaming thread."""
        self._mute = False
        screen = self.screen
        if screen is not None:
            screen.frame(self._name, sample, pts, stream)
        with self._lock:
            awaited = self._awaited
            if awaited is None or pts < awaited.pts:
                return
            self._awaited = None
        from smartrec.media.watch.planes import DecodedPicture

        # If that very picture is lost, a newer one is as good.
        self._desk.ask(
            Asked(self._name, awaited.epoch, pts, partial(DecodedPicture, sample, stream))
        )

    def _give_up(self, pts: Ns) -> None:
        if self._awaits_no_more(pts):
            self._desk.ask(None)

    def _awaits_no_more(self, pts: Ns) -> bool:
        """Whether that picture was awaited until now."""
        with self._lock:
            awaited = self._awaited is not None and self._awaited.pts == pts
            if awaited:
                self._awaited = None
        return awaited

    def _failed(self, error: SmartrecError) -> None:
        self._tell_failure(f"pictures cannot be decoded now: {error}", error.hint or "")

    def _tell_failure(self, text: str, hint: str = "") -> None:
        if not self._told_failure:
            self._told_failure = True
            self._desk.note(Note(text, hint, self._name))

    def _tell_cost(self, share: float) -> None:
        stream, fps = self._stream, self._desk.fps
        if stream is None or stream.codec is Codec.JPEG or self.screen is not None or fps is None:
            return
        text = (
            f"sends {_NAMES[stream.codec]}: every picture is decoded to look at {fps:g} a second,"
            f" {share:.0%} of a core"
        )
        hint = "detector.keyframes_only = true saves most of it; persons are seen more rarely"
        self._desk.note(Note(text, hint, self._name))
