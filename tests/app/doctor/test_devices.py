"""Nodes, rights and memory as doctor judges them."""

from pathlib import Path

import pytest

from smartrec.app.doctor.devices import check_microphone, check_udev, judge_microphone
from smartrec.app.doctor.finding import Status
from smartrec.app.doctor.memory import available, judge_memory
from smartrec.app.doctor.subject import Subject
from smartrec.config.cameras import Camera as CameraSettings
from smartrec.media.alsa_cards import Card


def card(tmp_path: Path, *, captures: bool = True, owner: int | None = None) -> Card:
    node = tmp_path / "pcmC1D0c"
    node.touch()
    return Card(1, "C920", "HD Pro Webcam", captures, None, node, owner)


def test_a_microphone_is_offered_or_wanted_or_missing(tmp_path: Path) -> None:
    offered = judge_microphone("cam", card(tmp_path), asked=False)
    assert offered.status is Status.OK
    assert "audio = true" in offered.what
    assert judge_microphone("cam", card(tmp_path), asked=True).status is Status.OK
    for found in (None, card(tmp_path, captures=False)):
        missing = judge_microphone("cam", found, asked=True)
        assert missing.status is Status.WARN
        assert "arecord -l" in missing.mend


def test_a_microphone_that_another_holds_is_told_with_pid(tmp_path: Path) -> None:
    held = judge_microphone("cam", card(tmp_path, owner=1), asked=True)
    assert held.status is Status.WARN
    assert "held by pid 1" in held.what


def test_a_named_card_that_is_not_there_is_told(tmp_path: Path) -> None:
    settings = CameraSettings(source="demo", audio="alsa:hw:CARD=Nowhere,DEV=0")
    (finding,) = check_microphone(Subject(tmp_path, cameras=(settings,)))
    assert finding.status is Status.WARN
    assert "Nowhere" in finding.what


@pytest.mark.parametrize("source", ["pulse:mic", "pipewire:mic"])
def test_a_sound_server_that_does_not_run_is_told(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/nobody")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("PIPEWIRE_RUNTIME_DIR", str(tmp_path))
    settings = CameraSettings(source="demo", audio=source)
    (finding,) = check_microphone(Subject(tmp_path, cameras=(settings,)))
    assert finding.status is Status.WARN
    assert source in finding.what
    assert "pactl list" in finding.mend or "sudo apt install gstreamer1.0-" in finding.mend


def test_sound_of_the_demo_is_there_and_that_of_a_network_camera_is_missed(tmp_path: Path) -> None:
    cameras = (
        CameraSettings(id="a", source="demo", audio=True),
        CameraSettings(id="b", source="rtsp://192.0.2.1/x", audio=True),
    )
    demo, network = check_microphone(Subject(tmp_path, cameras=cameras))
    assert (demo.status, network.status) == (Status.OK, Status.WARN)
    assert "a: the demo clicks" in demo.what
    assert "b: audio = true" in network.what
    assert "arecord -l" in network.mend


def test_without_cameras_names_are_nobodys_business(tmp_path: Path) -> None:
    (finding,) = check_udev(Subject(tmp_path), tmp_path / "none", tmp_path)
    assert finding.status is Status.OK


def test_a_gpu_that_may_be_used_is_well(tmp_path: Path) -> None:
    (tmp_path / "renderD128").touch()
    *_, finding = check_udev(Subject(tmp_path), tmp_path / "none", tmp_path)
    assert finding.status is Status.OK
    assert "renderD128" in finding.what


def test_rings_are_judged_by_a_busy_scene_and_by_what_the_settings_allow() -> None:
    assert judge_memory(50e6, 512e6, 10**9).status is Status.OK
    assert judge_memory(50e6, 512e6, 90_000_000).status is Status.WARN
    assert judge_memory(50e6, 60e6, 90_000_000).status is Status.OK


def test_memory_is_the_machines_or_the_containers_whichever_is_less(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 4000 kB\nMemAvailable:    2000 kB\n")
    assert available(meminfo, tmp_path / "none") == 2_048_000
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("900000\n")
    (tmp_path / "memory.stat").write_text("anon 800000\ninactive_file 50000\n")
    assert available(meminfo, tmp_path) == 150_000
    (tmp_path / "memory.max").write_text("max\n")
    assert available(meminfo, tmp_path) == 2_048_000
    assert available(tmp_path / "none", tmp_path / "none") is None
