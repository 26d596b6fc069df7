"""A microphone of the kernel's beside the camera, in the virtual machine."""

import pytest

from tests.usb.cases import Cases, names

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.usefixtures("virtual_machines"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def sound(virtual_machines: None, tmp_path_factory: pytest.TempPathFactory) -> Cases:
    return Cases("sound_cases.py", tmp_path_factory.mktemp("sound"))


@pytest.mark.parametrize("case", names("sound_cases.py"))
def test_sound(sound: Cases, case: str) -> None:
    sound.check(case)
