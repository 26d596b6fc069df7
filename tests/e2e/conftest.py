"""A home for a recorder."""

import shutil
from pathlib import Path

import pytest

from smartrec.media.demo import open_demo
from tests.e2e.recorder import Home, environment


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: clips are decoded with it")
    cache = tmp_path_factory.getbasetemp().parent / "demo-pictures"
    open_demo(cache).close()  # draws it the first time
    run = tmp_path_factory.mktemp("run")
    return Home(tmp_path / "clips", environment(run, tmp_path / "state", cache))
