"""A trigger that lasts, such as a person who stays, keeps its clip going and begins no other."""

from hypothesis import given
from hypothesis import strategies as st

from smartrec.model import ClipState, Trigger
from smartrec.recording.session import TELL_EVERY
from smartrec.units import Ns
from tests.recording.test_session import Recording, frames, seconds
from tests.streams import stream


def person(pts: float, last: float | None = None) -> Trigger:
    return Trigger("one", seconds(pts), "person", last=None if last is None else seconds(last))


def test_clip_goes_on_until_post_roll_after_the_last_moment() -> None:
    recording = Recording()
    for unit in stream(600):
        recording.session.push(unit)
        if unit.seq == 150:
            recording.session.trigger(person(5))
        if unit.seq in (165, 180, 195):
            assert recording.session.lengthen(person(5, unit.seq / 30)) is not None
        recording.read()
    (clip,) = recording.clips
    assert recording.numbers(clip) == frames(3, 195 / 30 + 1)
    assert [trigger.last for trigger in clip.triggers] == [seconds(195 / 30)]


def test_trigger_that_lasts_after_a_stop_begins_nothing_again() -> None:
    recording = Recording()
    units = list(stream(300))
    for unit in units:
        recording.session.push(unit)
        if unit.seq == 150:
            recording.session.trigger(person(5))
        if unit.seq == 160:
            recording.session.stop(Ns(units[160].pts + 1))
            assert recording.session.lengthen(person(5, 5.33)) is None
        if unit.seq > 165:
            assert recording.session.lengthen(person(5, unit.seq / 30)) is None
            assert recording.session.cut(person(5, unit.seq / 30))
        recording.read()
    (clip,) = recording.clips
    assert clip.state is ClipState.STOPPED
    assert recording.numbers(clip) == frames(3, 161 / 30)


def test_clip_that_ends_by_itself_cuts_off_no_trigger() -> None:
    recording = Recording()
    recording.session.trigger(person(5))
    recording.run(list(stream(300)), None)
    assert recording.clips[0].state is ClipState.COMPLETE
    assert recording.session.lengthen(person(5, 9)) is None
    assert not recording.session.cut(person(5, 9))


def test_late_news_goes_on_where_the_clip_ended_with_no_picture_missing_or_twice() -> None:
    recording = Recording()
    for unit in stream(600):
        recording.session.push(unit)
        if unit.seq == 150:
            recording.session.trigger(person(5))
        if unit.seq == 210:  # a second after its end
            assert recording.session.lengthen(person(5, 5.5)) is None
            assert recording.session.resume(person(5, 5.5)) is not None
        if unit.seq == 215:
            assert recording.session.lengthen(person(5, 6.9)) is None
            assert recording.session.resume(person(5, 6.9)) is not None
        if unit.seq == 230:
            assert recording.session.lengthen(person(5, 7.6)) is not None
        recording.read()
    first, second, third = recording.clips
    assert [clip.part for clip in recording.clips] == [1, 2, 3]
    assert {clip.event_id for clip in recording.clips} == {first.event_id}
    assert recording.numbers(first) == frames(3, 6)
    assert recording.numbers(second) == frames(6, 6.5)
    assert recording.numbers(third) == frames(6.5, 8.6)
    assert [trigger.last for trigger in third.triggers] == [seconds(7.6)]
    assert {clip.tally.expected for clip in (second,)} == {15}


def test_late_news_of_what_is_recorded_already_adds_nothing() -> None:
    recording = Recording()
    for unit in stream(300):
        recording.session.push(unit)
        if unit.seq == 150:
            recording.session.trigger(person(5, 5.5))
        if unit.seq == 250:
            assert recording.session.resume(person(5, 5.4)) is recording.clips[0]
        recording.read()
    assert len(recording.clips) == 1


def test_late_news_of_long_after_the_clip_or_of_a_clip_long_gone_resumes_nothing() -> None:
    recording = Recording()
    for unit in stream(900):
        recording.session.push(unit)
        if unit.seq == 150:
            recording.session.trigger(person(5))
        if unit.seq == 300:
            assert recording.session.resume(person(5, 9)) is None, "its own pre-roll is whole"
        if unit.seq == 500:
            assert recording.session.resume(person(5, 7)) is None, "the ring goes back 5 s"
        recording.read()
    assert len(recording.clips) == 1


def test_part_of_a_long_event_has_the_first_trigger_and_those_that_reach_into_it() -> None:
    recording = Recording(longest=5)
    for unit in stream(900):
        recording.session.push(unit)
        if unit.seq >= 150 and unit.seq % 15 == 0:
            recording.session.trigger(Trigger(str(unit.seq), unit.pts, "key-R"))
        recording.read()
    assert len(recording.clips) > 4
    assert {clip.triggers[0].trigger_id for clip in recording.clips} == {"150"}
    assert max(len(clip.triggers) for clip in recording.clips) < 15
    told = {trigger.trigger_id for clip in recording.clips for trigger in clip.triggers}
    assert told == {str(seq) for seq in range(150, 900, 15)}


def test_part_of_a_long_event_goes_on_for_the_trigger_of_the_first() -> None:
    recording = Recording(longest=2.5)
    for unit in stream(900):
        recording.session.push(unit)
        if unit.seq == 150:
            recording.session.trigger(person(5))
        if 150 < unit.seq <= 600 and unit.seq % 6 == 0:
            assert recording.session.lengthen(person(5, unit.seq / 30)) is not None
        recording.read()
    written = [number for clip in recording.clips for number in recording.numbers(clip)]
    assert written == frames(3, 21)
    assert len({clip.event_id for clip in recording.clips}) == 1


@given(st.lists(st.integers(1, 20), min_size=1, max_size=40))
def test_journal_is_told_of_a_lasting_trigger_about_once_a_second(steps: list[int]) -> None:
    recording = Recording()
    recording.run(list(stream(160)), None)
    recording.session.trigger(person(5))
    (clip,) = recording.session.clips
    before, last = clip.version, seconds(5)
    for step in steps:
        last = Ns(last + step * 50_000_000)
        recording.session.lengthen(Trigger("one", seconds(5), "person", last=last))
    assert clip.version - before <= (last - seconds(5)) // TELL_EVERY
    assert clip.end == last + seconds(1)
