"""Metadata read and changed in place, by a layout that its library has confirmed.

Nothing is trusted that can be asked for little: each frame and object names its batch and its type,
lists are left when they do not end, and values that no picture can have are not handed on.
"""

import ctypes
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from smartrec.errors import EngineMissing, MetadataUnreadable
from smartrec.media.engines.deepstream.annotations import (
    LABELS,
    Frame,
    Object,
    Rgba,
    Text,
    color_of,
    label_place,
    letter_size,
    line_width,
)
from smartrec.media.engines.deepstream.layout import ROWS, Layout, Row, in_order, layout
from smartrec.media.engines.deepstream.library import Library
from smartrec.media.engines.deepstream.proof import Differs, prove
from smartrec.media.gst import Gst
from smartrec.units import Ns

_BATCH: Final = "NvDsBatchMeta"
_FRAME: Final = "NvDsFrameMeta"
_OBJECT: Final = "NvDsObjectMeta"
_DISPLAY: Final = "NvDsDisplayMeta"
_BATCH_TYPE: Final = 1
_FRAME_TYPE: Final = 2
_OBJECT_TYPE: Final = 3
_MOST_FRAMES: Final = 1024
_MOST_OBJECTS: Final = 8192
_NO_TIME: Final = 2**64 - 1
_SMALLEST: Final = 16
_LARGEST: Final = 1 << 15
"""Sides of a picture, pixels."""
_FARTHEST: Final = float(1 << 17)
"""A box may reach beyond the picture, but not so far."""
_SURE: Final = 1.001
"""The highest confidence, and something for rounding."""
_LABEL_BYTES: Final = 128
_HEAD: Final = ("base_meta.batch_meta", "base_meta.meta_type")
_OF_A_FRAME: Final = (
    "pad_index",
    "buf_pts",
    "source_frame_width",
    "source_frame_height",
    "bInferDone",
    "obj_meta_list",
    "pipeline_width",
    "pipeline_height",
)
_LINK: Final = struct.Struct("<QQ")
_FONT: Final = ctypes.create_string_buffer(b"Sans")
"""Its address goes into metas, whose library never frees it, so it must outlive them all."""
_FONT_ADDRESS: Final = ctypes.addressof(_FONT)
_HINT: Final = (
    "Use DeepStream 6.4 to 9.1, or install pyds for this one; recording by key needs neither"
)
# struct NvDsMeta, gstnvdsmeta.h: behind a GstMeta (16 bytes) and two pointers.
_META_TYPE_AT: Final = 32
_BATCH_GST_META: Final = 4097


class NativeObject:
    """See `annotations.Object`."""

    __slots__ = (
        "_at",
        "_metadata",
        "_picture",
        "class_id",
        "confidence",
        "height",
        "left",
        "object_id",
        "top",
        "width",
    )

    def __init__(
        self, metadata: "NativeMetadata", at: int, picture: tuple[int, int], values: Sequence[Any]
    ) -> None:
        self._metadata, self._at, self._picture = metadata, at, picture
        self.class_id: int
        self.object_id: int
        self.confidence: float
        self.left: float
        self.top: float
        self.width: float
        self.height: float
        self.class_id, self.object_id, self.confidence = values[:3]
        self.left, self.top, self.width, self.height = values[3:]

    @property
    def label(self) -> str:
        """See `annotations.Object`."""
        return self._metadata.label(self._at)

    def hide(self) -> None:
        """See `annotations.Object`."""
        self._metadata.hide(self._at)

    def show(self, text: str, color: Rgba, line: int, font_size: int) -> None:
        """See `annotations.Object`."""
        line, size = line_width(line), letter_size(font_size)
        x, y = label_place((self.left, self.top), self._picture, len(text), line, size)
        self._metadata.frame(self._at, color_of(color), line)
        self._metadata.name(self._at, Text(text, x, y, size))


class NativeFrame:
    """See `annotations.Frame`."""

    __slots__ = ("_at", "_metadata", "inferred", "objects", "picture", "pts", "size", "source")

    def __init__(self, metadata: "NativeMetadata", at: int, values: Sequence[Any]) -> None:
        self._metadata, self._at = metadata, at
        source, pts, width, height, inferred, wide, high = values
        self.objects: Sequence[Object] = ()
        self.source: int = source
        self.pts = None if pts == _NO_TIME else Ns(pts)
        self.size: tuple[int, int] = (width, height)
        self.inferred = bool(inferred)
        self.picture: tuple[int, int] = (wide, high) if _is_picture(wide, high) else self.size

    def write(self, texts: Sequence[Text]) -> None:
        """See `annotations.Frame`."""
        self._metadata.write(self._at, texts)


class NativeMetadata:
    """See `annotations.Metadata`."""

    def __init__(self, library: Library, lay: Layout) -> None:
        self.how = f"{library.path}, laid out as in {lay.row.words}"
        self.skipped = 0
        self._library, self._lay = library, lay
        self._heads = _Reader(lay, _BATCH, (*_HEAD, "frame_meta_list"))
        self._frames = _Reader(
            lay,
            _FRAME,
            (*_HEAD, *_OF_A_FRAME),
        )
        sides = tuple(f"rect_params.{side}" for side in ("left", "top", "width", "height"))
        self._objects = _Reader(
            lay, _OBJECT, (*_HEAD, "class_id", "object_id", "confidence", *sides)
        )
        self._rect_at = lay.offset(_OBJECT, "rect_params")
        self._text_at = lay.offset(_OBJECT, "text_params")
        self._label_at = lay.offset(_OBJECT, "obj_label")
        self._rect: Any = lay.kinds["NvOSD_RectParams"]
        self._text: Any = lay.kinds["NvOSD_TextParams"]
        self._display: Any = lay.kinds[_DISPLAY]

    @contextmanager
    def batch(self, buffer: Gst.Buffer) -> Iterator[Sequence[Frame]]:
        """See `annotations.Metadata`."""
        batch = self._library.batch_of_buffer(hash(buffer))
        if not batch:
            yield ()
            return
        with self._library.locked(batch):
            yield self._read(batch)

    def frames(self, buffer: Gst.Buffer) -> Sequence[Frame]:
        """See `annotations.Metadata`."""
        with self.batch(buffer) as frames:
            return frames

    def _read(self, batch: int) -> list[NativeFrame]:
        itself, kind, first = self._heads.read(batch)
        _check(itself == batch and kind == _BATCH_TYPE, "the batch")
        return [self._frame(batch, at) for at in _members(first, _MOST_FRAMES, "frames")]

    def _frame(self, batch: int, at: int) -> NativeFrame:
        owner, kind, *values = self._frames.read(at)
        _check(owner == batch and kind == _FRAME_TYPE, "a frame")
        first = values.pop(5)
        frame = NativeFrame(self, at, values)
        _check(_is_picture(*frame.size), "the size of a frame")
        frame.objects = tuple(self._found(batch, first, frame.picture))
        return frame

    def _found(self, batch: int, first: int, picture: tuple[int, int]) -> Iterator[NativeObject]:
        for at in _members(first, _MOST_OBJECTS, "objects"):
            owner, kind, *values = self._objects.read(at)
            _check(owner == batch and kind == _OBJECT_TYPE, "an object")
            if _can_be(*values[2:]):
                yield NativeObject(self, at, picture, values)
            else:
                self.skipped += 1
                self.hide(at)

    def label(self, at: int) -> str:
        """An object's label."""
        written = ctypes.string_at(at + self._label_at, _LABEL_BYTES).split(b"\0", 1)[0]
        try:
            return written.decode()
        except UnicodeDecodeError:
            self.skipped += 1
            return ""

    def hide(self, at: int) -> None:
        """Take an object's line, ground and text away.

        A clear line is more than none of no width: nvdsosd draws no more of such a box at all.
        """
        rect = self._rect.from_address(at + self._rect_at)
        rect.border_width = rect.has_bg_color = 0
        rect.border_color.alpha = 0.0
        self._put_text(self._text.from_address(at + self._text_at), 0)

    def frame(self, at: int, color: Rgba, line: int) -> None:
        """Draw an object's box."""
        rect = self._rect.from_address(at + self._rect_at)
        rect.border_width, rect.has_bg_color = line, 0
        rect.border_color = color

    def name(self, at: int, text: Text) -> None:
        """Write an object's text."""
        self._fill(self._text.from_address(at + self._text_at), text)

    def write(self, frame: int, texts: Sequence[Text]) -> None:
        """Write texts upon a frame."""
        batch = self._frames.read(frame)[0]
        with self._library.locked(batch):
            for start in range(0, len(texts), LABELS):
                self._write(batch, frame, texts[start : start + LABELS])

    def _write(self, batch: int, frame: int, texts: Sequence[Text]) -> None:
        address = self._library.acquire_display(batch)
        _check(address != 0, "a new display meta")
        display = self._display.from_address(address)
        for place, text in zip(display.text_params, texts, strict=False):
            self._fill(place, text)
        display.num_labels = len(texts)
        self._library.add_display(frame, address)

    def _fill(self, place: Any, text: Text) -> None:
        self._put_text(place, self._library.text(text.text))
        place.x_offset, place.y_offset = max(0, text.x), max(0, text.y)
        place.font_params.font_name = _FONT_ADDRESS
        place.font_params.font_size = letter_size(text.size)
        place.font_params.font_color = color_of(text.color)
        place.set_bg_clr = int(text.plate is not None)
        if text.plate is not None:
            place.text_bg_clr = color_of(text.plate)

    def _put_text(self, place: Any, text: int) -> None:
        """Give a place another text, in GLib's memory; the one before is freed."""
        before, place.display_text = place.display_text, text
        if before:
            self._library.free(before)


class _Reader:
    """Reads some fields of a structure at once."""

    def __init__(self, lay: Layout, kind: str, paths: tuple[str, ...]) -> None:
        self._pattern = struct.Struct(lay.pattern(kind, paths))

    def read(self, address: int) -> tuple[Any, ...]:
        """Their values, in order."""
        return self._pattern.unpack(ctypes.string_at(address, self._pattern.size))


def open_native(
    version: str | None, libraries: Path | None = None, rows: Sequence[Row] = ROWS
) -> NativeMetadata:
    """Load the libraries and find the layout that is theirs.

    Raises:
        EngineMissing: They cannot be loaded, none of our layouts is theirs, or PyGObject does not
            say where a buffer is.
    """
    library = Library(libraries)
    differences: list[str] = []
    for row in in_order(version, rows):
        lay = layout(row)
        try:
            printed = prove(library, lay)
        except Differs as difference:
            differences.append(str(difference))
            continue
        # Where its numbers are not shown, the order of a few fields is as in the headers of the
        # versions that they were read for, and of no others.
        if printed or row.covers(version):
            _attach_and_find(library)
            return NativeMetadata(library, lay)
        differences.append("it does not show where its numbers are")
    raise EngineMissing(
        f"the metadata of DeepStream {version or '(of unknown version)'} is laid out in a way that"
        f" is not known: {differences[0]}",
        hint=_HINT,
    )


def _attach_and_find(library: Library) -> None:
    """Whether a Python buffer's hash is its address, as PyGObject's repr gives it, too."""
    buffer = Gst.Buffer.new()
    address = hash(buffer)
    if re.search(rf"\(GstBuffer at {address:#x}\)", repr(buffer)) is None:
        raise EngineMissing(
            "this PyGObject does not say where a buffer is in memory",
            hint="Use the PyGObject of the distribution: sudo apt install python3-gi",
        )
    batch = library.create_batch(1)
    meta = library.add_to_buffer(address, batch, 0, library.copy_func, library.release_func)
    if meta:
        ctypes.c_int32.from_address(meta + _META_TYPE_AT).value = _BATCH_GST_META
    if not meta or library.batch_of_buffer(address) != batch:
        raise EngineMissing(
            f"{library.path} does not find metadata that was attached to a buffer", hint=_HINT
        )


def _members(node: int, most: int, what: str) -> Iterator[int]:
    """What a GList holds."""
    for _ in range(most):
        if not node:
            return
        data, node = _LINK.unpack(ctypes.string_at(node, _LINK.size))
        _check(data != 0, f"the list of {what}")
        yield data
    _check(not node, f"the list of {what}, which does not end,")


def _is_picture(width: int, height: int) -> bool:
    return _SMALLEST <= width <= _LARGEST and _SMALLEST <= height <= _LARGEST


def _can_be(confidence: float, left: float, top: float, width: float, height: float) -> bool:
    """Whether a picture can have it; what is not a number is never within bounds."""
    return (
        -_SURE <= confidence <= _SURE
        and -_FARTHEST <= left <= _FARTHEST
        and -_FARTHEST <= top <= _FARTHEST
        and 0 <= width <= _FARTHEST
        and 0 <= height <= _FARTHEST
    )


def _check(sound: bool, what: str) -> None:
    if not sound:
        raise MetadataUnreadable(
            f"{what} in DeepStream's metadata is not what it should be", hint=_HINT
        )
