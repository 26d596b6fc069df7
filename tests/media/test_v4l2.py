"""The kernel's structures and numbers, and what is made of them; the calls are in tests/usb."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.media import v4l2


def test_numbers_of_the_calls_are_those_of_the_kernels_header() -> None:
    # As gcc prints them from <linux/videodev2.h>; each holds the size of its structure.
    assert v4l2.QUERYCAP == 0x80685600
    assert v4l2.ENUM_FMT == 0xC0405602
    assert v4l2.REQBUFS == 0xC0145608
    assert v4l2.G_CTRL == 0xC008561B
    assert v4l2.S_CTRL == 0xC008561C
    assert v4l2.QUERYCTRL == 0xC0445624
    assert v4l2.ENUM_FRAMESIZES == 0xC02C564A
    assert v4l2.ENUM_FRAMEINTERVALS == 0xC034564B


def test_fields_lie_where_the_kernels_header_has_them() -> None:
    assert v4l2.Capability.device_caps.offset == 88
    assert v4l2.FormatDescription.pixelformat.offset == 44
    assert v4l2.FrameSize.sides.offset == 12
    assert v4l2.FrameInterval.fractions.offset == 20
    assert v4l2.QueryControl.minimum.offset == 40


def test_a_pixel_format_is_its_letters_without_filling() -> None:
    assert v4l2.fourcc(int.from_bytes(b"MJPG", "little")) == "MJPG"
    assert v4l2.fourcc(int.from_bytes(b"Y16 ", "little")) == "Y16"
    assert v4l2.fourcc(int.from_bytes(b"Y16 ", "little") | 1 << 31) == "Y16"


@pytest.mark.parametrize(
    ("kernel", "ours"),
    [
        ("Focus, Automatic Continuous", "focus_automatic_continuous"),
        ("White Balance Temperature, Auto", "white_balance_temperature_auto"),
        ("Exposure (Absolute)", "exposure_absolute"),
        ("Brightness", "brightness"),
    ],
)
def test_controls_are_named_as_v4l2_ctl_names_them(kernel: str, ours: str) -> None:
    assert v4l2.control_name(kernel) == ours


@given(st.tuples(*[st.integers(1, 4096)] * 6))
def test_sizes_of_a_range_are_all_within_it_and_include_both_ends(sides: tuple[int, ...]) -> None:
    low, high, step, low_y, high_y, step_y = sides
    sizes = v4l2.sizes_of_range(sides)
    assert bool(sizes) == (low <= high and low_y <= high_y)
    for width, height in sizes:
        assert low <= width <= high
        assert low_y <= height <= high_y
        assert (width - low) % step == 0
        assert (height - low_y) % step_y == 0
    if sizes:
        assert (low, low_y) in sizes


def test_a_range_names_the_usual_sizes_and_rates() -> None:
    sizes = v4l2.sizes_of_range((32, 1920, 2, 32, 1080, 2))
    assert {(640, 480), (1280, 720), (1920, 1080)} <= set(sizes)
    rates = v4l2.rates_of_range((1, 30, 1, 5, 1, 1000))
    assert rates == [Fraction(r) for r in (30, 25, 20, 15, 10, 5)]


def test_an_interval_of_zero_is_no_rate() -> None:
    assert v4l2.rates_of_range((0, 1, 1, 5, 1, 1)) == []


def test_a_file_that_is_no_video_device_says_so() -> None:
    with v4l2.Node(Path("/dev/null")) as node, pytest.raises(OSError, match="ioctl"):
        node.captures()
