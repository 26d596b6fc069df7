"""The config commands, run as a user does but for the process: real files, real settings."""

import json
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner, Result

from smartrec.app.applying import Applied
from smartrec.app.control import ControlServer, socket_path
from smartrec.app.settings import Settings
from smartrec.cli.config import config
from smartrec.config import reference
from smartrec.config.load import Given
from smartrec.config.schema import Config
from smartrec.errors import ConfigError, ControlError, UsageError
from smartrec.model import Answer, Command


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


FILE = """\
# mine
[recording]
pre_roll = "5s"  # long enough

[[camera]]
id = "front"
source = "demo"
"""


@pytest.fixture
def file() -> Path:
    path = Path("smartrec.toml")
    path.write_text(FILE)
    return path


def test_path_says_which_file_is_read_or_would_be_made(tmp_path: Path) -> None:
    done = call("path")
    assert done.stdout == f"{tmp_path / 'home' / 'smartrec' / 'smartrec.toml'}\n"
    assert "is not there" in done.stderr
    Path("smartrec.toml").touch()
    done = call("path")
    assert (done.stdout, done.stderr) == ("smartrec.toml\n", "")
    other = tmp_path / "home" / "smartrec" / "smartrec.toml"
    other.parent.mkdir(parents=True, exist_ok=True)
    other.touch()
    assert call("path").stderr == f"nothing of {other} is read here\n"
    assert call("path", "--config", "x.toml").stdout == "x.toml\n"


def test_set_changes_the_file_and_says_what_that_touches(file: Path) -> None:
    done = call("set", "recording.pre_roll", "7s")
    assert done.stdout.splitlines() == [
        "smartrec.toml: recording.pre_roll is set",
        '  recording.pre_roll: "5s" -> "7s"; takes effect at once',
    ]
    assert done.stderr == "no recorder runs there: the next start takes it\n"
    assert file.read_text() == FILE.replace('"5s"', '"7s"')
    assert call("set", "recording.pre_roll", "7s").stdout == "smartrec.toml says so already\n"


def test_set_takes_lists_tables_and_cameras(file: Path) -> None:
    call("set", "arming.schedule", "mon-fri 18:00-07:00", "sat-sun 00:00-24:00")
    call("set", "detector.person_class_ids", "0,2")
    call("set", "camera[0].controls.focus", "3")
    call("set", "camera[0].controls.extra.gain", "7")
    call("set", "camera[0].zone", '[{ name = "a", polygon = [[0, 0], [1, 0], [1, 1]] }]')
    done = call("set", "camera[1]", '{ id = "back", source = "demo" }')
    assert "camera[1]: added; restarts the capture of camera[1]" in done.stdout
    config = Given(file, {}, {}).load().config
    assert config.arming.schedule == ("mon-fri 18:00-07:00", "sat-sun 00:00-24:00")
    assert config.detector.person_class_ids == (0, 2)
    assert config.camera[0].controls.wanted() == {"gain": 7, "focus": 3}
    assert list(config.camera[0].zone[0].polygon) == [(0, 0), (1, 0), (1, 1)]
    assert [camera.id for camera in config.camera] == ["front", "back"]


def test_unset_takes_away_what_the_file_says(file: Path) -> None:
    assert call("unset", "recording.pre_roll").exit_code == 0
    assert file.read_text() == FILE.replace('pre_roll = "5s"  # long', "# long")
    done = call("unset", "camera[0]")
    assert "camera[0]: removed" in done.stdout
    assert "camera" not in file.read_text()
    assert call("unset", "log.level").stdout == "smartrec.toml does not say it\n"


def test_path_of_what_cannot_be_looked_at_is_printed_all_the_same() -> None:
    name = "x" * 300  # longer than any file system takes
    done = call("path", "--config", name)
    assert (done.exit_code, done.stdout) == (0, f"{name}\n")


def test_set_makes_the_users_own_file_where_there_is_none(tmp_path: Path) -> None:
    call("set", "camera[0].fps", "15")
    made = tmp_path / "home" / "smartrec" / "smartrec.toml"
    assert made.read_text() == "[[camera]]\nfps = 15\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("recording.pre_rol", "5s"), "recording.pre_rol: unknown; did you mean 'pre_roll'?"),
        (("recording.quality", "99"), "recording.quality: must be at most 51, not 99"),
        (("recording.pre_roll", "5s", "6s"), "recording.pre_roll: takes one value, not 2"),
        (("camera[2].fps", "5"), "camera[2]: there is no such camera; the last is camera[0]"),
        (("camera[1]", "{ source = "), "camera[1]: takes TOML"),
    ],
)
def test_a_mistake_changes_nothing(file: Path, words: tuple[str, ...], said: str) -> None:
    error = call("set", *words).exception
    assert isinstance(error, ConfigError)
    assert said in str(error)
    assert file.read_text() == FILE


def test_a_key_that_is_none_is_a_mistake_in_usage(file: Path) -> None:
    for words in (("set", "camera[x]", "5"), ("unset", "")):
        assert isinstance(call(*words).exception, UsageError)
    assert isinstance(call("unset", "recording.pre_rol").exception, ConfigError)
    assert file.read_text() == FILE


def test_a_file_with_a_mistake_is_mended_by_what_mends_it(file: Path) -> None:
    file.write_text("[recording]\nquality = 99\npre_roll = 'x'\n")
    assert isinstance(call("set", "recording.quality", "23").exception, ConfigError)
    file.write_text("[recording]\nquality = 99\n")
    assert call("set", "recording.quality", "23").exit_code == 0
    assert file.read_text() == "[recording]\nquality = 23\n"


def test_who_says_otherwise_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTREC_RECORDING__PRE_ROLL", "3s")
    done = call("set", "recording.pre_roll", "7s")
    assert "not in force here: SMARTREC_RECORDING__PRE_ROLL in the environment" in done.stdout
    assert '"7s"' in file.read_text()


class StandInStation:
    """Takes settings at once, and needs a new start for nothing."""

    def __init__(self, settings: Path) -> None:
        self.taken: list[Config] = []
        given = Given(settings, {}, {"log.level": "info"})
        self.settings = Settings(given, given.load(), self._apply)

    def submit(self, command: Command) -> "Future[tuple[Answer, ...]]":
        raise AssertionError(command)

    def _apply(self, config: Config, by: str) -> "Future[Applied]":
        assert by == "smartrec config"
        self.taken.append(config)
        done: Future[Applied] = Future()
        done.set_result(Applied(restarted=("front",), pending=("web.port",)))
        return done


@pytest.fixture
def station(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInStation]:
    with TemporaryDirectory() as short:
        monkeypatch.setenv("XDG_RUNTIME_DIR", f"{short}/run")
        made = StandInStation(file.absolute())
        server = ControlServer(
            socket_path(Path("SmartRecDir").absolute()),
            made.submit,
            settings=made.settings.answer,
        )
        server.start()
        yield made
        server.close()


def test_the_recorder_that_runs_takes_what_was_set(station: StandInStation) -> None:
    done = call("set", "camera[0].fps", "15")
    assert done.stdout.splitlines()[2:] == [
        "the recorder has taken them",
        "  capture started anew: front",
        "  needs a new start of smartrec: web.port",
    ]
    assert (done.exit_code, done.stderr) == (0, "")
    assert [config.camera[0].fps for config in station.taken] == [15]


def test_the_recorder_is_told_nothing_if_nobody_wants_that(station: StandInStation) -> None:
    assert "recorder" not in call("set", "--no-reload", "camera[0].fps", "15").output
    assert station.taken == []
    assert call("reload").exit_code == 0
    assert [config.camera[0].fps for config in station.taken] == [15]


def test_what_the_recorder_was_started_with_is_told(station: StandInStation) -> None:
    done = call("set", "log.level", "debug")
    assert done.stderr == "but not this: its command line says otherwise\n"
    assert station.taken == []


def test_a_recorder_that_reads_another_file_is_told(station: StandInStation) -> None:
    done = call("set", "--config", "other.toml", "log.level", "debug")
    assert "it reads another file" in done.stderr
    assert station.taken == []


def test_reload_of_a_wrong_file_says_what_is_wrong(station: StandInStation, file: Path) -> None:
    file.write_text("[recording]\nquality = 99\n")
    error = call("reload", "--clips", "SmartRecDir").exception
    assert isinstance(error, ConfigError)
    assert "recording.quality: must be at most 51" in str(error)
    assert station.taken == []


def test_reload_without_a_recorder_says_so(file: Path) -> None:
    assert file.exists()
    assert isinstance(call("reload").exception, ControlError)
