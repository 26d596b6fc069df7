"""Batches made by the real library, as a muxer and nvinfer make them."""

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from smartrec.media.engines.deepstream.layout import ROWS, Layout, layout
from smartrec.media.engines.deepstream.library import Library
from smartrec.media.gst import Gst

UNTRACKED: Final = 2**64 - 1
PICTURE: Final = (1280, 720)
_META_TYPE_AT: Final = 32  # struct NvDsMeta, gstnvdsmeta.h
_BATCH_GST_META: Final = 4097


@dataclass(frozen=True)
class Found:
    """What nvinfer would have found."""

    class_id: int = 0
    confidence: float = 0.87
    box: tuple[float, float, float, float] = (100.0, 200.0, 50.0, 120.0)
    label: bytes = b"person"


class Maker:
    """Makes batches, and looks at them past the reader."""

    def __init__(self, library: Library, lay: Layout | None = None) -> None:
        self.library = library
        self.lay = lay or layout(ROWS[-1])

    def batch(self, frames: Iterable[Iterable[Found]], inferred: bool = True) -> int:
        """One frame of each source, with what was found in it."""
        content = [tuple(found) for found in frames]
        batch = self.library.create_batch(len(content))
        # The muxer's part; a copy's pools have as many places, and with none it crashes.
        self.at("NvDsBatchMeta", batch).max_frames_in_batch = len(content)
        for source, found in enumerate(content):
            at = self.library.acquire_frame(batch)
            frame = self.at("NvDsFrameMeta", at)
            frame.pad_index = frame.source_id = source
            frame.buf_pts = 1000 + source
            frame.source_frame_width, frame.source_frame_height = 640, 480
            frame.pipeline_width, frame.pipeline_height = PICTURE
            frame.bInferDone = int(inferred)
            self.library.add_frame(batch, at)
            for each in found:
                self.library.add_object(at, self.object(batch, each), 0)
        return batch

    def object(self, batch: int, found: Found) -> int:
        """With the style that nvinfer gives it."""
        at = int(self.library.acquire_object(batch))
        made = self.at("NvDsObjectMeta", at)
        made.class_id, made.confidence = found.class_id, found.confidence
        made.object_id = UNTRACKED
        rect = made.rect_params
        rect.left, rect.top, rect.width, rect.height = found.box
        rect.border_width, rect.border_color = 3, (1.0, 0.0, 0.0, 1.0)
        rect.has_bg_color, rect.bg_color = 1, (1.0, 0.0, 0.0, 0.5)
        made.text_params.display_text = self.library.text("~ from nvinfer")
        made.obj_label = found.label
        return at

    def attach(self, buffer: Gst.Buffer, batch: int) -> None:
        """As a muxer does: the batch goes when the buffer does."""
        library = self.library
        meta = library.add_to_buffer(
            hash(buffer), batch, 0, library.copy_func, library.release_func
        )
        ctypes.c_int32.from_address(meta + _META_TYPE_AT).value = _BATCH_GST_META

    def buffer(self, frames: Iterable[Iterable[Found]]) -> tuple[Gst.Buffer, int]:
        """A buffer with a batch, and the batch."""
        buffer, batch = Gst.Buffer.new(), self.batch(frames)
        self.attach(buffer, batch)
        return buffer, batch

    def of(self, buffer: Gst.Buffer) -> int:
        """The batch of a buffer."""
        return int(self.library.batch_of_buffer(hash(buffer)))

    def at(self, kind: str, address: int) -> Any:
        """A structure in place."""
        return self.lay.kinds[kind].from_address(address)

    def frames(self, batch: int) -> list[Any]:
        """The frames of a batch."""
        return self._members("NvDsFrameMeta", self.at("NvDsBatchMeta", batch).frame_meta_list)

    def objects(self, frame: Any) -> list[Any]:
        """The objects of a frame."""
        return self._members("NvDsObjectMeta", frame.obj_meta_list)

    def displays(self, frame: Any) -> list[Any]:
        """The display metas of a frame."""
        return self._members("NvDsDisplayMeta", frame.display_meta_list)

    def _members(self, kind: str, node: int) -> list[Any]:
        found = []
        while node:
            link = self.at("GList", node)
            found.append(self.at(kind, link.data))
            node = link.next
        return found


def text_at(address: int) -> str | None:
    """A text of C; None for NULL."""
    return ctypes.string_at(address).decode() if address else None
