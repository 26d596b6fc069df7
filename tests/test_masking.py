"""No password of a camera is in any text, however it is written."""

import io
import logging

import pytest

from smartrec.cli.log import _Masking
from smartrec.errors import CameraGone, PipelineError
from smartrec.masking import masked, passwords


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://me:s3cret@cam:554/main", "rtsp://me:***@cam:554/main"),
        ("(rtsps://me:s3cret@cam/main)", "(rtsps://me:***@cam/main)"),
        ("RTSP://me:s3cret@cam", "RTSP://me:***@cam"),
        ("rtsp://:s3cret@cam", "rtsp://:***@cam"),
        ("rtsp://me:s3@cret@cam", "rtsp://me:***@cam"),
        ("rtsp://me:s3/cret@cam/x", "rtsp://me:***@cam/x"),
        ("rtsp://me:s3?cr#et@cam", "rtsp://me:***@cam"),
        ("rtsp://me:@cam", "rtsp://me:***@cam"),
        ("rtsp://cam/user=a&password=s3cret&c=1", "rtsp://cam/user=a&password=***&c=1"),
        ("a rtsp://a:s3cret@x b http://b:s3cret@y", "a rtsp://a:***@x b http://b:***@y"),
    ],
)
def test_a_password_is_never_in_it(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert masked(shown) == shown


@pytest.mark.parametrize(
    "text", ["", "rtsp://cam:554/main", "rtsp://me@cam/main", "usb:/dev/video0", "a@b: c://d e@f"]
)
def test_a_text_without_one_stays_as_it_is(text: str) -> None:
    assert masked(text) == text


def test_no_error_says_one() -> None:
    text = "no rtsp://me:s3cret@cam"
    gone, pipeline = CameraGone(text, hint=text), PipelineError("source", text, debug=text)
    assert "s3cret" not in f"{gone} {gone.hint} {pipeline} {pipeline.debug} {gone!r}"
    assert "rtsp://me:***@cam" in str(gone)


def test_no_line_of_the_log_says_one_nor_does_a_traceback() -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(_Masking("%(message)s"))
    log = logging.Logger("alone")
    log.addHandler(handler)
    try:
        int("rtsp://me:s3cret@cam")
    except ValueError:
        log.exception("of %s", "rtsp://me:s3cret@cam")
    assert "ValueError" in written.getvalue()
    assert "s3cret" not in written.getvalue()
    assert written.getvalue().count("rtsp://me:***@cam") == 3


@pytest.mark.parametrize("text", ["rtsp://" * 100_000, "a" * 700_000 + "://"], ids=["://", "a"])
def test_a_text_without_end_is_read_once(text: str) -> None:
    assert masked(text) == text  # took minutes
    assert list(passwords(text)) == []
