"""All clips of one camera, over every restart of it. Station thread only."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec import __version__
from smartrec.app.events import RecordingState
from smartrec.app.journaling import Failed, Report
from smartrec.app.writing import RETRY_EVERY, ClipWriting, Describe, Follower
from smartrec.clock import Instant
from smartrec.errors import StoreError
from smartrec.model import (
    SOUND,
    AccessUnit,
    Answer,
    ClipHead,
    ClipState,
    StreamFormat,
    Trigger,
    Verdict,
    new_id,
)
from smartrec.recording.naming import clip_name, numbered
from smartrec.recording.ring import Ring
from smartrec.recording.session import OpenClip, Session, Timing
from smartrec.recording.sound import SoundChunk, SoundRing
from smartrec.units import SECOND, Ns, seconds

LATE: Final = Ns(2 * SECOND)
"""How late a trigger, or a look, is expected at most where looks are as frequent as usual."""
SLACK: Final = Ns(5 * SECOND)
"""How much longer than pictures sound is held: it costs next to nothing."""
SOUND_BYTES: Final = 32_000_000
"""Of one camera's sound at most, while its clips cannot be written: five minutes."""
MOST_STALLED: Final = 3
"""How many journals of a camera may hang until no other is begun: each costs a thread."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recorder:
    """What all clips of a station have in common.

    Attributes:
        timing: Pre-roll, post-roll, maximum length, and the settings that say so.
        ring_bytes: Bound on one camera's ring.
        clips: Directory of finished clips.
        journals: Directory of journals.
        station_id: This machine.
        follower: Is told how clips come along.
        report: Where journals put their reports; any thread.
        instant: The newest sample of the map from pts to wall time.
        detector: Engine and digest of the model that detect now.
        late: How late a trigger may come and still find its whole pre-roll in the ring.
        ground: Raises StoreError where no journal may be made; any thread.
    """

    timing: Timing
    ring_bytes: int
    clips: Path
    journals: Path
    station_id: str
    follower: Follower
    report: Callable[[Report], None]
    instant: Callable[[], Instant]
    detector: Callable[[], tuple[str, str | None]]
    late: Ns = LATE
    ground: Callable[[], None] | None = None

    @property
    def ring_length(self) -> Ns:
        """For how long pictures are held."""
        return Ns(self.timing.pre_roll + self.late)


class _Epoch:
    """One uninterrupted run of the camera in one format."""

    def __init__(self, recorder: Recorder) -> None:
        ring = Ring(recorder.ring_length, recorder.ring_bytes)
        self.session = Session(ring, recorder.timing, new_id)
        self.number: int | None = None
        self.format: StreamFormat | None = None


class Clips:
    """The clips of one camera.

    Args:
        camera_id: Stable.
        camera_name: For people.
        recorder: What all clips have in common.
        empty: Called with a clip that turned out to hold no picture.

    Attributes:
        sound: What is heard beside the pictures; None where no sound is recorded. A clip has what
            there was when it began.
    """

    def __init__(
        self,
        camera_id: str,
        camera_name: str,
        recorder: Recorder,
        empty: Callable[[str, OpenClip], None],
    ) -> None:
        self._camera_id = camera_id
        self._camera_name = camera_name
        self._recorder = recorder
        self._empty = empty
        self._current = _Epoch(recorder)
        self._epochs = [self._current]
        self._writings: dict[str, ClipWriting] = {}
        self.sound: SoundRing | None = None
        self._names: dict[str, str] = {}
        self._resume_at = Ns(0)
        self._may_write = True
        self._refused: StoreError | None = None
        self._abandoned = False
        self._told = False

    @property
    def epoch(self) -> int | None:
        """Number of the current epoch; None until its first unit."""
        return self._current.number

    @property
    def format(self) -> StreamFormat | None:
        """Of the current epoch; None until its first unit."""
        return self._current.format

    @property
    def ring(self) -> Ring:
        """Of the current epoch."""
        return self._current.session.ring

    @property
    def recording(self) -> list[OpenClip]:
        """Clips whose event goes on."""
        return [clip for clip in self._current.session.clips if not clip.closed]

    @property
    def held(self) -> Iterator[tuple[int, OpenClip]]:
        """Each clip that is not written yet, behind the number of its epoch."""
        for epoch in self._epochs:
            if epoch.number is not None:
                yield from ((epoch.number, clip) for clip in epoch.session.clips)

    @property
    def idle(self) -> bool:
        """Whether every clip's journal is closed."""
        return not self._writings and not any(e.session.clips for e in self._epochs)

    @property
    def writing(self) -> bool:
        """Whether a journal is being written, by a disk that does not hang."""
        return any(writing.busy and not writing.stalled for writing in self._writings.values())

    def apply(self, recorder: Recorder, camera_name: str) -> None:
        """Record by other settings from the next event on; events that go on keep theirs."""
        self._recorder, self._camera_name = recorder, camera_name
        session = self._current.session
        session.timing = recorder.timing
        session.resize(recorder.ring_length, recorder.ring_bytes)
        if self.sound is not None:
            self.sound.length = Ns(recorder.ring_length + SLACK)

    def begin_epoch(self) -> None:
        """The camera starts anew: nothing that follows goes with what was."""
        if self._current.number is not None:
            self._current = _Epoch(self._recorder)
            self._epochs.append(self._current)

    def push(self, unit: AccessUnit, stream: StreamFormat) -> None:
        """Take in the next unit."""
        self._current.number, self._current.format = unit.epoch, stream
        self._current.session.push(unit)

    def listen(self) -> SoundRing:
        """Record sound as well from now on; clips that are begun already stay as they are."""
        self.sound = SoundRing(Ns(self._recorder.ring_length + SLACK), SOUND_BYTES)
        return self.sound

    def hear(self, chunk: SoundChunk) -> None:
        """Take in the next sound."""
        assert self.sound is not None
        held = (writing.sound.held_of(self.sound) for writing in self._writings.values())
        self.sound.push(chunk, pinned=min((h for h in held if h is not None), default=None))

    def trigger(self, command_id: str, trigger: Trigger) -> Answer:
        """Record around `trigger`, unless nothing of its time is held."""
        ring, session = self.ring, self._current.session
        end = session.timing.end_of(trigger)
        covered = any(clip.covers(trigger.pts) for clip in session.clips)
        if not covered and ring.end > ring.first and end <= ring[ring.first].pts:
            return Answer(
                command_id,
                self._camera_id,
                Verdict.REFUSED,
                f"nothing of that time is held any more: the ring goes back {seconds(ring.span)} s",
            )
        verdict, clip = session.trigger(trigger)
        before = seconds(self.held_before(clip, trigger.pts))
        return Answer(command_id, self._camera_id, verdict, "", clip.clip_id, pre_roll_s=before)

    def holds(self, trigger: Trigger) -> bool:
        """Whether a clip of it would have a picture, even if none came any more."""
        newest, timing = self.ring.newest, self._recorder.timing
        start = trigger.pts - timing.pre_roll if trigger.start is None else trigger.start
        return newest is not None and newest.pts >= start

    def lengthen(self, trigger: Trigger) -> bool:
        """What triggered still lasts; False where that is to begin another clip.

        Its clip may be over because looks came too late, as from a model that is slow: then
        another part of its event goes on from there, unless that was long ago.
        """
        session = self._current.session
        if session.lengthen(trigger) is not None or session.cut(trigger):
            return True
        return session.resume(trigger) is not None

    def held_before(self, clip: OpenClip, moment: Ns) -> Ns:
        """How much of an open clip's time before `moment` is, or will be, in it."""
        ring, held = self.ring, clip.tally.first
        if held is None:
            whole = (unit.pts for unit in ring.since(clip.cursor) if not unit.damaged)
            # A keyframe before its start is read first, and may be all there is: it shows nothing.
            held = next((pts for pts in whole if pts >= clip.start), None)
        return Ns(0) if held is None else Ns(max(0, moment - held))

    def secured(self, clip_id: str) -> bool:
        """Whether nothing that was held when a clip began can be lost to SIGKILL any more."""
        writing = self._writings.get(clip_id)
        if writing is not None:
            return writing.secured
        return all(clip.clip_id != clip_id for e in self._epochs for clip in e.session.clips)

    def stop(self, pts: Ns) -> list[OpenClip]:
        """End what is being recorded at `pts`."""
        return self._current.session.stop(pts)

    def close_all(self, state: ClipState) -> None:
        """End what is being recorded with what there is."""
        self._current.session.close_all(state)

    def turn(self, now: Ns) -> None:
        """Move every clip one step on."""
        if self._abandoned:
            return
        stalled = sum(writing.stalled for writing in self._writings.values())
        self._may_write = now >= self._resume_at and stalled < MOST_STALLED
        for epoch in self._epochs:
            for clip in list(epoch.session.clips):
                self._attend(epoch, clip)
        for clip_id, writing in list(self._writings.items()):
            writing.turn(now)
            if writing.finished:
                del self._writings[clip_id]
                self._names.pop(clip_id, None)
        self._epochs = [e for e in self._epochs if e is self._current or e.session.clips]

    def take(self, report: Report, now: Ns) -> bool:
        """A journal's report; False where it is of no clip of this camera."""
        writing = self._writings.get(report.clip_id)
        if writing is None:
            return False
        writing.take(report, now)
        if isinstance(report, Failed):
            self._refused = report.error
            self._resume_at = Ns(now + RETRY_EVERY)
        return True

    def states(self, now: Ns) -> tuple[RecordingState, ...]:
        """What is to be told of how recording stands; nothing while there is none."""
        clip = next(iter(self.recording), None)
        told, self._told = self._told, clip is not None
        if clip is None:
            return (RecordingState(self._camera_id, None),) * told
        state = RecordingState(
            self._camera_id,
            clip.clip_id,
            seconds(Ns(max(0, now - min(trigger.pts for trigger in clip.triggers)))),
            seconds(Ns(max(0, clip.end - now))),
            clip.tally.expected - clip.tally.lost.total(),
        )
        return (state,)

    def abandon(self) -> None:
        """Leave journals as they are for the next start, and write no more."""
        self._abandoned = True
        for writing in self._writings.values():
            writing.abandon()
        for epoch in self._epochs:
            for clip in epoch.session.clips:
                if clip.clip_id not in self._writings and self._refused is not None:
                    head = self._head(epoch, clip, self.sound)
                    self._recorder.follower.given_up(head, self._refused)

    def _attend(self, epoch: _Epoch, clip: OpenClip) -> None:
        """Begin to write a clip as soon as there is something of it."""
        if clip.clip_id in self._writings:
            return
        if clip.exhausted():
            epoch.session.forget(clip)
            self._empty(self._camera_id, clip)
        elif self._may_write and epoch.format is not None and clip.cursor < epoch.session.ring.end:
            sound = self.sound
            describe = Describe(
                lambda clip: self._head(epoch, clip, sound),
                lambda clip, name: self._names.update({clip.clip_id: name}),
                self._recorder.journals,
                self._recorder.clips,
                self._recorder.ground,
                sound,
            )
            self._writings[clip.clip_id] = ClipWriting(
                clip, epoch.session, describe, self._recorder.follower, self._recorder.report
            )

    def _head(self, epoch: _Epoch, clip: OpenClip, sound: SoundRing | None) -> ClipHead:
        assert epoch.format is not None
        assert epoch.number is not None
        instant = self._recorder.instant()
        engine, model_digest = self._recorder.detector()
        return ClipHead(
            clip_id=clip.clip_id,
            event_id=clip.event_id,
            part=clip.part,
            station_id=self._recorder.station_id,
            camera_id=self._camera_id,
            camera_name=self._camera_name,
            format=epoch.format,
            epoch=epoch.number,
            instant=instant,
            triggers=tuple(clip.triggers),
            asked_pre=clip.timing.pre_roll,
            asked_post=clip.timing.post_roll,
            start=clip.start,
            end=clip.end,
            state=clip.state,
            file_name=self._file_name(clip, instant),
            expected=clip.tally.expected,
            lost=clip.tally.as_dict(),
            software_version=__version__,
            engine=engine,
            config_digest=clip.timing.settings,
            model_digest=model_digest,
            sound=None if sound is None else SOUND,
        )

    def _file_name(self, clip: OpenClip, instant: Instant) -> str:
        """Chosen once, until its journal is made: no other that is written now has it."""
        if clip.clip_id not in self._names:
            first = clip.triggers[0]
            name = clip_name(self._camera_id, instant.wall_at(first.pts), first.reason, clip.part)
            choice = 1
            while numbered(name, choice) in self._names.values():
                choice += 1
            self._names[clip.clip_id] = numbered(name, choice)
        return self._names[clip.clip_id]
