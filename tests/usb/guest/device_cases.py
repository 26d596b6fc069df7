"""A real camera on the real driver: what it offers, who holds it, and what v4l2src makes of it.

Skipped where no camera is plugged in; a virtual machine with a virtual UVC camera does as well.
"""

import itertools
import subprocess
from collections.abc import Iterator
from fractions import Fraction

import pytest

from smartrec.errors import CameraBusy, CameraError, PipelineError
from smartrec.graph.formats import Choice, Kind, choose, gst_caps
from smartrec.media import devices
from smartrec.media.controls import apply_controls
from smartrec.media.devices import Camera
from smartrec.media.v4l2 import Node


@pytest.fixture
def camera() -> Camera:
    try:
        return devices.find("usb")
    except CameraError as error:
        pytest.skip(f"{error}")


def taken(camera: Camera) -> Choice:
    choice = choose(camera.formats, size=(1280, 720), fps=Fraction(30))
    assert choice is not None
    return choice


@pytest.fixture
def streaming(camera: Camera) -> Iterator["subprocess.Popen[str]"]:
    """The camera, held by another program that has got its first picture."""
    command = ["gst-launch-1.0", "-v", "v4l2src", f"device={camera.path}", "!"]
    command += [gst_caps(taken(camera)), "!", "fakesink", "silent=false"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert any("chain" in line for line in child.stdout)
        yield child
        child.terminate()
        child.communicate()


def test_every_camera_has_a_name_a_place_and_formats(camera: Camera) -> None:
    assert camera.name
    assert camera.bus
    assert camera.formats
    assert all(offered.rates for offered in camera.formats)


def test_second_nodes_without_pictures_are_no_cameras(camera: Camera) -> None:
    shown = {found.path for found in devices.cameras()}
    for path in set(devices.video_nodes()) - shown:
        with Node(path) as node:
            assert not node.captures()


def test_a_camera_is_found_by_its_node_and_by_its_lasting_name(camera: Camera) -> None:
    assert devices.find(str(camera.path)).path == camera.path
    if camera.by_id is not None:
        assert devices.find(str(camera.by_id)).path == camera.path
        assert devices.find(camera.by_id.name).path == camera.path


def test_a_held_camera_names_its_holder(camera: Camera, streaming: "subprocess.Popen[str]") -> None:
    with pytest.raises(CameraBusy, match=rf"\(pid {streaming.pid}\)"):
        devices.find(str(camera.path))
    error = devices.camera_error(camera.path, PipelineError("source", "Device is busy"))
    assert isinstance(error, CameraBusy)


def test_looking_at_a_camera_does_not_disturb_who_records_from_it(
    camera: Camera, streaming: "subprocess.Popen[str]"
) -> None:
    for _ in range(20):
        assert any(found.path == camera.path for found in devices.cameras())
    assert isinstance(devices.trouble_at(camera.path), CameraBusy)
    assert streaming.stdout is not None
    for _, line in zip(range(60), streaming.stdout, strict=False):
        assert "ERROR" not in line
    assert streaming.poll() is None


def test_controls_are_set_and_read_back_and_wrong_ones_told(camera: Camera) -> None:
    with Node(camera.path) as node:
        numbers = [c for c in node.controls() if c.name == "brightness"]
    if not numbers:
        pytest.skip(f"{camera.path} has no brightness")
    brightness = numbers[0]
    value = brightness.default - brightness.step
    assert apply_controls(camera.path, {"brightness": value}) == []
    with Node(camera.path) as node:
        assert node.get(brightness.id) == value
    wrong = apply_controls(camera.path, {"brightnes": 1, "brightness": brightness.maximum + 1})
    assert "did you mean brightness?" in wrong[0]
    assert str(brightness.maximum) in wrong[1]
    assert apply_controls(camera.path, {"brightness": brightness.default}) == []


def test_the_chosen_caps_give_pictures_numbered_by_the_driver_on_the_one_timeline(
    camera: Camera,
) -> None:
    gst = pytest.importorskip("smartrec.media.gst")
    choice = taken(camera)
    if choice.kind is Kind.RAW and choice.rate < 5:
        pytest.skip("too slow to wait for")
    pipeline = gst.launch(
        f"v4l2src device={camera.path} ! {gst_caps(choice)} ! identity drop-allocation=true"
        " ! queue ! appsink name=sink sync=false"
    )
    offsets, times = [], []
    with gst.running(pipeline):
        sink = pipeline.get_by_name("sink")
        for _ in range(10):
            sample = sink.try_pull_sample(5 * gst.Gst.SECOND)
            assert sample is not None
            offsets.append(sample.get_buffer().offset)
            times.append(sample.get_buffer().pts)
        now = gst.Gst.SystemClock.obtain().get_time()
    assert all(later > earlier for earlier, later in itertools.pairwise(offsets))
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
    assert 0 < now - times[-1] < 5 * gst.Gst.SECOND
    assert devices.trouble_at(camera.path) is None
