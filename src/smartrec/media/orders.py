"""What the recorder and its finisher say to each other: JSON lines over stdin and stdout."""

import json
import os
import select
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from smartrec.errors import SmartrecError
from smartrec.model import Finished
from smartrec.units import Ns

_PROGRESS_EVERY: Final = 0.5


class Abandoned(Exception):  # noqa: N818 - a condition, not an error
    """The recorder is gone; its next start will have the journal finished."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A finished file of a clip, by a recorder of the watch's own.

    Attributes:
        path: MP4, on the file system of the clips.
        began: Pts of its first picture.
        ended: Pts of its last picture, or of that one's end.
        frames: How many went in.
    """

    path: Path
    began: Ns
    ended: Ns
    frames: int


@dataclass(frozen=True, slots=True)
class Job:
    """One clip to finish.

    Attributes:
        journal: The Matroska journal, in ``.open`` beside the clips.
        clips: Where the clip goes; the same file system.
        format: ``"mp4"`` or ``"copy"``.
        encoder: Name of a recipe, or ``"auto"``.
        quality: Constant quantizer of an encode, 0 to 51.
        recording: A file that may be the clip already.
        device: File system (``st_dev``) of `clips`; another one there is the wrong disk.
    """

    journal: Path
    clips: Path
    format: str = "mp4"
    encoder: str = "auto"
    quality: int = 23
    recording: Recording | None = None
    device: int | None = None


def job_of(line: dict[str, object]) -> Job:
    """Read the first line of stdin.

    Raises:
        ValueError: It is no job.
    """
    if not {"journal", "clips"} <= line.keys():
        raise ValueError(f"no job: {line}")
    return Job(
        Path(str(line["journal"])),
        Path(str(line["clips"])),
        str(line.get("format", "mp4")),
        str(line.get("encoder", "auto")),
        int(str(line.get("quality", 23))),
        _recording_of(line.get("recording")),
        device if isinstance(device := line.get("device"), int) else None,
    )


def _recording_of(fields: object) -> Recording | None:
    match fields:
        case {"path": str(path), "began": int(began), "ended": int(ended), "frames": int(frames)}:
            return Recording(Path(path), Ns(began), Ns(ended), frames)
    return None


class Orders:
    """Reads stdin as it comes: a recorder must never block because its finisher is behind.

    Attributes:
        readable: The journal is valid up to this byte.
        closed: No more will be written to it.
    """

    def __init__(self, fd: int) -> None:
        self.readable = 0
        self.closed = False
        self._fd = fd
        self._pending = b""
        self._lines: list[dict[str, object]] = []

    def job(self) -> Job:
        """Wait for the first line.

        Raises:
            Abandoned: There is none.
            ValueError: It is no job.
        """
        while not self._lines:
            self._read()
        job = job_of(self._lines.pop(0))
        self._obey()
        return job

    def poll(self, timeout: float | None) -> None:
        """Take in what was said; wait for something up to `timeout` seconds (None: for ever).

        Raises:
            Abandoned: Stdin ended before the journal was closed.
        """
        if not self.closed and select.select([self._fd], [], [], timeout)[0]:
            self._read()
            self._obey()

    def _read(self) -> None:
        data = os.read(self._fd, 1 << 16)
        if not data:
            raise Abandoned
        *lines, self._pending = (self._pending + data).split(b"\n")
        self._lines += [json.loads(line) for line in lines if line.strip()]

    def _obey(self) -> None:
        for line in self._lines:
            for word in ("readable", "closed"):
                if word in line:
                    self.readable = max(self.readable, int(str(line[word])))
            self.closed = self.closed or "closed" in line
        self._lines = []


class Report:
    """Writes to the recorder; everything else that prints in this process goes to stderr."""

    def __init__(self) -> None:
        self._fd = os.dup(1)
        os.dup2(2, 1)
        self._poll = select.poll()
        self._poll.register(self._fd, 0)
        self._next = 0.0

    def progress(self, frames: int) -> None:
        """Say how many pictures are through; mostly does nothing.

        Raises:
            Abandoned: Nobody reads any more.
        """
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _PROGRESS_EVERY
        if self._poll.poll(0):
            raise Abandoned
        self._write({"progress": frames})

    def declined(self, why: str) -> None:
        """The recording that was offered is not taken: the clip is made of the journal."""
        self._write({"declined": why})

    def finished(self, finished: Finished) -> None:
        """The last word, when it went well."""
        self._write({"finished": asdict(finished)})

    def failed(self, error: SmartrecError) -> None:
        """The last word, when it did not."""
        kind = type(error).__name__
        self._write({"failed": {"error": kind, "message": str(error), "hint": error.hint}})

    def _write(self, line: dict[str, object]) -> None:
        try:
            os.write(self._fd, json.dumps(line).encode() + b"\n")
        except BrokenPipeError as error:
            raise Abandoned from error
