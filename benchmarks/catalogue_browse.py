"""Looking through a catalogue of very many clips, and bringing an older one up to date.

    .venv/bin/python -m benchmarks.catalogue_browse [--clips 100000] [--times 200]

The catalogue is that of tests/store/large.py: three cameras, 90 days, more by day than by night.
Each question is asked again and again, every time of another day, place or clip, drawn by lot. Said
is how long one waits (median, 95th percentile), and the processor's own time (median), which what
else the machine does changes little. The file is in the machine's memory, as after a minute of use.
A day view is all that the page asks for a day, without the web.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.store import large

from benchmarks.measure import p95
from smartrec.store import browsing
from smartrec.store.briefs import Cursor, Filters
from smartrec.store.catalog import Catalog
from smartrec.units import SECOND

DAY = 86_400 * SECOND
PAGE = 50
RARE = Filters(text="Maria")
NOTHING = Filters(text="nobody wrote this")
NARROW = Filters(
    cameras=frozenset(["yard"]), zones=frozenset(["gate"]), min_score=0.8, pinned=False
)


class Asker:
    """Asks a catalogue; every question of another place.

    Args:
        catalog: Of very many clips.
        times: How often each is asked.
    """

    def __init__(self, catalog: Catalog, times: int) -> None:
        facets = browsing.facets(catalog)
        assert facets.first_ns is not None
        assert facets.last_ns is not None
        self._catalog = catalog
        self._times = times
        self._chance = random.Random(1)
        self._first, self._last = facets.first_ns, facets.last_ns

    def moment(self) -> int:
        """Some wall time."""
        return self._chance.randrange(self._first, self._last)

    def page(self, filters: Filters) -> None:
        """Of somewhere."""
        before = Cursor(self.moment(), "")
        browsing.page(self._catalog, filters, before=before, limit=PAGE)

    def density(self, days: int, bins: int, filters: Filters = Filters()) -> None:  # noqa: B008
        """Of so many days."""
        begin = max(self._first, self.moment() - days * DAY)
        browsing.density(self._catalog, filters, begin, begin + days * DAY, bins)

    def day_view(self) -> None:
        """Timeline, single clips, first page and what there is to filter by."""
        begin = self.moment() // DAY * DAY
        of_day = Filters(since=begin, until=begin + DAY)
        browsing.density(self._catalog, Filters(), begin, begin + DAY, 288)
        browsing.spans(self._catalog, Filters(), begin, begin + DAY, 501)
        browsing.page(self._catalog, of_day, limit=PAGE)
        browsing.facets(self._catalog)

    def neighbours(self) -> None:
        """Of one clip."""
        here = browsing.spans(self._catalog, Filters(), self.moment(), self._last + 1, 1)
        browsing.neighbours(self._catalog, NARROW, here[0].clip_id)

    def ask(self, question: Callable[[], object]) -> str:
        """How long it takes."""
        question()
        waited, worked = [], []
        for _ in range(self._times):
            wall, own = time.perf_counter_ns(), time.thread_time_ns()
            question()
            waited.append((time.perf_counter_ns() - wall) / 1e6)
            worked.append((time.thread_time_ns() - own) / 1e6)
        median, own_time = statistics.median(waited), statistics.median(worked)
        return f"p50 {median:.1f} ms, p95 {p95(waited):.1f} ms, of the processor {own_time:.1f} ms"


def up_to_date(directory: Path) -> str:
    """Bring a catalogue of the smartrec before up to date."""
    large.as_version_3(directory)
    wall, own = time.perf_counter_ns(), time.process_time_ns()
    Catalog.open(directory, create=False).close()
    wall, own = time.perf_counter_ns() - wall, time.process_time_ns() - own
    return f"{wall / 1e9:.1f} s, of the processor {own / 1e9:.1f} s"


def main() -> None:
    """Ask all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--clips", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        large.fill(directory, given.clips)
        with Catalog.open(directory, create=False) as catalog:
            asker = Asker(catalog, given.times)
            questions: dict[str, Callable[[], object]] = {
                "day view": asker.day_view,
                "page of 50, anywhere": lambda: asker.page(Filters()),
                "page of 50, four filters": lambda: asker.page(NARROW),
                "page of 50, a rare word": lambda: asker.page(RARE),
                "page, a word that is nowhere": lambda: asker.page(NOTHING),
                "density of a day, 288 bins": lambda: asker.density(1, 288),
                "density of a month, 744 bins": lambda: asker.density(31, 744),
                "density of a month, four filters": lambda: asker.density(31, 744, NARROW),
                "density of a quarter, 2000 bins": lambda: asker.density(90, 2000),
                "what there is to filter by": lambda: browsing.facets(catalog),
                "older and newer clip": asker.neighbours,
            }
            for what, question in questions.items():
                print(f"{what}: {asker.ask(question)}", flush=True)
        size = (directory / "catalog.sqlite3").stat().st_size
        print(f"{size / given.clips:.0f} bytes a clip")
        print(f"brought up to date from version 3: {up_to_date(directory)}")
    print("load average:", *os.getloadavg())


if __name__ == "__main__":
    main()
