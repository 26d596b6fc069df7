"""A camera that every machine has: drawn once, kept as JPEGs, and played from a file.

Nothing is encoded while it plays, yet every frame carries a number of its own. JPEG makes that
possible: the pictures are encoded with restart markers, one for each two blocks, and between two
markers the bits stand for themselves. So the number's band at the top is put together, for each
frame, from one white and one black piece that were encoded once; the rest of the picture follows.
"""

import hashlib
import io
import os
import re
import struct
import tempfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Final

import numpy as np
from PIL import Image

from smartrec.errors import StoreError
from smartrec.media import demo_scene, frame_number
from smartrec.media.demo_scene import (
    FPS,
    HEIGHT,
    LOOP_FRAMES,
    PERSON_FIRST,
    PERSON_LAST,
    WIDTH,
    person_box,
    picture_of,
)
from smartrec.media.feed import Picture
from smartrec.model import Codec, StreamFormat
from smartrec.units import SECOND, Ns

__all__ = ["LOOP_FRAMES", "PERSON_FIRST", "PERSON_LAST", "DemoFeed", "open_demo", "person_box"]

_QUALITY: Final = 82
_BLOCK: Final = 16
"""Side of what JPEG encodes at once with 4:2:0 colour, in pixels."""
_RESTART_BLOCKS: Final = WIDTH // frame_number.COLUMNS // _BLOCK
_BAND_HEIGHT: Final = round(HEIGHT * frame_number.HEIGHT)
_BAND_ROWS: Final = _BAND_HEIGHT // _BLOCK
_BAND_PIECES: Final = _BAND_ROWS * frame_number.COLUMNS
_RESTART: Final = re.compile(rb"\xff[\xd0-\xd7]")
_START_OF_SCAN: Final = b"\xff\xda"

_MAGIC: Final = b"smartrec demo\n\x00\x01"
_HEAD: Final = struct.Struct("<16s32sIQ")
"""Magic, digest of what the pictures are made from, CRC-32 and size of all that follows."""
_READ_AT_ONCE: Final = 1 << 20


def open_demo(cache_dir: Path, *, fps: int = FPS) -> "DemoFeed":
    """The demo camera: endless, `WIDTH` x `HEIGHT`, numbered from 0.

    Its pictures are drawn at the first start (some seconds) and kept in `cache_dir`; where that
    cannot be written they are kept in memory.
    """
    path = cache_dir / f"demo-{_digest().hex()[:16]}.jpegs"
    for stale in set(cache_dir.glob("demo-*.jpegs")) - {path}:
        with suppress(OSError):
            stale.unlink()
    store = _open_kept(path)
    if store is None:
        store = _keep(path, _render())
    return DemoFeed(store, fps)


class DemoFeed:
    """See `open_demo`; one thread plays it."""

    def __init__(self, store: IO[bytes], fps: int) -> None:
        self._store = store
        self._fps = fps
        self._reel = _Reel.read(store)
        self.format = StreamFormat(
            codec=Codec.JPEG,
            width=WIDTH,
            height=HEIGHT,
            fps=float(fps),
            caps=(
                f"image/jpeg, parsed=(boolean)true, width=(int){WIDTH}, height=(int){HEIGHT},"
                f" framerate=(fraction){fps}/1, pixel-aspect-ratio=(fraction)1/1"
            ),
        )

    def pictures(self) -> Iterator[Picture]:
        """See `Feed.pictures`; never ends."""
        n = 0
        while True:
            due, following = (Ns(int(Fraction(at * SECOND, self._fps))) for at in (n, n + 1))
            yield Picture(self.jpeg(n), due, due, Ns(following - due), keyframe=True)
            n += 1

    def jpeg(self, n: int) -> bytes:
        """Frame `n` with its number in it."""
        start, size = self._reel.places[picture_of(n)]
        body = os.pread(self._store.fileno(), size, start)
        return b"".join((self._reel.head, self._reel.band(n), body))

    def close(self) -> None:
        """See `Feed.close`."""
        self._store.close()


@dataclass(frozen=True, slots=True)
class _Reel:
    """The index of a file of pictures: parts to make JPEGs of.

    Attributes:
        head: What all pictures begin with, up to their first piece.
        pieces: A black and a white piece of the band.
        places: Where in the file the rest of each picture lies: start and size.
    """

    head: bytes
    pieces: tuple[bytes, bytes]
    places: list[tuple[int, int]]

    def band(self, n: int) -> bytes:
        """The pieces of the number's band, each with the restart marker that ends it."""
        # Markers count modulo 8, and a row has a multiple of 8: all rows are the same bytes.
        row = b"".join(
            self.pieces[white] + bytes((0xFF, 0xD0 + column % 8))
            for column, white in enumerate(frame_number.cells(n))
        )
        return row * _BAND_ROWS

    @classmethod
    def read(cls, store: IO[bytes]) -> "_Reel":
        """From a file that `_write` wrote."""
        store.seek(_HEAD.size)
        parts: list[tuple[int, int]] = []
        at = _HEAD.size + 4
        (count,) = struct.unpack("<I", store.read(4))
        at += 4 * count
        for (size,) in struct.iter_unpack("<I", store.read(4 * count)):
            parts.append((at, size))
            at += size
        head, black, white = (store.read(size) for _, size in parts[:3])
        return cls(head, (black, white), parts[3:])


def _digest() -> bytes:
    """Of all that decides what the pictures look like; another one means another file."""
    digest = hashlib.sha256()
    for made_of in (Path(__file__), Path(demo_scene.__file__), Path(frame_number.__file__)):
        digest.update(made_of.read_bytes())
    for name in ("room.webp", "person.webp"):
        digest.update(demo_scene.asset(name))
    return digest.digest()


def encode(pixels: demo_scene.Pixels) -> bytes:
    """A JPEG as all of this camera's are; RGB, shape (height, width, 3)."""
    target = io.BytesIO()
    Image.fromarray(pixels).save(
        target,
        "JPEG",
        quality=_QUALITY,
        subsampling="4:2:0",
        restart_marker_blocks=_RESTART_BLOCKS,
    )
    return target.getvalue()


def _head_and_pieces(jpeg: bytes, pieces: int) -> tuple[bytes, list[bytes]]:
    """A JPEG's head, its first pieces, and all the rest; the markers between them are left out."""
    scan = jpeg.index(_START_OF_SCAN)
    begin = scan + 2 + int.from_bytes(jpeg[scan + 2 : scan + 4], "big")
    return jpeg[:begin], _RESTART.split(jpeg[begin:], pieces)


def _render() -> list[bytes]:
    """Head, black piece, white piece, and the rest of each picture."""
    scene = demo_scene.Scene()

    def rest_of(picture: int) -> tuple[bytes, bytes]:
        pixels = scene.draw(picture)
        pixels[:_BAND_HEIGHT] = 0
        head, pieces = _head_and_pieces(encode(pixels), _BAND_PIECES)
        return head, pieces[-1]

    # Both Pillow and numpy let other threads run while they work.
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        drawn = list(pool.map(rest_of, range(demo_scene.PICTURES)))
    assert len({head for head, _ in drawn}) == 1
    cells = np.zeros((_BLOCK, 4 * _BLOCK * _RESTART_BLOCKS, 3), np.uint8)
    cells[:, _BLOCK * _RESTART_BLOCKS :] = 255
    _, (black, white, _) = _head_and_pieces(encode(cells), 2)
    return [drawn[0][0], black, white, *(rest for _, rest in drawn)]


def _write(store: IO[bytes], parts: list[bytes]) -> None:
    index = struct.pack(f"<{len(parts) + 1}I", len(parts), *map(len, parts))
    check, size = 0, 0
    for part in (index, *parts):
        check, size = zlib.crc32(part, check), size + len(part)
    store.write(_HEAD.pack(_MAGIC, _digest(), check, size))
    store.writelines((index, *parts))
    store.flush()


def _open_kept(path: Path) -> IO[bytes] | None:
    """The file of an earlier start, if it is there and whole."""
    try:
        store = path.open("rb")
    except OSError:
        return None
    if _whole(store):
        return store
    store.close()
    return None


def _whole(store: IO[bytes]) -> bool:
    try:
        head = store.read(_HEAD.size)
        if len(head) != _HEAD.size:
            return False
        magic, digest, wanted, size = _HEAD.unpack(head)
        check, rest = 0, os.fstat(store.fileno()).st_size - _HEAD.size
        while part := store.read(_READ_AT_ONCE):
            check = zlib.crc32(part, check)
    except OSError:
        return False
    return (magic, digest, wanted, size) == (_MAGIC, _digest(), check, rest)


def _keep(path: Path, parts: list[bytes]) -> IO[bytes]:
    """Write the pictures to `path`, or to a file that only lives in memory."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix="demo-", suffix=".part")
        store = os.fdopen(descriptor, "w+b")
        try:
            _write(store, parts)
            Path(name).replace(path)
        except OSError:
            store.close()
            Path(name).unlink(missing_ok=True)
            raise
    except OSError:
        return _in_memory(parts)
    return store


def _in_memory(parts: list[bytes]) -> IO[bytes]:
    store = os.fdopen(os.memfd_create("smartrec-demo"), "w+b")
    try:
        _write(store, parts)
    except OSError as error:
        store.close()
        raise StoreError(
            f"the demo camera's pictures can be kept neither on disk nor in memory ({error})",
            hint="Free some memory, or set SMARTREC_CACHE_DIR to a directory that can be written.",
        ) from error
    return store
