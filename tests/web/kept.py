"""Clips as a page finds them, one of each kind: small, and without any encoder."""

import hashlib
import struct
from dataclasses import dataclass, replace
from pathlib import Path

from smartrec.media.boxes import Box, packed
from smartrec.media.journal import JournalWriter
from smartrec.media.journal_index import finalise
from smartrec.model import AccessUnit, ClipHead, ClipState, Codec, StreamFormat, Trigger
from smartrec.store.catalog import Catalog
from smartrec.units import SECOND, Ns
from tests.store.clips import LOOKS, closed, done, head

TIMESCALE = 90_000
FRAME = Ns(SECOND // 30)
JPEG = b"\xff\xd8 picture %d \xff\xd9"
PADDING = 300_000
"""Bytes of the movie's pictures."""
# Two parameter sets: nobody decodes them here.
AVCC = bytes.fromhex("0164001fffe1000a6764001facd94050051301000668ebe3cb22c0")
H264 = StreamFormat(Codec.H264, 1280, 720, 30.0, "video/x-h264", AVCC, rotate=90)


@dataclass(frozen=True)
class Kept:
    """Ids of what there is.

    Attributes:
        directory: Of the clips.
        movie: A finished MP4 of 120 pictures; it has looks.
        jpegs: Kept as the camera gave it, 120 JPEGs.
        growing: The same, still being recorded: 30 JPEGs so far.
        coded: H.264 that is still being recorded, 60 pictures; the first 10 lie before its start.
    """

    directory: Path
    movie: str
    jpegs: str
    growing: str
    coded: str

    @property
    def ids(self) -> list[str]:
        return [self.movie, self.jpegs, self.growing, self.coded]


def kept_in(directory: Path) -> Kept:
    """Put one clip of each kind into a directory."""
    heads = [person(head(n)) for n in range(4)]
    with Catalog.open(directory, create=True) as catalog:
        _movie(catalog, directory, heads[0])
        _jpegs(catalog, directory, heads[1])
        write(growing(catalog, directory, heads[2]), units(heads[2].start, 30))
        coded = replace(heads[3], format=H264)
        write(growing(catalog, directory, coded), coded_units(coded.start, before=10, count=60))
    return Kept(directory, *(each.clip_id for each in heads))


def person(clip: ClipHead) -> ClipHead:
    """The same clip with somebody in it, besides."""
    at = clip.triggers[0].pts
    why: dict[str, object] = {"track": 1, "zone": "hall", "best": {"score": 0.871}}
    seen = Trigger(f"person-{clip.clip_id}", at, "person", why, last=Ns(at + SECOND))
    return replace(clip, triggers=(*clip.triggers, seen))


def growing(catalog: Catalog, directory: Path, clip: ClipHead) -> JournalWriter:
    """A clip that is being recorded, with no picture yet."""
    path = directory / ".open" / f"{clip.file_name}.mkv"
    writer = JournalWriter(path, clip)
    catalog.opened(clip, path)
    return writer


def write(writer: JournalWriter, given: list[AccessUnit]) -> None:
    """Pictures into a journal that nobody closes."""
    writer.write(given)
    writer.abandon()


def units(begin: int, count: int, first: int = 0) -> list[AccessUnit]:
    """JPEGs, 30 a second, from the `first` behind `begin` on."""
    times = [Ns(begin + n * FRAME) for n in range(first, first + count)]
    return [
        AccessUnit(0, n, pts, pts, FRAME, True, 0, JPEG % n) for n, pts in enumerate(times, first)
    ]


def coded_units(begin: int, before: int, count: int) -> list[AccessUnit]:
    """H.264, a keyframe every 30; so many lie before `begin`."""
    data = b"\0\0\0\5\x65" + b"data"
    times = [Ns(begin + n * FRAME) for n in range(-before, count - before)]
    return [AccessUnit(0, n, pts, pts, FRAME, n % 30 == 0, 0, data) for n, pts in enumerate(times)]


def _movie(catalog: Catalog, directory: Path, clip: ClipHead) -> None:
    finished = done(directory, clip)
    content = movie([3000] * 120, PADDING)
    Path(finished.path).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    catalog.finished(closed(clip), replace(finished, bytes=len(content), sha256=digest))
    assert catalog.looked(clip.clip_id, LOOKS)


def _jpegs(catalog: Catalog, directory: Path, clip: ClipHead) -> None:
    path = directory / f"{clip.file_name}.mkv"
    writer = JournalWriter(path, clip)
    writer.write(units(clip.start, 120))
    writer.close(closed(clip))
    finalise(path)
    content = path.read_bytes()
    finished = done(
        directory,
        clip,
        path=str(path),
        first_pts=clip.start,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        encoder="copy",
    )
    catalog.finished(closed(clip, ClipState.COMPLETE), finished)


def movie(durations: list[int], padding: int = 0, hidden: int = 0) -> bytes:
    """An MP4 as far as we read one: no player would show it.

    Args:
        durations: Of its pictures, ticks.
        padding: Bytes of media.
        hidden: So many pictures at the start are not shown.
    """
    media = Box(b"mdat", bytes(n % 251 for n in range(padding)))
    shown, begin = sum(durations[hidden:]), sum(durations[:hidden])
    elst = struct.pack(">IIIiHH", 0, 1, shown, begin, 1, 0)
    tables = [
        Box(b"stts", packed(0, durations)),
        Box(b"stsz", struct.pack(">III", 0, 1, len(durations))),
    ]
    matrix = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    trak = [
        Box(b"tkhd", bytes(40) + matrix + struct.pack(">II", 1280 << 16, 720 << 16)),
        Box(b"edts", children=[Box(b"elst", elst)]),
        Box(
            b"mdia",
            children=[
                Box(b"mdhd", struct.pack(">IIIII", 0, 0, 0, TIMESCALE, sum(durations))),
                Box(b"hdlr", bytes(8) + b"vide" + bytes(12)),
                Box(b"minf", children=[Box(b"stbl", children=tables)]),
            ],
        ),
    ]
    mvhd = struct.pack(">IIIII", 0, 0, 0, TIMESCALE, shown) + bytes(80)
    moov = Box(b"moov", children=[Box(b"mvhd", mvhd), Box(b"trak", children=trak)])
    return Box(b"ftyp", b"isom" + bytes(4)).pack() + media.pack() + moov.pack()
