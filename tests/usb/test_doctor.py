"""Doctor on real cameras, in a virtual machine; the cases are `tests/usb/guest/doctor_cases.py`."""

import pytest

from tests.usb.camera import Plan
from tests.usb.cases import Cases, names

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.usefixtures("virtual_machines"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def doctor(virtual_machines: None, tmp_path_factory: pytest.TempPathFactory) -> Cases:
    return Cases("doctor_cases.py", tmp_path_factory.mktemp("doctor"), (Plan(), Plan()))


@pytest.mark.parametrize("case", names("doctor_cases.py"))
def test_doctor(doctor: Cases, case: str) -> None:
    doctor.check(case)
