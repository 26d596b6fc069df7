"""Measures of boxes; all in fractions of the picture."""

from smartrec.model import Box


def area(box: Box) -> float:
    """Share of the picture that it covers, 0 to 1."""
    return max(0.0, box.right - box.left) * max(0.0, box.bottom - box.top)


def centre(box: Box) -> tuple[float, float]:
    """How far from the left and from the top."""
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def overlap(a: Box, b: Box) -> float:
    """Intersection over union: 0 where they do not meet, 1 where they are the same."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (area(a) + area(b) - both)
