"""NVIDIA's metadata as an element makes it: by calls into the real libnvds_meta.

The structures are written down once more, apart from the program's own reader, so that each checks
the other. Facts: nvdsmeta.h, nvll_osd_struct.h and gstnvdsmeta.h of DeepStream 9.1, which the
library of the wheel 9.0.2 follows: its objects have 552 bytes, those of 8.0 had 544, without
`rotation_angle`. `new_batch` holds the structures against the library's own sizes.
"""

import ctypes
import os
from collections.abc import Iterator
from ctypes import c_char, c_char_p, c_double, c_float, c_int, c_int64, c_uint, c_uint64, c_void_p
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

LIBRARIES: Final = "STAND_IN_LIBRARIES"
"""Environment variable: where libnvds_meta.so and libnvdsgst_meta.so are."""
UNTRACKED: Final = 0xFFFFFFFFFFFFFFFF
_BATCH_GST_META: Final = 4097
_MOST_IN_DISPLAY: Final = 16
_LABEL_SIZE: Final = 128


class Base(ctypes.Structure):
    _fields_ = (
        ("batch_meta", c_void_p),
        ("meta_type", c_int),
        ("context", c_void_p),
        ("copy_func", c_void_p),
        ("release_func", c_void_p),
    )


class Pool(ctypes.Structure):
    _fields_ = (("meta_type", c_int), ("max_elements", c_uint), ("element_size", c_uint))


class List(ctypes.Structure):
    _fields_ = (("data", c_void_p), ("next", c_void_p), ("prev", c_void_p))


class BatchMeta(ctypes.Structure):
    _fields_ = (
        ("base", Base),
        ("max_frames_in_batch", c_uint),
        ("num_frames_in_batch", c_uint),
        ("frame_pool", ctypes.POINTER(Pool)),
        ("obj_pool", ctypes.POINTER(Pool)),
        ("classifier_pool", c_void_p),
        ("display_pool", ctypes.POINTER(Pool)),
        ("user_pool", c_void_p),
        ("label_pool", c_void_p),
        ("frames", c_void_p),
    )


class FrameMeta(ctypes.Structure):
    _fields_ = (
        ("base", Base),
        ("pad_index", c_uint),
        ("batch_id", c_uint),
        ("frame_num", c_int),
        ("buf_pts", c_uint64),
        ("ntp_timestamp", c_uint64),
        ("source_id", c_uint),
        ("num_surfaces_per_frame", c_int),
        ("source_frame_width", c_uint),
        ("source_frame_height", c_uint),
        ("surface_type", c_uint),
        ("surface_index", c_uint),
        ("num_obj_meta", c_uint),
        ("infer_done", c_int),
        ("objects", c_void_p),
        ("displays", c_void_p),
        ("users", c_void_p),
        ("misc", c_int64 * 4),
        ("pipeline_width", c_uint),
        ("pipeline_height", c_uint),
        ("sensor_source", c_uint),
        ("sensor_uri", c_char_p),
        ("sensor_id", c_char_p),
        ("sensor_name", c_char_p),
        ("reserved", c_int64 * 4),
    )


class Colour(ctypes.Structure):
    _fields_ = (("red", c_double), ("green", c_double), ("blue", c_double), ("alpha", c_double))

    @property
    def values(self) -> tuple[float, float, float, float]:
        return self.red, self.green, self.blue, self.alpha


class Rect(ctypes.Structure):
    _fields_ = (
        ("left", c_float),
        ("top", c_float),
        ("width", c_float),
        ("height", c_float),
        ("border_width", c_uint),
        ("border_color", Colour),
        ("has_bg_color", c_uint),
        ("reserved", c_uint),
        ("bg_color", Colour),
        ("has_color_info", c_int),
        ("color_id", c_int),
        ("rotation_angle", c_float),
    )


class Mask(ctypes.Structure):
    _fields_ = (
        ("data", c_void_p),
        ("size", c_uint),
        ("threshold", c_float),
        ("width", c_uint),
        ("height", c_uint),
    )


class Text(ctypes.Structure):
    _fields_ = (
        ("display_text", c_void_p),
        ("x_offset", c_uint),
        ("y_offset", c_uint),
        ("font_name", c_void_p),
        ("font_size", c_uint),
        ("font_color", Colour),
        ("set_bg_clr", c_int),
        ("text_bg_clr", Colour),
    )

    @property
    def words(self) -> str:
        return ctypes.string_at(self.display_text).decode() if self.display_text else ""


class ObjectMeta(ctypes.Structure):
    _fields_ = (
        ("base", Base),
        ("parent", c_void_p),
        ("unique_component_id", c_int),
        ("class_id", c_int),
        ("object_id", c_uint64),
        ("detector_bbox", c_float * 4),
        ("tracker_bbox", c_float * 4),
        ("confidence", c_float),
        ("tracker_confidence", c_float),
        ("rect", Rect),
        ("mask", Mask),
        ("text", Text),
        ("label", c_char * _LABEL_SIZE),
        ("classifiers", c_void_p),
        ("users", c_void_p),
        ("misc", c_int64 * 4),
        ("reserved", c_int64 * 4),
    )


class DisplayMeta(ctypes.Structure):
    """Its lines, arrows and circles are not read."""

    _fields_ = (
        ("base", Base),
        ("num_rects", c_uint),
        ("num_labels", c_uint),
        ("num_lines", c_uint),
        ("num_arrows", c_uint),
        ("num_circles", c_uint),
        ("rects", Rect * _MOST_IN_DISPLAY),
        ("texts", Text * _MOST_IN_DISPLAY),
    )


class GstMeta(ctypes.Structure):
    """NvDsMeta, as far as needed."""

    _fields_ = (
        ("flags", c_int),
        ("info", c_void_p),
        ("meta_data", c_void_p),
        ("user_data", c_void_p),
        ("meta_type", c_int),
    )


@dataclass(frozen=True)
class _Library:
    meta: ctypes.CDLL
    gst: ctypes.CDLL
    glib: ctypes.CDLL


@cache
def _library() -> _Library:
    where = Path(os.environ[LIBRARIES])
    meta = ctypes.CDLL(str(where / "libnvds_meta.so"), mode=ctypes.RTLD_GLOBAL)
    gst = ctypes.CDLL(str(where / "libnvdsgst_meta.so"))
    glib = ctypes.CDLL("libglib-2.0.so.0")
    for library, names in (
        (meta, ("nvds_create_batch_meta",)),
        (meta, ("nvds_acquire_frame_meta_from_pool", "nvds_acquire_obj_meta_from_pool")),
        (gst, ("gst_buffer_add_nvds_meta", "gst_buffer_get_nvds_batch_meta")),
        (glib, ("g_strdup",)),
    ):
        for name in names:
            getattr(library, name).restype = c_void_p
    return _Library(meta, gst, glib)


def _listed(first: int | None) -> Iterator[int]:
    """The data of a GList, read whole before any of it may change."""
    found = []
    at = first
    while at:
        link = List.from_address(at)
        found.append(link.data)
        at = link.next
    return iter(found)


class Object:
    """One detection."""

    def __init__(self, address: int) -> None:
        self.address = address
        self.meta = ObjectMeta.from_address(address)

    def scale(self, across: float, down: float, left: float, top: float) -> None:
        """Move it into a tile, as a tiler does."""
        rect, text = self.meta.rect, self.meta.text
        rect.left, rect.top = rect.left * across + left, rect.top * down + top
        rect.width, rect.height = rect.width * across, rect.height * down
        text.x_offset = max(0, round(text.x_offset * across + left))
        text.y_offset = max(0, round(_signed(text.y_offset) * down + top))


class Frame:
    """One picture of a batch."""

    def __init__(self, address: int) -> None:
        self.address = address
        self.meta = FrameMeta.from_address(address)

    def objects(self) -> list[Object]:
        return [Object(each) for each in _listed(self.meta.objects)]

    def displays(self) -> list[DisplayMeta]:
        return [DisplayMeta.from_address(each) for each in _listed(self.meta.displays)]

    def add(self, **values: Any) -> Object:
        """One more detection; `values` are fields of ObjectMeta. Not told is who tracked it."""
        address = int(_library().meta.nvds_acquire_obj_meta_from_pool(_batch_of(self)))
        found = Object(address)
        found.meta.object_id = UNTRACKED
        for name, value in values.items():
            setattr(found.meta, name, value)
        _library().meta.nvds_add_obj_meta_to_frame(c_void_p(self.address), c_void_p(address), None)
        return found


class Batch:
    """The metadata of a buffer."""

    def __init__(self, address: int) -> None:
        self.address = address
        self.meta = BatchMeta.from_address(address)

    def frames(self) -> list[Frame]:
        return [Frame(each) for each in _listed(self.meta.frames)]

    def add(self, **values: Any) -> Frame:
        """One more picture; `values` are fields of FrameMeta."""
        address = int(_library().meta.nvds_acquire_frame_meta_from_pool(c_void_p(self.address)))
        frame = Frame(address)
        for name, value in values.items():
            setattr(frame.meta, name, value)
        _library().meta.nvds_add_frame_meta_to_batch(c_void_p(self.address), c_void_p(address))
        return frame

    def remove(self, frame: Frame) -> None:
        """Take a picture out, with all that was found in it."""
        _library().meta.nvds_remove_frame_meta_from_batch(
            c_void_p(self.address), c_void_p(frame.address)
        )


def new_batch(buffer: int, most: int) -> Batch:
    """Attach the metadata of a batch of at most so many pictures to a buffer that nobody shares."""
    library = _library()
    address = library.meta.nvds_create_batch_meta(c_uint(most))
    batch = Batch(int(address))
    _check(batch.meta)
    copy = ctypes.cast(library.meta.nvds_batch_meta_copy_func, c_void_p)
    release = ctypes.cast(library.meta.nvds_batch_meta_release_func, c_void_p)
    batch.meta.base.batch_meta = address
    batch.meta.base.copy_func, batch.meta.base.release_func = copy.value, release.value
    batch.meta.max_frames_in_batch = most
    added = library.gst.gst_buffer_add_nvds_meta(
        c_void_p(buffer), c_void_p(address), None, copy, release
    )
    GstMeta.from_address(added).meta_type = _BATCH_GST_META
    return batch


def batch_of(buffer: int) -> Batch | None:
    """What a buffer says of itself."""
    address = _library().gst.gst_buffer_get_nvds_batch_meta(c_void_p(buffer))
    return Batch(int(address)) if address else None


def hand_over(source: int, target: int) -> None:
    """Move the metadata of a batch from one buffer to another, as a tiler does."""
    library = _library()
    moved = library.gst.gst_buffer_get_nvds_meta
    moved.restype = c_void_p
    meta = GstMeta.from_address(moved(c_void_p(source)))
    address, meta.meta_data = meta.meta_data, library.meta.nvds_create_batch_meta(c_uint(1))
    copy = ctypes.cast(library.meta.nvds_batch_meta_copy_func, c_void_p)
    release = ctypes.cast(library.meta.nvds_batch_meta_release_func, c_void_p)
    added = library.gst.gst_buffer_add_nvds_meta(
        c_void_p(target), c_void_p(address), None, copy, release
    )
    GstMeta.from_address(added).meta_type = _BATCH_GST_META


def owned_text(words: str) -> int:
    """A text that the metadata frees itself."""
    return int(_library().glib.g_strdup(words.encode()))


def _batch_of(frame: Frame) -> c_void_p:
    return c_void_p(frame.meta.base.batch_meta)


def _check(meta: BatchMeta) -> None:
    """The library says how large it takes its own structures to be."""
    for pool, ours in ((meta.frame_pool, FrameMeta), (meta.obj_pool, ObjectMeta)):
        theirs = pool.contents.element_size
        assert theirs == ctypes.sizeof(ours), f"{ours.__name__}: {theirs}, not 9.1's"


def _signed(value: int) -> int:
    """An offset above the picture's edge wraps around in an unsigned field."""
    return value - (1 << 32) if value >= 1 << 31 else value
