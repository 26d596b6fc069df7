"""Smart record: a camera's clips written by NVIDIA's NvDsSR, with its faults kept away.

A `Recorder` owns one record bin and does one file at a time. Where a file begins and ends is not
what was asked for but what was seen to go into its muxer; the library's own figures are too coarse.
"""

import threading
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

from smartrec.media.gst import GLib, Gst
from smartrec.media.nvdssr_abi import Told
from smartrec.media.nvdssr_gate import Gate, Hold, Parts, Passed
from smartrec.media.nvdssr_values import (
    AFTER,
    LONGEST,
    NOWHERE,
    Done,
    Engine,
    Outbox,
    Part,
    Recorded,
    SmartRecordSettings,
    Want,
    discard,
    shorter_than,
    trouble_with,
)
from smartrec.units import MILLISECOND, SECOND, Ns

_RETRY_MS: Final = 10
_ROOM_S: Final = 5
_FILE_PATIENCE: Final = Ns(5 * SECOND)
_FRAME_PATIENCE: Final = Ns(10 * SECOND)


class Recorder(ABC):
    """One file after the other of one camera. Its methods may be called from any thread.

    Args:
        settings: How.
        done: Told of each file; called by whoever calls a method here, or by GLib's main loop, and
            never by a thread of the library's. It may call back.

    Attributes:
        close_within: Seconds in which `close` expects the library to end a file, and to go.
    """

    close_within: ClassVar[float] = 5.0

    def __init__(self, settings: SmartRecordSettings, done: Done) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._outbox = Outbox(done)
        self._waiting: deque[Want] = deque()
        self._part: Part | None = None
        self._consumed: Ns | None = None
        self._engine: Engine | None = None
        self._awake = False
        self._retrying = False
        self._closed = False

    def start(self, clip: str, back: Ns, pts_now: Ns) -> None:
        """Record a clip from `back` before `pts_now` on, until it is stopped.

        Never refused: while another clip is recorded, this one waits, and then begins with what
        came after it. Of a clip that is recorded, an earlier `stop` is taken back.
        """
        with self._lock:
            if self._closed:
                self._outbox.fail(clip, "the recorder is closed")
            elif not self._set_until(clip, None):
                self._waiting.append(Want(clip, Ns(pts_now - back)))
                self._engine = self._engine or self._make()
            self._proceed()
        self._outbox.deliver()

    def stop(self, clip: str, until: Ns | None = None) -> None:
        """End a clip: before the first picture at or after `until`, or at once.

        One that never began is then not recorded. Others are left alone.
        """
        with self._lock:
            newest = None if self._engine is None else self._engine.gate.newest
            self._set_until(clip, until or newest or Ns(0))
            self._proceed()
        self._outbox.deliver()

    def turn(self, now: Ns) -> None:
        """Look after it, at least once a second: what never ends, is given up and made anew.

        Args:
            now: CLOCK_MONOTONIC.
        """
        with self._lock:
            self._proceed()
            self._watch(now)
            self._proceed()
        self._outbox.deliver()

    def error(self, message: Gst.Message) -> bool:
        """Take an ERROR message from the bus if it came from the record bin.

        What is being recorded is given up then; after it the bin takes no more pictures.
        """
        with self._lock:
            if not self._is_ours(message):
                return False
            error, _ = message.parse_error()
            self._give_up(f"the file cannot be written ({error.message})")
        self._outbox.deliver()
        return True

    def close(self) -> None:
        """End what is being recorded, wait for its file for some seconds, and give the bin up.

        To be called while the pipeline still plays: a file in a pipeline that has stopped never
        ends. Clips that did not begin are not recorded.
        """
        with self._lock:
            self._closed = True
            self._outbox.fail_all(self._waiting, "the recorder was closed before it could begin")
            self._end()
            engine, part = self._engine, self._part
        if engine is not None:
            written = part is not None and engine.gate.passed.frames > 0
            told = engine.told(self.close_within) if written else None
            with self._lock:
                if told is not None:
                    self._hear(told)
                self._give_up("the file was not finished when the recorder was closed")
            engine.closed(self.close_within)
        self._outbox.deliver()

    @abstractmethod
    def _make(self) -> Engine | None:
        """A new record bin; None where there cannot be one now."""

    @abstractmethod
    def _is_ours(self, message: Gst.Message) -> bool:
        """Whether an ERROR message is of the record bin."""

    def _new_gate(self, parts: Parts) -> Gate:
        return Gate(parts, self._wake)

    # The guards: each keeps one measured fault of the library's away

    def _after(self) -> int:
        """Seconds after the trigger to ask for.

        Fault: 0, and 300 and more, silently mean the default. So we ask for the most that counts
        and end each file ourselves. It counts from the trigger, not from the clip's beginning:
        who adds the pre-roll, as NVIDIA's own example does, records that much too long.
        """
        return AFTER

    def _back(self, gate: Gate, since: Ns) -> int:
        """Whole seconds before the newest picture to ask for.

        Fault: a file begins with the next keyframe *after* what was asked for, 0.5 s late on
        average with a keyframe a second. So we ask for the keyframe before, and a little more: the
        library lets pictures go until *less* than this many seconds are left, and counts the newest
        one's duration and the gap in front of the oldest. Up, never down, to whole seconds; 0 means
        1; no more than it keeps.
        """
        newest = gate.newest
        first = gate.keyframe_for(since, self._consumed)
        if newest is None or first is None:
            return self.settings.cache_seconds
        margin = 3 * gate.lasts + 100 * MILLISECOND if gate.lasts else SECOND // 2
        return min(-(-(newest - first + margin) // SECOND), self.settings.cache_seconds)

    def _widen(self, parts: Parts) -> None:
        """Give a recording more room than its pre-roll; see `Parts.widen`."""
        parts.widen(Ns((self.settings.cache_seconds + _ROOM_S) * SECOND))

    def _busy(self) -> bool:
        """Whether a file is under way, until the library has told of it.

        Fault: INVALID_OP while it records and for some 16 ms around the end. And a start before the
        last file was told of changes the user data of that file: nvurisrcbin would free it twice.
        """
        return self._part is not None

    def _refused(self, want: Want) -> None:
        """No file was begun: once more in a moment (see `_busy`), until `_watch` gives up."""
        self._waiting.appendleft(want)
        if not self._retrying:
            self._retrying = True
            GLib.timeout_add(_RETRY_MS, self._woken)

    def _trouble(self) -> str | None:
        """Why no file can be written to the directory.

        Fault: the library says OK, an error follows on the bus, and it records no more for good.
        """
        return trouble_with(self.settings.directory)

    def _is_mine(self, told: Told, part: Part) -> bool:
        """Whether it was told of this file: by name, for the user data may be a later start's."""
        return told.name == part.name

    def _is_cut_off(self, path: Path, passed: Passed) -> bool:
        """Whether the file lacks something.

        Fault: of a file that could not be written whole, the library tells as of any other if the
        disk fails at the very end.
        """
        return shorter_than(path, passed.size)

    def _continues(self, part: Part, gate: Gate) -> bool:
        """Whether the clip goes on behind this file: it grew too long, or the library ended it."""
        until, reached = part.want.until, gate.arrived if part.reached is None else part.reached
        return not self._closed and (until is None or until > reached)

    def _watch(self, now: Ns) -> None:
        """Give up what does not come to an end, and make a new record bin.

        Faults: with a full disk the callback never comes; with an unwritable directory or a picture
        in the moment of the end the bin takes nothing any more and does not say so.
        """
        if self._engine is None and not self._closed:
            self._engine = self._make()
        if self._engine is None:
            self._outbox.fail_all(self._waiting, "there is no smart recorder")
        engine, part = self._engine, self._part
        if engine is None or part is None:
            self._watch_refused(now)
        elif part.stopping:
            part.stopped_at = now if part.stopped_at is None else part.stopped_at
            if now - part.stopped_at > _FILE_PATIENCE:
                self._untold(part)
        elif self._starves(part, engine.gate, now):
            self._give_up("the smart recorder takes no pictures")

    # The way of a clip

    def _proceed(self) -> None:
        """Do what can be done now."""
        engine = self._engine
        if engine is None:
            return
        while (told := engine.told()) is not None:
            self._hear(told)
        part = self._part
        if part is not None and not part.stopping:
            gate = engine.gate
            if gate.overdue or (gate.held and gate.drained) or gate.past:
                self._end()
        while self._waiting and not self._busy() and self._engine is not None:
            if not self._begin(self._engine, self._waiting.popleft()):
                break

    def _begin(self, engine: Engine, want: Want) -> bool:
        """Begin a file; False to try again later."""
        if want.is_past(self._consumed):
            self._outbox.fail(
                want.clip, "another clip of the camera was being recorded until its end"
            )
            return True
        if (trouble := self._trouble()) is not None:
            self._outbox.fail(want.clip, trouble, f"Check it: ls -ld '{self.settings.directory}'")
            return True
        gate = engine.gate
        before, keyframes = engine.parts.location, gate.keyframes_in
        gate.begin()
        engine.start(self._back(gate, want.since), self._after())
        self._widen(engine.parts)
        path = engine.parts.location
        if path in (before, NOWHERE, ""):
            self._refused(want)
            return False
        self._part = Part(want, Path(path), keyframes)
        self._hold(engine, self._part)
        self._wake()  # everything until its end may be in already
        return True

    def _hold(self, engine: Engine, part: Part) -> None:
        """Set where the file ends: with the clip, or at a keyframe when it grows too long."""
        began = max(part.want.since, (self._consumed or Ns(-1)) + 1)
        longest = min(self.settings.longest, LONGEST)
        engine.gate.hold(Hold(part.want.until, Ns(began + longest)))

    def _end(self) -> None:
        """Stop the file, if there is one."""
        engine, part = self._engine, self._part
        if engine is not None and part is not None and not part.stopping:
            part.stopping = True
            part.reached = engine.gate.arrived
            engine.stop()
            self._consumed = max(engine.gate.passed.last, self._consumed or Ns(-1))
            engine.gate.let_go()

    def _hear(self, told: Told) -> None:
        part = self._part
        if part is not None and self._is_mine(told, part):
            part.told = told
            self._finish(part)

    def _finish(self, part: Part) -> None:
        """The file is complete: report it, and go on with the clip if it does."""
        engine = self._engine
        assert engine is not None
        engine.gate.let_go()
        passed = engine.gate.passed
        self._part = None
        if passed.frames == 0:
            self._outbox.fail(part.want.clip, "no picture went into the file")
            return
        if self._is_cut_off(part.path, passed):
            discard(part.path)
            self._outbox.fail(part.want.clip, "its file was cut off; the disk may be full")
            self._give_up("")
            return
        self._consumed = passed.last
        goes_on = self._continues(part, engine.gate)
        self._outbox.put(
            Recorded(
                part.want.clip,
                part.path,
                passed.began,
                passed.ended,
                passed.frames,
                part.length(passed),
                last=not goes_on,
            )
        )
        if goes_on:
            self._waiting.appendleft(replace(part.want, since=Ns(passed.last + 1)))

    def _untold(self, part: Part) -> None:
        """The end of a file was not told: the library may not have understood it."""
        engine = self._engine
        if engine is not None and engine.parts.location != str(part.path):
            self._finish(part)
        else:
            self._give_up("its file does not come to its end; the disk may be full")

    def _starves(self, part: Part, gate: Gate, now: Ns) -> bool:
        """Whether pictures come in, also such as a file can begin with, and none goes into it."""
        if part.seen_at is None or gate.passed.frames != part.frames:
            part.seen_at, part.frames, part.keyframes = now, gate.passed.frames, gate.keyframes_in
        return now - part.seen_at > _FRAME_PATIENCE and gate.keyframes_in > part.keyframes

    def _watch_refused(self, now: Ns) -> None:
        if not self._waiting or self._engine is None:
            return
        want = self._waiting[0]
        if want.refused_at is None:
            self._waiting[0] = replace(want, refused_at=now)
        elif now - want.refused_at > _FILE_PATIENCE:
            self._waiting.popleft()
            self._outbox.fail(want.clip, "the smart recorder begins no file")
            self._give_up("")

    def _give_up(self, why: str) -> None:
        """Report the clip and let the record bin go; `turn` makes a new one."""
        part, self._part = self._part, None
        engine, self._engine = self._engine, None
        if part is not None:
            self._outbox.fail(part.want.clip, why)
        if engine is not None:
            self._consumed = None
            engine.close()

    def _set_until(self, clip: str, until: Ns | None) -> bool:
        """Set the end of a clip that is recorded or waits; False where there is no such clip."""
        part = self._part
        if part is not None and part.want.clip == clip:
            part.want = replace(part.want, until=until)
            if self._engine is not None and not part.stopping:
                self._hold(self._engine, part)
            return True
        for at, want in enumerate(self._waiting):
            if want.clip == clip:
                self._waiting[at] = replace(want, until=until)
                return True
        return False

    def _wake(self) -> None:
        """Have `_proceed` called by GLib's main loop; any thread, no lock."""
        if not self._awake:
            self._awake = True
            GLib.idle_add(self._woken)

    def _woken(self) -> bool:
        self._awake = False
        with self._lock:
            self._retrying = False
            if not self._closed:
                self._proceed()
        self._outbox.deliver()
        return False
