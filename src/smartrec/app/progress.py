"""How clips come along: from their journals to finishers, to the catalogue, to whoever listens.

Station thread only.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.app import events
from smartrec.app.bus import Bus
from smartrec.app.camera import Camera
from smartrec.app.finishing import Finishers, Made
from smartrec.app.keeper import Keeper, Kept
from smartrec.app.recovery import Found, Gone
from smartrec.app.writing import Follower
from smartrec.errors import DiskFull, DiskGone, StoreError
from smartrec.model import Answer, ClipHead, Command, Verdict
from smartrec.store.record import accounts
from smartrec.units import SECOND, Ns, seconds

STUCK_AFTER: Final = Ns(30 * SECOND)
"""How long at the end a disk is waited for that gives no sign."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Clip:
    head: ClipHead
    journal: Path
    said: str = ""


class Progress(Follower):
    """Follows every clip from its first picture to its row in the catalogue.

    Args:
        bus: Is told the facts.
        finishers: Make the clips.
        keeper: Writes the catalogue.
        directory: Of the clips.

    Attributes:
        clips: Finished so far.
        frames_lost: In those.
        free: Bytes on the disk of the clips, as measured last.
    """

    def __init__(self, bus: Bus, finishers: Finishers, keeper: Keeper, directory: Path) -> None:
        self._bus = bus
        self._finishers = finishers
        self._keeper = keeper
        self._directory = str(directory)
        self._open: dict[str, _Clip] = {}
        self._keeping = 0
        self._failing: dict[str, str] = {}
        self._full = False
        self._signs: tuple[int, ...] = ()
        self._signs_at = Ns(0)
        self.clips = 0
        self.frames_lost = 0
        self.free = 0

    @property
    def trouble(self) -> str | None:
        """Why clips cannot be written now; None where they can, as far as is known. Any thread."""
        full = "the disk of the clips is full, or gone" if self._full else None
        return next(iter(list(self._failing.values())), full)

    def measured(self, free: int) -> None:
        """So many bytes are free."""
        self.free, self._full = free, free == 0

    @property
    def settled(self) -> bool:
        """Whether every clip is finished and catalogued, or given up."""
        return not self._finishers.backlog and not self._keeping

    def stuck(self, now: Ns) -> bool:
        """Whether nothing has come along for `STUCK_AFTER`, as on a disk that hangs."""
        signs = (self._finishers.signs, len(self._open), self._keeping, self.clips)
        if signs != self._signs:
            self._signs, self._signs_at = signs, now
        return now - self._signs_at > STUCK_AFTER

    def knows(self, clip_id: str) -> bool:
        """Whether a clip is on its way, and in the catalogue."""
        return clip_id in self._open

    def opened(self, head: ClipHead, journal: Path) -> None:
        """See `Follower`."""
        self._works("journal")
        self._open[head.clip_id] = _Clip(head, journal)
        self._keeper.opened(head, journal)
        self._finishers.begin(head.clip_id, journal)

    def changed(self, head: ClipHead) -> None:
        """See `Follower`."""
        self._open[head.clip_id].head = head
        self._keeper.changed(head)

    def readable(self, clip_id: str, size: int) -> None:
        """See `Follower`."""
        self._finishers.readable(clip_id, size)

    def closed(self, head: ClipHead, size: int, length: Ns) -> None:
        """See `Follower`."""
        self._open[head.clip_id].head = head
        self._keeper.changed(head)
        self._finishers.closed(head.clip_id, size)
        self._bus.publish(
            events.ClipClosed(
                head.camera_id,
                head.clip_id,
                head.event_id,
                head.state.value,
                seconds(length),
                head.part,
            )
        )
        for cause, count in head.lost.items():
            self._bus.publish(events.PicturesLost(head.camera_id, cause, count, head.clip_id))

    def troubled(self, head: ClipHead, error: StoreError) -> None:
        """See `Follower`."""
        if not self._fails("journal", error):
            log.warning("%s: %s", head.camera_id, error)
        self._keeper.make_room()

    def given_up(self, head: ClipHead, error: StoreError) -> None:
        """See `Follower`."""
        self._bus.publish(
            events.ClipFailed(
                head.camera_id, head.clip_id, head.event_id, str(error), error.hint or ""
            )
        )

    def made(self, made: Made, *, settled: bool) -> None:
        """A finisher ended."""
        clip = self._open[made.clip_id]
        if made.declined:
            log.warning(
                "%s: Smart Record's file is not taken (%s): %s is made from the journal",
                *(clip.head.camera_id, made.declined, clip.head.file_name),
            )
        if made.finished is not None:
            self._keeping += 1
            self._keeper.finished(clip.head, made.finished, clip.journal)
            return
        if made.message != clip.said:
            clip.said = made.message
            log.warning("%s is not finished yet: %s", clip.journal.name, made.message)
        if made.error == "DiskFull":
            self._keeper.make_room()
            self._fails(
                "clip", DiskFull(made.message, hint=f"Make room: df -h '{self._directory}'")
            )
        if settled:
            head, there = clip.head, made.there
            self._keeper.failed(made.clip_id, made.message)
            self._bus.publish(
                events.ClipFailed(
                    head.camera_id,
                    head.clip_id,
                    head.event_id,
                    made.message,
                    "It is playable as it is; smartrec tries again at its next start." * there,
                    str(clip.journal) * there,
                )
            )
            del self._open[made.clip_id]

    def kept(self, kept: Kept) -> None:
        """A clip is in the catalogue."""
        self._works("clip")
        self._keeping -= 1
        head, done = kept.head, kept.finished
        lost, _ = accounts(head.expected, done.frames_written, head.lost, done.lost)
        self.clips += 1
        self.frames_lost += sum(lost.values())
        self._bus.publish(
            events.ClipReady(
                camera=head.camera_id,
                clip_id=head.clip_id,
                event_id=head.event_id,
                path=done.path,
                state=head.state.value,
                duration_s=seconds(done.duration),
                frames_expected=head.expected,
                frames_written=done.frames_written,
                lost=lost,
                bytes=done.bytes,
                sha256=done.sha256,
            )
        )
        self._open.pop(head.clip_id, None)

    def not_kept(self, error: StoreError) -> None:
        """The catalogue takes nothing now."""
        self._fails("clip", error)

    def recovered(self, found: Found) -> None:
        """A journal of a recorder that was killed is to be finished."""
        head = found.head
        log.info("%s: finishing %s, left by a recorder that ended", head.camera_id, found.path.name)
        self._open[head.clip_id] = _Clip(head, found.path)
        self._keeper.opened(head, found.path)
        self._finishers.begin(head.clip_id, found.path)
        self._finishers.closed(head.clip_id, found.size)

    def gone(self, gone: Gone) -> None:
        """Nothing can be made of a clip of the catalogue."""
        self._keeper.failed(gone.clip_id, gone.why)

    def answered(
        self, command: Command, answers: Sequence[Answer], cameras: Sequence[Camera]
    ) -> None:
        """Cameras answered a command."""
        for answer in answers:
            camera = next(c for c in cameras if c.id == answer.camera)
            clips = [c for c in camera.clips.recording if c.clip_id == answer.clip_id]
            if answer.verdict is Verdict.REFUSED:
                self._bus.publish(events.CommandRefused(command.id, answer.camera, answer.reason))
            elif clips and answer.verdict is Verdict.ACCEPTED:
                clip = clips[0]
                self._bus.publish(
                    events.ClipOpened(
                        answer.camera,
                        clip.clip_id,
                        clip.event_id,
                        clip.triggers[-1].trigger_id,
                        command.reason,
                        answer.pre_roll_s or 0.0,
                        seconds(Ns(clip.triggers[0].pts - clip.event_start)),
                    )
                )
            elif clips and answer.verdict is Verdict.EXTENDED:
                clip = clips[0]
                last = clip.triggers[-1]
                self._bus.publish(
                    events.ClipExtended(
                        answer.camera,
                        clip.clip_id,
                        clip.event_id,
                        last.trigger_id,
                        command.reason,
                        seconds(Ns(clip.end - last.pts)),
                    )
                )

    def _fails(self, what: str, error: StoreError) -> bool:
        """Told once, until all that failed works again; of a lost disk housekeeping tells.

        Returns:
            Whether it is told now.
        """
        if what in self._failing or isinstance(error, DiskGone):
            return False
        self._failing[what] = str(error)
        self._bus.publish(
            events.DiskRanFull(self._directory, self.free, str(error), error.hint or "")
        )
        return True

    def _works(self, what: str) -> None:
        if what in self._failing:
            del self._failing[what]
            if not self._failing:
                self._bus.publish(events.DiskHasRoom(self._directory, self.free))
