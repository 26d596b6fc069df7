"""Messages as other programs print them, each with the trouble that it must lead to."""

import re

import pytest

from smartrec.app.doctor.explaining import explain
from smartrec.app.doctor.troubles.errors import ERRORS
from smartrec.app.doctor.troubles.table import TROUBLES
from smartrec.errors import PipelineError
from smartrec.media.rtsp import clock_in_words
from smartrec.media.rtsp_address import address_of
from smartrec.media.rtsp_failure import camera_error
from smartrec.media.rtsp_redirect import Redirection
from smartrec.units import SECOND, Ns

SEEN = {
    "0:00:02.1 ERROR nvinfer gstnvinfer.cpp:676:gst_nvinfer_logger: <primary-inference> NvDsInferC"
    "ontext[UID 1]: Error in NvDsInferContextImpl::initialize() [UID = 1]: Unique ID not set":
        ("deepstream", "nvinfer-id"),
    "Config file path: pgie.txt, NvDsInfer Error: NVDSINFER_CONFIG_FAILED":
        ("deepstream", "nvinfer-model"),
    "NvDsInfer Error: NVDSINFER_CUSTOM_LIB_FAILED": ("deepstream", "nvinfer-library"),
    "Error from primary_gie: Configuration file parsing failed": ("deepstream", "nvinfer-config"),
    "streaming stopped, reason not-negotiated (-4)": ("cameras", "not-negotiated"),
    "ERROR: from element /GstPipeline:pipeline0/GstV4l2Src:v4l2src0: Internal data stream error.":
        ("cameras", "not-negotiated"),
    "v4l2_input_select: Error selecting input 0 VIDIOC_S_INPUT: Device or resource busy":
        ("cameras", "busy"),
    "ioctl(VIDIOC_REQBUFS): Device or resource busy": ("cameras", "busy"),
    "[v4l2 @ 0x1] Cannot open video device /dev/video0: Device or resource busy":
        ("cameras", "busy"),
    "gstv4l2object.c: Failed to allocate required memory.": ("usb", "usb-full"),
    "VIDIOC_STREAMON error 28, No space left on device": ("usb", "usb-full"),
    "libv4l2: error turning on stream: No space left on device": ("usb", "usb-full"),
    "write failed: No space left on device": ("room", "full"),
    "Cannot open video device /dev/video0: Permission denied": ("cameras", "forbidden"),
    "Cannot identify device '/dev/video0'.": ("cameras", "no-camera"),
    "usb 1-1: device descriptor read/64, error -71": ("cameras", "falls-off"),
    "uvcvideo: Non-zero status (-71) in video completion handler.": ("cameras", "falls-off"),
    "Corrupt JPEG data: premature end of data segment": ("cameras", "damaged-jpeg"),
    "Could not initialise X output": ("screen", "no-screen"),
    "nvbufsurftransform: Could not get EGL display connection": ("screen", "no-egl"),
    'WARNING: erroneous pipeline: no element "x264enc"': ("elements", "missing-element"),
    'erroneous pipeline: no element "nvinfer"': ("deepstream", "deepstream-not-whole"),
    "libgomp.so.1: cannot allocate memory in static TLS block": ("elements", "static-tls"),
    "ModuleNotFoundError: No module named 'gi'": ("gstreamer", "no-gstreamer"),
    "ModuleNotFoundError: No module named 'pyds'": ("deepstream", "no-deepstream"),
    "[mov,mp4] moov atom not found": ("elsewhere", "no-moov"),
    "No video stream found": ("elsewhere", "nvdssr-no-keyframe"),
    "gst_queue_leak_downstream: assertion failed: (leak != NULL)": ("elsewhere", "nvdssr-aborts"),
    "NvDsSRStart failed: NVDSSR_STATUS_INVALID_OP": ("elsewhere", "nvdssr-busy"),
    "smart-rec-default-duration": ("elsewhere", "nvdssr-length"),
    "arecord: main:831: audio open error: Device or resource busy": ("microphone", "sound-busy"),
    "cam0: no sound from pulse:mic: source: Failed to connect: Connection refused": (
        "microphone",
        "no-sound-server",
    ),
    "Unauthorized (401)": ("cameras", "rtsp-refused"),
}  # fmt: skip


@pytest.mark.parametrize("message", SEEN)
def test_a_message_of_another_program_leads_to_its_trouble(message: str) -> None:
    first = explain(message)[0]
    assert (first.section, first.key) == SEEN[message]


@pytest.mark.parametrize(
    ("debug", "key"),
    [
        ("Unauthorized (401)", "rtsp-refused"),
        ("Forbidden (403)", "rtsp-refused"),
        ("Not Found (404)", "rtsp-path"),
        ("Service Unavailable (503)", "rtsp-gone"),
        ("no streams", "rtsp-codec"),
        ("setup_streams", "rtsp-transport"),
        ("Parse error", "rtsp-transport"),
        ("UDP packets", "rtsp-transport"),
        ("", "rtsp-gone"),
    ],
)
def test_what_we_say_of_a_network_camera_leads_to_its_trouble(debug: str, key: str) -> None:
    address = address_of("rtsp://me@cam/main")
    error = PipelineError("source", "failed", debug=debug)
    said = str(camera_error(address, error, None, Redirection(address)))
    assert explain(said)[0].key == key


def test_what_we_say_of_certificates_clocks_and_redirections_leads_to_its_trouble() -> None:
    def keys(fragment: str, debug: str = "", refused: str | None = None) -> list[str]:
        address = address_of(f"rtsps://cam/main{fragment}")
        to = Redirection(address)
        to.to, to.too_often = "rtsp://other/", True
        error = PipelineError("source", "failed", debug=debug)
        return [match.key for match in explain(str(camera_error(address, error, refused, to)))]

    assert keys("", refused="00") == ["rtsp-untrusted"]
    assert keys(f"#sha256={'0' * 64}", refused="11") == ["rtsp-other-certificate"]
    assert keys("", "Unauthorized (401)") == ["rtsp-refused"]
    assert keys("") == ["rtsp-path"]
    for off in (Ns(3600 * SECOND), Ns(-3 * SECOND), Ns(10**18)):
        (found,) = explain(clock_in_words(address_of("rtsp://cam/main"), off))
        assert found.key == "camera-clock"


def test_case_and_line_ends_do_not_count() -> None:
    (found,) = explain("vidioc_streamon:\n   no SPACE left\non device")
    assert found.key == "usb-full"


def test_a_piece_of_a_surer_row_is_no_second_row() -> None:
    assert [m.key for m in explain("STREAMON: No space left on device")] == ["usb-full"]
    both = explain("STREAMON: No space left on device; audio open error: Permission denied")
    assert {m.key for m in both} == {"usb-full", "sound-forbidden"}


def test_errors_of_ours_are_known_by_name() -> None:
    for error in ERRORS:
        assert any(match.key == error.__name__ for match in explain(f"x {error.__name__} y"))


@pytest.mark.parametrize("text", ["", "hello", "smartrec is a fine program", "camera"])
def test_words_that_are_no_message_lead_nowhere(text: str) -> None:
    assert explain(text) == []


def test_every_expression_compiles_and_is_specific() -> None:
    for rows in TROUBLES.values():
        for row in rows.values():
            for heard in row.heard:
                assert not re.search(heard, "", re.IGNORECASE), heard
                assert heard == heard.lower() or "\\" in heard, heard
