"""Finds the pictures that end a decoder: a clip shall lose them, and not end with them.

Headers are checked where pictures come in; what decoders of other makes and versions end over is
known only by trying.
"""

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from smartrec.errors import PipelineError
from smartrec.media.inlet import Inlet
from smartrec.media.journal import JournalReader
from smartrec.model import AccessUnit
from smartrec.units import SECOND, Ns

MOST: Final = 100
"""Where more end it, it is not the pictures' fault."""
LONGEST: Final = Ns(120 * SECOND)


def fatal(journal: Path, readable: int, text: str) -> frozenset[Ns]:
    """Times of the pictures each of which alone ends a graph.

    The journal is read again for every half, for it may be larger than the memory.

    Args:
        journal: Of a camera that sends JPEGs.
        readable: How far it may be read, in bytes.
        text: The graph, with an appsrc ``source``.

    Returns:
        Nothing where `MOST` is exceeded, or `LONGEST`.
    """
    until = time.monotonic_ns() + LONGEST
    times = [unit.pts for unit in _pictures(journal, readable)]
    found: set[Ns] = set()
    spans = [(0, len(times))]
    while spans:
        begin, end = spans.pop()
        if not _ends(journal, readable, text, (begin, end)):
            continue
        if end - begin == 1:
            found.add(times[begin])
        else:
            middle = (begin + end) // 2
            spans += [(begin, middle), (middle, end)]
        if len(found) > MOST or time.monotonic_ns() > until:
            return frozenset()
    return frozenset(found)


def _pictures(journal: Path, readable: int) -> Iterator[AccessUnit]:
    reader = JournalReader(journal)
    try:
        yield from (each for each in reader.read(readable) if each.data and not each.damaged)
    finally:
        reader.close()


def _ends(journal: Path, readable: int, text: str, span: tuple[int, int]) -> bool:
    if span[0] == span[1]:
        return False
    try:
        with Inlet(text) as inlet:
            for unit in islice(_pictures(journal, readable), *span):
                inlet.push(unit)
            inlet.end()
    except PipelineError:
        return True
    return False
