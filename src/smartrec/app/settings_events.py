"""What a recorder tells of its settings; see `smartrec.app.events`."""

from dataclasses import dataclass
from typing import ClassVar, Final

from smartrec.app.event import Fact

MOST_KEYS: Final = 50
"""More are only counted."""


@dataclass(frozen=True, slots=True)
class SettingsChanged(Fact):
    """The running recorder took other settings; `by` says who wanted that.

    `keys`: what differs, the first 50, and `more` how many besides. `restarted`, `added` and
    `removed` are ids of cameras, `watch` whether the watch was made anew; `pending` holds the keys
    of what needs a new start of smartrec and is not in force before.
    """

    type: ClassVar[str] = "smartrec.settings.changed.v1"
    by: str
    keys: tuple[str, ...]
    more: int = 0
    restarted: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    watch: bool = False
    pending: tuple[str, ...] = ()
