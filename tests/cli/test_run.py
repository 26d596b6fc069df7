"""What the options of `smartrec run` mean: parsed by the command, read by the real settings."""

from pathlib import Path

import click
import pytest

from smartrec.cli.run import overrides_of, run
from smartrec.config.load import Loaded, load


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
