"""What the tests of the screen show upon."""

import pytest

from tests.xserver import XServer


@pytest.fixture
def x_display(x_server: XServer) -> str:
    """What DISPLAY says."""
    return x_server.display
