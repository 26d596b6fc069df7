"""Makes a clip of a journal, as a child process of its own: ``python -m smartrec.media.finish``.

    stdin   {"journal": ..., "clips": ..., "format": "mp4" | "copy", "encoder": ..., ...}   first;
            with "recording": {...}, a file that becomes the clip if it is as good
            {"readable": N}     the journal is whole up to byte N; any number of times
            {"closed": N}       and will not grow any more
    stdout  {"progress": pictures}                           at most twice a second
            {"declined": why}                                the recording was not, and is removed
            {"finished": {...}} or {"failed": {...}}         last
    exit    0 finished, 1 failed, 3 the recorder died first; only then and when failed is there
            nothing but the journal left

Follow journal -> write -> hide what is outside the interval -> count -> add the sound -> fsync ->
name -> fsync -> sum -> thumbnail -> report. A journal that did not become the clip itself is left
for the recorder to delete, once the clip is in the catalogue. It may be finished twice: the clip
replaces itself.
"""

import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Final

from smartrec.errors import ClipDamaged, DiskGone, SmartrecError, store_error
from smartrec.graph.recipes import Role, choose
from smartrec.media import sound_track
from smartrec.media.adopt import ENCODER, adopt
from smartrec.media.encode import Progress, write_mp4
from smartrec.media.gst import reaches_ready
from smartrec.media.journal import JournalReader, JournalWriter, SoundAt
from smartrec.media.journal_index import finalise
from smartrec.media.orders import Abandoned, Job, Orders, Recording, Report
from smartrec.media.proof import Fed, Proof, prove
from smartrec.media.publish import digest, publish, remove_twin
from smartrec.media.sound_encoder import SoundEncoder
from smartrec.media.thumbnail import make_thumbnail
from smartrec.model import AccessUnit, ClipHead, ClipState, Codec, Finished
from smartrec.recording.sound import SoundChunk, time_of
from smartrec.recording.sound_line import SoundLine
from smartrec.units import Ns

EXIT_ABANDONED: Final = 3
_BATCH: Final = 30


@dataclass(slots=True)
class Work:
    """One clip on its way through the steps; each step fills in what the next ones need.

    Attributes:
        job: What is asked.
        orders: How far the journal may be read.
        progress: Told how many pictures are done.
        part: Where to write.
        head: The journal's, the last one once it is closed.
        written: The file that shall become the clip.
        proof: What it shows.
        encoder: What made it.
        sound: Where the journal has sound.
        silent: How much of the clip has none; None where none is recorded.
        clip: The finished file.
        thumbnail: A JPEG of it, if one could be made.
    """

    job: Job
    orders: Orders
    progress: Progress
    part: Path
    head: ClipHead
    written: Path
    proof: Proof | None = None
    encoder: str = "copy"
    sound: list[SoundAt] = field(default_factory=list)
    silent: Ns | None = None
    clip: Path | None = None
    thumbnail: Path | None = None


Step = Callable[[Work], None]


def _say_nothing(_why: str) -> None:
    pass


def finish(
    job: Job,
    orders: Orders,
    progress: Progress,
    declined: Callable[[str], None] = _say_nothing,
) -> Finished:
    """Make the clip; returns when it has its name and is on the device.

    Args:
        job: What is asked.
        orders: How far the journal may be read.
        progress: Told how many pictures are done.
        declined: Told why the recording that was offered is not taken.

    Raises:
        Abandoned: The recorder died before the journal was closed.
        SmartrecError: It cannot be made; the journal is as it was, and nothing else is left.
    """
    job = replace(job, journal=_journal_of(job))
    with _alone(job.journal):
        reader = JournalReader(job.journal)
        reader.close()
        copied = job.format == "copy" and reader.head.format.codec is Codec.JPEG
        part = _beside(job) / f"{reader.head.file_name}{'.mkv' if copied else '.mp4'}.part"
        work = Work(job, orders, progress, part, reader.head, written=part)
        if job.recording is not None:
            offered = replace(work, part=part.with_suffix("").with_suffix(".mp4.part"))
            if (adopted := _adopted(offered, job.recording, declined)) is not None:
                return adopted
        try:
            if not copied:
                part.touch()  # GStreamer has one word for whatever keeps a file from being opened
            for step in COPY_STEPS if copied else MP4_STEPS:
                step(work)
            return _finished(work)
        except OSError as error:
            raise store_error(part, "cannot write", error) from error
        finally:
            with suppress(OSError):  # the next start removes it
                part.unlink(missing_ok=True)


def _journal_of(job: Job) -> Path:
    """The journal, or the clip it became by the hand of a finisher that died of its next step."""
    clip = job.clips / job.journal.name
    return clip if clip.exists() and not job.journal.exists() else job.journal


def _adopted(work: Work, recording: Recording, declined: Callable[[str], None]) -> Finished | None:
    """The clip made of the recording; None where that is not good enough, or not there."""
    work.written, work.encoder = recording.path, ENCODER
    try:
        for step in ADOPT_STEPS:
            step(work)
        return _finished(work)
    except (SmartrecError, OSError) as error:  # whatever it is, there is the journal
        declined(str(error))
        with suppress(OSError):
            recording.path.unlink(missing_ok=True)
    return None


def _beside(job: Job) -> Path:
    """Where to write so that a rename makes the clip: the journal may be on a tmpfs."""
    try:
        device = job.clips.stat().st_dev
        if job.device not in (None, device):
            raise DiskGone(f"the disk of {job.clips} is gone: another one is there")
        if job.journal.stat().st_dev == device:
            return job.journal.parent
        directory = job.clips / ".open"
        directory.mkdir(exist_ok=True)
    except OSError as error:
        raise store_error(job.clips, "cannot write to", error) from error
    return directory


def make_mp4(work: Work) -> None:
    """Encode or remux while the journal grows; then hide and count what the file shows."""
    made = write_mp4(work.job, work.orders, work.part, work.progress)
    work.head, work.encoder, work.sound = made.head, made.encoder, made.sound
    work.proof = prove(work.part, made.head, made.fed, made.first)


def take_recording(work: Work) -> None:
    """A file recorded beside the journal becomes the clip: nothing is encoded once more."""
    recording = work.job.recording
    assert recording is not None
    while not work.orders.closed:
        work.orders.poll(None)
    reader = JournalReader(work.job.journal)
    try:
        given = [Fed(unit.pts, unit.duration) for unit in reader.read() if not unit.damaged]
        work.head, work.sound = reader.head, reader.sound
    finally:
        reader.close()
    work.proof = adopt(recording, work.head, given)


def add_sound(work: Work) -> None:
    """Sound beside the pictures, wherever they came from: what Smart Record makes has none."""
    if work.head.sound is None:
        return
    line = _sound_line(work)
    if line.silent == line.samples:
        return
    encoder = SoundEncoder(choose(Role.ENCODE_SOUND, usable=reaches_ready))
    reader = JournalReader(work.job.journal)
    try:
        data = (reader.chunk(at).data for at in work.sound)
        sound_track.add_sound(work.written, encoder, line.lay(data), line.samples)
    finally:
        reader.close()


def _sound_line(work: Work) -> SoundLine:
    """The clip's sound from its first picture to the end of its last; notes what is silent."""
    assert work.proof is not None
    stamps = [(at.pts, at.samples) for at in work.sound]
    line = SoundLine(stamps, work.proof.first, work.proof.duration)
    work.silent = min(time_of(line.silent), work.proof.duration)
    return line


def take_journal(work: Work) -> None:
    """The journal itself becomes the clip, unless it holds more than the interval."""
    job = work.job
    while not work.orders.closed:
        work.orders.poll(None)
    far = work.part.parent != job.journal.parent
    work.written = work.part if _cut_out(job.journal, work.part, always=far) else job.journal
    finalise(work.written)
    reader = JournalReader(work.written)
    pictures = [(unit.pts, unit.duration) for unit in reader.read()]
    reader.close()
    if not pictures:
        raise ClipDamaged(f"The journal {job.journal} holds no picture of its interval")
    work.head, work.sound = reader.head, reader.sound
    (first, _), (last, shown) = pictures[0], pictures[-1]
    work.proof = Proof(len(pictures), first, last, Ns(last + shown - first), {})
    if work.head.sound is not None:
        _sound_line(work)


def give_name(work: Work) -> None:
    """The file becomes the clip: whole, on the device, under a name that nothing else has."""
    wanted = work.job.clips / f"{work.head.file_name}{work.part.with_suffix('').suffix}"
    work.clip = publish(work.written, wanted, work.head.clip_id)
    remove_twin(work.clip, work.head.clip_id, work.job.journal)


def make_thumbnail_of(work: Work) -> None:
    """A clip without a thumbnail is still a clip: whatever fails here is only told."""
    assert work.clip is not None
    path = work.clip.with_suffix(".jpg")
    reader = JournalReader(work.job.journal if work.job.journal.exists() else work.clip)
    try:
        made = make_thumbnail(reader.read(), work.head, path)
    except (SmartrecError, OSError) as error:
        sys.stderr.write(f"no thumbnail of {work.clip}: {error}\n")
        path.unlink(missing_ok=True)
        made = False
    finally:
        reader.close()
    work.thumbnail = path if made else None


ADOPT_STEPS: Final[tuple[Step, ...]] = (take_recording, add_sound, give_name, make_thumbnail_of)
MP4_STEPS: Final[tuple[Step, ...]] = (make_mp4, add_sound, give_name, make_thumbnail_of)
COPY_STEPS: Final[tuple[Step, ...]] = (take_journal, give_name, make_thumbnail_of)


def _finished(work: Work) -> Finished:
    assert work.clip is not None
    assert work.proof is not None
    return Finished(
        path=str(work.clip),
        thumbnail=str(work.thumbnail) if work.thumbnail else None,
        frames_written=work.proof.frames,
        first_pts=work.proof.first,
        last_pts=work.proof.last,
        lost=work.proof.lost,
        bytes=work.clip.stat().st_size,
        sha256=digest(work.clip),
        encoder=work.encoder,
        duration=work.proof.duration,
        silent=work.silent,
    )


def _cut_out(journal: Path, part: Path, *, always: bool) -> bool:
    """Write the interval's pictures to a journal of their own, if there are others too."""
    reader = JournalReader(journal)
    try:
        everything = sum(1 for _ in reader.read())
        head = reader.head
        # A sync that failed says nothing of the file any more; a write that hung may still come.
        always = always or head.state is ClipState.DISK_FULL
        reader.rewind()
        if not always and sum(1 for _ in _inside(reader, head)) == everything:
            return False
        reader.rewind()
        part.unlink(missing_ok=True)
        writer = JournalWriter(part, head)
        try:
            for pictures, sound in _batches(reader, head):
                writer.write(pictures, sound)
            writer.close(head)
        finally:
            writer.abandon()
    finally:
        reader.close()
    return True


def _batches(
    reader: JournalReader, head: ClipHead
) -> Iterator[tuple[Sequence[AccessUnit], list[SoundChunk]]]:
    """The interval's pictures, each batch with the sound that lies between them."""
    pictures = _inside(reader, head)
    begin, end, done = None, head.end, 0
    while batch := tuple(islice(pictures, _BATCH)):
        begin = batch[0].pts if begin is None else begin
        yield batch, _cut(reader, done, begin, head.end)
        done = len(reader.sound)
        end = Ns(max(unit.pts + unit.duration for unit in batch))
    if begin is not None:
        yield (), _cut(reader, done, begin, end)


def _cut(reader: JournalReader, done: int, begin: Ns, end: Ns) -> list[SoundChunk]:
    """What was read of the sound but for the first so many chunks."""
    chunks = (reader.chunk(at).within(begin, end) for at in reader.sound[done:])
    return [chunk for chunk in chunks if chunk is not None]


def _inside(reader: JournalReader, head: ClipHead) -> Iterator[AccessUnit]:
    return (unit for unit in reader.read() if head.start <= unit.pts < head.end)


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
    # Ctrl-C in a terminal, its end and a service's stop reach every process of the recorder, which
    # then waits for this one: it has a clip to finish.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    report, orders = Report(), Orders(0)
    try:
        job = orders.job()
        report.finished(finish(job, orders, report.progress, report.declined))
    except Abandoned:
        return EXIT_ABANDONED
    except SmartrecError as error:
        report.failed(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
