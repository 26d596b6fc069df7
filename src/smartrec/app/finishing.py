"""Starts the finishers, feeds them and takes in what they made. Station thread only.

A finisher is a niced child process a clip, a bounded number at once. It follows the journal while
the event lasts, so that the clip is there right after the event. It may crash, hang or be killed:
the journal stays until the clip is verified and catalogued.
"""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from smartrec.app.children import shielded
from smartrec.app.mounts import Disk
from smartrec.errors import DiskGone
from smartrec.media.orders import Recording
from smartrec.model import Finished
from smartrec.units import SECOND, Ns

RETRY_AFTER: Final = Ns(10 * SECOND)
TRIES: Final = 3
"""How often a clip is tried whose finisher fails for another reason than the disk."""
SILENT: Final = Ns(300 * SECOND)
"""How long a finisher may say nothing of a whole journal: a slow disk is waited for."""
_OF_THE_DISK: Final = ("DiskFull", "DiskGone", "DiskReadOnly")
"""Such failures say nothing against the clip: it is tried for as long as it takes."""
_NICE: Final = 10
_TELL_EVERY: Final = Ns(SECOND // 5)
_ANSWER_LIMIT: Final = 1_000_000
_TOLD_ALL: Final = -2
_COMMAND: Final = (
    sys.executable,
    "-c",
    # Unlike -m, without the directory where the user happens to stand and what lies there.
    "import sys; sys.path[:] = filter(None, sys.path);"
    "from smartrec.media.finish import main; sys.exit(main())",
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """A finisher ended.

    Attributes:
        clip_id: Whose.
        finished: What it made, or None.
        error: Name of the error class where it made nothing.
        message: Why it made nothing.
        declined: Why it did not take the recording that it was offered.
        there: Whether there is a journal still, or the clip that it became.
    """

    clip_id: str
    finished: Finished | None
    error: str = ""
    message: str = ""
    declined: str = ""
    there: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """How clips are to be finished: the fields of the finisher's job line beside the journal.

    Attributes:
        clips: Directory of the finished clips.
        format: ``"mp4"`` or ``"copy"``.
        encoder: A recipe's name or ``"auto"``.
        quality: Constant quality, 0 (best) to 51.
        disks: Of the clips, then of the journals: while one is gone, clips wait for it.
    """

    clips: Path
    format: str = "mp4"
    encoder: str = "auto"
    quality: int = 23
    disks: tuple[Disk, ...] = ()


@dataclass(slots=True)
class _Job:
    clip_id: str
    journal: Path
    readable: int = 0
    closed: bool = False
    tries: int = 0
    not_before: int = 0
    child: "_Child | None" = None
    told: int = -1
    told_at: int = 0
    heard: int = 0
    heard_at: int = 0
    no_room: bool = False
    recording: Recording | None = None


class Finishers:
    """All clips that are being finished, oldest first.

    Args:
        order: How; see `apply`.
        limit: How many at once.
        report: Called on a thread of its own with each `Made`.
    """

    def __init__(self, order: Order, limit: int, report: Callable[[Made], None]) -> None:
        self._order = order
        self._limit = limit
        self._report = report
        self._jobs: dict[str, _Job] = {}
        self._held: set[str] = set()
        self._offered: dict[str, Recording] = {}

    def apply(self, order: Order, limit: int) -> None:
        """Finish those that are begun from now on like this; a running finisher goes on as it is.

        So what an encoder failed at is tried with the one that is set instead.
        """
        self._order, self._limit = order, limit

    @property
    def backlog(self) -> int:
        """Clips that are not finished yet."""
        return len(self._jobs)

    @property
    def signs(self) -> int:
        """Changes with whatever a running finisher says."""
        return sum(job.child.heard for job in self._jobs.values() if job.child is not None)

    @property
    def out_of_room(self) -> bool:
        """Whether there is something left, and all of it waits for a disk, or for room on it."""
        jobs = self._jobs.values()
        return bool(jobs) and all(job.no_room and job.child is None for job in jobs)

    def knows(self, clip_id: str) -> bool:
        """Whether a clip is to be finished."""
        return clip_id in self._jobs

    @property
    def recordings(self) -> set[Path]:
        """Files that clips are to be made of."""
        waiting = (job.recording for job in self._jobs.values())
        return {each.path for each in (*waiting, *self._offered.values()) if each is not None}

    def begin(self, clip_id: str, journal: Path) -> None:
        """A journal exists that shall become a clip."""
        self._jobs[clip_id] = _Job(clip_id, journal, recording=self._offered.pop(clip_id, None))

    def hold(self, clip_id: str) -> None:
        """Do not begin with a clip before `release`: another recorder may make it."""
        self._held.add(clip_id)

    def release(self, clip_id: str, recording: Recording | None) -> None:
        """Begin with a clip that was held.

        Args:
            clip_id: Its journal may come later.
            recording: What another recorder made of it: it becomes the clip if it is as good as
                the journal.
        """
        self._held.discard(clip_id)
        if clip_id in self._jobs:
            self._jobs[clip_id].recording = recording
        elif recording is not None:
            self._offered[clip_id] = recording

    def readable(self, clip_id: str, size: int) -> None:
        """The journal may be read up to `size`."""
        self._jobs[clip_id].readable = size

    def closed(self, clip_id: str, size: int) -> None:
        """The journal is whole, and `size` long."""
        job = self._jobs[clip_id]
        job.readable, job.closed = size, True

    def turn(self, now: Ns) -> None:
        """Start what may start; tell the running ones what is new."""
        running = sum(job.child is not None for job in self._jobs.values())
        for job in self._jobs.values():
            if job.child is not None:
                self._tell(job, now)
                self._listen(job, job.child, now)
            elif job.clip_id in self._held:
                continue
            elif running < self._limit and now >= job.not_before:
                self._start(job, now)
                running += job.child is not None

    def take(self, made: Made, now: Ns) -> bool:
        """A finisher ended; say whether the clip is settled, made or not, or tried again later."""
        job = self._jobs[made.clip_id]
        if job.child is not None:
            job.child.hang_up()
        job.child, job.told = None, -1
        if made.finished is None:
            job.no_room = made.error in _OF_THE_DISK
            job.tries += not job.no_room
            job.recording = None  # a finisher may have died of it; what is left goes at a start
            # Nor is one given up that is still being recorded.
            if not job.closed or (job.tries < TRIES and made.there):
                job.not_before = Ns(now + RETRY_AFTER)
                return False
        del self._jobs[made.clip_id]
        return True

    def leave_open(self) -> None:
        """Let those end whose journals will not be closed any more; the next start closes them."""
        for job in [job for job in self._jobs.values() if not job.closed]:
            if job.child is not None:
                job.child.abandon()
            del self._jobs[job.clip_id]

    def stop(self) -> None:
        """Let the finishers end without a clip; the next start begins them anew."""
        for job in self._jobs.values():
            if job.child is not None:
                job.child.abandon()

    def _start(self, job: _Job, now: Ns) -> None:
        line: dict[str, object] = {
            "journal": str(job.journal),
            "clips": str(self._order.clips),
            "format": self._order.format,
            "encoder": self._order.encoder,
            "quality": self._order.quality,
        }
        if self._order.disks:
            line["device"] = self._order.disks[0].device
        if job.recording is not None:
            line["recording"] = {**asdict(job.recording), "path": str(job.recording.path)}
        try:
            job.child = _Child(job, self._order, self._report)
        except OSError as error:
            log.warning("no finisher can be started now: %s", error)
            job.not_before = Ns(now + RETRY_AFTER)
            return
        job.child.start()
        job.child.tell(line)
        job.heard_at = now

    def _tell(self, job: _Job, now: Ns) -> None:
        assert job.child is not None
        if job.closed:
            if job.told != _TOLD_ALL and job.child.tell({"closed": job.readable}):
                job.told = _TOLD_ALL
        elif job.readable > job.told and now - job.told_at >= _TELL_EVERY:
            job.told_at = now
            if job.child.tell({"readable": job.readable}):
                job.told = job.readable

    def _listen(self, job: _Job, child: "_Child", now: Ns) -> None:
        """End one that hangs: it fails like any other, and is tried again."""
        if not job.closed or child.heard != job.heard:
            job.heard, job.heard_at = child.heard, now
        elif now - job.heard_at > SILENT:
            job.heard_at = now
            silence = SILENT // SECOND
            log.warning("the finisher of %s says nothing for %d s: ended", job.journal, silence)
            child.kill()


class _Child(threading.Thread):
    """One finisher process; the thread waits for its answer.

    Attributes:
        heard: How many lines it has said.
    """

    def __init__(self, job: _Job, order: Order, report: Callable[[Made], None]) -> None:
        super().__init__(name="finisher", daemon=True)
        self._disks = order.disks
        self.heard = 0
        self._clip_id = job.clip_id
        self._files = job.journal, order.clips / job.journal.name
        self._report = report
        with shielded():
            self._process = subprocess.Popen(
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                close_fds=True,
            )
        # At once: it starts while the pre-roll is written, and its start alone takes half a second.
        own = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, self._process.pid, min(19, own + _NICE))
        assert self._process.stdin is not None
        self._stdin = self._process.stdin.fileno()
        os.set_blocking(self._stdin, False)

    def tell(self, line: dict[str, object]) -> bool:
        """Send one line unless the child does not read; a child that is gone is told later."""
        try:
            os.write(self._stdin, json.dumps(line).encode() + b"\n")
        except BlockingIOError:
            return False
        except BrokenPipeError:
            log.debug("the finisher of %s is gone", self._clip_id)
        return True

    def kill(self) -> None:
        """End it; it is reported as one that died."""
        self._process.kill()

    def abandon(self) -> None:
        """End it; what it had begun to write is removed at the next start."""
        self.kill()
        self.hang_up()

    def hang_up(self) -> None:
        """Close the way to it, on the thread that tells: its number is another file's at once."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def run(self) -> None:
        """See the class."""
        assert self._process.stdout is not None
        last: dict[str, object] = {}
        declined = ""
        for line in iter(lambda: self._process.stdout.readline(_ANSWER_LIMIT), b""):  # type: ignore[union-attr]
            self.heard += 1
            last = self._understood(line) or last
            declined = str(last.get("declined", declined))
        status = self._process.wait()
        self._process.stdout.close()
        there = any(map(os.path.lexists, self._files))
        made = replace(self._made(last, status), declined=declined, there=there)
        self._report(made if made.finished else self._explained(made))

    def _explained(self, made: Made) -> Made:
        """Behind any failure may be a disk that is gone, with journals that come back with it."""
        try:
            for disk in self._disks:
                disk.check()
        except DiskGone as error:
            return replace(made, error="DiskGone", message=str(error), there=True)
        return made

    def _understood(self, line: bytes) -> dict[str, object] | None:
        try:
            answer = json.loads(line)
        except ValueError:
            log.warning("the finisher said something strange: %r", line[:200])
            return None
        return answer if isinstance(answer, dict) and "progress" not in answer else None

    def _made(self, answer: dict[str, object], status: int) -> Made:
        if status == 0 and isinstance(finished := answer.get("finished"), dict):
            try:
                return Made(self._clip_id, Finished(**finished))
            except TypeError as error:  # smartrec was updated under a running recorder
                return Made(self._clip_id, None, "FinisherDiffers", str(error))
        failed = answer.get("failed")
        if isinstance(failed, dict):
            return Made(self._clip_id, None, str(failed.get("error")), str(failed.get("message")))
        return Made(self._clip_id, None, "FinisherDied", f"the finisher ended with status {status}")
