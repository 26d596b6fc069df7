"""The settings of when persons are recorded."""

from typing import Annotated, Final

from pydantic import Field

from smartrec.config.table import AT_ONCE, Table
from smartrec.config.written import Written
from smartrec.recording.schedule import FORM, times

_MOST: Final = 100


def _entries(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or len(value) > _MOST:
        raise ValueError(f"must be a list of times like [{FORM}], {_MOST} at most")
    if not all(isinstance(each, str) for each in value):
        raise ValueError(f"must hold times like {FORM} only")
    return tuple(times(each).in_words() for each in value)


_SCHEDULE: Final = Written(
    _entries,
    list,
    {
        "type": "array",
        "items": {"type": "string"},
        "x-allowed": f"list of times like {FORM}",
        "x-kind": "schedule",
    },
)


class Arming(Table):
    """When persons are recorded by themselves; keys and commands record at any time."""

    schedule: Annotated[tuple[str, ...], _SCHEDULE] = Field(
        default=(),
        description="When cameras are armed: days (`mon` to `sun`; none means every day) and times "
        "by this machine's clock, as many entries as it takes; `24:00` is a day's end. At all "
        "other times a person begins no clip. Without any entry cameras are armed always. What is "
        "armed or disarmed by hand stays so until the schedule next changes.",
        examples=[["mon-fri 18:00-07:00", "sat-sun 00:00-24:00"]],
        json_schema_extra=AT_ONCE,
    )
