"""The config commands, run as a user does but for the process: real files, real settings."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smartrec.cli.config import config
from smartrec.config import reference
from smartrec.errors import ConfigError


@pytest.fixture(autouse=True)
def nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))


def call(*words: str) -> Result:
    return CliRunner().invoke(config, words)


def test_show_prints_each_value_with_its_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("smartrec.toml").write_text('[recording]\npre_roll = "5s"\n')
    monkeypatch.setenv("SMARTREC_LOG__LEVEL", "debug")
    lines = [line.split() for line in call("show").stdout.splitlines()]
    assert ["pre_roll", "=", '"5s"', "#", "smartrec.toml:2"] in lines
    assert ["level", "=", '"debug"', "#", "SMARTREC_LOG__LEVEL"] in lines
    assert ["quality", "=", "23", "#", "default"] in lines


def test_show_as_json_has_value_and_origin_of_each() -> None:
    Path("my.toml").write_text('[[camera]]\nsource = "demo"\n')
    answer = json.loads(call("show", "--json", "--config", "my.toml").stdout)
    assert answer["path"] == "my.toml"
    assert answer["settings"]["camera[0].source"] == {"value": "demo", "origin": "my.toml:2"}
    assert answer["settings"]["recording.pre_roll"] == {"value": "10s", "origin": "default"}
    assert len(answer["digest"]) == 64


@pytest.mark.parametrize(
    "words",
    [("check", "my.toml"), ("check", "--config", "my.toml"), ("--config", "my.toml", "check")],
)
def test_check_says_ok_of_the_file_it_is_given(words: tuple[str, ...]) -> None:
    Path("smartrec.toml").write_text("wrong = 1")
    Path("my.toml").write_text("[ring]")
    done = call(*words)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "ok\n", "checked: my.toml\n")


def test_check_without_any_file_says_that_there_is_none() -> None:
    done = call("check")
    assert (done.exit_code, done.stdout) == (0, "ok\n")
    assert "no file" in done.stderr


def test_check_raises_all_mistakes_with_exit_status_2() -> None:
    Path("smartrec.toml").write_text("wrong = 1\nalso = 2\n")
    error = call("check").exception
    assert isinstance(error, ConfigError)
    assert error.exit_code == 2
    assert str(error).count("smartrec.toml:") == 2
    assert error.hint == "See what there is: smartrec config example"


def test_schema_prints_json() -> None:
    assert json.loads(call("schema").stdout) == reference.json_schema()


def test_example_prints_a_file_that_check_takes() -> None:
    Path("smartrec.toml").write_text(call("example").stdout)
    assert call("check").exit_code == 0
