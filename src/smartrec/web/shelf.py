"""Which file of a clip may be given to a browser, and no other, whatever the catalogue says."""

import errno
import os
import re
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

from smartrec.errors import NoSuchClip, store_error
from smartrec.media.journal import open_regular
from smartrec.model import ClipState, Codec
from smartrec.store.files import lies_in
from smartrec.store.record import ClipRecord

MIME: Final = {".mp4": "video/mp4", ".mkv": "video/x-matroska", ".jpg": "image/jpeg"}

_GONE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL, errno.ENXIO)
"""Not there, or no regular file."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Opens files of clips. Any thread.

    A file must lie below its directory, links followed, be called as its clip, and be no link
    itself: a spoilt catalogue may name any file.

    Attributes:
        clips: Directory of the clips.
        journals: Directory of the journals; None where that is not known.
    """

    clips: Path
    journals: Path | None

    def footage(self, clip: ClipRecord) -> Path:
        """The clip, or its journal until it is finished; it need not be there.

        Raises:
            NoSuchClip: There is none, or it is not the clip's.
        """
        if clip.path is None:
            raise NoSuchClip(f"{clip.file_name} has no file", hint="It holds no picture.")
        within, path = [self.clips], clip.path
        if not is_journal(clip):
            return _checked(clip, path, "mp4|mkv", within)
        if self.journals is not None:
            within.append(self.journals)
        became = self.clips / path.name
        if not path.exists() and became.exists():  # a moment before the catalogue is told of it
            path = became
        return _checked(clip, path, "mkv", within)

    def thumbnail(self, clip: ClipRecord) -> Path:
        """A JPEG of the clip; what is there is not asked.

        Raises:
            NoSuchClip: There is none, or it is not the clip's.
        """
        if clip.thumbnail is None:
            raise NoSuchClip(
                f"{clip.file_name} has no thumbnail",
                hint="It gets one when it is finished."
                if clip.open
                else "No picture could be decoded, or there was no room for one.",
            )
        return _checked(clip, clip.thumbnail, "jpg", [self.clips])


def is_journal(clip: ClipRecord) -> bool:
    """Whether all there is of a clip is its journal."""
    return clip.open or clip.state is ClipState.FAILED


def holds_jpegs(clip: ClipRecord) -> bool:
    """Whether the file of a clip is JPEGs, one after the other, which no browser plays."""
    return clip.codec == Codec.JPEG.value and clip.path is not None and clip.path.suffix == ".mkv"


def opened(path: Path) -> tuple[FileIO, os.stat_result]:
    """A file that was checked, and what it is at this moment.

    Raises:
        NoSuchClip: It is gone.
        StoreError: It cannot be read.
    """
    try:
        file = open_regular(path)
        return file, os.fstat(file.fileno())
    except OSError as error:
        if error.errno in _GONE:
            raise NoSuchClip(f"{path.name} is gone", hint="Somebody deleted the file.") from error
        raise store_error(path, "cannot read", error) from error


def _checked(clip: ClipRecord, path: Path, suffixes: str, within: list[Path]) -> Path:
    named = re.fullmatch(rf"{re.escape(clip.file_name)}(-[0-9]+)?\.({suffixes})", path.name)
    if named is None or not any(lies_in(path, each) for each in within):
        raise NoSuchClip(
            f"what the catalogue names is no file of clip {clip.clip_id}",
            hint="Look at it by hand: smartrec clips show.",
        )
    return path
