"""Plays clicks into ALSA's loopback card, and knows when each of them is heard at its other end.

By ctypes, for the sound card's own word on its delay is what the clicks are dated with: neither
GStreamer nor anything of smartrec has a part in it. The card counts time in jiffies, of 4 ms here.
"""

import ctypes
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np

from smartrec.units import SECOND

PLAYED: Final = b"plughw:Loopback,0"
HEARD: Final = "alsa:hw:Loopback,1"
RATE: Final = 48_000
_PERIOD: Final = 1024
_S16_LE: Final = 2
_INTERLEAVED: Final = 3
_LATENCY_US: Final = 500_000
_RAN_DRY: Final = -32  # -EPIPE
_DRIVER: Final = Path("/sys/bus/platform/drivers/snd_aloop")
_EVERY: Final = RATE


def plug() -> None:
    """Let there be such a card."""
    subprocess.run(["modprobe", "snd-aloop"], check=True)
    if not (_DRIVER / "snd_aloop.0").exists():
        (_DRIVER / "bind").write_text("snd_aloop.0")


def unplug() -> None:
    """Take it away, whoever uses it; returns when all have let go of it."""
    (_DRIVER / "unbind").write_text("snd_aloop.0")


class Player(threading.Thread):
    """Clicks once a second, for as long as the ``with`` lasts.

    Attributes:
        clicks: When each was, or will be, heard (CLOCK_MONOTONIC, ns).
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.clicks: list[int] = []
        self._alsa = ctypes.CDLL("libasound.so.2")
        self._alsa.snd_pcm_writei.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_ulong)
        self._alsa.snd_pcm_writei.restype = ctypes.c_long
        self._pcm = ctypes.c_void_p()
        self._ending = threading.Event()
        opened = self._alsa.snd_pcm_open(ctypes.byref(self._pcm), PLAYED, 0, 0)
        assert opened == 0, opened
        made = self._alsa.snd_pcm_set_params(
            self._pcm, _S16_LE, _INTERLEAVED, 1, RATE, 0, _LATENCY_US
        )
        assert made == 0, made

    def __enter__(self) -> "Player":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self.join(20)

    def run(self) -> None:
        """See the class; ends by itself where the card is taken away."""
        written = 0
        while not self._ending.is_set() and self._play(written):
            written += _PERIOD
        self._alsa.snd_pcm_close(self._pcm)

    def _play(self, written: int) -> bool:
        """The next samples, of which so many were written before; False where the card is gone."""
        sound = np.zeros(_PERIOD, "<i2")
        at = -written % _EVERY
        clicks = written > 2 * RATE and at < _PERIOD - 12
        if clicks:
            sound[at : at + 12] = 24_000 * np.cos(np.arange(12) / 2)
        done = self._alsa.snd_pcm_writei(self._pcm, sound.tobytes(), _PERIOD)
        if done == _RAN_DRY:
            return bool(self._alsa.snd_pcm_prepare(self._pcm) == 0)
        if clicks and done == _PERIOD:
            self.clicks.append(self._heard_at(_PERIOD - at))
        return bool(done == _PERIOD)

    def _heard_at(self, ago: int) -> int:
        """When the sample is heard that was so many samples before the next to write."""
        delay = ctypes.c_long()
        before = time.monotonic_ns()
        assert self._alsa.snd_pcm_delay(self._pcm, ctypes.byref(delay)) == 0
        now = (before + time.monotonic_ns()) // 2
        return now + (delay.value - ago) * SECOND // RATE
