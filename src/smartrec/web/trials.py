"""Which clips other zones and rules would have made: the trigger logic, over looks that were kept.

The loop's thread asks; one thread of its own answers, a page at a time, so that nobody waits long
for a first answer and what somebody does not want any more is soon over.
"""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from smartrec.clock import Clock, SystemClock
from smartrec.detection.presence import Rules
from smartrec.detection.trial import Seen, spread, trial
from smartrec.detection.zones import Zone
from smartrec.model import Look
from smartrec.store import browsing, single
from smartrec.store.briefs import Brief, Cursor, Filters
from smartrec.store.catalog import Catalog
from smartrec.units import SECOND, Ns
from smartrec.web.library import Library

PAGE: Final = 0.3
"""Seconds of work after which a page ends."""
MOST_CLIPS: Final = 500
"""Of a page."""
MOST_SEEN: Final = 40
"""Of a clip."""
MOST_BYTES: Final = 32_000_000
"""Of looks that are kept in memory, for zones are tried again and again while they are drawn."""
IDLE: Final = 120.0
"""Seconds after which they are not."""
_MOST_WAITING: Final = 8
_AT_ONCE: Final = 50
_ROWS: Final = 900
"""Of a clip's looks, each of some seconds: of a very long clip the first half hour decides."""
_LOOK_BYTES: Final = 200
_TRACK_BYTES: Final = 360
_SETTLED: Final = Ns(120 * SECOND)
"""So long after a clip's end its last looks may come."""
_PERSON: Final = "person"

State = Literal["kept", "dropped", "unknown", "manual"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is tried on which clips.

    Attributes:
        camera: Its id.
        since: Wall time (ns) at or after which clips begin.
        until: Wall time (ns) before which they begin.
        before: Only clips older than that; None: all.
        rules: What makes a person an event.
        zones: Where.
    """

    camera: str
    since: int
    until: int
    before: Cursor | None
    rules: Rules
    zones: tuple[Zone, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """One clip.

    Attributes:
        clip: Which.
        state: ``"kept"``: a person would have begun it; ``"dropped"``: nobody would; ``"manual"``:
            somebody did by key or command, so that it is there all the same; ``"unknown"``: nobody
            looked for persons, so that nobody knows.
        score: The highest that counts; None where none does.
        seen: Some of those who were seen.
    """

    clip: Brief
    state: State
    score: float | None
    seen: list[Seen]


@dataclass(frozen=True, slots=True)
class Page:
    """Some clips, newest first; there are older ones where `more`."""

    tried: list[Tried]
    more: bool


_NOTHING: Final = Page([], more=False)


class Trials:
    """See the module.

    Args:
        clips: Directory of the clips.
        page: See `PAGE`.
        clock: Tells which clips ended long ago.
    """

    def __init__(self, clips: Path, page: float = PAGE, clock: Clock | None = None) -> None:
        self._library = Library(clips, most_waiting=_MOST_WAITING, at_once=1)
        self._page = page
        self._clock = clock or SystemClock()
        self._album = _Album(MOST_BYTES)  # of the library's thread
        self._idle: asyncio.TimerHandle | None = None

    async def ask(self, wanted: Wanted) -> Page:
        """The newest of the clips that are meant.

        Raises:
            StoreError: The catalogue cannot be read, or too many others wait for it.
        """
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE, self._forget)
        return await self._library.ask(lambda catalog: self.tried(catalog, wanted), _NOTHING)

    def _forget(self) -> None:
        self._album = _Album(MOST_BYTES)

    def tried(self, catalog: Catalog, wanted: Wanted) -> Page:
        """The same, of a catalogue of the calling thread, which is always the same one."""
        ends, now, album = time.monotonic() + self._page, self._clock.now().wall_ns, self._album
        filters = Filters(
            cameras=frozenset([wanted.camera]), since=wanted.since, until=wanted.until
        )
        tried: list[Tried] = []
        before = wanted.before
        while len(tried) < MOST_CLIPS:
            some = browsing.page(catalog, filters, before=before, limit=_AT_ONCE)
            for clip in some:
                tried.append(_tried(clip, _looks(catalog, clip, album, now), wanted))
                if time.monotonic() >= ends:
                    return Page(tried, more=True)
            if len(some) < _AT_ONCE:
                return Page(tried, more=False)
            before = some[-1].cursor
        return Page(tried, more=True)


def _tried(clip: Brief, looks: tuple[Look, ...], wanted: Wanted) -> Tried:
    outcome = trial(looks, wanted.rules, wanted.zones)
    by_hand = any(reason != _PERSON for reason in clip.reasons)
    state: State = "dropped"
    if by_hand and (not outcome.triggers or _PERSON not in clip.reasons):
        state = "manual"
    elif not looks:
        state = "unknown"
    elif outcome.triggers:
        state = "kept"
    return Tried(clip, state, outcome.best, spread(outcome.seen, MOST_SEEN))


def _looks(catalog: Catalog, clip: Brief, album: "_Album", now: int) -> tuple[Look, ...]:
    looks = album.get(clip.clip_id)
    if looks is None:
        looks = tuple(single.looks(catalog, clip.clip_id, _ROWS)[0])
        if clip.duration is not None and clip.start_wall_ns + clip.duration < now - _SETTLED:
            album.put(clip.clip_id, looks)
    return looks


class _Album:
    """Looks of clips, those that were wanted last; in all no more than so many bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0
        self._looks: OrderedDict[str, tuple[Look, ...]] = OrderedDict()

    def get(self, clip_id: str) -> tuple[Look, ...] | None:
        looks = self._looks.get(clip_id)
        if looks is not None:
            self._looks.move_to_end(clip_id)
        return looks

    def put(self, clip_id: str, looks: tuple[Look, ...]) -> None:
        self._looks[clip_id] = looks
        self._bytes += _size(looks)
        while self._bytes > self._most:
            _, oldest = self._looks.popitem(last=False)
            self._bytes -= _size(oldest)


def _size(looks: tuple[Look, ...]) -> int:
    return sum(_LOOK_BYTES + _TRACK_BYTES * len(look.tracks) for look in looks)
