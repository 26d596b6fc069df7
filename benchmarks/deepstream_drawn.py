"""A picture with its person, drawn upon by NVIDIA's own overlay, to be looked at.

    python -m benchmarks.deepstream_drawn OUTPUT.jpg [--cameras 1]

The watch's own trunk, branches and reader; only the sink writes JPEGs. Needs DeepStream. Prints
what was found, how long a batch's metadata took to be read and restyled, and how far times are off.
"""

import argparse
import itertools
import os
import statistics
import sys
import time
from pathlib import Path

from smartrec.graph.deepstream import Trunk, branch, trunk
from smartrec.media.demo import open_demo
from smartrec.media.engines.deepstream.here import look_here
from smartrec.media.engines.deepstream.installed import find_installed
from smartrec.media.engines.deepstream.looking import Found
from smartrec.media.engines.deepstream.metadata import open_metadata
from smartrec.media.engines.deepstream.model import prepare
from smartrec.media.engines.deepstream.pipeline import Pipeline
from smartrec.media.engines.deepstream.reading import Reading, Sees
from smartrec.media.gst import Gst
from smartrec.media.screen.scene import Recording, Scene
from smartrec.media.watch.messages import DetectorSetup
from smartrec.model import AccessUnit
from smartrec.places import cache_dir
from smartrec.units import SECOND, Ns

FRAME = Ns(SECOND // 30)
FIRST, COUNT = 230, 90
"""Pictures of the demo camera in which the person stands in the hall."""


class Screen:
    """Stands for `Panel`, which needs an X server: what it would say upon each picture."""

    def __init__(self, cameras: int, size: tuple[int, int]) -> None:
        self.alone = None if cameras > 1 else 0
        self.size = self.shape = size

    def arrived(self, index: int) -> None:
        del index

    def scene(self, index: int) -> Scene:
        return Scene(name=f"Camera {index}", recording=Recording(12, 10.0))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("output", type=Path)
    asked.add_argument("--cameras", type=int, default=1)
    given = asked.parse_args()
    here = look_here(find_installed(os.environ), shows=True)
    setup = DetectorSetup(engine="deepstream")
    prepared = prepare(setup, given.cameras, here)
    feed = open_demo(cache_dir())
    size = feed.format.width, feed.format.height
    to_file = f"jpegenc ! multifilesink location={given.output}"
    sink = f"nvvideoconvert ! video/x-raw,format=I420 ! {to_file}"
    shared = Trunk(given.cameras, size, str(prepared.config), display=size, sink=sink)
    pipeline = Pipeline(str(trunk(shared, here.platform)))
    for name, value in prepared.properties.items():
        pipeline.set("infer", name, value)
    names = tuple(f"cam{index}" for index in range(given.cameras))
    sees = Sees(names, frozenset(names), prepared.person_class_ids, prepared.min_confidence)
    found: list[Found] = []
    screen = Screen(given.cameras, size)
    metadata = open_metadata(
        ".".join(map(str, here.installed.version)), here.installed.root / "lib"
    )
    reading = Reading(metadata, sees, found.append, screen)  # type: ignore[arg-type]
    took: list[float] = []

    def read(buffer: Gst.Buffer) -> None:
        began = time.perf_counter()
        reading.batch_out(buffer)
        took.append((time.perf_counter() - began) * 1e6)

    pipeline.probe("infer", "sink", reading.batch_in)
    pipeline.probe("infer", "src", read)
    pipeline.probe("osd", "sink", reading.drawn)
    if not pipeline.start():
        sys.exit(str(pipeline.troubles()))
    for index in range(given.cameras):
        pipeline.branch(index, branch(index, feed.format, here.platform), feed.format)
    pushed: list[Ns] = []
    for picture in itertools.islice(feed.pictures(), FIRST, FIRST + COUNT):
        pts = Ns(SECOND + picture.offset_ns)
        unit = AccessUnit(1, len(pushed), pts, pts, FRAME, True, 0, picture.data)
        for index in range(given.cameras):
            pipeline.push(index, unit)
        pushed.append(pts)
        time.sleep(0.05)
    time.sleep(1)
    print(f"metadata is read by {metadata.how}; {len(found)} of {given.cameras * COUNT} pictures")
    best = max(found, key=lambda each: max((one.score for one in each.persons), default=0))
    print(f"best: {max(best.persons, key=lambda one: one.score)}")
    off = [min(abs(each.pts - pts) for pts in pushed) for each in found]
    print(f"times are off by at most {max(off)} ns")
    print(
        f"a batch of {given.cameras} read and restyled: {statistics.median(took):.0f} us (median)"
    )
    print(f"the detector: {statistics.median(each.took_ms for each in found):.1f} ms a batch")
    if reading.failed is not None:
        sys.exit(f"reading failed: {reading.failed}")
    sys.stdout.flush()
    os._exit(0)  # a driver may hold the pipeline for ever


if __name__ == "__main__":
    main()
