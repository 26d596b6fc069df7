"""A camera on the network recorded by nvurisrcbin, a stand-in of it that really speaks RTSP."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from gi.repository import GObject

from smartrec.graph.deepstream import rtsp_branch
from smartrec.masking import masked
from smartrec.media.engines.deepstream.pipeline import Pipeline
from smartrec.media.engines.deepstream.recording import Recorders
from smartrec.media.gst import Gst, GstApp, launch
from smartrec.media.nvdssr import Recorded, SmartRecordSettings, UriRecorder
from smartrec.media.rtsp_address import address_of
from smartrec.media.watch import messages
from smartrec.media.watch.messages import Leave, Message, Record, SmartRecordSetup
from smartrec.model import Codec, StreamFormat
from smartrec.units import SECOND, Ns
from tests.deepstream.nvdssr import libraries
from tests.deepstream.nvdssr.uri_source import READABLE, UriSource
from tests.deepstream.stand_ins.raw import float_again
from tests.e2e.pictures import numbers
from tests.media.rtsp_server import (
    HEIGHT,
    TIMEOUT,
    WIDTH,
    Server,
    needs_server,
    numbered,
    played,
)

USER, PASSWORD = "me", "s3cret"
STREAM = StreamFormat(Codec.H264, WIDTH, HEIGHT, 30.0, "video/x-h264")


class NetworkSource(UriSource):
    """Also gets its pictures by itself, decodes them, and has the pads of the real one."""

    __gtype_name__ = "SmartrecNetworkSource"
    __gproperties__: ClassVar[dict[str, Any]] = {
        "uri": (str, "", "", None, READABLE),
        "type": (str, "", "", "auto", READABLE),
        "rtsp-reconnect-interval": (GObject.TYPE_UINT, "", "", 0, 2**32 - 1, 0, READABLE),
    }

    def __init__(self) -> None:
        super().__init__()
        float_again(self)

    def do_change_state(self, change: Any) -> Gst.StateChangeReturn:
        if change == Gst.StateChange.NULL_TO_READY:
            self._fetch()
        return Gst.Bin.do_change_state(self, change)

    def _fetch(self) -> None:
        address = address_of(self.set["uri"])
        inner = Gst.parse_bin_from_description(
            "rtspsrc name=net protocols=tcp ! rtph264depay ! h264parse ! tee name=both"
            " both. ! queue ! avdec_h264 name=decoder  both. ! queue name=record",
            False,
        )
        net = inner.get_by_name("net")
        assert net is not None
        net.set_property("location", address.location)
        net.set_property("user-id", address.user)
        net.set_property("user-pw", address.password)
        for name, end in (("pictures", "decoder"), ("coded", "record")):
            last = inner.get_by_name(end)
            pad = None if last is None else last.get_static_pad("src")
            assert pad is not None
            inner.add_pad(Gst.GhostPad.new(name, pad))
        self.add(inner)
        self.ready()
        coded, sink = inner.get_static_pad("coded"), self.get_static_pad("sink")
        assert coded is not None
        assert isinstance(sink, Gst.GhostPad)
        target = sink.get_target()
        assert target is not None
        self.remove_pad(sink)
        assert coded.link(target) == Gst.PadLinkReturn.OK
        pictures = inner.get_static_pad("pictures")
        assert pictures is not None
        self.add_pad(Gst.GhostPad.new("vsrc_0", pictures))


@cache
def _register() -> None:
    kind: Any = NetworkSource
    kind.set_metadata("nvurisrcbin", "Source", "A stand-in", "smartrec")
    kind.add_pad_template(
        Gst.PadTemplate.new(
            "vsrc_%u", Gst.PadDirection.SRC, Gst.PadPresence.SOMETIMES, Gst.Caps.new_any()
        )
    )
    assert Gst.Element.register(None, "nvurisrcbin", Gst.Rank.NONE, kind)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    needs_server()
    film = numbered(tmp_path / "film.mp4", "h264", 900)
    with Server({"/main": played(film, "h264")}, login=(USER, PASSWORD)) as running:
        yield running


@pytest.fixture
def pipeline(server: Server) -> Iterator[Gst.Pipeline]:
    """The camera's part of a branch, and in place of the rest of it an appsink ``shown``."""
    UriSource.library = libraries.library(libraries.STAND_IN)
    _register()
    uri = server.address("/main", f"{USER}:{PASSWORD}@")
    source, *_ = rtsp_branch(0, uri, STREAM, None).split(" ! ")
    pipeline = launch(f"{source} ! appsink name=shown sync=false")
    yield pipeline
    pipeline.set_state(Gst.State.NULL)


class Told:
    """What a recorder tells, waited for."""

    def __init__(self) -> None:
        self.all: list[object] = []

    def one(self, recorder: UriRecorder) -> object:
        deadline = time.monotonic() + TIMEOUT
        while not self.all:
            assert time.monotonic() < deadline, "no clip came"
            recorder.turn(Ns(time.monotonic_ns()))
            threading.Event().wait(0.02)
        (told,) = self.all
        return told


def see(pipeline: Gst.Pipeline, pictures: int) -> Ns:
    """So many pictures come out; when the last was taken."""
    sink = pipeline.get_by_name("shown")
    assert isinstance(sink, GstApp.AppSink)
    pts = 0
    for _ in range(pictures):
        sample = sink.try_pull_sample(20 * SECOND)
        assert sample is not None
        buffer = sample.get_buffer()
        assert buffer is not None
        pts = buffer.pts
    return Ns(pts)


def test_the_text_of_a_branch_finds_its_camera_and_its_recorder_records_a_clip(
    pipeline: Gst.Pipeline, tmp_path: Path
) -> None:
    camera = pipeline.get_by_name("source_0")
    assert isinstance(camera, NetworkSource)
    told = Told()
    settings = SmartRecordSettings(tmp_path, "net", cache=Ns(6 * SECOND))
    recorder = UriRecorder(camera, settings, told.all.append)
    pipeline.set_state(Gst.State.PLAYING)
    see(pipeline, 5)  # its record bin is found while pictures already come
    recorder.turn(Ns(time.monotonic_ns()))
    asked = see(pipeline, 40)
    assert abs(time.monotonic_ns() - asked) < 5 * SECOND  # of the one timeline here too
    recorder.start("clip", Ns(SECOND), asked)
    see(pipeline, 30)
    recorder.stop("clip")
    clip = told.one(recorder)
    recorder.close()
    assert isinstance(clip, Recorded), clip
    drawn = [number for number in numbers(clip.path, WIDTH, HEIGHT) if number is not None]
    assert drawn == list(range(drawn[0], drawn[0] + len(drawn)))
    assert drawn[0] <= 15 < 60 <= drawn[-1]


@pytest.mark.long
def test_the_watch_has_the_camera_recorded_and_its_password_in_no_launch_text(
    server: Server, tmp_path: Path
) -> None:
    UriSource.library = libraries.library(libraries.STAND_IN)
    _register()
    uri = server.address("/main", f"{USER}:{PASSWORD}@")
    said: list[Message] = []
    setup = SmartRecordSetup(str(libraries.compiled()), str(tmp_path), Ns(6 * SECOND))
    recorders = Recorders(setup, said.append)
    pipeline = Pipeline("funnel name=mux ! fakesink name=display")
    seen: list[int] = []
    pipeline.probe("display", "sink", lambda buffer: seen.append(buffer.pts))
    assert pipeline.start()
    source, *_ = rtsp_branch(0, masked(uri), STREAM, None).split(" ! ")
    assert PASSWORD not in source
    begins = partial(recorders.within, "net", uri)
    pipeline.fetch(0, f"{source} ! queue name=fresh_0", begins)
    _await(lambda: len(seen) > 60, recorders)
    recorders.record(Record("net", "clip", Ns(seen[-1] - SECOND)))
    asked = len(seen)
    _await(lambda: len(seen) > asked + 30, recorders)
    recorders.leave(Leave("net", "clip", Ns(seen[-1])))
    _await(lambda: bool(said), recorders)
    recorders.close()
    pipeline.stop()
    (clip,) = said
    assert isinstance(clip, messages.Recorded), clip
    assert clip.camera == "net"
    drawn = [number for number in numbers(Path(clip.path), WIDTH, HEIGHT) if number is not None]
    assert drawn == list(range(drawn[0], drawn[0] + len(drawn)))
    assert len(drawn) >= 60


def _await(so: Callable[[], bool], recorders: Recorders) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not so():
        assert time.monotonic() < deadline
        recorders.turn(Ns(time.monotonic_ns()))
        threading.Event().wait(0.02)
