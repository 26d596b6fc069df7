"""What `smartrec cameras` prints; on real cameras it is shown in tests/usb."""

import json
from fractions import Fraction
from pathlib import Path

from click.testing import CliRunner

from smartrec.cli.cameras import as_json, as_lines, cameras
from smartrec.errors import CameraBusy
from smartrec.graph.formats import Format, choose
from smartrec.media.devices import Camera, video_nodes

FORMATS = (
    Format("MJPG", 1280, 720, (Fraction(30), Fraction(15))),
    Format("YUYV", 640, 480, (Fraction(30000, 1001),)),
)
CAMERA = Camera(
    Path("/dev/video0"),
    Path("/dev/v4l/by-id/usb-Cam-video-index0"),
    "Cam",
    "usb-1",
    "S1",
    FORMATS,
    CameraBusy("/dev/video0 is held by cheese (pid 7)", hint="kill 7"),
)
CHOICE = choose(FORMATS, size=(1920, 1080), fps=Fraction(30))


def test_people_read_name_choice_difference_holder_and_formats() -> None:
    text = "\n".join(as_lines(CAMERA, CHOICE, formats=True))
    assert "/dev/video0  Cam" in text
    assert "/dev/v4l/by-id/usb-Cam-video-index0" in text
    assert "MJPG 1280x720 at 30" in text
    assert "asked 1920x1080 at 30, the camera gives 1280x720 at 30" in text
    assert "held by cheese (pid 7)" in text
    assert "YUYV  640x480" in text
    assert "29.97" in text


def test_programs_read_the_same() -> None:
    value = json.loads(json.dumps(as_json(CAMERA, CHOICE)))
    assert value["path"] == "/dev/video0"
    assert value["choice"]["caps"] == "image/jpeg,width=1280,height=720,framerate=30/1"
    assert value["trouble"]["error"] == "CameraBusy"
    assert value["formats"][1]["rates"] == [29.97]


def test_a_machine_without_cameras_is_no_error_and_says_what_to_check() -> None:
    result = CliRunner().invoke(cameras, ["--json"])
    assert result.exit_code == 0
    assert isinstance(json.loads(result.stdout), list)
    if not video_nodes():
        assert json.loads(result.stdout) == []
        assert "no camera found" in result.stderr


def test_a_size_that_is_none_is_refused_with_an_example() -> None:
    result = CliRunner().invoke(cameras, ["--size", "hd"])
    assert result.exit_code == 2
    assert "1280x720" in result.stderr
