"""The numbers drawn into the demo camera's pictures, as they stand on a page's canvas.

Before each repaint a script in the tab makes the band at the top of every canvas small and keeps
it with the time, where it differs from the one before; it is read here. So nothing that the page
says of itself is believed.
"""

import time
from dataclasses import dataclass

import numpy as np
from playwright.sync_api import Page

from smartrec.media.frame_number import COLUMNS, HEIGHT, read_number

CELL = 4
"""Pixels of a cell of the band once it is small: the fewest that `read_number` takes."""
WATCH = f"""
(() => {{
  const wide = {COLUMNS * CELL}, high = {CELL}, share = {HEIGHT};
  const seen = (window.smartrecSeen = []);
  const small = new OffscreenCanvas(wide, high);
  const view = small.getContext("2d", {{ willReadFrequently: true }});
  let last = "";
  const look = () => {{
    requestAnimationFrame(look);
    const drawn = document.querySelector(".picture canvas:not(.boxes)");
    if (!drawn || !drawn.width) return;
    view.drawImage(drawn, 0, 0, drawn.width, drawn.height * share, 0, 0, wide, high);
    const {{ data }} = view.getImageData(0, high / 2, wide, 1);
    const luma = Array.from({{ length: wide }}, (_, at) => data[4 * at + 1]);
    const band = luma.map((each) => (each > 127 ? 1 : 0)).join("");
    if (band !== last) seen.push([performance.now(), luma]);
    last = band;
  }};
  requestAnimationFrame(look);
}})();
"""
"""For `Page.add_init_script`."""


@dataclass(frozen=True)
class Drawn:
    """A picture on the canvas: its number, and when it was first seen there (CLOCK_MONOTONIC)."""

    number: int
    mono_ns: int


def drawn(page: Page) -> list[Drawn]:
    """All since the last call, without those that were not whole."""
    ahead = clock_ahead(page)
    found = []
    for at_ms, luma in page.evaluate("window.smartrecSeen.splice(0)"):
        band = np.tile(np.asarray(luma, np.uint8), (round(CELL / HEIGHT), 1))
        number = read_number(band)
        if number is not None:
            found.append(Drawn(number, round(at_ms * 1e6) + ahead))
    return found


def clock_ahead(page: Page) -> int:
    """Nanoseconds that CLOCK_MONOTONIC is ahead of the tab's own clock, to a millisecond or so."""
    asked = []
    for _ in range(20):
        before = time.monotonic_ns()
        said = page.evaluate("performance.now()")
        after = time.monotonic_ns()
        asked.append((after - before, (before + after) // 2 - round(said * 1e6)))
    ahead: int = min(asked)[1]
    return ahead
