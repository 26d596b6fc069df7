"""Which camera each table follows when cameras come, go and swap their numbers."""

from pathlib import Path

import pytest

from smartrec.app.following import Following, Here
from smartrec.errors import CameraBusy, CameraError, CameraGone
from smartrec.graph.formats import Format
from smartrec.media.devices import BY_ID, Camera
from smartrec.media.usb_identity import Identity

MODEL = "1209:0001"


class Desk(Here):
    """A stand-in for a machine: identities by number of node, and links to nodes."""

    def __init__(self, **ports: int) -> None:
        self.nodes: dict[Path, Identity] = {}
        self.links: dict[Path, Path] = {}
        self.trouble: dict[Path, CameraError] = {}
        for port, number in ports.items():
            self.plug(number, port)

    def plug(self, number: int, port: str, serial: str | None = None, model: str = MODEL) -> None:
        self.nodes[Path(f"/dev/video{number}")] = Identity(model, serial, port, "1.0/0")

    def unplug(self, number: int) -> None:
        del self.nodes[Path(f"/dev/video{number}")]

    def present(self) -> dict[Path, Identity]:
        return dict(sorted(self.nodes.items()))

    def identity_of(self, node: Path) -> Identity | None:
        return self.nodes.get(self.links.get(node, node))

    def find(self, node: Path) -> Camera:
        camera = self.camera_at(node)
        if camera is None:
            raise CameraGone(f"{node} is not there")
        if camera.trouble is not None:
            raise camera.trouble
        return camera

    def camera_at(self, node: Path) -> Camera | None:
        path = self.links.get(node, node)
        if path not in self.nodes:
            return None
        formats = (Format("MJPG", 1280, 720, ()),)
        name = f"Cam at {self.nodes[path].port}: Cam at"
        return Camera(path, None, name, "usb-1", None, formats, self.trouble.get(path))


def number(following: Following, camera: str = "cam0") -> int:
    found, _ = following.find(camera)
    return int(found.path.name[5:])


def test_a_number_means_the_camera_that_has_it_at_first() -> None:
    desk = Desk(a=0)
    following = Following({"cam0": Path("/dev/video0")}, desk)
    assert number(following) == 0
    desk.unplug(0)
    following.lost("cam0")
    desk.plug(0, "b", model="046d:0825")
    with pytest.raises(CameraGone, match="Cam at a is not there"):
        following.find("cam0")
    desk.plug(3, "a")
    assert number(following) == 3


def test_cameras_that_swap_their_numbers_keep_their_tables() -> None:
    desk = Desk(a=0, b=1)
    tables: dict[str, Path | None] = {"cam0": Path("/dev/video0"), "cam1": Path("/dev/video1")}
    following = Following(tables, desk)
    assert [number(following, each) for each in tables] == [0, 1]
    desk.nodes.clear()
    for each in tables:
        following.lost(each)
    desk.plug(0, "b")
    with pytest.raises(CameraGone):
        following.find("cam0")
    desk.plug(1, "a")
    assert [number(following, each) for each in tables] == [1, 0]


def test_any_camera_means_the_first_that_no_other_table_names() -> None:
    desk = Desk(a=0, b=1)
    following = Following({"any": None, "named": Path("/dev/video0")}, desk)
    assert number(following, "any") == 1
    assert number(following, "named") == 0


def test_two_tables_for_any_camera_take_two_cameras() -> None:
    following = Following({"one": None, "two": None, "three": None}, Desk(a=0, b=1))
    assert [number(following, each) for each in ("one", "two")] == [0, 1]
    with pytest.raises(CameraGone):
        following.find("three")


def test_a_camera_that_was_there_all_along_is_no_replacement() -> None:
    desk = Desk(a=0, b=1)
    following = Following({"cam0": None}, desk)
    assert number(following) == 0
    desk.unplug(0)
    following.lost("cam0")
    with pytest.raises(CameraGone) as caught:
        following.find("cam0")
    assert caught.value.hint is not None
    assert "the other camera" in caught.value.hint


def test_nor_is_it_one_where_the_camera_was_found_and_then_would_not_start() -> None:
    desk = Desk(a=0, b=1)
    following = Following({"cam0": None}, desk)
    assert number(following) == 0
    assert number(following) == 0  # tried again, and not told to be lost
    desk.unplug(0)
    with pytest.raises(CameraGone):
        following.find("cam0")


def test_one_that_is_plugged_in_after_the_loss_replaces_it_and_is_told() -> None:
    desk = Desk(a=0, b=1)
    following = Following({"cam0": None}, desk)
    following.find("cam0")
    desk.unplug(0)
    following.lost("cam0")
    desk.plug(2, "c", model="046d:0825")
    found, told = following.find("cam0")
    assert found.path == Path("/dev/video2")
    assert told == "Cam at c (/dev/video2) is taken in place of Cam at a"
    assert following.find("cam0")[1] == ""


def test_the_camera_first_taken_is_looked_for_first() -> None:
    desk = Desk(a=0)
    following = Following({"cam0": None}, desk)
    following.find("cam0")
    desk.unplug(0)
    following.lost("cam0")
    desk.plug(0, "c")
    desk.plug(1, "a")
    assert number(following) == 1


def test_a_camera_that_is_busy_is_told_and_not_replaced() -> None:
    desk = Desk(a=0, b=1)
    following = Following({"cam0": Path("/dev/video0")}, desk)
    following.find("cam0")
    desk.trouble[Path("/dev/video0")] = CameraBusy("held")
    with pytest.raises(CameraBusy):
        following.find("cam0")


def test_a_name_that_two_alike_share_keeps_its_camera() -> None:
    desk = Desk(a=0, b=1)
    link = BY_ID / "usb-twin-video-index0"
    desk.links[link] = Path("/dev/video0")
    following = Following({"cam0": link}, desk)
    assert number(following) == 0
    desk.links[link] = Path("/dev/video1")  # udev: the last of two takes the name
    assert number(following) == 0
    desk.unplug(0)
    following.lost("cam0")
    with pytest.raises(CameraGone):
        following.find("cam0")


def test_a_place_means_whatever_is_plugged_in_there() -> None:
    desk = Desk(a=0)
    link = Path("/dev/v4l/by-path/front")
    desk.links[link] = Path("/dev/video0")
    following = Following({"cam0": link}, desk)
    assert number(following) == 0
    desk.plug(1, "a", model="046d:0825")
    desk.links[link] = Path("/dev/video1")
    assert number(following) == 1


def test_the_port_of_a_camera_is_known_when_it_is_gone() -> None:
    desk = Desk(a=0)
    following = Following({"cam0": None}, desk)
    assert following.port("cam0") is None
    following.find("cam0")
    desk.unplug(0)
    assert following.port("cam0") == "a"
