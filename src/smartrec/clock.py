"""Where the program gets the time, so that tests can hand it another clock.

One timeline orders everything: CLOCK_MONOTONIC in nanoseconds, which is also every buffer's pts.
Wall time is a map onto it, sampled each second and stored with what it dated; it may jump.
"""

import ctypes
import os
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Protocol

from smartrec.units import Ns

_STA_UNSYNC: Final = 0x40
_TIME_ERROR: Final = 5


@dataclass(frozen=True, slots=True)
class ClockQuality:
    """How far the wall clock can be trusted.

    Attributes:
        source: Who says so: ``"adjtimex"``, or ``"unknown"`` where the kernel would not answer.
        synced: Whether something (NTP, PTP, GPS) disciplines the clock.
        max_error_us: The kernel's bound on the error, microseconds; None when unknown.
    """

    source: str
    synced: bool
    max_error_us: int | None


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment on both clocks; never stored one without the other.

    Attributes:
        wall_ns: Nanoseconds since 1970-01-01 UTC.
        mono_ns: CLOCK_MONOTONIC, meaningful within `boot_id` only.
        boot_id: The kernel's random id of this boot.
        clock: How good `wall_ns` is.
    """

    wall_ns: int
    mono_ns: Ns
    boot_id: str
    clock: ClockQuality

    def wall_at(self, mono_ns: Ns) -> int:
        """Wall time of another moment of the same boot, by this sample of the map."""
        return self.wall_ns + (mono_ns - self.mono_ns)


class Clock(Protocol):
    """The clocks a recorder needs."""

    def monotonic(self) -> Ns:
        """CLOCK_MONOTONIC: never jumps, shared by every process and every pts."""
        ...

    def now(self) -> Instant:
        """This moment on both clocks."""
        ...


class SystemClock:
    """The machine's own clocks. Any thread."""

    def monotonic(self) -> Ns:
        """See `Clock.monotonic`."""
        return Ns(time.monotonic_ns())

    def now(self) -> Instant:
        """See `Clock.now`."""
        return Instant(time.time_ns(), Ns(time.monotonic_ns()), boot_id(), clock_quality())


@cache
def boot_id() -> str:
    """The kernel's id of this boot; empty where /proc is missing."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


class _Timex(ctypes.Structure):
    """The head of the kernel's struct timex (adjtimex(2)); the rest is padding."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("_rest", ctypes.c_byte * 192),
    )


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def clock_quality() -> ClockQuality:
    """What the kernel knows of its wall clock (adjtimex(2), reading only)."""
    timex = _Timex()
    state = int(_libc().adjtimex(ctypes.byref(timex)))
    if state < 0:
        return ClockQuality(f"unknown ({os.strerror(ctypes.get_errno())})", False, None)
    synced = state != _TIME_ERROR and not timex.status & _STA_UNSYNC
    return ClockQuality("adjtimex", synced, int(timex.maxerror))
