"""Fifty who look, one of whom never reads what he asked for: capture loses nothing by them."""

import json
import subprocess
import sys

import pytest

from tests.e2e.recorder import Recorder
from tests.web.browser.conftest import WITH_PAGE, home_in, page_of
from tests.web.browser.viewers import Crowd

MANY, SECONDS = 50, 60
COPY = {"SMARTREC_RECORDING__FORMAT": "copy"}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_fifty_viewers_cost_no_picture(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = home_in(tmp_path_factory)
    arguments = ("demo", "--pre-roll", "2s", "--post-roll", "10m")
    with Recorder(home, arguments, environ={**WITH_PAGE, **COPY}) as running:
        port = int(page_of(running).rstrip("/").rpartition(":")[2])
        running.wait_ring(2)
        with Crowd(port, 1) as deaf:
            deaf.wait_for_pictures()
            running.trigger()
            viewers = [sys.executable, "-m", "tests.web.browser.viewers", "--port", str(port)]
            viewers += ["--count", str(MANY), "--seconds", str(SECONDS)]
            done = subprocess.run(viewers, stdout=subprocess.PIPE, text=True, check=True)
            running.command(stop=True)
            running.wait_ready()
        (camera,) = running.status()["cameras"]
        running.stop()

    watching, *counted = done.stdout.splitlines()
    assert watching == "watching"
    seen = [json.loads(line) for line in counted]
    assert len(seen) == MANY
    assert all(each["pictures"] and not each["out_of_order"] for each in seen)
    assert camera["lost"] == 0
    (row,) = home.rows()
    assert row["frames_lost"] == 0
    assert row["frames_written"] == row["frames_expected"] >= 30 * (2 + SECONDS) - 1
