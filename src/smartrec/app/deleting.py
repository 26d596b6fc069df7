"""Deletes clips so that an interruption at any moment leaves no half of one: mark, files, rows.

Whoever is interrupted leaves marks; the recorder finishes those at its next start (`complete`).
"""

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from smartrec.errors import DiskFull, StoreError, UsageError
from smartrec.model import ClipState
from smartrec.store import files, keeping
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord


@dataclass(slots=True)
class Outcome:
    """What became of clips that were to go.

    Attributes:
        gone: Those whose files and rows are deleted.
        left: Those whose files could not be, and why; they are as they were if they are whole.
        freed: Bytes of clips whose files were still there.
    """

    gone: list[ClipRecord] = field(default_factory=list)
    left: list[tuple[ClipRecord, StoreError]] = field(default_factory=list)
    freed: int = 0


def delete(
    catalog: Catalog, clip_ids: Sequence[str], still_trashed: Collection[str] = ()
) -> Outcome:
    """Delete clips, but none that is pinned or worked on, were it since a moment ago.

    Args:
        catalog: Of the clips.
        clip_ids: Which.
        still_trashed: Those of them that stay where somebody has restored them.

    Raises:
        StoreError: The catalogue cannot be written; `complete` does what is left.
    """
    try:
        marked = keeping.mark(catalog, clip_ids, still_trashed)
    except DiskFull:  # not even room for a mark: one clip without makes it
        delete_unmarked(catalog, clip_ids[0])
        marked = keeping.mark(catalog, clip_ids, still_trashed)
    return complete(catalog, marked)


def complete(catalog: Catalog, only: Collection[str] | None = None) -> Outcome:
    """Delete files and rows of clips that are marked.

    Args:
        catalog: Of the clips.
        only: Of these alone; None means every one, for the start.

    Raises:
        StoreError: The catalogue cannot be written; it may be called again.
    """
    outcome = Outcome()
    for clip in catalog.marked():
        if only is None or clip.clip_id in only:
            _delete_files(catalog, clip, outcome)
    keeping.forget(catalog, [clip.clip_id for clip in outcome.gone])
    return outcome


def delete_unmarked(catalog: Catalog, clip_id: str) -> None:
    """Delete files where there is no room for a mark; call `delete` as soon as there is.

    A kill in between leaves a row without a file.

    Raises:
        StoreError: They cannot be deleted.
    """
    try:
        clip = catalog.clip(clip_id, trash=None)
    except UsageError:  # somebody else did
        return
    if not (clip.pinned or clip.open):
        _remove(clip, catalog.directory)


def is_there(clip: ClipRecord) -> bool:
    """Whether a clip's file, or journal, has a name."""
    return clip.path is not None and os.path.lexists(clip.path)


def is_journal_of(clip: ClipRecord, path: Path) -> bool:
    """Whether a file is this clip's, or gone: a spoilt catalogue may name any file."""
    from smartrec.media.journal import JournalReader  # late: only clips that failed need it

    if not os.path.lexists(path):
        return True
    try:
        reader = JournalReader(path)
    except StoreError:
        return False
    reader.close()
    return reader.head.clip_id == clip.clip_id


def _delete_files(catalog: Catalog, clip: ClipRecord, outcome: Outcome) -> None:
    there = is_there(clip)
    try:
        _remove(clip, catalog.directory)
    except StoreError as error:
        outcome.left.append((clip, error))
        if is_there(clip):
            keeping.unmark(catalog, clip.clip_id)
    else:
        outcome.gone.append(clip)
        outcome.freed += (clip.bytes or 0) * there


def _remove(clip: ClipRecord, directory: Path) -> None:
    """The clip first: a thumbnail alone is nothing that anybody misses."""
    if clip.path is not None:
        # The journal of a clip that failed may be elsewhere: recording.journal_dir.
        journal = clip.state is ClipState.FAILED and is_journal_of(clip, clip.path)
        if not journal:
            _refuse_other(clip, clip.path, "mp4|mkv")
        files.remove(clip.path, within=clip.path.parent if journal else directory)
    if clip.thumbnail is not None:
        _refuse_other(clip, clip.thumbnail, "jpg")
        files.remove(clip.thumbnail, within=directory)


def _refuse_other(clip: ClipRecord, path: Path, suffixes: str) -> None:
    """A spoilt catalogue may name the user's own files beside the clips, or the catalogue."""
    if not re.fullmatch(rf"{re.escape(clip.file_name)}(-[0-9]+)?\.({suffixes})", path.name):
        raise StoreError(
            f"will not delete {path}: it is no file of clip {clip.clip_id}",
            hint="Delete it by hand.",
        )
