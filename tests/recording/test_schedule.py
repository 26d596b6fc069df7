"""Times of the week, against the plain definition: look at the clock on the wall, every minute.

Time zones are made here, so that clocks are put forward and back by any amount at any minute.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartrec.recording.schedule import DAYS, Schedule, Times, times
from smartrec.units import SECOND

MONDAY = int(datetime(2026, 3, 23, tzinfo=timezone.utc).timestamp())
"""Of the week at whose end Europe puts its clocks forward."""
MINUTE = 60
DAY = 24 * 60 * MINUTE
UTC = timezone.utc


class Put(tzinfo):
    """A zone whose clocks are put once: from one offset to another, minutes."""

    def __init__(self, at: int, before: int, behind: int) -> None:
        self._at, self._before, self._behind = at, before, behind

    def fromutc(self, moment: datetime) -> datetime:
        """See `tzinfo`."""
        second = int(moment.replace(tzinfo=UTC).timestamp())
        return moment + timedelta(minutes=self._behind if second >= self._at else self._before)

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """See `tzinfo`; nobody asks."""
        return None

    def dst(self, moment: datetime | None) -> timedelta | None:
        """See `tzinfo`; nobody asks."""
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        """See `tzinfo`; nobody asks."""
        return None


class NotPut(Put):
    """A zone whose clocks are never put."""

    def __init__(self, offset: int = 0) -> None:
        super().__init__(0, offset, offset)


clocks = st.integers(0, 1439)
entries = st.builds(
    Times, st.integers(0, 6), st.integers(0, 6), clocks, st.integers(1, 1440)
).filter(lambda each: each.begin != each.end)
offsets = st.sampled_from([-720, -210, 0, 60, 120, 345, 630, 660, 840])
zones = st.builds(
    lambda at, offset, by: Put(MONDAY + at * MINUTE, offset, offset + by),
    st.integers(0, 14 * 1440),
    offsets,
    st.sampled_from([-1440, -60, -30, 0, 30, 60, 1440]),
)
minutes = st.integers(0, 10 * 1440)


def plainly(each: Times, shown: datetime) -> bool:
    """By its definition: it begins on these days, and ends on the same day or on the next."""
    days = [(each.first + n) % 7 for n in range((each.last - each.first) % 7 + 1)]
    today, minute = shown.weekday(), shown.hour * 60 + shown.minute
    if each.begin < each.end:
        return today in days and each.begin <= minute < each.end
    from_yesterday = (today - 1) % 7 in days and minute < each.end
    return from_yesterday or (today in days and minute >= each.begin)


def shown(second: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(second, UTC).astimezone(zone)


@settings(max_examples=40)
@given(st.lists(entries, max_size=4), zones, minutes)
def test_it_holds_when_the_clock_on_the_wall_shows_one_of_its_times(
    several: list[Times], zone: tzinfo, minute: int
) -> None:
    schedule = Schedule.of(each.in_words() for each in several)
    moment = MONDAY + minute * MINUTE
    wanted = any(plainly(each, shown(moment, zone)) for each in several)
    assert schedule.holds(moment * SECOND, zone) is wanted
    assert schedule.holds(moment * SECOND + 59 * SECOND + 999_999_999, zone) is wanted


@settings(max_examples=25)
@given(st.lists(entries, min_size=1, max_size=3), zones, minutes)
def test_the_next_change_is_the_first_minute_at_which_it_says_something_else(
    several: list[Times], zone: tzinfo, minute: int
) -> None:
    schedule = Schedule.of(each.in_words() for each in several)
    begin = MONDAY + minute * MINUTE
    held = schedule.holds(begin * SECOND, zone)
    change = schedule.changes(begin * SECOND, zone)
    end = begin + 21 * DAY if change is None else change // SECOND
    step = 7 * MINUTE if end - begin > DAY else MINUTE  # of long times not every minute
    for second in range(begin, end, step):
        assert schedule.holds(second * SECOND, zone) is held
    if change is not None:
        assert change > begin * SECOND
        assert schedule.holds(change - 1, zone) is held
        assert schedule.holds(change, zone) is not held


@settings(max_examples=30)
@given(entries)
def test_what_is_written_is_read_as_the_same(each: Times) -> None:
    assert times(each.in_words()) == each
    assert times(f"  {each.in_words().upper().replace('-', ' - ')} ") == each


@settings(max_examples=30)
@given(st.lists(entries, max_size=5))
def test_neither_order_nor_repetition_matters(several: list[Times]) -> None:
    texts = [each.in_words() for each in several]
    assert Schedule.of(texts) == Schedule.of([*reversed(texts), *texts])


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("18:00-07:00", "mon-sun 18:00-07:00"),
        ("Saturday 0:00-24:00", "sat 00:00-24:00"),
        ("fri-mon 22:00-0:00", "fri-mon 22:00-24:00"),
        ("tue-tue 8:00 - 9:30", "tue 08:00-09:30"),
    ],
)
def test_times_may_be_written_shorter(text: str, same: str) -> None:
    assert times(text).in_words() == same


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "are no times"),
        ("mon", "are no times"),
        ("mon,wed 18:00-07:00", "are no times"),
        ("18-07", "are no times"),
        ("son 18:00-07:00", "'son' is no day; days are mon, tue"),
        ("mon-xyz 18:00-07:00", "'xyz' is no day"),
        ("mon 18:60-19:00", "18:60 is no time of a day"),
        ("mon 18:00-24:01", "24:01 is no time of a day"),
        ("mon 18:00-18:00", "has no length"),
        ("mon 00:00-00:00", "a day is 00:00-24:00"),
        ("mon 24:00-06:00", "begins at 24:00"),
    ],
)
def test_what_are_no_times_is_explained(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        times(text)


def test_always_and_never_do_not_change() -> None:
    always = Schedule.of([f"{day} 00:00-24:00" for day in DAYS])
    assert always == Schedule.of(["mon-fri 00:00-24:00", "sat-sun 00:00-24:00"])
    for schedule in (always, Schedule.of(())):
        assert schedule.changes(MONDAY * SECOND, NotPut()) is None
        assert schedule.holds(MONDAY * SECOND, NotPut()) is bool(schedule)


def test_times_that_go_over_the_end_of_the_week_are_one() -> None:
    schedule = Schedule.of(["sat-sun 00:00-24:00", "mon 00:00-07:00"])
    sunday = MONDAY + 6 * DAY + 12 * 3600
    assert schedule.changes(sunday * SECOND, NotPut()) == (MONDAY + 7 * DAY + 7 * 3600) * SECOND


@pytest.fixture
def central_europe(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's own zone, by POSIX's rule: no file of zones is needed."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> int:
    """A moment of ISO 8601, with its offset."""
    return int(datetime.fromisoformat(text).timestamp()) * SECOND


@pytest.mark.usefixtures("central_europe")
@pytest.mark.parametrize(
    ("entry", "now", "changes"),
    [
        # A night in which clocks are put is an hour shorter, or longer.
        ("18:00-07:00", "2026-03-28T20:00:00+01:00", "2026-03-29T07:00:00+02:00"),
        ("18:00-07:00", "2026-10-24T20:00:00+02:00", "2026-10-25T07:00:00+01:00"),
        # What begins in the hour that is left out begins behind it; what lies in it is left out.
        ("sun 02:30-04:00", "2026-03-29T00:00:00+01:00", "2026-03-29T03:00:00+02:00"),
        ("sun 02:15-02:45", "2026-03-29T00:00:00+01:00", "2026-04-05T02:15:00+02:00"),
        # What lies in the hour that comes twice comes twice.
        ("sun 02:15-02:45", "2026-10-25T02:20:00+02:00", "2026-10-25T02:45:00+02:00"),
        ("sun 02:15-02:45", "2026-10-25T02:50:00+02:00", "2026-10-25T02:15:00+01:00"),
        ("sun 01:00-02:30", "2026-10-25T02:40:00+02:00", "2026-10-25T02:00:00+01:00"),
    ],
)
def test_daylight_saving_of_the_machines_own_zone(entry: str, now: str, changes: str) -> None:
    assert Schedule.of([entry]).changes(at(now)) == at(changes)
