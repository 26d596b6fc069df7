"""What a page's list and timeline of clips must show: asked of the catalogue in plain SQL."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page

from smartrec.clock import SystemClock
from smartrec.store.catalog import Catalog
from smartrec.units import MILLISECOND, SECOND
from tests.web.browser.visit import pixels

HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR
NOON: Final = 15
"""About that hour of the day it is where a viewer is: a day and its clips begin long before."""
SHOWN: Final = "NOT deleting AND trashed_ns IS NULL"

SCROLL: Final = """
async (wanted) => {
  const rolls = (each) => /auto|scroll/.test(getComputedStyle(each).overflowY);
  const own = [...document.querySelectorAll("#view > *")].find(rolls);
  const scroller = own ?? document.scrollingElement;
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const found = { ids: [], nodes: 0, steps: [] };
  const known = new Set();
  let still = 0;
  while (known.size < wanted && still < 400) {
    const before = known.size;
    for (const card of document.querySelectorAll("main article[data-clip]")) {
      if (known.has(card.dataset.clip)) continue;
      known.add(card.dataset.clip);
      found.ids.push(card.dataset.clip);
    }
    found.nodes = Math.max(found.nodes, document.querySelectorAll("main *").length);
    still = known.size > before ? 0 : still + 1;
    const begun = performance.now();
    scroller.scrollBy(0, innerHeight);
    await painted();
    found.steps.push(performance.now() - begun);
  }
  return found;
}
"""
"""Scrolls down until so many clips were in the document; answers which, in the order they came."""


@dataclass(frozen=True)
class Viewer:
    """Where somebody looks from: a zone in which it is afternoon.

    Attributes:
        now: UTC, ns.
        east: Hours that its clocks are ahead of UTC.
    """

    now: int = field(default_factory=lambda: SystemClock().now().wall_ns)

    @property
    def east(self) -> int:
        return min(14, NOON - self.now // HOUR % 24)

    @property
    def context(self) -> dict[str, Any]:
        """Of a browser."""
        return {"timezone_id": f"Etc/GMT{-self.east:+d}", "locale": "en-GB"}

    @property
    def today(self) -> tuple[int, int]:
        """Its begin and end."""
        begin = (self.now + self.east * HOUR) // DAY * DAY - self.east * HOUR
        return begin, begin + DAY

    def month(self, wall_ns: int) -> tuple[int, int]:
        """The first and last moment of a month."""
        zone = timezone(timedelta(hours=self.east))
        first = datetime.fromtimestamp(wall_ns // SECOND, zone).replace(
            day=1, hour=0, minute=0, second=0
        )
        later = (first + timedelta(days=31)).replace(day=1)
        return round(first.timestamp()) * SECOND, round(later.timestamp()) * SECOND - 1

    def clock(self, wall_ns: int) -> str:
        """As its clocks show it."""
        second = (wall_ns // SECOND + self.east * 3600) % 86_400
        return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def counted(catalog: Catalog, where: str = "1", *values: object) -> tuple[int, int]:
    """How many clips are shown of which this is true, and persons in them."""
    ((clips, persons),) = catalog.rows(
        f"SELECT count(*), coalesce(sum(persons), 0) FROM clips WHERE {SHOWN} AND {where}", *values
    )
    return clips, persons


def newest(catalog: Catalog, limit: int, where: str = "1", *values: object) -> list[str]:
    """Ids of those that a list begins with."""
    rows = catalog.rows(
        f"SELECT clip_id FROM clips WHERE {SHOWN} AND {where}"
        " ORDER BY start_wall_ns DESC, clip_id DESC LIMIT ?",
        *values,
        limit,
    )
    return [clip_id for (clip_id,) in rows]


def words(clips: int, persons: int) -> str:
    """As the page counts them."""
    told = f"{clips:,} {'clip' if clips == 1 else 'clips'}"
    return f"{told}, {persons:,} {'person' if persons == 1 else 'persons'}" if persons else told


def timeline(page: Page) -> Locator:
    """Where it is drawn."""
    return page.get_by_role("slider", name="Timeline")


def card(page: Page, clip_id: str) -> Locator:
    """A clip in the list."""
    return page.locator(f"main article[data-clip='{clip_id}']")


def ids(page: Page) -> list[str]:
    """Of the clips that are in the document, from above."""
    found: list[str] = page.locator("main article[data-clip]").evaluate_all(
        "(all) => all.map((each) => each.dataset.clip)"
    )
    return found


def drawn(page: Page, camera: str) -> list[tuple[float, float]]:
    """Where clips are drawn in a camera's lane, as shares of the timeline's width, from the left.

    Told by colour: what differs from the lane's ground and is no line of one pixel.
    """
    lane = page.get_by_role("region", name="Timeline").locator("li", has_text=camera).first
    field_, named = timeline(page).bounding_box(), lane.bounding_box()
    assert field_ is not None
    assert named is not None
    rgb = pixels(timeline(page)).astype(int)
    scale = rgb.shape[1] / field_["width"]
    row = round((named["y"] + named["height"] - 0.35 * named["height"] - field_["y"]) * scale)
    line = rgb[row]
    grey = np.ptp(line, axis=1) < 40
    return _runs(~grey)


def _runs(seen: "np.ndarray[Any, np.dtype[np.bool_]]") -> list[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], seen, [False])).astype(int)))
    shares = [float(edge / len(seen)) for edge in edges]
    return list(zip(shares[::2], shares[1::2], strict=True))


def save(page: Page, path: str) -> None:
    """For whoever looks into a failure."""
    Image.fromarray(pixels(page)).save(path)


def ms(wall_ns: int) -> int:
    """As addresses have it."""
    return wall_ns // MILLISECOND
