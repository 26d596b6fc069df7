"""One trunk, and branches that come and go, of GStreamer's own elements."""

import time
from collections.abc import Iterator

import pytest

from smartrec.media.engines.deepstream.pipeline import Pipeline
from smartrec.media.gst import GLib, Gst
from smartrec.model import AccessUnit, Codec, StreamFormat
from smartrec.units import Ns

H264 = StreamFormat(Codec.H264, 64, 64, 25.0, "video/x-h264")
TAKES = "appsrc name=source_0 ! identity name=decoder_0 ! queue name=fresh_0"
PATIENCE = 20


@pytest.fixture
def pipeline() -> Iterator[Pipeline]:
    made = Pipeline("funnel name=mux ! fakesink name=display sync=false async=false")
    assert made.start()
    yield made
    made.stop()


def unit(n: int) -> AccessUnit:
    return AccessUnit(1, n, Ns(n), Ns(n), Ns(1), keyframe=True, lost_before=0, data=b"\0" * 16)


def failed(pipeline: Pipeline, name: str) -> Gst.Element:
    """An element, after it has posted an error."""
    element = pipeline.element(name)
    error = Gst.Message.new_error(element, _error(), "as it says")
    assert element.post_message(error)
    return element


def _error() -> GLib.Error:
    return GLib.Error.new_literal(Gst.StreamError.quark(), "broken", Gst.StreamError.DECODE)


def test_error_of_a_branch_names_its_camera(pipeline: Pipeline) -> None:
    pipeline.branch(0, TAKES, H264)
    failed(pipeline, "decoder_0")
    (trouble,) = pipeline.troubles()
    assert (trouble.branch, trouble.element) == (0, "decoder_0")


def test_error_of_the_trunk_is_no_cameras(pipeline: Pipeline) -> None:
    failed(pipeline, "mux")
    (trouble,) = pipeline.troubles()
    assert (trouble.branch, trouble.element) == (None, "mux")


def test_what_a_branch_said_before_it_was_cut_stops_nobody(pipeline: Pipeline) -> None:
    pipeline.branch(0, TAKES, H264)
    gone = failed(pipeline, "decoder_0")
    pipeline.branch(0, TAKES, H264)
    assert gone is not pipeline.element("decoder_0")
    assert pipeline.troubles() == []


def test_decoder_that_is_behind_is_not_fed_without_end(pipeline: Pipeline) -> None:
    pipeline.branch(0, TAKES, H264)
    decoder = pipeline.element("decoder_0").get_static_pad("src")
    assert decoder is not None
    held = decoder.add_probe(
        Gst.PadProbeType.BLOCK | Gst.PadProbeType.BUFFER, lambda _pad, _info: Gst.PadProbeReturn.OK
    )
    taken = sum(pipeline.push(0, unit(n)) for n in range(200))
    assert 60 <= taken <= 62, "some wait, and one or two are within"
    decoder.remove_probe(held)
    until = time.monotonic() + PATIENCE
    while not pipeline.push(0, unit(200)):
        assert time.monotonic() < until
