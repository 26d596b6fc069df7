"""What the options of `smartrec run` mean: parsed by the command, read by the real settings."""

from pathlib import Path

import click
import pytest

from smartrec.cli.run import overrides_of, run, settled
from smartrec.config.load import FOUND, Loaded, load


def given(*words: str) -> Loaded:
    with run.make_context("run", list(words)) as context:
        overrides = overrides_of(context.params)
    return load(path=None, environ={"XDG_CONFIG_HOME": "/nowhere"}, overrides=overrides)


@pytest.fixture(autouse=True)
def nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_options_nothing_is_said() -> None:
    assert set(given().origins.values()) == {"default"}


def test_each_option_of_detector_and_screen_is_its_setting(tmp_path: Path) -> None:
    config = given("--model", "own/m.onnx", "--min-confidence", "0.25", "--window").config
    assert config.detector.model == str(tmp_path / "own" / "m.onnx")
    assert config.detector.min_confidence == 0.25
    assert (config.detector.enabled, config.screen.show) == (True, "auto")
    assert not config.screen.fullscreen


def test_detector_and_screen_can_be_left_out() -> None:
    config = given("--no-detect", "--headless").config
    assert (config.detector.enabled, config.screen.show) == (False, "off")


def test_a_window_that_shall_not_be_is_refused() -> None:
    with pytest.raises(click.UsageError, match="leave one of the two out"):
        given("--headless", "--window")


def test_the_page_can_be_left_out_or_served_elsewhere() -> None:
    assert not given("--no-page").config.web.enabled
    config = given("--port", "9000").config
    assert (config.web.enabled, config.web.port) == (True, 9000)


def test_no_page_at_a_port_is_refused() -> None:
    with pytest.raises(click.UsageError, match="leave one of the two out"):
        given("--no-page", "--port", "9000")


def test_a_camera_that_nobody_names_is_found_once_and_the_others_are_left_alone() -> None:
    file = Path("my.toml")
    file.write_text('[[camera]]\nid = "a"\n[[camera]]\nid = "b"\nsource = "file:b.mkv"\n')
    given = settled(file, {}, told=lambda _: None)
    assert given.found in ("usb", "demo")
    loaded = given.load()
    assert [camera.source for camera in loaded.config.camera] == [given.found, "file:b.mkv"]
    assert loaded.origins["camera[0].source"] == FOUND
    file.write_text('[[camera]]\nsource = "file:a.mkv"\n')
    assert given.load().config.camera[0].source == "file:a.mkv"
    file.write_text("")
    assert given.load().config.camera[0].source == given.found


def test_a_camera_that_somebody_names_is_not_looked_for() -> None:
    assert settled(None, {"camera.source": "demo"}).found is None
    block = {"camera": [{"source": "demo", "fps": 30}], "recording.pre_roll": 10}
    given = settled(None, block, origin="usb_cam.py")
    assert given.found is None
    origins = given.load().origins
    assert (origins["camera[0].fps"], origins["recording.pre_roll"]) == ("usb_cam.py",) * 2


def test_the_environment_is_that_of_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    given_then = settled(None, {"camera.source": "demo"})
    monkeypatch.setenv("SMARTREC_RECORDING__QUALITY", "40")
    assert given_then.load().config.recording.quality == 23
