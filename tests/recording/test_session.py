"""The promises of recording hold for every stream, every trigger and every pace of writing.

A model that knows all frames at once says what each clip must hold; the session, which sees them
one by one and is read in random portions, must agree.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from smartrec.model import AccessUnit, ClipState, Loss, Trigger, Verdict
from smartrec.recording.ring import Ring
from smartrec.recording.session import OpenClip, Session, Timing
from smartrec.units import SECOND, Ns
from tests.streams import FRAME, stream

BIG = 10**12


def seconds(value: float) -> Ns:
    return Ns(round(value * SECOND))


@dataclass
class Recording:
    """A session together with what was read from it."""

    pre: float = 2.0
    post: float = 1.0
    longest: float = 1000.0
    ring_bytes: int = BIG
    ring_length: float = 5.0
    written: dict[str, list[AccessUnit]] = field(default_factory=dict)
    clips: list[OpenClip] = field(default_factory=list)

    def __post_init__(self) -> None:
        numbers = count()
        timing = Timing(seconds(self.pre), seconds(self.post), seconds(self.longest))
        self.session = Session(
            Ring(seconds(self.ring_length), self.ring_bytes), timing, lambda: str(next(numbers))
        )

    def trigger(self, pts: int) -> Verdict:
        return self.session.trigger(Trigger("t", Ns(pts), "key-R"))[0]

    def read(self, max_bytes: int = BIG) -> None:
        for clip in list(self.session.clips):
            if clip not in self.clips:
                self.clips.append(clip)
                self.written[clip.clip_id] = []
            clip.mark()
            self.written[clip.clip_id] += clip.read(self.session.ring, max_bytes)
            if clip.exhausted():
                self.session.forget(clip)

    def break_off(self) -> None:
        """The journals of all open clips take no more."""
        for clip in list(self.session.clips):
            if clip not in self.clips:
                self.clips.append(clip)
                self.written[clip.clip_id] = []
            if self.session.break_off(clip):
                self.session.forget(clip)

    def run(self, units: list[AccessUnit], triggers: dict[int, int] | None = None) -> None:
        """Push all units; after unit number n, trigger at ``triggers[n]``."""
        for unit in units:
            self.session.push(unit)
            if triggers and unit.seq in triggers:
                self.trigger(triggers[unit.seq])
            self.read()

    def numbers(self, clip: OpenClip) -> list[int]:
        return [unit.seq for unit in self.written[clip.clip_id]]


def frames(first: float, last: float) -> list[int]:
    """Numbers of the frames with ``first <= pts < last`` seconds."""
    return [n for n in range(100_000) if seconds(first) <= n * FRAME < seconds(last)][:100_000]


def test_clip_holds_exactly_pre_roll_event_and_post_roll() -> None:
    recording = Recording()
    recording.run(list(stream(400)), {150: seconds(5)})
    (clip,) = recording.clips
    assert recording.numbers(clip) == frames(3, 6)
    assert clip.state is ClipState.COMPLETE
    assert clip.tally.expected == len(frames(3, 6))


def test_trigger_during_a_clip_extends_it() -> None:
    recording = Recording()
    recording.run(list(stream(400)), {150: seconds(5), 170: seconds(5.6)})
    (clip,) = recording.clips
    assert recording.numbers(clip) == frames(3, 6.6)
    assert len(clip.triggers) == 2


def test_event_right_after_another_has_its_whole_pre_roll() -> None:
    recording = Recording()
    recording.run(list(stream(400)), {150: seconds(5), 182: seconds(6.05)})
    first, second = recording.clips
    assert recording.numbers(first) == frames(3, 6)
    assert recording.numbers(second) == frames(4.05, 7.05)
    assert first.event_id != second.event_id


def test_late_trigger_from_before_an_open_clip_gets_its_own() -> None:
    recording = Recording()
    recording.run(list(stream(400)), {150: seconds(5), 160: seconds(2.9)})
    first, second = recording.clips
    assert recording.numbers(first) == frames(3, 6)
    assert recording.numbers(second) == frames(0.9, 3.9)


def test_late_trigger_extends_a_rolled_over_event() -> None:
    recording = Recording(longest=2.5, post=5)
    recording.run(list(stream(600)), {150: seconds(5), 180: seconds(5.2)})
    assert {clip.event_id for clip in recording.clips} == {recording.clips[0].event_id}
    assert [n for c in recording.clips for n in recording.numbers(c)] == frames(3, 10.2)


def test_trigger_in_the_first_moments_takes_what_there_is() -> None:
    recording = Recording()
    recording.run(list(stream(400)), {10: 10 * FRAME})
    (clip,) = recording.clips
    assert recording.numbers(clip)[0] == 0
    assert clip.tally.first == 0


def test_no_part_of_an_event_is_empty_where_its_beginning_is_not_held() -> None:
    recording = Recording(pre=20, longest=1.0)
    recording.run(list(stream(400)), {40: 40 * FRAME})
    assert [clip.part for clip in recording.clips] == [1, 2, 3]
    assert all(recording.numbers(clip) for clip in recording.clips)
    held = [n for clip in recording.clips for n in recording.numbers(clip)]
    assert held == frames(0, 40 / 30 + 1)


def test_an_event_long_before_the_first_picture_has_no_empty_part() -> None:
    recording = Recording(pre=20, longest=1.0)
    recording.trigger(-seconds(0.5))
    recording.run(list(stream(100)))
    (clip,) = recording.clips
    assert clip.part == 1
    assert recording.numbers(clip) == frames(0, 0.5)


def test_trigger_before_the_first_picture_waits_for_it() -> None:
    recording = Recording()
    assert recording.trigger(0) is Verdict.ACCEPTED
    recording.run(list(stream(100)))
    assert recording.numbers(recording.clips[0]) == frames(0, 1)


def test_long_event_rolls_over_with_no_picture_missing_or_twice() -> None:
    recording = Recording(longest=1.5)
    recording.run(list(stream(600)), {150: seconds(5), 170: seconds(5.6), 190: seconds(6.2)})
    parts = recording.clips
    assert [clip.part for clip in parts] == [1, 2, 3]
    assert len({clip.event_id for clip in parts}) == 1
    assert [n for clip in parts for n in recording.numbers(clip)] == frames(3, 7.2)
    assert all(clip.tally.expected == len(recording.numbers(clip)) for clip in parts)


def test_the_answer_names_the_part_that_holds_the_moment() -> None:
    recording = Recording(longest=0.5)
    recording.run(list(stream(200)))
    pts = Ns(199 * FRAME)
    _, clip = recording.session.trigger(Trigger("t", pts, "key-R"))
    assert clip.part > 1
    assert clip.start <= pts < clip.end


def test_interval_long_past_is_cut_from_the_ring_in_parts() -> None:
    recording = Recording(longest=1.0, ring_length=60)
    recording.run(list(stream(600)), {500: seconds(5)})
    assert [n for clip in recording.clips for n in recording.numbers(clip)] == frames(3, 6)
    assert [len(recording.numbers(clip)) for clip in recording.clips] == [30, 30, 30]


def test_a_pre_roll_of_thousands_of_parts_is_cut_too() -> None:
    recording = Recording(pre=20, longest=0.01, ring_length=60)
    recording.run(list(stream(700)), {650: 650 * FRAME})
    (event,) = {clip.event_start for clip in recording.clips}
    assert event == 650 * FRAME - seconds(20)
    start, end = 650 * FRAME - seconds(20), 650 * FRAME + seconds(1)
    held = [n for clip in recording.clips for n in recording.numbers(clip)]
    assert held == [n for n in range(700) if start <= n * FRAME < end]


def test_stop_ends_the_clip_there_and_the_next_trigger_starts_anew() -> None:
    recording = Recording(post=100)
    units = list(stream(400))
    for unit in units:
        recording.session.push(unit)
        if unit.seq == 150:
            recording.trigger(seconds(5))
        if unit.seq == 200:
            recording.session.stop(Ns(unit.pts + 1))
        if unit.seq == 250:
            assert recording.trigger(unit.pts) is Verdict.ACCEPTED
        recording.read()
    assert recording.numbers(recording.clips[0]) == list(range(90, 201))
    assert recording.clips[0].state is ClipState.STOPPED


def test_lost_camera_closes_with_what_there_is() -> None:
    recording = Recording()
    recording.run(list(stream(160)), {150: seconds(5)})
    recording.session.close_all(ClipState.CAMERA_LOST)
    recording.read()
    (clip,) = recording.clips
    assert recording.numbers(clip) == list(range(90, 160))
    assert clip.tally.expected == 70
    assert clip.exhausted()


def test_ring_too_small_for_a_slow_writer_counts_what_it_lost() -> None:
    recording = Recording(ring_bytes=100 * 12)
    units = list(stream(400))
    for unit in units:
        recording.session.push(unit)
        if unit.seq == 150:
            recording.trigger(seconds(5))
        if unit.seq % 130 == 0:
            recording.read()
    recording.read()
    (clip,) = recording.clips
    lost = clip.tally.lost[Loss.RING]
    assert lost > 0
    assert lost + len(recording.numbers(clip)) == clip.tally.expected == 90


def test_clip_of_an_inter_coded_stream_begins_at_the_keyframe_before() -> None:
    recording = Recording()
    recording.run(list(stream(400, gop=50)), {150: seconds(5)})
    (clip,) = recording.clips
    assert recording.numbers(clip) == list(range(50, 180))
    assert clip.tally.expected == 90
    assert clip.tally.first == 90 * FRAME


def test_a_clip_that_is_broken_off_with_all_of_it_read_goes_on_with_the_next_picture() -> None:
    recording = Recording()
    units = list(stream(400, lost=frozenset({160})))
    recording.run(units[:160], {150: seconds(5)})
    recording.break_off()
    recording.run(units[160:])
    clip, rest = recording.clips
    assert recording.numbers(clip) == list(range(90, 160))
    assert recording.numbers(rest) == list(range(161, 180))
    assert rest.start <= 161 * FRAME
    assert (clip.tally.expected, rest.tally.expected) == (70, 20)
    assert rest.tally.as_dict() == {"driver": 1}


def test_inter_coded_pictures_without_pre_roll_begin_at_the_keyframe_before() -> None:
    recording = Recording(pre=0)
    recording.run(list(stream(400, gop=50)), {160: seconds(5.35)})
    (clip,) = recording.clips
    assert recording.numbers(clip)[0] == 150
    assert clip.tally.first == 161 * FRAME
    assert clip.tally.expected == 30


numbers = st.integers(0, 299)


@given(
    lost=st.frozensets(numbers, max_size=60),
    breaks=st.frozensets(numbers, max_size=5),
    gop=st.sampled_from([1, 7]),
    pace=st.integers(1, 60),
    ring_bytes=st.sampled_from([12 * 20, BIG]),
)
def test_a_clip_that_is_broken_off_loses_and_forgets_nothing_but_what_the_ring_let_go(
    lost: frozenset[int], breaks: frozenset[int], gop: int, pace: int, ring_bytes: int
) -> None:
    recording = Recording(pre=0.5, post=3, ring_bytes=ring_bytes)
    if gop > 1:
        lost = frozenset(n for n in lost if n % gop)
    units = list(stream(300, gop=gop, lost=lost - {100}))
    oldest = 0
    for unit in units:
        recording.session.push(unit)
        if unit.seq == 100:
            ring = recording.session.ring
            first = ring[ring.start_of(Ns(unit.pts - seconds(0.5)))]
            oldest = first.seq - first.lost_before
            recording.trigger(unit.pts)
        if unit.seq % pace == 0:
            recording.read()
        if unit.seq in breaks:
            recording.break_off()
    recording.read()
    start, end = 100 * FRAME - seconds(0.5), 100 * FRAME + seconds(3)
    interval = [n for n in range(oldest, 300) if start <= n * FRAME < end]
    shown: list[int] = []
    losses: Counter[Loss] = Counter()
    for clip in recording.clips:
        written = recording.written[clip.clip_id]
        assert not written or written[0].keyframe
        shown += [u.seq for u in written if clip.start <= u.pts < clip.end]
        losses += clip.tally.lost
    assert sum(clip.tally.expected for clip in recording.clips) == len(interval)
    assert losses[Loss.DRIVER] + losses[Loss.RING] + len(shown) == len(interval)
    assert shown == sorted(set(shown))


@given(
    lost=st.frozensets(numbers, max_size=60),
    damaged=st.frozensets(numbers, max_size=60),
    triggers=st.dictionaries(numbers, st.integers(0, 30), max_size=5),
    longest=st.sampled_from([0.4, 1.1, 1000.0]),
    gop=st.sampled_from([1, 7]),
    pace=st.integers(1, 40),
    portion=st.sampled_from([1, 100, BIG]),
)
def test_every_clip_holds_its_interval_and_every_loss_has_a_cause(
    lost: frozenset[int],
    damaged: frozenset[int],
    triggers: dict[int, int],
    longest: float,
    gop: int,
    pace: int,
    portion: int,
) -> None:
    recording = Recording(pre=0.5, post=0.7, longest=longest)
    if gop > 1:  # without a keyframe nothing can be decoded until the next
        lost = frozenset(n for n in lost if n % gop)
    units = list(stream(300, gop=gop, lost=lost, damaged=damaged if gop == 1 else frozenset()))
    for unit in units:
        recording.session.push(unit)
        if unit.seq in triggers:
            recording.trigger(unit.pts - triggers[unit.seq] * FRAME)
        if unit.seq % pace == 0:
            recording.read(portion)
    recording.session.close_all(ClipState.STOPPED)
    while recording.session.clips:
        recording.read(portion)
    arrived = {unit.seq: unit for unit in units}
    for clip in recording.clips:
        shown = [n for n in recording.numbers(clip) if clip.start <= n * FRAME < clip.end]
        last = max(arrived) if clip.state is ClipState.STOPPED else 299
        interval = [n for n in range(last + 1) if clip.start <= n * FRAME < clip.end]
        interval = [n for n in interval if n >= min(arrived) - arrived[min(arrived)].lost_before]
        assert shown == [n for n in interval if n in arrived and not arrived[n].damaged]
        assert clip.tally.expected == len(interval)
        assert clip.tally.lost[Loss.DRIVER] == len([n for n in interval if n in lost])
        assert clip.tally.lost[Loss.DAMAGED] == len([n for n in interval if n in arrived]) - len(
            shown
        )
        if shown and clip.state is ClipState.COMPLETE:
            assert shown[-1] * FRAME - clip.start < seconds(longest)


@given(st.integers(1, 400), st.integers(1, 60), st.integers(0, 5000), st.integers(0, 200))
def test_ring_keeps_its_length_and_its_bounds(
    count_: int, gop: int, max_bytes: int, length: int
) -> None:
    ring = Ring(Ns(length * FRAME), max_bytes)
    unbounded = Ring(Ns(length * FRAME), BIG)
    for unit in stream(count_, gop=gop):
        ring.push(unit)
        unbounded.push(unit)
        assert ring.bytes <= max_bytes or ring.end - ring.first == 1
        assert unbounded.span >= min(unit.pts, length * FRAME)
        assert unbounded[unbounded.first].keyframe
        assert unbounded.span <= length * FRAME + 2 * gop * FRAME
        assert ring.bytes == sum(len(u.data) for u in ring.since(0))


@given(st.integers(1, 200), st.integers(1, 20), st.integers(0, 250))
def test_ring_starts_reading_at_a_keyframe_not_after_the_wanted_moment(
    count_: int, gop: int, wanted: int
) -> None:
    ring = Ring(Ns(1000 * SECOND), BIG)
    for unit in stream(count_, gop=gop):
        ring.push(unit)
    index = ring.start_of(Ns(wanted * FRAME))
    if wanted >= count_ and gop == 1:
        assert index == ring.end
    elif wanted >= count_ and count_ > 1:
        assert index == (count_ - 1) // gop * gop
    elif wanted >= count_:
        assert index in (ring.end, 0)
    else:
        assert ring[index].keyframe
        assert index <= wanted < index + gop


def test_an_event_keeps_the_timing_with_which_it_began_and_the_next_has_another() -> None:
    made = Recording(pre=2, post=1)
    units = list(stream(400))
    made.run(units[:100], {90: 90 * FRAME})
    made.session.timing = Timing(seconds(0.5), seconds(3), seconds(1000), "other")
    made.session.resize(seconds(2.5), 100 * 12)
    made.run(units[100:], {110: 110 * FRAME, 200: 200 * FRAME})
    first, second = made.clips
    assert made.numbers(first) == frames(90 * FRAME / SECOND - 2, 110 * FRAME / SECOND + 1)
    assert (first.timing.settings, second.timing.settings) == ("", "other")
    assert made.numbers(second) == frames(200 * FRAME / SECOND - 0.5, 200 * FRAME / SECOND + 3)


def test_an_event_that_lasts_keeps_its_post_roll_and_its_longest_clip() -> None:
    made = Recording(pre=1, post=2, longest=3)
    units, person = list(stream(400)), Trigger("p", Ns(60 * FRAME), "person", last=Ns(60 * FRAME))
    made.run(units[:61])
    made.session.trigger(person)
    made.session.timing = Timing(seconds(1), seconds(0), seconds(1000), "other")
    for n in range(61, 200, 5):
        made.run(units[n : n + 5])
        until = Ns((n + 4) * FRAME)
        # As one is told whose clip would end between two looks by the shorter post-roll.
        made.session.lengthen(replace(person, last=until, end=Ns(until + SECOND // 2)))
    made.run(units[201:])
    shown = [number for clip in made.clips for number in made.numbers(clip)]
    last = 61 + 5 * ((200 - 61) // 5) + 4
    assert shown == frames(60 * FRAME / SECOND - 1, last * FRAME / SECOND + 2)
    assert len(made.clips) > 2
    assert {clip.timing.settings for clip in made.clips} == {""}


def test_what_the_ring_let_go_unread_is_counted_also_when_it_went_beyond_the_end() -> None:
    made = Recording(pre=0, ring_bytes=12 * 3)
    for unit in stream(100):
        made.session.push(unit)
        if unit.seq == 10:
            made.trigger(unit.pts)
    made.read()
    (clip,) = made.clips
    assert made.numbers(clip) == []
    assert clip.tally.expected == clip.tally.lost[Loss.RING] == 30
    assert not made.session.clips


changes = st.lists(
    st.tuples(st.integers(0, 300), st.floats(0, 4), st.floats(0, 3), st.integers(1, 400)),
    max_size=4,
)


@given(changes, st.lists(st.integers(0, 300), max_size=6), st.integers(1, 10), st.integers(1, 60))
def test_other_settings_at_any_time_cost_no_clip_a_picture(
    changes: list[tuple[int, float, float, int]], triggers: list[int], gop: int, portion: int
) -> None:
    """What the ring held at a trigger is in the clip, however slowly it is read afterwards.

    Only where there is less memory at once than the settings gave may the ring push it out: then
    that is counted.
    """
    made = Recording(pre=2, post=1, ring_length=4)
    tight = False
    begun: dict[str, tuple[int, Timing]] = {}
    for unit in stream(600, gop=gop):
        for at, pre, post, units in changes:
            if at == unit.seq:
                made.session.timing = Timing(
                    seconds(pre), seconds(post), seconds(1000), f"{at} {pre} {post}"
                )
                later = any(trigger >= at for trigger in triggers)
                tight = tight or bool(made.session.clips and not later)
                made.session.resize(seconds(pre + 2), BIG if later else units * 12)
        made.session.push(unit)
        if unit.seq in triggers:
            oldest = made.session.ring[made.session.ring.first].pts
            _, clip = made.session.trigger(Trigger("t", unit.pts, "key-R"))
            begun.setdefault(clip.clip_id, (max(clip.start, oldest), made.session.timing))
        if unit.seq % 7 == 0:
            made.read(portion * 12)
    while made.session.clips:
        made.read(portion * 12)
    assert len(made.clips) == len(begun)
    for clip in made.clips:
        start, timing = begun[clip.clip_id]
        assert clip.timing == timing
        end = max(trigger.pts for trigger in clip.triggers) + timing.post_roll
        assert clip.end == max(end, clip.triggers[0].pts + 1)
        shown = [n for n in made.numbers(clip) if start <= n * FRAME]
        asked = [n for n in range(600) if start <= n * FRAME < clip.end]
        lost = clip.tally.lost.total()
        assert shown == asked or (tight and set(shown) < set(asked) and lost)
        assert tight or not lost
