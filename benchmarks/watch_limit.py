"""The unavoidable of detection: take the JPEGs off, decode the few to be looked at, run the model.

A native pipeline takes them off at their pace and copies their bytes once; no ring, no boxes, no
tracks, one process. Run by watching.py; alone: python -m benchmarks.watch_limit
"""

import sys
from pathlib import Path

from benchmarks import measure
from benchmarks.looking import play, shrunk

PIPELINE = (
    "identity name=count ! tee name=all"
    " ! queue ! filesink location=/dev/shm/smartrec-limit sync=false"
    " all. ! appsink name=looked max-buffers=1 drop=true sync=false"
)

if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else measure.walking()
    try:
        print(play(path, PIPELINE, 5, 12, 15, shrunk))
    finally:
        Path("/dev/shm/smartrec-limit").unlink(missing_ok=True)
