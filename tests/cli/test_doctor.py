"""What `smartrec doctor` prints and how it ends."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from smartrec.cli.doctor import doctor


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SMARTREC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


def test_programs_read_findings_and_whether_something_is_broken(tmp_path: Path) -> None:
    result = CliRunner().invoke(doctor, ["--json", "--clips", str(tmp_path)])
    answer = json.loads(result.stdout)
    broken = [each for each in answer["findings"] if each["status"] == "bad"]
    assert answer["broken"] == bool(broken)
    assert result.exit_code == (1 if broken else 0), broken
    assert {"check", "status", "what", "why", "mend"} == set(answer["findings"][0])
    assert set(answer) == {"v", "status", "broken", "findings"}
    assert answer["v"] == 1
    grave = [each["status"] for each in answer["findings"]]
    assert answer["status"] == max(grave, key=["ok", "warn", "bad"].index)


def test_the_detector_of_the_settings_is_the_one_that_is_tried(tmp_path: Path) -> None:
    (tmp_path / "smartrec.toml").write_text("[detector]\nmodel = 'own.onnx'\n")
    result = CliRunner().invoke(doctor, ["--json"])
    (found,) = [f for f in json.loads(result.stdout)["findings"] if f["check"] == "detector"]
    assert found["status"] == "bad"
    assert str(tmp_path / "own.onnx") in found["what"]


def test_cameras_that_nobody_looks_at_need_no_model(tmp_path: Path) -> None:
    camera = "[[camera]]\nsource = 'demo'\ndetect = false\n"
    (tmp_path / "smartrec.toml").write_text(camera)
    result = CliRunner().invoke(doctor, ["--json"])
    (found,) = [f for f in json.loads(result.stdout)["findings"] if f["check"] == "detector"]
    assert found["what"] == "switched off by the settings"


def test_a_broken_thing_ends_with_exit_status_1_and_the_command_that_mends_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "smartrec.toml").write_text("[recording]\npre_rol = '5s'\n")
    result = CliRunner().invoke(doctor, [])
    assert result.exit_code == 1
    assert "pre_rol" in result.stdout
    assert "smartrec config check" in result.stdout


def test_warnings_alone_end_with_0_and_when_strict_with_10(tmp_path: Path) -> None:
    (tmp_path / "smartrec.toml").write_text("[[camera]]\nsource = 'file:/nowhere.mp4'\n")
    for options, status in (([], 0), (["--strict"], 10)):
        result = CliRunner().invoke(doctor, ["--json", "--clips", str(tmp_path), *options])
        answer = json.loads(result.stdout)
        assert answer["status"] == "warn", [f for f in answer["findings"] if f["status"] == "bad"]
        assert result.exit_code == status


def test_a_pasted_error_is_explained_with_what_mends_it() -> None:
    result = CliRunner().invoke(doctor, ["--explain", "STREAMON: No space left on device"])
    assert result.exit_code == 0
    assert "USB reserves room" in result.stdout
    assert "lsusb -t" in result.stdout


def test_an_error_is_read_from_stdin_and_explained_for_programs() -> None:
    result = CliRunner().invoke(doctor, ["--explain", "-", "--json"], input="moov atom not found\n")
    (found,) = json.loads(result.stdout)
    assert set(found) == {"check", "trouble", "said", "symptom", "why", "mend"}
    assert found["trouble"] == "no-moov"


def test_an_unknown_error_says_where_to_go_and_ends_with_1() -> None:
    result = CliRunner().invoke(doctor, ["--explain", "the moon is made of cheese"])
    assert result.exit_code == 1
    assert "smartrec report" in result.stdout
