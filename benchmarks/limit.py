"""The unavoidable: a native pipeline takes the JPEGs off at their pace and copies their bytes.

Run by capture.py; alone: python -m benchmarks.limit
"""

import sys
from pathlib import Path

from benchmarks import measure
from benchmarks.native import play

PIPELINE = "identity name=count ! filesink location=/dev/shm/smartrec-limit sync=false"

if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else measure.pictures()
    try:
        print(play(path, PIPELINE, 12, 15))
    finally:
        Path("/dev/shm/smartrec-limit").unlink(missing_ok=True)
