"""A disarmed recorder: it sees, and says so, and records by command alone; also when killed."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.recorder import DETECTING, Home, Recorder

TIMING = ("--pre-roll", "1s", "--post-roll", "1s")
SEES = "sees persons"


def of_camera(holds: Callable[[dict[str, Any]], bool]) -> Callable[[dict[str, Any]], bool]:
    return lambda status: holds(status["cameras"][0])


@pytest.mark.long
def test_a_disarmed_camera_records_by_command_alone_until_it_is_armed_again(home: Home) -> None:
    with Recorder(home, ("demo", *TIMING), environ=DETECTING) as running:
        running.wait_live()
        assert home.run("disarm") == "cam0: disarmed\n"
        running.wait_for(r"cam0: disarmed \(command\)")
        running.wait_until(of_camera(lambda camera: camera["unrecorded"] == 1))
        assert running.status()["watch"]["persons"] == {"cam0": 1}
        running.trigger()
        running.wait_ready()
        running.kill()
    with Recorder(home, ("demo", *TIMING), environ=DETECTING) as running:
        running.wait_for(r"cam0: disarmed \(start\)")
        running.wait_for(SEES)
        running.wait_until(of_camera(lambda camera: camera["unrecorded"] == 1))
        (answer,) = json.loads(home.run("arm", "cam0", "--json"))
        assert (answer["verdict"], answer["until"]) == ("armed", None)
        running.wait_for(r"cam0: armed \(command\); 1 person not recorded meanwhile")
        running.wait_for(r"recording \(person\)")
        running.wait_ready()
        running.stop()
    reasons = [row["triggers"][0]["reason"] for row in home.rows()]
    assert sorted(reasons) == ["person", "test"]
