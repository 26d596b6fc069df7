"""Lays out the capture of one camera: source to appsink, with no decoder, GPU or window in it.

Element names that code or people meet are fixed: ``source`` and ``units``.
"""

from typing import Final

from smartrec.graph.plan import Graph
from smartrec.units import SECOND, Ns

# When both are full the driver drops, and its sequence numbers tell how much.
_HOLD: Final = (
    "queue name=hold max-size-time=2000000000 max-size-buffers=0 max-size-bytes=0",
    "appsink name=units sync=false max-buffers=300 wait-on-eos=false",
)
# Cameras give limited range, JPEGs are full range: stretched by tables, since videoconvert (1.22)
# leaves the range as it is between two formats of one matrix.
_TO_FULL_RANGE: Final = "videobalance contrast=1.164384 brightness=-0.062745 saturation=1.138393"
_TO_UNITS: Final[dict[str, tuple[str, ...]]] = {
    "image/jpeg": (),
    "video/x-raw": ("videoconvert", _TO_FULL_RANGE, "jpegenc name=encode quality=90"),
    "video/x-h264": ("h264parse", "video/x-h264,stream-format=avc,alignment=au"),
    "video/x-h265": ("h265parse", "video/x-h265,stream-format=hvc1,alignment=au"),
}

PATIENCE: Final = Ns(10 * SECOND)
# That of H.265 knows no such property before GStreamer 1.24.
_DEPAYLOADERS: Final = {
    "h264": "rtph264depay name=h264 request-keyframe=true",
    "h265": "rtph265depay name=h265",
}
DEPAYLOADERS: Final = tuple(_DEPAYLOADERS)
"""Their names in an `rtsp_capture`."""


def usb_capture(device: str, caps: str) -> Graph:
    """Capture from a V4L2 device.

    ``drop-allocation`` keeps everything downstream out of the driver's buffer pool.

    Args:
        device: Path of the node.
        caps: One of the camera's own formats.
    """
    # Gray goes as it is: videoconvert makes it dark and flat where it says no matrix (1.26).
    gray = "format=GRAY8" in caps
    to_units = (
        ("jpegenc name=encode quality=90",) if gray else _TO_UNITS[caps.split(",", maxsplit=1)[0]]
    )
    source = (f'v4l2src name=source device="{device}"', caps, "identity drop-allocation=true")
    return Graph(((*source, *to_units, *_HOLD),))


def rtsp_capture(address: str, transport: str = "tcp", patience: Ns = PATIENCE) -> Graph:
    """Capture from a camera on the network.

    What it sends is known when it answers: of the two branches the one is linked that fits, and
    sound is linked to none. The jitter buffer waits 200 ms for a packet that is missing, never for
    one that came, and leaves the camera's clock alone (``synced``). A keyframe is asked for where a
    packet is lost, of cameras that take such requests.

    Args:
        address: As people may see it; the real one, with its password, is set on ``source``.
        transport: ``"tcp"``, for a lost packet spoils every picture up to the next keyframe;
            ``"udp"``; or ``"auto"``: TCP where UDP is refused, or brings nothing.
        patience: How long it may take to answer; UDP may be silent for half of it.
    """
    protocols = "udp+tcp" if transport == "auto" else transport
    answer = patience // 1000  # microseconds
    source = (
        f'rtspsrc name=source location="{address}" protocols={protocols} latency=200'
        f" buffer-mode=synced tcp-timeout={answer} timeout={answer // 2}"
    )
    branches = (
        ("source.", depayloader, *_TO_UNITS[f"video/x-{codec}"], "either.")
        for codec, depayloader in _DEPAYLOADERS.items()
    )
    return Graph(((source,), ("funnel name=either", *_HOLD), *branches))


def fed_capture() -> Graph:
    """Capture of units that are pushed ahead of time; ``clocksync`` lets each pass at its pts."""
    source = "appsrc name=source format=time is-live=false max-buffers=0 max-bytes=0 max-time=0"
    return Graph(((source, "clocksync name=pace", *_HOLD),))
