"""When a person begins an event and for how long it goes on: looks in, triggers out.

A picture *counts* for a track when its score, its size and the zones say so. N of M such pictures
make the person *present*, which is a trigger; its moment is that of the first of them. While the
person is present every picture that counts makes the trigger last longer.

A look without inference repeats what the model said before. Where the person is present this holds
and lengthens the trigger, for nothing has moved. But it is no evidence: it neither makes a person
present, or one wrong answer of the model would be counted N times, nor ends a presence.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from smartrec.detection.box import area
from smartrec.detection.rest import Places, Rest
from smartrec.detection.zones import Zone, counts
from smartrec.model import Look, Track, Trigger
from smartrec.units import Ns

_NEVER: Final = Ns(0)
_EVIDENCE: Final = 2
"""Boxes elsewhere, in a row, that are movement and not jitter."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes a person an event; see the settings' table ``[trigger]``.

    Attributes:
        min_confidence: Score from which a picture counts, 0 to 1.
        frames: So many pictures must count,
        of: of the newest so many that the model was asked about; not less than `frames`.
        hysteresis: So far below `min_confidence` a picture still counts for who is present.
        min_area: Smallest box that counts, as a fraction of the picture.
        cooldown: After the last person present was last seen, nobody triggers for so long.
        stationary_after: Who has not moved for so long is no longer present, and triggers again
            when moving; 0 means never.
    """

    min_confidence: float
    frames: int
    of: int
    hysteresis: float
    min_area: float
    cooldown: Ns
    stationary_after: Ns


@dataclass(frozen=True, slots=True)
class _Frame:
    """A picture that counts."""

    pts: Ns
    score: float
    zone: str | None

    def in_words(self) -> dict[str, object]:
        return {"pts": int(self.pts), "score": round(self.score, 3)}


@dataclass(slots=True)
class _Person:
    """What is known of one track.

    Attributes:
        frames: The newest pictures that the model was asked about; None for one that does not
            count.
        rest: How long it has stayed where it is.
        moved: When it last left a long rest: what was before counts no more.
        trigger: While present.
        best: The highest score while present.
    """

    frames: deque[_Frame | None]
    rest: Rest
    moved: Ns = _NEVER
    trigger: Trigger | None = None
    best: _Frame | None = None

    def hits(self) -> Iterator[_Frame]:
        return (frame for frame in self.frames if frame is not None)


class Presence:
    """The persons of one camera. One thread; its memory is bounded by what a look may hold.

    Args:
        camera: Camera id.
        rules: What makes a person an event.
        zones: Where.
        new_id: Makes the ids of triggers.

    Attributes:
        counted: Tracks for which the newest look counts.
    """

    def __init__(
        self, camera: str, rules: Rules, zones: tuple[Zone, ...], new_id: Callable[[], str]
    ) -> None:
        self._camera = camera
        self._rules = rules
        self._zones = zones
        self._new_id = new_id
        self.reset()

    @property
    def persons(self) -> int:
        """How many are present, those at rest left out."""
        return sum(person.trigger is not None for person in self._persons.values())

    def reset(self) -> None:
        """The camera was started anew: forget everybody."""
        self._newest: tuple[int, Ns] | None = None
        self._last = self._quiet_until = _NEVER
        self._persons: dict[int, _Person] = {}
        self.counted = set[int]()
        self._places = Places(self._rules.stationary_after)

    def apply(self, rules: Rules, zones: tuple[Zone, ...]) -> None:
        """Go by these from now on: who is there must count by them first; who rests goes on so."""
        if rules.stationary_after != self._rules.stationary_after:
            self._places = Places(rules.stationary_after)
        self._rules, self._zones = rules, zones
        for person in self._persons.values():
            person.frames = deque(maxlen=rules.of)
            person.trigger = person.best = None

    def take(self, look: Look) -> tuple[Trigger, ...]:
        """Go on to a new picture; one that is older than the newest, or the same, says nothing.

        A new epoch is a new start of the camera: clips do not go on across it.

        Returns:
            New triggers, and those that last longer now: same id, later `last`.
        """
        self.counted.clear()
        if self._newest is not None:
            epoch, pts = self._newest
            if look.epoch < epoch or (look.epoch == epoch and look.pts <= pts):
                return ()
            if look.epoch > epoch:
                self.reset()
        self._newest = look.epoch, look.pts
        triggers = [self._see(track, look) for track in look.tracks]
        if look.inferred:
            self._miss({track.track_id for track in look.tracks})
        return tuple(trigger for trigger in triggers if trigger is not None)

    def renew(self, trigger_id: str) -> Trigger | None:
        """Let who is still present trigger anew at the newest moment that counted.

        Returns:
            What takes the trigger's place; None where it lasts no longer.
        """
        for person in self._persons.values():
            old = person.trigger
            if old is not None and old.trigger_id == trigger_id:
                person.trigger = replace(old, trigger_id=self._new_id(), pts=old.until)
                return person.trigger
        return None

    def _see(self, track: Track, look: Look) -> Trigger | None:
        person = self._persons.get(track.track_id)
        if person is None:
            person = self._persons[track.track_id] = self._meet(track, look)
        frame = self._frame(track, look.pts, present=person.trigger is not None)
        if frame is not None:
            self.counted.add(track.track_id)
        if look.inferred:
            self._advance(person, track, frame, look.pts)
        else:
            person.rest.hold(look.pts)
        if person.rest.lasts(self._rules.stationary_after):
            self._leave(person)
            return None
        if person.trigger is not None:
            return self._lengthen(person, person.trigger, frame)
        return self._confirm(person, track) if look.inferred else None

    def _meet(self, track: Track, look: Look) -> _Person:
        seen = {each.track_id for each in look.tracks}
        unseen = [each.rest for number, each in self._persons.items() if number not in seen]
        rest = self._places.rest_of(track.box, look.pts, unseen)
        return _Person(deque(maxlen=self._rules.of), rest)

    def _frame(self, track: Track, pts: Ns, *, present: bool) -> _Frame | None:
        """The picture, if it counts."""
        rules = self._rules
        wanted = rules.min_confidence - (rules.hysteresis if present else 0)
        if track.score < wanted or area(track.box) < rules.min_area:
            return None
        here, zone = counts(track.box, self._zones)
        return _Frame(pts, track.score, zone) if here else None

    def _advance(self, person: _Person, track: Track, frame: _Frame | None, pts: Ns) -> None:
        """The model was asked: what it said is evidence, of presence and of movement."""
        rules = self._rules
        person.frames.append(frame)
        rested = person.rest.lasts(rules.stationary_after)
        moved = person.rest.take(track.box, pts, max(_EVIDENCE, rules.frames))
        if rested and moved is not None:
            person.moved = moved

    def _confirm(self, person: _Person, track: Track) -> Trigger | None:
        after = max(person.moved, self._quiet_until)
        frames = [frame for frame in person.hits() if frame.pts >= after]
        if len(frames) < self._rules.frames:
            return None
        first = frames[0]
        person.best = max(frames, key=lambda frame: frame.score)
        why: dict[str, object] = {
            "track": track.track_id,
            "frames": [frame.in_words() for frame in frames],
            "zone": first.zone,
            "min_confidence": self._rules.min_confidence,
            "best": person.best.in_words(),
        }
        trigger = Trigger(self._new_id(), first.pts, "person", why, last=frames[-1].pts)
        person.trigger = trigger
        return trigger

    def _lengthen(self, person: _Person, trigger: Trigger, frame: _Frame | None) -> Trigger | None:
        if frame is None:
            return None
        if person.best is None or frame.score > person.best.score:
            person.best = frame
        why = {**trigger.why, "best": person.best.in_words()}
        person.trigger = replace(trigger, last=frame.pts, why=why)
        return person.trigger

    def _leave(self, person: _Person) -> None:
        """No longer present; when nobody is, the cooldown begins at the moment last seen."""
        if person.trigger is None:
            return
        self._last = max(self._last, person.trigger.until)
        person.trigger = person.best = None
        if not self.persons:
            self._quiet_until = Ns(self._last + self._rules.cooldown)

    def _miss(self, seen: set[int]) -> None:
        """Go on with those whom the model did not see, and end what has ended."""
        for number, person in list(self._persons.items()):
            if number not in seen:
                person.frames.append(None)
            if any(person.hits()):
                continue
            self._leave(person)
            if number not in seen:
                self._places.lose(self._persons.pop(number).rest)
