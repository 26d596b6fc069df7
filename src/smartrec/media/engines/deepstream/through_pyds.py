"""Metadata by way of pyds, NVIDIA's own Python bindings, where ours does not know the layout.

pyds is built for one version of DeepStream and of Python. Its functions and what they free were
read in its public sources; there is no package of it to test with.
"""

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

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
from smartrec.media.gst import Gst
from smartrec.units import Ns

_FONT: Final = "Sans"
_NEEDED: Final = "gst_buffer_get_nvds_batch_meta"
_NO_TIME: Final = 2**64 - 1
_MOST: Final = 8192


class PydsObject:
    """See `annotations.Object`."""

    def __init__(self, meta: Any, picture: tuple[int, int]) -> None:
        self._meta, self._picture = meta, picture
        rect = meta.rect_params
        self.class_id: int = meta.class_id
        self.object_id: int = meta.object_id
        self.confidence: float = meta.confidence
        self.left: float = rect.left
        self.top: float = rect.top
        self.width: float = rect.width
        self.height: float = rect.height

    @property
    def label(self) -> str:
        """See `annotations.Object`."""
        return str(self._meta.obj_label)

    def hide(self) -> None:
        """See `annotations.Object`. The text is made empty: pyds cannot take it away."""
        rect, text = self._meta.rect_params, self._meta.text_params
        rect.border_width = rect.has_bg_color = 0
        rect.border_color.alpha = 0.0
        text.display_text = ""
        text.set_bg_clr = 0

    def show(self, text: str, color: Rgba, line: int, font_size: int) -> None:
        """See `annotations.Object`."""
        line, size = line_width(line), letter_size(font_size)
        rect = self._meta.rect_params
        rect.border_width, rect.has_bg_color = line, 0
        rect.border_color.set(*color_of(color))
        x, y = label_place((self.left, self.top), self._picture, len(text), line, size)
        _fill(self._meta.text_params, Text(text, x, y, size))


class PydsFrame:
    """See `annotations.Frame`."""

    def __init__(self, pyds: Any, meta: Any) -> None:
        self._pyds, self._meta = pyds, meta
        self.source: int = meta.pad_index
        self.pts = None if meta.buf_pts == _NO_TIME else Ns(meta.buf_pts)
        self.inferred = bool(meta.bInferDone)
        self.size: tuple[int, int] = (meta.source_frame_width, meta.source_frame_height)
        muxed = (meta.pipeline_width, meta.pipeline_height)
        self.picture: tuple[int, int] = muxed if all(muxed) else self.size
        self.objects: Sequence[Object] = [
            PydsObject(pyds.NvDsObjectMeta.cast(data), self.picture)
            for data in _members(meta.obj_meta_list)
        ]

    def write(self, texts: Sequence[Text]) -> None:
        """See `annotations.Frame`."""
        pyds = self._pyds
        for start in range(0, len(texts), LABELS):
            some = texts[start : start + LABELS]
            display = pyds.nvds_acquire_display_meta_from_pool(self._meta.base_meta.batch_meta)
            for number, text in enumerate(some):
                _fill(display.text_params[number], text)
            display.num_labels = len(some)
            pyds.nvds_add_display_meta_to_frame(self._meta, display)


class PydsMetadata:
    """See `annotations.Metadata`."""

    def __init__(self, pyds: Any) -> None:
        self.how = "pyds"
        self.skipped = 0
        self._pyds = pyds

    @contextmanager
    def batch(self, buffer: Gst.Buffer) -> Iterator[Sequence[Frame]]:
        """See `annotations.Metadata`."""
        pyds = self._pyds
        batch = pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))
        if batch is None:
            yield ()
            return
        pyds.nvds_acquire_meta_lock(batch)
        try:
            yield [
                PydsFrame(pyds, pyds.NvDsFrameMeta.cast(data))
                for data in _members(batch.frame_meta_list)
            ]
        finally:
            pyds.nvds_release_meta_lock(batch)

    def frames(self, buffer: Gst.Buffer) -> Sequence[Frame]:
        """See `annotations.Metadata`."""
        with self.batch(buffer) as frames:
            return frames


def open_pyds() -> PydsMetadata | None:
    """None where pyds is not installed, or is another package of that name: there is one."""
    try:
        pyds = importlib.import_module("pyds")
    except ImportError:
        return None
    return PydsMetadata(pyds) if hasattr(pyds, _NEEDED) else None


def _fill(place: Any, text: Text) -> None:
    place.display_text = text.text  # frees the one before
    place.x_offset, place.y_offset = max(0, text.x), max(0, text.y)
    place.font_params.font_name = _FONT
    place.font_params.font_size = letter_size(text.size)
    place.font_params.font_color.set(*color_of(text.color))
    place.set_bg_clr = int(text.plate is not None)
    if text.plate is not None:
        place.text_bg_clr.set(*color_of(text.plate))


def _members(node: Any) -> Iterator[Any]:
    """What a list holds; its end is None or a StopIteration, by pyds' version."""
    for _ in range(_MOST):
        if node is None:
            return
        yield node.data
        try:
            node = node.next
        except StopIteration:
            return
