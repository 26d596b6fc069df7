"""How soon what one wants is there: the pre-roll after a trigger, the clip after its last frame.

    .venv/bin/python benchmarks/latency.py [--kills 20] [--clips 20] [--seed 1]

Kills: from sending a trigger until the journal file holds every picture of the 10 s before it; then
SIGKILL, and what is left is read: it must all be there, and tells at which size of the file it was.
Clips: from a clip's last picture until it is listed with a file that holds all pictures; and until
that file is the finished MP4.
"""

import argparse
import random
import statistics
import threading
import time
from pathlib import Path

import measure
from measure import Recorder, recorder

from smartrec.media.journal import JournalReader
from smartrec.model import ClipState
from smartrec.recording import journal_layout
from smartrec.store.catalog import Catalog

PERIOD = 34_500_000  # Matroska rounds to milliseconds
PRE = 10 * 10**9


def pre_roll(journal: Path) -> tuple[int, int]:
    """How many pictures of the 10 s before the trigger there are, and where the last one ends.

    Nothing may be missing among them, nor at either end.
    """
    reader = JournalReader(journal)
    trigger = reader.head.triggers[0].pts
    inside: list[tuple[int, int]] = []
    whole_at = 0
    for kind, at, data in reader.elements():
        units = journal_layout.units_of(data) if kind == journal_layout.CLUSTER else ()
        for unit in units:
            if trigger - PRE <= unit.pts < trigger:
                inside.append((unit.seq, unit.pts))
                whole_at = at + len(data)
    reader.close()
    (first, begin), (last, end) = inside[0], inside[-1]
    assert [seq for seq, _ in inside] == list(range(first, last + 1)), "VOID: a picture is missing"
    assert begin - PERIOD <= trigger - PRE, "VOID: the pre-roll begins late"
    assert end + PERIOD >= trigger, "VOID: the pre-roll ends early"
    return len(inside), whole_at


def kill_once(source: str, chance: random.Random) -> tuple[float, int]:
    """One trial: milliseconds until the pre-roll was whole in the file, and its pictures.

    The file is only looked at while it grows: reading it would take the recorder's time.
    """
    with recorder([source]) as running:
        running.wait_for_ring(10.5)
        time.sleep(chance.uniform(0, 1))
        sizes: list[tuple[float, int]] = []
        journals = running.clips / ".open"
        sender = threading.Thread(target=running.trigger)
        begin = time.monotonic()
        ends = begin + chance.uniform(0.6, 1.2)
        sender.start()
        while (now := time.monotonic()) < ends:
            sizes.append((now, sum(path.stat().st_size for path in journals.glob("*.mkv"))))
            time.sleep(0.001)
        running.process.kill()
        running.process.wait()
        sender.join()
        (journal,) = journals.glob("*.mkv")
        pictures, whole_at = pre_roll(journal)
        return 1000 * (next(t for t, size in sizes if size >= whole_at) - begin), pictures


def clips_of_one_event(running: Recorder) -> list[tuple[float, float, int]]:
    """After one trigger for all cameras: ms until listed, ms until finished, pictures lost."""
    known = {record["clip_id"] for record in listed(running)}
    running.trigger()
    seen: dict[str, float] = {}
    while True:
        time.sleep(0.01)
        records, now = [r for r in listed(running) if r["clip_id"] not in known], mono_ms()
        for record in records:
            state = ClipState(record["state"])
            if state is not ClipState.RECORDING and record["clip_id"] not in seen:
                seen[record["clip_id"]] = now
            if state not in (ClipState.RECORDING, ClipState.FINISHING):
                seen.setdefault(f"{record['clip_id']} done", now)
        if len(records) and len(seen) == 2 * len(records):
            return [clip_times(record, seen) for record in records]


def clip_times(record: dict, seen: dict[str, float]) -> tuple[float, float, int]:
    last = record["last_pts"] / 1e6
    assert record["state"] == "complete", record
    assert Path(record["path"]).stat().st_size == record["bytes"]
    done = seen[f"{record['clip_id']} done"]
    return seen[record["clip_id"]] - last, done - last, record["frames_lost"]


def listed(running: Recorder) -> list[dict]:
    with Catalog.open(running.clips, create=False) as catalog:
        return [record.as_json() for record in catalog.clips()]


def mono_ms() -> float:
    return time.monotonic_ns() / 1e6


def p95(values: list[float]) -> float:
    return sorted(values)[max(0, round(0.95 * len(values)) - 1)]


def say(what: str, values: list[float]) -> None:
    print(
        f"{what}: p50 {statistics.median(values):.0f} ms, p95 {p95(values):.0f} ms,"
        f" {min(values):.0f} to {max(values):.0f} ms, n={len(values)}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance, source = random.Random(given.seed), f"file:{measure.pictures()}"
    if given.kills:
        trials = [kill_once(source, chance) for _ in range(given.kills)]
        print("pictures of the pre-roll before and after SIGKILL:", sorted({n for _, n in trials}))
        say("trigger -> whole pre-roll readable after SIGKILL", [ms for ms, _ in trials])
    for cameras in (1, 4) if given.clips else ():
        with recorder([source] * cameras) as running:
            running.wait_for_ring(10.5)
            times: list[tuple[float, float, int]] = []
            while len(times) < given.clips:
                times += clips_of_one_event(running)
        print(f"{cameras} camera(s): {sum(lost for *_, lost in times)} pictures lost")
        say("  last picture -> listed and playable", [shown for shown, *_ in times])
        say("  last picture -> finished MP4", [done for _, done, _ in times])


if __name__ == "__main__":
    main()
