"""Quantities: examples for what people write, properties for reading back what we write."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec import units
from smartrec.units import MILLISECOND, SECOND, Ns

INT64_MAX = 2**63 - 1


def reads_or_complains_briefly(read: Callable[[str | float], int], value: str | float) -> bool:
    try:
        return 0 <= read(value) <= INT64_MAX
    except ValueError as error:
        return len(str(error)) < 600


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10s", 10 * SECOND),
        ("500ms", 500 * MILLISECOND),
        ("1m30s", 90 * SECOND),
        (" 1 m 30 s ", 90 * SECOND),
        ("2.5 min", 150 * SECOND),
        ("0.1s", 100 * MILLISECOND),
        ("1h", 3600 * SECOND),
        ("10", 10 * SECOND),
        (10, 10 * SECOND),
        (0, 0),
        (0.1, 100 * MILLISECOND),
        (2.5, 2_500 * MILLISECOND),
        (1e-7, 100),
        (0.0, 0),
    ],
)
def test_durations_are_read_as_people_write_them(written: str | float, meant: int) -> None:
    assert units.duration(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "s",
        "10x",
        "10 apples",
        "-1s",
        "1s-",
        "1e3s",
        "inf",
        "nan",
        "1..2s",
        "\u0661s",
        "9" * 5000,
    ],
)
def test_what_is_no_duration_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        units.duration(written)


@pytest.mark.parametrize("written", [-1, -0.5, math.inf, math.nan, True])
def test_numbers_that_are_no_duration_are_refused(written: float) -> None:
    with pytest.raises(ValueError, match="no duration"):
        units.duration(written)


def test_quantities_that_no_file_or_database_could_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        units.duration("300000d")
    with pytest.raises(ValueError, match="too large"):
        units.size("9999999999TB")


@given(st.integers(0, INT64_MAX))
def test_every_duration_reads_back_as_itself(value: int) -> None:
    assert units.duration(units.in_words(Ns(value))) == value


@given(st.integers(1, INT64_MAX))
def test_a_negative_duration_is_shown_with_its_sign(value: int) -> None:
    assert units.in_words(Ns(-value)) == "-" + units.in_words(Ns(value))


@given(st.floats(0, 1e9))
def test_a_float_of_seconds_is_read_to_the_nanosecond(value: float) -> None:
    assert abs(units.duration(value) - value * SECOND) <= max(1, value * SECOND * 1e-15)


@given(st.one_of(st.text(), st.floats(), st.integers()))
def test_any_text_or_number_is_a_duration_of_63_bits_or_a_value_error(value: str | float) -> None:
    assert reads_or_complains_briefly(units.duration, value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("200MB", 200_000_000),
        ("1.5GiB", 1_610_612_736),
        ("1.5 GiB", 1_610_612_736),
        ("64 kB", 64_000),
        ("100", 100),
        (100, 100),
        ("0", 0),
    ],
)
def test_sizes_are_read_as_people_write_them(written: str | int, meant: int) -> None:
    assert units.size(written) == meant


@pytest.mark.parametrize("written", ["", "MB", "10 mb", "-1MB", "1e9", "5 apples", -5, True])
def test_what_is_no_size_is_refused(written: str | int) -> None:
    with pytest.raises(ValueError, match="no size"):
        units.size(written)


@given(st.integers(0, INT64_MAX))
def test_every_size_reads_back_as_itself(value: int) -> None:
    assert units.size(units.size_in_words(value)) == value


@given(st.one_of(st.text(), st.floats(), st.integers()))
def test_any_text_or_number_is_a_size_of_63_bits_or_a_value_error(value: str | float) -> None:
    assert reads_or_complains_briefly(units.size, value)


@given(st.tuples(st.integers(1, 99_999), st.integers(1, 99_999)))
def test_every_picture_size_reads_back_as_itself(value: tuple[int, int]) -> None:
    assert units.picture_size(units.picture_in_words(value)) == value


@pytest.mark.parametrize("written", ["", "1280", "1280x", "0x720", "1280x0", "1280*720", "-1x5"])
def test_what_is_no_picture_size_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="no picture size"):
        units.picture_size(written)


def test_seconds_are_given_to_the_microsecond() -> None:
    assert units.seconds(Ns(1_234_567_891)) == 1.234568
