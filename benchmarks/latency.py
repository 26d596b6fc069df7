"""How soon the pre-roll is safe: from a trigger until SIGKILL could not take it any more.

    .venv/bin/python -m benchmarks.latency [--runs 20] [--seed 1]

From sending the trigger until the journal file holds every picture of the 10 s before it; then
SIGKILL, and what is left is read: it must all be there, and tells at which size of the file it was.
"""

import argparse
import random
import threading
import time
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import recorder
from smartrec.media.journal import JournalReader
from smartrec.recording import journal_layout

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance, source = random.Random(given.seed), f"file:{measure.pictures()}"
    trials = [kill_once(source, chance) for _ in range(given.runs)]
    print("pictures of the pre-roll left by SIGKILL:", sorted({n for _, n in trials}))
    measure.say("trigger -> whole pre-roll readable after SIGKILL", [ms for ms, _ in trials])


if __name__ == "__main__":
    main()
