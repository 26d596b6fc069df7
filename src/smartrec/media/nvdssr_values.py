"""What is asked of a smart recorder, and what it tells."""

import logging
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Protocol

from smartrec.media.nvdssr_abi import Told
from smartrec.media.nvdssr_gate import Gate, Parts, Passed
from smartrec.units import MILLISECOND, SECOND, Ns

#: What is asked for as duration, in seconds after the start: the largest that counts. The library
#: takes 0 and everything from 300 on for "the default", silently.
AFTER: Final = 299
#: The longest file: it must end, at a keyframe, before `AFTER` does.
LONGEST: Final = Ns(285 * SECOND)
#: Where the library writes to between files.
NOWHERE: Final = "/dev/null"
_FROM_JOURNAL: Final = "The clip is made from the journal."
_CACHE: Final = Ns(10 * SECOND)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SmartRecordSettings:
    """How a camera's files are made.

    Attributes:
        directory: Where they go.
        prefix: Their names begin with it; one for each camera.
        container: An MP4 that was not finished cannot be read, a Matroska file can.
        cache: What is kept: the longest pre-roll, and as much as lies between two keyframes, for a
            clip begins with one. Rounded up to whole seconds.
        longest: A longer clip is several files, none of them longer than this and one keyframe
            interval. Never more than `LONGEST`.
    """

    directory: Path
    prefix: str
    container: Literal["mkv", "mp4"] = "mkv"
    cache: Ns = _CACHE
    longest: Ns = LONGEST

    @property
    def cache_seconds(self) -> int:
        """The cache as the library counts it."""
        return max(1, -(-self.cache // SECOND))


@dataclass(frozen=True, slots=True)
class Recorded:
    """A file of a clip is finished.

    Attributes:
        clip: Whose.
        path: The file; whoever hears of it may move it.
        began: Running time (CLOCK_MONOTONIC in our pipelines) of its first picture.
        ended: Running time of the end of its last.
        frames: Pictures that went in.
        duration: As the library read it back, to a millisecond; `ended` less `began` where it did
            not.
        last: No other file of the clip follows.
    """

    clip: str
    path: Path
    began: Ns
    ended: Ns
    frames: int
    duration: Ns
    last: bool = True


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """A clip, or the rest of it, is not recorded; no more of it comes.

    Attributes:
        clip: Which.
        why: For people.
        hint: What mends it, or what is done instead.
    """

    clip: str
    why: str
    hint: str


Done = Callable[[Recorded | NotRecorded], None]


class Engine(Protocol):
    """A record bin and how to command it."""

    gate: Gate
    parts: Parts

    def start(self, back: int, after: int) -> None:
        """Ask for a file; the location of `parts` tells whether one was begun."""

    def stop(self) -> None:
        """End the file; nothing happens where there is none."""

    def told(self, timeout: float = 0.0) -> Told | None:
        """What the library said next, if anything."""

    def close(self) -> None:
        """Give it up, whatever its state; does not wait."""

    def closed(self, timeout: float) -> bool:
        """Wait until `close` is done."""


@dataclass(frozen=True, slots=True)
class Want:
    """A clip that is wanted: pictures from `since` until before `until` (running time)."""

    clip: str
    since: Ns
    until: Ns | None = None
    refused_at: Ns | None = None

    def is_past(self, consumed: Ns | None) -> bool:
        """Whether all of it went into files up to `consumed`, or it ended before it began."""
        until = self.until
        return until is not None and (
            until <= self.since or (consumed is not None and until <= consumed)
        )


@dataclass(slots=True)
class Part:
    """The file being written.

    Attributes:
        want: Of which clip.
        path: Of it.
        keyframes: That had come in when it last grew, or began.
        frames: That were in it then.
        stopping: It was stopped.
        reached: What had come in when it was.
        told: What the library said of it.
        seen_at: When it was seen to have grown.
        stopped_at: When it was seen to be stopped.
        name: Without directory.
    """

    want: Want
    path: Path
    keyframes: int
    frames: int = 0
    stopping: bool = False
    reached: Ns | None = None
    told: Told | None = None
    seen_at: Ns | None = None
    stopped_at: Ns | None = None
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.path.name

    def length(self, passed: Passed) -> Ns:
        """As the library read it back; where it did not, of what went in."""
        told = self.told.milliseconds * MILLISECOND if self.told else 0
        return Ns(told or passed.ended - passed.began)


class Outbox:
    """What there is to tell; filled under a recorder's lock, told without it."""

    def __init__(self, done: Done) -> None:
        self._done = done
        self._results: deque[Recorded | NotRecorded] = deque()

    def put(self, result: Recorded) -> None:
        """Have it told."""
        self._results.append(result)

    def fail(self, clip: str, why: str, hint: str = _FROM_JOURNAL) -> None:
        """Have it told that a clip is not recorded."""
        self._results.append(NotRecorded(clip, f"Smart record: {why}", hint))

    def fail_all(self, waiting: deque[Want], why: str) -> None:
        """Have it told of all that wait, which then no longer do."""
        while waiting:
            self.fail(waiting.popleft().clip, why)

    def deliver(self) -> None:
        """Tell; `done` may call back."""
        while True:
            try:
                one = self._results.popleft()
            except IndexError:
                return
            self._done(one)


def discard(path: Path) -> None:
    """Remove a file that is of no use; one that cannot be is removed at the next start."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s is left as it is: %s", path, error)


def shorter_than(path: Path, size: int) -> bool:
    """Whether a file is not there, or shorter than what was written to it."""
    try:
        return path.stat().st_size < size
    except OSError:
        return True


def trouble_with(directory: Path) -> str | None:
    """Why no file can be written to a directory; None where one can."""
    if not directory.is_dir():
        return f"{directory} is no directory"
    if not os.access(directory, os.W_OK | os.X_OK):
        return f"{directory} may not be written to"
    return None
