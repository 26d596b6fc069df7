"""What every event is; `smartrec.app.events` has them all."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """Anything told on the bus; `type` names its class and version."""

    type: ClassVar[str]

    @property
    def subject(self) -> str:
        """What it is about within the station; empty when it is the station."""
        return str(getattr(self, "camera", ""))


class Fact(Event):
    """Something that happened: durable."""

    __slots__ = ()


class State(Event):
    """How something stands: lossy, the newest of a type and subject replaces the one before."""

    __slots__ = ()
