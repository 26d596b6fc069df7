"""What a camera offers, and which of it to take: values in, values out."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import partial
from typing import Final


class Kind(str, Enum):
    """How a camera hands over its pictures, best for a recorder first."""

    JPEG = "jpeg"
    H264 = "h264"
    H265 = "h265"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Format:
    """One format and size that a camera offers.

    Attributes:
        fourcc: The kernel's name of the pixel format, such as ``"MJPG"``; never padded.
        width: Pixels.
        height: Pixels.
        rates: Pictures a second, fastest first; empty where the driver does not say.
    """

    fourcc: str
    width: int
    height: int
    rates: tuple[Fraction, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The format to ask a camera for.

    Attributes:
        format: One that the camera offers.
        kind: How its pictures come.
        width: Pixels.
        height: Pixels.
        rate: Pictures a second; 0 where the driver does not say.
        differs: For the user, when it is not what was asked: what was, and what comes instead.
    """

    format: Format
    kind: Kind
    width: int
    height: int
    rate: Fraction
    differs: str | None


# The caps of each pixel format that v4l2src knows and a recorder can use; best raw ones first.
# Raw ones are those that jpegenc takes as they are.
# Formats without colour come last: laptops have an infrared camera for faces beside the real one.
_CAPS: Final[dict[str, tuple[Kind, str]]] = {
    "MJPG": (Kind.JPEG, "image/jpeg"),
    "JPEG": (Kind.JPEG, "image/jpeg"),
    "H264": (Kind.H264, "video/x-h264"),
    "HEVC": (Kind.H265, "video/x-h265"),
    "YU12": (Kind.RAW, "video/x-raw,format=I420"),
    "NV12": (Kind.RAW, "video/x-raw,format=NV12"),
    "YUYV": (Kind.RAW, "video/x-raw,format=YUY2"),
    "UYVY": (Kind.RAW, "video/x-raw,format=UYVY"),
    "YVYU": (Kind.RAW, "video/x-raw,format=YVYU"),
    "YV12": (Kind.RAW, "video/x-raw,format=YV12"),
    "NV21": (Kind.RAW, "video/x-raw,format=NV21"),
    "422P": (Kind.RAW, "video/x-raw,format=Y42B"),
    "BGR3": (Kind.RAW, "video/x-raw,format=BGR"),
    "RGB3": (Kind.RAW, "video/x-raw,format=RGB"),
    "GREY": (Kind.RAW, "video/x-raw,format=GRAY8"),
}
FOURCCS: Final = tuple(_CAPS)
"""Every pixel format that can be chosen."""

_GREY: Final = frozenset({"GREY"})
_ORDER: Final = {fourcc: place for place, fourcc in enumerate(_CAPS)}

# A quarter of the asked pixels, or four times: half or double each side. See `choose`.
_NEAR: Final = 4


def usable(formats: Iterable[Format]) -> tuple[Format, ...]:
    """Those of the formats that a recorder can take."""
    return tuple(f for f in formats if f.fourcc in _CAPS and f.width > 0 and f.height > 0)


def in_colour(formats: Iterable[Format]) -> bool:
    """Whether a recorder can take colour pictures; an infrared camera offers none."""
    return any(f.fourcc not in _GREY for f in usable(formats))


def choose(formats: Iterable[Format], *, size: tuple[int, int], fps: Fraction) -> Choice | None:
    """Take the best of what a camera offers; None when nothing can be recorded.

    Compressed formats come first, as they leave the bus and the processor free: MJPEG, whose every
    picture is whole, then H.264, H.265, and raw. That order gives way in one case: a kind whose
    nearest size has fewer than a quarter or more than four times the asked pixels is passed over
    for one that comes nearer. A camera with MJPEG at 320x240 only and YUY2 at 1280x720 would
    otherwise record stamps for ever, to save a few per cent of a core; but one with MJPEG at
    1280x720 and YUY2 at the asked 1920x1080 (five pictures a second over USB 2) stays with MJPEG.

    Args:
        formats: What the camera offers.
        size: Wanted width and height, pixels.
        fps: Wanted pictures a second, above 0.
    """
    known = usable(formats)
    known = tuple(f for f in known if f.fourcc not in _GREY) or known
    if not known:
        return None
    distance = partial(_distance, size=size, fps=fps)
    kinds = (tuple(f for f in known if _CAPS[f.fourcc][0] is kind) for kind in Kind)
    nearest = [min(offered, key=distance) for offered in kinds if offered]
    near = (f for f in nearest if _near(f, size))
    best = next(near, None) or min(nearest, key=distance)
    rate = min(best.rates, key=lambda r: (abs(r - fps), -r), default=Fraction(0))
    asked, given = _in_words(*size, fps), _in_words(best.width, best.height, rate)
    same = given == asked if rate else (best.width, best.height) == size
    differs = None if same else f"asked {asked}, the camera gives {given}"
    return Choice(best, _CAPS[best.fourcc][0], best.width, best.height, rate, differs)


def gst_caps(choice: Choice) -> str:
    """The caps that make v4l2src take `choice`, as ``gst-launch-1.0`` reads them."""
    media_type = _CAPS[choice.format.fourcc][1]
    caps = f"{media_type},width={choice.width},height={choice.height}"
    if choice.rate:
        caps += f",framerate={choice.rate.numerator}/{choice.rate.denominator}"
    return caps


def rate_in_words(rate: Fraction) -> str:
    """``"30"``, ``"29.97"``: pictures a second as people write them."""
    return f"{float(rate):.2f}".rstrip("0").rstrip(".")


def _near(offered: Format, size: tuple[int, int]) -> bool:
    pixels, wanted = offered.width * offered.height, size[0] * size[1]
    return wanted <= pixels * _NEAR and pixels <= wanted * _NEAR


def _distance(
    offered: Format, size: tuple[int, int], fps: Fraction
) -> tuple[Fraction, Fraction, int, int, int, tuple[Fraction, ...]]:
    off = Fraction(abs(offered.width - size[0]), size[0])
    off += Fraction(abs(offered.height - size[1]), size[1])
    slower = min((abs(rate - fps) for rate in offered.rates), default=Fraction(0))
    # The last three only make it the same whatever the order of the offer.
    place = _ORDER[offered.fourcc]
    return off, slower, place, -offered.width, -offered.height, offered.rates


def _in_words(width: int, height: int, rate: Fraction) -> str:
    text = f"{width}x{height}"
    return f"{text} at {rate_in_words(rate)}" if rate else text
