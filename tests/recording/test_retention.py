"""What is kept fits, the oldest go, never one more than needed; a wrong clock costs nothing."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from smartrec.clock import ClockQuality, Instant
from smartrec.recording.retention import (
    EARLIEST,
    Belief,
    Held,
    Limit,
    Limits,
    Plan,
    Reason,
    Trash,
    plan,
    plausible,
)
from smartrec.units import SECOND, Ns

HOUR = 3600 * SECOND
NOW = 1_000_000 * HOUR
SYNCED = ClockQuality("adjtimex", True, 900)
FREE_RUNNING = ClockQuality("adjtimex", False, None)

limits_of = st.builds(
    Limit,
    st.none() | st.integers(0, 400),
    st.none() | st.integers(1, 100).map(lambda hours: Ns(hours * HOUR)),
)
all_limits = st.builds(
    Limits,
    limits_of,
    st.dictionaries(st.sampled_from("abc"), limits_of),
    st.integers(0, 500),
)


@st.composite
def clips(draw: st.DrawFn) -> list[Held]:
    """Some of a clock that is ahead or was never right, some pinned, some empty."""
    moments = st.integers(-120, 30).map(lambda hours: NOW + hours * HOUR)
    return [
        Held(
            f"clip-{n}",
            draw(st.sampled_from("abc")),
            draw(st.integers(0, 100)),
            draw(st.none() | moments),
            draw(moments),
            pinned=draw(st.booleans()),
            trashed=draw(st.none() | moments),
        )
        for n in range(draw(st.integers(0, 12)))
    ]


def kept_of(held: list[Held], plan_: Plan) -> list[Held]:
    gone = {clip.clip_id for clip, _ in plan_.deletions}
    return [clip for clip in held if clip.clip_id not in gone]


def total(held: list[Held], camera: str | None = None) -> int:
    return sum(clip.bytes for clip in held if camera in (None, clip.camera))


def over(held: list[Held], limits: Limits) -> bool:
    """Whether they take more than some limit allows."""
    pairs = [(None, limits.station), *limits.cameras.items()]
    return any(
        limit.max_bytes is not None and total(held, camera) > limit.max_bytes
        for camera, limit in pairs
    )


@given(clips(), all_limits, st.integers(0, 1000), st.integers(0, 10_000))
def test_what_is_kept_fits_or_nothing_is_left_that_may_go(
    held: list[Held], limits: Limits, free: int, disk: int
) -> None:
    made = plan(held, limits, NOW, free, disk)
    kept = kept_of(held, made)
    freed = total(held) - total(kept)
    short = max(0, limits.room(disk) - free - freed)
    assert made.short == short
    deletable = [clip for clip in kept if not clip.pinned and clip.bytes]
    assert not (short and deletable)
    for camera, limit in limits.cameras.items():
        if limit.max_bytes is not None and total(kept, camera) > limit.max_bytes:
            assert not [clip for clip in deletable if clip.camera == camera]
            assert made.over
    if limits.station.max_bytes is not None and total(kept) > limits.station.max_bytes:
        assert not deletable
        assert made.over
    for clip in kept:
        age = limits.age(clip.camera)
        known = not clip.pinned and age is not None and clip.dated is not None
        assert not (known and NOW - (clip.dated or 0) > (age or 0))


@given(clips(), all_limits, st.integers(0, 1000), st.integers(0, 10_000))
def test_never_one_more_than_needed_never_a_pinned_one_and_oldest_first(
    held: list[Held], limits: Limits, free: int, disk: int
) -> None:
    made = plan(held, limits, NOW, free, disk)
    kept = kept_of(held, made)
    assert not any(clip.pinned for clip, _ in made.deletions)
    assert [c.order for c, _ in made.deletions] == sorted(c.order for c, _ in made.deletions)
    for reason in (Reason.BYTES, Reason.ROOM):
        gone = [clip for clip, why in made.deletions if why is reason]
        if not gone:
            continue
        spared = [*kept, gone[-1]]
        if reason is Reason.BYTES:
            after = [*spared, *(clip for clip, why in made.deletions if why is Reason.ROOM)]
            assert over(after, limits)
        else:
            assert limits.room(disk) - free - (total(held) - total(spared)) > 0
            oldest_kept = min((c.order for c in kept if not c.pinned and c.bytes), default=None)
            assert oldest_kept is None or gone[-1].order < oldest_kept


@given(clips(), all_limits, st.integers(0, 1000), st.integers(0, 10_000))
def test_nothing_goes_by_age_while_the_clock_is_not_believed(
    held: list[Held], limits: Limits, free: int, disk: int
) -> None:
    made = plan(held, limits, None, free, disk)
    assert Reason.AGE not in {reason for _, reason in made.deletions}


@given(clips(), all_limits)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(held: list[Held], limits: Limits) -> None:
    disk = 10_000
    first = plan(held, limits, NOW, 0, disk)
    kept = kept_of(held, first)
    again = plan(kept, limits, NOW, total(held) - total(kept), disk)
    assert again == Plan((), first.short, first.over)


@given(clips(), all_limits, st.integers(0, 1000), st.integers(0, 10_000))
def test_no_other_clip_goes_for_room_while_one_is_in_the_trash(
    held: list[Held], limits: Limits, free: int, disk: int
) -> None:
    made = plan(held, limits, NOW, free, disk)
    for clip, reason in made.deletions:
        if clip.trashed is None and reason is not Reason.AGE:
            left = [c for c in kept_of(held, made) if c.trashed and not c.pinned and c.bytes]
            cameras = {clip.camera} if reason is Reason.BYTES else {c.camera for c in left}
            assert not [c for c in left if c.camera in cameras]


trashed = st.builds(
    Held,
    st.sampled_from(["a", "b", "c"]),
    st.just("cam"),
    st.just(1),
    st.none(),
    st.just(0),
    trashed=st.integers(-5, 5).map(lambda hours: NOW + hours * HOUR),
)


@given(
    st.lists(st.tuples(st.lists(trashed, max_size=3), st.integers(0, 90)), max_size=20),
    st.integers(0, 5),
)
def test_a_clip_stays_in_the_trash_for_its_whole_time_from_when_it_was_seen(
    looks: list[tuple[list[Held], int]], hours: int
) -> None:
    """The clock is not believed: no date shortens it, and none lengthens it."""
    keep, now = Ns(hours * HOUR), Ns(HOUR)
    trash, seen = Trash(keep), dict[tuple[str, int | None], Ns]()
    for clips_, minutes in looks:
        now = Ns(now + minutes * 60 * SECOND)
        there = {(clip.clip_id, clip.trashed): clip for clip in clips_}
        seen = {key: seen.get(key, now) for key in there}
        due = [(clip.clip_id, clip.trashed) for clip in trash.due(clips_, now, None)]
        assert sorted(due) == sorted(key for key, since in seen.items() if now - since >= keep)


def test_time_in_the_trash_before_a_start_counts_as_far_as_a_clock_is_believed() -> None:
    for hours, left in ((0, 3), (1, 2), (5, 0), (-7, 3)):
        one = replace(clip(1, 9), trashed=NOW - hours * HOUR)
        for wall, wait in ((NOW, left), (None, 3)):
            trash = Trash(Ns(3 * HOUR))
            due = [bool(trash.due([one], Ns(n * HOUR), wall)) for n in range(1, 6)]
            assert due.index(True) == wait
            assert all(due[wait:])


def test_what_was_restored_and_put_into_the_trash_again_has_its_whole_time_again() -> None:
    trash, one = Trash(Ns(2 * HOUR)), replace(clip(1, 9), trashed=NOW)
    assert not trash.due([one], Ns(HOUR), NOW)
    again = replace(one, trashed=NOW + HOUR)
    assert not trash.due([again], Ns(3 * HOUR), NOW + 2 * HOUR)
    assert trash.due([again], Ns(5 * HOUR), NOW + 4 * HOUR) == [again]


def clip(n: int, hours: int | None, **changes: object) -> Held:
    dated = None if hours is None else NOW - hours * HOUR
    return replace(Held(f"clip-{n}", "a", 10, dated, NOW), **changes)  # type: ignore[arg-type]


def gone(made: Plan) -> list[tuple[str, str]]:
    return [(clip.clip_id, reason.value) for clip, reason in made.deletions]


def test_clips_from_the_future_and_without_a_date_are_new() -> None:
    held = [clip(0, None), clip(1, -500), clip(2, 30), clip(3, 50)]
    limits = Limits(Limit(max_age=Ns(24 * HOUR)))
    assert gone(plan(held, limits, NOW, 0, 0)) == [("clip-3", "age"), ("clip-2", "age")]
    limits = Limits(Limit(max_bytes=10))
    assert [name for name, _ in gone(plan(held, limits, NOW, 0, 0))] == [
        *("clip-3", "clip-2", "clip-1"),
    ]


def test_a_cameras_limit_holds_besides_and_the_shorter_age_wins() -> None:
    held = [clip(0, 9, camera="b"), clip(1, 8), clip(2, 7, camera="b"), clip(3, 6)]
    limits = Limits(Limit(max_bytes=25), {"b": Limit(max_bytes=10, max_age=Ns(30 * HOUR))})
    assert gone(plan(held, limits, NOW, 0, 0)) == [("clip-0", "bytes"), ("clip-1", "bytes")]
    limits = Limits(Limit(max_age=Ns(20 * HOUR)), {"b": Limit(max_age=Ns(8 * HOUR))})
    assert gone(plan(held, limits, NOW, 0, 0)) == [("clip-0", "age")]


def test_pinned_clips_above_two_limits_are_not_counted_twice() -> None:
    held = [clip(0, 9, pinned=True), clip(1, 8, camera="b", pinned=True)]
    limits = Limits(Limit(max_bytes=5), {"a": Limit(max_bytes=3), "b": Limit(max_bytes=8)})
    assert plan(held, limits, NOW, 0, 0).over == 15
    assert plan(held, replace(limits, station=Limit(max_bytes=18)), NOW, 0, 0).over == 9


def test_room_is_a_tenth_of_a_small_disk_and_what_goes_anyway_counts() -> None:
    held = [clip(0, 50), clip(1, 3), clip(2, 2)]
    limits = Limits(Limit(max_age=Ns(24 * HOUR)), min_free=1_000_000)
    assert gone(plan(held, limits, NOW, 0, 150)) == [("clip-0", "age"), ("clip-1", "room")]
    assert plan(held, limits, NOW, 0, 1000).short == 70
    assert gone(plan(held, limits, NOW, 15, 150)) == [("clip-0", "age")]


def at(seconds: int, ahead: int = 0, clock: ClockQuality = FREE_RUNNING) -> Instant:
    """A moment of this boot by a clock that is some hours ahead."""
    mono = Ns(seconds * SECOND)
    return Instant(NOW + mono + ahead * HOUR, mono, "boot", clock)


def test_a_disciplined_clock_is_believed_at_once() -> None:
    belief = Belief()
    assert belief.now(at(0, clock=SYNCED)) == NOW
    assert belief.now(at(5, ahead=1000, clock=SYNCED)) == NOW + 1000 * HOUR + 5 * SECOND


def test_a_free_running_clock_is_believed_when_it_ran_evenly_for_an_hour() -> None:
    belief = Belief()
    assert belief.now(at(0)) is None
    assert belief.now(at(3599)) is None
    assert belief.now(at(3600)) == NOW + 3600 * SECOND


def test_a_clock_that_was_set_is_believed_when_something_disciplines_it() -> None:
    belief = Belief()
    belief.now(at(0))
    assert belief.now(at(7200)) is not None
    assert belief.now(at(7201, ahead=24 * 365)) is None
    assert belief.stepped
    assert belief.now(at(90_000, ahead=24 * 365)) is None
    assert belief.now(at(90_001, clock=SYNCED)) is not None
    assert belief.now(at(90_002)) is not None


def test_no_date_is_before_the_newest_clip_or_years_after_it() -> None:
    undated = Held("new", "a", 1, None, NOW + 900 * HOUR)
    held = [Held("old", "a", 1, NOW - 9000 * HOUR, 0), Held("last", "a", 1, NOW, 0), undated]
    years = 2 * 366 * 24 * HOUR
    hours = (-years, -2 * HOUR, 0, 9000 * HOUR * 9 // 10, years)
    assert [plausible(NOW + after, held) for after in hours] == [False, False, True, True, False]


def test_no_date_is_before_the_first_smartrec() -> None:
    undated = [Held("new", "a", 1, None, 0)]
    assert not plausible(EARLIEST - HOUR, undated)
    assert plausible(EARLIEST + HOUR, undated)
