"""The kernel's own event structures, through named pipes that stand in for devices."""

import os
import select
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartrec.media.screen import keyboard
from smartrec.media.screen.keyboard import Keyboards, keyboard_name

ESC, ONE, Q, CTRL, R, S, KEYPAD_0, A = 1, 2, 16, 29, 19, 31, 82, 30
RELEASE, PRESS, REPEAT = 0, 1, 2


class Device:
    """A keyboard's side of its device file."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        # Read and write, for a pipe that nobody reads yet cannot be opened to write only.
        self._fd: int = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._path = path

    def say(self, *keys: tuple[int, int]) -> None:
        for code, value in keys:
            os.write(self._fd, struct.pack("@llHHi", 0, 0, 1, code, value))
            os.write(self._fd, struct.pack("@llHHi", 0, 0, 0, 0, 0))

    def unplug(self) -> None:
        self._path.unlink()
        os.close(self._fd)


@pytest.fixture
def devices(tmp_path: Path) -> Iterator[dict[str, Device]]:
    made = {name: Device(tmp_path / name) for name in ("event0", "event1")}
    yield made
    for device in made.values():
        device.unplug()


@pytest.fixture
def keys(tmp_path: Path, devices: dict[str, Device]) -> Iterator[Keyboards]:
    opened = Keyboards(tmp_path, lambda _: "a keyboard")
    assert opened.open() == ("a keyboard", "a keyboard")
    yield opened
    opened.close()


def came(keys: Keyboards) -> list[str]:
    select.select([keys], [], [], 20)
    return list(keys.pressed())


def test_presses_of_our_keys_come_in_order(keys: Keyboards, devices: dict[str, Device]) -> None:
    devices["event1"].say((R, PRESS), (R, RELEASE), (A, PRESS), (S, PRESS), (ESC, PRESS))
    assert came(keys) == ["r", "s", "esc"]
    devices["event0"].say((KEYPAD_0, PRESS), (ONE, PRESS), (Q, PRESS))
    assert came(keys) == ["0", "1", "q"]


def test_a_key_held_down_counts_once(keys: Keyboards, devices: dict[str, Device]) -> None:
    devices["event0"].say((R, PRESS), (R, REPEAT), (R, REPEAT), (R, RELEASE), (S, PRESS))
    assert came(keys) == ["r", "s"]


def test_keys_with_ctrl_are_not_ours(keys: Keyboards, devices: dict[str, Device]) -> None:
    devices["event0"].say((CTRL, PRESS), (R, PRESS), (CTRL, RELEASE), (S, PRESS))
    assert came(keys) == ["s"]


def test_keyboards_are_looked_for_while_keys_are_read(
    tmp_path: Path, devices: dict[str, Device]
) -> None:
    keys = Keyboards(tmp_path, lambda _: "a keyboard")
    devices["event1"].say((R, PRESS))
    assert list(keys.pressed()) == ["r"]
    keys.close()


def test_one_plugged_in_later_is_found(keys: Keyboards, tmp_path: Path) -> None:
    late = Device(tmp_path / "event7")
    assert keys.open() == ("a keyboard",) * 3
    late.say((R, PRESS))
    assert came(keys) == ["r"]
    late.unplug()


def test_one_unplugged_is_let_go_and_the_others_go_on(
    tmp_path: Path, devices: dict[str, Device]
) -> None:
    keys = Keyboards(tmp_path, lambda _: "a keyboard")
    gone = Device(tmp_path / "event5")
    assert len(keys.open()) == 3
    gone.unplug()
    assert came(keys) == []
    assert len(keys.open()) == 2
    devices["event0"].say((R, PRESS))
    assert came(keys) == ["r"]
    keys.close()


def test_what_is_no_keyboard_is_left_alone(tmp_path: Path, devices: dict[str, Device]) -> None:
    keys = Keyboards(tmp_path)
    assert keys.open() == ()
    assert keys.trouble()[0] == "no keyboard is connected"
    keys.close()
    keys.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_user_who_may_not_read_them_is_told_the_group(
    tmp_path: Path, devices: dict[str, Device]
) -> None:
    for name in devices:
        (tmp_path / name).chmod(0)
    keys = Keyboards(tmp_path, lambda _: "a keyboard")
    assert keys.open() == ()
    assert "usermod -aG input" in keys.trouble()[1]
    keys.close()


def test_a_file_that_is_no_device_has_no_keys() -> None:
    with open(os.devnull) as file:  # noqa: PTH123 - a device
        assert keyboard_name(file.fileno()) is None


def test_requests_are_those_of_the_kernel() -> None:
    # EVIOCGNAME(256) and EVIOCGBIT(EV_KEY, 96), from a C compiler.
    assert keyboard._ask(0x06, 256) == 0x81004506
    assert keyboard._ask(0x21, 96) == 0x80604521
