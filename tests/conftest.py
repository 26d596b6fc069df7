"""What several tests need of the machine."""

import logging
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.faults.totals import pytest_terminal_summary, totals
from tests.xserver import XServer, start

__all__ = ["pytest_terminal_summary", "totals"]

# No example may fail for being slow: the machine may be busy with something else.
settings.register_profile("smartrec", deadline=None)
settings.load_profile("smartrec")


@pytest.fixture(autouse=True)
def _log_level_of_its_own() -> Iterator[None]:
    """A command that runs in a test's own process sets the level for the whole process."""
    log = logging.getLogger("smartrec")
    level = log.level
    yield
    log.setLevel(level)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB; needs root for mount(8)."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small tmpfs")
    at = tmp_path / "small"
    at.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "smartrec", str(at)], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


@pytest.fixture
def x_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[XServer]:
    """An X server that can be killed; DISPLAY names it."""
    server = start()
    monkeypatch.setenv("DISPLAY", server.display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("XAUTHORITY", raising=False)
    try:
        yield server
    finally:
        server.stop()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--share 60 --seed 1f3a`: so many percent of the tests, others with every seed."""
    parser.addoption("--share", type=int, default=100, metavar="PERCENT")
    parser.addoption("--seed", default="", metavar="TEXT")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """How to run the same again."""
    share, seed = config.getoption("share"), config.getoption("seed")
    return [f"share: --share {share} --seed {seed}"] if share < 100 else []


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose a share of the tests, and let virtual machines run one after another.

    Each of these wants a processor, and their boot is shared.
    """
    share, seed = config.getoption("share"), config.getoption("seed")
    if share < 100:  # by name: every worker must choose the same, in whatever order
        left = [item for item in items if random.Random(seed + item.nodeid).random() * 100 >= share]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]
    if config.pluginmanager.hasplugin("xdist"):  # not so in a virtual machine
        for item in items:
            if "usb" in item.path.parts:
                item.add_marker(pytest.mark.xdist_group("virtual machine"))
