"""The USB as sysfs shows it, laid out under a temporary directory: ports, hubs, speeds, streams."""

from fractions import Fraction
from pathlib import Path

import pytest

from smartrec.app.doctor.finding import Status
from smartrec.app.doctor.subject import Flow, Subject
from smartrec.app.doctor.usb import Load, check_usb, judge_bus, judge_port
from smartrec.config.cameras import Camera as CameraSettings
from smartrec.graph.bandwidth import SPEEDS, need_of, speed_of
from smartrec.graph.formats import Format, choose
from smartrec.media.devices import Camera
from smartrec.media.usb_bus import Plugged, plugged
from tests.media.sysfs import Sysfs

MJPEG = Format("MJPG", 1280, 720, (Fraction(30),))
YUY2 = Format("YUYV", 1280, 720, (Fraction(30),))


def plug(sysfs: Sysfs, number: int, port: str, speed: str = "480", packets: str = "0000") -> Camera:
    sysfs.plug(f"video{number}", port, speed=speed, packets=packets)
    return Camera(Path(f"/dev/video{number}"), None, "Cam", f"usb-{port}", None, (MJPEG,))


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    return Sysfs(tmp_path)


def subject_with(tmp_path: Path, *cameras: Camera) -> Subject:
    subject = Subject(tmp_path)
    subject.seen.cameras += cameras
    return subject


def test_a_port_says_bus_speed_and_hubs_on_the_way(sysfs: Sysfs) -> None:
    camera = plug(sysfs, 0, "1-2.4.1", packets="1400")
    found = plugged(camera.path, sysfs.root)
    assert found is not None
    assert (found.port, found.bus, found.mbits, found.hubs) == ("1-2.4.1", 1, 480.0, 2)


@pytest.mark.parametrize(
    ("packets", "reserved"), [("1400", 24_576_000), ("0c00", 16_384_000), ("0000", 0)]
)
def test_what_a_stream_has_reserved_is_that_of_its_endpoint(
    sysfs: Sysfs, packets: str, reserved: int
) -> None:
    found = plugged(plug(sysfs, 0, "1-2", packets=packets).path, sysfs.root)
    assert found is not None
    assert found.reserved == reserved


def test_a_camera_that_is_on_no_usb_has_no_port(tmp_path: Path) -> None:
    assert plugged(Path("/dev/video0"), tmp_path) is None
    (finding,) = check_usb(Subject(tmp_path), tmp_path)
    assert finding.status is Status.OK


def test_mjpeg_of_one_camera_fits_through_usb_2(sysfs: Sysfs, tmp_path: Path) -> None:
    (finding,) = check_usb(subject_with(tmp_path, plug(sysfs, 0, "1-2")), sysfs.root)
    assert finding.status is Status.OK
    assert "about 4.1 MB/s of 24.6" in finding.what


def test_raw_pictures_do_not_fit_through_usb_2() -> None:
    choice = choose([YUY2], size=(1280, 720), fps=Fraction(30))
    assert choice is not None
    need = need_of(choice)
    assert (need.bus, need.exact) == (1280 * 720 * 2 * 30, True)
    place = Plugged(Path("/sys"), "1-2", 1, 480, 0, 0.0)
    finding = judge_port(Load(Path("/dev/video0"), place, need.bus, "raw"))
    assert finding.status is Status.WARN
    assert "55.3 MB/s of 24.6" in finding.what
    assert "USB 3" in finding.mend


def test_raw_pictures_fit_through_usb_3() -> None:
    place = Plugged(Path("/sys"), "2-2", 2, 5000, 0, None)
    assert judge_port(Load(Path("/dev/video0"), place, 55.3e6, "raw")).status is Status.OK


def test_a_camera_at_full_speed_is_told(sysfs: Sysfs, tmp_path: Path) -> None:
    camera = plug(sysfs, 0, "1-2", speed="12")
    (finding,) = check_usb(subject_with(tmp_path, camera), sysfs.root)
    assert finding.status is Status.WARN
    assert "of 1.0" in finding.what


def test_cameras_that_reserve_more_than_their_bus_has_are_told_before_one_fails(
    sysfs: Sysfs, tmp_path: Path
) -> None:
    both = [plug(sysfs, n, f"1-1.{n}", packets="1400") for n in (1, 2)]
    *ports, bus = check_usb(subject_with(tmp_path, *both), sysfs.root)
    assert [finding.status for finding in ports] == [Status.OK, Status.OK]
    assert bus.status is Status.WARN
    assert "/dev/video1, /dev/video2" in bus.what
    assert "49.2 MB/s together of 41.0" in bus.what
    assert all("has reserved 24.6" in finding.what for finding in ports)


def test_cameras_on_two_buses_do_not_share(sysfs: Sysfs, tmp_path: Path) -> None:
    both = [plug(sysfs, n, f"{n}-1", packets="1400") for n in (1, 3)]
    found = list(check_usb(subject_with(tmp_path, *both), sysfs.root))
    assert [finding.status for finding in found] == [Status.OK, Status.OK]


def test_what_was_measured_counts_more_than_the_table(sysfs: Sysfs, tmp_path: Path) -> None:
    camera = plug(sysfs, 0, "1-2")
    subject = subject_with(tmp_path, camera)
    subject.seen.flows["cam0"] = Flow(12.7e6, measured=True)
    (finding,) = check_usb(subject, sysfs.root)
    assert "needs 12.7 MB/s" in finding.what


def test_a_bus_of_estimates_says_that_measuring_tells_more() -> None:
    place = Plugged(Path("/sys"), "1-2", 1, 480, 0, 0.0)
    loads = [Load(Path(f"/dev/video{n}"), place, 4e6, "about") for n in range(2)]
    finding = judge_bus(loads)
    assert finding.status is Status.OK
    assert "--measure" in finding.what


@pytest.mark.parametrize(
    ("mbits", "name"), [(480, "high"), (5000, "Super"), (10000, "Super"), (40000, "Super")]
)
def test_every_speed_of_the_kernel_is_known(mbits: float, name: str) -> None:
    assert speed_of(mbits).name.startswith(name)


def test_a_faster_speed_never_carries_less() -> None:
    carried = [(speed.camera, speed.bus) for speed in SPEEDS]
    assert carried == sorted(carried)


def test_a_port_that_is_to_be_switched_must_have_a_switch(sysfs: Sysfs, tmp_path: Path) -> None:
    camera = plug(sysfs, 0, "1-2")
    settings = CameraSettings(source="usb:/dev/video0", power_cycle=True)
    subject = Subject(tmp_path, cameras=(settings,))
    subject.seen.cameras.append(camera)
    assert [f.status for f in check_usb(subject, sysfs.root)] == [Status.OK, Status.WARN]
    sysfs.hub("1-0:1.0", "usb1-port2")
    *_, finding = check_usb(subject, sysfs.root)
    assert finding.status is Status.OK
    assert "1-2 can be switched" in finding.what


def test_settings_mean_a_camera_by_its_node_or_by_its_lasting_name(tmp_path: Path) -> None:
    def seen(number: int, by_id: str | None = None) -> Camera:
        link = None if by_id is None else Path("/dev/v4l/by-id") / by_id
        return Camera(Path(f"/dev/video{number}"), link, "Cam", "usb-1", None, (MJPEG,))

    settings = (
        CameraSettings(id="a", source="usb:/dev/video4"),
        CameraSettings(id="b", source="usb:/dev/v4l/by-id/usb-Cam-index0"),
        CameraSettings(id="c", source="usb"),
    )
    subject = Subject(tmp_path, cameras=settings)
    first, second, third, fourth = seen(2), seen(4), seen(6, "usb-Cam-index0"), seen(8)
    subject.seen.cameras += (first, second, third, fourth)
    meant = [subject.settings_of(camera) for camera in subject.seen.cameras]
    assert [each and each.id for each in meant] == ["c", "a", "b", None]
    assert subject.wanted_of(fourth).id == "a"
