"""USB cameras as they are, in a virtual machine: unplugged, plugged in again, silent.

The cases themselves run in the guest (`tests/usb/guest`), as many as possible in one boot; each
is told here as a test of its own.
"""

import pytest

from tests.usb.cases import Cases, names

pytestmark = [
    pytest.mark.xdist_group("whole program"),
    pytest.mark.usefixtures("virtual_machines"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def main(virtual_machines: None, tmp_path_factory: pytest.TempPathFactory) -> Cases:
    return Cases("main_cases.py", tmp_path_factory.mktemp("main"))


@pytest.mark.parametrize("case", names("main_cases.py"))
def test_main_job(main: Cases, case: str) -> None:
    main.check(case)
