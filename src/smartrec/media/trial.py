"""Whether an encoder encodes: some machines have its element, and its device opens, and no more."""

from functools import cache
from typing import Final

from smartrec.errors import SmartrecError
from smartrec.media.gst import Gst, launch, reaches_ready, running

_SOFTWARE: Final = ("x264enc", "openh264enc")
"""They refuse nothing, and to try them would cost every clip some time."""
_PICTURE: Final = (
    "videotestsrc num-buffers=2"
    " ! video/x-raw,format=I420,width=320,height=240,framerate=30/1,colorimetry=1:4:0:0"
)
_NVIDIAS: Final = "nvvideoconvert ! video/x-raw(memory:NVMM),format=NV12"
_WITHIN: Final = 10 * Gst.SECOND


@cache
def encodes(fragment: str) -> bool:
    """Whether a launch fragment turns pictures into H.264 here; asked once.

    An Orin Nano has NVIDIA's element but no encoder, and it does not reach READY. On an H200 it
    does, and fails at the first picture.

    Args:
        fragment: Of an encoder's recipe, see `smartrec.graph.recipes.Recipe.sample`.
    """
    if not reaches_ready(fragment) or any(name in fragment for name in _SOFTWARE):
        return reaches_ready(fragment)
    # Raw caps are the recipe's own affair; most take what videoconvert can give.
    upload = f"{_NVIDIAS} ! " if fragment.startswith("nvv4l2") else "videoconvert ! "
    try:
        pipeline = launch(f"{_PICTURE} ! {upload}{fragment} ! fakesink sync=false")
        with running(pipeline) as bus:
            kinds = Gst.MessageType.EOS | Gst.MessageType.ERROR
            message = bus.timed_pop_filtered(_WITHIN, kinds)
    except SmartrecError:
        return False
    return message is not None and message.type == Gst.MessageType.EOS
