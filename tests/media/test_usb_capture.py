"""Whatever format is chosen from a camera has a capture that GStreamer can run.

`videotestsrc` stands in for the camera where its pictures are raw; the rest is parsed only.
"""

from fractions import Fraction

import pytest

from smartrec.graph.capture import usb_capture
from smartrec.graph.formats import FOURCCS, Format, Kind, choose, gst_caps
from smartrec.media.gst import Gst, GstApp, launch, running


@pytest.mark.parametrize("fourcc", FOURCCS)
def test_every_format_that_can_be_chosen_can_be_captured(fourcc: str) -> None:
    offered = Format(fourcc, 320, 240, (Fraction(30),))
    choice = choose([offered], size=(320, 240), fps=Fraction(30))
    assert choice is not None
    text = str(usb_capture("/dev/video0", gst_caps(choice)))
    if choice.kind is not Kind.RAW:
        assert launch(text).get_by_name("units") is not None
        return
    camera = 'v4l2src name=source device="/dev/video0"'
    assert camera in text
    pipeline = launch(text.replace(camera, "videotestsrc num-buffers=2"))
    sink = pipeline.get_by_name("units")
    assert isinstance(sink, GstApp.AppSink)
    with running(pipeline):
        sample = sink.try_pull_sample(20 * Gst.SECOND)
    assert sample is not None
    caps = sample.get_caps()
    assert caps is not None
    assert caps.get_structure(0).get_name() == "image/jpeg"
