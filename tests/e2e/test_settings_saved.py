"""Settings saved over the page of a real recorder: written, in force, and no other camera notices.

What a running station does with other settings is tested by itself; here is the whole way, from a
browser's request to the next clip.
"""

import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from smartrec.units import SECOND
from tests.e2e.pictures import check
from tests.e2e.recorder import SERVING, TIMEOUT, Home, Recorder

PAGE = r"^page: (http://127\.0\.0\.1:\d+)/$"
TEXT = """# Two cameras of the house.

[recording]
pre_roll = "1s"  # enough for the gate
post_roll = "2s"

[[camera]]  # the first
source = "demo"

[[camera]]
source = "demo"
name = "Yard"
"""


def asked(address: str, said: object = None, method: str = "GET") -> tuple[int, Any]:
    """Status and answer of the API."""
    body = None if said is None else json.dumps(said).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/v1/settings", body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.long
def test_what_is_saved_on_the_page_is_in_force_and_costs_no_picture_of_another_camera(
    home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "smartrec.toml"
    path.write_text(TEXT)
    zone = {"name": "gate", "polygon": [[0, 0.5], [1, 0.5], [1, 1]]}
    with Recorder(home, ("run", "--config", str(path)), environ=SERVING) as running:
        running.wait_live(cameras=2)
        address = running.wait_for(PAGE)[1]
        running.wait_ring(1.5)
        _, read = asked(address)
        first = time.monotonic_ns()
        running.trigger("cam0", pts=first)
        changes = [
            {"key": "recording.pre_roll", "value": "500ms"},
            {"key": "camera[0].zone", "value": [zone]},
            {"key": "camera[1].fps", "value": 10.0},
        ]
        saved = {"digest": read["digest"], "changes": changes}
        status, told = asked(address, saved, "PATCH")
        assert (status, told["applied"]["restarted"], told["problem"]) == (200, ["cam1"], None)
        running.wait_for(r"cam1: 1280x720 at 10 pictures")
        assert asked(address, saved, "PATCH")[0] == 409
        running.wait_ready()
        second = time.monotonic_ns()
        running.trigger("cam0", pts=second)
        running.wait_ready()
        running.stop()
    before, after = home.rows()
    check(before, first - SECOND, first + 2 * SECOND)
    check(after, second - SECOND // 2, second + 2 * SECOND)
    text = path.read_text()
    for line in ("# Two cameras of the house.", 'pre_roll = "500ms"  # enough for the gate'):
        assert line in text
    assert "[[camera]]  # the first" in text
    assert "[[camera.zone]]" in text
    assert "Traceback" not in running.everything
