"""`smartrec trigger` against a real control socket, behind which a stand-in station answers."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner, Result

from smartrec.app.control import ControlServer, socket_path
from smartrec.app.gate import Gate
from smartrec.app.identity import DirectoryLock
from smartrec.cli.trigger import in_words, trigger
from smartrec.clock import SystemClock
from smartrec.errors import ControlError
from smartrec.model import Action, Answer, Command, Verdict

CLIP = "01936c3f-0000-7000-8000-000000000000"


class StandInStation:
    """Two cameras, of which the second is lost; obeys as the real one does, through a gate."""

    def __init__(self) -> None:
        self.obeyed: list[Command] = []
        self._gate = Gate(self._obey, SystemClock())

    def submit(self, command: Command) -> "Future[tuple[Answer, ...]]":
        future: Future[tuple[Answer, ...]] = Future()
        future.set_result(self._gate.handle(command))
        return future

    def _obey(self, command: Command) -> tuple[Answer, ...]:
        self.obeyed.append(command)
        if command.action is Action.STOP:
            return (Answer(command.id, "cam0", Verdict.STOPPED, clip_id=CLIP),)
        answers = (
            Answer(command.id, "cam0", Verdict.ACCEPTED, clip_id=CLIP, pre_roll_s=10.0),
            Answer(command.id, "cam1", Verdict.REFUSED, "the camera is lost"),
        )
        return tuple(each for each in answers if command.camera in (None, each.camera))


@pytest.fixture
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    # Not below tmp_path: with a user's and a test's name in it, it is too long for a socket.
    with TemporaryDirectory() as short:
        monkeypatch.setenv("XDG_RUNTIME_DIR", f"{short}/run")
        yield tmp_path / "clips"


@pytest.fixture
def station(clips: Path) -> Iterator[StandInStation]:
    made = StandInStation()
    server = ControlServer(socket_path(clips), made.submit)
    server.start()
    yield made
    server.close()


def run(*args: object) -> Result:
    return CliRunner().invoke(trigger, [str(each) for each in args])


def test_all_cameras_answer_one_line_each(station: StandInStation, clips: Path) -> None:
    result = run("--clips", clips)
    assert result.output.splitlines() == [
        f"cam0: accepted, 10.0 s before are secured, clip {CLIP}",
        "cam1: refused: the camera is lost",
    ]
    assert result.exit_code == 1
    assert [command.camera for command in station.obeyed] == [None]


def test_one_camera_that_obeys_is_success(station: StandInStation, clips: Path) -> None:
    result = run("--clips", clips, "--camera", "cam0", "--reason", "door bell")
    assert result.exit_code == 0
    assert result.output.startswith("cam0: accepted")
    assert station.obeyed[0].reason == "door bell"


def test_stop_stops(station: StandInStation, clips: Path) -> None:
    result = run("--clips", clips, "--stop")
    assert (result.output, result.exit_code) == (f"cam0: stopped, clip {CLIP}\n", 0)
    assert station.obeyed[0].action is Action.STOP


def test_programs_get_a_list_of_answers(station: StandInStation, clips: Path) -> None:
    result = run("--clips", clips, "--json", "--id", "mine")
    cam0, cam1 = json.loads(result.output)
    assert (cam0["id"], cam0["verdict"], cam0["clip_id"]) == ("mine", "accepted", CLIP)
    assert (cam1["camera"], cam1["verdict"], result.exit_code) == ("cam1", "refused", 1)


def test_a_repeat_of_an_id_does_nothing_and_gets_the_same(
    station: StandInStation, clips: Path
) -> None:
    first, second = (run("--clips", clips, "--id", "mine") for _ in range(2))
    assert first.output == second.output
    assert len(station.obeyed) == 1


def test_nonsense_is_refused_in_words(station: StandInStation, clips: Path) -> None:
    result = run("--clips", clips, "--reason", "a\nb")
    assert (
        result.output == "all cameras: refused: its reason has characters that cannot be printed\n"
    )
    assert result.exit_code == 1
    assert not station.obeyed


def test_the_directory_comes_from_the_settings(station: StandInStation, clips: Path) -> None:
    clips.with_name("s.toml").write_text('[recording]\ndirectory = "clips"\n')
    assert run("--config", "s.toml", "--camera", "cam0").exit_code == 0
    assert len(station.obeyed) == 1


def test_nobody_there_is_exit_code_7_with_a_way_to_start_one(clips: Path) -> None:
    error = run("--clips", clips).exception
    assert isinstance(error, ControlError)
    assert error.exit_code == 7
    assert str(error) == f"no recorder is running for clips in {clips}"
    assert error.hint == f"Start one: smartrec run --clips {clips}"


def test_a_recorder_out_of_reach_is_named(clips: Path) -> None:
    with DirectoryLock.acquire(clips):
        error = run("--clips", clips).exception
    assert isinstance(error, ControlError)
    assert "no control socket for you" in str(error)


def test_an_answer_of_the_gate_is_about_all_cameras() -> None:
    assert in_words(Answer("a", "", Verdict.REFUSED, "late")) == "all cameras: refused: late"


def test_it_starts_without_what_is_slow() -> None:
    code = "import sys, smartrec.cli.trigger; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=50
    ).stdout.split()
    assert "smartrec.app.wire" in loaded
    assert not {"pydantic", "asyncio", "gi", "platformdirs", "numpy"} & set(loaded)
