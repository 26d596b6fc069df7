"""Which family a model is of, from its outputs for a grey picture."""

from collections.abc import Callable
from typing import Final

from smartrec.detection.nanodet import nanodet
from smartrec.detection.tensors import Family, Seen

_FAMILIES: Final[tuple[Callable[[Seen], Family | None], ...]] = (nanodet,)
"""In the order in which they are tried."""

KNOWN: Final = "NanoDet"
"""For people."""


def recognise(seen: Seen) -> Family | None:
    """The first family whose outputs these are; None where none is known."""
    for family in _FAMILIES:
        found = family(seen)
        if found is not None:
            return found
    return None
