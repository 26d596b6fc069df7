"""What the cases in the virtual machine start from: a camera in its port, a home without clips."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.recorder import Home, environment
from tests.usb.guest.plug import PLACE, Plug


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(
        tmp_path / "clips",
        environment(tmp_path / "run", tmp_path / "state", tmp_path / "cache"),
    )


@pytest.fixture
def plug() -> Iterator[Plug]:
    """The first camera, plugged in and sending, before and after."""
    if not PLACE.exists():
        pytest.skip("runs in the virtual machine only: tests/usb/test_cameras.py")
    plug = Plug()
    plug.resume()
    plug.plug()
    plug.wait_node()
    yield plug
    plug.resume()
    plug.plug()
