"""Files of clips, as browsers want them. The loop's thread asks; threads of its own read."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import FileIO
from pathlib import Path
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from smartrec.app.page_messages import Setup
from smartrec.errors import CameraError, ClipDamaged, NoSuchClip, StoreError
from smartrec.media.journal import JournalReader
from smartrec.model import StreamFormat
from smartrec.store.record import ClipRecord
from smartrec.units import Ns
from smartrec.web.clip_models import Kind as ClipKind
from smartrec.web.clip_models import Media
from smartrec.web.footage import Footage, JournalIndex, Times
from smartrec.web.growing import Growing, GrowingAnswer
from smartrec.web.pouring import FileAnswer, Kind, Pouring, Room
from smartrec.web.shelf import MIME, Shelf, holds_jpegs, is_journal, opened

MOST_ANSWERS: Final = 48
"""Files that are sent at once."""
FOR_EVER: Final = "private, max-age=31536000, immutable"
_AGAIN: Final = "private, no-cache"
_FOR_LONG: Final = "private, max-age=3600"
_AT_ONCE: Final = 4
_MOST_WAITING: Final = 64
_MOST_THUMBNAIL: Final = 4 << 20
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

_Told = TypeVar("_Told")


class MediaRoom:
    """See the module.

    Args:
        setup: Says where clips and journals are.
        room: For answers that are files.
    """

    def __init__(self, setup: Setup, room: Room | None = None) -> None:
        journals = Path(setup.journals) if setup.journals else None
        self._shelf = Shelf(Path(setup.clips), journals)
        self._footage = Footage()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="footage")
        self._room = room or Room(MOST_ANSWERS)
        self._waiting = 0

    async def described(self, clip: ClipRecord) -> tuple[Media | None, str | None]:
        """What a clip's file is; or why it cannot be shown.

        Raises:
            NoSuchClip: There is none.
        """
        try:
            return await self._ask(self._described, clip), None
        except (CameraError, ClipDamaged, StoreError) as error:
            return None, str(error)

    async def zero(self, clip: ClipRecord) -> Ns:
        """Time of the first picture shown; of where the clip begins where that is not known yet."""
        if clip.first_pts is not None:
            return clip.first_pts
        begin = Ns(clip.start_wall_ns - clip.instant.wall_ns + clip.instant.mono_ns)
        try:
            first = await self._ask(lambda of: self._journal(of).first_pts, clip)
        except (ClipDamaged, NoSuchClip, StoreError):
            return begin
        return begin if first is None else first

    async def times(self, clip: ClipRecord, since: int) -> Times:
        """When the pictures of a clip are shown.

        Raises:
            NoSuchClip: It has no file.
            ClipDamaged: The file is none.
            StoreError: It cannot be read.
        """
        times = await self._ask(lambda of: self._footage.times(self._there(of), since), clip)
        return Times(times.first, times.at_ms, times.complete and not clip.open)

    async def picture(self, clip: ClipRecord, n: int) -> bytes:
        """The n-th JPEG of a clip.

        Raises:
            NoSuchClip: There is none, or none yet.
            StoreError: It cannot be read.
        """
        if not holds_jpegs(clip):
            raise NoSuchClip(
                f"{clip.file_name} is no row of JPEGs", hint="See its video: /clips/…/video."
            )
        found = await self._ask(lambda of: self._footage.picture(self._there(of), n), clip)
        if found is None:
            raise NoSuchClip(
                f"{clip.file_name} has no picture {n}", hint="See how many there are: …/frames."
            )
        return found

    async def thumbnail(self, clip: ClipRecord) -> Response:
        """A small JPEG of a clip.

        Raises:
            NoSuchClip: There is none.
            StoreError: It cannot be read.
        """
        data = await self._ask(self._thumbnail, clip)
        return Response(data, media_type=MIME[".jpg"], headers={"cache-control": _FOR_LONG})

    async def video(
        self, clip: ClipRecord, *, request: Request, download: bool, follow: bool
    ) -> Response:
        """A clip's file, or what is there of one that browsers can play while it grows.

        Args:
            clip: Whose.
            request: Its headers say which part is wanted.
            download: It shall be saved, not shown.
            follow: One that grows is sent until it grows no more.

        Raises:
            NoSuchClip: There is none, or none yet.
            CameraError: Browsers cannot play it.
            StoreError: It cannot be read, or too many others are being sent.
        """
        answer: Pouring
        if not is_journal(clip):
            file, kind = await self._ask(lambda of: self._file(of, download=download), clip)
            answer = FileAnswer(request, file, kind, self._room, self._threads)
        elif holds_jpegs(clip):
            raise NoSuchClip(
                f"{clip.file_name} is not finished", hint="See its pictures: …/frames/0."
            )
        else:
            growing = await self._ask(lambda of: Growing(self._there(of)), clip)
            answer = GrowingAnswer(growing, self._room, self._threads, follow=follow)
        if self._room.full:  # asked last: nobody else comes in between
            answer.close()
            raise StoreError("too many files are being sent", hint="Try again soon.")
        return answer

    async def _ask(self, question: Callable[[ClipRecord], _Told], clip: ClipRecord) -> _Told:
        if self._waiting >= _MOST_WAITING:
            raise StoreError("too many requests wait for files", hint="Try again soon.")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, question, clip)
        finally:
            self._waiting -= 1

    def _there(self, clip: ClipRecord) -> Path:
        """The clip's file, which was there a moment ago."""
        path = self._shelf.footage(clip)
        opened(path)[0].close()
        return path

    def _journal(self, clip: ClipRecord) -> JournalIndex:
        return self._footage.journal(self._there(clip))

    def _described(self, clip: ClipRecord) -> Media:
        path = self._shelf.footage(clip)
        file, status = opened(path)
        file.close()
        if path.suffix == ".mp4":  # which says itself how it is turned
            media = self._movie(path, clip)
        elif holds_jpegs(clip):
            media = _turned(_format_of(path), "frames", MIME[".jpg"])
        else:
            media = _growing(path)
        return media.model_copy(update={"complete": not clip.open, "size": status.st_size})

    def _movie(self, path: Path, clip: ClipRecord) -> Media:
        try:
            width, height = self._footage.movie(path).size
        except StoreError:  # too long for an index; it can be played all the same
            width, height = clip.width, clip.height
        return Media(kind="video", mime=MIME[".mp4"], width=width, height=height)

    def _file(self, clip: ClipRecord, *, download: bool) -> tuple[FileIO, Kind]:
        path = self._shelf.footage(clip)
        file, status = opened(path)
        tag = clip.sha256 or ""
        if status.st_size != clip.bytes or not _DIGEST.fullmatch(tag):  # it is not what was summed
            tag = f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"
        name = path.name if download else None
        return file, Kind(MIME[path.suffix], f'"{tag}"', _AGAIN, status.st_size, name)

    def _thumbnail(self, clip: ClipRecord) -> bytes:
        file, status = opened(self._shelf.thumbnail(clip))
        with file:
            if status.st_size > _MOST_THUMBNAIL:
                raise NoSuchClip(f"what should be a thumbnail of {clip.file_name} is none")
            return file.read(_MOST_THUMBNAIL)


def _format_of(path: Path) -> StreamFormat:
    with closing(JournalReader(path)) as reader:
        return reader.head.format


def _growing(path: Path) -> Media:
    with closing(Growing(path)) as growing:
        media = _turned(_format_of(path), "video", growing.mime)
        return media.model_copy(update={"first_s": growing.first_shown() or 0.0})


def _turned(stream: StreamFormat, kind: ClipKind, mime: str) -> Media:
    return Media(
        kind=kind,
        mime=mime,
        rotate=stream.rotate,
        flip=stream.flip,
        width=stream.width,
        height=stream.height,
    )
