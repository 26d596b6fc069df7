"""Stand-in for a watch that records: it answers as the environment says.

``records``  an MP4 in H.264 that begins at a keyframe before the clip, as NvDsSR makes it
``refuses``  no file, and why
``garbage``  a file that is none
``dies``     nothing: the process ends when it is to end the clip
"""

import os
import signal
import socket
from collections import deque
from pathlib import Path

from smartrec.media.gst import Gst, GstApp, launch
from smartrec.media.watch.link import Hangup, Link
from smartrec.media.watch.messages import (
    Health,
    Hello,
    Leave,
    NotRecorded,
    Record,
    Recorded,
    Setup,
    StationView,
    Unit,
)
from smartrec.model import AccessUnit
from smartrec.units import SECOND, Ns

GOP = 15
HELD = 600


class Watch:
    """One camera's recorder."""

    def __init__(self, link: Link, directory: Path, mode: str) -> None:
        self._link = link
        self._directory = directory
        self._mode = mode
        self._units: deque[AccessUnit] = deque(maxlen=HELD)
        self._since: dict[str, Ns] = {}
        self._leaving: dict[str, Leave] = {}

    def serve(self) -> None:
        """Until the recorder is gone, or says so."""
        self._link.send(Hello(engine="deepstream", engine_note="a stand-in", records=True))
        while True:
            message = self._link.receive()
            if isinstance(message, StationView) and message.closing:
                return
            if isinstance(message, Unit):
                self._take(message.unit)
            elif isinstance(message, Record):
                self._since[message.clip] = message.since
            elif isinstance(message, Leave):
                if self._mode == "dies":
                    os._exit(11)
                self._leaving[message.clip] = message
                self._end()

    def _take(self, unit: AccessUnit) -> None:
        self._units.append(unit)
        self._end()
        if unit.seq % 30 == 0:
            self._link.send(Health())

    def _end(self) -> None:
        for leave in list(self._leaving.values()):
            if leave.until is None or self._units[-1].pts >= leave.until:
                del self._leaving[leave.clip]
                self._answer(leave)

    def _answer(self, leave: Leave) -> None:
        camera, clip = leave.camera, leave.clip
        if self._mode == "refuses":
            self._link.send(NotRecorded(camera, clip, "the stand-in does not want to", "ask again"))
            return
        path = self._directory / f"{camera}_{clip}.mp4"
        wanted = self._wanted(self._since[clip], leave.until)
        if self._mode == "garbage":
            path.write_bytes(b"no video " * 1000)
        else:
            write(path, wanted)
        began, ended = wanted[0].pts, wanted[-1].pts
        self._link.send(Recorded(camera, clip, str(path), began, ended, len(wanted)))

    def _wanted(self, since: Ns, until: Ns | None) -> list[AccessUnit]:
        units = [unit for unit in self._units if until is None or unit.pts < until]
        keyframes = [n for n, unit in enumerate(units) if unit.seq % GOP == 0]
        first = max((n for n in keyframes if units[n].pts <= since), default=0)
        return units[first:]


def write(path: Path, units: list[AccessUnit]) -> None:
    """JPEGs to an MP4 in H.264."""
    pipeline = launch(
        "appsrc name=source format=time max-bytes=0 ! jpegdec ! videoconvert"
        " ! video/x-raw,format=I420 ! x264enc speed-preset=ultrafast tune=zerolatency"
        f" pass=qual quantizer=20 key-int-max={GOP} ! h264parse ! mp4mux ! filesink name=file"
    )
    source, file = pipeline.get_by_name("source"), pipeline.get_by_name("file")
    assert isinstance(source, GstApp.AppSrc)
    assert file is not None
    file.set_property("location", str(path))
    source.set_caps(Gst.Caps.from_string("image/jpeg,framerate=30/1"))
    pipeline.set_state(Gst.State.PLAYING)
    for unit in units:
        buffer = Gst.Buffer.new_wrapped(unit.data)
        buffer.pts, buffer.duration = unit.pts, unit.duration
        source.push_buffer(buffer)
    source.end_of_stream()
    bus = pipeline.get_bus()
    assert bus is not None
    ended = bus.timed_pop_filtered(60 * SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert ended is not None
    assert ended.type == Gst.MessageType.EOS, ended.parse_error()


def main(argv: list[str]) -> int:
    """As `smartrec.media.watch.child.main`."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    link = Link(socket.socket(fileno=int(argv[1])))
    try:
        setup = link.receive()
        assert isinstance(setup, Setup)
        assert setup.recorder is not None
        Watch(link, Path(setup.recorder.directory), os.environ["SMART_WATCH"]).serve()
    except Hangup:
        return 0
    return 0
