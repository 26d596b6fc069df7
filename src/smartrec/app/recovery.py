"""What a recorder that was killed left behind is found and finished at the next start."""

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from smartrec.errors import SmartrecError, StoreError, store_error
from smartrec.media.journal import JournalReader, amend
from smartrec.model import ClipHead, ClipState, Loss
from smartrec.recording.tally import Tally
from smartrec.store.catalog import Catalog, exists
from smartrec.store.files import sha256
from smartrec.store.record import ClipRecord

OPEN: Final = ".open"
"""Directory beside the clips of what is not finished."""
RECORDINGS: Final = "nvdssr"
"""Directory in it of what another recorder makes; it gets its name by a rename."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A journal that no recorder is writing.

    Attributes:
        path: Of the journal, or of a clip that was renamed and not catalogued.
        head: What it holds; final.
        size: Bytes that hold whole pictures.
    """

    path: Path
    head: ClipHead
    size: int


@dataclass(frozen=True, slots=True)
class Gone:
    """A clip that the catalogue believes is being made, and of which nothing can be made."""

    clip_id: str
    why: str


class Pictureless(StoreError):  # noqa: N818 - a condition, as in `smartrec.errors`
    """A journal that was made, and no picture written."""


class Done:
    """All that an earlier recorder left has been reported before this."""


class Recovery(threading.Thread):
    """Examines on a thread of its own: journals of a recorder that was killed may be long.

    Args:
        left: What `left_behind` found.
        clips: The clip directory.
        report: Called on this thread; last with `Done`.
    """

    def __init__(
        self, left: list[Path], clips: Path, report: Callable[[Found | Gone | Done], None]
    ) -> None:
        super().__init__(name="recovery", daemon=True)
        self._left = left
        self._clips = clips
        self._report = report

    def run(self) -> None:
        """See the class."""
        try:
            for item in examine(self._left, self._clips):
                self._report(item)
        except SmartrecError as error:
            log.warning("what an earlier recorder left cannot be read: %s", error)
        finally:
            self._report(Done())


def journals_of(clips: Path, elsewhere: Path | None) -> Path:
    """Directory of the journals of a clip directory.

    Args:
        clips: The clip directory.
        elsewhere: Where journals of any number of recorders may go, instead of beside the clips.
    """
    if elsewhere is None:
        return clips / OPEN
    mark = hashlib.sha256(os.fsencode(os.path.realpath(clips))).hexdigest()[:16]
    return elsewhere / f"smartrec-{mark}"


def left_behind(journals: Path, clips: Path) -> list[Path]:
    """Journals in a directory, oldest first; call it before new ones are begun there.

    What finishers had begun to write, there or beside the clips, is removed: it is made again.

    Raises:
        StoreError: The directories cannot be read.
    """
    try:
        _remove_parts(journals, clips)
        return sorted(journals.glob("*.mkv"))
    except OSError as error:
        raise store_error(journals, "cannot read", error) from error


def _remove_parts(journals: Path, clips: Path) -> None:
    for directory in {journals, clips / OPEN}:
        for part in directory.glob("*.part"):
            _remove(part)
    _remove_recordings(clips / OPEN / RECORDINGS)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s is left as it is: %s", path, error.strerror)


def _remove_recordings(directory: Path) -> None:
    """What another recorder had begun or made: their journals make those clips."""
    try:
        for path in directory.glob("*"):
            path.unlink(missing_ok=True)
        if directory.exists():
            directory.rmdir()
    except OSError as error:
        log.warning("%s is left as it is: %s", directory, error)


def examine(journals: list[Path], clips: Path) -> Iterator[Found | Gone]:
    """What there is to finish; what is no journal is left alone and logged."""
    records = _records(clips)  # first: what begins from now on was left by nobody
    seen: set[str] = set()
    unread: dict[str, str] = {}
    for path in journals:
        if (one := _found(path, unread)) is None:
            continue
        if _is_seen_to(path, one.head, records.get(one.head.clip_id), seen):
            continue
        seen.add(one.head.clip_id)
        yield one
    for record in records.values():
        if record.clip_id in seen or not (record.open or record.state is ClipState.FAILED):
            continue
        if (renamed := _renamed(record, clips)) is not None:
            yield renamed
        elif record.open:
            yield Gone(record.clip_id, unread.get(record.file_name, "its journal is gone"))


def _found(path: Path, unread: dict[str, str]) -> Found | None:
    try:
        return found(path)
    except Pictureless as error:
        unread[path.stem] = str(error)
        _remove(path)
    except (StoreError, OSError) as error:
        log.warning("%s is left as it is: %s", path, error)
        unread[path.stem] = str(error)
    return None


def _records(clips: Path) -> dict[str, ClipRecord]:
    """Clips that the catalogue knows, by id; journals need no catalogue."""
    if not exists(clips):
        return {}
    try:
        with Catalog.open(clips, create=False) as catalog:
            return {record.clip_id: record for record in catalog.clips(trash=None)}
    except StoreError as error:
        log.warning("clips that an earlier recorder left cannot be looked up: %s", error)
        return {}


def _is_seen_to(
    path: Path, head: ClipHead, record: ClipRecord | None, seen: Container[str]
) -> bool:
    """Whether a journal's clip needs it no more: another is its, or it is finished and whole."""
    if head.clip_id in seen or (record is not None and _holds_more(record, head)):
        log.warning("%s is left as it is: a copy of a journal that was seen to", path)
        return True
    if record is None:
        return False
    if path.stem == record.file_name and _holds_all(record, head):
        _remove(path)  # the recorder was killed before it could
        return True
    return False


def _holds_more(record: ClipRecord, head: ClipHead) -> bool:
    """Whether a finished clip would lose pictures if it were made anew from this journal."""
    finished = record.sha256 is not None and record.path is not None and record.path.is_file()
    return finished and (record.expected or 0) > head.expected


def _holds_all(record: ClipRecord, head: ClipHead) -> bool:
    """Whether a finished clip is as its row says, so that making it anew would only change it."""
    if record.path is None or record.expected != head.expected or not record.path.is_file():
        return False
    try:
        return sha256(record.path) == record.sha256
    except StoreError as error:
        log.warning("%s is made anew: %s", record.path, error)
        return False


def _renamed(record: ClipRecord, clips: Path) -> Found | None:
    """A journal that had become the clip already when the recorder was killed."""
    path = clips / f"{record.file_name}.mkv"
    if not path.exists():
        return None
    try:
        one = found(path)
    except (StoreError, OSError) as error:
        log.warning("%s has the name of a clip that is not finished: %s", path, error)
        return None
    return one if one.head.clip_id == record.clip_id else None


def found(path: Path) -> Found:
    """Read a journal that was cut off, and write into it how it ended.

    Raises:
        Pictureless: There is nothing in it but its head.
        StoreError: It is no journal, or holds no picture of its clip.
    """
    reader = JournalReader(path)
    try:
        tally = Tally(reader.head.start)
        seq = None
        for unit in reader.read():
            gap = 0 if seq is None else unit.seq - seq - 1
            tally.see(unit, reader.head.end, evicted=max(0, gap - unit.lost_before))
            seq = unit.seq
        head, size = reader.head, reader.position
        empty = seq is None and not reader.torn
    finally:
        reader.close()
    if empty:
        raise Pictureless(f"the recorder ended before {path} held a picture")
    if tally.first is None:
        raise StoreError(f"{path} holds no picture")
    if head.state is ClipState.RECORDING:
        lost = dict(tally.lost)
        # Whether they were damaged or evicted was known to the recorder that is gone.
        lost[Loss.UNKNOWN] = lost.pop(Loss.RING, 0)
        head = replace(
            head,
            state=ClipState.RECOVERED,
            expected=tally.expected,
            lost={cause.value: count for cause, count in lost.items() if count},
        )
        size = amend(path, head, size)
    return Found(path, head, size)
