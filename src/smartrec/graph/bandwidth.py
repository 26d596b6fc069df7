"""What a camera's format needs of its bus, and what USB carries: values in, values out.

Sources: USB 2.0 specification, 5.6.3 and 5.6.4 (isochronous transfers: at most 1023 bytes a frame
of 1 ms at full speed, 3 x 1024 bytes a microframe of 125 us at high speed; tables 5-4 and 5-5: 9
and 38 bytes of overhead a transaction; periodic transfers may take 90 % of a frame, 80 % of a
microframe); USB 3.2 specification, 8.12.5 (48 packets of 1024 bytes a service interval of 125 us).
"""

from dataclasses import dataclass
from typing import Final

from smartrec.graph.formats import Choice, Kind

# Bits a pixel as they cross the bus.
_RAW_BITS: Final = {
    "YU12": 12, "NV12": 12, "YV12": 12, "NV21": 12, "YUYV": 16, "UYVY": 16, "YVYU": 16,
    "422P": 16, "BGR3": 24, "RGB3": 24, "GREY": 8,
}  # fmt: skip
_TYPICAL_BITS: Final = {Kind.JPEG: 1.2, Kind.H264: 0.15, Kind.H265: 0.1, Kind.RAW: 16.0}
"""Of a usual scene: 720p30 MJPEG comes to 4.1 MB/s. A noisy one has sent twice that."""
_JPEG_BITS: Final = 2.0
"""Of our own JPEGs, which a raw camera's pictures become (quality 90)."""
_DEFAULT_RATE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Speed:
    """One speed of USB.

    Attributes:
        mbits: What the kernel calls it, Mbit/s.
        name: The specification's name.
        camera: Most bytes a second of one camera's stream (one isochronous endpoint).
        bus: Most bytes a second of all such streams on one bus together.
    """

    mbits: float
    name: str
    camera: float
    bus: float


SPEEDS: Final = (
    Speed(1.5, "low speed", 0, 0),
    Speed(12, "full speed, USB 1.1", 1023e3, 1023e3),
    Speed(480, "high speed, USB 2", 3 * 1024 * 8000, 5 * 1024 * 8000),
    Speed(5000, "SuperSpeed, USB 3", 48 * 1024 * 8000, 48 * 1024 * 8000),
    Speed(10000, "SuperSpeed+, USB 3.1", 96 * 1024 * 8000, 96 * 1024 * 8000),
    Speed(20000, "SuperSpeed+, USB 3.2", 96 * 1024 * 8000, 96 * 1024 * 8000),
)
"""Of a bus: 80 % of a microframe's 7500 bytes hold 5 transactions of 1024 + 38 bytes, and 90 % of
a frame's 1500 bytes one of 1023 + 9."""


def speed_of(mbits: float) -> Speed:
    """The speed that the kernel names so, or the next slower one that is known."""
    return max((each for each in SPEEDS if each.mbits <= mbits), default=SPEEDS[0],
               key=lambda each: each.mbits)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """What a camera's stream comes to, bytes a second.

    Attributes:
        bus: On the way from the camera.
        kept: In the ring and on disk.
        exact: Whether the first is known, not typical: raw pictures are all of one size.
    """

    bus: float
    kept: float
    exact: bool


def need_of(choice: Choice) -> Need:
    """What a camera sends in a format, and what a recorder keeps of it."""
    pixels = choice.width * choice.height * float(choice.rate or _DEFAULT_RATE)
    if choice.kind is Kind.RAW:
        bits = _RAW_BITS.get(choice.format.fourcc, _TYPICAL_BITS[Kind.RAW])
        return Need(pixels * bits / 8, pixels * _JPEG_BITS / 8, exact=True)
    sent = pixels * _TYPICAL_BITS[choice.kind] / 8
    return Need(sent, sent, exact=False)


def typical(kind: Kind, size: tuple[int, int], fps: float) -> float:
    """Bytes a second that are kept of a camera that cannot be asked what it gives."""
    return size[0] * size[1] * fps * _TYPICAL_BITS[kind] / 8
