"""Which picture of a clip a page shows: the number drawn into it, read from the player's pixels."""

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page

from smartrec.media.frame_number import COLUMNS, HEIGHT, read_number
from tests.web.browser.visit import Visit, pixels

CELL = 8
"""Pixels of a cell of the band, once it is small."""
LOOK = f"""() => {{
  const wide = {COLUMNS * CELL}, high = {CELL}, share = {HEIGHT};
  const small = new OffscreenCanvas(wide, high);
  const view = small.getContext("2d", {{ willReadFrequently: true }});
  const found = [];
  for (const each of document.querySelectorAll("main video, main canvas")) {{
    const width = each.videoWidth || each.width, height = each.videoHeight || each.height;
    const seen = each.checkVisibility({{ opacityProperty: true }}) && !each.closest("[hidden]");
    if (!width || !height || !seen) continue;
    view.clearRect(0, 0, wide, high);
    view.drawImage(each, 0, 0, width, height * share, 0, 0, wide, high);
    const {{ data }} = view.getImageData(0, high / 2, wide, 1);
    found.push(Array.from({{ length: wide }}, (_, at) => data[4 * at + 1]));
  }}
  return found;
}}"""


def screen(page: Page) -> Locator:
    """Where a clip's picture is, with all that lies upon it."""
    return page.get_by_role("region", name="Player").get_by_role("img", name="Picture of")


def number_shown(page: Page) -> int | None:
    """Of the one picture in the player; None while there is none, or it is not whole."""
    bands = (np.asarray(each, np.uint8) for each in page.evaluate(LOOK))
    read = (read_number(np.tile(band, (round(CELL / HEIGHT), 1))) for band in bands)
    found = [number for number in read if number is not None]
    assert len(found) <= 1, f"several pictures: {found}"
    return found[0] if found else None


def number_seen(page: Page, turned: int = 0) -> int | None:
    """The same from the pixels of the screen.

    Args:
        page: Of a clip.
        turned: Degrees clockwise that the page must have turned the camera's picture.
    """
    luma = np.asarray(Image.fromarray(pixels(screen(page))).convert("L"))
    return read_number(np.ascontiguousarray(np.rot90(luma, turned // 90)))


def wait_for_number(tab: Visit, number: int, turned: int = 0) -> None:
    """Until that picture is shown."""

    def there() -> bool:
        return (number_seen(tab.page, turned) if turned else number_shown(tab.page)) == number

    tab.wait_until(f"picture {number}", there)
