"""The frame clock of a virtual camera, and its pictures cut into payloads.

Payload headers after the USB Device Class Definition for Video Devices 1.1, 2.4.3.3: twelve bytes
with the bit that changes with each picture, its end, its time and the device's clock.
"""

import struct
from collections import Counter
from typing import Final

from tests.usb.descriptors import CLOCK, Mode
from tests.usb.pictures import Fault, picture, spoilt

_HEADER: Final = 12
_END_OF_PICTURE: Final = 0x02
_FLAGS: Final = 0x8C
"""End of header, a clock, a time of the picture."""
_TICKS: Final = 10_000_000


class Stream:
    """Pictures at a rate, as a sensor gives them: one that nobody fetches in time is never made.

    Times are seconds of CLOCK_MONOTONIC. Pictures are numbered as they are begun to be sent, over
    all starts, so a number missing in a recording was lost on the way.

    Args:
        serial: The camera's serial number, which its pictures carry.

    Attributes:
        running: Whether the host asked for pictures.
        stalled: On the bus, but no more pictures come.
        counts: ``begun`` and ``sent`` pictures, ``late`` ones that were never made, ``starts``.
        spoilt: Numbers of the faulty pictures sent.
    """

    def __init__(self, serial: str) -> None:
        self._serial = serial
        self.running = False
        self.stalled = False
        self.counts: Counter[str] = Counter()
        self.spoilt: list[int] = []
        self._mode: Mode | None = None
        self._interval = 1
        self._start = 0.0
        self._tick = -1
        self._parity = 0
        self._rest: bytes | None = None
        self._taken = 0.0
        self._fault: tuple[Fault, int] | None = None

    def start(self, mode: Mode, interval: int, now: float) -> None:
        """The host wants pictures every `interval` (100 ns)."""
        self.running = True
        self._mode, self._interval = mode, interval
        self._begin_clock(now)
        self.counts["starts"] += 1

    def stop(self) -> None:
        """The host wants none any more."""
        self.running = False
        self._rest = None

    def stall(self) -> None:
        """Send nothing any more, in the middle of a picture if need be."""
        self.stalled = True

    def resume(self, now: float) -> None:
        """Send again."""
        self.stalled = False
        self._begin_clock(now)

    def spoil(self, fault: Fault, count: int) -> None:
        """Give the next `count` JPEGs a fault."""
        self._fault = (fault, count)

    @property
    def next_due(self) -> float:
        """When the next payload can be had."""
        if self._rest is not None:
            return 0.0
        return self._start + (self._tick + 1) * self._interval / _TICKS

    def payload(self, most: int, now: float) -> bytes | None:
        """The next payload of at most `most` bytes, or None while there is nothing to send."""
        if not self.running or self.stalled:
            return None
        if self._rest is None and not self._take(now):
            return None
        assert self._rest is not None
        part, self._rest = self._rest[: most - _HEADER], self._rest[most - _HEADER :]
        header = self._header(now, last=not self._rest)
        if not self._rest:
            self._rest = None
            self.counts["sent"] += 1
        return header + part

    def _begin_clock(self, now: float) -> None:
        self._start, self._tick, self._rest = now, -1, None

    def _header(self, now: float, *, last: bool) -> bytes:
        flags = _FLAGS | self._parity | (_END_OF_PICTURE if last else 0)
        taken, clock = (round((at - self._start) * CLOCK) & 2**32 - 1 for at in (self._taken, now))
        return struct.pack("<BBIIH", _HEADER, flags, taken, clock, int(now * 1000) & 0x7FF)

    def _take(self, now: float) -> bool:
        """Take the picture that is due, if one is."""
        tick = int((now - self._start) * _TICKS / self._interval + 1e-6)
        if tick <= self._tick:
            return False
        self.counts["late"] += tick - self._tick - 1
        self._tick = tick
        self._taken = self._start + tick * self._interval / _TICKS
        self._parity ^= 1
        assert self._mode is not None
        self._rest = self._spoilt(picture(self._mode, self.counts["begun"], self._serial))
        self.counts["begun"] += 1
        return True

    def _spoilt(self, whole: bytes) -> bytes:
        if self._fault is None:
            return whole
        fault, count = self._fault
        self._fault = (fault, count - 1) if count > 1 else None
        self.spoilt.append(self.counts["begun"])
        return spoilt(whole, fault)
