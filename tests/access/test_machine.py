"""By which names and addresses others reach this machine."""

import re
import shutil
import subprocess
from ipaddress import ip_address

import pytest

from smartrec.access.machine import addresses, host_names


@pytest.mark.skipif(shutil.which("ip") is None, reason="no iproute2 here to compare with")
def test_every_address_of_the_machine_that_lasts_is_found() -> None:
    listed = subprocess.run(
        ["ip", "-oneline", "address"], capture_output=True, text=True, check=True
    ).stdout
    expected = set()
    for line in listed.splitlines():
        found = re.search(r"\binet6? ([0-9a-f.:]+)", line)
        if found and "scope link" not in line and "temporary" not in line:
            expected.add(str(ip_address(found[1])))
    assert set(addresses()) == expected | {"127.0.0.1", "::1"}


def test_names_are_such_as_a_browser_sends() -> None:
    for name in host_names():
        assert re.fullmatch(r"[a-z0-9.-]+", name)
        assert name != "localhost"
