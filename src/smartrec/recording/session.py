"""What to record of one camera: units and triggers in, clips out.

Pure: no file, no thread, no clock. A clip is an interval ``[start, end)`` and a cursor over the
ring. So an event right after another still has its whole pre-roll, an event during a clip extends
it, and nothing is ever refused.
"""

from collections import deque
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Final

from smartrec.model import AccessUnit, ClipState, Trigger, Verdict
from smartrec.recording.ring import Ring
from smartrec.recording.tally import Tally
from smartrec.units import SECOND, Ns

TELL_EVERY: Final = Ns(SECOND)
"""How often a trigger that lasts makes the clip's journal be amended."""
_PAST: Final = 16
"""Clips that are over and may still be resumed; the ring goes back no further."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How much is recorded around a trigger.

    Attributes:
        pre_roll: Before the trigger.
        post_roll: After the last trigger.
        max_length: Of one clip; a longer event goes on in another, no picture missing or twice.
        settings: Digest of the settings that say so.
    """

    pre_roll: Ns
    post_roll: Ns
    max_length: Ns
    settings: str = ""

    def end_of(self, trigger: Trigger) -> Ns:
        """Until when is recorded for it, as far as is known."""
        return Ns(trigger.until + self.post_roll) if trigger.end is None else trigger.end


class OpenClip:
    """One clip while it is recorded: an interval and a cursor over the ring.

    Attributes:
        clip_id: UUIDv7.
        event_id: UUIDv7, shared by the parts of one event.
        part: Counts from 1.
        triggers: In order of arrival; of earlier parts the first of the event, and those that reach
            into this one.
        start: First moment that belongs to the clip.
        event_start: That of the event's first part.
        end: First moment that does not, as far as known; moves while triggers come.
        state: RECORDING, or how the recording ended.
        ending: What `state` becomes when `end` is reached.
        tally: The proof.
        timing: By which it is recorded: what was in force when its event began.
        held: Index of the oldest unit that is still to be read, or may have to be read again; None
            when all is written.
        version: Counts up whenever something changed that the journal should know.
    """

    def __init__(
        self,
        ids: tuple[str, str],
        part: int,
        triggers: list[Trigger],
        interval: tuple[Ns, Ns],
        cursor: int,
        timing: Timing,
    ) -> None:
        self.clip_id, self.event_id = ids
        self.timing = timing
        self.part = part
        self.triggers = triggers
        self.start, self.end = interval
        self.event_start = self.start
        self.state = ClipState.RECORDING
        self.ending = ClipState.COMPLETE
        self.tally = Tally(self.start)
        self.version = 0
        self._told = max(trigger.until for trigger in triggers)
        self.held: int | None = cursor
        self._cursor = self._first = cursor
        self._stop_index: int | None = None

    @property
    def closed(self) -> bool:
        """Whether `end` is final."""
        return self.state is not ClipState.RECORDING

    @property
    def cursor(self) -> int:
        """Index of the next unit to read."""
        return self._cursor

    @property
    def untouched(self) -> bool:
        """Whether it is the first of its event and nothing of it has been read."""
        return self.part == 1 and self._cursor == self._first

    def lengthen(self, trigger: Trigger) -> bool:
        """Let a trigger of this clip last longer; False where it has none such, or is ending."""
        if self.closed or self.ending is ClipState.STOPPED:
            return False
        # Its own end may be one that was made for a shorter post-roll than this clip has.
        end = max(self.timing.end_of(trigger), Ns(trigger.until + self.timing.post_roll))
        for place, known in enumerate(self.triggers):
            if _same(known, trigger):
                self.triggers[place] = trigger
                self.end = max(self.end, end)
                if trigger.until - self._told >= TELL_EVERY:
                    self._told = trigger.until
                    self.version += 1
                return True
        return False

    def covers(self, moment: Ns) -> bool:
        """Whether a trigger at `moment` extends this clip: its event goes on, and holds it."""
        return not self.closed and self.event_start <= moment < self.end

    def exhausted(self) -> bool:
        """Whether it is closed and all of it has been read."""
        return self._stop_index is not None and self._cursor >= self._stop_index

    def begin_at(self, start: Ns) -> None:
        """Let an untouched clip begin later; `event_start` stays."""
        self.start = self.tally.start = self.tally.until = start

    def close(self, state: ClipState, stop_index: int) -> None:
        """Let nothing from `stop_index` on belong to the clip."""
        self.state = state
        self._stop_index = stop_index
        self.version += 1

    def take_over(self, other: "OpenClip") -> None:
        """Count on where `other` stands; end when and how it would have."""
        self.tally = other.tally.following()
        self.ending, self.state = other.ending, other.state
        self.event_start = other.event_start
        self._stop_index = other._stop_index

    def read(self, ring: Ring, max_bytes: int) -> list[AccessUnit]:
        """The next pictures to write, whole ones only; what was evicted unread is counted lost.

        Args:
            ring: The ring that `cursor` counts in.
            max_bytes: Stop when this much is gathered; at least one unit is read.
        """
        evicted = max(0, ring.first - self._cursor)
        self._cursor += evicted
        batch: list[AccessUnit] = []
        gathered = 0
        for unit in ring.since(self._cursor):
            if gathered >= max_bytes or self.exhausted():
                break
            self.tally.see(unit, self.end, evicted=evicted)
            evicted = 0
            self._cursor += 1
            if not unit.damaged:
                batch.append(unit)
                gathered += len(unit.data)
        if self.exhausted() and ring.first <= self._cursor < ring.end:
            self.tally.see(ring[self._cursor], self.end, evicted=evicted)
        return batch

    def mark(self) -> tuple[int, Tally]:
        """Where reading stands, for `go_back`; what was read before is not needed any more."""
        self.held = self._cursor
        return self._cursor, copy(self.tally)

    def go_back(self, mark: tuple[int, Tally]) -> None:
        """Undo what was read since `mark`, because it could not be written."""
        self._cursor, self.tally = mark


class Session:
    """All clips of one camera that are being recorded. One thread.

    Args:
        ring: Fed through `push` only.
        timing: How much is recorded around a trigger.
        new_id: Makes ids.

    Attributes:
        timing: Of the events that begin from now on; others keep theirs.
    """

    def __init__(self, ring: Ring, timing: Timing, new_id: Callable[[], str]) -> None:
        self.ring = ring
        self.timing = timing
        self.clips: list[OpenClip] = []
        self._new_id = new_id
        self._cut = -1
        self._past: deque[OpenClip] = deque(maxlen=_PAST)

    def push(self, unit: AccessUnit) -> None:
        """Take in the next unit; clips whose interval is over are closed, long ones roll over."""
        self.ring.push(unit, pinned=self._pinned)
        for clip in [clip for clip in self.clips if not clip.closed]:
            if clip.cursor < self.ring.end:
                clip.tally.anchor(unit)
            self._settle(clip, self.ring.end - 1)

    def trigger(self, trigger: Trigger) -> tuple[Verdict, OpenClip]:
        """Record around `trigger`: extend the clip that covers it, else open another."""
        for clip in self.clips:
            if clip.covers(trigger.pts):
                clip.triggers.append(trigger)
                clip.end = max(clip.end, clip.timing.end_of(trigger))
                clip.version += 1
                return Verdict.EXTENDED, clip
        start = Ns(trigger.pts - self.timing.pre_roll) if trigger.start is None else trigger.start
        end = self.timing.end_of(trigger)
        # An interval of nothing would hold no picture of the moment itself.
        interval = (start, max(end, Ns(trigger.pts + 1)))
        clip = self._open(1, self._new_id(), [trigger], interval, self.timing)
        self._settle(clip, clip.cursor)
        parts = (each for each in self.clips if each.event_id == clip.event_id)
        holding = (each for each in parts if each.start <= trigger.pts < each.end)
        return Verdict.ACCEPTED, next(holding, clip)

    def lengthen(self, trigger: Trigger) -> OpenClip | None:
        """What triggered still lasts, by its `last`: return the clip that goes on for it.

        None where its clip has ended; `cut` tells why, and `resume` goes on.
        """
        return next((clip for clip in self.clips if clip.lengthen(trigger)), None)

    def cut(self, trigger: Trigger) -> bool:
        """Whether `stop` or the end of the epoch has ended its clip: it shall begin no other.

        Else its clip ended by itself, because news that the trigger lasts came too late.
        """
        return trigger.pts <= self._cut

    def resume(self, trigger: Trigger) -> OpenClip | None:
        """Go on for a trigger that lasts, and whose clip is over because that was told late.

        Another part of its event takes up where the clip ended: no picture is missing or twice.
        None where it is to begin an event of its own: its clip did not end by itself, or ended
        more than a pre-roll ago, or where the ring does not go back so far.
        """
        ended = [clip for clip in (*self._past, *self.clips) if clip.state is ClipState.COMPLETE]
        own = [clip for clip in ended if any(_same(each, trigger) for each in clip.triggers)]
        clip = max(own, key=lambda each: each.end, default=None)
        if clip is None or self.ring.end == self.ring.first:
            return None
        earliest = max(trigger.until - clip.timing.pre_roll, self.ring[self.ring.first].pts)
        if clip.end < earliest:
            return None
        if (end := clip.timing.end_of(trigger)) <= clip.end:
            return clip
        triggers = [trigger if _same(each, trigger) else each for each in clip.triggers]
        following = self._follow(clip, triggers, end)
        self._settle(following, following.cursor)
        return following

    def stop(self, pts: Ns) -> list[OpenClip]:
        """Let all open clips end at `pts`; return them.

        They close when the first later picture comes, for one taken before may be on its way.
        What has been read already stays in: it is written, and counted.
        """
        open_clips = [clip for clip in self.clips if not clip.closed]
        for clip in open_clips:
            clip.end = min(clip.end, max(pts, clip.tally.until))
            clip.ending = ClipState.STOPPED
            clip.version += 1
        self._remember_cut(open_clips)
        return open_clips

    def close_all(self, state: ClipState) -> list[OpenClip]:
        """No further unit of this epoch will come: close with what there is; return the clips."""
        closing = [clip for clip in self.clips if not clip.closed]
        for clip in closing:
            clip.close(state, self.ring.end)
        self._remember_cut(closing)
        return closing

    def break_off(self, clip: OpenClip) -> OpenClip | None:
        """End `clip` where it has been read to; return the part that takes up from there, if any.

        For when its journal takes no more: the ring still holds what follows.
        """
        if clip.exhausted():
            return None
        rest = OpenClip(
            (self._new_id(), clip.event_id),
            clip.part + 1,
            list(clip.triggers),
            (clip.tally.until, clip.end),
            min(clip.cursor, self.ring.keyframe_of(clip.cursor)),
            clip.timing,
        )
        rest.take_over(clip)
        self.clips.append(rest)
        clip.end = rest.start
        clip.held = None
        clip.close(ClipState.DISK_FULL, clip.cursor)
        return rest

    def forget(self, clip: OpenClip) -> None:
        """The clip is written, or given up."""
        self.clips.remove(clip)
        self._past.append(clip)

    @property
    def _pinned(self) -> int | None:
        held = (clip.held for clip in self.clips if clip.held is not None)
        return min(held, default=None)

    def resize(self, length: Ns, max_bytes: int) -> None:
        """Let the ring hold so much; see `Ring.resize`."""
        self.ring.resize(length, max_bytes, pinned=self._pinned)

    def _remember_cut(self, clips: list[OpenClip]) -> None:
        self._cut = max([self._cut, *(each.pts for clip in clips for each in clip.triggers)])

    def _open(
        self,
        part: int,
        event_id: str,
        triggers: list[Trigger],
        interval: tuple[Ns, Ns],
        timing: Timing,
    ) -> OpenClip:
        start = self.ring.start_of(interval[0])
        clip = OpenClip((self._new_id(), event_id), part, triggers, interval, start, timing)
        self.clips.append(clip)
        if start < self.ring.end:
            clip.tally.anchor(self.ring[start])
        return clip

    def _follow(self, clip: OpenClip, triggers: list[Trigger], end: Ns) -> OpenClip:
        """The part that takes up where `clip` ends, for those of its triggers that reach on."""
        # An event may go on for days: no part repeats all that went before.
        first, *others = triggers
        reaching = (each for each in others if clip.timing.end_of(each) > clip.end)
        lasting, interval = [first, *reaching], (clip.end, end)
        following = self._open(clip.part + 1, clip.event_id, lasting, interval, clip.timing)
        following.ending = clip.ending
        following.event_start = clip.event_start
        return following

    def _settle(self, clip: OpenClip, index: int) -> None:
        """Close or roll over `clip` if a unit from `index` on lies behind its end or its limit."""
        self._skip_what_is_not_held(clip)
        while (following := self._roll_over(clip, index)) is not None:
            clip, index = following, following.cursor

    def _skip_what_is_not_held(self, clip: OpenClip) -> None:
        """Let an event begin with the first part of which there is anything: no empty clips."""
        if not clip.untouched or not self.ring.first <= clip.cursor < self.ring.end:
            return
        first = self.ring[clip.cursor].dts
        longest = clip.timing.max_length
        parts = (first - clip.start) // longest
        if parts > 0 and first < clip.end:
            clip.begin_at(Ns(clip.start + parts * longest))

    def _roll_over(self, clip: OpenClip, index: int) -> OpenClip | None:
        """Do so once; return the part that follows, if any."""
        limit = Ns(clip.start + clip.timing.max_length)
        for at in range(max(index, self.ring.first), self.ring.end):
            dts = self.ring[at].dts
            if dts >= clip.end:
                clip.close(clip.ending, at)
                return None
            if dts >= limit:
                end, clip.end = clip.end, limit
                clip.close(ClipState.COMPLETE, at)
                return self._follow(clip, clip.triggers, end)
        return None


def _same(one: Trigger, other: Trigger) -> bool:
    """Whether they are the same, lasting for another while perhaps."""
    return one.trigger_id == other.trigger_id
