"""What becomes of a clip by what both settings make of it, in words of numbers. Pure."""

from collections import Counter
from pathlib import Path

import pytest

from smartrec.app.replay_outcome import Answer, Hit, Kind, Outcome, answer_of, kind_of, summed
from smartrec.detection.trial import Outcome as Tried
from smartrec.model import Trigger
from smartrec.units import MILLISECOND, SECOND, Ns

NOBODY = Answer((), None)


def somebody(at_ms: int = 400, zone: str | None = None, score: float = 0.6236) -> Answer:
    return Answer(
        (Hit(Ns(at_ms * MILLISECOND), Ns((at_ms + 900) * MILLISECOND), score, zone),), score
    )


def outcome(now: Answer, then: Answer) -> Outcome:
    return Outcome(
        clip="clip-1",
        path=Path("/c/clip.mp4"),
        camera="cam0",
        camera_name="Door",
        start_ns=1_700_000_000_123_456_789,
        by_hand=False,
        kind=kind_of(now, then, by_hand=False),
        evidence="looks",
        now=now,
        then=then,
    )


@pytest.mark.parametrize(
    ("now", "then", "by_hand", "kind"),
    [
        (somebody(), somebody(), False, Kind.STAYS),
        (somebody(), somebody(), True, Kind.STAYS),
        (somebody(), NOBODY, False, Kind.VANISHES),
        (somebody(), NOBODY, True, Kind.VANISHES),
        (NOBODY, somebody(), False, Kind.APPEARS),
        (NOBODY, somebody(), True, Kind.APPEARS),
        (NOBODY, NOBODY, False, Kind.NEITHER),
        (NOBODY, NOBODY, True, Kind.MANUAL),
    ],
)
def test_each_pair_of_answers_has_its_kind(
    now: Answer, then: Answer, by_hand: bool, kind: Kind
) -> None:
    assert kind_of(now, then, by_hand=by_hand) is kind


def test_a_clip_that_stays_may_begin_later_and_name_another_zone() -> None:
    later = outcome(somebody(400, "door"), somebody(1000, "hall"))
    assert later.shift == Ns(600 * MILLISECOND)
    assert later.other_zone
    assert outcome(somebody(400), somebody(200)).shift == Ns(-200 * MILLISECOND)
    same = outcome(somebody(400, "door"), somebody(400, "door"))
    assert (same.shift, same.other_zone) == (0, False)


def test_what_does_not_stay_is_not_shifted() -> None:
    for one in (outcome(somebody(zone="door"), NOBODY), outcome(NOBODY, somebody(zone="door"))):
        assert one.shift is None
        assert not one.other_zone


def test_it_is_said_in_plain_numbers() -> None:
    assert outcome(somebody(400, "door"), NOBODY).as_json() == {
        "clip": "clip-1",
        "path": "/c/clip.mp4",
        "camera": "cam0",
        "camera_name": "Door",
        "start_ms": 1_700_000_000_123,
        "outcome": "vanishes",
        "evidence": "looks",
        "by_hand": False,
        "shift_s": None,
        "other_zone": False,
        "now": {
            "at_s": 0.4,
            "last_s": 1.3,
            "score": 0.624,
            "zone": "door",
            "hits": [{"at_s": 0.4, "last_s": 1.3, "score": 0.624, "zone": "door"}],
        },
        "then": None,
        "now_best": 0.624,
        "then_best": None,
        "why": None,
        "thumbnail": False,
    }


def test_an_answer_has_its_first_person_and_the_best_score_of_all() -> None:
    first, second = somebody(400, "door", 0.6).hits + somebody(2000, "hall", 0.9).hits
    said = Answer((first, second), 0.9).as_json()
    assert said is not None
    assert (said["at_s"], said["zone"], said["score"]) == (0.4, "door", 0.9)


def test_triggers_are_put_on_the_clips_own_time_and_in_order() -> None:
    begin = Ns(50 * SECOND)

    def trigger(name: str, at: int, last: int | None, **why: object) -> Trigger:
        end = None if last is None else Ns(begin + last)
        return Trigger(name, Ns(begin + at), "person", dict(why), last=end)

    late = trigger("b", 2 * SECOND, 3 * SECOND, best={"score": 0.8}, zone="door")
    early = trigger("a", SECOND, None, best={"score": 0.5}, zone=None)
    answer = answer_of(Tried((late, early), ()), begin)
    assert answer == Answer(
        (
            Hit(SECOND, SECOND, 0.5, None),
            Hit(Ns(2 * SECOND), Ns(3 * SECOND), 0.8, "door"),
        ),
        None,
    )


def test_the_sum_names_every_kind() -> None:
    assert summed(Counter([Kind.STAYS, Kind.STAYS, Kind.UNKNOWN])) == {
        "clips": 3,
        "stays": 2,
        "vanishes": 0,
        "appears": 0,
        "neither": 0,
        "manual": 0,
        "unknown": 1,
    }
