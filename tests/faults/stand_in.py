"""A stand-in for a camera whose driver and cable are bad, in a station of this process."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass

from smartrec.app.attempts import Started
from smartrec.app.bus import Bus
from smartrec.app.console import Console
from smartrec.app.station import Places, Station
from smartrec.clock import SystemClock
from smartrec.config.schema import Config
from smartrec.graph.capture import fed_capture
from smartrec.media.capture import Capture
from smartrec.media.gst import Gst, GstApp
from smartrec.model import Action, Answer, Command, new_id
from smartrec.units import SECOND, Ns
from tests.e2e.recorder import TIMEOUT, Home

CAPS = "image/jpeg,parsed=true,width={},height={},framerate={}/1,pixel-aspect-ratio=1/1"


@dataclass(frozen=True)
class Sent:
    """What the camera sends.

    Attributes:
        number: The driver's sequence number.
        after: When, since the first (ns).
        data: Its bits.
    """

    number: int
    after: int
    data: bytes


class BadCamera(Capture):
    """Sends what it is told, each at its moment, with the numbers it is told.

    Args:
        sent: All there is.
        size: What it says its pictures' is.
        fps: What it says its rate is.

    Attributes:
        zero: Moment of the picture that is sent 0 ns after the first.
    """

    def __init__(
        self, sent: Iterable[Sent], *, size: tuple[int, int] = (1280, 720), fps: int = 30
    ) -> None:
        super().__init__(fed_capture(), epoch=1)
        source = self._pipeline.get_by_name("source")
        assert isinstance(source, GstApp.AppSrc)
        source.set_caps(Gst.Caps.from_string(CAPS.format(*size, fps)))
        self._pipeline.set_state(Gst.State.PLAYING)
        self.zero = SystemClock().monotonic() + SECOND // 10
        for one in sent:
            buffer = Gst.Buffer.new_wrapped(one.data)
            buffer.pts = buffer.dts = self.zero + one.after
            buffer.duration = SECOND // fps
            buffer.offset = one.number
            source.push_buffer(buffer)


class Running:
    """The station while it runs."""

    def __init__(self, station: Station, camera: BadCamera) -> None:
        self.station = station
        self.camera = camera
        self.said: list[str] = []

    def trigger(self, pts: int) -> Answer:
        command = Command(new_id(), None, Action.START, "test", Ns(pts))
        answers: Future[tuple[Answer, ...]] = self.station.submit(command)
        (answer,) = answers.result(TIMEOUT)
        return answer


@contextmanager
def station(home: Home, camera: BadCamera, *, pre: int, post: int) -> Iterator[Running]:
    """A station with that camera; stopped, its clips finished, when the ``with`` ends."""
    lengths = {"pre_roll": f"{pre / SECOND}s", "post_roll": f"{post / SECOND}s"}
    config = Config.model_validate(
        {
            "recording": {"directory": str(home.clips), **lengths},
            "camera": [{"id": "cam0", "source": "demo"}],
        }
    )
    (home.clips / ".open").mkdir(parents=True)
    clock = SystemClock()
    bus = Bus(clock)
    places = Places(home.clips, home.clips / ".open", home.clips.parent, home.clips.parent)
    running = Running(Station(config, places, new_id(), clock, bus), camera)
    console = Console(bus.subscribe(durable_only=True), running.said.append, clock)
    console.start()
    # The capture is there already: the station never makes one of its own.
    running.station.cameras[0].started(Started("cam0", camera, None), clock.monotonic())
    thread = threading.Thread(target=running.station.run, name="station")
    thread.start()
    try:
        yield running
    finally:
        running.station.stop("the test is over")
        thread.join(TIMEOUT)
        bus.close()
        console.join(TIMEOUT)
