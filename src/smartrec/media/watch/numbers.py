"""Tracks numbered so that no two cameras' tracks have the same number. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from smartrec.model import Track

_MOST: Final = 4096
"""Tracks of a camera whose numbers are known; a tracker keeps far fewer."""


class Numbers:
    """For the tracks of one camera's tracker.

    Args:
        fresh: Numbers that nobody has yet, for all cameras.
    """

    def __init__(self, fresh: Iterator[int]) -> None:
        self._fresh = fresh
        self._given: dict[int, int] = {}

    def give(self, tracks: Sequence[Track]) -> tuple[Track, ...]:
        """The same tracks, with the numbers that no other camera's tracks have."""
        for track in tracks:
            number = self._given.pop(track.track_id, None)
            self._given[track.track_id] = next(self._fresh) if number is None else number
        while len(self._given) > _MOST:
            del self._given[next(iter(self._given))]  # the one that was seen longest ago
        return tuple(replace(each, track_id=self._given[each.track_id]) for each in tracks)
