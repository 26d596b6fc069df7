"""Whether a layout is that of the library which is installed: the library itself is asked.

It makes metas, links them, copies them and prints them; where it wrote, what it copied how, and
which numbers it printed tells where it holds its fields to be:

- a pool says how large its elements are,
- adding a meta counts and links it,
- copying gives texts of their own, and copies a label as a text, up to its end,
- printing shows what lies in a field: each word of an object is filled with its own offset.

Fields between two that are found so are taken on trust, as to their order. Memory is read by way of
a pipe, whose write(2) refuses an address that is not ours instead of ending the process.
"""

import ctypes
import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from smartrec.media.engines.deepstream.layout import Layout
from smartrec.media.engines.deepstream.library import Library

_FRAME: Final = "NvDsFrameMeta"
_OBJECT: Final = "NvDsObjectMeta"
_DISPLAY: Final = "NvDsDisplayMeta"
_TYPES: Final = {"NvDsBatchMeta": 1, _FRAME: 2, _OBJECT: 3, _DISPLAY: 4}
"""NvDsMetaType."""
_POOLS: Final = {_FRAME: "frame_meta_pool", _OBJECT: "obj_meta_pool", _DISPLAY: "display_meta_pool"}
_WHOLE: Final = (_OBJECT,)
"""Structures that the layout has to the end; of others it has the head."""
_SOURCE: Final = ("pad_index", "source_id")
_IDENTITY: Final = ("class_id", "object_id")
_SIDES: Final = tuple(f"rect_params.{side}" for side in ("left", "top", "width", "height"))
_LABELS: Final = 16
_OF_FRAMES: Final = 10_000
"""Added to offsets in a frame, to tell them from those in an object."""
_NUMBER: Final = re.compile(r"0x[0-9a-fA-F]+|-?\d+(?:\.\d+)?")
_TEXT: Final = "smartrec"
_LABEL: Final = b"ab\0cd"


class Differs(Exception):  # noqa: N818 - says what it found
    """The library does not hold its metadata so; the text says where."""


def prove(library: Library, layout: Layout) -> bool:
    """Ask the library.

    Nothing is written that a wrong layout could make the library follow; what was made for a layout
    that turns out wrong is left lying (some kilobytes, once).

    Returns:
        Whether the library printed what is in its boxes, too. One that does not has still shown
        where a box begins and ends.

    Raises:
        Differs: The layout is not the library's.
    """
    with _Memory.opened() as memory:
        batch = library.create_batch(1)
        proof = _Proof(library, layout, memory, batch)
        proof.sizes()
        proof.links()
        proof.copies()
        proof.display()
        printed = proof.prints()
        library.destroy_batch(batch)
        return printed


class _Memory:
    """Reads what an address holds, if it holds anything."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._write = ctypes.CDLL(None, use_errno=True).write
        self._write.argtypes = (ctypes.c_int, ctypes.c_uint64, ctypes.c_size_t)
        self._write.restype = ctypes.c_ssize_t

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator["_Memory"]:
        reading, writing = os.pipe()
        try:
            yield cls(reading, writing)
        finally:
            os.close(reading)
            os.close(writing)

    def read(self, address: int, size: int) -> bytes:
        """That many bytes, at most a pipe's worth (64 KiB)."""
        if self._write(self._writing, address, size) != size:
            # A part may have come through before the end of the memory that is ours.
            raise Differs(f"there is no memory at {address:#x}, where something should be")
        return os.read(self._reading, size)

    def word(self, address: int) -> int:
        """A pointer, or any 64 bits."""
        return int.from_bytes(self.read(address, 8), "little")

    def count(self, address: int) -> int:
        """32 bits."""
        return int.from_bytes(self.read(address, 4), "little")


class _Proof:
    """The steps, in an order that makes each safe for those after it."""

    def __init__(self, library: Library, layout: Layout, memory: _Memory, batch: int) -> None:
        self._library, self._layout, self._memory, self._batch = library, layout, memory, batch
        self._frame = self._object = 0

    def sizes(self) -> None:
        """Sizes of all structures, from their pools; and how each meta begins."""
        self._is_a("NvDsBatchMeta", self._batch)
        for kind, field in _POOLS.items():
            pool = self._memory.word(self._at("NvDsBatchMeta", self._batch, field))
            found = self._memory.count(self._at("NvDsMetaPool", pool, "meta_type"))
            _same(f"the type in the pool of {kind}", found, _TYPES[kind])
            size = self._memory.count(self._at("NvDsMetaPool", pool, "element_size"))
            ours = ctypes.sizeof(self._layout.kinds[kind])
            if size < ours or (kind in _WHOLE and size != ours):
                raise Differs(f"{kind} has {size} bytes instead of {ours}")

    def links(self) -> None:
        """Counts, lists and parents, from adding one meta to another."""
        library, batch = self._library, self._batch
        frame = self._frame = self._made(_FRAME, library.acquire_frame(batch))
        child, parent = (self._made(_OBJECT, library.acquire_object(batch)) for _ in range(2))
        shown = self._made(_DISPLAY, library.acquire_display(batch))
        library.add_frame(batch, frame)
        library.add_object(frame, parent, 0)
        library.add_object(frame, child, parent)
        library.add_display(frame, shown)
        self._object = child
        self._holds("NvDsBatchMeta", batch, "num_frames_in_batch", 1)
        self._holds(_FRAME, frame, "num_obj_meta", 2)
        _same("the parent of an object", self._word(_OBJECT, child, "parent"), parent)
        self._lists("NvDsBatchMeta", batch, "frame_meta_list", {frame})
        self._lists(_FRAME, frame, "obj_meta_list", {parent, child})
        self._lists(_FRAME, frame, "display_meta_list", {shown})

    def copies(self) -> None:
        """Text and label of an object, from a copy of it."""
        source = self._object
        copy = self._made(_OBJECT, self._library.acquire_object(self._batch))
        _put(self._at(_OBJECT, source, "text_params.display_text"), self._library.text(_TEXT))
        self._library.copy_object(source, copy)
        self._own_text(_OBJECT, "text_params.display_text", source, copy, _TEXT)
        label = self._at(_OBJECT, source, "obj_label")
        ctypes.memmove(label, _LABEL, len(_LABEL))
        again = self._made(_OBJECT, self._library.acquire_object(self._batch))
        self._library.copy_object(source, again)
        copied = self._memory.read(self._at(_OBJECT, again, "obj_label"), len(_LABEL))
        if copied != _LABEL[:2].ljust(len(_LABEL), b"\0"):
            raise Differs(f"{_OBJECT}.obj_label lies elsewhere")
        self._library.add_object(self._frame, copy, 0)
        self._library.add_object(self._frame, again, 0)

    def display(self) -> None:
        """Every text of a display meta, from a copy of it."""
        first, second = (
            self._made(_DISPLAY, self._library.acquire_display(self._batch)) for _ in range(2)
        )
        size = ctypes.sizeof(self._layout.kinds["NvOSD_TextParams"])
        start = self._layout.offset(_DISPLAY, "text_params")
        places = [start + number * size for number in range(_LABELS)]
        for number, place in enumerate(places):
            _put(first + place, self._library.text(f"{_TEXT} {number}"))
        self._library.copy_display(first, second)
        for number, place in enumerate(places):
            name = f"{_DISPLAY}.text_params[{number}]"
            self._own(name, first + place, second + place, f"{_TEXT} {number}")
        self._library.add_display(self._frame, first)
        self._library.add_display(self._frame, second)

    def prints(self) -> bool:
        """Numbers of frames and objects, from what the library prints of them, if it does."""
        frame = self._marked(_FRAME, self._frame, ("pad_index", "num_obj_meta"), _OF_FRAMES)
        marked = self._marked(_OBJECT, self._object, ("unique_component_id", "mask_params"), 0)
        said = self._library.printed(self._batch)
        for address, before in (frame, marked):
            ctypes.memmove(address, before, len(before))
        told = set(_marks(said))
        objects = {mark for mark in told if mark < _OF_FRAMES}
        self._agrees(_FRAME, {mark - _OF_FRAMES for mark in told - objects}, _SOURCE)
        sides = self._agrees(_OBJECT, objects, _SIDES)
        self._agrees(_OBJECT, objects - sides, _IDENTITY)
        return bool(objects)

    def _agrees(self, kind: str, told: set[int], names: tuple[str, ...]) -> set[int]:
        """Where we hold the fields of one line of print to be; if it is printed, it is there."""
        ours = {name: self._layout.offset(kind, name) for name in names}
        for name, offset in ours.items():
            if told and offset not in told:
                raise Differs(f"{kind}.{name} lies elsewhere: the library prints others")
        return set(ours.values())

    def _marked(
        self, kind: str, address: int, between: tuple[str, str], base: int
    ) -> tuple[int, bytes]:
        """Fill each word between two fields with its own offset, as a float; what was there."""
        first, last = (self._layout.offset(kind, name) for name in between)
        before = self._memory.read(address + first, last - first)
        words = [float(base + offset) for offset in range(first, last, 4)]
        ctypes.memmove(address + first, struct.pack(f"<{len(words)}f", *words), last - first)
        return address + first, before

    def _made(self, kind: str, address: int) -> int:
        """A meta that the library has just made."""
        self._is_a(kind, address)
        return address

    def _is_a(self, kind: str, address: int) -> None:
        _same(f"{kind}.batch_meta", self._word(kind, address, "base_meta.batch_meta"), self._batch)
        self._holds(kind, address, "base_meta.meta_type", _TYPES[kind])

    def _holds(self, kind: str, address: int, path: str, value: int) -> None:
        found = self._memory.count(self._at(kind, address, path))
        _same(f"{kind}.{path}", found, value)

    def _lists(self, kind: str, address: int, path: str, members: set[int]) -> None:
        found, node = set(), self._word(kind, address, path)
        for _ in members:
            found.add(self._word("GList", node, "data"))
            node = self._word("GList", node, "next")
            if not node:
                break
        _same(f"{kind}.{path}", found, members)

    def _own_text(self, kind: str, path: str, source: int, copy: int, text: str) -> None:
        at = self._layout.offset(kind, path)
        self._own(f"{kind}.{path}", source + at, copy + at, text)

    def _own(self, name: str, source: int, copy: int, text: str) -> None:
        """A copied text is another, and says the same."""
        mine, theirs = self._memory.word(source), self._memory.word(copy)
        wanted = text.encode() + b"\0"
        if mine == theirs or self._memory.read(theirs, len(wanted)) != wanted:
            raise Differs(f"{name} lies elsewhere")

    def _word(self, kind: str, address: int, path: str) -> int:
        return self._memory.word(self._at(kind, address, path))

    def _at(self, kind: str, address: int, path: str) -> int:
        return address + self._layout.offset(kind, path)


def _put(address: int, pointer: int) -> None:
    ctypes.memmove(address, pointer.to_bytes(8, "little"), 8)


def _same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Differs(f"{what} lies elsewhere: found {found} instead of {wanted}")


def _marks(text: str) -> Iterator[int]:
    """The offsets in a printed text: as such, or as the integer that has a float's bits."""
    for number in _NUMBER.findall(text):
        if number.startswith("0x"):
            continue
        if "." in number:
            value = float(number)
        else:
            bits = int(number) & 0xFFFFFFFF
            (value,) = struct.unpack("<f", struct.pack("<I", bits))
        if value == value // 1 and 0 < value < 2 * _OF_FRAMES:
            yield int(value)
