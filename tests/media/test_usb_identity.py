"""Who a camera is, by a stand-in for sysfs."""

from pathlib import Path

import pytest

from smartrec.media.usb_identity import Identity, find_again, identity_of, present
from tests.media.sysfs import Sysfs

DOOR = Identity("1209:0001", None, "1-1", "1.0/0")
YARD = Identity("1209:0001", None, "1-2", "1.0/0")


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    return Sysfs(tmp_path)


def test_a_camera_is_known_by_model_serial_port_and_node(sysfs: Sysfs) -> None:
    sysfs.plug("video2", "1-1.4", serial="A17")
    assert identity_of(Path("/dev/video2"), sysfs.classes) == Identity(
        "1209:0001", "A17", "1-1.4", "1.0/0"
    )
    assert identity_of(Path("/dev/video3"), sysfs.classes) is None


def test_what_is_not_on_usb_is_known_by_its_place(sysfs: Sysfs) -> None:
    (sysfs.classes / "video9").mkdir()
    identity = identity_of(Path("/dev/video9"), sysfs.classes)
    assert identity is not None
    assert identity.model == ""
    assert identity.port.endswith("video9")


def test_nodes_are_listed_in_the_order_of_their_numbers(sysfs: Sysfs) -> None:
    for node, port in (("video10", "1-1"), ("video2", "1-2")):
        sysfs.plug(node, port)
    (sysfs.classes / "v4l-subdev0").mkdir()
    there = present(sysfs.classes, Path("/dev"))
    assert [path.name for path in there] == ["video2", "video10"]
    assert present(sysfs.classes / "none") == {}


def test_a_camera_is_found_at_its_port_whatever_its_number() -> None:
    there = {Path("/dev/video0"): YARD, Path("/dev/video1"): DOOR}
    assert find_again(DOOR, there) == Path("/dev/video1")


def test_two_alike_without_serial_numbers_are_told_apart_by_port() -> None:
    there = {Path("/dev/video0"): YARD}
    assert find_again(DOOR, there, before=[YARD]) is None
    assert find_again(DOOR, there, taken=[YARD]) is None


def test_a_camera_that_moved_to_another_port_is_found_there() -> None:
    moved = Identity("1209:0001", None, "1-3", "1.0/0")
    there = {Path("/dev/video0"): YARD, Path("/dev/video1"): moved}
    assert find_again(DOOR, there, before=[YARD]) == Path("/dev/video1")


def test_of_two_that_came_neither_is_taken_for_the_one_that_is_missing() -> None:
    there = {
        Path(f"/dev/video{n}"): Identity("1209:0001", None, f"1-{n + 3}", "1.0/0") for n in (0, 1)
    }
    assert find_again(DOOR, there) is None


def test_another_model_in_the_same_port_is_another_camera() -> None:
    there = {Path("/dev/video0"): Identity("046d:0825", None, "1-1", "1.0/0")}
    assert find_again(DOOR, there) is None


def test_what_is_not_on_usb_is_like_nothing_else() -> None:
    one, two = (Identity("", None, f"/sys/devices/{name}", "0") for name in ("a", "b"))
    assert find_again(one, {Path("/dev/video0"): two}) is None
    assert one.like(one)
