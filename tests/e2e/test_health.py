"""How a real recorder is doing, asked of its page: what it says is true, and costs no picture."""

import json
import time
import urllib.request
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from smartrec.units import SECOND
from tests.e2e.pictures import check
from tests.e2e.recorder import SERVING, TIMEOUT, Home, Recorder, settings
from tests.e2e.test_page import PAGE, got

PRE, POST = SECOND, 4 * SECOND
SECRET = "rtsp://visitor:s3cret@127.0.0.1:1/main"


def posted(address: str) -> Any:
    """The answer to an empty object."""
    request = urllib.request.Request(address, b"{}", {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        return json.load(answer)


def reported(address: str) -> dict[str, str]:
    """The files of a report."""
    with (
        urllib.request.urlopen(address, timeout=TIMEOUT) as answer,
        zipfile.ZipFile(BytesIO(answer.read())) as archive,
    ):
        return {name: archive.read(name).decode() for name in archive.namelist()}


def until(address: str, key: str, no_more: object) -> Any:
    """An answer that says something else."""
    ends = time.monotonic() + 2 * TIMEOUT
    while time.monotonic() < ends:
        status, said = got(address)
        assert status == 200, said
        if said[key] != no_more:
            return said
    raise AssertionError(f"{key} is {no_more} for ever")


def history(api: str) -> Any:
    """Of the last minute, in which the demo lost nothing."""
    now = time.time_ns() // 1_000_000
    told = got(f"{api}/history?from_ms={now - 60_000}&to_ms={now}")[1]
    demo = next(each for each in told["cameras"] if each["id"] == "cam0")
    assert sum(each or 0 for each in demo["lost"]) == 0
    assert max(each or 0 for each in demo["fps"]) > 0
    return told


def logged(api: str, running: Recorder) -> Any:
    """What the recorder said, of which nothing was not on its terminal."""
    told = got(f"{api}/log")[1]
    texts = [line["text"] for line in told["lines"]]
    assert any(text.startswith("watching cam0") for text in texts)
    assert any("clip ready" in text for text in texts)
    assert all(text in running.everything for text in texts)
    return told


@pytest.mark.long
def test_doctor_looks_while_an_event_is_recorded_and_costs_no_picture(
    home: Home, tmp_path: Path
) -> None:
    path = settings(
        tmp_path / "smartrec.toml",
        ["demo", SECRET],
        recording={"pre_roll": "1s", "post_roll": "4s"},
    )
    with Recorder(home, ("run", "--config", str(path)), environ=SERVING) as running:
        running.wait_live()
        api = f"{running.wait_for(PAGE)[1]}/api/v1"
        running.wait_until(lambda status: status["cameras"][0]["ring_s"] > 1.5)
        at = time.monotonic_ns()
        assert posted(f"{api}/doctor")["state"] == "running"
        running.trigger(pts=at)
        found = until(f"{api}/doctor", "state", "running")
        assert (found["state"], found["error"]) == ("done", None)
        said = {each["check"]: each["what"] for each in found["checks"]}
        assert str(running.pid) in said["recorder"]
        running.wait_ready()
        told = history(api)
        disk = got(f"{api}/disk")[1]
        assert (disk["clips"], disk["cameras"][0]["clips"]) == (1, 1)
        assert disk["clips_bytes"] == running.home.rows()[0]["bytes"]
        log = logged(api, running)
        report = reported(f"{api}/report")
        assert "  info     watching cam0" in report["recorder.txt"]
        assert str(path) in report["settings.json"]
        assert "s3cret" not in json.dumps([found, told, disk, log, report])
        running.stop()
    (row,) = home.rows()
    check(row, at - PRE, at + POST)
