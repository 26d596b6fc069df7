"""USB cameras as they are, in a virtual machine: unplugged, plugged in again, silent.

The cases themselves run in the guest (`tests/usb/guest`), as many as possible in one boot; each
is told here as a test of its own.
"""

import pytest

from tests.usb.camera import Plan
from tests.usb.cases import Cases, names

pytestmark = [
    pytest.mark.usefixtures("virtual_machines"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def main(virtual_machines: None, tmp_path_factory: pytest.TempPathFactory) -> Cases:
    return Cases("main_cases.py", tmp_path_factory.mktemp("main"))


@pytest.mark.parametrize("case", names("main_cases.py"))
def test_main_job(main: Cases, case: str) -> None:
    main.check(case)


MORE = ("other_cases.py", "device_cases.py")


@pytest.fixture(scope="module")
def more(virtual_machines: None, tmp_path_factory: pytest.TempPathFactory) -> Cases:
    cameras = (Plan(), Plan(plugged=False), Plan("yuy2", plugged=False))
    return Cases(MORE, tmp_path_factory.mktemp("more"), cameras)


@pytest.mark.exhaustive  # what counts lost pictures to the last needs a processor to itself
@pytest.mark.parametrize("case", [name for file in MORE for name in names(file)])
def test_more_of_what_cameras_do(more: Cases, case: str) -> None:
    more.check(case)


@pytest.fixture(scope="module")
def lasting(virtual_machines: None, tmp_path_factory: pytest.TempPathFactory) -> Cases:
    return Cases("lasting_cases.py", tmp_path_factory.mktemp("lasting"), timeout=1200)


@pytest.mark.exhaustive
@pytest.mark.timeout(1300)
@pytest.mark.parametrize("case", names("lasting_cases.py"))
def test_what_takes_minutes(lasting: Cases, case: str) -> None:
    lasting.check(case)
