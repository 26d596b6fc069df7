"""What is told of cameras being armed; see `smartrec.app.events`."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from smartrec.app.event import Fact
from smartrec.units import SECOND


@dataclass(frozen=True, slots=True)
class ArmingChanged(Fact):
    """Whether a person begins a clip, or for how long that holds, is now otherwise.

    `cause` is ``"command"``, ``"schedule"``, ``"settings"`` (others were put into force) or
    ``"start"`` (told then of cameras that are not simply armed for good). `until`: when the
    schedule changes it, ISO 8601; None where it does not. `unrecorded`: how many persons came and
    began no clip while it was disarmed.
    """

    type: ClassVar[str] = "smartrec.arming.changed.v1"
    camera: str
    armed: bool
    cause: str
    until: str | None = None
    unrecorded: int = 0


def until_written(wall_ns: int | None) -> str | None:
    """ISO 8601 to the second, with the offset of this machine's zone; None for None."""
    if wall_ns is None:
        return None
    return datetime.fromtimestamp(wall_ns // SECOND).astimezone().isoformat()


def until_in_words(until: str | None) -> str:
    """Such as ``" until 2026-11-23 18:00"``, by the recorder's clock; nothing for None."""
    return f" until {until[:16].replace('T', ' ')}" if until else ""
