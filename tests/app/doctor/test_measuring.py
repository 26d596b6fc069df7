"""Real captures, measured: the demo camera, a file, and cameras that are not there."""

from pathlib import Path
from urllib.parse import quote

import pytest

from smartrec.app.doctor.cameras import check_cameras, command_of, judge_camera_clock
from smartrec.app.doctor.finding import Status
from smartrec.app.doctor.flows import flows, in_words
from smartrec.app.doctor.measuring import (
    Measured,
    check_measured,
    judge_measured,
    judge_status,
)
from smartrec.app.doctor.subject import Flow, Subject
from smartrec.config.cameras import Camera as CameraSettings
from smartrec.errors import CameraError, PipelineError
from smartrec.model import AccessUnit
from smartrec.units import SECOND, Ns
from tests.media.rtsp_server import PASSWORD, USER, Server, needs_server, numbered, played


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of H.264."""
    return numbered(tmp_path_factory.mktemp("film") / "film.mp4", "h264", 120)


def units(count: int, fps: int, *, lost: int = 0, damaged: int = 0) -> list[AccessUnit]:
    made = []
    for number in range(count):
        pts = Ns(number * SECOND // fps)
        broken = number < damaged
        made.append(
            AccessUnit(
                epoch=0,
                seq=number,
                pts=pts,
                dts=pts,
                duration=Ns(SECOND // fps),
                keyframe=True,
                lost_before=lost if number == 1 else 0,
                data=b"" if broken else bytes(1000),
                damaged=broken,
            )
        )
    return made


def measured(*, promised: float, came: list[AccessUnit]) -> Measured:
    seen = Measured("cam", promised)
    seen.add(came)
    return seen


def test_rates_are_counted_by_the_pictures_own_times() -> None:
    seen = measured(promised=30, came=units(91, 30))
    assert seen.fps == pytest.approx(30)
    assert seen.rate == pytest.approx(30_000)
    assert seen.over
    assert judge_measured(seen).status is Status.OK


def test_a_camera_that_gives_half_is_told_with_its_numbers() -> None:
    finding = judge_measured(measured(promised=30, came=units(46, 15)))
    assert finding.status is Status.WARN
    assert "15.00 pictures a second of 30" in finding.what
    assert "exposure_dynamic_framerate" in finding.mend


def test_a_camera_that_promised_nothing_breaks_no_promise() -> None:
    assert judge_measured(measured(promised=0, came=units(46, 15))).status is Status.OK


@pytest.mark.parametrize(("lost", "damaged"), [(2, 0), (0, 1)])
def test_lost_and_damaged_pictures_are_told(lost: int, damaged: int) -> None:
    came = units(91, 30, lost=lost, damaged=damaged)
    finding = judge_measured(measured(promised=30, came=came))
    assert finding.status is Status.WARN
    assert f"{lost} lost, {damaged} damaged" in finding.what


def test_a_full_usb_is_told_as_such_whatever_it_is_wrapped_in() -> None:
    seen = Measured("cam", 30)
    cause = PipelineError("source", "Failed to allocate required memory.")
    seen.error = CameraError(f"/dev/video0 failed though it is there and free ({cause})")
    finding = judge_measured(seen)
    assert finding.status is Status.WARN
    assert "lsusb -t" in finding.mend


def test_one_picture_is_no_rate() -> None:
    assert judge_measured(measured(promised=30, came=units(1, 30))).status is Status.WARN


@pytest.mark.long
def test_sources_are_streamed_and_one_that_does_not_start_stops_no_other(
    tmp_path: Path, movie: Path
) -> None:
    gone = CameraSettings(id="gone", source=f"file:{tmp_path}/none.mp4")
    well = CameraSettings(id="well", source=f"file:{movie}", loop=True)
    subject = Subject(tmp_path, cameras=(gone, well), measure=True)
    failed, finding = check_measured(subject)
    assert (failed.status, finding.status) == (Status.WARN, Status.OK)
    assert "30.00 pictures a second of 30" in finding.what
    assert "0 lost, 0 damaged" in finding.what
    flow = subject.seen.flows["well"]
    assert flow.measured
    assert flows(Subject(tmp_path, cameras=(well,), seen=subject.seen)) == {"well": flow}
    assert "(1 camera, measured)" in in_words({"well": flow})
    assert "(2 cameras, estimated)" in in_words(flows(subject))


def test_cameras_on_the_network_are_asked_what_they_send(tmp_path: Path, movie: Path) -> None:
    needs_server()
    login = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"
    mounts = {"/door": played(movie, "h264")}
    with Server(mounts, login=(USER, PASSWORD), ahead=-60) as server:
        settings = (
            CameraSettings(id="well", source=server.address("/door", login)),
            CameraSettings(id="wrong", source=server.address("/door", "me:no@")),
            CameraSettings(id="path", source=server.address("/none", login)),
        )
        subject = Subject(tmp_path, cameras=settings)
        found = [f for f in check_cameras(subject) if f.what.startswith(("w", "p"))]
    well, clock, wrong, path = found
    assert (well.status, wrong.status, path.status) == (Status.OK, Status.WARN, Status.WARN)
    assert "h264 320x180, first picture after" in well.what
    assert clock.what in [
        f"well: the camera's clock is {off} behind ours" for off in ("1m", "1m1s")
    ]
    assert "NTP" in clock.mend
    assert PASSWORD not in str(found)
    assert "%40" in wrong.mend
    assert "web page" in path.mend


def test_nothing_is_streamed_unless_asked(tmp_path: Path) -> None:
    subject = Subject(tmp_path, cameras=(CameraSettings(source="demo"),))
    (finding,) = check_measured(subject)
    assert (finding.status, subject.seen.flows) == (Status.OK, {})


def test_a_running_recorder_tells_what_its_cameras_send(tmp_path: Path) -> None:
    subject = Subject(tmp_path)
    status: dict[str, object] = {
        "id": "cam0", "phase": "live", "error": None, "ring_s": 10.0, "ring_bytes": 40_000_000,
        "lost": 0, "damaged": 0,
    }  # fmt: skip
    finding = judge_status(subject, status)
    assert finding.status is Status.OK
    assert "live, 4.0 MB/s, 10 s in the ring" in finding.what
    assert subject.seen.flows == {"cam0": Flow(4e6, measured=True)}
    assert judge_status(subject, {**status, "lost": 3}).status is Status.WARN
    assert judge_status(subject, {**status, "error": "gone"}).status is Status.WARN


def test_the_clock_of_a_network_camera_is_told_when_it_is_wrong() -> None:
    assert [*judge_camera_clock("cam0", 1.9), *judge_camera_clock("cam0", -1.9)] == []
    (ahead,) = judge_camera_clock("cam0", -3600.2)
    assert (ahead.status, ahead.what) == (
        Status.WARN,
        "cam0: the camera's clock is 1h ahead of ours",
    )


def test_cameras_of_the_settings_that_are_not_here_are_told(tmp_path: Path) -> None:
    settings = (
        CameraSettings(id="a", source=f"usb:{tmp_path}/video9"),
        CameraSettings(id="b", source=f"file:{tmp_path}/none.mp4"),
        CameraSettings(id="c", source="rtsp://me:hunter2@127.0.0.1:1/x"),
    )
    found = [f for f in check_cameras(Subject(tmp_path, cameras=settings)) if f.what[1:2] == ":"]
    assert [finding.status for finding in found] == [Status.WARN] * 3
    assert not any("hunter2" in finding.what for finding in found)
    assert found[1].mend == f"Look for it with: ls {tmp_path}"
    assert found[2].why == "127.0.0.1 is there, but nothing answers at its port 1."


def test_a_command_line_is_told_without_its_passwords(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    words = ("ffmpeg", "-i", "rtsp://u:hunter2@h/x", "--password", "hunter2", "--api-key=hunter2")
    (tmp_path / "7/cmdline").write_bytes("\0".join(words).encode() + b"\0")
    said = command_of(7, tmp_path)
    assert said.startswith("ffmpeg -i rtsp://u:***@h/x")
    assert "hunter2" not in said
    assert command_of(8, tmp_path) == ""
