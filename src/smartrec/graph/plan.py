"""Graphs as values: text that gst-launch-1.0 accepts, and the plans of the finisher.

Element names that code or people meet are fixed: ``source`` is the appsrc, ``mux`` the muxer,
``file`` the filesink whose location is set at run time, ``picture`` the appsink of a thumbnail.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from smartrec.graph.recipes import FULL_RANGE, Recipe
from smartrec.model import Codec, StreamFormat

#: Ticks a second of every MP4 written: 11 us, and a whole number of them in 24, 25, 30, 60 fps.
MP4_TIMESCALE: Final = 90_000
THUMBNAIL_WIDTH: Final = 320

# Few: each is up to some 100 kB, and the feeder looks at the bus while it waits for room.
_SOURCE: Final = "appsrc name=source format=time max-buffers=8 max-bytes=0 max-time=0"
_MUX: Final = f"mp4mux name=mux trak-timescale={MP4_TIMESCALE} movie-timescale={MP4_TIMESCALE}"
_FILE: Final = "filesink name=file"
# A cut right after a start shall show something to a player that seeks: 2 s.
_GOP_SECONDS: Final = 2
_PARSERS: Final = {Codec.H264: "h264parse", Codec.H265: "h265parse"}
# Keys: degrees clockwise, then mirrored left to right.
_DIRECTIONS: Final = {
    (90, False): "90r",
    (180, False): "180",
    (270, False): "90l",
    (0, True): "horiz",
    (90, True): "ul-lr",
    (180, True): "vert",
    (270, True): "ur-ll",
}


@dataclass(frozen=True, slots=True)
class Graph:
    """A pipeline as text: the elements of each branch in order."""

    branches: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        """What gst-launch-1.0 accepts, one element a line."""
        return "\n\n".join("\n  ! ".join(elements) for elements in self.branches)


def finish_encode(format_: StreamFormat, decoder: Recipe, encoder: Recipe, quality: int) -> Graph:
    """A camera's JPEGs in, an MP4 with H.264 out.

    A camera that must be mirrored is turned here as well; one that must only be turned is left
    as it is, for the MP4's matrix does that at no cost.

    Args:
        format_: Of the JPEGs.
        decoder: Decodes them.
        encoder: Encodes H.264.
        quality: Constant quantizer, 0 (lossless) to 51 (worst).
    """
    turn = direction(format_) if format_.flip else None
    width, height = upright(format_) if format_.flip else (format_.width, format_.height)
    fps = format_.fps or 30
    elements = [
        f'{_SOURCE} caps="{jpeg_caps(format_)}"',
        decoder.fragment(),
        *([f"videoflip video-direction={turn}"] if turn else []),
        "videoconvert",
        # The mux takes one picture size for ever; a camera that changes its mind is scaled.
        "videoscale",
        f"{encoder.raw},width={even(width)},height={even(height)},pixel-aspect-ratio=1/1",
        encoder.fragment(quality=quality, gop=max(1, round(fps * _GOP_SECONDS))),
        "h264parse",
        _MUX,
        _FILE,
    ]
    return Graph((tuple(elements),))


def finish_trial(format_: StreamFormat, decoder: Recipe) -> Graph:
    """A camera's JPEGs in, pictures out as an encoder gets them; nothing is made of them."""
    width, height = even(format_.width), even(format_.height)
    raw = f"video/x-raw,format=I420,width={width},height={height},pixel-aspect-ratio=1/1"
    source = f'{_SOURCE} caps="{jpeg_caps(format_)}"'
    elements = (source, decoder.fragment(), "videoconvert", "videoscale", raw, "fakesink")
    return Graph((elements,))


def finish_remux(codec: Codec) -> Graph:
    """A camera's H.264 or H.265 in, the same bits in an MP4 out; caps are set on ``source``."""
    return Graph(((_SOURCE, _PARSERS[codec], _MUX, _FILE),))


def thumbnail(format_: StreamFormat, decoder: Recipe) -> Graph:
    """One access unit (or a GOP's beginning) in, small upright JPEGs out at ``picture``."""
    turn = direction(format_)
    parser = _PARSERS.get(format_.codec)
    width, height = upright(format_)
    scaled = max(2, even(round(THUMBNAIL_WIDTH * height / max(1, width))))
    caps = f' caps="{jpeg_caps(format_)}"' if format_.codec is Codec.JPEG else ""
    elements = [
        f"{_SOURCE}{caps}",
        *([parser] if parser else []),
        decoder.fragment(),
        "videoconvert",
        *([f"videoflip video-direction={turn}"] if turn else []),
        "videoscale",
        # A JPEG is full range by definition; jpegenc writes what it gets.
        f"video/x-raw,format=I420,{FULL_RANGE},width={THUMBNAIL_WIDTH},height={scaled},"
        "pixel-aspect-ratio=1/1",
        "jpegenc",
        "appsink name=picture sync=false wait-on-eos=false",
    ]
    return Graph((tuple(elements),))


def direction(format_: StreamFormat) -> str | None:
    """How videoflip makes the picture upright; None where it is."""
    return _DIRECTIONS.get((format_.rotate % 360, format_.flip))


def jpeg_caps(format_: StreamFormat) -> str:
    """Caps of a camera's JPEGs: what a camera says beyond that (its colorimetry) is often wrong."""
    rate = Fraction(format_.fps).limit_denominator(1001)
    return (
        f"image/jpeg,width={format_.width},height={format_.height},"
        f"framerate={rate.numerator}/{rate.denominator}"
    )


def upright(format_: StreamFormat) -> tuple[int, int]:
    """Width and height of a picture that stands upright."""
    sides = (format_.width, format_.height)
    return sides if format_.rotate % 180 == 0 else (sides[1], sides[0])


def even(side: int) -> int:
    """The next smaller even number: chroma is subsampled by two. At least 2."""
    return max(2, side - side % 2)
