"""Makes a clip of a journal, as a child process of its own: ``python -m smartrec.media.finish``.

    stdin   {"journal": ..., "clips": ..., "format": "mp4" | "copy", "encoder": ..., ...}   first
            {"readable": N}     the journal is whole up to byte N; any number of times
            {"closed": N}       and will not grow any more
    stdout  {"progress": pictures}                           at most twice a second
            {"finished": {...}} or {"failed": {...}}         last
    exit    0 finished, 1 failed, 3 the recorder died first; only then and when failed is there
            nothing but the journal left

Follow journal -> write -> hide what is outside the interval -> count -> fsync -> name -> fsync ->
sum -> thumbnail -> report. The journal of an MP4 is left for the recorder to delete, once the clip
is in the catalogue. It may be finished twice: the clip replaces itself.
"""

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from smartrec.errors import ClipDamaged, SmartrecError
from smartrec.media.encode import Progress, write_mp4
from smartrec.media.journal import JournalReader, JournalWriter, finalise, store_error
from smartrec.media.orders import Abandoned, Job, Orders, Report
from smartrec.media.proof import prove
from smartrec.media.publish import digest, publish
from smartrec.media.thumbnail import make_thumbnail
from smartrec.model import AccessUnit, ClipHead, Codec, Finished
from smartrec.units import Ns

EXIT_ABANDONED: Final = 3
_BATCH: Final = 30


def finish(job: Job, orders: Orders, progress: Progress) -> Finished:
    """Make the clip; returns when it has its name and is on the device.

    Raises:
        Abandoned: The recorder died before the journal was closed.
        SmartrecError: It cannot be made; the journal is as it was, and nothing else is left.
    """
    with _alone(job.journal):
        reader = JournalReader(job.journal)
        reader.close()
        copied = job.format == "copy" and reader.head.format.codec is Codec.JPEG
        name = reader.head.file_name
        part = _beside(job) / f"{name}{'.mkv' if copied else '.mp4'}.part"
        try:
            return _copy(job, orders, part) if copied else _make(job, orders, part, progress)
        except OSError as error:
            raise store_error(part, "cannot write", error) from error
        finally:
            part.unlink(missing_ok=True)


def _beside(job: Job) -> Path:
    """Where to write so that a rename makes the clip: the journal may be on a tmpfs."""
    if job.journal.stat().st_dev == job.clips.stat().st_dev:
        return job.journal.parent
    directory = job.clips / ".open"
    directory.mkdir(exist_ok=True)
    return directory


def _make(job: Job, orders: Orders, part: Path, progress: Progress) -> Finished:
    written = write_mp4(job, orders, part, progress)
    head = written.head
    proof = prove(part, head, written.fed, written.first)
    path = publish(part, job.clips / f"{head.file_name}.mp4", head.clip_id)
    return Finished(
        path=str(path),
        thumbnail=_thumbnail(job.journal, head, path),
        frames_written=proof.frames,
        first_pts=proof.first,
        last_pts=proof.last,
        lost=proof.lost,
        bytes=path.stat().st_size,
        sha256=digest(path),
        encoder=written.encoder,
        duration=proof.duration,
    )


def _copy(job: Job, orders: Orders, part: Path) -> Finished:
    """The journal itself becomes the clip, unless it holds more than the interval."""
    while not orders.closed:
        orders.poll(None)
    far = part.parent != job.journal.parent
    source = part if _cut_out(job.journal, part, always=far) else job.journal
    finalise(source)
    reader = JournalReader(source)
    pictures = [(unit.pts, unit.duration) for unit in reader.read()]
    reader.close()
    if not pictures:
        raise ClipDamaged(f"The journal {job.journal} holds no picture of its interval")
    head = reader.head
    path = publish(source, job.clips / f"{head.file_name}.mkv", head.clip_id)
    thumbnail = _thumbnail(path, head, path)
    job.journal.unlink(missing_ok=True)
    (first, _), (last, shown) = pictures[0], pictures[-1]
    return Finished(
        path=str(path),
        thumbnail=thumbnail,
        frames_written=len(pictures),
        first_pts=first,
        last_pts=last,
        lost={},
        bytes=path.stat().st_size,
        sha256=digest(path),
        encoder="copy",
        duration=Ns(last + shown - first),
    )


def _cut_out(journal: Path, part: Path, *, always: bool) -> bool:
    """Write the interval's pictures to a journal of their own, if there are others too."""
    reader = JournalReader(journal)
    try:
        everything = sum(1 for _ in reader.read())
        head = reader.head
        reader.rewind()
        if not always and sum(1 for _ in _inside(reader, head)) == everything:
            return False
        reader.rewind()
        part.unlink(missing_ok=True)
        writer = JournalWriter(part, head)
        pictures = _inside(reader, head)
        while batch := tuple(islice(pictures, _BATCH)):
            writer.write(batch)
        writer.close(head)
    finally:
        reader.close()
    return True


def _inside(reader: JournalReader, head: ClipHead) -> Iterator[AccessUnit]:
    return (unit for unit in reader.read() if head.start <= unit.pts < head.end)


def _thumbnail(pictures: Path, head: ClipHead, clip: Path) -> str | None:
    """A clip without a thumbnail is still a clip: whatever fails here is only told."""
    path = clip.with_suffix(".jpg")
    reader = JournalReader(pictures)
    try:
        made = make_thumbnail(reader.read(), head, path)
    except (SmartrecError, OSError) as error:
        sys.stderr.write(f"no thumbnail of {clip}: {error}\n")
        path.unlink(missing_ok=True)
        made = False
    finally:
        reader.close()
    return str(path) if made else None


@contextmanager
def _alone(journal: Path) -> Iterator[None]:
    """Wait for a finisher whose recorder died, which leaves as soon as it notices."""
    try:
        fd = os.open(journal, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise store_error(journal, "cannot read", error) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def main() -> int:
    """Serve one job; returns the exit status."""
    # Ctrl-C in a terminal reaches every process of it, and this one has a clip to finish.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    report, orders = Report(), Orders(0)
    try:
        job = orders.job()
        os.nice(job.nice)
        report.finished(finish(job, orders, report.progress))
    except Abandoned:
        return EXIT_ABANDONED
    except SmartrecError as error:
        report.failed(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
