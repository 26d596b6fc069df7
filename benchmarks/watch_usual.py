"""The usual design of detection: decode and encode everything, look at some of what was decoded.

One pipeline: jpegdec, x264 ultrafast with a queue as the cache, and beside it as many pictures as
are looked at, made small by GStreamer. Run by watching.py; alone: python -m benchmarks.watch_usual
"""

import sys
from pathlib import Path

import numpy as np

from benchmarks import measure
from benchmarks.looking import SIZE, play

PIPELINE = (
    "jpegdec ! tee name=all ! queue"
    " ! videoconvert ! x264enc speed-preset=ultrafast tune=zerolatency key-int-max=30"
    " ! h264parse ! queue name=cache min-threshold-time=10000000000 max-size-time=12000000000"
    " max-size-bytes=0 max-size-buffers=0 ! identity name=count ! fakesink sync=false"
    " all. ! queue leaky=downstream max-size-buffers=2 ! videorate drop-only=true max-rate=5"
    " ! videoscale ! videoconvert ! video/x-raw,format=RGB,width={},height={}"
    " ! appsink name=looked max-buffers=1 drop=true sync=false"
).format(*SIZE)


def pixels(data: bytes) -> np.ndarray:
    """Of a buffer whose rows are padded to four bytes."""
    return (
        np.frombuffer(data, np.uint8)
        .reshape(SIZE[1], -1)[:, : 3 * SIZE[0]]
        .reshape(SIZE[1], SIZE[0], 3)
    )


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else measure.walking()
    print(play(path, PIPELINE, 5, 12, 15, pixels))
