"""Lays out how one camera's access units are decoded for the screen and the detector.

Element names that code or people meet are fixed: ``source`` and ``frames``.
"""

from typing import Final

from smartrec.graph.plan import Graph, jpeg_caps
from smartrec.graph.recipes import Recipe, Role
from smartrec.model import Codec, StreamFormat

DECODES: Final = {
    Codec.JPEG: Role.DECODE_JPEG,
    Codec.H264: Role.DECODE_H264,
    Codec.H265: Role.DECODE_H265,
}
"""Whose recipes decode what."""

# It must never make the thread wait that reads what the recorder sends: no limits, for who pushes
# looks at the level.
_SOURCE: Final = "appsrc name=source format=time max-buffers=0 max-bytes=0 max-time=0"
_PARSERS: Final = {Codec.H264: "h264parse", Codec.H265: "h265parse"}
# Nearly every decoder gives one of these, and then nothing is converted. Ten bits become eight.
_PLANES: Final = ("videoconvert", "video/x-raw,format={I420,NV12,Y42B,Y444,GRAY8}")
_SINK: Final = "appsink name=frames sync=false wait-on-eos=false"


def decode(format_: StreamFormat, decoder: Recipe) -> Graph:
    """Access units in, pictures in planes out; pts go through unchanged.

    Caps of inter-coded streams are set on ``source``, for they carry the decoder's set-up.
    """
    parser = _PARSERS.get(format_.codec)
    elements = (
        _SOURCE if parser else f'{_SOURCE} caps="{jpeg_caps(format_)}"',
        *((parser,) if parser else ()),
        decoder.fragment(),
        *_PLANES,
        _SINK,
    )
    return Graph((elements,))
