"""One clip from its first picture to its closed journal. Station thread only."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from smartrec.app.clip_sound import ClipSound
from smartrec.app.journaling import Closed, Failed, Journal, Report, Wrote
from smartrec.errors import StoreError
from smartrec.model import ClipHead
from smartrec.recording.session import OpenClip, Session
from smartrec.recording.sound import SoundRing
from smartrec.recording.tally import Tally
from smartrec.units import SECOND, Ns

BATCH_BYTES: Final = 16_000_000
"""What one request to a journal carries at most; a whole pre-roll is a few of these."""
RETRY_EVERY: Final = Ns(SECOND)
GIVE_UP_AFTER: Final = Ns(60 * SECOND)
"""How long a clip that is over waits for a disk that takes nothing."""
STALLED_AFTER: Final = Ns(30 * SECOND)
"""How long nothing may be written of what was asked until another journal takes up from there."""

log = logging.getLogger(__name__)


class Follower(Protocol):
    """What wants to know how a clip comes along."""

    def opened(self, head: ClipHead, journal: Path) -> None:
        """The journal exists, holds pictures and can be followed."""

    def changed(self, head: ClipHead) -> None:
        """A trigger extended the clip, or it was closed."""

    def readable(self, clip_id: str, size: int) -> None:
        """The journal has grown."""

    def closed(self, head: ClipHead, size: int, length: Ns) -> None:
        """The journal is whole; `head` is final, and `length` what it shows."""

    def troubled(self, head: ClipHead, error: StoreError) -> None:
        """The disk takes nothing now; what can be kept in memory is kept."""

    def given_up(self, head: ClipHead, error: StoreError) -> None:
        """Nothing of the clip could be written, and it will not be tried again."""


@dataclass(frozen=True, slots=True)
class Describe:
    """How a clip's head and journal come about.

    Attributes:
        head: Describes a clip as it stands.
        named: Is told the name that its journal got.
        journals: Directory of journals.
        clips: Directory of finished clips.
        ground: Raises StoreError where no journal may be made; None where that is not known.
        sound: What the camera's microphone gives; None without one.
    """

    head: Callable[[OpenClip], ClipHead]
    named: Callable[[OpenClip, str], None]
    journals: Path
    clips: Path
    ground: Callable[[], None] | None = None
    sound: SoundRing | None = None


class ClipWriting:
    """Moves one clip's pictures from the ring to its journal, one request at a time.

    Args:
        clip: Of `session`.
        session: Whose ring is read.
        describe: Makes heads and paths.
        follower: Is told.
        report: Where the journal's thread puts its reports.

    Attributes:
        busy: The journal has not answered yet.
        sound: What is heard beside the pictures.
        finished: Nothing is left to do.
        stalled: A request hangs, for ever perhaps; the clip is over, and another goes on.
    """

    def __init__(
        self,
        clip: OpenClip,
        session: Session,
        describe: Describe,
        follower: Follower,
        report: Callable[[Report], None],
    ) -> None:
        self.clip = clip
        self._session = session
        self._describe = describe
        self._follower = follower
        self._report = report
        self._journal: Journal | None = None
        self.busy = False
        self._made = self._filled = self._told = False
        self._held = session.ring.end
        self._secured = False
        self._size = 0
        self._begun = clip.mark()
        self._told_version = clip.version
        self._mark: tuple[int, Tally] | None = None
        self._retry_at = Ns(0)
        self._error: StoreError | None = None
        self._over_since: Ns | None = None
        self.sound = ClipSound(clip, describe.sound)
        self._written = self._requests = 0
        self._moved_at = Ns(0)
        self.finished = self.stalled = False

    @property
    def head(self) -> ClipHead:
        """What is known of the clip now."""
        return self._describe.head(self.clip)

    @property
    def secured(self) -> bool:
        """Whether all that was held of it at the beginning is in its file, SIGKILL or not."""
        return self._secured

    def turn(self, now: Ns) -> None:
        """Ask for the next piece of work, unless one is under way."""
        if self.finished:
            return
        if self.busy:
            self._look_whether_stalled(now)
            return
        self._moved_at = now
        if self._journal is None:
            self._open(now)
        elif self.clip.exhausted():
            self._end(self._journal, now)
        else:
            self._write(self._journal)

    def take(self, report: Report, now: Ns) -> None:
        """A report of this clip's journal has come."""
        self.busy = False
        if isinstance(report, Wrote):
            self._wrote(report)
        elif isinstance(report, Closed):
            self._finish(report.size)
        elif isinstance(report, Failed):
            self._failed(report, now)

    def abandon(self) -> None:
        """Leave the journal as it is for the next start; nothing is reported any more.

        A clip of which the disk has taken nothing is lost with the memory that holds it.
        """
        if self._journal is not None:
            self._journal.abandon()
        if not (self.finished or self._told) and self._error is not None:
            self._follower.given_up(self.head, self._error)
        self.finished = True

    def _open(self, now: Ns) -> None:
        if now < self._retry_at:
            return
        if self.clip.closed and self._error is not None:
            self._over_since = self._over_since or now
            if now - self._over_since > GIVE_UP_AFTER:
                self._give_up(self._error)
                return
        self.busy = True
        places = self._describe.journals, self._describe.clips
        self._journal = Journal(*places, self.head, self._report, self._describe.ground)
        self._journal.start()

    def _write(self, journal: Journal) -> None:
        self._mark = self.clip.mark()
        units = self.clip.read(self._session.ring, BATCH_BYTES)
        changed = self.clip.version != self._told_version
        sound = self.sound.beside(units)
        if not units and not sound and not changed:
            return
        head = self.head if changed else None
        self._told_version = self.clip.version
        self._filled = self._filled or bool(units)
        self.busy = True
        self._requests += 1
        journal.write(units, head, sound)
        if head is not None and self._told:
            self._follower.changed(head)

    def _end(self, journal: Journal, now: Ns) -> None:
        """Close the journal, or write the last of the sound first."""
        sound = self.sound.rest(now)
        if sound is None:
            return
        self.busy = True
        if sound:
            self._mark = self.clip.mark()
            self._requests += 1
            journal.write((), None, sound)
            return
        self.clip.held = None
        journal.close(self.head)

    def _wrote(self, report: Wrote) -> None:
        assert self._journal is not None
        if not self._made:
            self._made = True
            self._describe.named(self.clip, self._journal.path.stem)
            return
        # All that was read is written, for one request is under way at a time.
        self._secured = self.clip.cursor >= self._held or self.clip.exhausted()
        if not self._filled or self.clip.tally.first is None:
            return  # nothing of it was a whole picture so far
        if not self._told:
            self._tell()
        self._size = report.readable
        self._follower.readable(report.clip_id, report.readable)

    def _tell(self) -> None:
        """Only now: a disk that is full may have room for a journal and none for a picture."""
        assert self._journal is not None
        self._told = True
        self._error = None
        self._follower.opened(self.head, self._journal.path)

    def _finish(self, size: int) -> None:
        self.finished = True
        self._session.forget(self.clip)
        if self._told:
            self._follower.closed(self.head, size, self.clip.tally.length)
        elif self._error is None:  # else what follows is in the next part
            lost = ", ".join(f"{n} {cause}" for cause, n in self.clip.tally.as_dict().items())
            why = f"no whole picture came in its time ({lost or 'none at all'})"
            self._follower.given_up(self.head, StoreError(why))

    def _failed(self, report: Failed, now: Ns) -> None:
        """Keep what is in the file; let another part take up from there."""
        if self._error is None:
            self._follower.troubled(self.head, report.error)
        self._error = report.error
        self._retry_at = Ns(now + RETRY_EVERY)
        if report.done < self._requests and self._mark is not None:
            self.clip.go_back(self._mark)
            self.sound.go_back()
        if not report.made and not self.stalled:
            self.sound.begin_anew()
            self._journal, self._made, self._filled = None, False, False
            self._requests = 0
            return
        if report.gone:  # the ring may still have what was in it
            self.clip.go_back(self._begun)
        self._session.break_off(self.clip)
        self._finish(self._size)

    def _look_whether_stalled(self, now: Ns) -> None:
        assert self._journal is not None
        if self._journal.written != self._written:
            self._written, self._moved_at = self._journal.written, now
        elif not self.stalled and now - self._moved_at > STALLED_AFTER:
            self._stall(self._journal)

    def _stall(self, journal: Journal) -> None:
        """Let another journal, on a thread of its own, go on behind the last that was written."""
        self.stalled = True
        seconds_ = STALLED_AFTER // SECOND
        self._error = StoreError(
            f"{journal.path} takes nothing for {seconds_} s",
            hint=f"Is the disk there, and well? dmesg | tail; df '{self._describe.journals}'",
        )
        self._follower.troubled(self.head, self._error)
        if self._mark is not None:
            self.clip.go_back(self._mark)
        self._session.break_off(self.clip)

    def _give_up(self, error: StoreError) -> None:
        while not self.clip.exhausted() and self.clip.read(self._session.ring, BATCH_BYTES):
            pass
        self.finished = True
        self._session.forget(self.clip)
        self._follower.given_up(self.head, error)
