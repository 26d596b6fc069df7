"""Times of the week, such as ``"mon-fri 18:00-07:00"``, and when they next begin or end.

What counts is what the clock on the wall shows: in spring the hour that is left out is no time at
all, in autumn the hour that comes twice counts twice. Pure but for the machine's own time zone,
where no other is given.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final

from smartrec.units import SECOND

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FORM: Final = '"mon-fri 18:00-07:00"'
_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MINUTE: Final = 60
_DAY: Final = 24 * 60 * _MINUTE
_WEEK: Final = 7 * _DAY
_FAR: Final = 3 * _WEEK
"""A time of the week that is left out in spring comes in the next week, or in the one after."""
_TIMES: Final = re.compile(
    r"\s*(?:([a-z]+)(?:\s*-\s*([a-z]+))?\s+)?([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})\s*"
)


@dataclass(frozen=True, slots=True)
class Times:
    """The same times on one or several days in a row.

    Attributes:
        first: First day on which they begin, 0 is Monday.
        last: Last day; before `first` where the days go over a Sunday.
        begin: Minutes since midnight, 0 to 1439.
        end: Minutes since midnight, 1 to 1440; of the next day where it is not behind `begin`.
    """

    first: int
    last: int
    begin: int
    end: int

    def in_words(self) -> str:
        """As `times` reads it."""
        days = DAYS[self.first]
        if self.last != self.first:
            days += f"-{DAYS[self.last]}"
        return f"{days} {_clock(self.begin)}-{_clock(self.end)}"

    def spans(self) -> Iterator[tuple[int, int]]:
        """Seconds of the week, begin and end; none goes over the week's end."""
        length = self.end - self.begin if self.end > self.begin else self.end + 1440 - self.begin
        for day in range(self.first, self.first + (self.last - self.first) % 7 + 1):
            begin = (day * _DAY + self.begin * _MINUTE) % _WEEK
            end = begin + length * _MINUTE
            yield begin, min(end, _WEEK)
            if end > _WEEK:
                yield 0, end - _WEEK


def times(text: str) -> Times:
    """Read ``"mon-fri 18:00-07:00"``, ``"sat 00:00-24:00"``; without a day it is every day.

    Raises:
        ValueError: It is none of this form.
    """
    match = _TIMES.fullmatch(text.lower())
    if match is None:
        raise ValueError(f"{text[:64]!r} are no times; write them like {FORM}, one entry for each")
    first, last = _day(match[1] or "mon"), _day(match[2] or match[1] or "sun")
    begin, end = _minutes(match[3], match[4]), _minutes(match[5], match[6])
    if begin in (end, 1440):
        raise ValueError(f"{text[:64]!r} has no length, or begins at 24:00; a day is 00:00-24:00")
    return Times(first, last, begin, end or 1440)


def _day(name: str) -> int:
    for number, (short, long) in enumerate(zip(DAYS, _NAMES, strict=True)):
        if name in (short, long):
            return number
    raise ValueError(f"{name[:64]!r} is no day; days are {', '.join(DAYS)}")


def _minutes(hours: str, minutes: str) -> int:
    since = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or since > 1440:
        raise ValueError(f"{hours}:{minutes} is no time of a day; it goes from 00:00 to 24:00")
    return since


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """All of them together; they may overlap and go over midnight and over the week's end.

    Attributes:
        spans: Seconds of the week, Monday 00:00 is 0: begin and end of each, in order and apart.
    """

    spans: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, entries: Iterable[str]) -> "Schedule":
        """Of entries as `times` reads them.

        Raises:
            ValueError: One of them is none.
        """
        joined: list[tuple[int, int]] = []
        for begin, end in sorted(span for entry in entries for span in times(entry).spans()):
            if joined and begin <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(joined[-1][1], end)
            else:
                joined.append((begin, end))
        return cls(tuple(joined))

    def __bool__(self) -> bool:
        """Whether there is any time in it."""
        return bool(self.spans)

    def holds(self, wall_ns: int, zone: tzinfo | None = None) -> bool:
        """Whether a moment is within.

        Args:
            wall_ns: Nanoseconds since 1970-01-01 UTC.
            zone: Whose clocks on the wall count; None for the machine's own.
        """
        return self._within(_of_week(_shown(wall_ns // SECOND, zone)))

    def changes(self, wall_ns: int, zone: tzinfo | None = None) -> int | None:
        """When `holds` next says something else, to the second; None where it never does.

        Args:
            wall_ns: Behind which moment.
            zone: As of `holds`.
        """
        if not self.spans:
            return None
        now = wall_ns // SECOND
        far, held = now + _FAR, self.holds(wall_ns, zone)
        while now < far:
            shown = _shown(now, zone)
            then = now + self._to_edge(_of_week(shown))
            if _offset(then, zone) != _offset(now, zone):
                then = _transition(now, then, zone)
            if self._within(_of_week(_shown(then, zone))) != held:
                return then * SECOND
            now = then
        return None

    def _within(self, second: int) -> bool:
        return any(begin <= second < end for begin, end in self.spans)

    def _to_edge(self, second: int) -> int:
        """Seconds to the next begin or end; a day at most, in which clocks are put once at most."""
        edges = (edge for span in self.spans for edge in span)
        return min(_DAY, *((edge - second - 1) % _WEEK + 1 for edge in edges))


def _shown(second: int, zone: tzinfo | None) -> datetime:
    """What the clock on the wall shows, `second` seconds after 1970-01-01 UTC."""
    moment = datetime.fromtimestamp(second, timezone.utc)
    return moment.astimezone(zone).replace(tzinfo=None)


def _of_week(shown: datetime) -> int:
    midnight = shown.replace(hour=0, minute=0, second=0)
    return shown.weekday() * _DAY + int((shown - midnight).total_seconds())


def _offset(second: int, zone: tzinfo | None) -> timedelta:
    utc = datetime.fromtimestamp(second, timezone.utc).replace(tzinfo=None)
    return _shown(second, zone) - utc


def _transition(before: int, behind: int, zone: tzinfo | None) -> int:
    """The first second that is shown otherwise than those before it."""
    offset = _offset(before, zone)
    while behind - before > 1:
        middle = (before + behind) // 2
        if _offset(middle, zone) == offset:
            before = middle
        else:
            behind = middle
    return behind
