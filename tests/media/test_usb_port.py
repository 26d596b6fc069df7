"""Which file switches a USB port, and what happens to it, by a stand-in for sysfs."""

from pathlib import Path

import pytest

from smartrec.errors import CameraError
from smartrec.media.usb_port import cycle, switches_of
from tests.media.sysfs import Sysfs


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    return Sysfs(tmp_path)


@pytest.mark.parametrize(
    ("port", "interface", "name"),
    [
        ("1-1", "1-0:1.0", "usb1-port1"),
        ("2-10", "2-0:1.0", "usb2-port10"),
        ("1-1.4", "1-1:1.0", "1-1-port4"),
        ("3-2.1.2", "3-2.1:1.0", "3-2.1-port2"),
    ],
)
def test_a_port_is_found_at_its_hub_though_no_camera_is_there(
    sysfs: Sysfs, port: str, interface: str, name: str
) -> None:
    place = sysfs.hub(interface, name)
    assert switches_of(port, sysfs.devices) == (place / "disable",)


def test_both_halves_of_a_usb_3_socket_are_switched(sysfs: Sysfs) -> None:
    place, other = (sysfs.hub(f"{bus}-0:1.0", f"usb{bus}-port1") for bus in (1, 2))
    (place / "peer").symlink_to(other)
    seen: list[str] = []
    cycle(
        "1-1",
        sysfs.devices,
        pause=lambda _s: seen.extend((each / "disable").read_text() for each in (place, other)),
    )
    assert seen == ["1", "1"]
    assert [(each / "disable").read_text() for each in (place, other)] == ["0", "0"]


def test_a_port_is_switched_on_again_whatever_happens_meanwhile(sysfs: Sysfs) -> None:
    place = sysfs.hub("1-0:1.0", "usb1-port1")

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cycle("1-1", sysfs.devices, pause=interrupted)
    assert (place / "disable").read_text() == "0"


def test_a_hub_without_switches_is_told(sysfs: Sysfs) -> None:
    sysfs.hub("1-0:1.0", "usb1-port1", switch=False)
    for port in ("1-1", "1-2"):
        with pytest.raises(CameraError, match="has no switch"):
            cycle(port, sysfs.devices)


def test_a_switch_that_refuses_is_told(sysfs: Sysfs) -> None:
    place = sysfs.hub("1-0:1.0", "usb1-port1", switch=False)
    (place / "disable").mkdir()
    with pytest.raises(CameraError, match="cannot be switched"):
        cycle("1-1", sysfs.devices)
