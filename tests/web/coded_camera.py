"""A camera that sends H.264 or H.265 for ever: numbered pictures that were encoded once."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache

from smartrec.app.page_messages import Format, Looked, Unit
from smartrec.media.capture import format_of
from smartrec.media.demo import PERSON_FIRST, DemoFeed, person_box
from smartrec.media.gst import Gst
from smartrec.model import AccessUnit, Codec, Look, StreamFormat, Track
from smartrec.units import SECOND, Ns
from tests.media import clips
from tests.web.child import Child

FPS = 30
FRAME = Ns(SECOND // FPS)
LOOK_EVERY = 6


@dataclass(frozen=True)
class CodedCamera:
    """Pictures over and over, each time from a keyframe on.

    Attributes:
        format: Of its access units.
        units: In the order of decoding; times count from 0.
        first: The number drawn into the first picture.
        demo: Whether a person is there when she is in the demo's picture of that number.
    """

    format: StreamFormat
    units: tuple[AccessUnit, ...]
    first: int = 0
    demo: bool = False

    def sent(self, begin: Ns) -> Iterator[tuple[int, AccessUnit]]:
        """Endless: the number drawn, and the unit; the first picture is taken at `begin`."""
        turn = 0
        while True:
            shift = begin + turn * len(self.units) * FRAME
            for place, unit in enumerate(self.units):
                pts, dts = Ns(unit.pts + shift), Ns(unit.dts + shift)
                seq = turn * len(self.units) + place
                number = self.first + round(unit.pts / FRAME)
                yield number, replace(unit, seq=seq, pts=pts, dts=dts)
            turn += 1


@dataclass
class Feeding:
    """What a page gets of a camera, by a thread of its own; each unit when it is there.

    Attributes:
        numbers: The number drawn into each picture that was sent, by its pts.
        lose: So many of the next pictures are lost on the way.
        spoil: The next unit's data is made this.
    """

    child: Child
    camera: CodedCamera
    name: str
    numbers: dict[int, int] = field(default_factory=dict)
    lose: int = 0
    spoil: bytes | None = None

    def run(self, ended: threading.Event) -> None:
        """Until it is ended."""
        told = flowing = False
        for number, unit in self.camera.sent(Ns(time.monotonic_ns())):
            # What is decoded early was taken after what it is shown after.
            ready = max(unit.pts, unit.dts)
            if ended.wait(max(0.0, (ready - time.monotonic_ns()) / SECOND)):
                return
            wanted = self.name in self.child.wanted
            flowing = wanted and (flowing or unit.keyframe)
            if not flowing:
                continue
            if not told:
                told = True
                self.child.tell(Format(self.name, self.camera.format))
            self._send(number, unit)

    def _send(self, number: int, unit: AccessUnit) -> None:
        if self.lose:
            self.lose -= 1
            return
        if self.spoil is not None:
            unit, self.spoil = replace(unit, data=self.spoil), None
        self.numbers[unit.pts] = number
        self.child.tell(Unit(self.name, unit, show=True, look=False))
        if self.camera.demo and number % LOOK_EVERY == 0:
            box = person_box(number)
            tracks = () if box is None else (Track(1, box, 0.87),)
            self.child.tell(Looked(Look(self.name, unit.epoch, unit.pts, tracks)))


@contextmanager
def feeding(child: Child, camera: CodedCamera, name: str = "cam0") -> Iterator[Feeding]:
    """A camera that sends while it is wanted."""
    fed, ended = Feeding(child, camera, name), threading.Event()
    thread = threading.Thread(target=fed.run, args=[ended], daemon=True)
    thread.start()
    try:
        yield fed
    finally:
        ended.set()
        thread.join(10.0)


@cache
def small(codec: Codec = Codec.H264, bframes: int = 0, gop: int = 30) -> CodedCamera:
    """320x240, with numbers as `tests.media.numbered` has them; they repeat after four seconds."""
    stream, units = clips.stream_units(codec, 4 * FPS, gop, bframes)
    caps = Gst.Caps.from_string(stream.caps)
    assert caps is not None
    return CodedCamera(format_of(caps), _from_0(units))


def of_demo(
    demo: DemoFeed,
    gop: int = 60,
    bframes: int = 0,
    size: tuple[int, int] = (1280, 720),
    seconds: int = 10,
) -> CodedCamera:
    """The demo's pictures with the demo's numbers, as many cameras would encode them.

    In the third second of them a person comes.
    """
    first = PERSON_FIRST - 2 * FPS
    encoder = (
        "jpegdec ! videoconvert ! videoscale"
        f" ! video/x-raw,format=I420,width={size[0]},height={size[1]}"
        " ! x264enc speed-preset=veryfast bitrate=4000 b-adapt=false"
        f" key-int-max={gop} bframes={bframes}"
        " option-string=scenecut=0 ! h264parse ! video/x-h264,stream-format=avc,alignment=au"
    )
    pictures = (demo.jpeg(first + n) for n in range(seconds * FPS))
    samples = clips.through(encoder, pictures, demo.format.caps)
    caps = samples[-1].get_caps()
    assert caps is not None
    return CodedCamera(format_of(caps), _from_0(_units(samples)), first, demo=True)


def _units(samples: Iterable[Gst.Sample]) -> Iterator[AccessUnit]:
    for n, sample in enumerate(samples):
        buffer = sample.get_buffer()
        assert buffer is not None
        alone = not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
        data = buffer.extract_dup(0, buffer.get_size())
        yield AccessUnit(1, n, Ns(buffer.pts), Ns(buffer.dts), FRAME, alone, 0, data)


def _from_0(units: Iterable[AccessUnit]) -> tuple[AccessUnit, ...]:
    all_of_them = tuple(units)
    zero = min(unit.pts for unit in all_of_them)
    return tuple(
        replace(unit, pts=Ns(unit.pts - zero), dts=Ns(unit.dts - zero), duration=FRAME)
        for unit in all_of_them
    )
