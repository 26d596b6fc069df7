"""Metadata made by the real library, attached to buffers, read, restyled, copied and let go.

What is changed is looked at through the structures, past the reader. Behind every test stands the
library's own memory: what is freed twice ends the process.
"""

import ctypes
import gc
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from smartrec.errors import MetadataUnreadable
from smartrec.media.engines.deepstream.annotations import UNTRACKED, Text
from smartrec.media.engines.deepstream.library import Library
from smartrec.media.engines.deepstream.native import NativeMetadata, open_native
from smartrec.media.gst import Gst
from tests.deepstream.batches import PICTURE, Found, Maker, text_at
from tests.deepstream.wheel import libraries

WHEEL = libraries()
pytestmark = pytest.mark.skipif(WHEEL is None, reason="DeepStream's wheel is not installed")
BLUE = (0.25, 0.75, 1.0, 1.0)
NAN, INFINITE = math.nan, math.inf


@pytest.fixture(scope="module")
def maker() -> Maker:
    return Maker(Library(WHEEL))


@pytest.fixture
def metadata() -> NativeMetadata:
    return open_native("9.1", WHEEL)


class Mallinfo2(ctypes.Structure):
    _fields_ = (
        ("others", ctypes.c_size_t * 7),
        ("uordblks", ctypes.c_size_t),
        ("more", ctypes.c_size_t * 2),
    )


def copied(buffer: Gst.Buffer) -> Gst.Buffer:
    """As elements copy; ``Buffer.copy`` is PyGObject's own and only takes another reference."""
    copy = buffer.copy_region(Gst.BufferCopyFlags.FLAGS | Gst.BufferCopyFlags.META, 0, 0)
    assert copy is not None
    return copy


def bytes_in_use() -> int:
    gc.collect()
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = Mallinfo2
    return int(mallinfo2().uordblks)


def test_a_batch_is_read_as_it_was_made(maker: Maker, metadata: NativeMetadata) -> None:
    buffer, _ = maker.buffer(
        [[Found(0, 0.5, (1.5, 2.5, 3.5, 4.5))], [], [Found(7, -0.1, label=b"dog"), Found()]]
    )
    with metadata.batch(buffer) as frames:
        assert [frame.source for frame in frames] == [0, 1, 2]
        assert [frame.pts for frame in frames] == [1000, 1001, 1002]
        assert all(frame.inferred for frame in frames)
        assert {frame.size for frame in frames} == {(640, 480)}
        assert {frame.picture for frame in frames} == {PICTURE}
        assert [len(frame.objects) for frame in frames] == [1, 0, 2]
        (one,) = frames[0].objects
        assert (one.left, one.top, one.width, one.height) == (1.5, 2.5, 3.5, 4.5)
        assert (one.class_id, one.confidence, one.object_id) == (0, 0.5, UNTRACKED)
        assert {each.label for each in frames[2].objects} == {"person", "dog"}
        dog = next(each for each in frames[2].objects if each.class_id == 7)
        assert dog.confidence == pytest.approx(-0.1)
    assert metadata.skipped == 0


def test_a_buffer_without_a_batch_has_no_frames(metadata: NativeMetadata) -> None:
    assert metadata.frames(Gst.Buffer.new()) == ()


def test_a_frame_the_model_was_not_asked_of_says_so(maker: Maker, metadata: NativeMetadata) -> None:
    buffer = Gst.Buffer.new()
    maker.attach(buffer, maker.batch([[]], inferred=False))
    assert [frame.inferred for frame in metadata.frames(buffer)] == [False]


def test_a_frame_without_a_time_has_none(maker: Maker, metadata: NativeMetadata) -> None:
    buffer, batch = maker.buffer([[]])
    maker.frames(batch)[0].buf_pts = Gst.CLOCK_TIME_NONE
    assert metadata.frames(buffer)[0].pts is None


@pytest.mark.parametrize("muxed", [(0, 0), (7, 0), (1 << 20, 720)])
def test_where_the_muxer_tells_no_size_the_sources_is_the_pictures(
    maker: Maker, metadata: NativeMetadata, muxed: tuple[int, int]
) -> None:
    buffer, batch = maker.buffer([[]])
    frame = maker.frames(batch)[0]
    frame.pipeline_width, frame.pipeline_height = muxed
    assert metadata.frames(buffer)[0].picture == (640, 480)


def test_what_is_hidden_leaves_nothing_to_draw(maker: Maker, metadata: NativeMetadata) -> None:
    buffer, batch = maker.buffer([[Found()]])
    with metadata.batch(buffer) as frames:
        frames[0].objects[0].hide()
        frames[0].objects[0].hide()  # a second time frees nothing twice
    (found,) = maker.objects(maker.frames(batch)[0])
    assert (found.rect_params.border_width, found.rect_params.has_bg_color) == (0, 0)
    assert found.rect_params.border_color.alpha == 0
    assert found.text_params.display_text == 0


def test_what_is_shown_has_its_line_and_its_text(maker: Maker, metadata: NativeMetadata) -> None:
    buffer, batch = maker.buffer([[Found()]])
    with metadata.batch(buffer) as frames:
        frames[0].objects[0].hide()
        frames[0].objects[0].show("person 86 %", BLUE, 4, 14)
        frames[0].objects[0].show("person 87 %", BLUE, 5, 15)
    (found,) = maker.objects(maker.frames(batch)[0])
    rect, text = found.rect_params, found.text_params
    assert (rect.border_width, rect.has_bg_color) == (5, 0)
    color = rect.border_color
    assert (color.red, color.green, color.blue, color.alpha) == BLUE
    assert (rect.left, rect.top, rect.width, rect.height) == (100, 200, 50, 120)
    assert text_at(text.display_text) == "person 87 %"
    assert text.x_offset == 100
    assert 150 < text.y_offset < 195
    assert text_at(text.font_params.font_name) == "Sans"
    assert (text.font_params.font_size, text.set_bg_clr) == (15, 1)
    assert text.font_params.font_color.alpha == 1
    assert 0 < text.text_bg_clr.alpha < 1


@pytest.mark.parametrize(
    ("box", "x", "y"),
    [
        ((0, 0, 50, 50), (0, 0), (0, 20)),
        ((-30, -40, 90, 90), (0, 0), (0, 20)),
        ((1270, 300, 10, 50), (1000, 1250), (250, 300)),
        ((100, 719, 10, 1), (100, 100), (660, 700)),
        ((100, 900, 10, 1), (100, 100), (660, 700)),
        ((100, 5, 10, 700), (100, 100), (5, 20)),
    ],
)
def test_a_label_lies_inside_the_picture(
    maker: Maker,
    metadata: NativeMetadata,
    box: tuple[float, float, float, float],
    x: tuple[int, int],
    y: tuple[int, int],
) -> None:
    buffer, batch = maker.buffer([[Found(box=box)]])
    metadata.frames(buffer)[0].objects[0].show("person 87 %", BLUE, 3, 14)
    text = maker.objects(maker.frames(batch)[0])[0].text_params
    assert x[0] <= text.x_offset <= x[1]
    assert y[0] <= text.y_offset <= y[1]


def test_no_line_letter_or_color_is_more_than_the_overlay_can_draw(
    maker: Maker, metadata: NativeMetadata
) -> None:
    buffer, batch = maker.buffer([[Found()]])
    metadata.frames(buffer)[0].objects[0].show("a\0b \udc80", (2.0, -1.0, 0.5, 1.0), 500, 900)
    found = maker.objects(maker.frames(batch)[0])[0]
    assert found.rect_params.border_width == 32
    assert found.rect_params.border_color.red == 1
    assert found.rect_params.border_color.green == 0
    assert found.text_params.font_params.font_size == 60
    assert text_at(found.text_params.display_text) == "a b ?"


def test_texts_are_written_sixteen_to_a_display_meta(
    maker: Maker, metadata: NativeMetadata
) -> None:
    buffer, batch = maker.buffer([[], []])
    with metadata.batch(buffer) as frames:
        frames[0].write([])
        frames[1].write(
            [Text(f"line {n}", n, 2 * n, 14, plate=None if n % 2 else BLUE) for n in range(20)]
        )
    first, second = maker.frames(batch)
    assert maker.displays(first) == []
    displays = maker.displays(second)
    assert sorted(each.num_labels for each in displays) == [4, 16]
    assert {each.num_rects for each in displays} == {0}
    labels = [label for each in displays for label in each.text_params[: each.num_labels]]
    assert {text_at(label.display_text) for label in labels} == {f"line {n}" for n in range(20)}
    for label in labels:
        number = int(str(text_at(label.display_text)).split()[1])
        assert (label.x_offset, label.y_offset) == (number, 2 * number)
        assert label.set_bg_clr == int(number % 2 == 0)


def test_a_copied_buffer_has_metadata_and_texts_of_its_own(
    maker: Maker, metadata: NativeMetadata
) -> None:
    buffer, batch = maker.buffer([[Found()]])
    metadata.frames(buffer)[0].objects[0].show("person 87 %", BLUE, 3, 14)
    metadata.frames(buffer)[0].write([Text("REC 0:12", 5, 5, 14)])
    copy = copied(buffer)
    found = maker.of(copy)
    assert found != batch
    mine, theirs = (maker.frames(each)[0] for each in (batch, found))
    before, after = (maker.objects(each)[0].text_params for each in (mine, theirs))
    assert before.display_text != after.display_text
    written = [maker.displays(each)[0].text_params[0].display_text for each in (mine, theirs)]
    assert written[0] != written[1]
    metadata.frames(copy)[0].objects[0].hide()
    del copy
    gc.collect()
    assert text_at(before.display_text) == "person 87 %"
    assert text_at(written[0]) == "REC 0:12"


class Line:
    """A pipeline whose pads have probes, and what went wrong in one."""

    def __init__(self, text: str) -> None:
        pipeline = Gst.parse_launch(text)
        assert isinstance(pipeline, Gst.Pipeline)
        self._pipeline = pipeline
        self.failed: list[BaseException] = []

    def watch(self, element: str, pad: str, act: Callable[[Gst.Buffer], None]) -> None:
        """Have each buffer that comes by a pad looked at."""

        def probe(_: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
            buffer = info.get_buffer()
            assert buffer is not None
            try:
                act(buffer)
            except (AssertionError, ValueError, MetadataUnreadable) as error:
                self.failed.append(error)
            return Gst.PadProbeReturn.OK

        found = self._pipeline.get_by_name(element)
        assert found is not None
        named = found.get_static_pad(pad)
        assert named is not None
        named.add_probe(Gst.PadProbeType.BUFFER, probe)

    def run(self) -> None:
        """To its end."""
        bus = self._pipeline.get_bus()
        assert bus is not None
        self._pipeline.set_state(Gst.State.PLAYING)
        wanted = Gst.MessageType.EOS | Gst.MessageType.ERROR
        message = bus.timed_pop_filtered(30 * Gst.SECOND, wanted)
        self._pipeline.set_state(Gst.State.NULL)
        assert message is not None
        assert message.type == Gst.MessageType.EOS
        assert self.failed == []


def test_in_a_running_pipeline_a_probe_restyles_what_the_next_element_gets(
    maker: Maker, metadata: NativeMetadata
) -> None:
    drawn: list[tuple[int, list[str]]] = []

    def mux(buffer: Gst.Buffer) -> None:
        maker.attach(buffer, maker.batch([[Found(0), Found(1)], [Found(2), Found(0)]]))

    def restyle(buffer: Gst.Buffer) -> None:
        with metadata.batch(buffer) as frames:
            for found in (each for frame in frames for each in frame.objects):
                if found.class_id == 0:
                    found.show("person 87 %", BLUE, 3, 14)
                else:
                    found.hide()

    def look(buffer: Gst.Buffer) -> None:
        for frame in maker.frames(maker.of(buffer)):
            texts = [text_at(each.text_params.display_text) for each in maker.objects(frame)]
            drawn.append((frame.source_id, sorted(map(str, texts))))

    line = Line(
        "fakesrc num-buffers=50 sizetype=fixed sizemax=16 ! identity name=mux ! queue"
        " ! identity name=infer ! fakesink name=osd"
    )
    line.watch("mux", "src", mux)
    line.watch("infer", "src", restyle)
    line.watch("osd", "sink", look)
    line.run()
    assert drawn == [(0, ["None", "person 87 %"]), (1, ["None", "person 87 %"])] * 50


@pytest.mark.parametrize(
    "found",
    [
        Found(confidence=NAN),
        Found(confidence=1.5),
        Found(confidence=-INFINITE),
        Found(box=(NAN, 0, 1, 1)),
        Found(box=(0, INFINITE, 1, 1)),
        Found(box=(0, 0, -1, 1)),
        Found(box=(0, 0, 1, NAN)),
        Found(box=(0, 0, 1, 1e30)),
        Found(box=(-1e9, 0, 1, 1)),
    ],
    ids=str,
)
def test_an_object_that_cannot_be_is_counted_and_hidden(
    maker: Maker, metadata: NativeMetadata, found: Found
) -> None:
    buffer, batch = maker.buffer([[Found(), found, Found()]])
    assert len(metadata.frames(buffer)[0].objects) == 2
    assert metadata.skipped == 1
    styles = [each.text_params.display_text != 0 for each in maker.objects(maker.frames(batch)[0])]
    assert sorted(styles) == [False, True, True]


@pytest.mark.parametrize("label", [b"\xff\xfe", b"p\xc3"])
def test_a_label_that_is_no_text_is_empty_and_counted(
    maker: Maker, metadata: NativeMetadata, label: bytes
) -> None:
    buffer, _ = maker.buffer([[Found(label=label)]])
    (found,) = metadata.frames(buffer)[0].objects
    assert found.label == ""
    assert metadata.skipped == 1


def test_a_label_that_fills_its_place_ends_there(maker: Maker, metadata: NativeMetadata) -> None:
    buffer, _ = maker.buffer([[Found(label=b"x" * 128)]])
    assert metadata.frames(buffer)[0].objects[0].label == "x" * 128


def spoil_batch(maker: Maker, batch: int) -> Any:
    return maker.at("NvDsBatchMeta", batch).base_meta, "meta_type", 2


def spoil_owner(maker: Maker, batch: int) -> Any:
    return maker.at("NvDsBatchMeta", batch).base_meta, "batch_meta", batch + 8


def spoil_frame(maker: Maker, batch: int) -> Any:
    return maker.frames(batch)[0].base_meta, "batch_meta", batch + 8


def spoil_frame_type(maker: Maker, batch: int) -> Any:
    return maker.frames(batch)[0].base_meta, "meta_type", 3


def spoil_width(maker: Maker, batch: int) -> Any:
    return maker.frames(batch)[0], "source_frame_width", 2**31


def spoil_height(maker: Maker, batch: int) -> Any:
    return maker.frames(batch)[0], "source_frame_height", 0


def spoil_object(maker: Maker, batch: int) -> Any:
    return maker.objects(maker.frames(batch)[0])[0].base_meta, "batch_meta", 0


def spoil_object_type(maker: Maker, batch: int) -> Any:
    return maker.objects(maker.frames(batch)[0])[0].base_meta, "meta_type", 2


def spoil_list(maker: Maker, batch: int) -> Any:
    node = maker.frames(batch)[0].obj_meta_list
    return maker.at("GList", node), "next", node


def spoil_frames(maker: Maker, batch: int) -> Any:
    node = maker.at("NvDsBatchMeta", batch).frame_meta_list
    return maker.at("GList", node), "next", node


def spoil_member(maker: Maker, batch: int) -> Any:
    return maker.at("GList", maker.frames(batch)[0].obj_meta_list), "data", 0


SPOILT = {name[6:]: each for name, each in list(globals().items()) if name.startswith("spoil_")}


@pytest.fixture
def spoilt(request: pytest.FixtureRequest, maker: Maker) -> Iterator[tuple[Gst.Buffer, int]]:
    """A batch with one value wrong, which is put right before the library frees it."""
    buffer, batch = maker.buffer([[Found(), Found()]])
    place, field, wrong = request.param(maker, batch)
    right = getattr(place, field)
    setattr(place, field, wrong)
    yield buffer, batch
    setattr(place, field, right)


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT, indirect=True)
def test_a_batch_that_is_not_what_it_should_be_is_refused_and_its_lock_let_go(
    spoilt: tuple[Gst.Buffer, int], maker: Maker, metadata: NativeMetadata
) -> None:
    buffer, batch = spoilt
    with pytest.raises(MetadataUnreadable) as caught:
        metadata.frames(buffer)
    assert caught.value.hint
    assert others_may_lock(maker, batch)


def test_while_a_batch_is_read_nobody_else_has_its_lock(
    maker: Maker, metadata: NativeMetadata
) -> None:
    buffer, batch = maker.buffer([[Found()]])
    with metadata.batch(buffer):
        assert not others_may_lock(maker, batch)
    assert others_may_lock(maker, batch)


def others_may_lock(maker: Maker, batch: int) -> bool:
    """Whether another thread gets the batch's GRecMutex, which lies behind its two lists."""
    glib = ctypes.CDLL("libglib-2.0.so.0")
    mutex = ctypes.c_uint64(batch + maker.lay.offset("NvDsBatchMeta", "frame_meta_list") + 16)
    got: list[int] = []

    def attempt() -> None:
        got.append(glib.g_rec_mutex_trylock(mutex))
        if got[0]:
            glib.g_rec_mutex_unlock(mutex)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return bool(got[0])


def live(maker: Maker, metadata: NativeMetadata, rounds: int) -> None:
    """The life of a batch, from muxer to overlay, so many times."""
    texts = [Text(f"text {number}", 5, 5, 14) for number in range(17)]
    for _ in range(rounds):
        buffer, _ = maker.buffer([[Found(0), Found(1, NAN)], [Found(2)]])
        with metadata.batch(buffer) as frames:
            frames[0].objects[0].show("person 87 %", BLUE, 3, 14)
            frames[1].objects[0].hide()
            frames[1].write(texts)
        copy = copied(buffer)
        metadata.frames(copy)[0].objects[0].show("person 88 %", BLUE, 3, 14)


@pytest.mark.parametrize(
    "rounds", [1_000, pytest.param(100_000, marks=[pytest.mark.long, pytest.mark.timeout(600)])]
)
def test_no_memory_is_kept_of_batches_that_are_gone(
    maker: Maker, metadata: NativeMetadata, rounds: int
) -> None:
    live(maker, metadata, 100)
    before = bytes_in_use()
    live(maker, metadata, rounds)
    assert bytes_in_use() - before < 16_384
