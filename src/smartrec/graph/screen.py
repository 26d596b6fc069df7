"""Graphs of the screen: a camera's frames to a sink, and several such pictures on one sink.

Element names that code meets are fixed: ``picture`` is the appsrc, ``size`` the capsfilter of the
size in the cell, ``marks`` the overlaycomposition; of a wall, ``wall`` is the compositor and
``display`` the sink.
"""

from typing import Final

from smartrec.graph.plan import Graph

# The newest frame wins: one waits, and an older one is dropped for it.
_FRAMES: Final = (
    "appsrc name=picture format=time max-buffers=1 max-bytes=0 max-time=0 leaky-type=downstream"
)
_FOR_EVER: Final = 10**17
"""Three years: intervideosrc turns black a time after the last frame."""
_ANY: Final = "videoconvert"
_AS_SHOWN: Final = "videoconvert ! video/x-raw,format=BGRx"


def show(sink: str, turn: str | None = None) -> Graph:
    """A camera's decoded frames in, scaled, turned and marked, to `sink`.

    Scaling comes first, for most of what follows is then smaller. Marks come last, so that they are
    as sharp as the screen and are drawn into the sink's own memory (*tried* with GStreamer 1.22:
    7.2 % of a core with a box on 720p30 this way, 8.0 % on I420 before videoconvert, 5.6 % for
    nothing but videoconvert and the sink).

    Args:
        sink: Launch fragment that ends in the sink, as `Recipe.fragment` gives it.
        turn: How videoflip makes the picture upright; None where it is. Even idle, videoflip would
            cost a copy: it keeps the sink's own memory from those before it (*tried*: +1.7 % of a
            core on 720p30).
    """
    *convert, last = sink.split(" ! ")
    elements = [
        _FRAMES,
        "videoscale add-borders=false",
        "capsfilter name=size",
        *(convert or [_ANY]),
        *([f"videoflip video-direction={turn}"] if turn else []),
        "overlaycomposition name=marks",
        last,
    ]
    return Graph((tuple(elements),))


def wall(sink: str, channels: tuple[str, ...], fps: int = 30) -> Graph:
    """Several cameras on a display that has no windows of ours (Wayland, a bare monitor).

    Each camera's `show` ends in `to_wall` with its channel; the last frame of each stays. The
    display's size is set on ``size``, a picture's place on the pads ``sink_0``, ``sink_1`` and so
    on of ``wall``.

    Args:
        sink: Launch fragment that ends in the sink.
        channels: One a camera, unique in the process.
        fps: Pictures a second that the display is given.
    """
    *convert, last = sink.split(" ! ")
    whole = (
        "compositor name=wall background=black",
        "capsfilter name=size",
        *(convert or [_ANY]),
        f"{last} name=display sync=false",
    )
    pictures = (
        (
            f"intervideosrc channel={channel} timeout={_FOR_EVER}",
            f"video/x-raw,framerate={fps}/1",
            f"wall.sink_{at}",
        )
        for at, channel in enumerate(channels)
    )
    return Graph((whole, *pictures))


def to_wall(channel: str) -> str:
    """Launch fragment that ends in the sink of one channel of a `wall`."""
    return f"{_AS_SHOWN} ! intervideosink channel={channel}"
