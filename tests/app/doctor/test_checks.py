"""Judgements on values that stand for other machines; then the whole table on this one."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from smartrec.app.doctor.cameras import judge_camera
from smartrec.app.doctor.checks import (
    CHECKS,
    Check,
    examine,
    judge_clock,
    judge_elements,
    worst,
)
from smartrec.app.doctor.disk import (
    check_directory,
    check_journal,
    check_room,
    judge_filesystem,
    judge_room,
    judge_speed,
    standing,
    unwritable,
)
from smartrec.app.doctor.finding import Finding, Status
from smartrec.app.doctor.subject import Subject
from smartrec.app.doctor.watch import judge_no_screen, judge_rate
from smartrec.app.identity import DirectoryLock
from smartrec.app.mounts import filesystem, settle
from smartrec.app.wire import socket_path
from smartrec.clock import ClockQuality, SystemClock
from smartrec.errors import CameraBusy, CameraError, CameraForbidden, NoScreen
from smartrec.graph.formats import Format
from smartrec.media.devices import Camera
from smartrec.media.watch.messages import DetectorSetup

MJPEG = Format("MJPG", 1280, 720, (Fraction(30),))


def camera(*formats: Format, trouble: CameraError | None = None) -> Camera:
    return Camera(Path("/dev/video0"), None, "Cam", "usb-1", None, formats, trouble)


def findings(subject: Subject, name: str) -> list[Finding]:
    (wanted,) = (check for check in CHECKS if check.name == name)
    return [finding for _, finding in examine(subject, (wanted,))]


def test_a_missing_element_names_the_package_that_has_it() -> None:
    found = judge_elements(lambda element: element != "mp4mux", lambda packages: packages)
    assert len(found) == 1
    assert found[0].status is Status.BAD
    assert "mp4mux" in found[0].what
    assert found[0].mend == "sudo apt install gstreamer1.0-plugins-good"


def test_a_missing_element_of_an_installed_package_blames_gstreamers_memory() -> None:
    found = judge_elements(lambda element: element != "h264parse", lambda _packages: [])
    assert found[0].mend.startswith("rm -r ~/.cache/gstreamer-1.0")


def test_without_dpkg_a_missing_element_still_names_a_package() -> None:
    found = judge_elements(lambda _element: False, lambda _packages: None)
    assert all(each.mend.startswith("sudo apt install gstreamer1.0-") for each in found)


def test_a_camera_that_gives_what_was_asked_is_well() -> None:
    finding = judge_camera(camera(MJPEG), (1280, 720), Fraction(30))
    assert finding.status is Status.OK
    assert "image/jpeg,width=1280,height=720,framerate=30/1" in finding.what


@pytest.mark.parametrize(
    ("seen", "status", "says"),
    [
        (camera(MJPEG), Status.WARN, "smartrec cameras --formats"),
        (camera(Format("Y16", 64, 48)), Status.WARN, "smartrec cameras --formats"),
        (camera(trouble=CameraForbidden("no", hint="join")), Status.BAD, "join"),
        (camera(MJPEG, trouble=CameraBusy("held", hint="kill 1")), Status.WARN, "kill 1"),
    ],
)
def test_a_camera_that_cannot_be_used_as_asked_says_what_to_do(
    seen: Camera, status: Status, says: str
) -> None:
    finding = judge_camera(seen, (1920, 1080), Fraction(30))
    assert finding.status is status
    assert says in finding.mend


def test_room_speed_and_clock_are_judged_by_what_cameras_need() -> None:
    assert [judge_room(free).status.value for free in (0, 10**9, 10**11)] == ["bad", "warn", "ok"]
    speeds = [judge_speed(speed, 4e6, "1 camera") for speed in (1e6, 9e6, 1e8)]
    assert [finding.status.value for finding in speeds] == ["bad", "warn", "ok"]
    assert judge_room(42_000_000).what == "42 MB free"
    assert judge_clock(ClockQuality("adjtimex", True, 1500)).status is Status.OK
    assert judge_clock(ClockQuality("adjtimex", False, None)).status is Status.WARN


@pytest.mark.parametrize("kind", ["tmpfs", "vfat", "nfs4", "cifs"])
def test_a_filesystem_that_cannot_keep_the_promises_is_told(kind: str) -> None:
    finding = judge_filesystem(kind)
    assert finding is not None
    assert kind in finding.what
    assert judge_filesystem("ext4") is None


def test_a_directory_to_be_made_is_judged_by_where_it_will_stand(tmp_path: Path) -> None:
    wanted = tmp_path / "not" / "yet"
    assert standing(wanted) == tmp_path
    (finding,) = check_directory(wanted)
    assert finding.status is not Status.BAD
    assert not (tmp_path / "not").exists()


def test_a_disk_that_was_there_and_is_not_mounted_is_told(tmp_path: Path) -> None:
    clips, table = tmp_path / "disk/clips", tmp_path / "mountinfo"
    table.write_text(f"1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / {tmp_path}/disk rw - ext4 b rw\n")
    environ = {"SMARTREC_STATE_DIR": str(tmp_path / "state")}
    settle(clips, tmp_path / "state", new_disk=False, tables=(table, tmp_path / "fstab"))
    (finding,) = check_directory(clips, environ)
    assert finding.status is Status.BAD
    assert f"{tmp_path}/disk" in finding.what
    assert "mount" in finding.mend
    (journal,) = check_journal(clips, SystemClock(), 4e6, "1 camera", environ)
    assert journal == finding
    (room,) = findings(Subject(clips, environ=environ), "room")
    assert (room.status, room.what.split(":")[0]) == (Status.WARN, "not looked at")


def test_a_file_where_clips_shall_go_is_told(tmp_path: Path) -> None:
    (tmp_path / "clips").touch()
    (finding,) = check_directory(tmp_path / "clips")
    assert finding.status is Status.BAD
    assert "no directory" in finding.what
    assert finding.mend.startswith("mv ")
    (room,) = check_room(tmp_path / "clips", SystemClock(), 4e6, "1 camera")
    assert room.status is Status.BAD


def test_timing_the_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    found = list(check_room(tmp_path, SystemClock(), 4e6, "1 camera"))
    assert any("MB/s" in finding.what for finding in found)
    assert list(tmp_path.iterdir()) == []


def test_a_journal_in_memory_says_what_it_gives_up() -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or filesystem(memory) != "tmpfs":
        pytest.skip("no /dev/shm in memory here")
    (finding,) = check_journal(memory / "journal", SystemClock(), 4e6, "1 camera")
    assert finding.status is Status.WARN
    assert "power cut" in finding.why


def test_an_unknown_encoder_is_broken_and_names_those_that_exist(tmp_path: Path) -> None:
    found = findings(Subject(tmp_path, encoder="magic"), "encoder")
    assert any(f.status is Status.BAD and "x264" in f.mend for f in found)


def test_the_built_in_model_is_tried_and_timed(tmp_path: Path) -> None:
    (finding,) = findings(Subject(tmp_path), "detector")
    assert finding.status is not Status.BAD
    assert "persons from 50%" in finding.what
    assert "ms a picture, 5 a second wanted" in finding.what


def test_a_model_that_cannot_be_used_is_broken_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_text("no model")
    setup = DetectorSetup(model=str(tmp_path / "m.onnx"))
    found = findings(Subject(tmp_path, detector=setup), "detector")
    assert {finding.status for finding in found} == {Status.BAD}
    assert "m.onnx" in found[0].what
    assert found[0].mend


def test_every_mistake_in_a_deepstream_configuration_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "pgie.txt").write_text("[property]\nonnx-fil=a\nonnx-file=b\n")
    setup = DetectorSetup(model=str(tmp_path / "pgie.txt"))
    found = findings(Subject(tmp_path, detector=setup), "detector")
    assert [":2: onnx-fil" in f.what or ":3: onnx-file" in f.what for f in found] == [True, True]


def test_without_detection_no_model_is_tried(tmp_path: Path) -> None:
    (finding,) = findings(Subject(tmp_path, detector=None), "detector")
    assert (finding.status, finding.what) == (Status.OK, "switched off by the settings")


def test_a_model_is_judged_by_the_pictures_of_all_cameras_together() -> None:
    assert judge_rate("m", 30, 5).status is Status.OK
    assert judge_rate("m", 30, 40).status is Status.WARN
    assert "detector.fps" in judge_rate("m", 300, 5).mend


def test_a_screen_that_is_not_wanted_is_not_looked_for(tmp_path: Path) -> None:
    (finding,) = findings(Subject(tmp_path, sink=None), "screen")
    assert (finding.status, finding.what) == (Status.OK, "switched off by the settings")


def test_a_screen_that_nobody_serves_is_told_with_a_cure(tmp_path: Path) -> None:
    (finding,) = findings(Subject(tmp_path, environ={"DISPLAY": ":4711"}), "screen")
    assert finding.status is Status.WARN
    assert ":4711" in finding.what
    assert finding.mend


def test_a_machine_without_a_screen_is_well_and_one_that_hides_it_is_not() -> None:
    assert judge_no_screen(NoScreen("none", missing=False)).status is Status.OK
    assert judge_no_screen(NoScreen("gone", missing=True)).status is Status.WARN
    finding = judge_no_screen(NoScreen("no sink", missing=False, hint="install it"))
    assert (finding.status, finding.mend) == (Status.WARN, "install it")


def test_every_mistake_in_the_settings_is_a_finding(tmp_path: Path) -> None:
    found = findings(Subject(tmp_path, mistakes="a: wrong\nb: wrong"), "settings")
    assert [f.what for f in found] == ["a: wrong", "b: wrong"]


def test_a_running_recorder_is_told_by_its_pid(tmp_path: Path) -> None:
    with DirectoryLock.acquire(tmp_path):
        (finding,) = findings(Subject(tmp_path), "recorder")
    assert str(os.getpid()) in finding.what


def test_a_place_for_the_socket_is_found_without_a_runtime_directory(tmp_path: Path) -> None:
    (finding,) = findings(Subject(tmp_path, environ={}), "control")
    assert finding.status is Status.OK
    assert str(socket_path(tmp_path, {})) in finding.what


def test_a_runtime_directory_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for runtime in (tmp_path / "file", tmp_path / ("x" * 100)):
        environ = {"XDG_RUNTIME_DIR": str(runtime)}
        (finding,) = findings(Subject(tmp_path, environ=environ), "control")
        assert finding.status is Status.WARN
        assert "unset XDG_RUNTIME_DIR" in finding.mend


def test_every_check_finds_something_on_this_machine(tmp_path: Path) -> None:
    found = list(examine(Subject(tmp_path)))
    assert {check.name for check, _ in found} == {check.name for check in CHECKS}
    for _, finding in found:
        assert finding.what
        assert finding.status is Status.OK or finding.mend or "not looked at" in finding.what


def test_without_gstreamer_for_python_the_other_checks_still_run(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "sys.modules['gi'] = None\n"
        "from smartrec.app.doctor.checks import examine\n"
        "from smartrec.app.doctor.subject import Subject\n"
        "for check, finding in examine(Subject(Path(sys.argv[1]))):\n"
        "    print(check.name, finding.status.value)\n"
    )
    asked = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("\n")
    assert "gstreamer bad" in lines
    assert "recorder ok" in lines


def test_a_check_that_hangs_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    never = threading.Event()

    def hang(_subject: Subject) -> Iterator[Finding]:
        yield Finding(Status.OK, "so far so good")
        never.wait()

    well = Check("after", lambda _subject: [Finding(Status.OK, "well")])
    found = list(examine(Subject(tmp_path), (Check("hangs", hang, 0.2), well)))
    never.set()
    assert [(check.name, f.status) for check, f in found] == [
        ("hangs", Status.OK),
        ("hangs", Status.BAD),
        ("after", Status.OK),
    ]
    assert "no answer within" in found[1][1].what
    assert found[1][1].mend


def test_a_check_that_cannot_look_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    def fail(_subject: Subject) -> Iterator[Finding]:
        raise PermissionError(13, "Permission denied", "/proc/secret")

    well = Check("after", lambda _subject: [Finding(Status.OK, "well")])
    found = [f for _, f in examine(Subject(tmp_path), (Check("fails", fail), well))]
    assert [f.status for f in found] == [Status.WARN, Status.OK]
    assert "/proc/secret" in found[0].what


def test_a_bug_in_a_check_is_not_hidden(tmp_path: Path) -> None:
    def wrong(_subject: Subject) -> Iterator[Finding]:
        raise AssertionError("a bug")

    with pytest.raises(AssertionError, match="a bug"):
        list(examine(Subject(tmp_path), (Check("wrong", wrong),)))


def test_the_gravest_finding_counts() -> None:
    assert worst([]) is Status.OK
    assert worst([Finding(s, "") for s in (Status.OK, Status.BAD, Status.WARN)]) is Status.BAD


def test_deepstream_is_looked_at_once(tmp_path: Path) -> None:
    subject = Subject(tmp_path)
    assert subject.deepstream is subject.deepstream
    assert findings(subject, "deepstream") == subject.deepstream.findings


def test_a_directory_of_another_users_is_made_ones_own_by_the_command(tmp_path: Path) -> None:
    finding = unwritable(tmp_path / "my clips", tmp_path)
    assert finding.what == f"{tmp_path} cannot be written"
    assert f"sudo install -d -o $USER '{tmp_path}/my clips'" in finding.mend
