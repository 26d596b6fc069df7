"""A person triggers once it is sure, for as long as it stays, and not while it only rests."""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.detection.presence import Presence, Rules
from smartrec.detection.zones import Zone
from smartrec.model import Box, Look, Track, Trigger
from smartrec.units import SECOND, Ns

PLAIN = Rules(
    min_confidence=0.5,
    frames=2,
    of=3,
    hysteresis=0.1,
    min_area=0.0,
    cooldown=Ns(0),
    stationary_after=Ns(0),
)
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
FPS = 5


def seconds(value: float) -> Ns:
    return Ns(round(value * SECOND))


def after(n: int) -> Ns:
    """Pts of look number `n`; the first is not at 0, as none in life is."""
    return Ns(1000 * SECOND + n * SECOND // FPS)


def box(x: float = 0.3, *, high: float = 0.4) -> Box:
    return Box(x - 0.05, 0.9 - high, x + 0.05, 0.9)


def track(score: float, *, number: int = 1, x: float = 0.3) -> Track:
    return Track(number, box(x), score)


def look(n: int, *tracks: Track, inferred: bool = True, epoch: int = 1) -> Look:
    return Look("hall", epoch, after(n), tracks, inferred)


def presence(rules: Rules = PLAIN, *zones: Zone) -> Presence:
    numbers = count(1)
    return Presence("hall", rules, zones, lambda: f"t{next(numbers)}")


def run(looks: Iterable[Look], rules: Rules = PLAIN, *zones: Zone) -> list[Trigger]:
    one = presence(rules, *zones)
    return [trigger for each in looks for trigger in one.take(each)]


def by_score(*scores: float | None) -> list[Look]:
    """One person with these scores, look after look; None where it is not found."""
    return [look(n, *([] if s is None else [track(s)])) for n, s in enumerate(scores)]


def newest(triggers: Iterable[Trigger]) -> list[Trigger]:
    """Each trigger as it was last told."""
    return list({trigger.trigger_id: trigger for trigger in triggers}.values())


def spans(triggers: Iterable[Trigger]) -> list[tuple[Ns, Ns | None]]:
    return [(trigger.pts, trigger.last) for trigger in newest(triggers)]


# What counts, and how often


def test_who_is_still_present_can_trigger_anew() -> None:
    one = presence()
    (old,) = [t for each in by_score(0.9, 0.9) for t in one.take(each)]
    anew = one.renew(old.trigger_id)
    assert anew is not None
    assert (anew.trigger_id, anew.pts, anew.last) == ("t2", after(1), after(1))
    (lasting,) = one.take(look(2, track(0.9)))
    assert (lasting.trigger_id, lasting.pts, lasting.last) == ("t2", after(1), after(2))
    assert one.renew(old.trigger_id) is None


def test_a_person_is_told_when_sure_at_the_moment_first_seen() -> None:
    one = presence()
    assert one.take(look(0, track(0.6))) == ()
    assert one.persons == 0
    (trigger,) = one.take(look(1, track(0.87654)))
    assert one.persons == 1
    assert (trigger.reason, trigger.pts, trigger.last) == ("person", after(0), after(1))
    assert trigger.why == {
        "track": 1,
        "frames": [{"pts": after(0), "score": 0.6}, {"pts": after(1), "score": 0.877}],
        "zone": None,
        "min_confidence": 0.5,
        "best": {"pts": after(1), "score": 0.877},
    }
    assert json.loads(json.dumps(trigger.why)) == trigger.why


def test_one_picture_alone_is_no_person() -> None:
    assert run(by_score(0.9, None, None, 0.9, None, None, 0.9)) == []


def test_two_of_three_need_not_follow_each_other() -> None:
    (trigger,) = newest(run(by_score(0.9, None, 0.7)))
    assert trigger.pts == after(0)


def test_pictures_before_the_newest_few_are_forgotten() -> None:
    (trigger,) = newest(run(by_score(0.9, None, None, 0.6, 0.7)))
    assert trigger.pts == after(3)


def test_the_frames_of_two_persons_are_not_added_up() -> None:
    assert run([look(0, track(0.9, number=1)), look(1, track(0.9, number=2))]) == []


def test_one_of_one_triggers_at_once() -> None:
    (trigger,) = run(by_score(0.5), replace(PLAIN, frames=1, of=1))
    assert (trigger.pts, trigger.last) == (after(0), after(0))


def test_just_below_the_threshold_never_triggers() -> None:
    assert run(by_score(*[0.499] * 20)) == []


def test_small_boxes_do_not_count() -> None:
    looks = by_score(0.9, 0.9, 0.9)
    assert run(looks, replace(PLAIN, min_area=0.05)) == []
    assert run(looks, replace(PLAIN, min_area=0.03)) != []


def test_persons_count_in_the_zone_and_the_trigger_names_it() -> None:
    door = Zone("door", LEFT_HALF)
    inside = [look(n, track(0.9, x=0.3)) for n in range(3)]
    outside = [look(n, track(0.9, x=0.7)) for n in range(3)]
    assert newest(run(inside, PLAIN, door))[0].why["zone"] == "door"
    assert run(outside, PLAIN, door) == []
    street = replace(door, kind="exclude")
    assert run(inside, PLAIN, street) == []
    assert newest(run(outside, PLAIN, street))[0].why["zone"] is None


def test_who_walks_into_the_zone_triggers_when_there() -> None:
    looks = [look(n, track(0.9, x=0.9 - 0.1 * n)) for n in range(9)]
    first = next(n for n in range(9) if 0.9 - 0.1 * n <= 0.5)
    assert newest(run(looks, PLAIN, Zone("door", LEFT_HALF)))[0].pts == after(first)


# For how long it goes on


def test_while_present_each_picture_that_counts_lengthens_the_trigger() -> None:
    told = run(by_score(0.9, 0.9, 0.9, None, 0.9))
    assert [trigger.trigger_id for trigger in told] == ["t1", "t1", "t1"]
    assert [trigger.last for trigger in told] == [after(1), after(2), after(4)]
    assert {trigger.pts for trigger in told} == {after(0)}


def test_who_is_present_may_fall_a_little_below_the_threshold() -> None:
    told = run(by_score(0.6, 0.6, 0.45, 0.45, 0.45, 0.39, 0.41))
    assert [trigger.last for trigger in told] == [after(n) for n in (1, 2, 3, 4, 6)]
    assert run(by_score(0.45, 0.45, 0.45)) == []


def test_the_best_picture_is_told() -> None:
    told = run(by_score(0.6, 0.7, 0.95, 0.8))
    assert [trigger.why["best"] for trigger in told] == [
        {"pts": after(1), "score": 0.7},
        {"pts": after(2), "score": 0.95},
        {"pts": after(2), "score": 0.95},
    ]


def test_what_was_told_is_not_changed_afterwards() -> None:
    one = presence()
    one.take(look(0, track(0.6)))
    (first,) = one.take(look(1, track(0.7)))
    before = json.dumps(first.why)
    one.take(look(2, track(0.95)))
    assert json.dumps(first.why) == before


def test_who_comes_back_after_having_gone_must_be_confirmed_anew() -> None:
    told = run(by_score(0.9, 0.9, None, None, None, 0.45, 0.45, 0.9, 0.9))
    assert spans(told) == [(after(0), after(1)), (after(7), after(8))]


def test_somebody_is_present_until_none_of_the_newest_pictures_counts() -> None:
    one = presence()
    expected = [0, 1, 1, 1, 0]
    for each, persons in zip(by_score(0.9, 0.9, None, None, None), expected, strict=True):
        one.take(each)
        assert one.persons == persons


def test_each_person_has_a_trigger() -> None:
    both = [look(n, track(0.9, number=1), track(0.8, number=2, x=0.7)) for n in range(3)]
    assert [trigger.why["track"] for trigger in newest(run(both))] == [1, 2]


# Looks without inference


def test_a_gated_picture_lengthens_who_is_present() -> None:
    looks = [look(0, track(0.9)), look(1, track(0.9))]
    looks += [look(n, track(0.9), inferred=False) for n in range(2, 10)]
    assert spans(run(looks)) == [(after(0), after(9))]


def test_a_gated_picture_confirms_nobody() -> None:
    once = look(0, track(0.9))
    gated = [look(n, track(0.9), inferred=False) for n in range(1, 10)]
    assert run([once, *gated]) == []
    (trigger,) = run([once, *gated, look(10, track(0.9))])
    assert trigger.pts == after(0), "what the model said before still holds"


def test_a_gated_picture_ends_nobody_s_presence() -> None:
    one = presence()
    for each in by_score(0.9, 0.9, None):
        one.take(each)
    for n in range(3, 10):
        assert one.take(look(n, inferred=False)) == ()
    assert one.persons == 1
    (trigger,) = one.take(look(10, track(0.9)))
    assert trigger.trigger_id == "t1"


# Cooldown


def test_after_the_last_has_gone_nobody_triggers_for_a_while() -> None:
    rules = replace(PLAIN, cooldown=seconds(2))
    looks = by_score(0.9, 0.9, 0.9, None, None, None)
    looks += [look(n, track(0.9, number=2)) for n in range(6, 20)]
    told = spans(run(looks, rules))
    assert told == [(after(0), after(2)), (after(12), after(19))]
    assert after(12) == after(2) + rules.cooldown


def test_no_cooldown_while_another_is_still_there() -> None:
    rules = replace(PLAIN, cooldown=seconds(60))
    looks = [look(n, track(0.9), track(0.9, number=2, x=0.7)) for n in range(3)]
    looks += [look(n, track(0.9)) for n in range(3, 9)]
    looks += [look(n, track(0.9), track(0.9, number=3, x=0.7)) for n in range(9, 12)]
    assert [trigger.why["track"] for trigger in newest(run(looks, rules))] == [1, 2, 3]


def test_the_cooldown_begins_when_the_last_of_all_was_seen() -> None:
    rules = replace(PLAIN, frames=1, of=5, cooldown=seconds(2))
    looks = [
        look(0, track(0.9), track(0.9, number=2, x=0.7)),
        look(1, track(0.9)),
        look(2, track(0.9)),
        *(look(n) for n in range(3, 8)),
        *(look(n, track(0.9, number=3)) for n in range(8, 14)),
    ]
    assert newest(run(looks, rules))[-1].pts == after(12)


def test_the_cooldown_is_not_shortened_by_who_left_before_another_came_to_rest() -> None:
    rules = replace(PLAIN, frames=1, of=10, cooldown=seconds(5), stationary_after=seconds(4))
    looks = [
        *(look(n, track(0.9), track(0.9, number=2, x=0.5 + 0.02 * n)) for n in range(18)),
        *(look(n, track(0.9)) for n in range(18, 30)),
        *(look(n, track(0.9), track(0.9, number=3, x=0.7)) for n in range(30, 46)),
    ]
    told = spans(run(looks, rules))
    assert told == [(after(0), after(19)), (after(0), after(17)), (after(44), after(45))]
    assert after(44) == after(19) + rules.cooldown


# Rest

RESTING = replace(PLAIN, stationary_after=seconds(4))


def stays(first: int, last: int, *, number: int = 1, x: float = 0.3, seed: int = 1) -> list[Look]:
    """Somebody who stays at `x`, as a detector sees it: never quite the same."""
    chance = random.Random(seed)

    def side(value: float) -> float:
        return value + chance.uniform(-0.004, 0.004)

    still = box(x)
    return [
        look(
            n,
            Track(
                number,
                Box(side(still.left), side(still.top), side(still.right), side(still.bottom)),
                0.9,
            ),
        )
        for n in range(first, last)
    ]


def walks(first: int, last: int, *, number: int = 1, x: float = 0.3) -> list[Look]:
    return [
        look(n, track(0.9, number=number, x=x + 0.03 * (n - first + 1))) for n in range(first, last)
    ]


def test_who_does_not_move_for_long_no_longer_lengthens() -> None:
    told = run(stays(0, 100), RESTING)
    assert spans(told) == [(after(0), after(19))]
    assert after(20) == after(0) + RESTING.stationary_after


def test_zero_means_never() -> None:
    assert spans(run(stays(0, 100))) == [(after(0), after(99))]


def test_who_rests_is_not_present() -> None:
    one = presence(RESTING)
    for each in stays(0, 21):
        one.take(each)
    assert one.persons == 0


def test_who_moves_again_triggers_again_from_the_first_step_on() -> None:
    first, second = newest(run([*stays(0, 50), *walks(50, 60)], RESTING))
    assert first.trigger_id != second.trigger_id
    assert (second.pts, second.last) == (after(50), after(59))


def test_who_walks_is_never_at_rest() -> None:
    looks = [look(n, track(0.9, x=0.1 + 0.008 * n)) for n in range(100)]
    assert spans(run(looks, RESTING)) == [(after(0), after(99))]


def test_of_who_walks_all_pictures_count() -> None:
    looks = [look(n, track(score, x=0.3 + 0.1 * n)) for n, score in enumerate((0.9, 0.4, 0.9))]
    assert spans(run(looks, RESTING)) == [(after(0), after(2))]


def test_one_box_gone_astray_is_no_movement() -> None:
    looks = stays(0, 100)
    for n in (10, 40, 45, 70):
        looks[n] = look(n, Track(1, box(0.3, high=0.2), 0.9))
    assert len(newest(run(looks, RESTING))) == 1


def test_a_gated_picture_is_rest_as_well() -> None:
    looks = [*stays(0, 2), *(look(n, track(0.9), inferred=False) for n in range(2, 50))]
    assert spans(run(looks, RESTING)) == [(after(0), after(19))]


def test_a_mannequin_that_the_model_loses_and_finds_again_stays_at_rest() -> None:
    looks = stays(0, 30)
    first = 30
    for number in range(2, 12):
        looks += [look(n) for n in range(first, first + 200)]
        looks += stays(first + 200, first + 210, number=number, seed=number)
        first += 210
    assert len(newest(run(looks, RESTING))) == 1


def test_a_poster_found_anew_before_it_rested_comes_to_rest_all_the_same() -> None:
    looks, first = [], 0
    for number in range(1, 30):
        looks += stays(first, first + 10, number=number, seed=number)
        looks += [look(n) for n in range(first + 10, first + 22)]
        first += 22
    told = newest(run(looks, RESTING))
    assert [trigger.why["track"] for trigger in told] == [1]


def test_one_poster_found_over_and_over_does_not_make_another_forgotten() -> None:
    looks = [look(n, track(0.9), track(0.9, number=2, x=0.7)) for n in range(30)]
    for k in range(200):
        looks += stays(30 + 5 * k, 31 + 5 * k, number=3 + k, x=0.7, seed=k)
        looks += [look(31 + 5 * k + n) for n in range(4)]
    looks += stays(1030, 1040, number=1000)
    assert [trigger.why["track"] for trigger in newest(run(looks, RESTING))] == [1, 2]


def test_a_bad_first_box_is_no_place_to_stay_by() -> None:
    looks = stays(0, 100)
    looks[0] = look(0, Track(1, box(0.3, high=0.31), 0.9))
    for n in range(25, 95, 9):
        looks[n : n + 2] = [look(k, Track(1, box(0.3, high=0.45), 0.9)) for k in (n, n + 1)]
    assert len(newest(run(looks, RESTING))) == 1


def test_who_creeps_is_not_at_rest() -> None:
    looks = [look(n, track(0.9, x=0.2 + 0.0015 * n)) for n in range(100)]
    assert spans(run(looks, RESTING)) == [(after(0), after(99))]


def test_a_new_number_for_who_rests_unseen_just_now_changes_nothing() -> None:
    looks = [*stays(0, 30), *stays(30, 60, number=2, seed=2)]
    assert len(newest(run(looks, RESTING))) == 1


def test_somebody_elsewhere_does_not_inherit_the_rest() -> None:
    looks = [*stays(0, 30), *(look(n) for n in range(30, 40)), *stays(40, 45, number=2, x=0.6)]
    assert [trigger.pts for trigger in newest(run(looks, RESTING))] == [after(0), after(40)]


def test_who_found_a_new_place_must_stay_there_as_long() -> None:
    looks = [*stays(0, 30), *walks(30, 35), *stays(35, 100, x=0.45)]
    second = newest(run(looks, RESTING))[1]
    assert second.pts == after(30)
    assert after(52) <= second.until <= after(57)


# Order, restarts


def test_a_look_that_is_not_newer_says_nothing() -> None:
    one = presence()
    one.take(look(5, track(0.9)))
    assert one.take(look(5, track(0.9))) == ()
    assert one.take(look(4, track(0.9))) == ()
    assert one.take(look(6, track(0.9))) != ()


def test_after_a_restart_nothing_is_known() -> None:
    one = presence(replace(RESTING, cooldown=seconds(60)))
    for each in stays(100, 150):
        one.take(each)
    one.reset()
    assert one.persons == 0
    told = [trigger for each in stays(0, 2) for trigger in one.take(each)]
    assert [trigger.pts for trigger in told] == [after(0)]


def test_a_new_epoch_is_a_restart_and_an_old_one_says_nothing() -> None:
    one = presence()
    first = [trigger for each in by_score(0.9, 0.9) for trigger in one.take(each)]
    assert one.take(look(2, track(0.9), epoch=2)) == ()
    assert one.take(look(3, track(0.9), epoch=1)) == ()
    (second,) = one.take(look(3, track(0.9), epoch=2))
    assert second.pts == after(2)
    assert second.trigger_id != first[0].trigger_id


# What holds for every film

scores = st.sampled_from([0.1, 0.39, 0.4, 0.45, 0.5, 0.6, 0.9])
places = st.sampled_from([0.1, 0.3, 0.31, 0.5, 0.7])


@st.composite
def films(draw: st.DrawFn) -> list[Look]:
    looks: list[Look] = []
    for n in range(draw(st.integers(0, 40))):
        inferred = draw(st.booleans()) or not looks
        numbers = draw(st.lists(st.integers(1, 4), max_size=3, unique=True))
        tracks = tuple(
            track(draw(scores), number=number, x=draw(places)) for number in sorted(numbers)
        )
        looks.append(look(n, *(tracks if inferred else looks[-1].tracks), inferred=inferred))
    return looks


every_rules = st.builds(
    Rules,
    min_confidence=st.just(0.5),
    frames=st.integers(1, 3),
    of=st.integers(3, 4),
    hysteresis=st.sampled_from([0.0, 0.1]),
    min_area=st.just(0.0),
    cooldown=st.sampled_from([seconds(0), seconds(1)]),
    stationary_after=st.sampled_from([seconds(0), seconds(1)]),
)


def seen(looks: Sequence[Look], number: int, pts: object, *, inferred: bool) -> float:
    """Score of track `number` at `pts`."""
    (score,) = (
        each.score
        for one in looks
        if one.pts == pts and (one.inferred or not inferred)
        for each in one.tracks
        if each.track_id == number
    )
    return score


@given(films(), every_rules)
def test_every_trigger_is_founded_on_pictures_that_count(film: list[Look], rules: Rules) -> None:
    for trigger in run(film, rules):
        why = trigger.why
        number, frames, best = why["track"], why["frames"], why["best"]
        assert isinstance(number, int)
        assert isinstance(frames, list)
        assert isinstance(best, dict)
        assert rules.frames <= len(frames) <= rules.of
        assert frames[0]["pts"] == trigger.pts
        for frame in frames:
            score = seen(film, number, frame["pts"], inferred=True)
            assert score >= rules.min_confidence
            assert frame["score"] == score
        assert trigger.last is not None
        assert trigger.last >= frames[-1]["pts"]
        least = rules.min_confidence - rules.hysteresis
        assert seen(film, number, trigger.last, inferred=False) >= least
        assert seen(film, number, best["pts"], inferred=False) == best["score"]


@given(films(), every_rules)
def test_a_trigger_only_ever_grows(film: list[Look], rules: Rules) -> None:
    known: dict[str, Trigger] = {}
    for trigger in run(film, rules):
        before = known.get(trigger.trigger_id)
        if before is not None:
            assert trigger.until > before.until
            assert replace(trigger, last=None, why={}) == replace(before, last=None, why={})
            assert {**trigger.why, "best": 0} == {**before.why, "best": 0}
        known[trigger.trigger_id] = trigger


@given(films(), every_rules)
def test_triggers_of_one_person_do_not_overlap(film: list[Look], rules: Rules) -> None:
    told = newest(run(film, rules))
    for number in range(1, 5):
        mine = [trigger for trigger in told if trigger.why["track"] == number]
        for before, following in pairwise(mine):
            assert before.until < following.pts


@given(films(), every_rules)
def test_the_same_looks_give_the_same_triggers(film: list[Look], rules: Rules) -> None:
    assert run(film, rules) == run(film, rules)


@given(films(), every_rules)
def test_without_confidence_there_is_no_trigger(film: list[Look], rules: Rules) -> None:
    assert run(film, replace(rules, min_confidence=0.91)) == []


@given(films(), every_rules, st.randoms(use_true_random=False))
def test_looks_that_come_late_change_nothing(
    film: list[Look], rules: Rules, chance: random.Random
) -> None:
    late: list[Look] = []
    for n, each in enumerate(film):
        late += [each, chance.choice(film[: n + 1])]
    assert run(late, rules) == run(film, rules)


@given(films(), every_rules)
def test_a_picture_that_was_not_inferred_begins_nothing(film: list[Look], rules: Rules) -> None:
    one = presence(rules)
    known: set[str] = set()
    for each in film:
        told = {trigger.trigger_id for trigger in one.take(each)}
        if not each.inferred:
            assert told <= known
        known |= told


@given(st.lists(scores, max_size=40), st.integers(1, 3), st.integers(3, 5))
def test_n_of_m_is_what_a_look_at_all_pictures_at_once_says(
    film: list[float], frames: int, of: int
) -> None:
    expected: list[tuple[Ns, Ns | None]] = []
    present = False
    for n in range(len(film)):
        window = [k for k in range(max(0, n - of + 1), n + 1) if film[k] >= 0.5]
        if not present and len(window) >= frames:
            expected.append((after(window[0]), None))
            present = True
        if present:
            if film[n] >= 0.5:
                expected[-1] = (expected[-1][0], after(n))
            present = bool(window)
    rules = replace(PLAIN, frames=frames, of=of, hysteresis=0.0)
    assert spans(run(by_score(*film), rules)) == expected


@given(films(), every_rules)
def test_nobody_triggers_within_the_cooldown(film: list[Look], rules: Rules) -> None:
    one, known, ended = presence(rules), set[str](), 0
    newest_end = 0
    for each in film:
        nobody = one.persons == 0
        for trigger in one.take(each):
            if trigger.trigger_id not in known and nobody and ended:
                assert trigger.pts >= ended + rules.cooldown
            known.add(trigger.trigger_id)
            newest_end = max(newest_end, trigger.until)
        if one.persons == 0:
            ended = newest_end


@pytest.mark.parametrize("rules", [PLAIN, RESTING])
def test_a_thousand_strangers_leave_little_behind(rules: Rules) -> None:
    one = presence(rules)
    for n in range(1000):
        one.take(look(n, track(0.9, number=n, x=0.1 + (n % 80) / 100)))
    assert len(one._persons) <= rules.of
    assert len(one._places._lost) <= 64
