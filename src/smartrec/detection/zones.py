"""Where in a picture persons count, and where they do not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from smartrec.detection.box import centre
from smartrec.model import Box

Point = tuple[float, float]

_ON_BORDER: Final = 1e-9
"""Nearer to a border than this is on it: far below a pixel, far above the error of a float."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon in the upright picture.

    Attributes:
        name: Short; the trigger names it.
        polygon: Corners as fractions of the picture, origin top left; at least three. It may cross
            itself: what lies inside is settled by the even-odd rule.
        kind: ``"include"`` or ``"exclude"``.
        anchor: What of a box must lie inside: ``"bottom"``, the middle of its lower edge;
            ``"center"``; or ``"any"`` part of it.
    """

    name: str
    polygon: tuple[Point, ...]
    kind: Literal["include", "exclude"] = "include"
    anchor: Literal["bottom", "center", "any"] = "bottom"

    def holds(self, box: Box) -> bool:
        """Whether `box` lies inside by its anchor; the border counts as inside."""
        if self.anchor == "any":
            return _meets(self.polygon, box)
        across, down = centre(box)
        return _inside(self.polygon, (across, box.bottom if self.anchor == "bottom" else down))


def counts(box: Box, zones: tuple[Zone, ...]) -> tuple[bool, str | None]:
    """Whether a person at `box` counts, and the name of the first zone to include that holds it.

    In a zone to exclude nobody counts, whatever else holds the box. With any zone to include, a
    person counts in such a zone only; with none, everywhere else.
    """
    if any(zone.kind == "exclude" and zone.holds(box) for zone in zones):
        return False, None
    include = [zone for zone in zones if zone.kind == "include"]
    holding = next((zone.name for zone in include if zone.holds(box)), None)
    return holding is not None or not include, holding


def _edges(polygon: tuple[Point, ...]) -> Iterator[tuple[Point, Point]]:
    return zip(polygon, (*polygon[1:], polygon[0]), strict=True)


def _inside(polygon: tuple[Point, ...], point: Point) -> bool:
    """Even-odd rule: a ray to the right crosses the border an odd number of times."""
    x, y = point
    odd = False
    for (ax, ay), (bx, by) in _edges(polygon):
        # Most edges are above, below or to the left: a look may ask for millions of them.
        above, below = y < ay - _ON_BORDER, y > ay + _ON_BORDER
        if (above and y < by - _ON_BORDER) or (below and y > by + _ON_BORDER):
            continue
        if x > ax + _ON_BORDER and x > bx + _ON_BORDER:
            continue
        if _distance_squared(point, (ax, ay), (bx, by)) <= _ON_BORDER**2:
            return True
        # Half open, so that a ray through a corner crosses one of its two edges.
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            odd = not odd
    return odd


def _distance_squared(point: Point, a: Point, b: Point) -> float:
    """From `point` to the nearest point of the edge from `a` to `b`."""
    (x, y), (ax, ay), (bx, by) = point, a, b
    along_x, along_y = bx - ax, by - ay
    length_squared = along_x**2 + along_y**2
    share = 0.0
    if length_squared > 0:
        share = ((x - ax) * along_x + (y - ay) * along_y) / length_squared
    share = min(1.0, max(0.0, share))
    return (x - ax - share * along_x) ** 2 + (y - ay - share * along_y) ** 2


def _meets(polygon: tuple[Point, ...], box: Box) -> bool:
    """Where no edge touches the box, all of it is on one side: any of its points tells which."""
    left, right = box.left - _ON_BORDER, box.right + _ON_BORDER
    top, bottom = box.top - _ON_BORDER, box.bottom + _ON_BORDER
    near = (
        (a, b)
        for a, b in _edges(polygon)
        if (a[0] <= right or b[0] <= right)
        and (a[0] >= left or b[0] >= left)
        and (a[1] <= bottom or b[1] <= bottom)
        and (a[1] >= top or b[1] >= top)
    )
    return any(_touches(a, b, box) for a, b in near) or _inside(polygon, centre(box))


def _touches(a: Point, b: Point, box: Box) -> bool:
    """Whether the edge from `a` to `b` has a point in `box` (Liang and Barsky, 1984)."""
    (ax, ay), (bx, by) = a, b
    first, last = 0.0, 1.0
    for start, step, low, high in (
        (ax, bx - ax, box.left - _ON_BORDER, box.right + _ON_BORDER),
        (ay, by - ay, box.top - _ON_BORDER, box.bottom + _ON_BORDER),
    ):
        if step == 0:
            if not low <= start <= high:
                return False
            continue
        entry, leave = sorted(((low - start) / step, (high - start) / step))
        first, last = max(first, entry), min(last, leave)
    return first <= last
