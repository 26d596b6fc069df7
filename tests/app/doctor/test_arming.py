"""What doctor says of arming, by settings and of a recorder that runs (a stand-in answers)."""

import time
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from smartrec.app.control import ControlServer, socket_path
from smartrec.app.doctor.arming import check_arming, judge_settings
from smartrec.app.doctor.finding import Status
from smartrec.app.doctor.subject import Subject
from smartrec.app.identity import DirectoryLock
from smartrec.config.cameras import Camera
from smartrec.model import Answer
from smartrec.units import SECOND

NIGHTS = ("mon-fri 18:00-07:00",)


@pytest.fixture(autouse=True)
def central_europe(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * SECOND


@pytest.mark.parametrize(
    ("schedule", "armed", "what"),
    [
        ((), True, "cameras are armed always"),
        ((), False, "cameras are armed always; cam0 by command only"),
        (
            NIGHTS,
            True,
            "cameras are disarmed by the schedule until 2026-11-23 18:00; "
            "the clock here shows Mon 09:05 (CET)",
        ),
    ],
)
def test_the_settings_are_told_with_the_clock_that_they_go_by(
    tmp_path: Path, schedule: tuple[str, ...], armed: bool, what: str
) -> None:
    subject = Subject(tmp_path, cameras=(Camera(armed=armed),), schedule=schedule)
    found = judge_settings(subject, at("2026-11-23T09:05:00+01:00"))
    assert (found.status, found.what) == (Status.OK, what)


def test_what_a_command_disarmed_is_told_with_the_command_that_arms(tmp_path: Path) -> None:
    until = "2026-11-23T18:00:00+01:00"
    status: dict[str, object] = {
        "cameras": [
            {"id": "cam0", "armed": True, "armed_by": "command"},
            {"id": "cam1", "armed": False, "armed_by": "schedule"},
            {
                "id": "cam2",
                "armed": False,
                "armed_by": "command",
                "armed_until": until,
                "unrecorded": 3,
            },
        ]
    }
    with TemporaryDirectory() as short:  # too long for a socket's path is tmp_path
        environ = {"XDG_RUNTIME_DIR": f"{short}/run"}
        nobody: Future[tuple[Answer, ...]] = Future()
        path = socket_path(tmp_path, environ)
        server = ControlServer(path, lambda _: nobody, lambda: status)
        server.start()
        try:
            with DirectoryLock.acquire(tmp_path):
                _, found = check_arming(Subject(tmp_path, environ=environ))
        finally:
            server.close()
    assert found.status is Status.WARN
    assert found.what == (
        "cam2 is disarmed by command until 2026-11-23 18:00; 3 persons not recorded"
    )
    assert found.mend == "smartrec arm cam2"
