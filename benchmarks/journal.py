"""A whole pre-roll into a journal: CPU time beside a plain write of the same bytes; overhead.

.venv/bin/python -m benchmarks.journal [--runs 5]
"""

import argparse
import os
import tempfile
import time
from itertools import islice
from pathlib import Path

from benchmarks import measure
from smartrec.clock import SystemClock
from smartrec.media.journal import JournalReader, JournalWriter
from smartrec.media.player import open_file
from smartrec.model import AccessUnit, ClipHead, ClipState, Trigger
from smartrec.units import Ns

PICTURES = 10 * measure.FPS


def units_of(path: Path) -> tuple[ClipHead, list[AccessUnit]]:
    """Ten seconds of the pictures as a camera's units, and a head for them."""
    feed = open_file(path, loop=False)
    units = [
        AccessUnit(1, seq, p.offset_ns, p.dts_offset_ns, p.duration, True, 0, p.data)
        for seq, p in enumerate(islice(feed.pictures(), PICTURES))
    ]
    feed.close()
    end = Ns(units[-1].pts + units[-1].duration)
    head = ClipHead(
        "clip", "event", 1, "station", "cam0", "cam0", feed.format, 1, SystemClock().now(),
        (Trigger("trigger", end, "cli"),), end, Ns(0), Ns(0), end, ClipState.COMPLETE, "clip",
        PICTURES, {}, "0", "",
    )  # fmt: skip
    return head, units


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    head, units = units_of(measure.pictures())
    data = b"".join(unit.data for unit in units)
    journal, plain, counts = [], [], {"given": {len(units)}, "read back": set()}
    size = 0
    for run in range(given.runs):
        with tempfile.TemporaryDirectory() as place:
            begin = time.thread_time()
            writer = JournalWriter(Path(place) / "clip.mkv", head)
            size = writer.write(units)
            journal.append(1000 * (time.thread_time() - begin))
            writer.close(head)
            counts["read back"].add(sum(1 for _ in JournalReader(Path(place) / "clip.mkv").read()))
            begin = time.thread_time()
            fd = os.open(Path(place) / "plain", os.O_WRONLY | os.O_CREAT)
            os.write(fd, data)
            plain.append(1000 * (time.thread_time() - begin))
            os.close(fd)
        print(f"run {run + 1}: journal {journal[-1]:.0f} ms, plain {plain[-1]:.0f} ms", flush=True)
    measure.void_unless_equal(counts)
    print(f"{len(data) / 1e6:.1f} MB of pictures; CPU ms")
    print(f"  journal       {measure.spread(journal, 0)}")
    print(f"  plain write   {measure.spread(plain, 0)}")
    print(f"  overhead      {(size - len(data)) / len(units):.0f} bytes a picture")


if __name__ == "__main__":
    main()
