"""Quantities as people write them, and as the program counts them.

Time is whole nanoseconds (`Ns`) everywhere inside; seconds appear only in JSON and on screens.
"""

import re
from fractions import Fraction
from typing import Final, NewType

Ns = NewType("Ns", int)

MILLISECOND: Final = Ns(1_000_000)
SECOND: Final = Ns(1_000_000_000)

_DURATION_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "sec": 1_000_000_000,
    "m": 60_000_000_000,
    "min": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
_SIZE_UNITS: Final = {
    "": 1,
    "B": 1,
    "kB": 1000,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "TB": 1000**4,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "TiB": 1024**4,
}
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_PART: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)\s*")
_SIZE: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*")
_PICTURE: Final = re.compile(r"\s*([0-9]{1,5})\s*x\s*([0-9]{1,5})\s*")
_TEXT_MAX: Final = 64
_INT64_MAX: Final = 2**63 - 1


def duration(value: str | float) -> Ns:
    """Read ``"10s"``, ``"1m30s"``, ``"2.5 min"``, ``"500ms"``; a bare number is seconds.

    Raises:
        ValueError: It is no duration, is negative, or is longer than 292 years (63 bits).
    """
    text = _as_text(value)
    if _NUMBER.fullmatch(text):
        return Ns(_in_63_bits(Fraction(text) * SECOND, text))
    total, at = Fraction(0), 0
    for part in _PART.finditer(text):
        if part.start() != at or part[2] not in _DURATION_UNITS:
            break
        total += Fraction(part[1]) * _DURATION_UNITS[part[2]]
        at = part.end()
    if not text or at != len(text):
        raise ValueError(f"{text!r} is no duration; write it like '10s', '500ms' or '1m30s'")
    return Ns(_in_63_bits(total, text))


def size(value: str | float) -> int:
    """Read ``"200MB"`` or ``"1.5 GiB"`` as bytes; a bare number is bytes.

    Raises:
        ValueError: It is no size, is negative, or needs more than 63 bits.
    """
    text = _as_text(value)
    match = _SIZE.fullmatch(text)
    if match is None or match[2] not in _SIZE_UNITS:
        raise ValueError(f"{text!r} is no size; write it like '200MB' or '1.5GiB'")
    return _in_63_bits(Fraction(match[1]) * _SIZE_UNITS[match[2]], text)


def _as_text(value: str | float) -> str:
    """What was written, as decimal digits and units; bounded, so that it can be shown."""
    if isinstance(value, float) and 0 < value < float("inf"):
        whole = Fraction(repr(value))
        value = f"{whole.numerator // whole.denominator}.{_decimals(whole)}"
    text = value.strip() if isinstance(value, str) else repr(value)
    return text if len(text) <= _TEXT_MAX else f"{text[:_TEXT_MAX]}…"


def _decimals(value: Fraction) -> str:
    """The decimals of a number to a billionth of a billionth, finer than anything we count."""
    return f"{int(value % 1 * 10**18):018d}"


def _in_63_bits(number: Fraction, written: str) -> int:
    if (whole := round(number)) > _INT64_MAX:
        raise ValueError(f"{written!r} is too large")
    return whole


def picture_size(value: str) -> tuple[int, int]:
    """Read ``"1280x720"`` as width and height in pixels.

    Raises:
        ValueError: It is no picture size, or a side is zero.
    """
    match = _PICTURE.fullmatch(value)
    if match is None or 0 in (sides := (int(match[1]), int(match[2]))):
        raise ValueError(f"{_as_text(value)!r} is no picture size; write it like '1280x720'")
    return sides


def seconds(value: Ns) -> float:
    """For JSON and screens, to the microsecond."""
    return round(value / SECOND, 6)


def in_words(value: Ns) -> str:
    """The shortest text that `duration` reads back as `value`, such as ``"1m30s"``.

    A negative one, which `duration` refuses, gets a minus sign in front.
    """
    if value == 0:
        return "0s"
    words, rest = "", abs(int(value))
    # Nobody counts a month in hours, nor a day in days.
    days = ("d",) if rest >= 2 * _DURATION_UNITS["d"] else ()
    for unit in (*days, "h", "m", "s", "ms", "us", "ns"):
        count, rest = divmod(rest, _DURATION_UNITS[unit])
        words += f"{count}{unit}" if count else ""
    return words if value > 0 else f"-{words}"


def size_in_words(value: int) -> str:
    """A short text that `size` reads back as exactly `value` bytes, such as ``"512MB"``."""
    for unit in ("TB", "TiB", "GB", "GiB", "MB", "MiB", "kB", "KiB"):
        if value and value % _SIZE_UNITS[unit] == 0:
            return f"{value // _SIZE_UNITS[unit]}{unit}"
    return f"{value}B"


def picture_in_words(value: tuple[int, int]) -> str:
    """The text that `picture_size` reads back as `value`, such as ``"1280x720"``."""
    width, height = value
    return f"{width}x{height}"
