"""Graphs of sound: a microphone's samples out, and samples to what an MP4 holds.

Element names that code or people meet are fixed: ``source``, ``samples`` and ``packets``.
"""

from typing import Final

from smartrec.graph.plan import Graph
from smartrec.graph.recipes import Recipe
from smartrec.model import SOUND

#: What all sound is in between.
PCM: Final = (
    f"audio/x-raw,format=S16LE,layout=interleaved,rate={SOUND.rate},channels={SOUND.channels}"
)
BITRATE: Final = 96_000
"""Bits a second of a clip's sound."""
_CHUNK_US: Final = 40_000
"""Shorter ones wake the machine more often, longer ones come later."""
_BUFFER_US: Final = 400_000
"""What a sound card holds while nobody asks: a busy machine loses nothing sooner."""

# The pipeline's clock is the system's, and the card's own must not be: its moments are wanted in
# the system's time. `re-timestamp` takes the moment of reading less what was read, and is the one
# way that never skips or repeats samples. `smartrec.recording.sound_line` makes it exact.
_STAMPED: Final = (
    f"provide-clock=false slave-method=re-timestamp"
    f" latency-time={_CHUNK_US} buffer-time={_BUFFER_US}"
)
_SOURCES: Final = {
    "alsa": f"alsasrc name=source {_STAMPED}",
    "pulse": f"pulsesrc name=source {_STAMPED}",
    "pipewire": "pipewiresrc name=source do-timestamp=true",
}
_PROPERTIES: Final = {"alsa": "device", "pulse": "device", "pipewire": "target-object"}


def microphone(kind: str, name: str) -> Graph:
    """Samples of a microphone, in chunks, at ``samples``.

    Args:
        kind: ``"alsa"``, ``"pulse"`` or ``"pipewire"``.
        name: What that calls it, such as ``"hw:1,0"``; no quotes.
    """
    source = f'{_SOURCES[kind]} {_PROPERTIES[kind]}="{name}"'
    return Graph(
        (
            (
                source,
                "audioconvert",
                "audioresample",
                PCM,
                # No thread more for it: when this is full, the card's own buffer fills.
                "appsink name=samples sync=false max-buffers=100 wait-on-eos=false",
            ),
        )
    )


def encode_sound(encoder: Recipe) -> Graph:
    """Samples in at ``source``, AAC without headers out at ``packets``."""
    return Graph(
        (
            (
                f'appsrc name=source format=time max-bytes=0 caps="{PCM}"',
                "audioconvert",
                encoder.fragment(bitrate=BITRATE),
                "aacparse",
                "audio/mpeg,mpegversion=4,stream-format=raw",
                "appsink name=packets sync=false max-buffers=0 wait-on-eos=false",
            ),
        )
    )
