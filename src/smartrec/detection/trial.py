"""What the trigger logic would have made of looks that were kept: other rules, other zones. Pure.

It begins with nobody known, as at the start of a camera: who was at rest before the first look, or
within a cooldown that began before it, triggers here though she did not then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from smartrec.detection.box import centre
from smartrec.detection.presence import Presence, Rules
from smartrec.detection.zones import Point, Zone
from smartrec.model import Box, Look, Trigger

_NOBODY: Final = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A person in a picture.

    Attributes:
        box: Where.
        score: Of the model, 0 to 1.
        counts: Whether the picture counts for this person.
    """

    box: Box
    score: float
    counts: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial.

    Attributes:
        triggers: In order, each as it was told last.
        seen: Everybody in every look, by time.
    """

    triggers: tuple[Trigger, ...]
    seen: tuple[Seen, ...]

    @property
    def best(self) -> float | None:
        """The highest score that counts; None where none does."""
        return max((each.score for each in self.seen if each.counts), default=None)


def trial(looks: Iterable[Look], rules: Rules, zones: tuple[Zone, ...]) -> Outcome:
    """Run the trigger logic over looks.

    Args:
        looks: Of one camera, by time.
        rules: What makes a person an event.
        zones: Where.
    """
    numbers = count(1)
    presence = Presence(_NOBODY, rules, zones, lambda: f"trial-{next(numbers)}")
    triggers: dict[str, Trigger] = {}
    seen: list[Seen] = []
    for look in looks:
        for trigger in presence.take(look):
            triggers[trigger.trigger_id] = trigger
        for track in look.tracks:
            seen.append(Seen(track.box, track.score, track.track_id in presence.counted))
    return Outcome(tuple(triggers.values()), tuple(seen))


def anchor(box: Box, zones: Sequence[Zone]) -> Point:
    """The point of a box by which it is told where a person is.

    It is the anchor of the first zone that holds the box, else of the first zone: the centre, or
    the middle of the lower edge, also where any part of the box will do, and without zones.
    """
    zone = next((zone for zone in zones if zone.holds(box)), zones[0] if zones else None)
    across, down = centre(box)
    return across, down if zone is not None and zone.anchor == "center" else box.bottom


def spread(seen: Sequence[Seen], most: int) -> list[Seen]:
    """Some of them, evenly over time; all where these are no more than `most`."""
    if len(seen) <= most:
        return list(seen)
    return [seen[at * len(seen) // most] for at in range(most)]
