"""Boxes of an MP4 file (ISO/IEC 14496-12): bytes to a tree and back, and run-length tables."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import BinaryIO, Final

from smartrec.errors import ClipDamaged

# A day at 120 a second.
_MOST_SAMPLES: Final = 10_368_000
_DEEPEST: Final = 8
"""Of the containers that matter, five lie in each other."""
_CONTAINERS: Final = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts")


@dataclass
class Box:
    """One box: containers have `children`, all others `payload`."""

    kind: bytes
    payload: bytes = b""
    children: list["Box"] = field(default_factory=list)

    def find(self, *path: bytes) -> "Box | None":
        """The first descendant along a path of types."""
        here = self
        for kind in path:
            found = next((child for child in here.children if child.kind == kind), None)
            if found is None:
                return None
            here = found
        return here

    def need(self, *path: bytes) -> "Box":
        """`find`, for boxes that every video has.

        Raises:
            ClipDamaged: It is missing.
        """
        found = self.find(*path)
        if found is None:
            raise ClipDamaged(f"The file's index has no {b'/'.join(path).decode()} box")
        return found

    def pack(self) -> bytes:
        """The box as bytes."""
        body = self.payload + b"".join(child.pack() for child in self.children)
        return struct.pack(">I4s", 8 + len(body), self.kind) + body


def tree(data: bytes, deep: int = 0) -> list[Box]:
    """Read the boxes that lie side by side in `data`.

    Args:
        data: Of a file, or of a box.
        deep: In so many boxes.

    Raises:
        ClipDamaged: A size does not fit, or boxes lie in each other without end.
    """
    if deep > _DEEPEST:
        raise ClipDamaged(f"The file's index is nested more than {_DEEPEST} deep")
    boxes, at = [], 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > len(data):
            raise ClipDamaged(f"The file's index is torn in its {kind!r} box")
        body = data[at + 8 : at + size]
        if kind in _CONTAINERS:
            boxes.append(Box(kind, children=tree(body, deep + 1)))
        else:
            boxes.append(Box(kind, body))
        at += size
    return boxes


def top_boxes(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """(type, offset, size) of each box of the file, as far as they are whole."""
    end = file.seek(0, 2)
    at = 0
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        size, kind = struct.unpack_from(">I4s", head)
        if size == 1 and len(head) == 16:
            size = struct.unpack_from(">Q", head, 8)[0]
        elif size == 0:
            size = end - at
        if size < 8 or at + size > end:
            return
        yield kind, at, size
        at += size


def unsigned(data: bytes, at: int) -> int:
    """The 32-bit number at an offset."""
    return int(struct.unpack_from(">I", data, at)[0])


def sizes(stsz: bytes) -> tuple[int, ...]:
    """Bytes of each sample, as an stsz box says."""
    uniform, count = struct.unpack_from(">II", stsz, 4)
    if count > _MOST_SAMPLES:
        raise ClipDamaged(f"The file's index claims {count} pictures")
    return (uniform,) * count if uniform else struct.unpack_from(f">{count}I", stsz, 12)


def runs(box: bytes, kind: str) -> Iterator[int]:
    """The run-length coded numbers of an stts or ctts box, one a sample."""
    for count, value in struct.iter_unpack(f">I{kind}", box[8 : 8 + 8 * unsigned(box, 4)]):
        for _ in range(count):
            yield value


def packed(version: int, values: list[int]) -> bytes:
    """An stts or ctts box of these numbers, one a sample."""
    runs = [(sum(1 for _ in run), value) for value, run in groupby(values)]
    packed = b"".join(struct.pack(">Ii", count, value) for count, value in runs)
    return struct.pack(">BxxxI", version, len(runs)) + packed
