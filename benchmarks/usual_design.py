"""The usual design: decode and encode everything all the time; a queue of GStreamer is the cache.

Run by capture.py; alone: python -m benchmarks.usual_design
"""

import sys
from pathlib import Path

from benchmarks import measure
from benchmarks.native import play

PIPELINE = (
    "jpegdec ! videoconvert ! x264enc speed-preset=ultrafast tune=zerolatency key-int-max=30"
    " ! h264parse ! queue name=cache min-threshold-time=10000000000 max-size-time=12000000000"
    " max-size-bytes=0 max-size-buffers=0 ! identity name=count ! fakesink sync=false"
)

if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else measure.pictures()
    print(play(path, PIPELINE, 12, 15))
