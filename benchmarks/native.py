"""Plays the pictures through a native pipeline and counts what it costs; for limit and usual."""

import json
import threading
import time
from pathlib import Path

from benchmarks import measure
from smartrec.media.gst import Gst, launch

# The demuxer's thread is the feed, which a camera would not cost; the rest is the design's.
FEED = "feed"
FRONT = (
    "filesrc location={path} ! matroskademux name=feed ! queue name=ahead max-size-time=2500000000"
    " max-size-bytes=0 max-size-buffers=0 ! image/jpeg ! clocksync name=pace"
    " ! queue name=hold max-size-time=2000000000 max-size-bytes=0 max-size-buffers=0 ! "
)


def play(path: Path, rest: str, warm_s: float, window_s: float) -> str:
    """Frames that arrived, and CPU seconds a second by thread within the window, as JSON."""
    pipeline = launch(FRONT.format(path=path) + rest)
    begin = time.monotonic_ns()
    pipeline.set_base_time(begin)
    used: dict[str, float] = {}

    def look() -> None:
        used.update(by_thread(warm_s, window_s))

    watch = threading.Thread(target=look)
    pipeline.set_state(Gst.State.PLAYING)
    watch.start()
    wanted = Gst.MessageType.EOS | Gst.MessageType.ERROR
    message = pipeline.get_bus().timed_pop_filtered(120 * Gst.SECOND, wanted)
    assert message is not None
    assert message.type == Gst.MessageType.EOS, message.parse_error()
    watch.join()
    count = pipeline.get_by_name("count")
    assert count is not None
    stats = count.get_property("stats")
    pipeline.set_state(Gst.State.NULL)
    return json.dumps({"frames": stats.get_uint64("num-buffers")[1], "cpu": used})


def by_thread(warm_s: float, window_s: float) -> dict[str, float]:
    """CPU seconds a second of this process's threads, by name, after a while."""
    time.sleep(warm_s)
    before, at = measure.threads(), time.monotonic()
    time.sleep(window_s)
    after, window = measure.threads(), time.monotonic() - at
    names = {t.native_id: t.name for t in threading.enumerate()}
    used: dict[str, float] = {}
    for tid, (comm, ns) in after.items():
        name = names.get(tid, comm)
        used[name] = used.get(name, 0.0) + (ns - before.get(tid, ("", 0))[1]) / 1e9 / window
    return used
