"""`smartrec arm` and `disarm` against a real control socket; the station is a stand-in."""

import json
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import pytest
from click.testing import CliRunner, Result

from smartrec.app.control import ControlServer, socket_path
from smartrec.app.gate import Gate
from smartrec.cli.arm import arm, disarm
from smartrec.clock import SystemClock
from smartrec.model import Action, Answer, Command, Verdict

UNTIL = "2026-11-23T18:00:00+01:00"


class StandInStation:
    """Two cameras; the schedule says nothing of the second."""

    def __init__(self) -> None:
        self.obeyed: list[Command] = []
        self._gate = Gate(self._obey, SystemClock())

    def submit(self, command: Command) -> "Future[tuple[Answer, ...]]":
        future: Future[tuple[Answer, ...]] = Future()
        future.set_result(self._gate.handle(command))
        return future

    def _obey(self, command: Command) -> tuple[Answer, ...]:
        self.obeyed.append(command)
        if command.camera == "cellar":
            return (Answer(command.id, "cellar", Verdict.REFUSED, "there is no such camera"),)
        verdict = Verdict.ARMED if command.action is Action.ARM else Verdict.DISARMED
        answers = (
            Answer(command.id, "cam0", verdict, "a clip goes on", until=UNTIL),
            Answer(command.id, "cam1", verdict),
        )
        return tuple(each for each in answers if command.camera in (None, each.camera))


@pytest.fixture
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
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


def run(command: click.Command, *args: object) -> Result:
    return CliRunner().invoke(command, [str(each) for each in args])


def test_each_camera_answers_what_it_is_now_and_until_when(
    station: StandInStation, clips: Path
) -> None:
    result = run(disarm, "--clips", clips)
    assert result.output.splitlines() == [
        "cam0: disarmed until 2026-11-23 18:00: a clip goes on",
        "cam1: disarmed",
    ]
    assert result.exit_code == 0
    assert [(each.action, each.camera) for each in station.obeyed] == [(Action.DISARM, None)]


def test_one_camera_is_armed(station: StandInStation, clips: Path) -> None:
    result = run(arm, "cam1", "--clips", clips)
    assert (result.output, result.exit_code) == ("cam1: armed\n", 0)
    assert [(each.action, each.camera) for each in station.obeyed] == [(Action.ARM, "cam1")]


def test_programs_get_a_list_of_answers(station: StandInStation, clips: Path) -> None:
    result = run(arm, "cam0", "--clips", clips, "--json", "--id", "mine")
    (answer,) = json.loads(result.output)
    assert (answer["id"], answer["verdict"], answer["until"]) == ("mine", "armed", UNTIL)


@pytest.mark.usefixtures("station")
def test_a_camera_that_there_is_not_is_a_failure(clips: Path) -> None:
    result = run(disarm, "cellar", "--clips", clips)
    assert (result.output, result.exit_code) == ("cellar: refused: there is no such camera\n", 1)


def test_without_a_recorder_it_says_so(clips: Path) -> None:
    result = run(arm, "--clips", clips)
    assert result.exception is not None
    assert "no recorder is running" in str(result.exception)
