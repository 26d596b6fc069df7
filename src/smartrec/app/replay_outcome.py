"""What comes of a replay, as values and as JSON. Pure."""

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Literal

from smartrec.detection.trial import Outcome as Tried
from smartrec.model import Trigger
from smartrec.units import SECOND, Ns

_SCORE_DIGITS: Final = 3
_TIME_DIGITS: Final = 3


class Kind(str, Enum):
    """What becomes of a clip."""

    STAYS = "stays"
    VANISHES = "vanishes"
    APPEARS = "appears"
    NEITHER = "neither"
    MANUAL = "manual"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Hit:
    """A person who would have begun, or lengthened, the clip.

    Attributes:
        at: Since the clip's first picture; may be a little less than 0.
        last: When she counted for the last time, likewise.
        score: The highest that counted, 0 to 1.
        zone: The zone that she was first seen in, if any.
    """

    at: Ns
    last: Ns
    score: float
    zone: str | None

    def as_json(self) -> dict[str, object]:
        """As it is said."""
        return {
            "at_s": _seconds(self.at),
            "last_s": _seconds(self.last),
            "score": round(self.score, _SCORE_DIGITS),
            "zone": self.zone,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What one set of settings makes of a clip.

    Attributes:
        hits: By time; without any nobody begins a clip.
        best: The highest score that counts; None where none does.
    """

    hits: tuple[Hit, ...]
    best: float | None

    @property
    def best_score(self) -> float | None:
        """`best` in so many digits as scores are kept."""
        return None if self.best is None else round(self.best, _SCORE_DIGITS)

    def as_json(self) -> dict[str, object] | None:
        """The first hit with the best score of all; None without any."""
        if not self.hits:
            return None
        best = max(hit.score for hit in self.hits)
        first = {**self.hits[0].as_json(), "score": round(best, _SCORE_DIGITS)}
        return {**first, "hits": [each.as_json() for each in self.hits]}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one clip.

    As JSON: ``{"clip": …, "path": …, "camera": …, "camera_name": …, "start_ms": …, "outcome":
    "stays", "evidence": "looks", "by_hand": false, "shift_s": 0.2, "other_zone": false, "now":
    {"at_s", "last_s", "score", "zone", "hits": [...]} or null, "then": likewise, "now_best": 0.62,
    "then_best": null, "why": null, "thumbnail": true}``.

    Attributes:
        clip: Its id; None for a file that is none of the catalogue.
        path: Of its file, as far as known.
        camera: Id; empty where it is not known.
        camera_name: What people call it.
        start_ns: Wall time of its first picture; None where it is not known.
        by_hand: Whether a key or a command recorded it, too, so that it would be there all the
            same.
        kind: What becomes of it.
        evidence: ``"looks"``: what was seen live; ``"detector"``: its pictures, looked at again.
        now: What the settings that hold make of it; None where that is not known.
        then: The same of those that are tried.
        why: Why it is not known; else a remark, if any.
        thumbnail: Whether the catalogue has a small picture of it.
    """

    clip: str | None
    path: Path | None
    camera: str
    camera_name: str
    start_ns: int | None
    by_hand: bool
    kind: Kind
    evidence: Literal["looks", "detector"] | None = None
    now: Answer | None = None
    then: Answer | None = None
    why: str | None = None
    thumbnail: bool = False

    @property
    def shift(self) -> Ns | None:
        """How much later the clip would begin; less than 0: earlier. None but where it stays."""
        if self.kind is not Kind.STAYS or self.now is None or self.then is None:
            return None
        return Ns(self.then.hits[0].at - self.now.hits[0].at)

    @property
    def other_zone(self) -> bool:
        """Whether it stays, and another zone is named as the reason."""
        if self.kind is not Kind.STAYS or self.now is None or self.then is None:
            return False
        return self.now.hits[0].zone != self.then.hits[0].zone

    def as_json(self) -> dict[str, object]:
        """As it is said."""
        now, then = self.now, self.then
        return {
            "clip": self.clip,
            "path": None if self.path is None else str(self.path),
            "camera": self.camera,
            "camera_name": self.camera_name,
            "start_ms": None if self.start_ns is None else self.start_ns // 1_000_000,
            "outcome": self.kind.value,
            "evidence": self.evidence,
            "by_hand": self.by_hand,
            "shift_s": None if self.shift is None else _seconds(self.shift),
            "other_zone": self.other_zone,
            "now": None if now is None else now.as_json(),
            "then": None if then is None else then.as_json(),
            "now_best": None if now is None else now.best_score,
            "then_best": None if then is None else then.best_score,
            "why": self.why,
            "thumbnail": self.thumbnail,
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is.

    Attributes:
        done: Clips.
        of: All of them.
        share: Of the one that is looked at, 0 to 1.
    """

    done: int
    of: int
    share: float = 0.0

    def as_json(self) -> dict[str, object]:
        """As it is said."""
        return {"done": self.done, "of": self.of, "share": round(self.share, 3)}


def kind_of(now: Answer, then: Answer, *, by_hand: bool) -> Kind:
    """What becomes of a clip by what both settings make of it."""
    if now.hits:
        return Kind.STAYS if then.hits else Kind.VANISHES
    if then.hits:
        return Kind.APPEARS
    return Kind.MANUAL if by_hand else Kind.NEITHER


def answer_of(tried: Tried, first: Ns) -> Answer:
    """What the trigger logic found, on the clip's own time; `first` is its first picture's pts."""
    hits = sorted((_hit(each, first) for each in tried.triggers), key=lambda hit: hit.at)
    return Answer(tuple(hits), tried.best)


def summed(counted: Counter[Kind]) -> dict[str, int]:
    """The sum of all outcomes: how many clips, and how many of each kind."""
    return {"clips": counted.total(), **{kind.value: counted[kind] for kind in Kind}}


def _hit(trigger: Trigger, first: Ns) -> Hit:
    why = trigger.why
    best, zone = why.get("best"), why.get("zone")
    score = best.get("score") if isinstance(best, dict) else None
    return Hit(
        Ns(trigger.pts - first),
        Ns(trigger.until - first),
        score if isinstance(score, float) else 0.0,
        zone if isinstance(zone, str) else None,
    )


def _seconds(value: Ns) -> float:
    return round(value / SECOND, _TIME_DIGITS)
