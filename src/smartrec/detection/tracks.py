"""Which detections, picture after picture, are the same person.

The idea is that of ByteTrack (Zhang et al., 2022, arXiv:2110.06864): sure detections find their
tracks first, then unsure ones may keep a track alive. What differs: pictures are looked at a few
times a second only, so that boxes of one person often do not overlap from one to the next. So
nearness counts as well, measured in the person's own size.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from smartrec.detection.box import centre, overlap
from smartrec.model import Box, Detection, Track
from smartrec.units import SECOND, Ns

_LEAST_SCORE: Final = 0.25
"""From here on an unsure detection may begin a track; the catalogue keeps it, nothing triggers.

Lower where even less is sure."""
_KEPT: Final = Ns(2 * SECOND)
"""A track that is not seen may be found again for so long,"""
_KEPT_PICTURES: Final = 2
"""and for so many pictures, where those are rare,"""
_KEPT_AT_MOST: Final = Ns(12 * SECOND)
"""but no longer than this: twice the slowest pace, and some more."""
_MOST_TRACKS: Final = 256
"""Seen and lost ones together; beyond it the one lost longest goes."""

_NEAR: Final = 0.3
"""Overlap from which two boxes are the same person without looking at anything else."""
_ASIDE: Final = (0.5, 5.0)
"""How far a person may be from where expected: widths of its box, and so many more a second. Who
runs makes 4 m, or 7 widths, a second; once it is followed, only its change of speed counts."""
_UP_DOWN: Final = (0.3, 1.5)
"""The same up and down, in heights of its box."""
_TALLER: Final = 2.0
"""A box so many times as high is another person."""
_UNSURE_SHARE: Final = 0.5
"""An unsure detection must be so much nearer."""
_REACH_GROWS: Final = 1.0
_MOVES_ON: Final = 1.0
"""Seconds without being seen after which a track neither reaches further nor moves on."""
_SMOOTHING_S: Final = 0.3
"""Time constant of the speed."""
_EDGE: Final = 0.01
"""A box that ends so near to the picture's edge may go on beyond."""
_SLIVER: Final = 1e-3
"""What stays of a box that has moved out of the picture."""


@dataclass(slots=True)
class _Followed:
    """A track with what is needed to go on with it."""

    track: Track
    seen: Ns
    missed: int = 0
    steps: int = 0

    def expected(self, pts: Ns) -> Box:
        return predicted(self.track, Ns(min(pts - self.seen, round(_MOVES_ON * SECOND))))

    def kept(self, pts: Ns) -> bool:
        away = pts - self.seen
        recent = away <= _KEPT or self.missed <= _KEPT_PICTURES
        return recent and away <= _KEPT_AT_MOST

    def take(self, detection: Detection, pts: Ns) -> None:
        track = self.track
        elapsed = (pts - self.seen) / SECOND
        speed = track.speed
        if elapsed > 0:
            self.steps += 1
            # At first the mean of all, so that who walks in is not thought to stand.
            share = max(1 - math.exp(-elapsed / _SMOOTHING_S), 1 / self.steps)
            (x, y), (before_x, before_y) = centre(detection.box), centre(track.box)
            speed = (
                speed[0] + share * ((x - before_x) / elapsed - speed[0]),
                speed[1] + share * ((y - before_y) / elapsed - speed[1]),
            )
        self.track = Track(track.track_id, detection.box, detection.score, speed)
        self.seen = pts
        self.missed = 0


class Tracker:
    """Follows the persons of one camera. One thread.

    Args:
        first_id: Number of the first track.
        high: Score from which a detection is sure.
    """

    def __init__(self, first_id: int, high: float = 0.5) -> None:
        self._next_id = first_id
        self._high = high
        self._followed: list[_Followed] = []
        self._newest: Ns | None = None

    @property
    def next_id(self) -> int:
        """Number of the next track."""
        return self._next_id

    def update(self, pts: Ns, detections: Iterable[Detection]) -> tuple[Track, ...]:
        """Follow everybody into a new picture.

        Args:
            pts: When it was taken. If before the newest, the stream is another: all tracks end.
            detections: All of the picture in any order, unsure ones too, each person once.

        Returns:
            Those seen in it, by number.
        """
        if self._newest is not None and pts < self._newest:
            self._followed.clear()
        self._newest = pts
        self._followed = [each for each in self._followed if each.kept(pts)]
        # In an order of their own, so that the caller's makes no difference.
        left = self._assign(sorted(detections, key=_order), pts)
        for detection in left:
            if detection.score >= min(_LEAST_SCORE, self._high):
                self._begin(detection, pts)
        self._followed.sort(key=lambda each: (-each.seen, each.track.track_id))
        del self._followed[_MOST_TRACKS:]
        return self._seen()

    def hold(self, pts: Ns) -> tuple[Track, ...]:
        """Go on to a picture in which nothing has moved.

        Args:
            pts: When it was taken.

        Returns:
            Those seen in the newest picture, standing still; nobody has become older.
        """
        if self._newest is None or pts < self._newest:
            return self.update(pts, ())
        elapsed = pts - self._newest
        for each in self._followed:
            if not each.missed:
                each.track = replace(each.track, speed=(0.0, 0.0))
            each.seen = Ns(each.seen + elapsed)
        self._newest = pts
        return self._seen()

    def _seen(self) -> tuple[Track, ...]:
        seen = [each.track for each in self._followed if not each.missed]
        return tuple(sorted(seen, key=lambda track: track.track_id))

    def _assign(self, detections: list[Detection], pts: Ns) -> list[Detection]:
        """Give each track its detection; what is left over is nobody's."""
        waiting = list(self._followed)
        sure = [each for each in detections if each.score >= self._high]
        unsure = [each for each in detections if each.score < self._high]
        # Who stands where expected keeps its track, sure or not, before others reach for it.
        for ask, some in (
            (_by_overlap, sure),
            (_by_overlap, unsure),
            (_by_distance(1.0), sure),
            (_by_distance(_UNSURE_SHARE), unsure),
        ):
            for followed, detection in _best_pairs(waiting, some, pts, ask):
                followed.take(detection, pts)
                waiting.remove(followed)
                some.remove(detection)
        for each in waiting:
            each.missed += 1
        return sure + unsure

    def _begin(self, detection: Detection, pts: Ns) -> None:
        track = Track(self._next_id, detection.box, detection.score)
        self._next_id += 1
        self._followed.append(_Followed(track, pts))


def predicted(track: Track, after: Ns) -> Box:
    """The box of `track`, moved on by its speed for so long; what leaves the picture is cut off."""
    box, (across, down) = track.box, track.speed
    seconds = after / SECOND
    left, right = _moved(box.left, box.right, across * seconds)
    top, bottom = _moved(box.top, box.bottom, down * seconds)
    return Box(left, top, right, bottom)


def _moved(low: float, high: float, by: float) -> tuple[float, float]:
    sliver = min(_SLIVER, high - low)
    low, high = low + by, high + by
    return min(max(low, 0.0), 1.0 - sliver), max(min(high, 1.0), sliver)


_Ask = Callable[[_Followed, Box, Detection, Ns], float | None]


def _best_pairs(
    followed: list[_Followed], detections: list[Detection], pts: Ns, ask: _Ask
) -> list[tuple[_Followed, Detection]]:
    """The best pair, then the best of what remains, and so on; `ask` gives None for no pair."""
    candidates = []
    for each in followed:
        expected = each.expected(pts)
        for place, detection in enumerate(detections):
            likeness = ask(each, expected, detection, pts)
            if likeness is not None:
                candidates.append((-likeness, each.track.track_id, place, each))
    candidates.sort(key=lambda candidate: candidate[:3])
    pairs, taken = [], set[tuple[str, int]]()
    for _, track_id, place, each in candidates:
        mine = {("track", track_id), ("detection", place)}
        if not taken & mine:
            taken |= mine
            pairs.append((each, detections[place]))
    return pairs


def _by_overlap(
    _followed: _Followed, expected: Box, detection: Detection, _pts: Ns
) -> float | None:
    shared = overlap(expected, detection.box)
    return shared if shared >= _NEAR else None


def _by_distance(share: float) -> _Ask:
    def likeness(each: _Followed, expected: Box, detection: Detection, pts: Ns) -> float | None:
        elapsed = min((pts - each.seen) / SECOND, _REACH_GROWS)
        box = detection.box
        if not (_of_one_size(box, expected) or _cut_off(box) or _cut_off(expected)):
            return None
        (x, y), (expected_x, expected_y) = centre(box), centre(expected)
        wide = max(_width(box), _width(expected))
        high = max(_height(box), _height(expected))
        aside = abs(x - expected_x) / (wide * (_ASIDE[0] + _ASIDE[1] * elapsed))
        up_down = abs(y - expected_y) / (high * (_UP_DOWN[0] + _UP_DOWN[1] * elapsed))
        distance = math.hypot(aside, up_down) / share
        return overlap(expected, box) - distance if distance <= 1 else None

    return likeness


def _of_one_size(a: Box, b: Box) -> bool:
    return 1 / _TALLER <= _height(a) / _height(b) <= _TALLER


def _cut_off(box: Box) -> bool:
    """Whether the picture ends where the box does: nobody knows how high the person is."""
    return min(box.left, box.top, 1 - box.right, 1 - box.bottom) < _EDGE


def _width(box: Box) -> float:
    return max(box.right - box.left, _SLIVER)


def _height(box: Box) -> float:
    return max(box.bottom - box.top, _SLIVER)


def _order(detection: Detection) -> tuple[float, float, float, float, float]:
    box = detection.box
    return (-detection.score, box.left, box.top, box.right, box.bottom)
