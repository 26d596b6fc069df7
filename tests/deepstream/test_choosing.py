"""A machine without DeepStream pays nothing for the question."""

import os
import subprocess
import sys

_CHILD = """
import sys
from smartrec.media.engines.deepstream.choosing import find
from smartrec.media.watch import child
from smartrec.media.watch.messages import DetectorSetup, Setup
print(find(Setup((("cam0", "cam0"),), DetectorSetup(engine="deepstream"), None))[0])
print("gi" in sys.modules, child.__name__)
"""


def test_the_portable_watch_is_chosen_without_gstreamer() -> None:
    environ = {**os.environ, "SMARTREC_DEEPSTREAM": "/nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", _CHILD], env=environ, capture_output=True, check=True, text=True
    )
    assert done.stdout.split() == ["None", "False", "smartrec.media.watch.child"]
