"""The press-Run script, started as a person would: by the system's Python, from a clean copy.

What it hands to the recorder is caught by a stand-in for the package and read by the real settings.
"""

import json
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from smartrec.config.load import load
from smartrec.config.watching import Detector

ROOT = Path(__file__).parents[1]
SYSTEM_PYTHON = "/usr/bin/python3"

MAIN = """
import json
def run_with(overrides):
    print(json.dumps(overrides))
"""
DEVICES = """
def cameras():
    return {cameras}
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the tree as a clone has it: no .venv."""
    clone = tmp_path / "clone"
    unwanted = shutil.ignore_patterns(".*cache*", ".git", ".venv", "__pycache__", "SmartRecDir")
    for name in ("usb_cam.py", "run.sh", "src"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, clone / name, ignore=unwanted)
        else:
            clone.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
    return clone


def start(
    copy: Path, *, python: str, stand_in: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(copy)}
    if stand_in is not None:
        environ["PYTHONPATH"] = str(stand_in)
    return subprocess.run(
        [python, "usb_cam.py"],
        cwd=copy,
        env=environ,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def set_up(copy: Path) -> None:
    venv.create(copy / ".venv", symlinks=True, with_pip=False)


def stand_in(at: Path, *, cameras: str = "()") -> Path:
    """A package named smartrec that prints what it was asked for."""
    for name, text in {
        "__init__.py": "",
        "cli/__init__.py": "",
        "cli/main.py": MAIN,
        "media/__init__.py": "",
        "media/devices.py": DEVICES.format(cameras=cameras),
    }.items():
        path = at / "smartrec" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return at


def change(copy: Path, **settings: object) -> None:
    script = copy / "usb_cam.py"
    text = script.read_text()
    for name, value in settings.items():
        text, count = re.subn(rf"^{name} = .*", f"{name} = {value!r}", text, flags=re.MULTILINE)
        assert count == 1
    script.write_text(text)


def test_from_a_clean_clone_it_names_the_one_command_that_is_missing(copy: Path) -> None:
    if not Path(SYSTEM_PYTHON).exists():
        pytest.skip(f"no {SYSTEM_PYTHON}")
    done = start(copy, python=SYSTEM_PYTHON)
    assert done.returncode == 2
    assert f"{copy}/run.sh --setup-only" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_that_it_names_is_there(copy: Path) -> None:
    assert (copy / "run.sh").stat().st_mode & 0o111
    assert "--setup-only" in (copy / "run.sh").read_text()


def test_an_interrupted_set_up_gets_the_same_advice(copy: Path) -> None:
    set_up(copy)
    done = start(copy, python=sys.executable)
    assert (done.returncode, "--setup-only" in done.stderr) == (2, True)


def test_a_venv_that_is_none_does_not_make_it_start_itself_for_ever(copy: Path) -> None:
    (copy / ".venv" / "bin").mkdir(parents=True)
    (copy / ".venv" / "bin" / "python").symlink_to(sys.executable)
    assert start(copy, python=sys.executable).returncode == 2


def test_any_python_goes_on_in_the_venv_with_the_settings_of_the_block(
    copy: Path, tmp_path: Path
) -> None:
    set_up(copy)
    done = start(copy, python=sys.executable, stand_in=stand_in(tmp_path / "lib"))
    assert (done.returncode, done.stderr) == (0, "")
    loaded = load(
        path=None, environ={"XDG_CONFIG_HOME": str(tmp_path)}, overrides=json.loads(done.stdout)
    )
    camera = loaded.config.camera[0]
    assert (camera.source, camera.size, camera.fps) == ("demo", (1280, 720), 30)
    assert loaded.config.recording.pre_roll == 10_000_000_000
    assert loaded.config.recording.directory == copy / "SmartRecDir"


def test_the_first_camera_is_taken_where_there_is_one(copy: Path, tmp_path: Path) -> None:
    set_up(copy)
    package = stand_in(tmp_path / "lib", cameras="('one',)")
    done = start(copy, python=sys.executable, stand_in=package)
    assert json.loads(done.stdout)["camera"][0]["source"] == "usb"


def test_what_is_set_in_the_block_reaches_the_recorder(copy: Path, tmp_path: Path) -> None:
    set_up(copy)
    change(
        copy, USB_DEVICE="/dev/video7", SR_BACK_SEC=2.5, SR_FRONT_SEC=3, SMARTREC_DIR="/srv/clips"
    )
    done = start(copy, python=sys.executable, stand_in=stand_in(tmp_path / "lib"))
    loaded = load(
        path=None, environ={"XDG_CONFIG_HOME": str(tmp_path)}, overrides=json.loads(done.stdout)
    )
    assert loaded.config.camera[0].source == "usb:/dev/video7"
    assert loaded.config.recording.pre_roll == 2_500_000_000
    assert loaded.config.recording.post_roll == 3_000_000_000
    assert loaded.config.recording.directory == Path("/srv/clips")


def test_a_deepstream_configuration_beside_the_script_and_its_classes_reach_the_detector(
    copy: Path, tmp_path: Path
) -> None:
    set_up(copy)
    change(copy, PGIE_CONFIG="models/pgie.txt", PERSON_CLASS_IDS=[0, 2], MIN_PERSON_CONF=0.5)
    done = start(copy, python=sys.executable, stand_in=stand_in(tmp_path / "lib"))
    loaded = load(
        path=None, environ={"XDG_CONFIG_HOME": str(tmp_path)}, overrides=json.loads(done.stdout)
    )
    detector = loaded.config.detector
    assert detector.model == str(copy / "models" / "pgie.txt")
    assert (detector.person_class_ids, detector.min_confidence) == ((0, 2), 0.5)


def test_without_settings_for_detection_the_built_in_model_decides(
    copy: Path, tmp_path: Path
) -> None:
    set_up(copy)
    done = start(copy, python=sys.executable, stand_in=stand_in(tmp_path / "lib"))
    loaded = load(
        path=None, environ={"XDG_CONFIG_HOME": str(tmp_path)}, overrides=json.loads(done.stdout)
    )
    assert loaded.config.detector == Detector()
    assert loaded.origins["detector.model"] == "default"


def test_it_is_short_enough_to_teach() -> None:
    assert len((ROOT / "usb_cam.py").read_text().splitlines()) <= 65
