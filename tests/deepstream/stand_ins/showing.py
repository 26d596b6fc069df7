"""nvtracker, nvmultistreamtiler, nvdsosd: what lies between nvinfer and a screen."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.deepstream.stand_ins import meta, raw
from tests.deepstream.stand_ins.converting import Through
from tests.deepstream.stand_ins.gst import Gst
from tests.deepstream.stand_ins.making import Element, fail, pad_template
from tests.deepstream.stand_ins.raw import Pixels
from tests.deepstream.stand_ins.surfaces import Size, Surface, lay_out, room_for, surfaces

Place = tuple[int, int, int, int]
_Known = tuple[int, Sequence[float]]
_SAME: Final = 0.3
_DEFAULT_TILED: Final = (1920, 1080)


class Tracker(Through):
    """nvtracker: the number of an object is that of the one it overlaps most in the last picture.

    Objects that no model has seen in a picture are not made up.
    """

    __gtype_name__ = "StandIn_Tracker"

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[int, list[_Known]] = {}
        self._next = 0

    def do_start(self) -> bool:
        if not self.value("ll-lib-file"):
            fail(self, Gst.LibraryError.SETTINGS, "Failed to initialize tracker: no ll-lib-file")
            return False
        return True

    def do_transform_ip(self, buffer: Any) -> Any:
        batch = meta.batch_of(hash(buffer))
        assert batch is not None
        for frame in batch.frames():
            if frame.meta.infer_done:
                self._number(frame)
        return Gst.FlowReturn.OK

    def _number(self, frame: meta.Frame) -> None:
        known = list(self._last.get(frame.meta.source_id, ()))
        now: list[_Known] = []
        for found in frame.objects():
            rect = found.meta.rect
            box = (rect.left, rect.top, rect.left + rect.width, rect.top + rect.height)
            best = _nearest(known, box)
            if best is not None and _overlap(best[1], box) >= _SAME:
                known.remove(best)
                number = best[0]
            else:
                number, self._next = self._next, self._next + 1
            found.meta.object_id = number
            found.meta.tracker_confidence = found.meta.confidence
            now.append((number, box))
        self._last[frame.meta.source_id] = now


def _nearest(known: Sequence[_Known], box: Sequence[float]) -> _Known | None:
    return max(known, key=lambda each: _overlap(each[1], box), default=None)


def _overlap(one: Sequence[float], other: Sequence[float]) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, width) * max(0.0, height)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return both / max(1e-9, areas - both)


class Tiler(Element, Gst.Element):
    """nvmultistreamtiler: one picture with all of a batch; boxes and texts move along.

    A camera that is not in a batch keeps its last picture. With `show-source` one camera alone
    fills the whole, and nothing is told of the others.
    """

    __gtype_name__ = "StandIn_Tiler"

    def __init__(self) -> None:
        Gst.Element.__init__(self)
        self.prepare()
        sink, source = sorted(self.facts.pads, key=lambda each: each.name)
        self._sink = Gst.Pad.new_from_template(pad_template(sink), "sink")
        self._src = Gst.Pad.new_from_template(pad_template(source), "src")
        self._sink.set_chain_function_full(lambda _pad, _parent, buffer: self._chain(buffer))
        self._sink.set_event_function_full(lambda _pad, _parent, event: self._event(event))
        self.add_pad(self._sink)
        self.add_pad(self._src)
        self._tiled: Surface | None = None

    def _size(self) -> Size:
        whole = int(self.value("width")), int(self.value("height"))
        return whole if all(whole) else _DEFAULT_TILED

    def _event(self, event: Any) -> bool:
        if event.type == Gst.EventType.CAPS:
            structure = event.parse_caps().get_structure(0).copy()
            self._tiled = None
            for name, side in zip(("width", "height"), self._size(), strict=True):
                structure.set_value(name, side)
            structure.set_value("batch-size", 1)
            caps = Gst.Caps.new_empty()
            caps.append_structure_full(structure, Gst.CapsFeatures.from_string("memory:NVMM"))
            event = Gst.Event.new_caps(caps)
        return bool(self._src.push_event(event))

    def _chain(self, buffer: Any) -> Any:
        batch = meta.batch_of(hash(buffer))
        assert batch is not None
        size = self._size()
        with raw.memory(hash(buffer)) as memory:
            pictures = surfaces(memory)
            kind = pictures[0].format
            made = raw.new_buffer(room_for([(kind, size)]), buffer.pts, buffer.duration)
            if self._tiled is None:
                empty = np.empty(room_for([(kind, size)]), np.uint8)
                (self._tiled,) = lay_out(empty, [(kind, size)])
                self._tiled.blacken()
            for frame in batch.frames():
                if self.value("show-source") in (-1, frame.meta.source_id):
                    self._lay(frame, pictures[frame.meta.batch_id])
                else:
                    batch.remove(frame)
        with raw.memory(made) as memory:
            (whole,) = lay_out(memory, [(kind, size)])
            whole.data[:] = self._tiled.data
        meta.hand_over(hash(buffer), made)
        return Gst.FlowReturn(raw.push(self._src, made))

    def _lay(self, frame: meta.Frame, picture: Surface) -> None:
        assert self._tiled is not None
        left, top, width, height = self._tile(frame.meta.pad_index)
        self._tiled.put(picture, left, top, (width, height))
        for found in frame.objects():
            found.scale(width / picture.width, height / picture.height, left, top)

    def _tile(self, index: int) -> Place:
        rows, columns = self.value("rows"), self.value("columns")
        if self.value("show-source") >= 0:
            rows, columns, index = 1, 1, 0
        width, height = (side // 2 * 2 for side in self._size())
        across, down = width // columns // 2 * 2, height // rows // 2 * 2
        return index % columns * across, index // columns % rows * down, across, down


class Osd(Through):
    """nvdsosd: rectangles and texts of the metadata, drawn upon the first picture of a batch."""

    __gtype_name__ = "StandIn_Osd"

    def do_transform_ip(self, buffer: Any) -> Any:
        batch = meta.batch_of(hash(buffer))
        if batch is None:
            return Gst.FlowReturn.OK
        with raw.memory(hash(buffer)) as memory:
            picture = surfaces(memory)[0]
            for frame in batch.frames():
                self._draw(frame, picture)
        return Gst.FlowReturn.OK

    def _draw(self, frame: meta.Frame, picture: Surface) -> None:
        objects, displays = [each.meta for each in frame.objects()], frame.displays()
        rects = [each.rect for each in objects] if self.value("display-bbox") else []
        texts = [each.text for each in objects] if self.value("display-text") else []
        for display in displays:
            rects += display.rects[: display.num_rects]
            texts += display.texts[: display.num_labels]
        for rect in rects:
            draw_rect(picture, rect)
        for text in texts:
            draw_text(picture, text)


def draw_rect(picture: Surface, rect: meta.Rect) -> None:
    """A border inside of the box, and its ground."""
    left, top = max(0, round(rect.left)), max(0, round(rect.top))
    right = min(picture.width, round(rect.left + rect.width))
    bottom = min(picture.height, round(rect.top + rect.height))
    if right <= left or bottom <= top:
        return
    if rect.has_bg_color:
        _fill(picture, (left, top, right, bottom), rect.bg_color.values)
    line = rect.border_width
    for part in (
        (left, top, right, min(bottom, top + line)),
        (left, max(top, bottom - line), right, bottom),
        (left, top, min(right, left + line), bottom),
        (max(left, right - line), top, right, bottom),
    ):
        _fill(picture, part, rect.border_color.values)


def draw_text(picture: Surface, text: meta.Text) -> None:
    """Words upon their ground, of which (x_offset, y_offset) is the top left."""
    if not text.words:
        return
    mask = _written(text.words, max(1, text.font_size))
    left = min(text.x_offset, max(0, picture.width - mask.shape[1]))
    top = text.y_offset if text.y_offset < 1 << 31 else 0
    top = min(top, max(0, picture.height - mask.shape[0]))
    part = (left, top, left + mask.shape[1], top + mask.shape[0])
    if text.set_bg_clr:
        _fill(picture, part, text.text_bg_clr.values)
    _fill(picture, part, text.font_color.values, mask)


@lru_cache(maxsize=256)
def _written(words: str, size: int) -> Pixels:
    """How much of each pixel words cover, 0 to 255. Sizes are points, of 4/3 pixels."""
    font = ImageFont.load_default(math.ceil(size * 4 / 3))
    _, _, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).textbbox((0, 0), words, font)
    image = Image.new("L", (math.ceil(right) + 4, math.ceil(bottom) + 4))
    ImageDraw.Draw(image).text((2, 2), words, 255, font)
    return np.array(image)


def _fill(
    picture: Surface,
    part: Place,
    colour: tuple[float, float, float, float],
    mask: Pixels | None = None,
) -> None:
    """Lay a colour upon part of a picture, where the mask lets it through."""
    left, top, right, bottom = part
    right, bottom = min(right, picture.width), min(bottom, picture.height)
    if right <= left or bottom <= top or colour[3] <= 0:
        return
    cover = np.full((bottom - top, right - left), 255, np.uint8) if mask is None else mask
    share = cover[: bottom - top, : right - left, None].astype(np.float32) * (colour[3] / 255)
    rgb = [value * 255 for value in colour[:3]]
    if picture.format == "RGBA":
        _blend(picture.colours()[top:bottom, left:right, :3], rgb, share)
        return
    y, cb, cr = _yuv(*rgb)
    _blend(picture.luma()[top:bottom, left:right, None], [y], share)
    chroma = picture.chroma()[top // 2 : (bottom + 1) // 2, left // 2 : (right + 1) // 2]
    padded = np.pad(share, ((top % 2, 1), (left % 2, 1), (0, 0)))[::2, ::2]
    _blend(chroma, [cb, cr], padded[: chroma.shape[0], : chroma.shape[1]])


def _blend(pixels: Pixels, colour: Sequence[float], share: Any) -> None:
    pixels[...] = np.rint(pixels * (1 - share) + np.array(colour, np.float32) * share)


def _yuv(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """BT.601, limited range (ITU-R BT.601-7, 2.5.3)."""
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    scale = 224 / 255
    return (
        16 + luma * 219 / 255,
        128 + (blue - luma) / 1.772 * scale,
        128 + (red - luma) / 1.402 * scale,
    )
