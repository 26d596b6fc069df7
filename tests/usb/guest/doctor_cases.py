"""What `smartrec doctor` says of real cameras on a real bus: two, one of them may be held."""

import json
import subprocess
from typing import Any

import pytest

from smartrec.units import SECOND
from tests.e2e.recorder import Home
from tests.usb.guest.clips import LIVE, PRE, started
from tests.usb.guest.plug import Plug


def looked(home: Home, *options: str) -> dict[str, list[dict[str, Any]]]:
    """What doctor found, by check."""
    answer = json.loads(home.run("doctor", "--json", *options))
    found: dict[str, list[dict[str, Any]]] = {}
    for each in answer["findings"]:
        found.setdefault(each["check"], []).append(each)
    return found


@pytest.fixture(autouse=True)
def both() -> None:
    """The second camera is there, too."""
    Plug(1).wait_node()


def test_each_camera_says_its_format_port_speed_and_need(home: Home, plug: Plug) -> None:
    found = looked(home)
    assert {each["status"] for each in found["cameras"]} == {"ok"}, found["cameras"]
    first, _, bus = found["usb"]
    assert first["what"].startswith(f"{plug.node}: port ")
    assert "480 Mbit/s (high speed, USB 2): needs about 4.1 MB/s of 24.6" in first["what"]
    assert "8.3 MB/s together of 41.0" in bus["what"]
    assert "each camera on USB has a lasting name" in found["udev"][0]["what"]


def test_cameras_that_are_free_are_measured_together(home: Home, plug: Plug) -> None:
    found = looked(home, "--measure")
    assert len(found["measured"]) == 2
    for each in found["measured"]:
        assert "pictures a second of 30" in each["what"]
        assert "0 damaged" in each["what"]
    assert "(1 camera, measured)" in "".join(each["what"] for each in found["room"])
    assert "needs about" not in found["usb"][0]["what"]


def test_pictures_that_are_no_whole_jpegs_are_counted_and_told(home: Home, plug: Plug) -> None:
    plug.spoil("truncated", 5)
    told = [each for each in looked(home, "--measure")["measured"] if "5 damaged" in each["what"]]
    assert [each["status"] for each in told] == ["warn"]


def test_a_camera_that_sends_nothing_is_told_and_the_other_is_measured(
    home: Home, plug: Plug
) -> None:
    plug.stall()
    silent, well = looked(home, "--measure")["measured"]
    assert silent["status"] == "warn"
    assert "dmesg" in silent["mend"]
    assert "pictures a second" in well["what"]


def test_a_held_camera_says_who_holds_it_and_by_which_command(home: Home, plug: Plug) -> None:
    node = plug.wait_node()
    command = ["gst-launch-1.0", "-v", "v4l2src", f"device={node}", "!", "image/jpeg"]
    command += ["!", "fakesink", "silent=false"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert any("chain" in line for line in child.stdout)
        held, free = looked(home)["cameras"]
        child.terminate()
        child.communicate()
    assert held["status"] == "warn"
    assert f"{node} is held by gst-launch-1.0 (pid {child.pid}): gst-launch-1.0" in held["what"]
    assert f"kill {child.pid}" in held["mend"]
    assert free["status"] == "ok"


def test_the_cameras_of_a_running_recorder_are_asked_of_it_and_left_alone(
    home: Home, plug: Plug
) -> None:
    with started(home, "--source", f"usb:{plug.wait_node()}") as running:
        running.wait_for(LIVE)
        running.wait_ring(PRE / SECOND)
        found = looked(home, "--measure")
    assert "the running recorder has it" in found["cameras"][0]["what"]
    (seen,) = found["measured"]
    assert seen["what"].startswith("cam0 in the recorder: live, ")


def test_a_camera_that_is_unplugged_is_no_longer_told(home: Home, plug: Plug) -> None:
    plug.unplug()
    plug.wait_no_node()
    (other,) = looked(home)["cameras"]
    assert other["status"] == "ok"
