"""Doctor on a disk that hangs: told as such, and all else is told as well."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.faulty_disk import FOR_EVER, Call, FaultyDisk


def looked(tmp_path: Path, disk: FaultyDisk) -> dict[str, list[dict[str, Any]]]:
    """What doctor finds, by check; it has ended by itself."""
    clips = tmp_path / "disk"
    clips.mkdir()
    own = {name: value for name, value in os.environ.items() if "SMARTREC" not in name}
    more = {"SMARTREC_DETECTOR__ENABLED": "false", "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "smartrec", "doctor", "--json", "--clips", str(clips)],
        env={**own, **more, **disk.environ(clips)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    found: dict[str, list[dict[str, Any]]] = {}
    for each in json.loads(done.stdout)["findings"]:
        found.setdefault(each["check"], []).append(each)
    return found


@pytest.mark.exhaustive
def test_a_disk_that_takes_no_sync_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    disk = FaultyDisk(tmp_path / "state")
    disk.hang([Call.SYNC], 1, times=FOR_EVER)
    found = looked(tmp_path, disk)
    assert disk.hanging
    told = found["room"][-1]
    assert (told["status"], "no answer within" in told["what"]) == ("bad", True)
    assert "dmesg" in told["mend"]
    assert found["directory"][0]["status"] == "ok" or "filesystem" in found["directory"][0]["what"]
    assert found["clock"]
    assert found["recorder"]


@pytest.mark.long
def test_a_disk_that_answers_nothing_costs_its_time_once(tmp_path: Path) -> None:
    disk = FaultyDisk(tmp_path / "state")
    disk.hang([Call.LOOK, Call.READ, Call.CREATE], 1, times=FOR_EVER)
    found = looked(tmp_path, disk)
    assert disk.hanging
    assert "no answer within" in found["directory"][0]["what"]
    for check in ("room", "control"):
        (left,) = found[check]
        assert left["what"] == "not looked at: the clip directory hangs"
    assert found["clock"]
    assert found["encoder"]
