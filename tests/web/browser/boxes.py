"""Where a person sees a box on the page: found in the pixels of a screenshot."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from smartrec.media.demo_scene import LOOP_FRAMES, PERSON_FIRST, PERSON_LAST, person_box
from smartrec.media.frame_number import read_number
from smartrec.model import Box
from tests.web.browser.visit import Pixels, Visit, pixels

CYAN = (64, 200, 255)
"""The detector's colour, as on the recorder's own screen; nothing in the demo's hall has it."""
STANDS = range(PERSON_FIRST + 75, PERSON_LAST - 75)
"""Pictures of each loop in which the person has been there for a while and does not walk."""
_NEAR = 60
_SIDE = 0.5
"""Of a side's length at least so much is seen, else it is none."""
_PLATES = ".plate"


@dataclass(frozen=True)
class Seen:
    """A picture on the page with what lies upon it.

    Attributes:
        number: Drawn into the picture itself.
        box: The outer edges of the frame upon it, as fractions of the picture; None without one.
        shown: The pixels.
    """

    number: int | None
    box: Box | None
    shown: Pixels

    @property
    def stands(self) -> bool:
        """Whether the person stands there in it."""
        return self.number is not None and self.number % LOOP_FRAMES in STANDS

    @property
    def person(self) -> Box:
        """Where the person was drawn."""
        assert self.number is not None
        where = person_box(self.number)
        assert where is not None
        return where

    def save(self, path: str) -> None:
        """For whoever looks into a failure."""
        Image.fromarray(self.shown).save(path)


def look(tab: Visit) -> Seen:
    """A page's first picture as it is shown now, without the plates that hide its number."""
    tab.page.locator(_PLATES).evaluate_all("(all) => all.forEach((e) => e.style.opacity = '0')")
    shown = pixels(tab.page.locator(".picture").first)
    luma = np.asarray(Image.fromarray(shown).convert("L"))
    return Seen(read_number(luma), frame(shown), shown)


def wait_for_box(tab: Visit) -> Seen:
    """The first picture with a box of those in which the person stands there."""
    shots: list[Seen] = []

    def of_her() -> bool:
        shots[:] = [look(tab)]
        return shots[0].stands and shots[0].box is not None

    tab.wait_until("a box", of_her)
    return shots[0]


def frame(shown: Pixels) -> Box | None:
    """The one frame in the detector's colour."""
    cyan = np.all(np.abs(shown.astype(int) - CYAN) < _NEAR, axis=2)
    if not cyan.any():
        return None
    rows, columns = np.flatnonzero(cyan.any(axis=1)), np.flatnonzero(cyan.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    inside = cyan[top:bottom, left:right]
    sides = [inside[:4].any(axis=0), inside[-4:].any(axis=0)]
    sides += [inside[:, :4].any(axis=1), inside[:, -4:].any(axis=1)]
    assert all(side.mean() > _SIDE for side in sides), "something cyan that is no frame"
    height, width = cyan.shape
    return Box(left / width, top / height, right / width, bottom / height)
