"""Virtual machines can be booted, or it is said why not."""

import os

import pytest

from tests.usb.needs import unusable


@pytest.fixture(scope="session")
def virtual_machines() -> None:
    """What every test needs that boots one; where tests must not be left out, this fails."""
    reason = unusable()
    if reason is None:
        return
    if os.environ.get("CI"):
        pytest.fail(f"no virtual machine can be booted: {reason}", pytrace=False)
    pytest.skip(f"no virtual machine can be booted: {reason}")
