"""Captures as text: no decoder, encoder, GPU or window, but for cameras that give raw pictures."""

import pytest

from smartrec.graph.capture import fed_capture, rtsp_capture, usb_capture
from smartrec.graph.plan import Graph
from smartrec.units import SECOND, Ns

JPEG = "image/jpeg,width=1280,height=720,framerate=30/1"
H264 = "video/x-h264,width=1280,height=720,framerate=30/1"
RAW = "video/x-raw,format=YUY2,width=640,height=480,framerate=30/1"


@pytest.mark.parametrize("graph", [usb_capture("/dev/video0", JPEG), fed_capture()], ids=str)
def test_capture_of_jpegs_does_nothing_to_them(graph: Graph) -> None:
    text = str(graph)
    assert not any(word in text for word in ("dec", "enc", "sink name=screen", "convert"))
    assert text.rstrip().splitlines()[-1].strip().startswith("! appsink name=units")


def test_raw_pictures_become_jpegs_before_they_are_held() -> None:
    text = str(usb_capture("/dev/video0", RAW))
    assert (
        text.index("drop-allocation")
        < text.index("videobalance")
        < text.index("jpegenc")
        < text.index("queue")
    )


def test_h264_is_cut_into_access_units_that_mp4_takes() -> None:
    assert "stream-format=avc,alignment=au" in str(usb_capture("/dev/video0", H264))


def test_the_whole_capture_of_a_usb_camera() -> None:
    assert str(usb_capture("/dev/video0", JPEG)) == (
        'v4l2src name=source device="/dev/video0"\n'
        "  ! image/jpeg,width=1280,height=720,framerate=30/1\n"
        "  ! identity drop-allocation=true\n"
        "  ! queue name=hold max-size-time=2000000000 max-size-buffers=0 max-size-bytes=0\n"
        "  ! appsink name=units sync=false max-buffers=300 wait-on-eos=false"
    )


def test_the_whole_capture_of_a_camera_on_the_network() -> None:
    assert str(rtsp_capture("rtsp://me:***@camera/main")) == (
        'rtspsrc name=source location="rtsp://me:***@camera/main" protocols=tcp latency=200'
        " buffer-mode=synced tcp-timeout=10000000 timeout=5000000\n\n"
        "funnel name=either\n"
        "  ! queue name=hold max-size-time=2000000000 max-size-buffers=0 max-size-bytes=0\n"
        "  ! appsink name=units sync=false max-buffers=300 wait-on-eos=false\n\n"
        "source.\n  ! rtph264depay name=h264 request-keyframe=true\n  ! h264parse\n"
        "  ! video/x-h264,stream-format=avc,alignment=au\n  ! either.\n\n"
        "source.\n  ! rtph265depay name=h265\n  ! h265parse\n"
        "  ! video/x-h265,stream-format=hvc1,alignment=au\n  ! either."
    )


@pytest.mark.parametrize(
    ("transport", "protocols"), [("tcp", "tcp"), ("udp", "udp"), ("auto", "udp+tcp")]
)
def test_a_camera_on_the_network_is_asked_for_the_transport_that_is_set(
    transport: str, protocols: str
) -> None:
    text = str(rtsp_capture("rtsp://camera/main", transport, Ns(SECOND)))
    assert (
        f" protocols={protocols} latency=200 buffer-mode=synced "
        "tcp-timeout=1000000 timeout=500000\n" in text
    )
