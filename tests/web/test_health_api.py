"""How the recorder is doing, asked over the API; doctor and report are the real ones."""

import asyncio
import errno
import json
import os
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from smartrec.access.model import Scope
from smartrec.app.events import CameraState, DetectionState
from smartrec.app.settings_question import Question
from smartrec.errors import ControlError
from smartrec.store.catalog import Catalog
from smartrec.units import SECOND
from smartrec.web.health_api import Desk
from tests.store.clips import INSTANT, closed, done, head
from tests.web.guarded import Guarded, guarded_in
from tests.web.recorder import Behind

API = "/api/v1"
DAY = 86_400 * SECOND
ENDS_WITHIN = 100.0


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded_in(tmp_path_factory.mktemp("guarded")) as made:
        yield made


def told(behind: Behind, path: str) -> Any:
    reply = behind.get(f"{API}/{path}")
    assert reply.status == 200, reply
    return json.loads(reply.body)


def doctor_of(behind: Behind) -> Any:
    """What it found, when it is done."""
    ends = time.monotonic() + ENDS_WITHIN
    while time.monotonic() < ends:
        said = told(behind, "doctor")
        if said["state"] != "running":
            return said
    raise AssertionError("doctor goes on for ever")


def lately() -> str:
    now = time.time_ns() // 1_000_000
    return f"history?from_ms={now - 60_000}&to_ms={now + 60_000}"


def test_the_page_remembers_how_the_cameras_did(behind: Behind) -> None:
    behind.happened(CameraState("cam0", 28.0, 12.0, 7_000_000, 100, 0, 0))
    behind.happened(DetectionState("cam0", 5, 5, 21.5, 2))
    ends, said = time.monotonic() + ENDS_WITHIN, told(behind, lately())
    while time.monotonic() < ends and not any(any(row["looks"]) for row in said["cameras"]):
        said = told(behind, lately())
    (row,) = said["cameras"]
    at = next(n for n, looks in enumerate(row["looks"]) if looks)
    assert (row["id"], row["fps"][at], row["infer_ms"][at]) == ("cam0", 28.0, 21.5)
    assert len(said["at_ms"]) == len(row["fps"]) == len(row["lost"])
    assert said["since_ms"] <= said["at_ms"][at] + 1000
    assert told(behind, lately() + "&camera=other")["cameras"] == []
    assert told(behind, lately() + "&points=1")["at_ms"] != []


@pytest.mark.parametrize("wrong", ["points=0", "points=601", "points=x", "other=1", "from_ms=-1"])
def test_a_history_that_makes_no_sense_is_refused(behind: Behind, wrong: str) -> None:
    assert behind.get(f"{API}/history?from_ms=0&to_ms=1&{wrong}").status == 422


def test_the_disk_is_told_with_its_clips_and_limits(behind: Behind) -> None:
    empty = told(behind, "disk")
    assert empty["total"] > empty["free"] > 0
    assert (empty["clips"], empty["per_day_bytes"], empty["full_ms"]) == (0, None, None)
    assert [each["id"] for each in empty["cameras"]] == ["cam0"]
    directory = Path(behind.page.setup.clips)
    ago = replace(INSTANT, wall_ns=time.time_ns() - 2 * DAY)
    clip = head(1, instant=ago)
    with Catalog.open(directory, create=True) as catalog:
        catalog.finished(closed(clip), done(directory, clip, bytes=2_000_000_000))
    filled = told(behind, "disk")
    assert (filled["clips"], filled["clips_bytes"]) == (1, 2_000_000_000)
    assert abs(filled["per_day_bytes"] - 1_000_000_000) < 10_000_000
    assert filled["limits"] == {"max_bytes": None, "max_age_s": None, "min_free_bytes": 10**9}
    (camera,) = filled["cameras"]
    assert (camera["name"], camera["per_day_bytes"]) == ("Demo", filled["per_day_bytes"])


def test_the_log_is_told_from_a_line_on(behind: Behind) -> None:
    behind.book.take("info", "one")
    behind.book.take("warning", "rtsp://me:s3cret@192.0.2.1 is gone")
    said = told(behind, "log")
    assert [line["level"] for line in said["lines"]] == ["info", "warning"]
    assert "s3cret" not in json.dumps(said)
    assert told(behind, f"log?since={said['next']}") == {**said, "lines": []}
    assert behind.get(f"{API}/log?since=-1").status == 422


def test_doctor_looks_at_the_settings_in_force(behind: Behind) -> None:
    assert told(behind, "doctor")["state"] in ("never", "done")
    begun = behind.send("doctor", {})
    assert begun.status == 202
    assert json.loads(begun.body)["state"] == "running"
    again = json.loads(behind.send("doctor", {}).body)
    assert again["begun_ms"] == json.loads(begun.body)["begun_ms"]
    said = doctor_of(behind)
    assert (said["state"], said["error"]) == ("done", None)
    assert said["exit"] in (0, 1)
    assert said["at_ms"] >= said["begun_ms"]
    checks = {each["check"]: each for each in said["checks"]}
    assert behind.page.setup.clips in checks["settings"]["what"]
    assert not any("no camera found" in each["what"] for each in said["checks"])  # it is the demo


def test_a_report_is_a_file_to_save(behind: Behind) -> None:
    reply = behind.get(f"{API}/report")
    assert reply.status == 200
    assert reply.headers["content-disposition"] == 'attachment; filename="smartrec-report.zip"'
    with zipfile.ZipFile(BytesIO(reply.body)) as archive:
        assert archive.testzip() is None
        assert {"README.txt", "doctor.json", "settings.json"} <= set(archive.namelist())
        settings = json.loads(archive.read("settings.json"))
    assert settings["path"] == str(behind.settled.path)


def test_a_report_that_there_is_no_room_for_is_a_condition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Told:
        async def settings(self, _: Question) -> dict[str, object]:
            return {"file": "smartrec.toml", "exists": False}

    monkeypatch.setattr("tempfile.mkdtemp", full)
    hub = SimpleNamespace(setup=SimpleNamespace(clips=str(tmp_path)))
    desk = Desk(cast("Any", hub), cast("Any", Told()))
    with pytest.raises(ControlError, match="there is no report: No space left on device"):
        asyncio.run(desk.report())


def test_it_is_written_down_who_has_doctor_look_and_who_wants_a_report(guarded: Guarded) -> None:
    assert guarded.ask("doctor", "POST", guarded.token(Scope.ADMIN), {}).status == 202
    assert guarded.ask("report", who=guarded.token(Scope.RECORD)).status == 403
    audit = json.loads(guarded.ask("audit", who=guarded.token(Scope.ADMIN)).body)
    done = [(each["who"], each["action"], each["outcome"]) for each in audit["entries"]]
    assert done[:2] == [("record", "report", "not allowed"), ("admin", "doctor", "ok")]
